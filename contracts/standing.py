"""Which events stand, as known at each instant: not superseded by another event, not voided.

Invariant: what stands as known at an instant depends only on the set of events whose `time` is not after it.

An event is known from its envelope's `time` on. As known at an instant,
- an event *happened* when it is known and no known void of it happened (so a voided void restores its target);
- events that supersede one another, directly or through others, are versions of one *record*. Of those that happened,
  the version that no other supersedes counts; of several (two corrections of one event) the one recorded last.
  Voiding a version leaves those that remain;
- an event *stands* when it happened, counts, and is not a void (a void's data state no fact).

`supersedes` and `voids` refer to an event of the same authority, type and subject, and of the same source unless
`supersedessource` or `voidssource` names another; other references are ignored.
Events that void each other in a circle never happened, none of them; of events that supersede each other in a circle
none counts. So both circles end the same way in every order.
What was recorded last is what the feeds stated to be so (`order_of_recording`), never what arrived last.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from heapq import heappop, heappush
from itertools import groupby
from operator import attrgetter

from contracts.envelope import Event
from contracts.references import Happening, Paths, Versions

Recorded = tuple[datetime, str, int, str, str]
"""Where an event stands in the order of recording: its time, source, sourcesequence (-1 where it states none), id and
type."""

Change = tuple[datetime, list[Event], list[Event]]
"""An instant, the events that stand from then on and did not before, and those that no longer do."""

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
    """Whether what the feeds stated puts one event before another: by time, or by sourcesequence within one source.

    Of two of which neither is before the other nothing is known, and `order_of_recording` settles it by a rule.
    """
    (time, source, stated, *_), (other_time, other_source, other_stated, *_) = one, other
    return time < other_time or (time == other_time and source == other_source and stated < other_stated)


def changes_of_standing(events: Iterable[Event]) -> Iterator[Change]:
    """Each instant at which other events stand than before, in ascending order.

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
    """For each event the index of the one that it supersedes or voids; None where there is none such."""
    indexes = {(*_identity(event), event.envelope.subject): index for index, event in enumerate(recorded)}
    targets: list[int | None] = []
    for event in recorded:
        envelope = event.envelope
        source, referred = envelope.referred or ("", "")
        targets.append(indexes.get((envelope.authority, envelope.type, source, referred, envelope.subject)))
    return targets


class _Records:
    """The records of some events, and which version of each stands, as more and more of the events become known.

    Events go by their indexes in the order of recording. Those that supersede one another and are known are one record;
    it only ever grows.
    """

    def __init__(self, recorded: list[Event]) -> None:
        targets = _targets(recorded)
        self._is_void = [event.envelope.voids is not None for event in recorded]
        indexes = range(len(recorded))
        self._happening = Happening([targets[index] if self._is_void[index] else None for index in indexes])
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
        self._stands: list[int | None] = [None] * len(recorded)

    def learn(self, events: Iterable[int]) -> tuple[list[int], list[int]]:
        """Make events known; gives those that stand now and did not before, and those that no longer do, ascending."""
        touched: set[int] = set()
        stood: set[int] = set()

        def touch(event: int) -> int:
            record = self._record_of[event]
            if record not in touched:
                touched.add(record)
                stood.update(() if self._stands[record] is None else (self._stands[record],))  # type: ignore[arg-type]
            return record

        for event in events:
            self._known[event] = True
            touch(event)
            for other in (self._supersedes[event], *self._superseded_by.get(event, ())):
                if other is not None and self._known[other]:
                    self._join(touch(event), touch(other))
            if event in self._closing:
                self._in_closed_circle.update(self._closing[event])
            for concerned in self._concerned(event):
                self._consider(touch(concerned), concerned)
        for record in touched:
            self._stands[record] = self._last_version(record)
        stand = {index for record in touched if (index := self._stands[record]) is not None}
        return sorted(stand - stood), sorted(stood - stand)

    def _concerned(self, event: int) -> list[int]:
        """Of which versions it can change that they count, now that an event is known."""
        concerned = self._versions.learn(event)
        changed = self._happening.learn(event)
        if changed is not None and not self._is_void[changed]:
            concerned += self._versions.happen(changed, self._happening.happened(changed))
        return concerned

    def _join(self, one: int, other: int) -> None:
        """Make two records one; of that which is no more nothing stands."""
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
        """Take an event for the version that stands, if it counts."""
        if self._counts(event):
            heappush(self._candidates[record], -event)

    def _last_version(self, record: int) -> int | None:
        candidates = self._candidates[record]
        while candidates and not self._counts(-candidates[0]):
            heappop(candidates)
        return -candidates[0] if candidates else None

    def versions_left(self) -> list[list[int]]:
        """Of each record the versions that happened and that no other supersedes, as far as is known; ascending."""
        left = (
            sorted({-below for below in candidates if self._counts(-below)})
            for candidates in self._candidates
            if candidates
        )
        return [indexes for indexes in left if indexes]

    def _counts(self, event: int) -> bool:
        return event not in self._in_closed_circle and self._versions.counts(event)


def standing_events(events: Iterable[Event]) -> list[Event]:
    """The events that stand, as known by the latest of them, in the order of recording."""
    standing, corrected = _apart(events)
    for of_one_thing in corrected:
        standing += [versions[-1] for versions in _versions_left(of_one_thing)]
    standing.sort(key=order_of_recording)
    return standing


def rival_versions(events: Iterable[Event]) -> list[list[Event]]:
    """Of each record with several versions that happened and that no other supersedes, these; the last one counts."""
    return [versions for of_one in _apart(events)[1] for versions in _versions_left(of_one) if len(versions) > 1]


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


def _versions_left(events: list[Event]) -> list[list[Event]]:
    """Of each record the versions that happened and that no other supersedes, in the order of recording."""
    recorded = sorted(events, key=order_of_recording)
    records = _Records(recorded)
    records.learn(range(len(recorded)))
    return [[recorded[index] for index in indexes] for indexes in records.versions_left()]
