"""Absence, caseload, support, and the demand beside the supply.

Invariant: every figure comes of counts that somebody made; nothing is filled in where no count was made.
"""

from collections.abc import Callable, Iterable
from datetime import date
from fractions import Fraction
from typing import NamedTuple

from contracts.events.working_life import SupportSessionHeld, SupportTakenUp
from services.metrics.measures.bands import caseload
from services.metrics.measures.declaration import (
    BOARD,
    CSWW,
    OWN,
    RETENTION_ALONE,
    Kind,
    OverTime,
    Part,
    Rate,
    Term,
    Unit,
    When,
    Within,
    as_it_is,
    flow,
    stock,
    windowed,
)
from services.metrics.measures.dimensions import Caseload
from services.metrics.snapshot.absences import absences
from services.metrics.snapshot.amounts import ONE
from services.metrics.snapshot.caseload import cases_of_people, running_of
from services.metrics.snapshot.demand import demand_series
from services.metrics.snapshot.employment import Scope
from services.metrics.snapshot.snapshot import Snapshot
from services.metrics.timelines.dimensions import NOTHING_STATED
from services.metrics.timelines.rows import DAY

DEMAND = ("demand",)
WORKING_DAYS = 253
"""Working days in a year, one more in a year with a 29 February: CSWW's sickness absence rate."""


def _working_days_lost(snapshot: Snapshot, scope: Scope, when: When) -> Iterable[Part]:
    for absence in absences(snapshot):
        lost = absence.lost_between(when.first, when.until)
        if lost == 0:
            continue
        absent_from = absence.data.absent_from
        service = snapshot.employment_on(absence.person, absent_from, scope)
        if service is not None or scope is Scope.ALL:
            dimensions = NOTHING_STATED if service is None else service.dimensions
            yield Part(lost, absent_from, absence.days[-1][1], (f"worker/{absence.person}",), dimensions)


class _Counted(NamedTuple):
    """Somebody whose cases were counted: how many, and at which FTE they work, in millionths."""

    cases: int
    fte: int


def _of_counted(amount: Callable[[_Counted, When], int]) -> Within:
    """A part for each worker (agency included) with an FTE above 0 whose cases were counted."""

    def parts(snapshot: Snapshot, scope: Scope, when: When) -> Iterable[Part]:
        for counted, part in _counted(snapshot, scope, when):
            yield part._replace(amount=amount(counted, when))

    return parts


def _counted(snapshot: Snapshot, scope: Scope, when: When) -> Iterable[tuple[_Counted, Part]]:
    for person, cases in cases_of_people(snapshot, when.as_at).items():
        service = snapshot.employment_on(person, when.as_at, scope)
        runs = running_of(snapshot, person, scope, when.as_at)
        fte = (0 if service is None else service.fte) + sum(run.fte for run in runs)
        # Everybody who was counted is a part, if only of 0: of nobody counted there is no part at all.
        if fte:
            dimensions = runs[0].dimensions if service is None else service.dimensions
            subjects = (f"worker/{person}", *(f"cover/{run.cover}" for run in runs))
            yield _Counted(cases, fte), Part(ONE, when.as_at, when.as_at + DAY, subjects, dimensions)


def _by_caseload(snapshot: Snapshot, scope: Scope, when: When) -> Iterable[Part]:
    counted_by = set()
    for counted, part in _counted(snapshot, scope, when):
        counted_by.add(part.dimensions)
        yield part._replace(more={"caseload": caseload(counted.cases)})
    # Where somebody was counted, a band of which nobody is has 0, and not nobody who counted.
    for dimensions in counted_by:
        for band in Caseload:
            yield Part(0, when.as_at, when.as_at + DAY, (), dimensions, {"caseload": band})


def _children(by_area: bool) -> OverTime:
    def parts(snapshot: Snapshot, scope: Scope) -> Iterable[Part]:
        for series, counts in demand_series(snapshot).items():
            if (series.service_area is not None) == by_area:
                for since, until, children in counts.stretches():
                    dimensions = NOTHING_STATED._replace(service_area=series.service_area)
                    yield Part(children * ONE, since, until, (series.subject,), dimensions, {"demand": series.demand})

    return parts


def _sessions(registrations: bool) -> OverTime:
    def parts(snapshot: Snapshot, scope: Scope) -> Iterable[Part]:
        for event, held in snapshot.facts(SupportSessionHeld):
            amount = held.registrations * ONE if registrations else ONE
            more = {"offer": held.offer}
            yield Part(amount, held.held_on, held.held_on + DAY, (event.envelope.subject,), NOTHING_STATED, more)

    return parts


def _taken_up(snapshot: Snapshot, scope: Scope) -> Iterable[Part]:
    for event, taken in snapshot.facts(SupportTakenUp):
        subjects = (f"worker/{snapshot.person_of(event)}",)
        yield Part(ONE, taken.taken_up_on, taken.taken_up_on + DAY, subjects, NOTHING_STATED, {"offer": taken.offer})


def _per_working_day(when: When) -> Fraction:
    return Fraction(100, WORKING_DAYS + _holds_a_leap_day(when.first, when.until))


def _holds_a_leap_day(first: date, until: date) -> bool:
    leap_days = (_leap_day(year) for year in range(first.year, until.year + 1))
    return any(first <= day < until for day in leap_days if day is not None)


def _leap_day(year: int) -> date | None:
    day = date(year, 3, 1) - DAY
    return day if day.day == 29 else None


MEASURES = (
    windowed(
        "working-days-lost",
        "Working days lost to sickness",
        "Working days lost to sickness in the period by persons in service; an absence that reaches beyond it counts "
        "in part, and a day of several absences once.",
        CSWW,
        Unit.DAYS,
        _working_days_lost,
    ),
    Rate(
        "absence-rate",
        "Absence rate (CSWW)",
        "Working days lost to sickness in the year as a share of the FTE in post at its closing date times 253 working "
        "days (254 when the year holds a 29 February).",
        CSWW,
        Unit.PERCENT,
        (Term("working-days-lost"),),
        (Term("in-post"),),
        "100 x working days lost / (in post x 253 or 254)",
        factor=_per_working_day,
        scope=Scope.CENSUS,
        annual=True,
    ),
    windowed(
        "cases",
        "Cases held",
        "Cases of workers (agency included) with at least one case and an FTE above 0, by the latest count of each, "
        "not older than 30 days. What is counted under several numbers of one person adds up.",
        CSWW,
        Unit.COUNT,
        _of_counted(lambda one, _: one.cases * ONE),
        Kind.STOCK,
        counted=True,
    ),
    windowed(
        "case-holders-fte",
        "Case holders (FTE)",
        "FTE of workers (agency included) with at least one case.",
        CSWW,
        Unit.FTE,
        _of_counted(lambda one, _: one.fte * (one.cases > 0)),
        Kind.STOCK,
        counted=True,
    ),
    windowed(
        "workers-by-caseload",
        "Workers by caseload",
        "Workers (agency included) with an FTE above 0 whose cases were counted, each once, by how many cases they "
        "hold, by the latest count of each, not older than 30 days.",
        OWN,
        Unit.PEOPLE,
        _by_caseload,
        Kind.STOCK,
        more=("caseload",),
        counted=True,
    ),
    windowed(
        "workers-over-caseload",
        "Workers with more cases than a limit",
        "Workers (agency included) with an FTE above 0 who hold more than so many cases (25 if unsaid), each once, by "
        "the latest count of each, not older than 30 days.",
        OWN,
        Unit.PEOPLE,
        _of_counted(lambda one, when: ONE * (one.cases > when.above)),
        Kind.STOCK,
        has_a_limit=True,
        counted=True,
    ),
    Rate(
        "average-caseload",
        "Average caseload (CSWW)",
        "Cases held at the date over the FTE of workers (agency included) with at least one case.",
        CSWW,
        Unit.CASES,
        (Term("cases"),),
        (Term("case-holders-fte"),),
        "cases / FTE of case holders",
        factor=as_it_is,
        scope=Scope.CENSUS,
    ),
    stock(
        "children",
        "Children",
        "Children of each kind by the latest count on or before the date, the authority as a whole. There is no total "
        "of several kinds: a child on a plan is often looked after too.",
        BOARD,
        Unit.CHILDREN,
        _children(by_area=False),
        more=DEMAND,
        apart=DEMAND,
        counted=True,
        rests_on=RETENTION_ALONE,
    ),
    stock(
        "children-by-area",
        "Children by service area",
        "Children of each kind by the latest count on or before the date, where counts were made by service area. "
        "There is no total of several kinds.",
        BOARD,
        Unit.CHILDREN,
        _children(by_area=True),
        more=DEMAND,
        apart=DEMAND,
        counted=True,
        rests_on=RETENTION_ALONE,
    ),
    Rate(
        "children-per-case-holder",
        "Children per case holder",
        "Children over the FTE of case holders; where several kinds are counted by demand alone, as they overlap.",
        OWN,
        Unit.CHILDREN_PER_FTE,
        (Term("children"),),
        (Term("case-holders-fte"),),
        "children / FTE of case holders",
        factor=as_it_is,
        more=DEMAND,
    ),
    Rate(
        "children-per-case-holder-by-area",
        "Children per case holder by service area",
        "Children counted by service area over the FTE of case holders there; of several kinds together there is none, "
        "as they overlap.",
        OWN,
        Unit.CHILDREN_PER_FTE,
        (Term("children-by-area"),),
        (Term("case-holders-fte"),),
        "children of the area / FTE of case holders",
        factor=as_it_is,
        more=DEMAND,
    ),
    flow(
        "support-sessions",
        "Support sessions",
        "Sessions held in the period.",
        BOARD,
        Unit.COUNT,
        _sessions(registrations=False),
        more=("offer",),
        rests_on=RETENTION_ALONE,
    ),
    flow(
        "session-registrations",
        "Session registrations",
        "Registrations for sessions held in the period.",
        BOARD,
        Unit.COUNT,
        _sessions(registrations=True),
        more=("offer",),
        rests_on=RETENTION_ALONE,
    ),
    flow(
        "support-taken-up",
        "Support taken up",
        "Offers that workers took up in the period (referrals to clinical supervision, say).",
        BOARD,
        Unit.COUNT,
        _taken_up,
        more=("offer",),
        rests_on=RETENTION_ALONE,
    ),
)
