"""The back-test: forecasts as they would have been made at earlier month ends, beside what really came.

Invariant: a forecast is made from what was known at the end of its day of origin. Only what really came is as known
now.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from contracts.codes import Role
from contracts.envelope import Event
from services.metrics.forecasting.flows import known_since, months, steps
from services.metrics.forecasting.forecast import LEVELS, forecast, one_decimal
from services.metrics.pauses import with_pauses
from services.metrics.snapshot.amounts import months_later
from services.metrics.snapshot.snapshot import Snapshot, known
from services.metrics.timelines.rows import DAY

BEFORE_THE_FIRST = 27
"""Months of history before the first origin: two years to see a rate in, and a quarter to settle in."""

MOST_ORIGINS = 60
"""The most origins that are tested, the latest: five years. Each needs a snapshot of its own, some tenths of a
second."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One forecast beside what really came: as at `as_at`, `length` months after `origin` (FTE)."""

    origin: date
    as_at: date
    length: int
    expected: float
    intervals: dict[int, tuple[float, float]]
    naive: float
    came: float

    def covered(self, level: int) -> bool:
        """Whether what came lies within the interval, as both are shown (1 decimal)."""
        low, high = self.intervals[level]
        return one_decimal(low) <= one_decimal(self.came) <= one_decimal(high)


@dataclass(frozen=True, slots=True)
class Score:
    """How forecasts of one length did: share within each interval (%), mean absolute errors and bias (FTE)."""

    forecasts: int
    coverage: dict[int, float]
    mean_absolute_error: float
    naive_mean_absolute_error: float
    bias: float


def end_of(day: date) -> datetime:
    """The last instant of a day."""
    return datetime.combine(day, time.max, UTC)


def origins(snapshot: Snapshot, last: date) -> list[date]:
    """The month ends from which forecasts are compared, if something of what came is known by `last`."""
    first = months_later(known_since(snapshot), BEFORE_THE_FIRST)
    month_end = months_later(first.replace(day=1), 1) - DAY
    count = max(0, (last.year - month_end.year) * 12 + last.month - month_end.month)
    return [day for day in steps(month_end, 0, count) if day < last][-MOST_ORIGINS:]


def back_test(
    events: Sequence[Event], snapshot: Snapshot, last: date, length: int, role: Role | None = None
) -> list[Compared]:
    """Forecasts from every origin, beside the vacancies that really came, by the snapshot, up to `last`.

    `events` are those the snapshot was made of.
    """
    return [
        compared
        for origin in with_pauses(origins(snapshot, last))
        for compared in from_origin(events, snapshot, origin, last, length, role)
    ]


def from_origin(
    events: Sequence[Event], snapshot: Snapshot, origin: date, last: date, length: int, role: Role | None
) -> Iterable[Compared]:
    """The forecast of one origin beside what came."""
    made = forecast(Snapshot(known(events, end_of(origin))), origin, length, role)
    came = months(snapshot, steps(origin, 0, length), role).stocks["vacancies"]
    for months_ahead, month in enumerate(made.months, start=1):
        if month.as_at <= last:
            yield Compared(
                origin,
                month.as_at,
                months_ahead,
                month.expected,
                month.intervals,
                made.vacancies,
                float(came[months_ahead]),
            )


def scores(compared: Iterable[Compared], by: Callable[[Compared], int]) -> dict[int, Score]:
    """How forecasts did, by length, say."""
    groups: defaultdict[int, list[Compared]] = defaultdict(list)
    for item in compared:
        groups[by(item)].append(item)
    return {key: score(groups[key]) for key in sorted(groups)}


def score(compared: Sequence[Compared]) -> Score:
    """How some forecasts did; there is at least one."""
    count = len(compared)
    return Score(
        count,
        {level: 100 * sum(item.covered(level) for item in compared) / count for level in LEVELS},
        sum(abs(item.expected - item.came) for item in compared) / count,
        sum(abs(item.naive - item.came) for item in compared) / count,
        sum(item.expected - item.came for item in compared) / count,
    )
