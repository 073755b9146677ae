"""Starters, leavers, moves, and the rates that tell whether people stay.

Invariant: in one scope, people in post at the end of a period are those at its opening plus starters less leavers.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from contracts.codes import MoveKind
from services.metrics.measures.declaration import (
    CIPD,
    CSWW,
    NHS,
    OWN,
    Kind,
    OverTime,
    Part,
    Rate,
    Term,
    Unit,
    When,
    flow,
    windowed,
)
from services.metrics.snapshot.amounts import ONE, months_later
from services.metrics.snapshot.employment import EmploymentPeriod, Scope, Spell
from services.metrics.snapshot.snapshot import Snapshot

DAY = timedelta(days=1)
HOW_THEY_CAME = ("origin", "route", "employment", "cohort")
HOW_THEY_LEFT = ("leaving_reason", "destination")
PROMOTIONS = (MoveKind.PROMOTION, MoveKind.PROGRESSION)


def _came(spell: Spell) -> dict[str, Any]:
    start = spell.start
    return {"origin": start.origin, "route": start.route, "employment": start.employment, "cohort": start.cohort}


def _part(amount: int, day: date, service: EmploymentPeriod, more: dict[str, Any]) -> Part:
    return Part(amount, day, day + DAY, (f"worker/{service.person}", f"post/{service.post}"), service.dimensions, more)


def _starters(in_fte: bool, conversions_only: bool = False) -> OverTime:
    def parts(snapshot: Snapshot, scope: Scope) -> Iterable[Part]:
        for spell in snapshot.spells(scope):
            first = spell.employment[0]
            if spell.start.is_conversion or not conversions_only:
                yield _part(first.fte if in_fte else ONE, spell.since, first, _came(spell))

    return parts


def _leavers(in_fte: bool) -> OverTime:
    def parts(snapshot: Snapshot, scope: Scope) -> Iterable[Part]:
        for spell in snapshot.spells(scope):
            if spell.leaving is not None:
                last = spell.employment[-1]
                left = {"leaving_reason": spell.leaving.reason, "destination": spell.leaving.destination}
                yield _part(last.fte if in_fte else ONE, spell.until, last, _came(spell) | left)

    return parts


def _moves(*kinds: MoveKind) -> OverTime:
    def parts(snapshot: Snapshot, scope: Scope) -> Iterable[Part]:
        for move in snapshot.moves:
            if move.kind in kinds and scope.holds(move.dimensions):
                subjects = (f"worker/{move.person}", f"post/{move.from_post}", f"post/{move.to_post}")
                yield Part(ONE, move.moved_on, move.moved_on + DAY, subjects, move.dimensions, {"move_kind": move.kind})

    return parts


def _days_in_service(snapshot: Snapshot, scope: Scope, when: When) -> Iterable[Part]:
    for person, stretches in snapshot.employment(scope).items():
        for service in stretches:
            since, until = max(service.since, when.first), min(service.until, when.until)
            if since < until:
                subjects = (f"worker/{person}", f"post/{service.post}")
                yield Part((until - since).days * ONE, since, until, subjects, service.dimensions)


def _opening(stayed: bool) -> Any:
    def parts(snapshot: Snapshot, scope: Scope, when: When) -> Iterable[Part]:
        for person in snapshot.employment(scope):
            service = snapshot.employment_on(person, when.opening, scope)
            if service is not None and (not stayed or snapshot.employment_on(person, when.last, scope) is not None):
                yield _part(ONE, when.opening, service, {})

    return parts


def _old_enough(retained: bool) -> Any:
    def parts(snapshot: Snapshot, scope: Scope, when: When) -> Iterable[Part]:
        for spell in snapshot.spells(scope):
            judged_on = months_later(spell.since, when.months)
            if not (when.first <= spell.since <= when.last and judged_on <= when.as_at):
                continue
            if not retained or spell.until > judged_on:
                yield _part(ONE, spell.since, spell.employment[0], _came(spell))

    return parts


def _days_of(when: When) -> Fraction:
    return Fraction(100 * when.days)


MEASURES = (
    flow(
        "starters",
        "Starters",
        "People who took up posts in the period after holding none; a move between posts is no start. Once per person "
        "and start date.",
        CSWW,
        Unit.PEOPLE,
        _starters(in_fte=False),
        more=HOW_THEY_CAME,
    ),
    flow(
        "starters-fte",
        "Starters (FTE)",
        "The FTE of starters on their first day.",
        CSWW,
        Unit.FTE,
        _starters(in_fte=True),
        more=HOW_THEY_CAME,
    ),
    flow(
        "leavers",
        "Leavers",
        "People who gave up all posts in the period; in scope census also those who moved to a post without a CSWW "
        "role. Once per person and leaving date.",
        CSWW,
        Unit.PEOPLE,
        _leavers(in_fte=False),
        more=HOW_THEY_CAME + HOW_THEY_LEFT,
    ),
    flow(
        "leavers-fte",
        "Leavers (FTE)",
        "The FTE of leavers on the day before they left.",
        CSWW,
        Unit.FTE,
        _leavers(in_fte=True),
        more=HOW_THEY_CAME + HOW_THEY_LEFT,
    ),
    flow(
        "moves",
        "Moves",
        "People in service who went to another post in the period, secondments included.",
        OWN,
        Unit.PEOPLE,
        _moves(*MoveKind),
        more=("move_kind",),
    ),
    flow(
        "promotions",
        "Promotions",
        "Moves of kind promotion or progression.",
        OWN,
        Unit.PEOPLE,
        _moves(*PROMOTIONS),
        more=("move_kind",),
    ),
    flow(
        "conversions",
        "Agency workers employed",
        "Starters who came by agency conversion, or whose start names the assignment it was converted from.",
        OWN,
        Unit.PEOPLE,
        _starters(in_fte=False, conversions_only=True),
        more=HOW_THEY_CAME,
    ),
    windowed(
        "in-post-headcount-days",
        "Days in post",
        "People in post, summed over the days of the period.",
        CIPD,
        Unit.DAYS,
        _days_in_service,
    ),
    windowed(
        "opening-headcount",
        "People in post at the opening date",
        "Persons in post on the day before the period begins, each once.",
        NHS,
        Unit.PEOPLE,
        _opening(stayed=False),
    ),
    windowed(
        "stayed-headcount",
        "People who stayed",
        "Of the people in post at the opening date, those in post on the last day of the period too.",
        NHS,
        Unit.PEOPLE,
        _opening(stayed=True),
    ),
    windowed(
        "starters-old-enough",
        "Starters old enough to judge",
        "Starters (of the period, where one is given) who began at least so many months before the date.",
        OWN,
        Unit.PEOPLE,
        _old_enough(retained=False),
        Kind.FLOW,
        more=HOW_THEY_CAME,
        all_time=True,
    ),
    windowed(
        "starters-retained",
        "Starters retained",
        "Starters old enough to judge who were still in post so many months after they began.",
        OWN,
        Unit.PEOPLE,
        _old_enough(retained=True),
        Kind.FLOW,
        more=HOW_THEY_CAME,
        all_time=True,
    ),
    Rate(
        "turnover-rate",
        "Turnover rate (CSWW, FTE)",
        "FTE of leavers of the year as a share of the FTE in post at its closing date, not of an average.",
        CSWW,
        Unit.PERCENT,
        (Term("leavers-fte"),),
        (Term("in-post"),),
        "100 x leavers of the year / in post at the closing date",
        scope=Scope.CENSUS,
        annual=True,
    ),
    Rate(
        "turnover-rate-headcount",
        "Turnover rate (CSWW, headcount)",
        "Leavers of the year as a share of the people in post at its closing date.",
        CSWW,
        Unit.PERCENT,
        (Term("leavers"),),
        (Term("in-post-headcount"),),
        "100 x leavers of the year / people in post at the closing date",
        scope=Scope.CENSUS,
        annual=True,
    ),
    Rate(
        "crude-turnover",
        "Crude turnover (CIPD)",
        "Leavers of the period as a share of the average number of people in post over its days.",
        CIPD,
        Unit.PERCENT,
        (Term("leavers"),),
        (Term("in-post-headcount-days"),),
        "100 x leavers / (days in post / days of the period)",
        factor=_days_of,
    ),
    Rate(
        "stability-index",
        "Stability index (NHS)",
        "Of the people in post at the opening date, the share in post on the last day of the period too.",
        NHS,
        Unit.PERCENT,
        (Term("stayed-headcount"),),
        (Term("opening-headcount"),),
        "100 x those of them who stayed / people in post at the opening date",
    ),
    Rate(
        "retention-of-starters",
        "Retention of starters",
        "Of the starters old enough to judge, the share still in post so many months (12 if unsaid) after they began.",
        OWN,
        Unit.PERCENT,
        (Term("starters-retained"),),
        (Term("starters-old-enough"),),
        "100 x starters retained / starters old enough to judge",
        all_time=True,
        also=("starters-old-enough",),
    ),
)
