"""Figures: what a measure comes to, by dimensions, at one date or period or at many.

Invariant: every figure comes of sums of parts in millionths, exactly; quick sums over columns are the same sums.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any

from services.metrics.columns import Columns, sums_over
from services.metrics.measures.catalogue import count
from services.metrics.measures.declaration import (
    DIMENSIONS,
    Count,
    Kind,
    Measure,
    Part,
    Rate,
    When,
    kept_over_time,
)
from services.metrics.picture.amounts import ONE
from services.metrics.picture.picture import Picture
from services.metrics.picture.service import Scope

Key = tuple[Any, ...]
"""The values of the dimensions asked for, in their order."""

LONG_AGO = datetime.min.replace(tzinfo=UTC)
"""As known at which nothing was: of no authority at all every sum is 0."""

LOW_RELIABILITY = "u"
"""DfE's mark for a figure of low reliability."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What figures of one authority are read from, as known at one instant.

    `picture` is worked out when it is first asked for. `columns`, where there are any, give the stocks of staffing
    without it.
    """

    authority: str
    as_known_at: datetime
    picture: Callable[[], Picture]
    columns: Columns | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """Of what a figure is asked: broken down `by` dimensions, only `where` they have these values, in one scope."""

    by: tuple[str, ...] = ()
    where: Mapping[str, Any] | None = None
    scope: Scope = Scope.ALL


def needs_picture(counts: Iterable[Count], asked: Asked) -> bool:
    """Whether these counts cannot be had from the columns of staffing alone."""
    return not all(_in_columns(counted, asked) for counted in counts)


def _in_columns(counted: Count, asked: Asked) -> bool:
    return counted.column is not None and all(name in DIMENSIONS for name in (*asked.by, *(asked.where or {})))


def parts(counted: Count, reading: Reading, when: When, asked: Asked) -> list[Part]:
    """The parts that a count is made of; their amounts add up to it."""
    found = counted.parts(reading.picture(), counted.scope or asked.scope, when)
    return [part for part in found if _fits(part, asked)]


def _fits(part: Part, asked: Asked) -> bool:
    return not asked.where or all(part.dimension(name) == value for name, value in asked.where.items())


def _key(part: Part, asked: Asked) -> Key:
    return tuple(part.dimension(name) for name in asked.by)


def sums(counted: Count, readings: Sequence[Reading], whens: Sequence[When], asked: Asked) -> dict[Key, list[int]]:
    """The sum of a count at each of some times, in millionths, for every key that occurs at one of them.

    Without dimensions that is one key, of which nothing counted is a nought too.
    """
    columns = [reading.columns for reading in readings if reading.columns is not None]
    if counted.column is not None and len(columns) == len(readings) and _in_columns(counted, asked):
        days = [when.as_at for when in whens]
        census = (counted.scope or asked.scope) is Scope.CENSUS
        as_known_at = readings[0].as_known_at if readings else LONG_AGO
        return sums_over(columns, counted.column, days, as_known_at, asked.by, asked.where, census)
    found: dict[Key, list[int]] = {} if asked.by else {(): [0] * len(whens)}
    for reading in readings:
        for key, amounts in _sums_of_one(counted, reading, whens, asked).items():
            before = found.get(key)
            found[key] = amounts if before is None else [a + b for a, b in zip(before, amounts, strict=True)]
    return found


def _sums_of_one(counted: Count, reading: Reading, whens: Sequence[When], asked: Asked) -> dict[Key, list[int]]:
    scope = counted.scope or asked.scope
    if counted.over_time is not None and len(whens) > 1:
        of_all_time = kept_over_time(counted.name, counted.over_time, reading.picture(), scope)
        return _over_time(counted.kind, [part for part in of_all_time if _fits(part, asked)], whens, asked)
    found: dict[Key, list[int]] = {}
    for place, when in enumerate(whens):
        for part in parts(counted, reading, when, asked):
            found.setdefault(_key(part, asked), [0] * len(whens))[place] += part.amount
    return found


def _over_time(kind: Kind, found: Iterable[Part], whens: Sequence[When], asked: Asked) -> dict[Key, list[int]]:
    """The same for parts that hold whatever is asked: each is looked at once, not once for every time."""
    steps: defaultdict[Key, defaultdict[date, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    for part in found:
        of_key = steps[_key(part, asked)]
        of_key[part.since][0] += part.amount
        of_key[part.since][1] += 1
        if kind is Kind.STOCK:
            of_key[part.until][0] -= part.amount
            of_key[part.until][1] -= 1
    sums_of_keys: dict[Key, list[int]] = {}
    for key, changes in steps.items():
        days = sorted(changes)
        amounts, counts = [0], [0]
        for day in days:
            amounts.append(amounts[-1] + changes[day][0])
            counts.append(counts[-1] + changes[day][1])
        spans = [_span(kind, when, days) for when in whens]
        if any(counts[last] - counts[first] for first, last in spans):
            sums_of_keys[key] = [amounts[last] - amounts[first] for first, last in spans]
    return sums_of_keys


def _span(kind: Kind, when: When, days: Sequence[date]) -> tuple[int, int]:
    if kind is Kind.STOCK:
        return 0, bisect_right(days, when.as_at)
    return bisect_right(days, when.opening), bisect_right(days, when.last)


@dataclass(frozen=True, slots=True)
class Figures:
    """What a measure comes to at some times: by key, and in all. None where there is no figure (a rate of nothing)."""

    rows: dict[Key, list[Fraction | None]]
    totals: list[Fraction | None]

    def sorted_rows(self) -> list[tuple[Key, list[Fraction | None]]]:
        """The rows in the order of their keys, what is not stated last."""
        return sorted(self.rows.items(), key=lambda row: [(value is None, value or 0) for value in row[0]])


def figures(measure: Measure, readings: Sequence[Reading], whens: Sequence[When], asked: Asked) -> Figures:
    """What a measure comes to at each of some times, summed over readings of several authorities."""
    if isinstance(measure, Count):
        found = sums(measure, readings, whens, asked)
        rows: dict[Key, list[Fraction | None]] = {
            key: [Fraction(amount, ONE) for amount in amounts] for key, amounts in found.items()
        }
        return Figures(rows, [Fraction(amount, ONE) for amount in _totals(found, len(whens))])
    return _rates(measure, readings, whens, asked)


def _totals(found: Mapping[Key, Sequence[int]], length: int) -> list[int]:
    return [sum(amounts[place] for amounts in found.values()) for place in range(length)]


def _rates(rate: Rate, readings: Sequence[Reading], whens: Sequence[When], asked: Asked) -> Figures:
    asked = asked if rate.scope is None else Asked(asked.by, asked.where, rate.scope)
    of_terms = {name: sums(count(name), readings, whens, asked) for name in {term.measure for term in rate.terms}}
    nothing = [0] * len(whens)

    def ratios(of_term: Callable[[str], Sequence[int]]) -> list[Fraction | None]:
        found: list[Fraction | None] = []
        for place, when in enumerate(whens):
            above = sum(term.sign * of_term(term.measure)[place] for term in rate.numerator)
            below = sum(term.sign * of_term(term.measure)[place] for term in rate.denominator)
            found.append(rate.factor(when) * Fraction(above, below) if below else None)
        return found

    keys = {key for found in of_terms.values() for key in found}
    rows = {key: ratios(lambda name, key=key: of_terms[name].get(key, nothing)) for key in keys}  # type: ignore[misc]
    totals = {name: _totals(found, len(whens)) for name, found in of_terms.items()}
    return Figures(rows, ratios(lambda name: totals[name]))


def mark(measure: Measure, value: Fraction | None) -> str | None:
    """DfE's mark of a figure: `u` where a rate is above what is reliable; None for most."""
    limit = measure.low_reliability_above if isinstance(measure, Rate) else None
    return LOW_RELIABILITY if limit is not None and value is not None and value > limit else None
