"""Dates and periods: census years, financial years, months, quarters, years, and what of them a figure counts.

Invariant: periods include both their first and their last day. Days that were still to come at the instant known
count only if that is asked for.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from services.metrics.measures.catalogue import counts_of
from services.metrics.measures.declaration import Count, Elapsed, Kind, Measure, When
from services.metrics.snapshot.amounts import months_later
from services.metrics.timelines.rows import DAY


class Every(StrEnum):
    """How often a series has a point."""

    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    CENSUS_YEAR = "census-year"
    FINANCIAL_YEAR = "financial-year"


MONTHS = {Every.MONTH: 1, Every.QUARTER: 3, Every.YEAR: 12, Every.CENSUS_YEAR: 12, Every.FINANCIAL_YEAR: 12}
STARTS_IN = {Every.CENSUS_YEAR: 10, Every.FINANCIAL_YEAR: 4}
"""The first month of the kinds of year that have a name."""


class Window(StrEnum):
    """The period over which a point of a series counts flows and rates."""

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
    """The days between two dates that are in none of these (consecutive) periods."""
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
    """The time that a measure counts as at a date: stocks the date, flows the year up to it, or all time before it."""
    period = Period(earliest, as_at) if measure.all_time else year_to(as_at)
    return When(period.first, period.last, as_at, months)


def when_in(measure: Measure, period: Period, as_at: date | None, months: int) -> When:
    """The time that a measure counts in a period: stocks its last day, unless another date is given."""
    return When(period.first, period.last, as_at or period.last, months)


def fits(measure: Measure, period: Period) -> bool:
    """Whether a measure can be of this period: annual rates are of a year."""
    return isinstance(measure, Count) or not measure.annual or year_to(period.last) == period


def counts_over_time(measure: Measure) -> bool:
    """Whether something is counted over days, and not only as at a date."""
    return any(counted.kind is Kind.FLOW for counted in counts_of(measure))


def when_of_point(measure: Measure, period: Period, earliest: date, months: int, window: Window | None) -> When:
    """The time that a measure counts for one point of a series.

    Flows count over the point's own period. Rates count over the twelve months up to its last day, or over all time
    where they are of all time. A window that is asked for comes first. Stocks are as at the last day.
    """
    if not counts_over_time(measure):
        return when_in(measure, period, None, months)
    if window is None and measure.all_time:
        return when_at(measure, period.last, earliest, months)
    if window is Window.YEAR or (window is None and measure.kind is Kind.RATE):
        return when_in(measure, year_to(period.last), None, months)
    return when_in(measure, period, None, months)


def as_known_on(when: When, period: Period | None, known_on: date, planned: bool) -> When:
    """The same time as known on a day: days that were then to come are left out, unless planned days count.

    `period` is what was asked for: a period, or a point of a series; None for a date. It is over from the day after
    its last day. While it is under way, counting ends on the day known.
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
