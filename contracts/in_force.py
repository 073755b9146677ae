"""Which events are in force, as known at each instant: not superseded by another event, not voided.

Invariant: what is in force as known at an instant depends only on the set of events whose `time` is not after it.

An event is known from its envelope's `time` on. As known at an instant,
- an event is *void* when a known event voids it that is not void itself (so a voided void restores its target);
- events that supersede one another, directly or through others, are versions of one *record*. Of those that are not
  void the version that no other supersedes counts; of several (two corrections of one event) the one recorded last.
  Voiding a version leaves those that remain;
- an event is *in force* when it is known, is not void, counts, and does not void another (its data state no fact).

`supersedes` and `voids` refer to an event of the same authority, type and subject, and of the same source unless
`supersedessource` or `voidssource` names another; other references are ignored. Events that void each other in a circle
are all void. Events that supersede each other in a circle do not count. So both circles end the same way in every
order. What was recorded last is what the feeds stated to be so (`order_of_recording`), never what arrived last.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from heapq import heappop, heappush
from itertools import groupby
from operator import attrgetter

from contracts.envelope import Event
from contracts.references import Paths, Versions, Voids

Recorded = tuple[datetime, str, int, str, str]
"""An event's place in the order of recording: time, source, sourcesequence (-1 if it states none), id and type."""

Change = tuple[datetime, list[Event], list[Event]]
"""An instant, the events that come into force then, and those that cease to be in force."""

_identity = attrgetter("envelope.authority", "envelope.type", "envelope.source", "envelope.id")
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
    """Whether the feeds stated that one event came before another: by time, or by sourcesequence within one source.

    If neither of two events is before the other, nothing is known, and `order_of_recording` decides by a rule.
    """
    (time, source, stated, *_), (other_time, other_source, other_stated, *_) = one, other
    return time < other_time or (time == other_time and source == other_source and stated < other_stated)


def changes_in_force(events: Iterable[Event]) -> Iterator[Change]:
    """Each instant at which the events in force change, in ascending order.

    Copies of one event (same authority, type, source and id; they are alike in all that counts) count once.
    """
    recorded = sorted({_identity(event): event for event in events}.values(), key=order_of_recording)
    for event in recorded:
        if event.envelope.supersedes or event.envelope.voids:
            return _changes_with_references(recorded)
    return ((known_from, list(together), []) for known_from, together in groupby(recorded, _time))


def _changes_with_references(recorded: list[Event]) -> Iterator[Change]:
    records = _Records(recorded)
    for known_from, together in groupby(range(len(recorded)), lambda index: recorded[index].envelope.time):
        begun, ceased = records.learn(together)
        if begun or ceased:
            yield known_from, [recorded[index] for index in begun], [recorded[index] for index in ceased]


def _targets(recorded: list[Event]) -> list[int | None]:
    """For each event the index of the one that it supersedes or voids; None if there is no such event."""
    indexes = {(*_identity(event), event.envelope.subject): index for index, event in enumerate(recorded)}
    targets: list[int | None] = []
    for event in recorded:
        envelope = event.envelope
        source, referred = envelope.referred or ("", "")
        targets.append(indexes.get((envelope.authority, envelope.type, source, referred, envelope.subject)))
    return targets


class _Records:
    """The records of some events, and which version of each is in force, as more and more of the events become known.

    Events go by their indexes in the order of recording. Those that supersede one another and are known are one record;
    it only ever grows.
    """

    def __init__(self, recorded: list[Event]) -> None:
        targets = _targets(recorded)
        self._is_void = [event.envelope.voids is not None for event in recorded]
        indexes = range(len(recorded))
        self._voids = Voids([targets[index] if self._is_void[index] else None for index in indexes])
        self._supersedes = [None if self._is_void[index] else targets[index] for index in indexes]
        self._superseded_by: defaultdict[int, list[int]] = defaultdict(list)
        for index, target in enumerate(self._supersedes):
            if target is not None:
                self._superseded_by[target].append(index)
        paths = Paths(self._supersedes)
        self._versions = Versions(paths)
        self._known = [False] * len(recorded)
        # When the last of a circle becomes known each of them supersedes itself, and the others hang on the circle.
        self._closing = {circle[0]: circle for circle in paths.circles}
        self._in_closed_circle: set[int] = set()
        self._record_of = list(indexes)
        self._members = [[index] for index in indexes]
        self._candidates: list[list[int]] = [[] for _ in indexes]
        """Of each record a heap of the versions that may count, the last one first: their indexes below 0."""
        self._in_force: list[int | None] = [None] * len(recorded)

    def learn(self, events: Iterable[int]) -> tuple[list[int], list[int]]:
        """Make events known. Returns those that come into force and those that cease to be in force, ascending."""
        touched: set[int] = set()
        were_in_force: set[int] = set()

        def touch(event: int) -> int:
            record = self._record_of[event]
            if record not in touched:
                touched.add(record)
                were_in_force.update(() if self._in_force[record] is None else (self._in_force[record],))  # type: ignore[arg-type]
            return record

        for event in events:
            self._known[event] = True
            touch(event)
            for other in (self._supersedes[event], *self._superseded_by.get(event, ())):
                if other is not None and self._known[other]:
                    self._join(touch(event), touch(other))
            if event in self._closing:
                self._in_closed_circle.update(self._closing[event])
            for affected in self._affected(event):
                self._consider(touch(affected), affected)
        for record in touched:
            self._in_force[record] = self._last_version(record)
        in_force = {index for record in touched if (index := self._in_force[record]) is not None}
        return sorted(in_force - were_in_force), sorted(were_in_force - in_force)

    def _affected(self, event: int) -> list[int]:
        """Of which versions it can change that they count, now that an event is known."""
        affected = self._versions.learn(event)
        changed = self._voids.learn(event)
        if changed is not None and not self._is_void[changed]:
            affected += self._versions.note(changed, self._voids.is_not_voided(changed))
        return affected

    def _join(self, one: int, other: int) -> None:
        """Make two records one; of that which is no more nothing is in force."""
        if one == other:
            return
        more, fewer = (one, other) if len(self._members[one]) >= len(self._members[other]) else (other, one)
        for index in self._members[fewer]:
            self._record_of[index] = more
        self._members[more] += self._members[fewer]
        self._members[fewer] = []
        for below in self._candidates[fewer]:
            heappush(self._candidates[more], below)
        self._candidates[fewer] = []

    def _consider(self, record: int, event: int) -> None:
        """Take an event for the version in force, if it counts."""
        if self._counts(event):
            heappush(self._candidates[record], -event)

    def _last_version(self, record: int) -> int | None:
        candidates = self._candidates[record]
        while candidates and not self._counts(-candidates[0]):
            heappop(candidates)
        return -candidates[0] if candidates else None

    def versions_left(self) -> list[list[int]]:
        """Of each record the versions that are not void and that no other supersedes, as far as is known; ascending."""
        left = (
            sorted({-below for below in candidates if self._counts(-below)})
            for candidates in self._candidates
            if candidates
        )
        return [indexes for indexes in left if indexes]

    def _counts(self, event: int) -> bool:
        return event not in self._in_closed_circle and self._versions.counts(event)


def events_in_force(events: Iterable[Event]) -> list[Event]:
    """The events in force, as known by the latest of them, in the order of recording."""
    in_force, corrected = _apart(events)
    for of_one_thing in corrected:
        in_force += [versions[-1] for versions in _versions_left(of_one_thing)]
    in_force.sort(key=order_of_recording)
    return in_force


def rival_versions(events: Iterable[Event]) -> list[list[Event]]:
    """Of each record with several versions that are not void and that no other supersedes, these. The last counts."""
    return [versions for of_one in _apart(events)[1] for versions in _versions_left(of_one) if len(versions) > 1]


def _apart(events: Iterable[Event]) -> tuple[list[Event], list[list[Event]]]:
    """The events of which all are in force, and the others, those together that can refer to one another."""
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


def _versions_left(events: list[Event]) -> list[list[Event]]:
    """Of each record the versions that are not void and that no other supersedes, in the order of recording."""
    recorded = sorted(events, key=order_of_recording)
    records = _Records(recorded)
    records.learn(range(len(recorded)))
    return [[recorded[index] for index in indexes] for indexes in records.versions_left()]
