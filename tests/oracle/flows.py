"""Who came, who left, who moved in a period, and who stayed.

Invariant: closing = opening + starters - leavers, in every scope.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from contracts.envelope import Event
from contracts.events.agency_cover import CoverEnded
from contracts.events.hiring import WorkerMoved, WorkerStarted
from contracts.events.leavers import LeaverReversed, WorkerLeft
from tests.oracle.days import ONE_DAY, Period, full_months, months_after
from tests.oracle.order import reverses
from tests.oracle.parts import Dimensions, Part, part
from tests.oracle.service import Spell, Workforce, is_in, plain, workforce_of
from tests.oracle.staffing import Measure, dimensions_of_cover

HOW_THEY_CAME = ("origin", "route", "employment", "cohort", "campaign", "converted_from")
KEPT_BY_LEAVERS = ("origin", "route", "employment", "cohort")


@dataclass
class _Spell:
    person: str
    spell: Spell
    came: Dimensions


def _spells(workforce: Workforce, scope: str) -> list[_Spell]:
    return [
        _Spell(person, spell, _how_they_came(workforce, person, spell.first))
        for person in workforce.persons
        for spell in workforce.spells(person, scope)
    ]


def _how_they_came(workforce: Workforce, person: str, day: date) -> Dimensions:
    starts = [start for start in workforce.told(WorkerStarted, person) if start.data.started_on <= day]
    if not starts:
        return {**dict.fromkeys(HOW_THEY_CAME), "origin": "not-known"}
    latest = max(starts, key=lambda start: (start.data.started_on, start.recorded))
    return {name: plain(getattr(latest.data, name)) for name in HOW_THEY_CAME}


def _of_starters(in_fte: bool, counts: Callable[[Dimensions], bool] = lambda came: True) -> Measure:
    def measure(events: list[Event], period: Period, scope: str) -> list[Part]:
        workforce = workforce_of(events)
        parts = []
        for one in _spells(workforce, scope):
            first = one.spell.first
            if first in period and counts(one.came):
                dimensions = {**workforce.dimensions_of_person(one.person, first, scope), **one.came}
                parts.append(part(dimensions, workforce.fte(one.person, first, scope) if in_fte else 1))
        return parts

    return measure


def _length_of_service(first: date, day: date) -> str:
    years = full_months(first, day) // 12
    if years < 2:
        return "under-2-years"
    if years < 5:
        return "2-to-5-years"
    if years < 10:
        return "5-to-10-years"
    if years < 20:
        return "10-to-20-years"
    return "20-to-30-years" if years < 30 else "30-years-and-over"


def in_post_by_length_of_service(events: list[Event], period: Period, scope: str) -> list[Part]:
    """Persons in service on the last day, by how long they have been."""
    workforce = workforce_of(events)
    day = period.last
    parts = []
    for one in _spells(workforce, scope):
        if one.spell.holds(day):
            dimensions = workforce.dimensions_of_person(one.person, day, scope)
            parts.append(part({**dimensions, "length_of_service": _length_of_service(one.spell.first, day)}))
    return parts


def _is_conversion(came: Dimensions) -> bool:
    return came["route"] == "agency-conversion" or came["converted_from"] is not None


starters = _of_starters(in_fte=False)
starters_fte = _of_starters(in_fte=True)
conversions = _of_starters(in_fte=False, counts=_is_conversion)


def _of_leavers(in_fte: bool) -> Measure:
    def measure(events: list[Event], period: Period, scope: str) -> list[Part]:
        workforce = workforce_of(events)
        parts = []
        for one in _spells(workforce, scope):
            out = one.spell.out
            if out is not None and out in period:
                dimensions = {
                    **workforce.dimensions_of_person(one.person, out - ONE_DAY, scope),
                    **{name: one.came[name] for name in KEPT_BY_LEAVERS},
                    **_why_they_left(workforce, one.person, out),
                    "length_of_service": _length_of_service(one.spell.first, out),
                }
                parts.append(part(dimensions, workforce.fte(one.person, out - ONE_DAY, scope) if in_fte else 1))
        return parts

    return measure


def _why_they_left(workforce: Workforce, person: str, out: date) -> Dimensions:
    reversals = [one.event for one in workforce.told(LeaverReversed, person) if one.data.left_on == out]
    leavers = [
        one
        for one in workforce.told(WorkerLeft, person)
        if one.data.left_on == out and not any(reverses(reversal, one.event) for reversal in reversals)
    ]
    if leavers:
        return {"leaving_reason": plain(leavers[-1].data.reason), "destination": plain(leavers[-1].data.destination)}
    if workforce.held(person, out):
        return {"leaving_reason": "moved-within-authority", "destination": "other"}
    return {"leaving_reason": "not-known", "destination": "not-known"}


leavers = _of_leavers(in_fte=False)
leavers_fte = _of_leavers(in_fte=True)


def moves(events: list[Event], period: Period, scope: str) -> list[Part]:
    """Persons who went to another post."""
    workforce = workforce_of(events)
    parts = []
    for _, move in _moves_that_took_effect(workforce):
        dimensions = workforce.dimensions_of_post(move.to_post, move.moved_on)
        if move.moved_on in period and is_in(scope, dimensions):
            parts.append(part({**dimensions, "move_kind": plain(move.kind)}))
    return parts


def _moves_that_took_effect(workforce: Workforce) -> list[tuple[str, WorkerMoved]]:
    """Each move with its person; of several recorded for a day and a post the last."""
    last_recorded: dict[tuple[str, date, str], WorkerMoved] = {}
    for one in workforce.told(WorkerMoved):
        move = one.data
        was_in_service = workforce.is_in_service(one.of, move.moved_on - ONE_DAY, "all")
        holds_it = move.to_post in workforce.held(one.of, move.moved_on)
        if was_in_service and holds_it and move.to_post != move.from_post:
            last_recorded[one.of, move.moved_on, move.to_post] = move
    return [(person, move) for (person, *_), move in last_recorded.items()]


def promotions(events: list[Event], period: Period, scope: str) -> list[Part]:
    """Moves that promote."""
    return [one for one in moves(events, period, scope) if one.dimensions["move_kind"] in ("promotion", "progression")]


def days_in_role_before_promotion(events: list[Event], period: Period, scope: str) -> list[Part]:
    """Of each promotion, the days for which the main post had been of one role, counted back day by day."""
    workforce = workforce_of(events)
    parts = []
    for person, move in _moves_that_took_effect(workforce):
        dimensions = workforce.dimensions_of_post(move.to_post, move.moved_on)
        if move.kind not in ("promotion", "progression") or move.moved_on not in period or not is_in(scope, dimensions):
            continue
        role, days = _role(workforce, person, move.moved_on - ONE_DAY), 0
        while workforce.is_in_service(person, day := move.moved_on - (days + 1) * ONE_DAY, "all"):
            if _role(workforce, person, day) != role:
                break
            days += 1
        parts.append(part({**dimensions, "move_kind": plain(move.kind)}, days))
    return parts


def _role(workforce: Workforce, person: str, day: date) -> object:
    return workforce.dimensions_of_person(person, day, "all")["role"]


def agency_conversions(events: list[Event], period: Period, scope: str) -> list[Part]:
    """Assignments that ended with the agency worker's becoming permanent."""
    workforce = workforce_of(events)
    parts = []
    for cover in workforce.covers:
        ended = workforce.told(CoverEnded, cover)
        for day in sorted({end.data.ended_on for end in ended if end.data.outcome == "converted-to-permanent"}):
            stops = workforce.assignment(cover, day - ONE_DAY) and not workforce.assignment(cover, day)
            if stops and day in period and cover in workforce.covers_running(day - ONE_DAY, scope):
                parts.append(part(dimensions_of_cover(workforce, cover, day - ONE_DAY)))
    return parts


# --- who stayed -------------------------------------------------------------------------------------------------------


def in_post_headcount_days(events: list[Event], period: Period, scope: str) -> list[Part]:
    """Days of persons in service."""
    workforce = workforce_of(events)
    return [
        part(workforce.dimensions_of_person(person, day, scope))
        for day in period
        for person in workforce.persons
        if workforce.is_in_service(person, day, scope)
    ]


def opening_headcount(events: list[Event], period: Period, scope: str) -> list[Part]:
    """Persons in service the day before the period."""
    workforce = workforce_of(events)
    there = [person for person in workforce.persons if workforce.is_in_service(person, period.opening, scope)]
    return [part(workforce.dimensions_of_person(person, period.opening, scope)) for person in there]


def stayed_headcount(events: list[Event], period: Period, scope: str) -> list[Part]:
    """Those of them who are in service on the last day too, by their main post on the opening date."""
    workforce = workforce_of(events)
    there = [person for person in workforce.persons if workforce.is_in_service(person, period.opening, scope)]
    stayed = [person for person in there if workforce.is_in_service(person, period.last, scope)]
    return [part(workforce.dimensions_of_person(person, period.opening, scope)) for person in stayed]


def starters_old_enough(
    events: list[Event], period: Period, scope: str, *, as_at: date | None = None, months: int = 12
) -> list[Part]:
    """Starters of the period of whom can be said, as at a date, whether they stayed for so many months."""
    return [one for one, _ in _starters_judged(events, period, scope, as_at or period.last, months)]


def starters_retained(
    events: list[Event], period: Period, scope: str, *, as_at: date | None = None, months: int = 12
) -> list[Part]:
    """Those of them who did."""
    return [one for one, stayed in _starters_judged(events, period, scope, as_at or period.last, months) if stayed]


def _starters_judged(
    events: list[Event], period: Period, scope: str, as_at: date, months: int
) -> list[tuple[Part, bool]]:
    workforce = workforce_of(events)
    judged = []
    for one in _spells(workforce, scope):
        judged_on = months_after(one.spell.first, months)
        if one.spell.first in period and judged_on <= as_at:
            dimensions = {**workforce.dimensions_of_person(one.person, one.spell.first, scope), **one.came}
            judged.append((part(dimensions), one.spell.holds(judged_on)))
    return judged
