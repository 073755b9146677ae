"""The check of ties: two events of one instant, if nothing states which is the later and a figure depends on it.

Invariant: whether a figure depends on a tie is found by counting both ways, with the measures' own code. If every
figure is the same either way, there is no finding.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import combinations

from contracts.effects import effective_date
from contracts.envelope import Event, format_instant
from contracts.events.agency_cover import CoverChanged, CoverStarted
from contracts.events.base import EventData
from contracts.events.hiring import (
    ApplicationProgressed,
    CohortOpened,
    WorkerFteChanged,
    WorkerMoved,
    WorkerStarted,
)
from contracts.events.leavers import LeaverReversed, WorkerLeft
from contracts.events.posts import PostChanged, PostEstablished
from contracts.events.progression_panels import PanelDecided
from contracts.events.working_life import CaseloadCounted, DemandCounted
from contracts.in_force import order_of_recording, recorded_before, rival_versions
from services.metrics.quality.both_ways import Counting, size_around, subject_of
from services.metrics.quality.declaration import ACADEMY, Check, Finding, Severity, in_order, on_a_day
from services.metrics.snapshot.snapshot import Snapshot

ONE_THING: Mapping[type[EventData], tuple[str, ...]] = {
    PostEstablished: ("effective_date",),
    PostChanged: ("effective_date",),
    WorkerStarted: ("effective_date",),
    WorkerMoved: ("effective_date",),
    WorkerFteChanged: ("effective_date", "post"),
    WorkerLeft: ("effective_date",),
    LeaverReversed: ("effective_date",),
    CoverStarted: ("effective_date",),
    CoverChanged: ("effective_date",),
    PanelDecided: ("panel", "kind"),
    ApplicationProgressed: ("effective_date", "stage"),
    CohortOpened: (),
    CaseloadCounted: ("effective_date",),
    DemandCounted: ("effective_date", "demand", "service_area"),
}
"""For each kind of event, the fields that events of one subject must have in common so that only the later (or the
first) counts.

Events of two kinds take effect in the order of their kinds, but for leavers and their reversals.
"""

MOST_TIED = 20
"""If more events of one instant are about one thing, only the last so many are looked at, because each is counted
again."""


def orders_not_stated(snapshot: Snapshot) -> Iterable[Finding]:
    """Finds events of one instant (mostly two) whose order nothing states although a figure depends on it."""
    counting = Counting(snapshot)
    ties = [
        *((tied, _of_in_force) for tied in _in_force_together(snapshot)),
        *((tied, _of_versions) for tied in _rivals(snapshot)),
    ]
    # Those with the least around them first: where too much is to be counted, dirt is left out and nothing else.
    ties.sort(key=lambda tie: (size_around(snapshot, subject_of(snapshot, tie[0][-1])), order_of_recording(tie[0][-1])))
    for tied, find in ties:
        yield from find(counting, tied)
    yield from (_not_counted(subject, tied) for subject, tied in counting.left_out.items())


def _of_in_force(counting: Counting, tied: Sequence[Event]) -> Iterator[Finding]:
    for kind in dict.fromkeys(type(event.data) for event in tied):
        alike = [event for event in tied if type(event.data) is kind]
        findings = list(_of_pairs(counting, alike, _exchanged))
        # Where stated orders keep two from being exchanged, one can still go past the other.
        yield from findings or _of_pairs(counting, alike, _gone_past)
    for leaver, reversals in _reversed_by_rule(tied):
        yield from _findings(counting, (leaver, *reversals), reversals[-1], [_just_before(one) for one in reversals])


def _of_versions(counting: Counting, versions: Sequence[Event]) -> Iterator[Finding]:
    *others, counts = versions
    for other in others:
        yield from _findings(counting, (other, counts), counts, [replace(counts, data=other.data)])


def _rivals(snapshot: Snapshot) -> Iterator[Sequence[Event]]:
    """For each record, the versions that could equally be the last, and then the one that counts."""
    for versions in rival_versions(snapshot.events):
        counts = versions[-1]
        last_of_source = {one.envelope.source: one for one in versions}
        others = [one for one in versions[-MOST_TIED:-1] if _is_tie(one, counts)]
        others = [one for one in others if not _is_stated(one, last_of_source[one.envelope.source])]
        if others:
            yield [*others, counts]


def _in_force_together(snapshot: Snapshot) -> Iterator[Sequence[Event]]:
    """events in force of one instant about one thing, several at a time, in the order of recording."""
    by_subject: defaultdict[Hashable, list[Event]] = defaultdict(list)
    for event in snapshot.in_force:
        fields = ONE_THING.get(type(event.data)) if isinstance(event.data, EventData) else None
        if fields is not None:
            kind = WorkerLeft if isinstance(event.data, LeaverReversed) else type(event.data)
            # Caseloads that are counted under several numbers of one person add up: only those of one number are tied.
            counted = isinstance(event.data, CaseloadCounted)
            subject = event.envelope.subject if counted else subject_of(snapshot, event)
            common = (getattr(event.data, name) for name in fields)
            by_subject[event.envelope.time, kind, subject, *common].append(event)
    return (together[-MOST_TIED:] for together in by_subject.values() if len(together) > 1)


Orders = Callable[[list[Event], int, int], Iterable[list[Event]]]
"""Other orders of some events, in which the second of two, by their indexes, comes before the first."""


def _of_pairs(counting: Counting, tied: list[Event], others: Orders) -> Iterator[Finding]:
    """The findings on pairs that nothing orders, by other orders of them in which all that is stated is kept."""
    last = len(tied) - 1
    # Those with the last one first: mostly it is the one that counts.
    for earlier, later in sorted(combinations(range(len(tied)), 2), key=lambda pair: -pair[1]):
        # Of what is not next to another only the first and the last can count.
        beside = later == earlier + 1 or earlier == 0 or later == last
        if beside and _is_tie(tied[earlier], tied[later]):
            for order in others(tied, earlier, later):
                put = [replace(at, data=event.data) for at, event in zip(tied, order, strict=True)]
                findings = list(_findings(counting, (tied[earlier], tied[later]), tied[later], put))
                if findings:
                    yield from findings
                    break


def _exchanged(tied: list[Event], earlier: int, later: int) -> Iterator[list[Event]]:
    between = tied[earlier + 1 : later]
    if not any(_is_stated(tied[earlier], event) or _is_stated(event, tied[later]) for event in between):
        yield [*tied[:earlier], tied[later], *between, tied[earlier], *tied[later + 1 :]]


def _gone_past(tied: list[Event], earlier: int, later: int) -> Iterator[list[Event]]:
    one, between, other = tied[earlier], tied[earlier + 1 : later], tied[later]
    if not any(_is_stated(one, event) for event in between):
        yield [*tied[:earlier], *between, other, one, *tied[later + 1 :]]
    if not any(_is_stated(event, other) for event in between):
        yield [*tied[:earlier], other, one, *between, *tied[later + 1 :]]


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


def _findings(counting: Counting, tied: Sequence[Event], later: Event, instead: Iterable[Event]) -> Iterator[Finding]:
    """The finding on events of which one is taken to be the later, if a figure is another with others `instead`."""
    if counting.differ(tied, {event.identity: event for event in instead}):
        yield _finding(counting.snapshot, tied, later)


def _not_counted(subject: str, tied: Sequence[Event]) -> Finding:
    names = " and ".join(event.name for event in in_order(tied))
    message = (
        f"{names} of {subject} were recorded at the same time, {format_instant(tied[-1].envelope.time)}, and nothing "
        "states which is the later. So much else is recorded around them that it was not counted whether the other "
        "order would change a figure."
    )
    return on_a_day("order-not-stated", [subject], _day(tied[-1]), message, tied)


def _finding(snapshot: Snapshot, tied: Sequence[Event], later: Event) -> Finding:
    subject = subject_of(snapshot, later)
    names = " and ".join(event.name for event in in_order(tied))
    message = (
        f"{names} of {subject} were recorded at the same time, {format_instant(later.envelope.time)}, and nothing "
        f"states which is the later. {later.name} is taken to be, {_because(tied, later)}. The other order would "
        "change a figure."
    )
    return on_a_day("order-not-stated", [subject], _day(later), message, tied)


def _because(tied: Sequence[Event], later: Event) -> str:
    """Why, among some events, that one is taken to be the later."""
    if isinstance(later.data, LeaverReversed) and not all(isinstance(one.data, LeaverReversed) for one in tied):
        return "as a leaver of the same time is reversed"
    if any(event.envelope.source != later.envelope.source for event in tied):
        return f"as its source, {later.envelope.source}, comes second in the alphabet"
    return "as its id comes second in the alphabet"


def _day(event: Event) -> date:
    return effective_date(event) or event.envelope.time.date()


CHECKS = (
    Check(
        "order-not-stated",
        "Two events of one instant, and nothing says which is the later",
        "Two events of one thing were recorded at the same time, and their order changes figures. A fixed rule decides "
        "which counts as the later, and may be wrong.",
        "Send the one that is right again with `supersedes`: it is recorded later then. Or send it again with "
        "`supersedes`, the same `time`, and a higher `sourcesequence` than the other event has. Let the HR system "
        "state a `sourcesequence` wherever it writes several changes with one time.",
        Severity.MAY_MOVE,
        (
            *("establishment", "in-post", "vacancies", "over-establishment", "agency", "agency-cover", "agency-cost"),
            *("starters", "leavers", "moves", "cases", "working-days-lost", "children", "applications"),
            *("panel-candidates", "panel-successes", "progressed-fte", ACADEMY),
        ),
        orders_not_stated,
    ),
)
