"""Figures: what a measure comes to, by dimensions, at one date or period or at many.

Invariant: every figure is made of exact sums of parts in millionths. Quick sums over columns are the same sums.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from services.metrics.figures.adding import Adding, Terms, Together, totals
from services.metrics.figures.reading import (
    FigureQuery,
    Key,
    Reading,
    Sums,
    adds_up,
    kinds_of,
    narrowed,
    rests_on_rules_of,
)
from services.metrics.measures.catalogue import counts_of
from services.metrics.measures.declaration import Elapsed, Measure, Rate, When
from services.metrics.pauses import with_pauses
from services.metrics.reasons import Reason, Value, ratio
from services.metrics.snapshot.amounts import ONE
from services.metrics.snapshot.employment import Scope

LOW_RELIABILITY = "u"
"""DfE's mark for a figure of low reliability."""


class Rows(Mapping[Key, list[Value]]):
    """Figures by key. Each row is worked out when it is looked at, and not kept: many of them would fill memory."""

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
    """What a measure comes to at some times: by key, and in total; or the reason why there is no figure."""

    rows: Rows
    totals: list[Value]
    tell_anything: bool
    """Whether any of them is neither 0 nor missing."""

    def sorted_rows(self) -> Iterator[tuple[Key, list[Value]]]:
        """The rows in the order of their keys, what is not stated last."""
        for key in with_pauses(sorted(self.rows, key=lambda key: [(value is None, value or 0) for value in key])):
            yield key, self.rows[key]


def figures(measure: Measure, readings: Sequence[Reading], whens: Sequence[When], query: FigureQuery) -> Figures:
    """What a measure comes to at each of some times, summed over readings of several authorities."""
    sums = FigureSums([measure], whens, query)
    sums.add(readings)
    return sums.figures(measure)


SUMS_BYTES = 3_000
"""Of sums without any row."""


class FigureSums:
    """What some measures come to at some times, over readings that are added one after another and need not stay in
    memory.
    """

    def __init__(self, measures: Iterable[Measure], whens: Sequence[When], query: FigureQuery) -> None:
        self._whens = whens
        self._query = query
        self._authorities: set[str] = set()
        self._kinds: defaultdict[str, set[Key]] = defaultdict(set)
        self._counts: dict[tuple[str, Scope], Adding] = {}
        self._together: dict[str, Together] = {}
        for measure in measures:
            of_measure = _query_of(measure, query)
            for counted in counts_of(measure):
                key = counted.name, of_measure.scope
                self._counts.setdefault(key, Adding(counted, whens, narrowed(of_measure, counted)))
            if isinstance(measure, Rate) and any(counted.counted for counted in counts_of(measure)):
                self._together[measure.name] = Together(measure, whens, of_measure)

    def add(self, readings: Sequence[Reading]) -> None:
        """Add what these say."""
        self._authorities.update(reading.authority for reading in readings)
        of_each = {}
        for key, adding in self._counts.items():
            of_each[key] = adding.add(readings)
            for reading in readings if adding.counted.apart else ():
                self._kinds[adding.counted.name] |= kinds_of(adding.counted, reading)
        for together in self._together.values():
            in_its_scope = {name: sums for (name, scope), sums in of_each.items() if scope == together.scope}
            for index, reading in enumerate(readings):
                together.add(reading, {name: sums[index] for name, sums in in_its_scope.items()})

    def merge(self, other: "FigureSums") -> None:
        """Add what was added to another one of the same measures, times and query, of other authorities."""
        self._authorities |= other._authorities
        for name, kinds in other._kinds.items():
            self._kinds[name] |= kinds
        for key, adding in self._counts.items():
            adding.merge(other._counts[key])
        for name, together in self._together.items():
            together.merge(other._together[name])

    @property
    def weight(self) -> int:
        """Bytes it takes: an estimate."""
        of_counts = sum(adding.weight for adding in self._counts.values())
        return SUMS_BYTES + of_counts + sum(together.weight for together in self._together.values())

    @property
    def keys(self) -> set[Key]:
        """The keys for which any of the counts has a row."""
        return {key for adding in self._counts.values() for key in adding.sums()}

    def figures(self, measure: Measure) -> Figures:
        """What one of the measures comes to over all that was added."""
        added_up, counts = self._added_up(measure), counts_of(measure)
        if not all(rests_on_rules_of(counted, self._authorities) for counted in counts):
            return _withheld(added_up, Reason.NO_POLICY, rows_too=True)
        in_all = replace(self._query, by=())
        if not all(adds_up(counted, in_all, self._kinds[counted.name]) for counted in counts):
            rows_too = not all(adds_up(counted, self._query, self._kinds[counted.name]) for counted in counts)
            withheld = _withheld(added_up, Reason.KINDS_OVERLAP, rows_too=rows_too)
            # A row that would add up kinds is none.
            return replace(withheld, rows=Rows((), lambda _: [])) if rows_too and self._query.by else withheld
        return added_up

    def _added_up(self, measure: Measure) -> Figures:
        scope = _query_of(measure, self._query).scope
        if isinstance(measure, Rate):
            of_terms = {term.measure: self._counts[term.measure, scope].sums() for term in measure.terms}
            terms = self._together.get(measure.name) or Terms(measure, self._query.by, len(self._whens), of_terms)
            return _rates(measure, terms, self._whens)
        sums = self._counts[measure.name, scope].sums()

        def exactly(amounts: Sums) -> list[Value]:
            return [_value(amount, when) for amount, when in zip(amounts, self._whens, strict=True)]

        in_all = exactly(totals(measure, sums, len(self._whens)))
        return _as_figures(Rows(sums.keys(), lambda key: exactly(sums[key])), in_all)


def _query_of(measure: Measure, query: FigureQuery) -> FigureQuery:
    """The query for the counts of a measure. CSWW rates are always of the census."""
    return FigureQuery(query.by, query.where, measure.scope) if isinstance(measure, Rate) and measure.scope else query


def _value(amount: int | None, when: When) -> Value:
    if when.elapsed is Elapsed.TO_COME:
        return Reason.NOT_YET
    return Reason.NOT_COUNTED if amount is None else Fraction(amount, ONE)


def _withheld(figures: Figures, reason: Reason, rows_too: bool) -> Figures:
    """The same figures without their total (and without rows, if these must be withheld too), for a reason."""

    def nothing(values: Sequence[Value]) -> list[Value]:
        return [value if value is Reason.NOT_YET else reason for value in values]

    rows = Rows(figures.rows.keys(), lambda key: nothing(figures.rows[key])) if rows_too else figures.rows
    return Figures(rows, nothing(figures.totals), figures.tell_anything)


def _rates(rate: Rate, terms: Terms | Together, whens: Sequence[When]) -> Figures:
    def ratios(sums: Mapping[str, Sums]) -> list[Value]:
        return [
            _ratio(rate, when, {name: of_times[index] for name, of_times in sums.items()})
            for index, when in enumerate(whens)
        ]

    return _as_figures(Rows(terms.keys, lambda key: ratios(terms.of(key))), ratios(terms.totals))


def _ratio(rate: Rate, when: When, sums: Mapping[str, int | None]) -> Value:
    """A rate of sums. If one of them was not counted, the rate is not known either."""
    if when.elapsed is Elapsed.TO_COME:
        return Reason.NOT_YET
    known = {name: amount for name, amount in sums.items() if amount is not None}
    if len(known) < len(sums):
        return Reason.NOT_COUNTED
    above = sum(term.sign * known[term.measure] for term in rate.numerator)
    below = sum(term.sign * known[term.measure] for term in rate.denominator)
    return ratio(rate.factor(when) * above, below)


def _as_figures(rows: Rows, totals: list[Value]) -> Figures:
    tell = any(not isinstance(value, Reason) and value for values in with_pauses(rows.values()) for value in values)
    return Figures(rows, totals, tell)


def mark(measure: Measure, value: Value) -> str | None:
    """DfE's mark of a figure: `u` if a rate is above what is reliable; None for most."""
    limit = measure.low_reliability_above if isinstance(measure, Rate) else None
    unreliable = limit is not None and not isinstance(value, Reason) and value > limit
    return LOW_RELIABILITY if unreliable else None
