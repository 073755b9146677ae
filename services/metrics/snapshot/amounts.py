"""Amounts: exact whole numbers of millionths, of an FTE, a day, a pound or a person.

Invariant: sums of amounts are exact, so parts always add up to their figure.
"""

from calendar import monthrange
from datetime import date
from functools import lru_cache

from services.metrics.timelines.amounts import ONE, millionths
from services.metrics.timelines.rows import DAY

__all__ = ["ONE", "after_weekdays", "millionths", "months_later", "part_of", "weekdays"]

_WEEKDAYS = 5


def part_of(amount: int, numerator: int, denominator: int) -> int:
    """`amount * numerator / denominator`, rounded to a millionth, half up. No argument is negative."""
    return (2 * amount * numerator + denominator) // (2 * denominator)


def weekdays(first: date, until: date) -> int:
    """How many Mondays to Fridays there are from `first` to the day before `until`."""
    if until <= first:
        return 0
    weeks, rest = divmod((until - first).days, 7)
    start = first.weekday()
    return weeks * _WEEKDAYS + sum((start + day) % 7 < _WEEKDAYS for day in range(rest))


def after_weekdays(first: date, count: int) -> date:
    """The day after the `count`th Monday to Friday from `first` on; `count` is at least 1."""
    day = first
    while True:
        if day.weekday() < _WEEKDAYS:
            count -= 1
        day += DAY
        if count == 0:
            return day


@lru_cache(maxsize=100_000)
def months_later(day: date, months: int) -> date:
    """The same day of the month some months later (or earlier), or the month's last day if it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not date.min.year <= year <= date.max.year:
        return date.max if year > date.max.year else date.min
    _, last = monthrange(year, month + 1)
    return date(year, month + 1, min(day.day, last))
