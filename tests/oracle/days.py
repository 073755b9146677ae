"""Days, months and years as the definitions count them, and rounding to a millionth.

Invariant: periods include their first and their last day.
"""

import math
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Period:
    """From the first day to the last, both included. Stocks are as at the last."""

    first: date
    last: date

    @property
    def opening(self) -> date:
        """The day before the first."""
        return self.first - ONE_DAY

    @property
    def days(self) -> int:
        """How many days the period has."""
        return (self.last - self.first).days + 1

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last

    def __iter__(self) -> Iterator[date]:
        for number in range(self.days):
            yield self.first + number * ONE_DAY


def months_after(day: date, months: int) -> date:
    """The same day of another month; its last day, where that month has no such day. `months` may be negative."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def full_months(since: date, until: date) -> int:
    """How many calendar months have gone by in full."""
    months = 0
    while months_after(since, months + 1) <= until:
        months += 1
    return months


def year_to(as_at: date) -> Period:
    """The twelve months that end on a date: from the day after it a year before, be it none, from 1 March."""
    after = as_at + ONE_DAY
    is_leap_day = (after.month, after.day) == (2, 29)
    return Period(date(after.year - 1, 3, 1) if is_leap_day else after.replace(year=after.year - 1), as_at)


def holds_a_29_february(period: Period) -> bool:
    """Whether one of the days is a leap day."""
    return any((day.month, day.day) == (2, 29) for day in period)


def is_weekday(day: date) -> bool:
    """Whether it is a Monday to Friday."""
    return day.isoweekday() <= 5


def to_a_millionth(amount: Fraction) -> Fraction:
    """The amount, rounded half up."""
    return Fraction(math.floor(amount * 1_000_000 + Fraction(1, 2)), 1_000_000)
