"""The check of ties: two events of one instant, of which nothing states the later, and on which of them it is hangs a
figure.

Invariant: whether a figure hangs on it is found by counting both ways, with the measures' own code; a tie after which
every figure is the same is none.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import combinations
from typing import Any

from contracts.envelope import Event, format_instant
from contracts.events.agency_cover import CoverChanged, CoverStarted
from contracts.events.hiring import (
    ApplicationProgressed,
    CohortOpened,
    WorkerFteChanged,
    WorkerMerged,
    WorkerMoved,
    WorkerStarted,
)
from contracts.events.leavers import LeaverReversed, WorkerLeft
from contracts.events.posts import PostChanged, PostEstablished
from contracts.events.progression_panels import PanelDecided
from contracts.events.working_life import CaseloadCounted, DemandCounted
from contracts.standing import order_of_recording, recorded_before, rival_versions
from contracts.values import EARLIEST_DATE, LATEST_DATE
from services.metrics.academy import cohorts
from services.metrics.measures.catalogue import MEASURES, count
from services.metrics.measures.declaration import Count, Part, When, kept_over_time
from services.metrics.measures.working_life import COUNT_HOLDS
from services.metrics.picture.picture import Picture
from services.metrics.picture.service import Scope
from services.metrics.quality.declaration import ACADEMY, ONE_DAY, Check, Finding, Severity, in_order, on_a_day
from services.metrics.quality.posts import uses

ONE_THING: Mapping[type, Callable[[Any], Hashable]] = {
    PostEstablished: lambda data: data.effective_from,
    PostChanged: lambda data: data.effective_from,
    WorkerStarted: lambda data: data.started_on,
    WorkerMoved: lambda data: data.moved_on,
    WorkerFteChanged: lambda data: (data.effective_from, data.post),
    WorkerLeft: lambda data: data.left_on,
    LeaverReversed: lambda data: data.left_on,
    CoverStarted: lambda data: data.started_on,
    CoverChanged: lambda data: data.effective_from,
    PanelDecided: lambda data: (data.panel, data.kind),
    ApplicationProgressed: lambda data: (data.stage, data.reached_on),
    CohortOpened: lambda data: None,
    CaseloadCounted: lambda data: data.counted_on,
    DemandCounted: lambda data: (data.counted_on, data.demand, data.service_area),
}
"""Of which events of one kind and subject the later (or the first) counts: those that have this in common.

Events of two kinds take effect in the order of their kinds, but for leavers and their reversals.
"""

MOST_TIED = 20
"""Of more events of one instant about one thing the last so many are looked at: each is counted anew."""

_ALL_TIME = When(EARLIEST_DATE, LATEST_DATE - ONE_DAY, LATEST_DATE - ONE_DAY)
_OVER_TIME = tuple(one for one in MEASURES.values() if isinstance(one, Count) and one.over_time is not None)
_IN_ALL = (count("working-days-lost"), count("agency-cost"))
_DAY_BY_DAY = (count("cases"), count("case-holders-fte"))


def orders_not_stated(picture: Picture) -> Iterable[Finding]:
    """Events of one instant that nothing orders, and from whose order a figure follows: mostly two."""
    for tied in _standing_together(picture):
        for kind in dict.fromkeys(type(event.data) for event in tied):
            alike = [event for event in tied if type(event.data) is kind]
            found = list(_of_pairs(picture, alike, _changed_places))
            # Where stated orders keep two from changing places, one can still go past the other.
            yield from found or _of_pairs(picture, alike, _gone_past)
        for leaver, reversals in _reversed_by_rule(tied):
            yield from _found(picture, (leaver, *reversals), reversals[-1], [_just_before(one) for one in reversals])
    for versions in rival_versions(picture.events):
        *others, counts = versions
        for other in others[-MOST_TIED:]:
            can_be_last = not any(_is_stated(other, version) for version in versions)
            if can_be_last and _is_tie(other, counts):
                yield from _found(picture, (other, counts), counts, [replace(counts, data=other.data)])


def _standing_together(picture: Picture) -> Iterator[Sequence[Event]]:
    """Standing events of one instant about one thing, several at a time, in the order of recording."""
    found: defaultdict[Hashable, list[Event]] = defaultdict(list)
    for event in picture.standing:
        one_thing = ONE_THING.get(type(event.data))
        if one_thing is not None:
            kind = WorkerLeft if isinstance(event.data, LeaverReversed) else type(event.data)
            found[event.envelope.time, kind, _subject(picture, event), one_thing(event.data)].append(event)
    return (together[-MOST_TIED:] for together in found.values() if len(together) > 1)


Orders = Callable[[list[Event], int, int], Iterable[list[Event]]]
"""Other orders of some events, in which the second of two, by their places, comes before the first."""


def _of_pairs(picture: Picture, tied: list[Event], others: Orders) -> Iterator[Finding]:
    """The findings on pairs that nothing orders, by other orders of them in which all that is stated is kept."""
    last = len(tied) - 1
    for place, later in combinations(range(len(tied)), 2):
        # Of what is not next to another only the first and the last can count.
        beside = later == place + 1 or place == 0 or later == last
        if beside and _is_tie(tied[place], tied[later]):
            for order in others(tied, place, later):
                put = [replace(at, data=event.data) for at, event in zip(tied, order, strict=True)]
                found = list(_found(picture, (tied[place], tied[later]), tied[later], put))
                if found:
                    yield from found
                    break


def _changed_places(tied: list[Event], place: int, later: int) -> Iterator[list[Event]]:
    between = tied[place + 1 : later]
    if not any(_is_stated(tied[place], event) or _is_stated(event, tied[later]) for event in between):
        yield [*tied[:place], tied[later], *between, tied[place], *tied[later + 1 :]]


def _gone_past(tied: list[Event], place: int, later: int) -> Iterator[list[Event]]:
    one, between, other = tied[place], tied[place + 1 : later], tied[later]
    if not any(_is_stated(one, event) for event in between):
        yield [*tied[:place], *between, other, one, *tied[later + 1 :]]
    if not any(_is_stated(event, other) for event in between):
        yield [*tied[:place], other, one, *between, *tied[later + 1 :]]


def _reversed_by_rule(tied: Sequence[Event]) -> Iterator[tuple[Event, list[Event]]]:
    """The leavers with the reversals of their own instant that nothing puts before or after them: those reverse."""
    for leaver in tied:
        if isinstance(leaver.data, WorkerLeft):
            reversals = [one for one in tied if isinstance(one.data, LeaverReversed) and _is_tie(leaver, one)]
            if reversals:
                yield leaver, reversals


def _is_tie(one: Event, other: Event) -> bool:
    at_once = one.envelope.time == other.envelope.time and one.data != other.data
    return at_once and not _is_stated(one, other) and not _is_stated(other, one)


def _is_stated(one: Event, other: Event) -> bool:
    return recorded_before(order_of_recording(one), order_of_recording(other))


def _just_before(event: Event) -> Event:
    before = event.envelope.time - timedelta(microseconds=1)
    return replace(event, envelope=event.envelope.model_copy(update={"time": before}))


def _found(picture: Picture, tied: Sequence[Event], later: Event, instead: Iterable[Event]) -> Iterator[Finding]:
    """The finding on events of which one is taken to be the later, if a figure is another with others `instead`."""
    by_identity = {_identity(event): event for event in instead}
    for around in (_own(picture, tied), _with_users(picture, tied)):
        if _differ(around, [by_identity.get(_identity(event), event) for event in around], tied):
            yield _finding(picture, tied, later)
            return


def _finding(picture: Picture, tied: Sequence[Event], later: Event) -> Finding:
    subject = _subject(picture, later)
    ids = " and ".join(event.envelope.id for event in in_order(tied))
    says = (
        f"{ids} of {subject} were recorded at the same time, {format_instant(later.envelope.time)}, and nothing states "
        f"which is the later. {later.envelope.id} is taken to be, {_because(tied, later)}; were it the other way "
        "round, another figure would follow."
    )
    return on_a_day("order-not-stated", [subject], _day(later), says, tied)


def _because(tied: Sequence[Event], later: Event) -> str:
    """Why it is that event of some which is taken to be the later."""
    if isinstance(later.data, LeaverReversed) and not all(isinstance(one.data, LeaverReversed) for one in tied):
        return "as a leaver of the same time is reversed"
    if any(event.envelope.source != later.envelope.source for event in tied):
        return f"as its source, {later.envelope.source}, comes second in the alphabet"
    return "as its id comes second in the alphabet"


def _day(event: Event) -> date:
    names = ("effective_from", "started_on", "moved_on", "left_on", "decided_on", "reached_on", "entry_on")
    days = (getattr(event.data, name, None) for name in (*names, "counted_on", *event.data.__class__.model_fields))
    return next((day for day in days if isinstance(day, date)), event.envelope.time.date())


# --- counting both ways -----------------------------------------------------------------------------------------------


def _own(picture: Picture, events: Sequence[Event]) -> list[Event]:
    """The standing events of whom or what these are about, of the posts these name, and of their agency assignments."""
    subjects = {_subject(picture, event) for event in events}
    for event in events:
        if isinstance(event.data, WorkerMerged):
            subjects.add(f"worker/{picture.person(event.data.duplicate)}")
    for subject in list(subjects):
        subjects |= {f"cover/{cover}" for cover in _assignments_of(picture).get(subject, ())}
    return _events_of(picture, subjects, events)


def _with_users(picture: Picture, events: Sequence[Event]) -> list[Event]:
    """The same, and the events of all who stand on a post that these are about: a closed post counts by them alone."""
    subjects = {_subject(picture, event) for event in events}
    posts = [subject.partition("/")[2] for subject in subjects if subject.startswith("post/")]
    users = {use.subject for post in posts for use in uses(picture).get(post, ())}
    return _events_of(picture, subjects | users, events) if users else []


def _events_of(picture: Picture, subjects: set[str], and_these: Sequence[Event]) -> list[Event]:
    found = [event for subject in sorted(subjects) for event in _of_subject(picture, subject)]
    named = {
        f"post/{post}"
        for event in (*found, *and_these)
        for name in ("post", "from_post", "to_post")
        if isinstance(post := getattr(event.data, name, None), str)
    }
    return found + [event for post in sorted(named - subjects) for event in _of_subject(picture, post)]


def _of_subject(picture: Picture, subject: str) -> Sequence[Event]:
    kind, _, number = subject.partition("/")
    return picture.of_persons.get(number, ()) if kind == "worker" else picture.of_subject(subject)


def _assignments_of(picture: Picture) -> Mapping[str, set[str]]:
    def make() -> dict[str, set[str]]:
        found: defaultdict[str, set[str]] = defaultdict(set)
        for cover, runs in picture.assignments.items():
            for run in runs:
                found[f"worker/{picture.person(run.agency_worker)}"].add(cover)
        return found

    return picture.kept("quality: assignments of persons", make)


def _differ(present: Sequence[Event], otherwise: Sequence[Event], tied: Sequence[Event]) -> bool:
    """Whether some measure says something else of the second events than of the first."""
    counted = {event.data.counted_on for event in tied if isinstance(event.data, CaseloadCounted)}
    days = sorted({day + timedelta(days=later) for day in counted for later in range(COUNT_HOLDS.days + 1)})
    return _changes(Picture(present), days) != _changes(Picture(otherwise), days)


def _changes(picture: Picture, days: Iterable[date]) -> dict[tuple[Hashable, ...], int]:
    """By how much each measure changes on each day, by all its dimensions."""
    found: Counter[tuple[Hashable, ...]] = Counter()
    for cohort in cohorts(picture).values():
        found[ACADEMY, cohort] += 1
    for scope in Scope:
        for name, part in _parts(picture, scope, days):
            key = (name, scope, part.place, *part.more.values())
            found[*key, part.since] += part.amount
            found[*key, part.until] -= part.amount
    return {key: amount for key, amount in found.items() if amount}


def _parts(picture: Picture, scope: Scope, days: Iterable[date]) -> Iterator[tuple[str, Part]]:
    for measure in _OVER_TIME:
        if measure.over_time is not None:
            yield from (
                (measure.name, part) for part in kept_over_time(measure.name, measure.over_time, picture, scope)
            )
    for measure in _IN_ALL:
        yield from ((measure.name, part) for part in measure.parts(picture, scope, _ALL_TIME))
    for day in days:
        for measure in _DAY_BY_DAY:
            yield from ((measure.name, part) for part in measure.parts(picture, scope, When(day, day, day)))


def _subject(picture: Picture, event: Event) -> str:
    subject = event.envelope.subject
    return f"worker/{picture.person_of(event)}" if subject.startswith("worker/") else subject


def _identity(event: Event) -> tuple[str, str]:
    return event.envelope.type, event.envelope.id


CHECKS = (
    Check(
        "order-not-stated",
        "Two events of one instant, and nothing says which is the later",
        "Two events of one thing were recorded at the same time, and other figures would follow if they had come the "
        "other way round; a fixed rule decides which counts as the later, and may be wrong.",
        "Send the one that is right again with `supersedes`: it is recorded later then. Or send it again with "
        "`supersedes`, the same `time`, and a `sourcesequence` higher than that of the other event; and let the HR "
        "system state a `sourcesequence` wherever it writes several changes with one time.",
        Severity.MAY_MOVE,
        (
            *("establishment", "in-post", "vacancies", "over-establishment", "agency", "agency-cover", "agency-cost"),
            *("starters", "leavers", "moves", "cases", "working-days-lost", "children", "applications"),
            *("panel-candidates", "panel-successes", "progressed-fte", ACADEMY),
        ),
        orders_not_stated,
    ),
)
