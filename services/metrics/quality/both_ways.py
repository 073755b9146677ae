"""Whether a figure depends on which of two events is the later: it is counted both ways, by the measures' own code.

Invariant: exactly the events that can make a difference are counted again. In all, no more events are counted again
than a few times those in force.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta

from contracts.envelope import Event, Identity, identifier_of
from contracts.events.hiring import WorkerMerged
from contracts.events.working_life import CaseloadCounted
from contracts.values import EARLIEST_DATE, LATEST_DATE
from services.metrics.academy.outcomes import cohorts
from services.metrics.measures.catalogue import MEASURES, count
from services.metrics.measures.declaration import Count, Part, When, kept_over_time
from services.metrics.pauses import with_pauses
from services.metrics.quality.uses import uses
from services.metrics.snapshot.caseload import COUNT_HOLDS
from services.metrics.snapshot.employment import Scope
from services.metrics.snapshot.snapshot import Snapshot
from services.metrics.timelines.rows import DAY

_ALL_TIME = When(EARLIEST_DATE, LATEST_DATE - DAY, LATEST_DATE - DAY)
_OVER_TIME = tuple(one for one in MEASURES.values() if isinstance(one, Count) and one.over_time is not None)
_IN_ALL = (count("working-days-lost"), count("agency-cost"))
_DAY_BY_DAY = (count("cases"), count("case-holders-fte"))


COUNTED_ANEW = 10_000
COUNTED_ANEW_PER_EVENT = 4
"""The most events that are counted again, in all: so many, and so many more for each event in force. Ten thousand
take two seconds."""
TO_COUNT = 10
"""Counting again costs at least as much as so many events, however few there are."""


class Counting:
    """Counts both ways, until it has counted too much."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.left_out: dict[str, Sequence[Event]] = {}
        """For each subject with events that were not counted both ways, the first of these."""
        self._left = COUNTED_ANEW + COUNTED_ANEW_PER_EVENT * len(snapshot.in_force)

    def differ(self, tied: Sequence[Event], instead: Mapping[Identity, Event]) -> bool:
        """Whether some figure changes if events are replaced, each by the one in `instead` with the same identity.

        If too much was counted already, this is not found out.
        """
        for events_around in (own_events, events_with_users):
            if self._left <= 0:
                self.left_out.setdefault(subject_of(self.snapshot, tied[-1]), tied)
                return False
            around = events_around(self.snapshot, tied)
            self._left -= len(around) + TO_COUNT
            otherwise = [instead.get(event.identity, event) for event in around]
            if around and differ(around, otherwise, tied):
                return True
        return False


def size_around(snapshot: Snapshot, subject: str) -> int:
    """About how many events must be counted again with one of a subject, estimated without collecting them."""

    def make() -> int:
        covers = {f"cover/{cover}" for cover in _assignments_of(snapshot).get(subject, ())}
        own = [event for of_it in (subject, *covers) for event in _of_subject(snapshot, of_it)]
        others = _posts_named(own) | _users_of(snapshot, {subject})
        return len(own) + sum(len(_of_subject(snapshot, other)) for other in others)

    return snapshot.kept(("quality: size around", subject), make)


def own_events(snapshot: Snapshot, events: Sequence[Event]) -> list[Event]:
    """The events in force of the subjects of these events, of the posts that these name, and of their agency
    assignments.
    """
    subjects = {subject_of(snapshot, event) for event in events}
    for event in events:
        if isinstance(event.data, WorkerMerged):
            subjects.add(f"worker/{snapshot.person(event.data.duplicate)}")
    for subject in list(subjects):
        subjects |= {f"cover/{cover}" for cover in _assignments_of(snapshot).get(subject, ())}
    return _events_of(snapshot, subjects, events)


def events_with_users(snapshot: Snapshot, events: Sequence[Event]) -> list[Event]:
    """The same, and the events of everybody on a post that these are about: a closed post only counts through them.

    None if nobody is on such a post.
    """
    subjects = {subject_of(snapshot, event) for event in events}
    users = _users_of(snapshot, subjects)
    return _events_of(snapshot, subjects | users, events) if users else []


def _users_of(snapshot: Snapshot, subjects: Iterable[str]) -> set[str]:
    """The workers who hold or cover those of the subjects that are posts."""
    posts = [identifier_of(subject) for subject in subjects if subject.startswith("post/")]
    return {use.subject for post in posts for use in uses(snapshot).get(post, ())}


def _events_of(snapshot: Snapshot, subjects: set[str], and_these: Sequence[Event]) -> list[Event]:
    events = [event for subject in sorted(subjects) for event in _of_subject(snapshot, subject)]
    named = _posts_named((*events, *and_these)) - subjects
    return events + [event for post in sorted(named) for event in _of_subject(snapshot, post)]


def _posts_named(events: Iterable[Event]) -> set[str]:
    return {
        f"post/{post}"
        for event in events
        for name in ("post", "from_post", "to_post")
        if isinstance(post := getattr(event.data, name, None), str)
    }


def _of_subject(snapshot: Snapshot, subject: str) -> Sequence[Event]:
    kind, _, number = subject.partition("/")
    return snapshot.of_persons.get(number, ()) if kind == "worker" else snapshot.of_subject(subject)


def _assignments_of(snapshot: Snapshot) -> Mapping[str, set[str]]:
    def make() -> dict[str, set[str]]:
        by_worker: defaultdict[str, set[str]] = defaultdict(set)
        for cover, runs in snapshot.assignments.items():
            for run in runs:
                by_worker[f"worker/{snapshot.person(run.agency_worker)}"].add(cover)
        return by_worker

    return snapshot.kept("quality: assignments of persons", make)


def differ(present: Sequence[Event], otherwise: Sequence[Event], tied: Sequence[Event]) -> bool:
    """Whether some measure gives different figures for the two sets of events.

    Counts that hold only for some days (caseloads) are looked at on the days after those of `tied`.
    """
    counted = {event.data.counted_on for event in tied if isinstance(event.data, CaseloadCounted)}
    days = sorted({day + timedelta(days=later) for day in counted for later in range(COUNT_HOLDS.days + 1)})
    # Measure by measure: mostly the first ones tell.
    figures = zip(_figures(Snapshot(present), days), _figures(Snapshot(otherwise), days), strict=True)
    return any(before != after for before, after in with_pauses(figures))


def _figures(snapshot: Snapshot, days: Sequence[date]) -> Iterator[object]:
    """Every count in turn, as it changes over time; then the cohorts."""
    for scope in (Scope.ALL, Scope.CENSUS):
        for measure in _OVER_TIME:
            if measure.over_time is not None:
                yield _changes(kept_over_time(measure.name, measure.over_time, snapshot, scope))
        for measure in _IN_ALL:
            yield _changes(measure.parts(snapshot, scope, _ALL_TIME))
        for day in days:
            for measure in _DAY_BY_DAY:
                yield _changes(measure.parts(snapshot, scope, When(day, day, day)))
    yield cohorts(snapshot)


def _changes(parts: Iterable[Part]) -> dict[Hashable, int]:
    """By how much a measure changes on each day, by all its dimensions."""
    changes: Counter[Hashable] = Counter()
    for part in parts:
        key = (part.dimensions, *part.more.values())
        changes[*key, part.since] += part.amount
        changes[*key, part.until] -= part.amount
    return {key: amount for key, amount in changes.items() if amount}


def subject_of(snapshot: Snapshot, event: Event) -> str:
    """The subject of an event; for a worker the person, under whichever number the event came."""
    subject = event.envelope.subject
    return f"worker/{snapshot.person_of(event)}" if subject.startswith("worker/") else subject
