"""Dates and periods: census years, financial years, months, quarters, years, and what of them a figure counts.

Invariant: periods include both their first and their last day; what was still to come when a figure was known counts
only where that is asked for.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from services.metrics.measures.catalogue import counts_of
from services.metrics.measures.declaration import Count, Elapsed, Kind, Measure, When
from services.metrics.snapshot.amounts import months_later

DAY = timedelta(days=1)


class Every(StrEnum):
    """How often a series has a point."""

    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    CENSUS_YEAR = "census-year"
    FINANCIAL_YEAR = "financial-year"


MONTHS = {Every.MONTH: 1, Every.QUARTER: 3, Every.YEAR: 12, Every.CENSUS_YEAR: 12, Every.FINANCIAL_YEAR: 12}
STARTS_IN = {Every.CENSUS_YEAR: 10, Every.FINANCIAL_YEAR: 4}
"""The month in which a year begins whose name says so."""


class Window(StrEnum):
    """Over what a point of a series counts what happens over time."""

    POINT = "point"
    """The point's own month, quarter or year."""
    YEAR = "12m"
    """The twelve months up to the point's last day."""


@dataclass(frozen=True, slots=True)
class Period:
    """From the first to the last day, both included."""

    first: date
    last: date


def census_year(year: int) -> Period:
    """The year up to 30 September of `year` (CSWW)."""
    return Period(date(year - 1, 10, 1), date(year, 9, 30))


def financial_year(year: int) -> Period:
    """The year from 1 April of `year` to 31 March."""
    return Period(date(year, 4, 1), date(year + 1, 3, 31))


def year_to(last: date) -> Period:
    """The twelve months that end on a date: those up to 30 September 2023 begin on 1 October 2022."""
    # Around the end of February the two differ by a day; the later one leaves no day in two years.
    return Period(max(months_later(last, -12) + DAY, months_later(last + DAY, -12)), last)


def series_periods(first: date, last: date, every: Every, year_starts_in: int = 4) -> list[Period]:
    """The whole months, quarters or years (which begin in the month `year_starts_in`) that lie between two dates.

    Quarters begin in that month and every third after it.
    """
    return list(_periods(first, last, MONTHS[every], year_starts_in))


def left_out(first: date, last: date, periods: Sequence[Period]) -> list[Period]:
    """What of the days between two dates is in none of these periods, which follow one another there."""
    ends = [Period(first, periods[0].first - DAY), Period(periods[-1].last + DAY, last)]
    return [period for period in ends if period.first <= period.last]


def _periods(first: date, last: date, months: int, year_starts_in: int) -> Iterator[Period]:
    begins = date(first.year, first.month, 1)
    if begins < first:
        begins = months_later(begins, 1)
    while (begins.month - year_starts_in) % months:
        begins = months_later(begins, 1)
    while (ends := months_later(begins, months) - DAY) <= last:
        yield Period(begins, ends)
        begins = months_later(begins, months)


def when_at(measure: Measure, as_at: date, earliest: date, months: int) -> When:
    """What a measure looks at as at a date: stocks at the date, flows at the year up to it, or all time before it."""
    period = Period(earliest, as_at) if measure.all_time else year_to(as_at)
    return When(period.first, period.last, as_at, months)


def when_in(measure: Measure, period: Period, as_at: date | None, months: int) -> When:
    """What a measure looks at in a period: stocks at its last day, unless another date is given."""
    return When(period.first, period.last, as_at or period.last, months)


def fits(measure: Measure, period: Period) -> bool:
    """Whether a measure can be of this period: annual rates are of a year."""
    return isinstance(measure, Count) or not measure.annual or year_to(period.last) == period


def counts_over_time(measure: Measure) -> bool:
    """Whether something is counted over days, and not only as at a date."""
    return any(counted.kind is Kind.FLOW for counted in counts_of(measure))


def when_of_point(measure: Measure, period: Period, earliest: date, months: int, window: Window | None) -> When:
    """What a measure looks at for one point of a series.

    Flows count over the point's own period, rates over the twelve months up to its last day (or all time, where they
    are of all time), unless a window is asked for. Stocks are as at the last day.
    """
    if not counts_over_time(measure):
        return when_in(measure, period, None, months)
    if window is None and measure.all_time:
        return when_at(measure, period.last, earliest, months)
    if window is Window.YEAR or (window is None and measure.kind is Kind.RATE):
        return when_in(measure, year_to(period.last), None, months)
    return when_in(measure, period, None, months)


def as_known_on(when: When, period: Period | None, known_on: date, planned: bool) -> When:
    """The same as known on a day: what was to come then is left out, unless what was planned is meant to count.

    `period` is what was asked for: a period, a point of a series; None for a date. It is over from the day after its
    last on. Of one that is under way what is counted ends on the day.
    """
    begins = when.as_at if period is None else period.first
    ends = max(when.as_at, when.last)
    if ends < known_on or (period is None and ends == known_on):
        return when
    if planned and ends > known_on:
        return replace(when, elapsed=Elapsed.PLANNED)
    judged_later = when.as_at != when.last and when.as_at > known_on
    if begins > known_on or judged_later:
        return replace(when, elapsed=Elapsed.TO_COME)
    last, as_at = min(when.last, known_on), min(when.as_at, known_on)
    return replace(when, last=last, as_at=as_at, elapsed=Elapsed.UNDER_WAY)
