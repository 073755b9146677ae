"""Sums of a count at many times, by key, over authorities that come one after another and may then be let go.

Invariant: quick sums over columns are those of the parts; what nobody counted is None, which is no 0.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime

from services.metrics.figures.columns import StockSums
from services.metrics.figures.reading import (
    FigureQuery,
    Key,
    Reading,
    Sums,
    fits,
    has_figure,
    in_columns,
    key_of,
    kinds_of,
    narrowed,
    parts,
)
from services.metrics.measures.catalogue import counts_of
from services.metrics.measures.declaration import Count, Kind, Part, Rate, When, kept_over_time
from services.metrics.pauses import with_pauses
from services.metrics.snapshot.employment import Scope

ROW_BYTES = 250
"""Of the sums of one key: the key, and its slots in lists."""
SUM_BYTES = 40
"""Of one sum."""


class Adding:
    """The sum of one count at some times, by key, over readings that come one after another."""

    def __init__(self, counted: Count, whens: Sequence[When], query: FigureQuery) -> None:
        self.counted, self._whens, self._query = counted, whens, query
        self._in_columns: StockSums | None = None
        self._sums: dict[Key, Sums] = {} if query.by else {(): [counted.nothing] * len(whens)}

    def add(self, readings: Sequence[Reading]) -> None:
        """Add these: from columns where they have them and these are enough."""
        if self.counted.column is not None and in_columns(self.counted, self._query):
            columns = [reading.columns for reading in readings if reading.columns is not None]
            if columns:
                self._stock(readings[0].as_known_at).add(columns)
            readings = [reading for reading in readings if reading.columns is None]
        for reading in with_pauses(readings):
            self._merge(sums_of_one(self.counted, reading, self._whens, self._query))

    def sums(self) -> dict[Key, Sums]:
        """The sums for every key that occurs at one of the times. Without dimensions that is one key."""
        if self._in_columns is not None:
            self._merge(self._in_columns.sums())
            self._in_columns = None
        return self._sums

    def merge(self, other: "Adding") -> None:
        """Add what was added to another one of the same, of other authorities."""
        self._merge(other.sums())

    @property
    def weight(self) -> int:
        """Bytes it takes."""
        return len(self.sums()) * (ROW_BYTES + SUM_BYTES * len(self._whens))

    def _stock(self, as_known_at: datetime) -> StockSums:
        if self._in_columns is None:
            assert self.counted.column is not None  # noqa: S101  (asked for only where there is one)
            days = [when.as_at for when in self._whens]
            census = (self.counted.scope or self._query.scope) is Scope.CENSUS
            query = self._query
            self._in_columns = StockSums(self.counted.column, days, as_known_at, query.by, query.where, census)
        return self._in_columns

    def _merge(self, more: Mapping[Key, Sequence[int | None]]) -> None:
        for key, amounts in more.items():
            before = self._sums.get(key)
            self._sums[key] = list(amounts) if before is None else added(before, amounts)


class Terms:
    """The counts of a rate at some times, by key: one that lacks a dimension is the same for each value of it."""

    def __init__(self, rate: Rate, by: Sequence[str], length: int, sums: Mapping[str, Mapping[Key, Sums]]) -> None:
        counts = counts_of(rate)
        self._sums = sums
        self._nothing: dict[str, Sums] = {counted.name: [counted.nothing] * length for counted in counts}
        self._has = {counted.name: [at for at, one in enumerate(by) if one in counted.dimensions] for counted in counts}
        self.keys = {key for name, by_key in sums.items() if len(self._has[name]) == len(by) for key in by_key}
        self.totals = {counted.name: totals(counted, sums[counted.name], length) for counted in counts}

    def of(self, key: Key) -> dict[str, Sums]:
        """The sums of each count behind one row."""
        return {
            name: self._sums[name].get(tuple(key[at] for at in has), self._nothing[name])
            for name, has in self._has.items()
        }


class Together:
    """The counts of a rate at the times at which an authority counted all of them, over authorities one after another.

    Else what some counted would be divided by what all have.
    """

    def __init__(self, rate: Rate, whens: Sequence[When], query: FigureQuery) -> None:
        self._rate, self._whens, self._query = rate, whens, query
        self._rows: dict[Key, dict[str, Sums]] = {}
        self.totals = self._nothing()

    def add(self, reading: Reading) -> None:
        """Add what one authority says."""
        sums = {
            counted.name: sums_of_one(counted, reading, self._whens, narrowed(self._query, counted))
            for counted in counts_of(self._rate)
        }
        terms = Terms(self._rate, self._query.by, len(self._whens), sums)
        self._merge({key: _where_all_counted(terms.of(key)) for key in terms.keys}, _where_all_counted(terms.totals))

    def merge(self, other: "Together") -> None:
        """Add what was added to another one of the same, of other authorities."""
        self._merge(other._rows, other.totals)

    @property
    def keys(self) -> Collection[Key]:
        """Those of which there are rows."""
        return self._rows.keys()

    def of(self, key: Key) -> dict[str, Sums]:
        """The sums of each count behind one row."""
        return self._rows[key]

    @property
    def weight(self) -> int:
        """Bytes it takes."""
        return (len(self._rows) + 1) * len(self.totals) * (ROW_BYTES + SUM_BYTES * len(self._whens))

    def _nothing(self) -> dict[str, Sums]:
        return {counted.name: [None] * len(self._whens) for counted in counts_of(self._rate)}

    def _merge(self, rows: Mapping[Key, Mapping[str, Sums]], in_all: Mapping[str, Sums]) -> None:
        for key, more in rows.items():
            before = self._rows.get(key) or self._nothing()
            self._rows[key] = {name: added(sums, more[name]) for name, sums in before.items()}
        self.totals = {name: added(sums, in_all[name]) for name, sums in self.totals.items()}


def _where_all_counted(sums: Mapping[str, Sums]) -> dict[str, Sums]:
    counted = [None not in at_a_time for at_a_time in zip(*sums.values(), strict=True)]
    return {
        name: [value if all_counted else None for value, all_counted in zip(values, counted, strict=True)]
        for name, values in sums.items()
    }


def totals(counted: Count, by_key: Mapping[Key, Sequence[int | None]], length: int) -> Sums:
    """The sums of all rows of a count."""
    sums: Sums = [counted.nothing] * length
    for amounts in with_pauses(by_key.values()):
        sums = added(sums, amounts)
    return sums


def added(some: Sequence[int | None], more: Sequence[int | None]) -> Sums:
    """Both, time by time; what somebody counted stands where others did not count."""
    return [b if a is None else a if b is None else a + b for a, b in zip(some, more, strict=True)]


def sums_of_one(counted: Count, reading: Reading, whens: Sequence[When], query: FigureQuery) -> dict[Key, Sums]:
    """The sums of one count in one snapshot, by key."""
    apart = tuple(name for name in counted.apart if name not in query.by and name not in (query.where or {}))
    if apart and len(kinds_of(counted, reading)) > 1:
        return _of_all_kinds(counted, reading, whens, query, apart)
    scope = counted.scope or query.scope
    if counted.over_time is not None and len(whens) > 1 and has_figure(counted, reading, query):
        of_all_time = kept_over_time(counted.name, counted.over_time, reading.snapshot(), scope)
        return _over_time(counted, [part for part in of_all_time if fits(part, query)], whens, query)
    by_key: dict[Key, Sums] = {}
    for index, when in with_pauses(enumerate(whens)):
        for part in parts(counted, reading, when, query):
            sums = by_key.setdefault(key_of(part, query), [counted.nothing] * len(whens))
            sums[index] = (sums[index] or 0) + part.amount
    return by_key


def _of_all_kinds(
    counted: Count, reading: Reading, whens: Sequence[When], query: FigureQuery, apart: Sequence[str]
) -> dict[Key, Sums]:
    """What was counted of any of several kinds that overlap: no figure, but whether there would be one."""
    by_key: dict[Key, Sums] = {}
    of_each = sums_of_one(counted, reading, whens, FigureQuery((*query.by, *apart), query.where, query.scope))
    for key, sums in of_each.items():
        in_all = key[: len(query.by)]
        by_key[in_all] = added(by_key.get(in_all, [counted.nothing] * len(whens)), sums)
    return by_key


def _over_time(counted: Count, counting: Iterable[Part], whens: Sequence[When], query: FigureQuery) -> dict[Key, Sums]:
    """The same for parts that hold whatever is asked: each is looked at once, not once for every time."""
    steps: defaultdict[Key, defaultdict[date, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    for part in counting:
        of_key = steps[key_of(part, query)]
        of_key[part.since][0] += part.amount
        of_key[part.since][1] += 1
        if counted.kind is Kind.STOCK:
            of_key[part.until][0] -= part.amount
            of_key[part.until][1] -= 1
    sums_of_keys: dict[Key, Sums] = {}
    for key, changes in with_pauses(steps.items()):
        days = sorted(changes)
        amounts, counts = [0], [0]
        for day in days:
            amounts.append(amounts[-1] + changes[day][0])
            counts.append(counts[-1] + changes[day][1])
        spans = [_span(counted.kind, when, days) for when in whens]
        if any(counts[last] - counts[first] for first, last in spans):
            sums_of_keys[key] = [
                amounts[last] - amounts[first] if counts[last] - counts[first] else counted.nothing
                for first, last in spans
            ]
    return sums_of_keys


def _span(kind: Kind, when: When, days: Sequence[date]) -> tuple[int, int]:
    if kind is Kind.STOCK:
        return 0, bisect_right(days, when.as_at)
    return bisect_right(days, when.opening), bisect_right(days, when.last)
