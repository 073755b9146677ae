"""DfE's rows as events, counted in this process: every count is the row's, and every rate is DfE's within 0.1.

Invariant: all local authority rows of a year are looked at, and each departure is listed by hand.

All years are a minute's work: `make test` takes 2022 here, and four rows of 2020, whose year holds a 29 February, go
through the system; `make soak` takes all the others.
"""

import json
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import pytest
from _pytest.mark import ParameterSet

from contracts.envelope import parse_event
from services.metrics.figures.figures import figures, mark
from services.metrics.figures.periods import census_year
from services.metrics.figures.reading import FigureQuery, Reading
from services.metrics.measures.catalogue import MEASURES
from services.metrics.measures.declaration import When, shown
from services.metrics.reasons import Reason, Value
from services.metrics.snapshot.employment import Scope
from services.metrics.snapshot.snapshot import Snapshot
from tests.published.events import CloudEvent, events_of
from tests.published.exceptions import HIDDEN_BY_ROUNDING, MOVED, UNLIKE, Unlike
from tests.published.returned import ONE, Returned, returned
from tests.published_rates import EXCEPTIONS, Exempt, Published, authority_rows, published

WITHIN = Fraction(1, 10)
COUNTS = {
    "in-post": "in_post",
    "in-post-headcount": "people",
    "leavers-fte": "leaver_fte",
    "leavers": "leavers",
    "working-days-lost": "days_lost",
    "agency": "agency_fte",
    "agency-headcount": "agency_workers",
    "agency-cover": "agency_cover",
    "vacancies": "vacancies",
    "case-holders-fte": "case_holder_fte",
    "cases": "cases",
}
"""Our name of each count that DfE published."""
WHOLE = ("people", "leavers", "agency_workers", "cases")


class Compared(NamedTuple):
    """One year: departures of counts (ours less DfE's), rates off by more than 0.1 exactly, and as shown."""

    departures: dict[Exempt, Fraction]
    off: set[Exempt]
    shown_off: set[Exempt]
    marked_u: set[str]
    rows: int
    rates: int
    events: int


def compared(path: Path, year: int) -> Compared:
    """Every row of a year, turned into events, counted, and laid beside what DfE published."""
    so_far = Compared({}, set(), set(), set(), 0, 0, 0)
    for row in authority_rows(path):
        if int(row["time_period"]) != year:
            continue
        counts = returned(row)
        events = events_of(counts)
        reading, when = _read(counts, events)
        for measure, name in COUNTS.items():
            printed = getattr(counts, name)
            ours = figures(MEASURES[measure], [reading], [when], FigureQuery(scope=Scope.CENSUS)).totals[0]
            if ours is Reason.NOT_COUNTED:
                # Whoever returned no cases sent no counts of them.
                assert not printed
                continue
            assert isinstance(ours, Fraction)
            if printed is not None and ours != (theirs := Fraction(printed, 1 if name in WHOLE else ONE)):
                so_far.departures[Exempt(measure, year, counts.authority)] = ours - theirs
        rates = list(published(row))
        for rate in rates:
            ours = figures(MEASURES[rate.which.rate], [reading], [when], FigureQuery()).totals[0]
            if not _within(ours, rate):
                so_far.off.add(rate.which)
            rounded = shown(ours, MEASURES[rate.which.rate].unit)
            if not _within(None if rounded is None else Fraction(str(rounded)), rate):
                so_far.shown_off.add(rate.which)
            if mark(MEASURES[rate.which.rate], ours) == "u":
                assert rate.which.rate == "vacancy-agency-cover-rate"
                so_far.marked_u.add(counts.authority)
        so_far = so_far._replace(
            rows=so_far.rows + 1, rates=so_far.rates + len(rates), events=so_far.events + len(events)
        )
    return so_far


def _within(ours: Value | None, rate: Published) -> bool:
    return isinstance(ours, Fraction) and rate.value is not None and abs(ours - Fraction(rate.value)) <= WITHIN


def _read(counts: Returned, events: list[CloudEvent]) -> tuple[Reading, When]:
    parsed = [
        parse_event(
            {name: value for name, value in event.items() if name != "data"}, json.dumps(event["data"]).encode()
        )
        for event in events
    ]
    snapshot, year = Snapshot(parsed), census_year(counts.year)
    reading = Reading(counts.authority, datetime(counts.year, 12, 1, tzinfo=UTC), lambda: snapshot)
    return reading, When(year.first, year.last, year.last)


def soak(*values: int) -> ParameterSet:
    """A year that only `make soak` takes."""
    return pytest.param(*values, marks=pytest.mark.soak)


@pytest.mark.parametrize(
    ("year", "rows", "events", "off", "marked_u"),
    [
        soak(2017, 151, 73580, 31, 1),
        soak(2018, 151, 76913, 36, 0),
        soak(2019, 150, 80604, 24, 8),
        soak(2020, 150, 80858, 29, 7),
        soak(2021, 152, 84208, 51, 0),
        (2022, 152, 85079, 45, 0),
    ],
)
def test_the_events_of_each_row_have_its_counts_and_give_its_rates_but_for_those_listed(
    published_release: Path, year: int, rows: int, events: int, off: int, marked_u: int
) -> None:
    result = compared(published_release, year)
    assert result.off == {which for which in (*EXCEPTIONS, *MOVED) if which.year == year}
    assert result.shown_off == result.off - HIDDEN_BY_ROUNDING
    assert {which for which in HIDDEN_BY_ROUNDING if which.year == year} <= result.off
    assert set(result.departures) == {which for which in UNLIKE if which.year == year}
    for which, difference in result.departures.items():
        one_assignment = UNLIKE[which] is Unlike.COVER_IN_PART
        assert difference == 1 if one_assignment else 0 < difference < Fraction(1, 10_000), which
    assert (result.rows, result.rates, len(result.off)) == (rows, 9 * rows, off)
    assert (len(result.marked_u), result.events) == (marked_u, events)


def test_no_rate_is_listed_for_two_reasons() -> None:
    assert not set(EXCEPTIONS) & set(MOVED)
