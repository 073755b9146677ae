"""Absence, caseloads, support taken up, and the demand beside the supply.

Invariant: an absence's parts in the days of one period after another add up to its days lost, but for the rounding.
"""

from datetime import date
from fractions import Fraction
from math import ceil

from contracts.envelope import Event
from contracts.events.working_life import (
    AbsenceRecorded,
    CaseloadCounted,
    DemandCounted,
    SupportSessionHeld,
    SupportTakenUp,
)
from tests.oracle.days import ONE_DAY, Period, is_weekday, to_a_millionth
from tests.oracle.parts import Dimensions, Part, part
from tests.oracle.service import Told, Workforce, plain, workforce_of

OLDEST_CASELOAD = 30
"""Days before a date of which a count still tells."""


def working_days_lost(events: list[Event], period: Period, scope: str) -> list[Part]:
    """Working days lost to sickness."""
    workforce = workforce_of(events)
    parts = []
    for absence in workforce.told(AbsenceRecorded):
        began = absence.data.absent_from
        counts = scope == "all" or workforce.is_in_service(absence.of, began, scope)
        if absence.data.reason == "SIC" and counts:
            spread_over = days_of_absence(absence.data)
            in_period = [day for day in spread_over if day in period]
            lost = Fraction(absence.data.working_days_lost) * len(in_period) / len(spread_over)
            parts.append(part(workforce.place_of_person(absence.of, began, scope), to_a_millionth(lost)))
    return [one for one in parts if one.amount]


def days_of_absence(absence: AbsenceRecorded) -> list[date]:
    """The days over which the working days lost are spread evenly; at least one."""
    days: list[date] = []
    day = absence.absent_from
    if absence.returned_on is None:
        while len(days) < max(1, ceil(absence.working_days_lost)):
            if is_weekday(day):
                days.append(day)
            day += ONE_DAY
    else:
        while day < absence.returned_on:
            if is_weekday(day):
                days.append(day)
            day += ONE_DAY
    return days or [absence.absent_from]


# --- cases ------------------------------------------------------------------------------------------------------------


def cases(events: list[Event], period: Period, scope: str) -> list[Part]:
    """Cases held by those who hold any."""
    return [part(place, count) for place, count, _ in _case_holders(events, period.last, scope)]


def case_holders_fte(events: list[Event], period: Period, scope: str) -> list[Part]:
    """The FTE of those who hold any."""
    return [part(place, fte) for place, _, fte in _case_holders(events, period.last, scope)]


# A part of 0 for whoever was counted and holds no case: where there is no part at all nobody was counted.
def _case_holders(events: list[Event], as_at: date, scope: str) -> list[tuple[Dimensions, int, Fraction]]:
    workforce = workforce_of(events)
    counts = [count for count in workforce.told(CaseloadCounted) if count.data.counted_on <= as_at]
    holders = []
    for person in sorted({count.of for count in counts}):
        latest = _latest([count for count in counts if count.of == person])
        assignments = _assignments_of(workforce, person, as_at, scope)
        fte = workforce.fte(person, as_at, scope) + sum(assignments.values())
        is_fresh = (as_at - latest.counted_on).days <= OLDEST_CASELOAD
        if is_fresh and fte > 0:
            if workforce.is_in_service(person, as_at, scope):
                place = workforce.place_of_person(person, as_at, scope)
            else:
                place = workforce.place_of_cover(min(assignments), as_at)
            holders.append((place, latest.cases, fte if latest.cases >= 1 else Fraction(0)))
    return holders


def _latest(counts: list[Told[CaseloadCounted]]) -> CaseloadCounted:
    return max(counts, key=lambda count: (count.data.counted_on, count.recorded)).data


def _assignments_of(workforce: Workforce, person: str, day: date, scope: str) -> dict[str, Fraction]:
    found = {}
    for cover in workforce.covers_running(day, scope):
        assignment = workforce.assignment(cover, day)
        if assignment and assignment["agency_worker"] == person:
            found[cover] = Fraction(assignment["fte"])
    return found


# --- demand and support -----------------------------------------------------------------------------------------------


def children(events: list[Event], period: Period, scope: str) -> list[Part]:
    """Children of the whole authority. Posts and their scope have no part in it."""
    return _children(events, period.last, by_area=False)


def children_by_area(events: list[Event], period: Period, scope: str) -> list[Part]:
    """Children counted by service area."""
    return _children(events, period.last, by_area=True)


def _children(events: list[Event], as_at: date, by_area: bool) -> list[Part]:
    counts = [
        count
        for count in workforce_of(events).told(DemandCounted)
        if count.data.counted_on <= as_at and (count.data.service_area is not None) == by_area
    ]
    latest: dict[tuple[str, str, str | None], DemandCounted] = {}
    for count in sorted(counts, key=lambda count: (count.data.counted_on, count.recorded)):
        latest[count.of, count.data.demand, count.data.service_area] = count.data
    return [
        part({"demand": plain(count.demand), "service_area": count.service_area}, count.children)
        for count in latest.values()
    ]


def support_sessions(events: list[Event], period: Period, scope: str) -> list[Part]:
    """Sessions held."""
    held = [session.data for session in workforce_of(events).told(SupportSessionHeld)]
    return [part({"offer": plain(session.offer)}) for session in held if session.held_on in period]


def session_registrations(events: list[Event], period: Period, scope: str) -> list[Part]:
    """Registrations for them."""
    held = [session.data for session in workforce_of(events).told(SupportSessionHeld)]
    return [
        part({"offer": plain(session.offer)}, session.registrations) for session in held if session.held_on in period
    ]


def support_taken_up(events: list[Event], period: Period, scope: str) -> list[Part]:
    """Offers that workers took up."""
    taken_up = [offer.data for offer in workforce_of(events).told(SupportTakenUp)]
    return [part({"offer": plain(offer.offer)}) for offer in taken_up if offer.taken_up_on in period]
