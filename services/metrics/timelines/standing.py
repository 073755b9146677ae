"""Which events stand, as known at each instant: not superseded by another event, not voided.

Invariant: what stands as known at an instant depends only on the set of events whose `time` is not after it.

An event is known from its envelope's `time` on. As known at an instant,
- an event *happened* when it is known and no known void of it happened (so a voided void restores its target);
- an event is *withdrawn* when a known event that happened supersedes it. The superseder need not stand itself: of a
  chain in which each event supersedes the one before, only the last stands. Voiding a superseder restores its target;
- an event *stands* when it happened, is not withdrawn, and is not a void (a void's data state no fact).

`supersedes` and `voids` refer to an event of the same authority, type and subject; other references are ignored.
Voids that void each other in a circle never happened, none of them; events that supersede each other in a circle are
all withdrawn. So both circles end the same way in every order.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby
from operator import attrgetter

from contracts.envelope import Event

Change = tuple[datetime, list[Event], list[Event]]
"""An instant, the events that stand from then on and did not before, and those that no longer do."""

_identity = attrgetter("envelope.authority", "envelope.type", "envelope.id")
_order_of_recording = attrgetter("envelope.time", "envelope.id", "envelope.type", "envelope.authority")
_time = attrgetter("envelope.time")


def changes_of_standing(events: Iterable[Event]) -> Iterator[Change]:
    """Each instant at which other events stand than before, in ascending order.

    Copies of one event (same authority, type and id; they are alike in all that counts) count once.
    """
    recorded = sorted({_identity(event): event for event in events}.values(), key=_order_of_recording)
    for event in recorded:
        if event.envelope.supersedes or event.envelope.voids:
            return _changes_with_references(recorded)
    return ((known_from, list(together), []) for known_from, together in groupby(recorded, _time))


def _changes_with_references(recorded: list[Event]) -> Iterator[Change]:
    targets = _targets(recorded)
    settling_order = _voids_before_their_targets(recorded, targets)
    known = 0
    standing: set[int] = set()
    for known_from, together in groupby(recorded, _time):
        known += sum(1 for _ in together)
        before, standing = standing, _standing(recorded, targets, settling_order, known)
        if before != standing:
            begun = [recorded[place] for place in sorted(standing - before)]
            ceased = [recorded[place] for place in sorted(before - standing)]
            yield known_from, begun, ceased


def _targets(recorded: list[Event]) -> list[int | None]:
    """For each event the place of the one that it supersedes or voids; None where there is none such."""
    places = {(*_identity(event), event.envelope.subject): place for place, event in enumerate(recorded)}
    targets: list[int | None] = []
    for event in recorded:
        envelope = event.envelope
        referred = envelope.supersedes or envelope.voids or ""
        targets.append(places.get((envelope.authority, envelope.type, referred, envelope.subject)))
    return targets


def _voids_before_their_targets(recorded: list[Event], targets: list[int | None]) -> list[int]:
    """The places of all events, each after its voids. Those in a circle of voids are left out.

    Leaving a circle out from the beginning is right at every instant: each of its members is a void, and can change
    nothing but the next member of the circle.
    """
    voided = [target if event.envelope.voids else None for event, target in zip(recorded, targets, strict=True)]
    voids_to_come = [0] * len(recorded)
    for target in voided:
        if target is not None:
            voids_to_come[target] += 1
    ready = [place for place, count in enumerate(voids_to_come) if count == 0]
    for place in ready:  # grows while it is walked through
        target = voided[place]
        if target is not None:
            voids_to_come[target] -= 1
            if voids_to_come[target] == 0:
                ready.append(target)
    return ready


def _standing(recorded: list[Event], targets: list[int | None], settling_order: list[int], known: int) -> set[int]:
    """The places of those that stand when the first `known` events are known."""
    voided: set[int | None] = set()
    withdrawn: set[int | None] = set()
    facts: set[int] = set()
    for place in settling_order:
        if place >= known or place in voided:
            continue
        if recorded[place].envelope.voids:
            voided.add(targets[place])
        else:
            facts.add(place)
            withdrawn.add(targets[place])
    return facts - withdrawn
