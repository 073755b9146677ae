"""How many cases each person holds at a date, by the counts that were made, and which agency workers there are then.

Invariant: a count holds for 30 days. If a person has several numbers, their counts of one day add up. Nothing is
filled in. Definition: docs/definitions.md, 'Cases'.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from datetime import date, timedelta
from typing import NamedTuple

from contracts.events.working_life import CaseloadCounted
from services.metrics.snapshot.assignments import Running
from services.metrics.snapshot.employment import Scope
from services.metrics.snapshot.snapshot import Snapshot

COUNT_HOLDS = timedelta(days=30)
"""A caseload counted so many days ago still counts: counts are made at month ends. Chosen."""


class _Counted(NamedTuple):
    """The counts of one day: for each person and number the one recorded last."""

    day: date
    cases: dict[str, dict[str, int]]


def cases_of_people(snapshot: Snapshot, as_at: date) -> dict[str, int]:
    """The cases of each person by the latest counts that still hold at a date."""
    days = snapshot.kept("caseload counts by day", lambda: _by_day(snapshot))
    first = bisect_left(days, as_at - COUNT_HOLDS, key=lambda counted: counted.day)
    last = bisect_right(days, as_at, key=lambda counted: counted.day)
    latest: dict[str, int] = {}
    for counted in reversed(days[first:last]):
        for person, by_number in counted.cases.items():
            if person not in latest:
                latest[person] = sum(by_number.values())
    return latest


def _by_day(snapshot: Snapshot) -> list[_Counted]:
    by_day: defaultdict[date, defaultdict[str, dict[str, int]]] = defaultdict(lambda: defaultdict(dict))
    for event, counted in snapshot.facts(CaseloadCounted):
        by_day[counted.counted_on][snapshot.person_of(event)][event.envelope.subject] = counted.cases
    return [_Counted(day, dict(cases)) for day, cases in sorted(by_day.items())]


def running_of(snapshot: Snapshot, person: str, scope: Scope, as_at: date) -> list[Running]:
    """The assignments of a person that run at a date, in alphabetical order."""
    runs = snapshot.kept("runs by person", lambda: _runs_by_person(snapshot)).get(person, ())
    return [run for run in runs if run.since <= as_at < run.until and scope.holds(run.dimensions)]


def _runs_by_person(snapshot: Snapshot) -> dict[str, list[Running]]:
    by_person: dict[str, list[Running]] = {}
    for _, runs in sorted(snapshot.assignments.items()):
        for run in runs:
            by_person.setdefault(snapshot.person(run.agency_worker), []).append(run)
    return by_person
