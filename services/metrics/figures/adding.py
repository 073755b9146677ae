"""Sums of a count at many times, by key, over authorities. They are added one after another, and need not stay in
memory.

Invariant: quick sums over columns equal the sums of the parts. What nobody counted is None, not 0.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime

from services.metrics.figures.columns import StockSums
from services.metrics.figures.edges import Edges
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

ROW_BYTES = 250
"""Memory for the sums of one key: the key, and its slots in lists."""
SUM_BYTES = 40
"""Of one sum."""


class Adding:
    """The sum of one count at some times, by key, over readings that come one after another."""

    def __init__(self, counted: Count, whens: Sequence[When], query: FigureQuery) -> None:
        self.counted, self._whens, self._query = counted, whens, query
        self._in_columns: StockSums | None = None
        self._sums: dict[Key, Sums] = {} if query.by else {(): [counted.nothing] * len(whens)}

    def add(self, readings: Sequence[Reading]) -> list[dict[Key, Sums] | None]:
        """Add readings, and give what each of them adds. Those that have columns, if columns are enough, are summed
        together: for them it gives None.
        """
        with_columns = self.counted.column is not None and in_columns(self.counted, self._query)
        columns = [reading.columns for reading in readings if with_columns and reading.columns is not None]
        if columns:
            self._stock(readings[0].as_known_at).add(columns)
        of_each: list[dict[Key, Sums] | None] = []
        for reading in with_pauses(readings):
            if with_columns and reading.columns is not None:
                of_each.append(None)
                continue
            sums = sums_of_one(self.counted, reading, self._whens, self._query)
            self._merge(sums)
            of_each.append(sums)
        return of_each

    def sums(self) -> dict[Key, Sums]:
        """The sums for every key that occurs at one of the times. Without dimensions there is one key."""
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
            query = self._query
            scope = self.counted.scope or query.scope
            self._in_columns = StockSums(self.counted.column, days, as_known_at, query.by, query.where, scope)
        return self._in_columns

    def _merge(self, more: Mapping[Key, Sequence[int | None]]) -> None:
        for key, amounts in more.items():
            before = self._sums.get(key)
            self._sums[key] = list(amounts) if before is None else added(before, amounts)


class Terms:
    """The counts of a rate at some times, by key. A count without one of the dimensions is the same for each of its
    values.
    """

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
    """The counts of a rate, only at times at which an authority counted all of them, over authorities one after
    another.

    Without this, what some authorities counted would be divided by what all have.
    """

    def __init__(self, rate: Rate, whens: Sequence[When], query: FigureQuery) -> None:
        self._rate, self._whens, self._query = rate, whens, query
        self.scope = query.scope
        self._rows: dict[Key, dict[str, Sums]] = {}
        self.totals = self._nothing()

    def add(self, reading: Reading, known: Mapping[str, dict[Key, Sums] | None]) -> None:
        """Add what one authority says. `known` are the sums of those of its counts that were worked out already."""
        sums: dict[str, dict[Key, Sums]] = {}
        for counted in counts_of(self._rate):
            of_it = known[counted.name]
            query = narrowed(self._query, counted)
            sums[counted.name] = sums_of_one(counted, reading, self._whens, query) if of_it is None else of_it
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
    """The sum of both, time by time. If only one was counted, that one."""
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
        counting = parts(counted, reading, when, query)
        if counting and not query.by:
            by_key.setdefault((), [counted.nothing] * len(whens))[index] = sum(part.amount for part in counting)
            continue
        for part in counting:
            sums = by_key.setdefault(key_of(part, query), [counted.nothing] * len(whens))
            sums[index] = (sums[index] or 0) + part.amount
    return by_key


def _of_all_kinds(
    counted: Count, reading: Reading, whens: Sequence[When], query: FigureQuery, apart: Sequence[str]
) -> dict[Key, Sums]:
    """For several kinds that overlap: no figure, but whether anything was counted."""
    by_key: dict[Key, Sums] = {}
    of_each = sums_of_one(counted, reading, whens, FigureQuery((*query.by, *apart), query.where, query.scope))
    for key, sums in of_each.items():
        in_all = key[: len(query.by)]
        by_key[in_all] = added(by_key.get(in_all, [counted.nothing] * len(whens)), sums)
    return by_key


def _over_time(counted: Count, counting: Iterable[Part], whens: Sequence[When], query: FigureQuery) -> dict[Key, Sums]:
    """The same for parts that do not depend on the time asked for: each is looked at once, not once for every time."""
    of_keys: defaultdict[Key, Edges] = defaultdict(Edges)
    for part in counting:
        edges = of_keys[key_of(part, query)]
        edges.begin(part.since, part.amount)
        if counted.kind is Kind.STOCK:
            edges.end(part.until, part.amount)
    sums_of_keys: dict[Key, Sums] = {}
    for key, edges in with_pauses(of_keys.items()):
        days, amounts, counts = edges.sums()
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
