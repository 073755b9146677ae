"""Survival: of those who began, the share still there after so many days (Kaplan-Meier), with its 95% band.

Invariant: survival and Greenwood's sum are exact fractions; floats come in at the end, where a logarithm is taken.

E. L. Kaplan and P. Meier, "Nonparametric estimation from incomplete observations", *Journal of the American Statistical
Association* 53 (1958): a person who is still there is censored, not counted as staying for good. If one person left and
another was censored after the same number of days, the one who left counts as first. The band is Greenwood's (1926), on
the log(-log) scale, so that it never leaves 0 to 1: J. D. Kalbfleisch and R. L. Prentice, *The Statistical Analysis of
Failure Time Data* (1980).
"""

import math
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from statistics import NormalDist
from typing import NamedTuple

CONFIDENCE = 0.95
Z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
"""How many standard errors the band reaches to each side: the normal distribution's 97.5% point, 1.959964."""

HALF = Fraction(1, 2)


class Duration(NamedTuple):
    """How many days one person was there, and whether that ended. If not, the person is still there after so many."""

    days: int
    ended: bool


class Step(NamedTuple):
    """What happened after exactly so many days, and the survival from then on.

    `at_risk` were there for at least so many days. Of them `left` left, and `censored` have not been there any longer
    yet. `lower` and `upper` bound the 95% band. Both are 1 while nobody has left, and None when nobody is left
    (Greenwood's formula gives no band there).
    """

    days: int
    at_risk: int
    left: int
    censored: int
    survival: Fraction
    lower: float | None
    upper: float | None


@dataclass(frozen=True, slots=True)
class Curve:
    """The survival of `count` persons. `steps` ascend by days; before the first of them everybody is there."""

    count: int
    steps: tuple[Step, ...]

    def at_risk(self, days: Fraction | int) -> int:
        """How many were there for at least so many days."""
        index = bisect_left(self.steps, math.ceil(days), key=lambda step: step.days)
        return self.steps[index].at_risk if index < len(self.steps) else 0

    def at(self, days: Fraction | int) -> Step | None:
        """The step whose survival holds after so many days; None before the first step."""
        index = bisect_right(self.steps, math.floor(days), key=lambda step: step.days)
        return self.steps[index - 1] if index else None

    @property
    def median(self) -> int | None:
        """The first number of days after which at most half are still there; None if that never happens."""
        return next((step.days for step in self.steps if step.survival <= HALF), None)

    @property
    def longest(self) -> int:
        """The most days anybody was there; 0 if there is nobody."""
        return self.steps[-1].days if self.steps else 0


def kaplan_meier(durations: Iterable[Duration]) -> Curve:
    """The survival curve of persons, with a step for every number of days after which one left or was censored.

    Raises ValueError for a negative number of days.
    """
    persons = Counter(durations)
    count = at_risk = sum(persons.values())
    survival, greenwood = Fraction(1), Fraction(0)
    band = _band(survival, greenwood)
    steps = []
    for days in sorted({duration.days for duration in persons}):
        if days < 0:
            raise ValueError(f"somebody was there for {days} days. It is 0 or more.")
        left, censored = persons[Duration(days, True)], persons[Duration(days, False)]
        # Where nobody left both stay as they are.
        if left:
            survival *= Fraction(at_risk - left, at_risk)
            if left < at_risk:
                greenwood += Fraction(left, at_risk * (at_risk - left))
            band = _band(survival, greenwood)
        steps.append(Step(days, at_risk, left, censored, survival, *band))
        at_risk -= left + censored
    return Curve(count, tuple(steps))


def _band(survival: Fraction, greenwood: Fraction) -> tuple[float, float] | tuple[None, None]:
    """The 95% band. `greenwood`: the sum of left / (at risk x (at risk - left)) over the steps up to here."""
    if survival == 0:
        return None, None
    if greenwood == 0:
        return 1.0, 1.0
    log_survival = math.log(survival)
    reach = Z * math.sqrt(greenwood) / -log_survival
    return math.exp(log_survival * math.exp(reach)), math.exp(log_survival * math.exp(-reach))
