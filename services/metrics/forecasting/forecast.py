"""A forecast: vacancies at the end of each month to come, with intervals, and the same with a change.

Invariant: equal snapshots, dates and changes give equal digits. Nothing recorded after the snapshot's instant is
used.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

import numpy as np

from contracts.codes import Role
from services.metrics.academy.progression import ACADEMY_ROLE
from services.metrics.forecasting.academy import Academy, academy
from services.metrics.forecasting.dispersion import dispersion
from services.metrics.forecasting.flows import Months, known_since, months, steps
from services.metrics.forecasting.rates import Rates, rates
from services.metrics.forecasting.simulation import (
    NO_CHANGE,
    PATHS,
    Baseline,
    Change,
    Paths,
    RandomDraws,
    Simulation,
    play,
    seed_of,
)
from services.metrics.snapshot.snapshot import Snapshot

DEFINITION = (
    "Vacancies (FTE, per post never below 0, summed) at each date. What is known of posts, leavers, starters and "
    "moves to come counts as known. Leavers not yet known are added, and hires and progression from the academy not "
    "yet known are taken off, at the rates of the last twelve months. No other posts are established or closed. "
    "Intervals are of "
    f"{PATHS} simulated courses, widened by how far such forecasts went wrong in the two years before."
)

LONGEST = 36
"""The most months that can be asked for: an intake shows in the service areas after its assessed and supported year."""
LONGEST_HISTORY = 84
"""Months of history that are looked at to see how far present rates went wrong."""
RATES_FROM = 24
"""Months of history from which the academy's part is estimated; turnover and filling are of the last twelve."""
NEXT_TO_NOTHING = 1e-9
"""Smaller differences (FTE) come from the computer's rounding."""
LEVELS = (80, 95)
"""Percent of the intervals."""


@dataclass(frozen=True, slots=True)
class Month:
    """Vacancies (FTE) as at one date to come: expected, known as of now, and the intervals by level.

    `leavers`, `hires` and `progressed` are expected in the month that ends on it.
    """

    as_at: date
    expected: float
    known: float
    intervals: dict[int, tuple[float, float]]
    leavers: float
    hires: float
    progressed: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """The forecast for all posts or those of one role, and what it was worked out from."""

    role: Role | None
    vacancies: float
    months: list[Month]
    changed: list[Month] | None
    acts: dict[str, date | None]
    """For each change, the first date at which it makes a difference by itself; None if it makes none."""
    rates: Rates
    academy: Academy
    progression: float
    dispersion: float


def one_decimal(value: float) -> float:
    """FTE as they are shown, half up."""
    rounded = Decimal(repr(round(value, 9))).quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)
    return float(rounded) + 0.0  # never -0.0


def forecast(
    snapshot: Snapshot, as_at: date, length: int, role: Role | None = None, change: Change | None = None
) -> Forecast:
    """The vacancies of all posts, or those of one role, for `length` months from a date on (FTE)."""
    dates = steps(as_at, 0, length)
    known = months(snapshot, dates, role)
    came = snapshot.kept(("academy to come", as_at, length), lambda: academy(snapshot, dates))
    past = history(snapshot, as_at, role)
    whole = past if role is None else history(snapshot, as_at, None)
    present = rates(_last(whole, RATES_FROM), _last(past, RATES_FROM), came, of_role=role is not None)
    ground = Baseline(known.stocks["vacancies"] - _vacant_academy_posts(snapshot, dates, role), known, came)
    draws = RandomDraws(seed_of(as_at, length), present, came)
    baseline = play(ground, present, NO_CHANGE, draws)
    wider = dispersion(past, [float(np.var(paths)) for paths in baseline.vacancies], of_role=role is not None)
    changed, acts = None, dict[str, date | None]()
    if change is not None:
        of_group = _of_group(change, float(known.stocks["vacancies"][0]), float(whole.stocks["vacancies"][-1]))
        changed = _months(known, play(ground, present, of_group, draws), wider)
        for name, alone in of_group.each_alone():
            acts[name] = _first_difference(dates[1:], baseline, play(ground, present, alone, draws))
    return Forecast(
        role,
        float(known.stocks["vacancies"][0]),
        _months(known, baseline, wider),
        changed,
        acts,
        present,
        came,
        float(draws.progression.mean()),
        wider,
    )


def _first_difference(dates: Sequence[date], one: Simulation, other: Simulation) -> date | None:
    """The first date at which two simulations differ in any of their paths."""
    differ = (np.abs(one.vacancies - other.vacancies) > NEXT_TO_NOTHING).any(axis=1)
    return dates[int(differ.argmax())] if differ.any() else None


def _of_group(change: Change, vacancies: float, of_all: float) -> Change:
    """A group's part of a change: conversions are shared out like the vacancies of the date."""
    if change.conversions is None:
        return change
    return replace(change, conversions=change.conversions * (vacancies / of_all if of_all else 0.0))


def roles(snapshot: Snapshot, as_at: date, length: int) -> list[Role]:
    """The roles that have posts, or somebody in post, at a date or in the months after it."""
    dates = steps(as_at, 0, length)
    stocks = {role: months(snapshot, dates, role).stocks for role in Role}
    return [role for role, of_role in stocks.items() if any(amounts.any() for amounts in of_role.values())]


def history(snapshot: Snapshot, as_at: date, role: Role | None) -> Months:
    """Stocks and flows month by month up to a date, from when on leavers are known."""

    def made() -> Months:
        since = snapshot.kept("known since", lambda: known_since(snapshot))
        dates = steps(as_at, -LONGEST_HISTORY, 0)
        return months(snapshot, dates[min(bisect_left(dates, since), LONGEST_HISTORY) :], role)

    return snapshot.kept(("history of vacancies", as_at, role), made)


def _last(past: Months, length: int) -> Months:
    """The last months of a history."""
    first = max(0, len(past.dates) - 1 - length)
    return Months(
        past.dates[first:],
        {name: amounts[first:] for name, amounts in past.stocks.items()},
        {flow: amounts[first:] for flow, amounts in past.flows.items()},
    )


def _vacant_academy_posts(snapshot: Snapshot, dates: Sequence[date], role: Role | None) -> Paths:
    """Vacancies of academy posts to come, beyond what is usual (the median of the last year)."""
    if role not in (None, ACADEMY_ROLE):
        return np.zeros(len(dates))
    usual = float(np.median(history(snapshot, dates[0], ACADEMY_ROLE).stocks["vacancies"][-13:]))
    return np.maximum(0.0, months(snapshot, list(dates), ACADEMY_ROLE).stocks["vacancies"] - usual)


def _months(known: Months, played: Simulation, wider: float) -> list[Month]:
    """The months of the answer: means, and quantiles of the paths, spread away from their mean by the dispersion."""
    forecast_months = []
    for index, paths in enumerate(played.vacancies):
        mean = float(paths.mean())
        widened = np.maximum(0.0, mean + wider * (paths - mean))
        intervals = {}
        for level in LEVELS:
            low, high = np.quantile(widened, [0.5 - level / 200, 0.5 + level / 200])
            intervals[level] = (float(low), float(high))
        forecast_months.append(
            Month(
                known.dates[index + 1],
                mean,
                float(known.stocks["vacancies"][index + 1]),
                intervals,
                played.leavers[index],
                played.hires[index],
                played.progressed[index],
            )
        )
    return forecast_months
