"""Figures: what a measure comes to, by dimensions, at one date or period or at many.

Invariant: every figure comes of sums of parts in millionths, exactly; quick sums over columns are the same sums.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from services.metrics.figures.columns import Columns, StockSums
from services.metrics.measures.catalogue import counts_of
from services.metrics.measures.declaration import (
    Count,
    Elapsed,
    Kind,
    Measure,
    Part,
    Rate,
    When,
    kept_over_time,
)
from services.metrics.pauses import with_pauses
from services.metrics.reasons import Reason, Value, ratio
from services.metrics.snapshot.amounts import ONE
from services.metrics.snapshot.employment import Scope
from services.metrics.snapshot.snapshot import Snapshot
from services.metrics.timelines.dimensions import OF_POSTS

Key = tuple[Any, ...]
"""The values of the dimensions asked for, in their order."""

Sums = list[int | None]
"""Sums in millionths, one for each time; None where nobody counted what is added up."""

LOW_RELIABILITY = "u"
"""DfE's mark for a figure of low reliability."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What figures of one authority are read from, as known at one instant.

    `snapshot` is worked out when it is first asked for. `columns`, where there are any, give the stocks of staffing
    without it.
    """

    authority: str
    as_known_at: datetime
    snapshot: Callable[[], Snapshot]
    columns: Columns | None = None


@dataclass(frozen=True, slots=True)
class FigureQuery:
    """Of what a figure is asked: broken down `by` dimensions, only `where` they have these values, in one scope."""

    by: tuple[str, ...] = ()
    where: Mapping[str, Any] | None = None
    scope: Scope = Scope.ALL


def needs_snapshot(counts: Iterable[Count], query: FigureQuery) -> bool:
    """Whether these counts cannot be had from the columns of staffing alone."""
    return not all(_in_columns(counted, query) for counted in counts)


def _in_columns(counted: Count, query: FigureQuery) -> bool:
    return counted.column is not None and all(name in OF_POSTS for name in (*query.by, *(query.where or {})))


def parts(counted: Count, reading: Reading, when: When, query: FigureQuery) -> list[Part]:
    """The parts that a count is made of; their amounts add up to it. None where there is no such figure."""
    if not _has_figure(counted, reading, query):
        return []
    counting = counted.parts(reading.snapshot(), counted.scope or query.scope, when)
    return [part for part in counting if _fits(part, query)]


def _has_figure(counted: Count, reading: Reading, query: FigureQuery) -> bool:
    return _adds_up(counted, query, _kinds(counted, reading)) and _rests_on_rules_of(counted, {reading.authority})


def _kinds(counted: Count, reading: Reading) -> set[Key]:
    """The kinds, which may overlap, of which anything is ever counted; none where a count has no such kinds."""
    if not counted.apart or counted.over_time is None:
        return set()
    snapshot = reading.snapshot()
    of_all_time = kept_over_time(counted.name, counted.over_time, snapshot, counted.scope or Scope.ALL)
    return snapshot.kept(
        ("kinds", counted.name), lambda: {tuple(part.dimension(name) for name in counted.apart) for part in of_all_time}
    )


def _adds_up(counted: Count, query: FigureQuery, kinds: Collection[Key]) -> bool:
    """Whether the parts asked for, of one row or in all, add up: where several kinds overlap, each by itself."""
    return len(kinds) < 2 or all(name in query.by or name in (query.where or {}) for name in counted.apart)


def _rests_on_rules_of(counted: Count, authorities: Collection[str]) -> bool:
    """Whether a count that rests on the rule of one council is asked for no other."""
    return counted.authorities is None or counted.authorities.issuperset(authorities)


def narrowed(query: FigureQuery, counted: Count) -> FigureQuery:
    """What is asked of one count of a rate: no dimension that it does not have."""
    has = counted.dimensions
    by = tuple(name for name in query.by if name in has)
    return replace(query, by=by, where={name: value for name, value in (query.where or {}).items() if name in has})


def _fits(part: Part, query: FigureQuery) -> bool:
    return not query.where or all(part.dimension(name) == value for name, value in query.where.items())


def _key(part: Part, query: FigureQuery) -> Key:
    return tuple(part.dimension(name) for name in query.by)


class _Adding:
    """The sum of one count at some times, by key, over readings that come one after another."""

    def __init__(self, counted: Count, whens: Sequence[When], query: FigureQuery) -> None:
        self.counted, self._whens, self._query = counted, whens, query
        self._in_columns: StockSums | None = None
        self._sums: dict[Key, Sums] = {} if query.by else {(): [counted.nothing] * len(whens)}

    def add(self, readings: Sequence[Reading]) -> None:
        """Add these: from columns where they have them and these are enough."""
        if self.counted.column is not None and _in_columns(self.counted, self._query):
            columns = [reading.columns for reading in readings if reading.columns is not None]
            if columns:
                self._stock(readings[0].as_known_at).add(columns)
            readings = [reading for reading in readings if reading.columns is None]
        for reading in with_pauses(readings):
            self._merge(_sums_of_one(self.counted, reading, self._whens, self._query))

    def sums(self) -> dict[Key, Sums]:
        """The sums for every key that occurs at one of the times. Without dimensions that is one key."""
        if self._in_columns is not None:
            self._merge(self._in_columns.sums())
            self._in_columns = None
        return self._sums

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
            self._sums[key] = list(amounts) if before is None else _added(before, amounts)


def _added(some: Sequence[int | None], more: Sequence[int | None]) -> Sums:
    """Both, time by time; what somebody counted stands where others did not count."""
    return [b if a is None else a if b is None else a + b for a, b in zip(some, more, strict=True)]


def _sums_of_one(counted: Count, reading: Reading, whens: Sequence[When], query: FigureQuery) -> dict[Key, Sums]:
    scope = counted.scope or query.scope
    if counted.over_time is not None and len(whens) > 1 and _has_figure(counted, reading, query):
        of_all_time = kept_over_time(counted.name, counted.over_time, reading.snapshot(), scope)
        return _over_time(counted, [part for part in of_all_time if _fits(part, query)], whens, query)
    by_key: dict[Key, Sums] = {}
    for index, when in with_pauses(enumerate(whens)):
        for part in parts(counted, reading, when, query):
            sums = by_key.setdefault(_key(part, query), [counted.nothing] * len(whens))
            sums[index] = (sums[index] or 0) + part.amount
    return by_key


def _over_time(counted: Count, counting: Iterable[Part], whens: Sequence[When], query: FigureQuery) -> dict[Key, Sums]:
    """The same for parts that hold whatever is asked: each is looked at once, not once for every time."""
    steps: defaultdict[Key, defaultdict[date, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    for part in counting:
        of_key = steps[_key(part, query)]
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


class Rows(Mapping[Key, list[Value]]):
    """Figures by key, each row worked out when it is looked at and held by nobody: of many they would fill memory."""

    def __init__(self, keys: Collection[Key], make: Callable[[Key], list[Value]]) -> None:
        self._keys = keys
        self._make = make

    def __getitem__(self, key: Key) -> list[Value]:
        if key not in self._keys:
            raise KeyError(key)
        return self._make(key)

    def __iter__(self) -> Iterator[Key]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)


@dataclass(frozen=True, slots=True)
class Figures:
    """What a measure comes to at some times: by key, and in all; where there is no figure, the reason."""

    rows: Rows
    totals: list[Value]
    tell_anything: bool
    """Whether any of them is neither nought nor missing."""

    def sorted_rows(self) -> Iterator[tuple[Key, list[Value]]]:
        """The rows in the order of their keys, what is not stated last."""
        for key in with_pauses(sorted(self.rows, key=lambda key: [(value is None, value or 0) for value in key])):
            yield key, self.rows[key]


def figures(measure: Measure, readings: Sequence[Reading], whens: Sequence[When], query: FigureQuery) -> Figures:
    """What a measure comes to at each of some times, summed over readings of several authorities."""
    sums = FigureSums([measure], whens, query)
    sums.add(readings)
    return sums.figures(measure)


class FigureSums:
    """What some measures come to at some times, over readings that come one after another and may then be let go."""

    def __init__(self, measures: Iterable[Measure], whens: Sequence[When], query: FigureQuery) -> None:
        self._whens = whens
        self._query = query
        self._authorities: set[str] = set()
        self._kinds: defaultdict[str, set[Key]] = defaultdict(set)
        self._counts: dict[tuple[str, Scope], _Adding] = {}
        for measure in measures:
            of_measure = _query_of(measure, query)
            for counted in counts_of(measure):
                key = counted.name, of_measure.scope
                self._counts.setdefault(key, _Adding(counted, whens, narrowed(of_measure, counted)))

    def add(self, readings: Sequence[Reading]) -> None:
        """Add what these say."""
        self._authorities.update(reading.authority for reading in readings)
        for adding in self._counts.values():
            adding.add(readings)
            for reading in readings if adding.counted.apart else ():
                self._kinds[adding.counted.name] |= _kinds(adding.counted, reading)

    def figures(self, measure: Measure) -> Figures:
        """What one of the measures comes to in all that was added."""
        added_up, counts = self._added_up(measure), counts_of(measure)
        if not all(_rests_on_rules_of(counted, self._authorities) for counted in counts):
            return _withheld(added_up, Reason.NO_POLICY, rows_too=True)
        in_all = replace(self._query, by=())
        if not all(_adds_up(counted, in_all, self._kinds[counted.name]) for counted in counts):
            rows_too = not all(_adds_up(counted, self._query, self._kinds[counted.name]) for counted in counts)
            return _withheld(added_up, Reason.NOT_COUNTED, rows_too=rows_too)
        return added_up

    def _added_up(self, measure: Measure) -> Figures:
        scope = _query_of(measure, self._query).scope
        if isinstance(measure, Rate):
            of_terms = {term.measure: self._counts[term.measure, scope].sums() for term in measure.terms}
            return _rates(measure, of_terms, self._whens, self._query.by)
        sums = self._counts[measure.name, scope].sums()

        def exactly(amounts: Sums) -> list[Value]:
            return [_value(amount, when) for amount, when in zip(amounts, self._whens, strict=True)]

        totals = exactly(_totals(measure, sums, len(self._whens)))
        return _told(Rows(sums.keys(), lambda key: exactly(sums[key])), totals)


def _query_of(measure: Measure, query: FigureQuery) -> FigureQuery:
    """What is asked of the counts of a measure: CSWW rates are of the census always."""
    return FigureQuery(query.by, query.where, measure.scope) if isinstance(measure, Rate) and measure.scope else query


def _value(amount: int | None, when: When) -> Value:
    if when.elapsed is Elapsed.TO_COME:
        return Reason.NOT_YET
    return Reason.NOT_COUNTED if amount is None else Fraction(amount, ONE)


def _totals(counted: Count, by_key: Mapping[Key, Sequence[int | None]], length: int) -> Sums:
    totals: Sums = [counted.nothing] * length
    for amounts in with_pauses(by_key.values()):
        totals = _added(totals, amounts)
    return totals


def _withheld(figures: Figures, reason: Reason, rows_too: bool) -> Figures:
    """The same without a total, and without rows where these are none either, for a reason."""

    def nothing(values: Sequence[Value]) -> list[Value]:
        return [value if value is Reason.NOT_YET else reason for value in values]

    rows = Rows(figures.rows.keys(), lambda key: nothing(figures.rows[key])) if rows_too else figures.rows
    return Figures(rows, nothing(figures.totals), figures.tell_anything)


def _rates(rate: Rate, of_terms: Mapping[str, Mapping[Key, Sums]], whens: Sequence[When], by: Sequence[str]) -> Figures:
    counts = {counted.name: counted for counted in counts_of(rate)}
    # Of a key the indexes of the dimensions that a count has.
    has = {name: [at for at, one in enumerate(by) if one in counted.dimensions] for name, counted in counts.items()}
    nothing = {name: [counted.nothing] * len(whens) for name, counted in counts.items()}

    def ratios(of_term: Callable[[str], Sums]) -> list[Value]:
        sums = {name: of_term(name) for name in counts}
        return [
            _ratio(rate, when, {name: of_times[index] for name, of_times in sums.items()})
            for index, when in enumerate(whens)
        ]

    keys = {key for name, by_key in of_terms.items() if len(has[name]) == len(by) for key in by_key}

    def of_key(key: Key) -> list[Value]:
        return ratios(lambda name: of_terms[name].get(tuple(key[at] for at in has[name]), nothing[name]))

    rows = Rows(keys, of_key)
    totals = {name: _totals(counts[name], by_key, len(whens)) for name, by_key in of_terms.items()}
    return _told(rows, ratios(lambda name: totals[name]))


def _ratio(rate: Rate, when: When, sums: Mapping[str, int | None]) -> Value:
    """A rate of sums; where one of them was not counted, the rate is not known either."""
    if when.elapsed is Elapsed.TO_COME:
        return Reason.NOT_YET
    known = {name: amount for name, amount in sums.items() if amount is not None}
    if len(known) < len(sums):
        return Reason.NOT_COUNTED
    above = sum(term.sign * known[term.measure] for term in rate.numerator)
    below = sum(term.sign * known[term.measure] for term in rate.denominator)
    return ratio(rate.factor(when) * above, below)


def _told(rows: Rows, totals: list[Value]) -> Figures:
    tell = any(not isinstance(value, Reason) and value for values in with_pauses(rows.values()) for value in values)
    return Figures(rows, totals, tell)


def mark(measure: Measure, value: Value) -> str | None:
    """DfE's mark of a figure: `u` where a rate is above what is reliable; None for most."""
    limit = measure.low_reliability_above if isinstance(measure, Rate) else None
    unreliable = limit is not None and not isinstance(value, Reason) and value > limit
    return LOW_RELIABILITY if unreliable else None
