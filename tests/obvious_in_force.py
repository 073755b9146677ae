"""Which events are in force, worked out anew for every instant: what `contracts/in_force.py` says, obviously.

Invariant: nothing is kept from one instant to the next, and no chain is followed but event by event.
"""

from collections.abc import Iterable
from datetime import datetime

from contracts.envelope import Event
from contracts.in_force import order_of_recording

Identity = tuple[str, str, str, str]


def in_force_at(events: Iterable[Event], instant: datetime) -> set[Identity]:
    """The identities of the events in force as known at an instant."""
    recorded = sorted({identity_of(event): event for event in events}.values(), key=order_of_recording)
    by_identity = {identity_of(event): index for index, event in enumerate(recorded)}
    targets = [_target(event, recorded, by_identity) for event in recorded]
    known = [index for index, event in enumerate(recorded) if event.envelope.time <= instant]
    happened = _happened(recorded, targets, known)
    overtaken: set[int] = set()
    versions: list[tuple[int, int]] = []
    for index in happened:
        if recorded[index].envelope.voids is None:
            earlier, first = _earlier_versions(recorded, targets, index, known)
            overtaken.update(earlier)
            versions.append((first, index))
    last_of_record = {first: index for first, index in sorted(versions) if index not in overtaken}
    return {identity_of(recorded[index]) for index in last_of_record.values()}


def identity_of(event: Event) -> Identity:
    """Which event it is: of which authority, type, source and id."""
    return event.envelope.authority, event.envelope.type, event.envelope.source, event.envelope.id


def _target(event: Event, recorded: list[Event], by_identity: dict[Identity, int]) -> int | None:
    envelope = event.envelope
    source = envelope.supersedessource or envelope.voidssource or envelope.source
    referred = envelope.supersedes or envelope.voids or ""
    target = by_identity.get((envelope.authority, envelope.type, source, referred))
    fits = target is not None and recorded[target].envelope.subject == envelope.subject
    return target if fits else None


def _happened(recorded: list[Event], targets: list[int | None], known: list[int]) -> set[int]:
    """Those known, each of whose voids is settled first; of voids in a circle none is ever settled."""
    happened: set[int] = set()
    settled: set[int] = set()
    voids = {index: [v for v, target in enumerate(targets) if target == index and recorded[v].envelope.voids]
             for index in range(len(recorded))}  # fmt: skip
    while fresh := [p for p in voids if p not in settled and all(v in settled for v in voids[p])]:
        for index in fresh:
            settled.add(index)
            if index in known and not any(v in happened for v in voids[index]):
                happened.add(index)
    return happened


def _earlier_versions(
    recorded: list[Event], targets: list[int | None], index: int, known: list[int]
) -> tuple[list[int], int]:
    """What an event supersedes, directly or through others; and the first of its record, of a circle the least."""
    earlier: list[int] = []
    target: int | None = index
    while target is not None and recorded[target].envelope.supersedes:
        target = targets[target]
        if target is None or target not in known:
            break
        if target in earlier:
            return earlier, min(earlier[earlier.index(target) :])
        earlier.append(target)
    return earlier, earlier[-1] if earlier else index
