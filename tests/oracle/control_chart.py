"""The control chart a second time: slow, obvious, every rule asked of every window of points that a point lies in.

Invariant: nothing here comes from services/; where the two disagree, one of them does not keep the definitions.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from fractions import Fraction

Window = Sequence[Fraction | None]


@dataclass
class PhaseByHand:
    """The lines of one phase, and of each of its points the names of the rules that mark it."""

    centre: Fraction | None
    mean_moving_range: Fraction | None
    lower: Fraction | None
    upper: Fraction | None
    upper_range_limit: Fraction | None
    rules: list[set[str]]


def phases_by_hand(
    points: Sequence[Fraction | None], rebase_at: Collection[int], screened: bool = False
) -> list[PhaseByHand]:
    """The phases of a series, in order."""
    phases: list[list[Fraction | None]] = []
    for position, point in enumerate(points):
        if position == 0 or position in rebase_at:
            phases.append([])
        phases[-1].append(point)
    return [_phase(phase, screened) for phase in phases]


def _phase(points: list[Fraction | None], screened: bool) -> PhaseByHand:
    known = [point for point in points if point is not None]
    centre = sum(known) / Fraction(len(known)) if known else None
    ranges = []
    for index in range(1, len(points)):
        before, point = points[index - 1], points[index]
        if before is not None and point is not None:
            ranges.append(max(before, point) - min(before, point))
    if centre is None or not ranges:
        phase = PhaseByHand(centre, None, None, None, None, [])
    else:
        mean = sum(ranges) / Fraction(len(ranges))
        if screened:
            kept = [each for each in ranges if not each > mean * Fraction(3268, 1000)]
            mean = sum(kept) / Fraction(len(kept))
        sigma = mean * 1000 / 1128
        phase = PhaseByHand(centre, mean, centre - 3 * sigma, centre + 3 * sigma, mean * 3268 / 1000, [])
    phase.rules = [_rules_of(points, index, phase) for index in range(len(points))]
    return phase


def _rules_of(points: list[Fraction | None], index: int, lines: PhaseByHand) -> set[str]:
    centre = lines.centre
    if points[index] is None or centre is None:
        return set()

    def some_window(length: int, has_the_pattern: Callable[[list[Fraction]], bool]) -> bool:
        for first in range(index - length + 1, index + 1):
            window = points[first : first + length] if first >= 0 else []
            known = [point for point in window if point is not None]
            if len(known) == length and has_the_pattern(known):
                return True
        return False

    rules = set()
    if some_window(7, lambda seven: all(x > centre for x in seven) or all(x < centre for x in seven)):
        rules.add("run")
    if some_window(7, lambda seven: _only_rises(seven) or _only_rises(seven[::-1])):
        rules.add("trend")
    if lines.mean_moving_range:
        rules |= _rules_on_limits(points[index], centre, lines, some_window)
    return rules


def _rules_on_limits(
    point: Fraction | None,
    centre: Fraction,
    lines: PhaseByHand,
    some_window: Callable[[int, Callable[[list[Fraction]], bool]], bool],
) -> set[str]:
    if point is None or lines.lower is None or lines.upper is None:
        return set()
    rules = set()
    if point < lines.lower or point > lines.upper:
        rules.add("outside-limits")
    two_above = centre + (lines.upper - centre) * 2 / 3
    two_below = centre - (centre - lines.lower) * 2 / 3
    if point > two_above and some_window(
        3, lambda three: min(three) > centre and sum(x > two_above for x in three) >= 2
    ):
        rules.add("two-of-three")
    if point < two_below and some_window(
        3, lambda three: max(three) < centre and sum(x < two_below for x in three) >= 2
    ):
        rules.add("two-of-three")
    return rules


def _only_rises(points: list[Fraction]) -> bool:
    return points == sorted(set(points))
