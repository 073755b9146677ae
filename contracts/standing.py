"""Which events stand, as known at each instant: not superseded by another event, not voided.

Invariant: what stands as known at an instant depends only on the set of events whose `time` is not after it.

An event is known from its envelope's `time` on. As known at an instant,
- an event *happened* when it is known and no known void of it happened (so a voided void restores its target);
- events that supersede one another, directly or through others, are versions of one *record*. Of those that happened,
  the version that no other supersedes counts; of several (two corrections of one event) the one recorded last.
  Voiding a version leaves those that remain;
- an event *stands* when it happened, counts, and is not a void (a void's data state no fact).

`supersedes` and `voids` refer to an event of the same authority, type and subject; other references are ignored.
Events that void each other in a circle never happened, none of them; of events that supersede each other in a circle
none counts. So both circles end the same way in every order.
What was recorded last is what the feeds stated to be so (`order_of_recording`), never what arrived last.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby
from operator import attrgetter

from contracts.envelope import Event

Recorded = tuple[datetime, str, int, str, str]
"""Where an event stands in the order of recording: its time, source, sourcesequence (-1 where it states none), id and
type."""

Change = tuple[datetime, list[Event], list[Event]]
"""An instant, the events that stand from then on and did not before, and those that no longer do."""

_identity = attrgetter("envelope.authority", "envelope.type", "envelope.id")
_record = attrgetter("envelope.authority", "envelope.type", "envelope.subject")
"""Events refer to one another only where these are the same."""
_time = attrgetter("envelope.time")


def order_of_recording(event: Event) -> Recorded:
    """Sorts events of one authority by when they were recorded (docs/definitions.md, 'Order of recording').

    By time; of one time by source; of one source by sourcesequence, those without first; then by id, then by type. No
    two events are equal in it, and it is of the events as they were stated: whatever arrived first, or stands first in
    a journal.
    """
    # The source comes before the sourcesequence, which says nothing of other sources: were only events of one source
    # compared by it and others by their ids, there would be circles.
    envelope = event.envelope
    stated = envelope.sourcesequence
    return envelope.time, envelope.source, -1 if stated is None else int(stated), envelope.id, envelope.type


def recorded_before(one: Recorded, other: Recorded) -> bool:
    """Whether what the feeds stated puts one event before another: by time, or by sourcesequence within one source.

    Of two of which neither is before the other nothing is known, and `order_of_recording` settles it by a rule.
    """
    (time, source, stated, *_), (other_time, other_source, other_stated, *_) = one, other
    return time < other_time or (time == other_time and source == other_source and stated < other_stated)


def changes_of_standing(events: Iterable[Event]) -> Iterator[Change]:
    """Each instant at which other events stand than before, in ascending order.

    Copies of one event (same authority, type and id; they are alike in all that counts) count once.
    """
    recorded = sorted({_identity(event): event for event in events}.values(), key=order_of_recording)
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
    return {places[-1] for places in _versions_left(recorded, targets, settling_order, known).values()}


def _versions_left(
    recorded: list[Event], targets: list[int | None], settling_order: list[int], known: int
) -> dict[int, list[int]]:
    """Of each record, by its first version, the places of the versions that happened and that no other supersedes."""
    voided: set[int | None] = set()
    overtaken: set[int] = set()
    versions: list[tuple[int, int]] = []
    for place in settling_order:
        if place >= known or place in voided:
            continue
        if recorded[place].envelope.voids:
            voided.add(targets[place])
        else:
            earlier, first = _earlier_versions(recorded, targets, place, known)
            overtaken.update(earlier)
            versions.append((first, place))
    left: defaultdict[int, list[int]] = defaultdict(list)
    for first, place in sorted(versions):
        if place not in overtaken:
            left[first].append(place)
    return left


def _earlier_versions(
    recorded: list[Event], targets: list[int | None], place: int, known: int
) -> tuple[list[int], int]:
    """The places of what an event supersedes, of what that supersedes, and so on; with its own in a circle.

    And the place that is the same for all versions of its record: of the first, or of the earliest in the circle.
    """
    earlier: list[int] = []
    target: int | None = place
    while target is not None and recorded[target].envelope.supersedes:
        target = targets[target]
        if target is None or target >= known:
            break
        if target in earlier:
            return earlier, min(earlier[earlier.index(target) :])
        earlier.append(target)
    return earlier, earlier[-1] if earlier else place


def standing_events(events: Iterable[Event]) -> list[Event]:
    """The events that stand, as known by the latest of them, in the order of recording."""
    standing, corrected = _apart(events)
    for of_one_thing in corrected:
        standing += [versions[-1] for versions in _last_versions(of_one_thing)]
    standing.sort(key=order_of_recording)
    return standing


def rival_versions(events: Iterable[Event]) -> list[list[Event]]:
    """Of each record with several versions that happened and that no other supersedes, these; the last one counts."""
    return [versions for of_one in _apart(events)[1] for versions in _last_versions(of_one) if len(versions) > 1]


def _apart(events: Iterable[Event]) -> tuple[list[Event], list[list[Event]]]:
    """The events of which all stand, and the others, those together that can refer to one another."""
    known = {_identity(event): event for event in events}.values()
    corrected = {_record(event) for event in known if event.envelope.supersedes or event.envelope.voids}
    alone: list[Event] = []
    together: defaultdict[tuple[str, str, str], list[Event]] = defaultdict(list)
    for event in known:
        record = _record(event)
        if record in corrected:
            together[record].append(event)
        else:
            alone.append(event)
    return alone, list(together.values())


def _last_versions(events: list[Event]) -> list[list[Event]]:
    recorded = sorted(events, key=order_of_recording)
    targets = _targets(recorded)
    left = _versions_left(recorded, targets, _voids_before_their_targets(recorded, targets), len(recorded))
    return [[recorded[place] for place in places] for places in left.values()]
