"""What a figure is the sum of.

Invariant: parts add up to their figure exactly.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

Dimensions = dict[str, str | int | None]
"""By name the plain code or identifier; None, or left out, where there is none."""


@dataclass(frozen=True)
class Part:
    """An amount (of FTE, people, days, pounds: as the measure counts), and what it can be broken down by."""

    dimensions: Dimensions
    amount: Fraction


def part(dimensions: Dimensions, amount: object = 1) -> Part:
    """A part of an int's, a Decimal's or a Fraction's exact amount; one where none is given."""
    return Part(dimensions, Fraction(amount))  # type: ignore[call-overload]


def figure(parts: Iterable[Part]) -> Fraction:
    """The sum."""
    return sum((one.amount for one in parts), Fraction(0))


def by(parts: Iterable[Part], names: Iterable[str]) -> dict[tuple[str | int | None, ...], Fraction]:
    """The sums by the values of these dimensions, in the order of the names; without those that come to 0."""
    names = list(names)
    sums: dict[tuple[str | int | None, ...], Fraction] = {}
    for one in parts:
        values = tuple(one.dimensions.get(name) for name in names)
        sums[values] = sums.get(values, Fraction(0)) + one.amount
    return {values: amount for values, amount in sums.items() if amount}
