"""Checks of counts of children: a series that another replaced, and one that nobody counts any more."""

from datetime import date

from contracts.codes import Demand
from contracts.events.base import EventData
from contracts.events.working_life import DemandCounted, DemandEnded
from tests.histories import at, event
from tests.unit.quality.findings import (
    APRIL,
    DECEMBER,
    NOVEMBER,
    OCTOBER,
    SEPTEMBER,
    findings_of,
    history,
    ids,
    the_one,
)

OLD, NEW = "demand/old", "demand/new"


def _counted(day: date, children: int = 700, area: str | None = None) -> EventData:
    return DemandCounted(counted_on=day, demand=Demand.CHILDREN_IN_NEED, children=children, service_area=area)


def test_a_series_counted_last_before_another_began_until_its_end_is_recorded() -> None:
    events = history((OLD, _counted(APRIL)), (OLD, _counted(SEPTEMBER)), (NEW, _counted(OCTOBER)))
    finding = the_one("demand-series-replaced", events)
    assert finding.message == (
        "demand/old (children-in-need) was counted last on 2023-09-01, and demand/new began on 2023-10-01: both count."
    )
    assert (finding.subjects, ids(finding), finding.since) == ((OLD, NEW), ["E-2", "E-3"], OCTOBER)
    assert finding.until == date(2024, 9, 2)
    end = event(DemandEnded(ended_on=OCTOBER), OLD, at(DECEMBER, 20), "end")
    assert findings_of("demand-series-replaced", [*events, end]) == []


def test_series_that_go_on_beside_each_other_or_are_of_other_children_are_no_finding() -> None:
    beside = history((OLD, _counted(SEPTEMBER)), (NEW, _counted(OCTOBER)), (OLD, _counted(NOVEMBER)))
    assert findings_of("demand-series-replaced", beside) == []
    of_an_area = history((OLD, _counted(SEPTEMBER)), (NEW, _counted(OCTOBER, area="north")))
    assert findings_of("demand-series-replaced", of_an_area) == []


def test_a_series_counted_beside_a_newer_one_for_a_while_and_no_more_after_it() -> None:
    """As where one month is counted both ways, the old and the new, and only the new one goes on."""
    changing_over = history((OLD, _counted(APRIL)), (OLD, _counted(SEPTEMBER)), (NEW, _counted(SEPTEMBER)))
    assert findings_of("demand-series-replaced", changing_over) == []
    once = event(_counted(OCTOBER), NEW, at(DECEMBER, 18), "once")
    assert findings_of("demand-series-replaced", [*changing_over, once]) == []
    twice = event(_counted(NOVEMBER), NEW, at(DECEMBER, 19), "twice")
    finding = the_one("demand-series-replaced", [*changing_over, once, twice])
    assert finding.message == (
        "demand/old (children-in-need) was counted last on 2023-09-01, and demand/new goes on from 2023-10-01: both "
        "count."
    )
    assert (finding.subjects, ids(finding), finding.since) == ((OLD, NEW), ["E-2", "once"], OCTOBER)
    end = event(DemandEnded(ended_on=OCTOBER), OLD, at(DECEMBER, 20), "end")
    assert findings_of("demand-series-replaced", [*changing_over, once, twice, end]) == []


def test_series_counted_on_different_days_of_a_round_or_that_an_older_one_outlives_are_no_finding() -> None:
    rounds = [(OLD, date(2023, month, 1)) for month in (8, 9, 10)] + [
        (NEW, date(2023, month, 3)) for month in (8, 9, 10)
    ]
    assert findings_of("demand-series-replaced", history(*((series, _counted(day)) for series, day in rounds))) == []
    # Of two that began on one day neither replaces the other.
    together = [(OLD, SEPTEMBER), (NEW, SEPTEMBER), (NEW, OCTOBER), (NEW, NOVEMBER)]
    assert findings_of("demand-series-replaced", history(*((series, _counted(day)) for series, day in together))) == []
    outlived = [(OLD, APRIL), (NEW, SEPTEMBER), (OLD, SEPTEMBER), (OLD, OCTOBER), (OLD, NOVEMBER)]
    assert findings_of("demand-series-replaced", history(*((series, _counted(day)) for series, day in outlived))) == []


def test_a_series_that_grew_old_before_the_other_began_does_not_count_beside_it() -> None:
    events = history((OLD, _counted(date(2022, 9, 1))), (NEW, _counted(OCTOBER)))
    assert findings_of("demand-series-replaced", events) == []
    finding = the_one("demand-series-grown-old", events)
    assert finding.message == (
        "demand/old (children-in-need) was counted last on 2022-09-01: from 2023-09-02 on it does not count."
    )
    end = event(DemandEnded(ended_on=APRIL), OLD, at(DECEMBER, 20), "end")
    assert findings_of("demand-series-grown-old", [*events, end]) == []
    newer = event(_counted(NOVEMBER), OLD, at(DECEMBER, 20), "newer")
    assert findings_of("demand-series-grown-old", [*events, newer]) == []


def test_a_series_grows_old_once_more_when_it_was_counted_again_after_its_end() -> None:
    events = history((OLD, _counted(APRIL)), (OLD, DemandEnded(ended_on=SEPTEMBER)), (OLD, _counted(OCTOBER)))
    assert findings_of("demand-series-grown-old", events, date(2024, 10, 1)) == []
    assert the_one("demand-series-grown-old", events, date(2024, 10, 2)).since == date(2024, 10, 2)
