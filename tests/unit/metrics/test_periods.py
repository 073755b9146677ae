"""How much of a time had passed: every case of a date and of a period, on either side of the day it is known on."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.metrics.figures.periods import (
    Every,
    Period,
    Window,
    as_known_on,
    census_year,
    financial_year,
    fits,
    left_out,
    series_periods,
    when_at,
    when_in,
    when_of_point,
    year_to,
)
from services.metrics.measures.catalogue import MEASURES
from services.metrics.measures.declaration import Elapsed, When

NOVEMBER = Period(date(2023, 11, 1), date(2023, 11, 30))
OF_NOVEMBER = When(NOVEMBER.first, NOVEMBER.last, NOVEMBER.last)
DAYS = st.dates(date(2020, 1, 1), date(2027, 12, 31))


@pytest.mark.parametrize(
    ("known_on", "elapsed", "last"),
    [
        (date(2023, 10, 31), Elapsed.TO_COME, date(2023, 11, 30)),
        (date(2023, 11, 1), Elapsed.UNDER_WAY, date(2023, 11, 1)),
        (date(2023, 11, 26), Elapsed.UNDER_WAY, date(2023, 11, 26)),
        # In the course of the last day there can still be leavers of that day.
        (date(2023, 11, 30), Elapsed.UNDER_WAY, date(2023, 11, 30)),
        (date(2023, 12, 1), Elapsed.OVER, date(2023, 11, 30)),
    ],
)
def test_a_month_begins_is_under_way_and_is_over(known_on: date, elapsed: Elapsed, last: date) -> None:
    answer = as_known_on(OF_NOVEMBER, NOVEMBER, known_on, planned=False)
    assert (answer.first, answer.last, answer.as_at, answer.elapsed) == (NOVEMBER.first, last, last, elapsed)


@pytest.mark.parametrize(
    ("known_on", "elapsed"),
    [(date(2023, 11, 29), Elapsed.TO_COME), (date(2023, 11, 30), Elapsed.OVER), (date(2023, 12, 1), Elapsed.OVER)],
)
def test_a_date_has_come_from_the_day_itself_on(known_on: date, elapsed: Elapsed) -> None:
    year = year_to(NOVEMBER.last)
    answer = as_known_on(When(year.first, year.last, year.last), None, known_on, planned=False)
    assert answer.elapsed is elapsed
    assert (answer.last, answer.as_at) == (NOVEMBER.last, NOVEMBER.last)


def test_a_period_judged_at_a_later_date_waits_for_that_date() -> None:
    judged = When(NOVEMBER.first, NOVEMBER.last, date(2024, 11, 30))
    assert as_known_on(judged, NOVEMBER, date(2024, 11, 29), planned=False).elapsed is Elapsed.TO_COME
    assert as_known_on(judged, NOVEMBER, date(2024, 12, 1), planned=False).elapsed is Elapsed.OVER


def test_the_year_up_to_a_month_to_come_is_to_come_though_it_has_begun() -> None:
    year = year_to(NOVEMBER.last)
    when = When(year.first, year.last, year.last)
    assert as_known_on(when, NOVEMBER, date(2023, 10, 15), planned=False).elapsed is Elapsed.TO_COME
    assert as_known_on(when, NOVEMBER, date(2023, 11, 15), planned=False).last == date(2023, 11, 15)


@pytest.mark.parametrize(
    ("last", "first"),
    [
        ("2023-09-30", "2022-10-01"),
        ("2023-10-01", "2022-10-02"),
        ("2024-03-31", "2023-04-01"),
        # On either side of the 29th of February, and a year after it: no day is in two years that follow each other.
        ("2023-02-28", "2022-03-01"),
        ("2024-02-27", "2023-02-28"),
        ("2024-02-28", "2023-03-01"),
        ("2024-02-29", "2023-03-01"),
        ("2024-03-01", "2023-03-02"),
        ("2025-02-27", "2024-02-28"),
        ("2025-02-28", "2024-03-01"),
        ("2025-03-01", "2024-03-02"),
        ("2023-12-31", "2023-01-01"),
        ("2024-01-01", "2023-01-02"),
    ],
)
def test_the_year_up_to_a_date_begins_the_day_after_the_year_before(last: str, first: str) -> None:
    assert year_to(date.fromisoformat(last)) == Period(date.fromisoformat(first), date.fromisoformat(last))


def test_census_and_financial_years_have_their_days() -> None:
    assert census_year(2023) == Period(date(2022, 10, 1), date(2023, 9, 30))
    assert financial_year(2023) == Period(date(2023, 4, 1), date(2024, 3, 31))


@given(DAYS, st.integers(0, 800), DAYS, st.booleans(), st.booleans())
def test_nothing_after_the_day_counts_unless_what_is_planned_is_meant(
    first: date, days: int, known_on: date, planned: bool, is_period: bool
) -> None:
    period = Period(first, first + timedelta(days=days)) if is_period else None
    when = When(first, first + timedelta(days=days), first + timedelta(days=days))
    answer = as_known_on(when, period, known_on, planned)
    reaches_further = when.last > known_on
    assert (answer.elapsed is Elapsed.PLANNED) == (planned and reaches_further)
    if answer.elapsed in (Elapsed.OVER, Elapsed.UNDER_WAY):
        assert max(answer.last, answer.as_at) <= known_on
        assert answer.first == when.first
    if answer.elapsed is not Elapsed.UNDER_WAY:
        assert (answer.last, answer.as_at) == (when.last, when.as_at)


BEGINNING, YEAR_TO_NOVEMBER, NOVEMBER_ALONE = date(1948, 1, 1), date(2022, 12, 1), date(2023, 11, 1)


@pytest.mark.parametrize(
    ("name", "without", "of_year", "of_point"),
    [
        # A stock is as at the last day, whatever is asked for.
        ("vacancies", NOVEMBER_ALONE, NOVEMBER_ALONE, NOVEMBER_ALONE),
        ("vacancy-rate", NOVEMBER_ALONE, NOVEMBER_ALONE, NOVEMBER_ALONE),
        ("average-caseload", NOVEMBER_ALONE, NOVEMBER_ALONE, NOVEMBER_ALONE),
        ("children-per-case-holder", NOVEMBER_ALONE, NOVEMBER_ALONE, NOVEMBER_ALONE),
        # Flows are the month's own, rates of them the year's.
        ("leavers", NOVEMBER_ALONE, YEAR_TO_NOVEMBER, NOVEMBER_ALONE),
        ("working-days-lost", NOVEMBER_ALONE, YEAR_TO_NOVEMBER, NOVEMBER_ALONE),
        ("turnover-rate", YEAR_TO_NOVEMBER, YEAR_TO_NOVEMBER, NOVEMBER_ALONE),
        ("absence-rate", YEAR_TO_NOVEMBER, YEAR_TO_NOVEMBER, NOVEMBER_ALONE),
        ("crude-turnover", YEAR_TO_NOVEMBER, YEAR_TO_NOVEMBER, NOVEMBER_ALONE),
        ("time-to-fill", YEAR_TO_NOVEMBER, YEAR_TO_NOVEMBER, NOVEMBER_ALONE),
        # Retention is of all who ever came.
        ("retention-of-starters", BEGINNING, YEAR_TO_NOVEMBER, NOVEMBER_ALONE),
        ("starters-old-enough", BEGINNING, YEAR_TO_NOVEMBER, NOVEMBER_ALONE),
    ],
)
def test_one_rule_says_over_what_a_point_counts(name: str, without: date, of_year: date, of_point: date) -> None:
    for window, first in ((None, without), (Window.YEAR, of_year), (Window.POINT, of_point)):
        when = when_of_point(MEASURES[name], NOVEMBER, BEGINNING, 12, window)
        assert (when.first, when.last, when.as_at) == (first, NOVEMBER.last, NOVEMBER.last), window


@pytest.mark.parametrize(
    ("name", "first"),
    [("leavers", date(2022, 12, 1)), ("retention-of-starters", BEGINNING), ("vacancies", date(2022, 12, 1))],
)
def test_as_at_a_date_flows_are_of_the_year_up_to_it_or_of_all_time(name: str, first: date) -> None:
    when = when_at(MEASURES[name], NOVEMBER.last, BEGINNING, 3)
    assert (when.first, when.last, when.as_at, when.months) == (first, NOVEMBER.last, NOVEMBER.last, 3)


@pytest.mark.parametrize(
    ("first", "last", "fitting"),
    [
        ("2022-10-01", "2023-09-30", True),
        ("2022-10-02", "2023-09-30", False),
        ("2022-09-30", "2023-09-30", False),
        ("2023-03-01", "2024-02-29", True),
        ("2024-03-01", "2025-02-28", True),
        ("2024-02-29", "2025-02-28", False),
    ],
)
def test_annual_rates_are_of_a_year_to_the_day(first: str, last: str, fitting: bool) -> None:
    period = Period(date.fromisoformat(first), date.fromisoformat(last))
    assert fits(MEASURES["turnover-rate"], period) is fitting
    assert fits(MEASURES["absence-rate"], period) is fitting
    assert fits(MEASURES["crude-turnover"], period)
    assert fits(MEASURES["leavers"], period)


@pytest.mark.parametrize(
    ("first", "last", "every", "starts_in", "expected"),
    [
        ("2024-01-31", "2024-03-30", Every.MONTH, 4, ["2024-02-01..2024-02-29"]),
        ("2024-02-01", "2024-02-28", Every.MONTH, 4, []),
        ("2024-02-01", "2024-02-29", Every.MONTH, 4, ["2024-02-01..2024-02-29"]),
        ("2023-11-15", "2024-06-30", Every.QUARTER, 4, ["2024-01-01..2024-03-31", "2024-04-01..2024-06-30"]),
        ("2023-11-01", "2024-06-30", Every.QUARTER, 11, ["2023-11-01..2024-01-31", "2024-02-01..2024-04-30"]),
        ("2022-04-01", "2024-03-30", Every.YEAR, 4, ["2022-04-01..2023-03-31"]),
        ("2022-04-02", "2024-03-31", Every.YEAR, 4, ["2023-04-01..2024-03-31"]),
    ],
)
def test_a_series_has_the_whole_months_quarters_and_years_between_two_dates(
    first: str, last: str, every: Every, starts_in: int, expected: list[str]
) -> None:
    periods = series_periods(date.fromisoformat(first), date.fromisoformat(last), every, starts_in)
    assert [f"{period.first}..{period.last}" for period in periods] == expected


def test_what_no_point_of_a_series_counts_is_told() -> None:
    periods = [Period(date(2024, 2, 1), date(2024, 2, 29)), Period(date(2024, 3, 1), date(2024, 3, 31))]
    assert left_out(date(2024, 2, 1), date(2024, 3, 31), periods) == []
    assert left_out(date(2024, 1, 31), date(2024, 4, 1), periods) == [
        Period(date(2024, 1, 31), date(2024, 1, 31)),
        Period(date(2024, 4, 1), date(2024, 4, 1)),
    ]


def test_years_begin_in_the_month_that_is_asked_for() -> None:
    assert [period.first for period in series_periods(date(2021, 1, 1), date(2023, 12, 31), Every.CENSUS_YEAR, 10)] == [
        date(2021, 10, 1),
        date(2022, 10, 1),
    ]
    for month in range(1, 13):
        periods = series_periods(date(2020, 1, 1), date(2023, 12, 31), Every.YEAR, month)
        assert {period.first.month for period in periods} == {month}
        assert all(year_to(period.last) == period for period in periods)


# --- worked out by hand -----------------------------------------------------------------------------------------------


def of(first: str, last: str) -> Period:
    return Period(date.fromisoformat(first), date.fromisoformat(last))


def test_census_and_financial_years() -> None:
    assert census_year(2023) == of("2022-10-01", "2023-09-30")
    assert financial_year(2023) == of("2023-04-01", "2024-03-31")


@pytest.mark.parametrize(
    ("last", "first"),
    [
        ("2023-09-30", "2022-10-01"),
        ("2023-10-15", "2022-10-16"),
        ("2023-02-28", "2022-03-01"),
        ("2024-02-28", "2023-03-01"),
        ("2024-02-29", "2023-03-01"),
        ("2024-03-01", "2023-03-02"),
        # Of the year up to 28 February 2025 the day before it began was 29 February 2024.
        ("2025-02-28", "2024-03-01"),
        ("2025-02-27", "2024-02-28"),
    ],
)
def test_the_twelve_months_up_to_a_day(last: str, first: str) -> None:
    assert year_to(date.fromisoformat(last)) == of(first, last)


@pytest.mark.parametrize(
    ("first", "last", "every", "starts_in", "periods"),
    [
        ("2023-10-01", "2023-11-30", Every.MONTH, 4, [("2023-10-01", "2023-10-31"), ("2023-11-01", "2023-11-30")]),
        ("2023-10-02", "2023-11-30", Every.MONTH, 4, [("2023-11-01", "2023-11-30")]),
        ("2023-10-01", "2023-11-29", Every.MONTH, 4, [("2023-10-01", "2023-10-31")]),
        ("2024-02-01", "2024-02-29", Every.MONTH, 4, [("2024-02-01", "2024-02-29")]),
        ("2024-02-01", "2024-02-28", Every.MONTH, 4, []),
        ("2023-12-01", "2024-01-31", Every.MONTH, 4, [("2023-12-01", "2023-12-31"), ("2024-01-01", "2024-01-31")]),
        ("2023-01-01", "2023-06-30", Every.QUARTER, 4, [("2023-01-01", "2023-03-31"), ("2023-04-01", "2023-06-30")]),
        ("2023-01-01", "2023-06-30", Every.QUARTER, 2, [("2023-02-01", "2023-04-30")]),
        ("2022-04-01", "2024-03-30", Every.YEAR, 4, [("2022-04-01", "2023-03-31")]),
        ("2022-04-02", "2024-03-31", Every.FINANCIAL_YEAR, 4, [("2023-04-01", "2024-03-31")]),
        ("2022-10-01", "2023-09-30", Every.CENSUS_YEAR, 10, [("2022-10-01", "2023-09-30")]),
        ("2022-10-01", "2023-09-29", Every.CENSUS_YEAR, 10, []),
    ],
)
def test_the_whole_periods_between_two_days(
    first: str, last: str, every: Every, starts_in: int, periods: list[tuple[str, str]]
) -> None:
    whole = series_periods(date.fromisoformat(first), date.fromisoformat(last), every, starts_in)
    assert whole == [of(*each) for each in periods]


def test_the_days_in_no_period_are_those_before_the_first_and_after_the_last() -> None:
    october = [of("2023-10-01", "2023-10-31")]
    assert left_out(date(2023, 10, 1), date(2023, 10, 31), october) == []
    assert left_out(date(2023, 9, 30), date(2023, 10, 31), october) == [of("2023-09-30", "2023-09-30")]
    assert left_out(date(2023, 10, 1), date(2023, 11, 1), october) == [of("2023-11-01", "2023-11-01")]
    assert left_out(date(2023, 9, 15), date(2023, 11, 15), october) == [
        of("2023-09-15", "2023-09-30"),
        of("2023-11-01", "2023-11-15"),
    ]


def test_annual_rates_are_of_a_year_to_the_day_and_all_else_of_any_days() -> None:
    turnover, stability, leavers = (MEASURES[name] for name in ("turnover-rate", "stability-index", "leavers"))
    year, day_less = of("2022-10-01", "2023-09-30"), of("2022-10-02", "2023-09-30")
    assert [fits(measure, year) for measure in (turnover, stability, leavers)] == [True, True, True]
    assert [fits(measure, day_less) for measure in (turnover, stability, leavers)] == [False, True, True]


def test_what_is_looked_at_as_at_a_date_and_in_a_period() -> None:
    day, earliest = date(2023, 9, 30), date(1948, 1, 1)
    assert when_at(MEASURES["leavers"], day, earliest, 12) == When(date(2022, 10, 1), day, day)
    assert when_at(MEASURES["retention-of-starters"], day, earliest, 6) == When(earliest, day, day, 6)
    period = of("2023-04-01", "2023-06-30")
    assert when_in(MEASURES["leavers"], period, None, 12) == When(period.first, period.last, period.last)
    assert when_in(MEASURES["retention-of-starters"], period, day, 6) == When(period.first, period.last, day, 6)


@pytest.mark.parametrize(
    ("as_at", "known_on", "elapsed"),
    [
        ("2023-11-30", "2023-12-01", Elapsed.OVER),
        # Judged on the day of the instant itself: the period is over, and the day may bring more.
        ("2023-12-15", "2023-12-15", Elapsed.UNDER_WAY),
        ("2023-12-15", "2023-12-16", Elapsed.OVER),
        ("2023-12-16", "2023-12-15", Elapsed.TO_COME),
    ],
)
def test_a_period_that_is_judged_at_a_date_of_its_own(as_at: str, known_on: str, elapsed: Elapsed) -> None:
    judged = When(NOVEMBER.first, NOVEMBER.last, date.fromisoformat(as_at))
    assert as_known_on(judged, NOVEMBER, date.fromisoformat(known_on), planned=False).elapsed is elapsed


def test_what_was_planned_counts_whole_where_that_is_meant_and_of_the_day_itself_nothing_is_planned() -> None:
    planned = as_known_on(OF_NOVEMBER, NOVEMBER, date(2023, 11, 29), planned=True)
    assert (planned.last, planned.elapsed) == (NOVEMBER.last, Elapsed.PLANNED)
    last_day = as_known_on(OF_NOVEMBER, NOVEMBER, date(2023, 11, 30), planned=True)
    assert last_day.elapsed is Elapsed.UNDER_WAY
