"""Absence, caseloads, support taken up, and the demand beside the supply.

Invariant: no person loses a day more than once, nor one out of service.
"""

from datetime import date
from fractions import Fraction
from math import ceil

from contracts.envelope import Event
from contracts.events.working_life import (
    AbsenceRecorded,
    CaseloadCounted,
    DemandCounted,
    DemandEnded,
    SupportSessionHeld,
    SupportTakenUp,
)
from tests.oracle.days import ONE_DAY, Period, is_weekday, months_after, to_a_millionth
from tests.oracle.parts import Dimensions, Part, part
from tests.oracle.service import Told, Workforce, plain, workforce_of

OLDEST_CASELOAD = 30
"""Days before a date of which a count still tells."""
OLDEST_COUNT_OF_CHILDREN = 12
"""Months of which a count of children still tells."""


def working_days_lost(events: list[Event], period: Period, scope: str) -> list[Part]:
    """Working days lost to sickness."""
    workforce = workforce_of(events)
    parts = []
    for person in sorted({absence.of for absence in workforce.told(AbsenceRecorded)}):
        sick = [absence for absence in workforce.told(AbsenceRecorded, person) if absence.data.reason == "SIC"]
        days = {absence.recorded: _days_in_service(workforce, absence) for absence in sick}
        a_day = {absence.recorded: _lost_a_day(absence, days[absence.recorded]) for absence in sick}
        taken: set[date] = set()
        for absence in sorted(sick, key=lambda one: (-a_day[one.recorded], one.data.absent_from, one.recorded)):
            own = [day for day in days[absence.recorded] if day not in taken]
            taken |= set(own)
            lost = a_day[absence.recorded] * len([day for day in own if day in period])
            began = absence.data.absent_from
            if scope == "all" or workforce.is_in_service(person, began, scope):
                parts.append(part(workforce.dimensions_of_person(person, began, scope), to_a_millionth(lost)))
    return [one for one in parts if one.amount]


def _days_in_service(workforce: Workforce, absence: Told[AbsenceRecorded]) -> list[date]:
    return [day for day in days_of_absence(absence.data) if workforce.is_in_service(absence.of, day, "all")]


def _lost_a_day(absence: Told[AbsenceRecorded], days: list[date]) -> Fraction:
    return min(Fraction(absence.data.working_days_lost), Fraction(len(days))) / len(days) if days else Fraction(0)


def days_of_absence(absence: AbsenceRecorded) -> list[date]:
    """The weekdays of an absence; of one that is open as many as days were lost, at least one."""
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
    return days


# --- cases ------------------------------------------------------------------------------------------------------------


def cases(events: list[Event], period: Period, scope: str) -> list[Part]:
    """Cases held by those who hold any."""
    return [part(dimensions, count) for dimensions, count, _ in _case_holders(events, period.last, scope)]


def case_holders_fte(events: list[Event], period: Period, scope: str) -> list[Part]:
    """The FTE of those who hold any."""
    return [part(dimensions, fte) for dimensions, _, fte in _case_holders(events, period.last, scope)]


def workers_by_caseload(events: list[Event], period: Period, scope: str) -> list[Part]:
    """Everybody who was counted, by the cases they hold; each a part of 0 of every other band."""
    return [
        part({**dimensions, "caseload": band}, 1 if band == _caseload(count) else 0)
        for dimensions, count, _ in _case_holders(events, period.last, scope)
        for band in ("no-cases", "1-to-5", "6-to-10", "11-to-15", "16-to-20", "21-to-25", "26-to-30", "over-30")
    ]


def workers_over_caseload(events: list[Event], period: Period, scope: str, above: int = 25) -> list[Part]:
    """Those of them who hold more than so many cases."""
    return [
        part(dimensions, 1 if count > above else 0)
        for dimensions, count, _ in _case_holders(events, period.last, scope)
    ]


def _caseload(cases: int) -> str:
    if cases == 0:
        return "no-cases"
    if cases > 30:
        return "over-30"
    least = (cases - 1) // 5 * 5 + 1
    return f"{least}-to-{least + 4}"


# A part of 0 for whoever was counted and holds no case: where there is no part at all nobody was counted.
def _case_holders(events: list[Event], as_at: date, scope: str) -> list[tuple[Dimensions, int, Fraction]]:
    workforce = workforce_of(events)
    numbers = {_identity(event): event.envelope.subject for event in events}
    counts = [count for count in workforce.told(CaseloadCounted) if count.data.counted_on <= as_at]
    holders = []
    for person in sorted({count.of for count in counts}):
        of_person = [count for count in counts if count.of == person]
        counted_on = max(count.data.counted_on for count in of_person)
        last_of_number = {
            numbers[_identity(count.event)]: count.data.cases
            for count in of_person
            if count.data.counted_on == counted_on
        }
        held = sum(last_of_number.values())
        assignments = _assignments_of(workforce, person, as_at, scope)
        fte = workforce.fte(person, as_at, scope) + sum(assignments.values())
        is_fresh = (as_at - counted_on).days <= OLDEST_CASELOAD
        if is_fresh and fte > 0:
            if workforce.is_in_service(person, as_at, scope):
                dimensions = workforce.dimensions_of_person(person, as_at, scope)
            else:
                dimensions = workforce.dimensions_of_cover(min(assignments), as_at)
            holders.append((dimensions, held, fte if held >= 1 else Fraction(0)))
    return holders


def _identity(event: Event) -> tuple[str, str, str]:
    return event.envelope.source, event.envelope.type, event.envelope.id


def _assignments_of(workforce: Workforce, person: str, day: date, scope: str) -> dict[str, Fraction]:
    by_person = {}
    for cover in workforce.covers_running(day, scope):
        assignment = workforce.assignment(cover, day)
        if assignment and assignment["agency_worker"] == person:
            by_person[cover] = Fraction(assignment["fte"])
    return by_person


# --- demand and support -----------------------------------------------------------------------------------------------


def children(events: list[Event], period: Period, scope: str) -> list[Part]:
    """Children of the whole authority. Posts and their scope have no part in it."""
    return _children(events, period.last, by_area=False)


def children_by_area(events: list[Event], period: Period, scope: str) -> list[Part]:
    """Children counted by service area."""
    return _children(events, period.last, by_area=True)


def _children(events: list[Event], as_at: date, by_area: bool) -> list[Part]:
    workforce = workforce_of(events)
    counts = [
        count
        for count in workforce.told(DemandCounted)
        if count.data.counted_on <= as_at and (count.data.service_area is not None) == by_area
    ]
    latest: dict[tuple[str, str, str | None], Told[DemandCounted]] = {}
    for count in sorted(counts, key=lambda count: (count.data.counted_on, count.recorded)):
        latest[count.of, count.data.demand, count.data.service_area] = count
    parts = []
    for count in latest.values():
        counted_on = count.data.counted_on
        ends = [end.data.ended_on for end in workforce.told(DemandEnded, count.of)]
        is_ended = any(counted_on <= ended_on <= as_at for ended_on in ends)
        is_old = months_after(counted_on, OLDEST_COUNT_OF_CHILDREN) < as_at
        if not is_ended and not is_old:
            dimensions: Dimensions = {"demand": plain(count.data.demand), "service_area": count.data.service_area}
            parts.append(part(dimensions, count.data.children))
    return parts


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
