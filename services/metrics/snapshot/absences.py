"""Sickness absences, each with its weekdays: those on which the person is in service. A weekday counts for one
absence only.

Invariant: no two absences of one person share a day, and none loses more days than it has weekdays in service.
Definition: docs/definitions.md, 'Working days lost'.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from fractions import Fraction
from heapq import heappop, heappush
from itertools import pairwise
from math import ceil
from typing import NamedTuple

from contracts.codes import AbsenceReason
from contracts.envelope import Event
from contracts.events.working_life import AbsenceRecorded
from services.metrics.snapshot.amounts import ONE, after_weekdays, millionths, part_of, weekdays
from services.metrics.snapshot.employment import EmploymentPeriod, Scope
from services.metrics.snapshot.snapshot import Snapshot


class WeekdaysInService:
    """The Mondays to Fridays on which one person is in service."""

    def __init__(self, stretches: Iterable[EmploymentPeriod]) -> None:
        """`stretches` ascending, as a snapshot has them."""
        self._stretches = list(stretches)
        self._since = [stretch.since for stretch in self._stretches]
        self._before = [0]
        for stretch in self._stretches:
            self._before.append(self._before[-1] + weekdays(stretch.since, stretch.until))

    def between(self, first: date, until: date) -> int:
        """How many there are from `first` to the day before `until`."""
        return max(0, self._up_to(until) - self._up_to(first))

    def _up_to(self, day: date) -> int:
        at = bisect_right(self._since, day) - 1
        if at < 0:
            return 0
        return self._before[at] + weekdays(self._since[at], min(day, self._stretches[at].until))


class Absence(NamedTuple):
    """One sickness absence. `lost` in millionths of a day; it is spread evenly over `in_service` weekdays.

    `days` are the stretches (from, to the day before) whose weekdays count for this absence, ascending, without days
    that another absence of the person takes. `stated_until` is the day of return; if none is stated, the day after
    the weekdays that the absence lasts at least.
    """

    event: Event
    data: AbsenceRecorded
    person: str
    stated_until: date
    lost: int
    in_service: int
    days: Sequence[tuple[date, date]]
    served: WeekdaysInService

    def lost_between(self, first: date, until: date) -> int:
        """The working days lost from `first` to the day before `until`, in millionths of a day."""
        counting = sum(
            self.served.between(max(first, since), min(until, ends))
            for since, ends in self.days
            if since < until and first < ends
        )
        return part_of(self.lost, counting, self.in_service) if counting else 0


def absences(snapshot: Snapshot) -> Sequence[Absence]:
    """Every sickness absence in force, worked out once for each snapshot."""
    return snapshot.kept("absences", lambda: list(_absences(snapshot)))


def _absences(snapshot: Snapshot) -> Iterable[Absence]:
    of_persons: defaultdict[str, list[tuple[Event, AbsenceRecorded]]] = defaultdict(list)
    for event, data in snapshot.facts(AbsenceRecorded):
        if data.reason is AbsenceReason.SICKNESS:
            of_persons[snapshot.person_of(event)].append((event, data))
    for person, recorded in of_persons.items():
        served = WeekdaysInService(snapshot.employment(Scope.ALL).get(person, ()))
        yield from _shared_out([_alone(event, data, person, served) for event, data in recorded])


def _alone(event: Event, data: AbsenceRecorded, person: str, served: WeekdaysInService) -> Absence:
    """An absence as though it were the person's only one."""
    until = stated_until(data)
    in_service = served.between(data.absent_from, until)
    lost = min(millionths(data.working_days_lost), in_service * ONE)
    return Absence(event, data, person, until, lost, in_service, ((data.absent_from, until),), served)


def stated_until(absence: AbsenceRecorded) -> date:
    """The day of return. If there is none, the day after as many weekdays as there are days lost (rounded up, at
    least one).
    """
    if absence.returned_on is not None:
        return absence.returned_on
    return after_weekdays(absence.absent_from, max(1, ceil(absence.working_days_lost)))


def _shared_out(alone: Sequence[Absence]) -> list[Absence]:
    """One person's absences. Each shared day is given to the one that loses most of it; if several lose the same, to
    the one that began first.
    """
    days: list[list[tuple[date, date]]] = [[] for _ in alone]
    coming = sorted((absence.data.absent_from, index) for index, absence in enumerate(alone) if absence.in_service)
    bounds = {day for _, index in coming for day in (alone[index].data.absent_from, alone[index].stated_until)}
    away: list[tuple[Fraction, date, int]] = []
    next_coming = 0
    for since, until in pairwise(sorted(bounds)):
        while next_coming < len(coming) and coming[next_coming][0] == since:
            index = coming[next_coming][1]
            heappush(away, (-Fraction(alone[index].lost, alone[index].in_service), since, index))
            next_coming += 1
        while away and alone[away[0][2]].stated_until <= since:
            heappop(away)
        if away:
            _add(days[away[0][2]], since, until)
    return [absence._replace(days=tuple(counting)) for absence, counting in zip(alone, days, strict=True)]


def _add(stretches: list[tuple[date, date]], since: date, until: date) -> None:
    if stretches and stretches[-1][1] == since:
        since = stretches.pop()[0]
    stretches.append((since, until))
