"""Dates and periods: census years, financial years, months, quarters, years, and the year of a rate.

Invariant: periods include both their first and their last day.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from services.metrics.measures.declaration import Count, Kind, Measure, When
from services.metrics.picture.amounts import months_later

DAY = timedelta(days=1)


class Every(StrEnum):
    """How often a series has a point."""

    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


MONTHS = {Every.MONTH: 1, Every.QUARTER: 3, Every.YEAR: 12}


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
    found = [Period(first, periods[0].first - DAY), Period(periods[-1].last + DAY, last)]
    return [period for period in found if period.first <= period.last]


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


def when_of_point(measure: Measure, period: Period, earliest: date, months: int) -> When:
    """What a measure looks at for one point of a series: annual rates at the year up to the point's last day."""
    if not isinstance(measure, Count) and (measure.annual or measure.all_time):
        return when_at(measure, period.last, earliest, months)
    if isinstance(measure, Count) and measure.all_time and measure.kind is not Kind.STOCK:
        return when_at(measure, period.last, earliest, months)
    return when_in(measure, period, None, months)
