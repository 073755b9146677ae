"""Starters, leavers, moves, and the rates that tell whether people stay.

Invariant: in one scope, people in post at the end of a period are those at its opening plus starters less leavers.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from fractions import Fraction
from typing import Any

from contracts.codes import MoveKind
from services.metrics.measures.bands import length_of_service
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
    as_months,
    flow,
    windowed,
)
from services.metrics.snapshot.amounts import ONE, months_later
from services.metrics.snapshot.employment import EmploymentPeriod, Scope, Spell, employment_on
from services.metrics.snapshot.snapshot import Snapshot
from services.metrics.timelines.rows import DAY

HOW_THEY_CAME = ("origin", "route", "employment", "cohort")
HOW_THEY_LEFT = ("leaving_reason", "destination", "length_of_service")
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
                left |= {"length_of_service": length_of_service(spell.since, spell.until)}
                yield _part(last.fte if in_fte else ONE, spell.until, last, _came(spell) | left)

    return parts


def _moves(*kinds: MoveKind) -> OverTime:
    def parts(snapshot: Snapshot, scope: Scope) -> Iterable[Part]:
        for move in snapshot.moves:
            if move.kind in kinds and scope.holds(move.dimensions):
                subjects = (f"worker/{move.person}", f"post/{move.from_post}", f"post/{move.to_post}")
                yield Part(ONE, move.moved_on, move.moved_on + DAY, subjects, move.dimensions, {"move_kind": move.kind})

    return parts


def _in_role_before_promotion(snapshot: Snapshot, scope: Scope) -> Iterable[Part]:
    for move in snapshot.moves:
        if move.kind in PROMOTIONS and scope.holds(move.dimensions):
            service = snapshot.employment(Scope.ALL)[move.person]
            since = _same_role_since([one for one in service if one.since < move.moved_on])
            amount = (move.moved_on - since).days * ONE
            subjects = (f"worker/{move.person}", f"post/{move.from_post}", f"post/{move.to_post}")
            yield Part(amount, move.moved_on, move.moved_on + DAY, subjects, move.dimensions, {"move_kind": move.kind})


def _same_role_since(service: Sequence[EmploymentPeriod]) -> date:
    """Since when the main post has been of the role that it was of last, without a gap in service."""
    since, role = service[-1].since, service[-1].dimensions.role
    for before in reversed(service[:-1]):
        if before.until < since or before.dimensions.role != role:
            break
        since = before.since
    return since


def _by_length_of_service(snapshot: Snapshot, scope: Scope, when: When) -> Iterable[Part]:
    for spell in snapshot.spells(scope):
        service = spell.at(when.as_at)
        if service is not None:
            more = {"length_of_service": length_of_service(spell.since, when.as_at)}
            subjects = (f"worker/{service.person}", f"post/{service.post}")
            yield Part(ONE, spell.since, spell.until, subjects, service.dimensions, more)


def _days_in_service(snapshot: Snapshot, scope: Scope, when: When) -> Iterable[Part]:
    ends = when.until
    for person, stretches in snapshot.employment(scope).items():
        for service in stretches:
            since, until = max(service.since, when.first), min(service.until, ends)
            if since < until:
                subjects = (f"worker/{person}", f"post/{service.post}")
                yield Part((until - since).days * ONE, since, until, subjects, service.dimensions)


def _opening(stayed: bool) -> Any:
    def parts(snapshot: Snapshot, scope: Scope, when: When) -> Iterable[Part]:
        opening = when.opening
        for stretches in snapshot.employment(scope).values():
            service = employment_on(stretches, opening)
            if service is not None and (not stayed or employment_on(stretches, when.last) is not None):
                yield _part(ONE, opening, service, {})

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
        "days-in-role-before-promotion",
        "Days in role before promotion",
        "Of each promotion in the period: the days for which the main post had been of the same role by then, without "
        "a gap in service.",
        OWN,
        Unit.DAYS,
        _in_role_before_promotion,
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
        "in-post-by-length-of-service",
        "People in post by length of service",
        "Persons in post at the date, each once, by how long they have been here without a gap: since they took up a "
        "post of the scope.",
        CSWW,
        Unit.PEOPLE,
        _by_length_of_service,
        Kind.STOCK,
        more=("length_of_service",),
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
        "time-in-role-before-promotion",
        "Time in role before promotion (months)",
        "Mean time for which those promoted in the period had been in the role that they left, in months of a twelfth "
        "of 365.25 days. By role, it is the role that they came to.",
        OWN,
        Unit.MONTHS,
        (Term("days-in-role-before-promotion"),),
        (Term("promotions"),),
        "days in role before promotion / promotions, in months",
        factor=as_months,
        also=("promotions",),
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
