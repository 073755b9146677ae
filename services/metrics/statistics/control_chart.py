"""Control charts of monthly series: is a change more than the month-to-month variation that was always there?

Invariant: lines and rules follow from the exact points of one phase alone, and nothing is rounded before it is judged.

The chart is the XmR chart (individual values and moving ranges) of D. J. Wheeler, *Understanding Variation* (1993),
with the four rules of NHS England's Making Data Count, as the NHS Model Health System states them. Where the sources
leave something open, our choice is marked **chosen**:

- Every moving range counts in the mean, as in NHS England's own tools and Wheeler (**chosen**). With `screened`, ranges
  above the upper range limit are left out, once, and all lines follow from the mean of the rest. That is L. S. Nelson,
  "Control charts for individual measurements", *Journal of Quality Technology* 14(3), 1982, and the default of the
  NHS-R community's package.
- A gap (None) has no moving range on either side, and ends every pattern. So does a re-basing: neither a range nor a
  pattern reaches from one phase into the next.
- A phase's lines follow from all its points. Each further month moves them a little, until the series is re-based.
- All points of a run or of a trend are marked, from its first, however long it goes on.
- Two of three count only where all three lie on one side of the centre line (a point on the line is on neither). Every
  point beyond two sigma is one of them, one beyond a limit too. Those beyond two sigma are marked; the third is not,
  unless it is beyond too. NHS England's tools for Making Data Count have done so since the end of 2023. Before, and in
  version 0.2.2 of the NHS-R community's package, a point beyond a limit did not count as one of them.
- If the points do not vary from one to the next (mean moving range 0), the limits lie on the centre line, and no
  point is beyond them. (**Chosen**: only across a gap could a point be beyond them, and nothing is known of the size
  of steps there.)
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import groupby, pairwise
from typing import Any

from services.metrics.reasons import Reason

Number = float | Fraction | Decimal

D2 = Fraction("1.128")
"""Mean range of two values of a normal distribution, in standard deviations: the printed constant for n = 2
(NIST/SEMATECH e-Handbook of Statistical Methods 6.3.2.2; exactly 2/√π). Sigma is the mean moving range divided by
it."""

LIMIT_FACTOR = 3 / D2
"""Natural process limits lie three sigma from the centre line: 2.6596 mean moving ranges, printed as 2.66."""

TWO_SIGMA_FACTOR = 2 / D2
"""Two sigma in mean moving ranges."""

UPPER_RANGE_FACTOR = Fraction("3.268")
"""Upper range limit in mean moving ranges: Wheeler's constant. D4 = 1 + 3 d3/d2 is printed as 3.267, 3.268 or 3.27."""

LENGTH_OF_A_RUN = 7
"""Points on one side of the centre line that are a run: NHS England, Making Data Count. (Wheeler takes 8, Nelson 9.)"""

LENGTH_OF_A_TREND = 7
"""Points, each above (or each below) the one before, that are a trend: NHS England, Making Data Count."""

POINTS_FOR_LIMITS = 12
"""A phase of fewer points has provisional limits: the warning threshold of the NHS-R community's package for Making
Data Count, and a year of months. Wheeler draws useful limits from five or six, so they are drawn, and marked
provisional."""

RULES: dict[str, str] = {
    "outside-limits": "The point lies above the upper limit or below the lower limit: farther from the centre line "
    "than the usual variation from month to month explains.",
    "run": "The point is one of seven or more points in succession that all lie on the same side of the centre line.",
    "trend": "The point is one of seven or more points in succession that only rise, or only fall.",
    "two-of-three": "The point is one of three in succession that all lie on the same side of the centre line. It and "
    "at least one other lie more than two sigma away from that line: two thirds of the distance to a natural limit.",
}
"""Each rule that can mark a point, in the order in which they are listed: its name and what it says."""


@dataclass(frozen=True, slots=True)
class Point:
    """One point, in the unit of the series.

    `value` is None for a gap. `moving_range` is that from the point before, or None if the phase has none before.
    `rules` are the names of the rules that mark it, in the order of `RULES`.
    """

    value: Fraction | None
    moving_range: Fraction | None
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of a phase, exact, in the unit of the series.

    The centre is None if the phase has no point, and the other lines if it has no two neighbouring points. `lower` and
    `upper` are kept within what the measure can be. `two_sigma` is a distance from the centre.
    """

    centre: Fraction | None = None
    mean_moving_range: Fraction | None = None
    lower: Fraction | None = None
    upper: Fraction | None = None
    two_sigma: Fraction | None = None
    upper_range_limit: Fraction | None = None


@dataclass(frozen=True, slots=True)
class Phase:
    """The points from one re-basing to the next.

    `number` counts from 1. `start` is the position of its first point in the series (from 0). It is `provisional` if it
    has fewer than `POINTS_FOR_LIMITS` points, gaps not counted.
    """

    number: int
    start: int
    points: tuple[Point, ...]
    lines: Lines
    provisional: bool


def chart(
    points: Sequence[Number | None],
    rebase_at: Collection[int] = (),
    *,
    least: Number | None = None,
    greatest: Number | None = None,
    screened: bool = False,
) -> list[Phase]:
    """The control chart of a series, phase by phase. Without points there is no phase.

    - `points` are in order of time, one per month, None if there is no figure. A float stands for the decimal it is
      written as: 0.1 is a tenth.
    - `rebase_at` has the positions (from 0) of points with which a new phase begins.
    - `least` and `greatest` are what the measure cannot go below or above (0 for people, 0 and 100 for a share in per
      cent). Limits stop there.
    - `screened`: see the module.

    Raises ValueError for a point that is not finite or lies beyond `least` or `greatest`, and for a position outside
    the series.
    """
    low, high = _exact(least, "least"), _exact(greatest, "greatest")
    values = [_exact(point, f"Point {position}") for position, point in enumerate(points)]
    for position, value in enumerate(values):
        if value is not None and ((low is not None and value < low) or (high is not None and value > high)):
            raise ValueError(
                f"Point {position} is {points[position]}. The measure can be {least} at least and {greatest} at most "
                "(None: no bound)."
            )
    for position in rebase_at:
        if not 0 <= position < len(values):
            raise ValueError(
                f"There is no point {position} to re-base at. The series has {len(values)} points, counted from 0."
            )
    starts = sorted({0, *rebase_at, len(values)})
    return [
        _phase(number, start, values[start:end], low, high, screened)
        for number, (start, end) in enumerate(pairwise(starts), start=1)
    ]


def shown(phases: Iterable[Phase], decimals: int) -> dict[str, Any]:
    """The chart as an answer shows it: `points`, one per point of the series, and `phases`, with their lines.

    Numbers are rounded to `decimals` (0 or more), half up (halves away from 0, as all figures); a missing number is
    None. The rules have judged the exact numbers, so a marked point can look as if it lay on a line.
    """
    phases = list(phases)
    return {
        "points": [
            {
                "centre": _rounded(phase.lines.centre, decimals),
                "lower": _rounded(phase.lines.lower, decimals),
                "upper": _rounded(phase.lines.upper, decimals),
                "rules": list(point.rules),
                "phase": phase.number,
                **_why(phase.lines),
            }
            for phase in phases
            for point in phase.points
        ],
        "phases": [
            {
                "phase": phase.number,
                "start": phase.start,
                "points": sum(point.value is not None for point in phase.points),
                "centre": _rounded(phase.lines.centre, decimals),
                "lower": _rounded(phase.lines.lower, decimals),
                "upper": _rounded(phase.lines.upper, decimals),
                "mean_moving_range": _rounded(phase.lines.mean_moving_range, decimals),
                "upper_range_limit": _rounded(phase.lines.upper_range_limit, decimals),
                "provisional": phase.provisional,
                **_why(phase.lines),
            }
            for phase in phases
        ],
    }


def _why(lines: Lines) -> dict[str, Reason]:
    """Why there is no line: of no points, or of no two neighbouring ones, there is no mean."""
    return {"reason": Reason.NO_DENOMINATOR} if lines.mean_moving_range is None else {}


# --- a phase and its lines --------------------------------------------------------------------------------------------


def _phase(
    number: int,
    start: int,
    values: list[Fraction | None],
    least: Fraction | None,
    greatest: Fraction | None,
    screened: bool,
) -> Phase:
    moving_ranges = [None, *(_moving_range(before, value) for before, value in pairwise(values))]
    present = [value for value in values if value is not None]
    lines = _lines(present, [each for each in moving_ranges if each is not None], screened)
    marks: dict[str, set[int]] = {name: set() for name in RULES}
    for first, stretch in _stretches(values):
        for name, indexes in _marked(stretch, lines).items():
            marks[name].update(first + index for index in indexes)
    return Phase(
        number,
        start,
        tuple(
            Point(value, moving_range, tuple(name for name in RULES if index in marks[name]))
            for index, (value, moving_range) in enumerate(zip(values, moving_ranges, strict=True))
        ),
        _within(lines, least, greatest),
        provisional=len(present) < POINTS_FOR_LIMITS,
    )


def _moving_range(before: Fraction | None, value: Fraction | None) -> Fraction | None:
    return None if before is None or value is None else abs(value - before)


def _lines(present: list[Fraction], moving_ranges: list[Fraction], screened: bool) -> Lines:
    if not present:
        return Lines()
    centre = _mean(present)
    if not moving_ranges:
        return Lines(centre)
    mean = _mean(moving_ranges)
    if screened:
        # Some range is at most the mean, so some are always left.
        mean = _mean([each for each in moving_ranges if each <= UPPER_RANGE_FACTOR * mean])
    return Lines(
        centre,
        mean,
        lower=centre - LIMIT_FACTOR * mean,
        upper=centre + LIMIT_FACTOR * mean,
        two_sigma=TWO_SIGMA_FACTOR * mean,
        upper_range_limit=UPPER_RANGE_FACTOR * mean,
    )


def _mean(numbers: list[Fraction]) -> Fraction:
    return sum(numbers, Fraction(0)) / len(numbers)


def _within(lines: Lines, least: Fraction | None, greatest: Fraction | None) -> Lines:
    lower, upper = lines.lower, lines.upper
    if lower is not None and least is not None:
        lower = max(lower, least)
    if upper is not None and greatest is not None:
        upper = min(upper, greatest)
    return Lines(lines.centre, lines.mean_moving_range, lower, upper, lines.two_sigma, lines.upper_range_limit)


# --- the rules --------------------------------------------------------------------------------------------------------


def _stretches(values: list[Fraction | None]) -> Iterator[tuple[int, list[Fraction]]]:
    """The longest rows of points without a gap, each with the index of its first."""
    index = 0
    for is_gap, group in groupby(values, key=lambda value: value is None):
        row = list(group)
        if not is_gap:
            yield index, [value for value in row if value is not None]
        index += len(row)


def _marked(stretch: list[Fraction], lines: Lines) -> dict[str, set[int]]:
    """Which points of a stretch, by index, each rule marks."""
    centre = lines.centre
    assert centre is not None  # noqa: S101 - a stretch has a point, so its phase has a centre
    sides = [_sign(value - centre) for value in stretch]
    steps = [_sign(value - before) for before, value in pairwise(stretch)]
    marked = {
        "run": {index for first, length in _rows(sides, LENGTH_OF_A_RUN) for index in range(first, first + length)},
        # A trend of seven points is six steps; its last point is the one after its last step.
        "trend": {
            index for first, length in _rows(steps, LENGTH_OF_A_TREND - 1) for index in range(first, first + length + 1)
        },
    }
    if lines.mean_moving_range and lines.two_sigma is not None:
        distance = LIMIT_FACTOR * lines.mean_moving_range
        marked["outside-limits"] = {index for index, value in enumerate(stretch) if abs(value - centre) > distance}
        beyond = [abs(value - centre) > lines.two_sigma for value in stretch]
        marked["two-of-three"] = _two_of_three(sides, beyond)
    return marked


def _rows(signs: list[int], length: int) -> Iterator[tuple[int, int]]:
    """Where at least `length` equal signs, not 0, stand in a row: the index of the first, and how many they are."""
    index = 0
    for sign, group in groupby(signs):
        count = len(list(group))
        if sign and count >= length:
            yield index, count
        index += count


def _two_of_three(sides: list[int], beyond: list[bool]) -> set[int]:
    """The points beyond two sigma of every three in succession on one side of which at least two lie beyond it."""
    indexes: set[int] = set()
    for first in range(len(beyond) - 2):
        three = range(first, first + 3)
        those = [index for index in three if beyond[index]]
        if len({sides[index] for index in three}) == 1 and len(those) >= 2:
            indexes.update(those)
    return indexes


def _sign(number: Fraction) -> int:
    return (number > 0) - (number < 0)


# --- numbers ----------------------------------------------------------------------------------------------------------


def _exact(number: Number | None, name: str) -> Fraction | None:
    if number is None:
        return None
    try:
        # Through its digits: a figure shown as 49.6 is 49.6, not the nearest binary fraction.
        return Fraction(repr(float(number))) if isinstance(number, float) else Fraction(number)
    except (ValueError, OverflowError):
        raise ValueError(f"{name} is {number}. It is a finite number, or None where there is none.") from None


def _rounded(number: Fraction | None, decimals: int) -> float | None:
    if number is None:
        return None
    scale = 10**decimals
    steps = (2 * abs(number.numerator) * scale + number.denominator) // (2 * number.denominator)
    return float(Fraction(_sign(number) * steps, scale))
