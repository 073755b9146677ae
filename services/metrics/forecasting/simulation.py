"""The model: how vacancies develop from what is known, and how uncertain that is.

Invariant: the same baseline, rates, change and seed give the same paths. A change is simulated with the random
numbers of the baseline, so the difference between them comes from the change alone.

The model, in FTE, month by month, for a group of posts (all, or those of one role):

    vacancies = vacancies before
              + what is known to change (posts established and closed, leavers, starters, moves, changes of FTE)
              + vacancies opened by leavers not yet known, and, of a role, by moves out of it not yet known
              - filled by members of the academy who progress
              - filled by hires not yet known
                never below 0

- Leavers are drawn at the present turnover of those in post, less the leavers already known for the month.
- A share of the vacant FTE is filled each month, at the present rate of filling, in whatever way. This includes what
  is already known to fill vacancies in the month, and what progression fills in an average month, because posts kept
  for those who finish their assessed year are not advertised. Progression itself happens in the months in which it is
  due.
- In the whole authority internal moves open as much as they fill, and are left out. For a role they count.
- Posts are established and closed as known, and no others. Vacancies of academy posts beyond their usual number are not
  counted as vacancies to come: such a post is established for entrants who are recorded when they come.
- What a change (of intake, turnover, conversions) adds to the present rates comes on top. Other hires do not make up
  for it, except that fewer vacancies are left to fill.

Three things are uncertain: the rates themselves (Gamma and Beta), what then happens (Poisson, binomial), and further
errors of the model and of present rates. For the last, `dispersion` widens the paths by what was seen before the
date (`dispersion.py`).
"""

import math
from dataclasses import asdict, dataclass
from datetime import date
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from services.metrics.forecasting.academy import Academy
from services.metrics.forecasting.flows import FILLED, HIRED, Flow, Months
from services.metrics.forecasting.rates import PRIOR_MEMBERS, USUAL_PROGRESSION, Rate, Rates

Paths = NDArray[np.float64]

PATHS = 4000
"""Simulated paths. The ends of a 95% interval are then the 100th and the 3900th path. They vary by about 0.3 FTE if
the spread is 10, and a forecast takes some tens of milliseconds."""
EXACT_UP_TO = 30.0
"""Means up to which Poisson numbers are drawn exactly; above it the normal approximation is out by less than 1%."""
MOST_DRAWN = 200
"""Where the search for a Poisson number with such a mean ends: no number is that high."""
ASSESSED_YEAR = 12
"""Months after which an entrant progresses."""


@dataclass(frozen=True, slots=True)
class Change:
    """A what-if: a change of the present rates. None: unchanged.

    `intake`: entrants of the academy in a year. `turnover_lower_by`: percentage points a year. `conversions`: agency
    workers employed over the whole horizon (FTE).
    """

    intake: float | None = None
    turnover_lower_by: float | None = None
    conversions: float | None = None

    def each_alone(self) -> list[tuple[str, "Change"]]:
        """What is changed, by name, each as a change of its own."""
        return [(name, Change(**{name: value})) for name, value in asdict(self).items() if value is not None]


NO_CHANGE = Change()


@dataclass(frozen=True, slots=True)
class Baseline:
    """What is known about the months to come, for a group of posts: stocks and flows by month, and the academy.

    `vacancies` are those at the date and at the end of each month, without vacant academy posts beyond their usual
    number.
    """

    vacancies: Paths
    known: Months
    academy: Academy


@dataclass(frozen=True, slots=True)
class Simulation:
    """The result of a simulation: vacancies at the end of each month (months by paths), and the means of what
    changed them.

    `leavers` are all, `hires` and `progressed` those that fill vacancies (of a role, `hires` are also moves into it);
    each with those already known.
    """

    vacancies: Paths
    leavers: list[float]
    hires: list[float]
    progressed: list[float]


class Numbers:
    """Standard normal numbers (months by paths), and for each the share of such numbers that are below it."""

    def __init__(self, normal: Paths) -> None:
        self.normal = normal

    @cached_property
    def below(self) -> Paths:
        """The normal distribution at the numbers."""
        shares = [0.5 * (1 + math.erf(number)) for number in (self.normal / math.sqrt(2)).ravel().tolist()]
        return np.array(shares).reshape(self.normal.shape)


class RandomDraws:
    """The random numbers of one question, drawn once for the baseline and every change.

    Groups of posts that are asked for together share `numbers`; their figures are not added up.
    """

    def __init__(self, seed: int, rates: Rates, academy: Academy) -> None:
        draw = np.random.default_rng([seed, 1])
        self.turnover = _gamma(draw, rates.turnover)
        self.moving_out = _gamma(draw, rates.moving_out)
        self.filling = _gamma(draw, rates.filling)
        stayed = academy.completed - academy.progressed
        successes = academy.progressed + USUAL_PROGRESSION * PRIOR_MEMBERS
        self.progression = draw.beta(successes, stayed + (1 - USUAL_PROGRESSION) * PRIOR_MEMBERS, PATHS)
        self.progressed = np.array([draw.binomial(due, self.progression) for due in academy.due], dtype=np.float64)
        self.leavers, self.moves, self.hires = numbers(seed, len(academy.due))


@lru_cache(maxsize=4)
def numbers(seed: int, months: int) -> tuple[Numbers, Numbers, Numbers]:
    """The numbers for leavers, moves and hires."""
    leavers, moves, hires = np.random.default_rng([seed, 2]).standard_normal((3, months, PATHS))
    return Numbers(leavers), Numbers(moves), Numbers(hires)


def _gamma(draw: np.random.Generator, rate: Rate) -> Paths:
    """Draws of a rate, as uncertain as its few events leave it. A rate of 0 stays 0."""
    drawn_rate = draw.standard_gamma(rate.events, PATHS)
    return drawn_rate / rate.exposure if rate.exposure else np.zeros(PATHS)


def play(ground: Baseline, rates: Rates, change: Change, draws: RandomDraws) -> Simulation:
    """Play the months to come."""
    months = len(ground.academy.due)
    entering = entrants(ground.academy, change, months)
    more_entrants = entering - entrants(ground.academy, NO_CHANGE, months)
    turnover = np.maximum(0.0, draws.turnover - (change.turnover_lower_by or 0.0) / 100 / 12)
    usual = rates.conversions / 12
    more_conversions = 0.0 if change.conversions is None else change.conversions / months - usual
    mean_progression = rates.relieved * draws.progression * (sum(ground.academy.due) / months)
    vacant = np.full(PATHS, ground.vacancies[0])
    simulation = Simulation(np.empty((months, PATHS)), [], [], [])
    for month in range(months):
        known = {flow: float(amounts[month]) for flow, amounts in ground.known.flows.items()}
        filled_as_known = sum(known[flow] for flow in FILLED)
        in_post = np.maximum(0.0, ground.known.stocks["in_post"][month] + ground.vacancies[month] - vacant)
        left = drawn(np.maximum(0.0, turnover * in_post - known[Flow.LEAVERS]), draws.leavers, month)
        moving = np.maximum(0.0, draws.moving_out * in_post - known[Flow.OPENED_BY_MOVES])
        left_or_moved = rates.opening * left + drawn(moving, draws.moves, month)
        open_now = vacant + (ground.vacancies[month + 1] - ground.vacancies[month]) + left_or_moved
        open_now = np.maximum(0.0, open_now)
        progressed = draws.progressed[month] + _progressed_of_entrants(entering, month, draws)
        by_progression = np.minimum(open_now, rates.relieved * progressed)
        mean_hires = np.maximum(0.0, draws.filling * open_now - filled_as_known - mean_progression)
        hired = np.minimum(open_now - by_progression, drawn(mean_hires, draws.hires, month))
        more = np.minimum(
            open_now - by_progression - hired, more_conversions + rates.entrants_fill * more_entrants[month]
        )
        vacant = open_now - by_progression - hired - more
        simulation.vacancies[month] = vacant
        simulation.leavers.append(known[Flow.LEAVERS] + float(left.mean()))
        simulation.hires.append(sum(known[flow] for flow in HIRED) + float((hired + more).mean()))
        simulation.progressed.append(known[Flow.FILLED_BY_PROGRESSION] + float(by_progression.mean()))
    return simulation


def entrants(academy: Academy, change: Change, months: int) -> Paths:
    """Entrants by month: those known, and the rest of the year's intake, spread evenly."""
    intake = academy.usual_intake if change.intake is None else change.intake
    rest = max(0.0, intake * months / 12 - sum(academy.entering))
    return np.array(academy.entering) + rest / months


def _progressed_of_entrants(entering: Paths, month: int, draws: RandomDraws) -> Paths | float:
    """Those who entered a year before, in the months to come."""
    return entering[month - ASSESSED_YEAR] * draws.progression if month >= ASSESSED_YEAR else 0.0


def drawn(mean: Paths, numbers: Numbers, month: int) -> Paths:
    """Poisson numbers with these means. They increase with the number drawn for the month, and with the mean."""
    if not mean.any():
        return np.zeros(mean.shape)
    normal, share_below = numbers.normal[month], numbers.below[month]
    if mean.max() > EXACT_UP_TO:
        return np.asarray(np.rint(np.maximum(0.0, mean + np.sqrt(mean) * normal)))
    draws = np.zeros(mean.shape)
    term = np.exp(-mean)
    below = term.copy()
    number = 0
    while (more := below < share_below).any() and number < MOST_DRAWN:
        number += 1
        draws += more
        term *= mean / number
        below += term
    return draws


def seed_of(as_at: date, length: int) -> int:
    """The seed of a question. The same question has the same digits; every role and change gets the same random
    numbers.
    """
    return as_at.toordinal() * 1000 + length
