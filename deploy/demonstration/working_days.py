"""Days on which the invented authority works: when people start, and when its staff record something.

Invariant: a day that is given out lies within the days asked for, and is a working day if there is one among them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random

from deploy.demonstration.published import FIRST_DAY, LAST_DAY

DAY = timedelta(days=1)
SATURDAY = 5
OFFICE_OPENS = time(8, 30)
OFFICE_CLOSES = time(17)
OFFICE_SECONDS = int(timedelta(hours=8).total_seconds())


@dataclass(frozen=True, slots=True)
class Month:
    """A calendar month, by its first and last day."""

    first: date
    last: date

    @classmethod
    def of(cls, day: date) -> "Month":
        """The month that a day is in."""
        first = day.replace(day=1)
        return cls(first, (first + 31 * DAY).replace(day=1) - DAY)

    def next(self) -> "Month":
        """The month after."""
        return Month.of(self.last + DAY)


def months(first: date = FIRST_DAY, last: date = LAST_DAY) -> Iterator[Month]:
    """The months of these days and those between; those of the published history if left out."""
    month = Month.of(first)
    while month.first <= last:
        yield month
        month = month.next()


def is_working_day(day: date) -> bool:
    """Whether the office is open: Monday to Friday, except Christmas and New Year."""
    return day.weekday() < SATURDAY and (day.month, day.day) not in ((12, 25), (12, 26), (1, 1))


def working_day_from(day: date) -> date:
    """That day, or the next working day after it."""
    while not is_working_day(day):
        day += DAY
    return day


def monday_from(day: date) -> date:
    """That day, or the next Monday after it."""
    return day + (-day.weekday() % 7) * DAY


def day_between(chance: Random, first: date, last: date) -> date:
    """A working day from `first` to `last`, both included; `first` if there is none."""
    days = [first + number * DAY for number in range((last - first).days + 1)]
    working = [day for day in days if is_working_day(day)]
    return chance.choice(working) if working else first


def moment_on(chance: Random, day: date) -> datetime:
    """A moment in working hours of that day or, if the office is closed, of the next working day (naive, UTC)."""
    opens = datetime.combine(working_day_from(day), OFFICE_OPENS)
    return opens + timedelta(seconds=chance.randrange(OFFICE_SECONDS))
