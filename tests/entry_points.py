"""What is worked out of events without I/O, each by a name: what a derivation, an answer and a remark are made of.

Invariant: each entry point is given a set of events and nothing else, and is asked for all that it has.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime

from contracts.envelope import Event
from contracts.events.hiring import WorkerMerged
from contracts.in_force import changes_in_force, events_in_force
from contracts.persons import merges_stated, persons
from services.metrics.academy.outcomes import members
from services.metrics.figures.attribution import Attribution
from services.metrics.figures.changes import Report, part_changes
from services.metrics.figures.explanation import explain
from services.metrics.figures.figures import figures
from services.metrics.figures.reading import FigureQuery, Reading
from services.metrics.forecasting.flows import vacancy_flows
from services.metrics.measures.catalogue import MEASURES
from services.metrics.measures.declaration import Count, When
from services.metrics.quality.catalogue import CHECKS, findings
from services.metrics.quality.effect import effect
from services.metrics.quality.records import lateness
from services.metrics.snapshot.employment import Scope
from services.metrics.snapshot.snapshot import Snapshot
from services.metrics.timelines.covers import covers
from services.metrics.timelines.posts import post_facts
from services.metrics.timelines.rows import Cover, Occupancy, Post
from services.metrics.timelines.staffing import staffing, unposted_cover_staffing
from services.metrics.timelines.workers import occupancies
from services.recruitment import rules as recruitment
from services.retention import rules as retention

AS_AT = date(2012, 6, 30)
YEAR = When(date(2011, 7, 1), AS_AT, AS_AT)
YEARS = [When(date(year, 1, 1), date(year, 12, 31), date(year, 12, 31)) for year in range(2010, 2014)]
KNOWN = datetime(2030, 1, 1, tzinfo=UTC)
COUNTS = [measure for measure in MEASURES.values() if isinstance(measure, Count)]
PAGE = 20


def in_force(events: Sequence[Event]) -> None:
    """What is in force, at every instant and now."""
    list(changes_in_force(events))
    events_in_force(events)


def held_over_time(events: Sequence[Event]) -> tuple[list[Occupancy], list[Cover], list[Post]]:
    """The timelines of every worker, assignment and post."""
    of_subject: defaultdict[str, list[Event]] = defaultdict(list)
    for event in events:
        of_subject[event.envelope.subject].append(event)
    person_of = persons(merges_stated(event for event in events if isinstance(event.data, WorkerMerged)))
    of_person: defaultdict[str, list[Event]] = defaultdict(list)
    held: list[Cover] = []
    facts: list[Post] = []
    for subject, of_it in of_subject.items():
        kind, _, identifier = subject.partition("/")
        if kind == "worker":
            of_person[person_of.get(identifier, identifier)] += of_it
        elif kind == "cover":
            held += covers(of_it)
        elif kind == "post":
            facts += post_facts(of_it)
    return [row for of_it in of_person.values() for row in occupancies(of_it)], held, facts


def staffing_over_time(events: Sequence[Event]) -> None:
    """The staffing of every unit."""
    occupied, held, facts = held_over_time(events)
    of_post: defaultdict[str, tuple[list[Post], list[Occupancy], list[Cover]]] = defaultdict(lambda: ([], [], []))
    for fact in facts:
        of_post[fact.post][0].append(fact)
    for occupancy in occupied:
        of_post[occupancy.post][1].append(occupancy)
    for cover in held:
        if cover.post is not None:
            of_post[cover.post][2].append(cover)
    for post, of_it in of_post.items():
        staffing(f"post/{post}", *of_it)
    unposted_cover_staffing(held)


def snapshot(events: Sequence[Event]) -> Snapshot:
    """A snapshot, and all that is in it."""
    snapshot = Snapshot(events)
    for scope in Scope:
        snapshot.employment(scope)
        snapshot.spells(scope)
    assert snapshot.staffing is not None
    assert snapshot.moves is not None
    assert snapshot.tranches is not None
    assert snapshot.assignments is not None
    return snapshot


def measures(events: Sequence[Event]) -> None:
    """Every measure in a year and over some, in both scopes."""
    snapshot = Snapshot(events)
    reading = Reading("331", KNOWN, lambda: snapshot)
    for scope in Scope:
        for measure in MEASURES.values():
            figures(measure, [reading], [YEAR], FigureQuery((), None, scope))
            figures(measure, [reading], YEARS, FigureQuery(("role", "team"), None, scope))


def explanations(events: Sequence[Event]) -> None:
    """What every count is made of."""
    snapshot = Snapshot(events)
    reading = Reading("331", KNOWN, lambda: snapshot)
    for counted in COUNTS:
        for part in explain(counted, reading, YEAR, FigureQuery())[:PAGE]:
            assert part.made_of is not None


def changes(events: Sequence[Event]) -> None:
    """What changed in every count when the second half of the events came."""
    before, after = _report(events[: len(events) // 2]), _report(events)
    attribution = Attribution(before.events, after.events, FigureQuery())
    for counted in COUNTS:
        for change in part_changes(counted, YEAR, before, after, FigureQuery(), attribution)[:PAGE]:
            assert change.moved_by is not None


def _report(events: Sequence[Event]) -> Report:
    snapshot = Snapshot(events)
    return Report(Reading("331", KNOWN, lambda: snapshot), events)


def quality(events: Sequence[Event]) -> None:
    """What every check finds."""
    snapshot = Snapshot(events)
    findings(snapshot, AS_AT)
    lateness(snapshot)


def effects(events: Sequence[Event]) -> None:
    """A page of findings with their effects: the first of every check."""
    snapshot = Snapshot(events)
    for check in CHECKS.values():
        for finding in findings(snapshot, AS_AT, [check])[:2]:
            effect(snapshot, finding, AS_AT)


def academy(events: Sequence[Event]) -> None:
    """The members of the academy's cohorts, and what moved the vacancies."""
    snapshot = Snapshot(events)
    members(snapshot)
    vacancy_flows(snapshot)


def rules(events: Sequence[Event]) -> None:
    """The remarks on accepted events, and the posts that fell vacant."""
    recruitment.posts_established(events)
    of_kind = [event for event in events if event.envelope.subject.startswith(("worker/", "post/"))]
    recruitment.fallen_vacant(of_kind, AS_AT)
    merges = [event for event in events if event.envelope.type == WorkerMerged.event_type]
    subjects = {event.envelope.subject for event in events}
    retention.linked_numbers(subjects, merges)
    retention.workers_started(of_kind, merges)


def _timelines(events: Sequence[Event]) -> None:
    held_over_time(events)


def _snapshot(events: Sequence[Event]) -> None:
    snapshot(events)


ENTRY_POINTS: dict[str, Callable[[Sequence[Event]], None]] = {
    "in_force": in_force,
    "timelines": _timelines,
    "staffing": staffing_over_time,
    "snapshot": _snapshot,
    "measures": measures,
    "explanations": explanations,
    "changes": changes,
    "quality": quality,
    "effects": effects,
    "academy and flows": academy,
    "rules": rules,
}


def every(names: Iterable[str] = ENTRY_POINTS) -> Iterator[tuple[str, Callable[[Sequence[Event]], None]]]:
    """The entry points of these names."""
    return ((name, ENTRY_POINTS[name]) for name in names)
