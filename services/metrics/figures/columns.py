"""The staffing of one authority as columns of numbers, and sums over them: a stock, or its series, in one pass.

Invariant: every sum is that of the rows of staffing that hold, exact in millionths of an FTE; nothing in here does I/O.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from services.metrics.figures.edges import Integers, sums_by_edges
from services.metrics.pauses import with_pauses
from services.metrics.snapshot.employment import Scope
from services.metrics.timelines.dimensions import Dimensions, plain
from services.metrics.timelines.rows import STILL_KNOWN, Staffing

AMOUNTS = ("establishment", "in_post", "vacancies", "over_establishment", "agency", "agency_cover", "uncovered")
"""The columns of staffing that are summed, in millionths of an FTE."""

BROKEN_DOWN_BY = Dimensions._fields
"""The columns of staffing that sums are broken down by, in the order in which `Combination` holds them."""

EPOCH = date(2000, 1, 1)
"""Day 0, and instant 0 at its midnight in UTC: PostgreSQL's own, so that its rows need no conversion."""

LAST_DAY = (date.max - EPOCH).days
"""Means 'no end is known'. Any other day can be subtracted from it without exceeding 2^31."""

STILL = 2**63 - 1
"""Stands for 'still known', after every instant: PostgreSQL's own."""

Combination = Dimensions
"""The dimensions of some rows; a code as its plain value; None if not stated."""

ROW = np.dtype(
    [
        ("unit", np.int32),
        ("combination", np.int32),
        *((amount, np.int64) for amount in AMOUNTS),
        ("valid_from", np.int32),
        ("valid_to", np.int32),
        ("known_from", np.int64),
        ("known_to", np.int64),
    ]
)
"""A row of staffing: numbers of its staffing unit and of its combination, amounts in millionths of an FTE, days and
microseconds since EPOCH."""

COMBINATION_BYTES = 1000
"""Memory for one combination of dimensions: its texts, and its part of a dozen groupings."""
UNIT_BYTES = 90
"""Of one staffing unit: its name, and the one row of it that holds on each of the days that are kept."""
COLUMNS_BYTES = 10_000
"""Of an authority without any row."""
MOST_DAYS = 4
"""Single days of which is kept which rows hold: two dates that are compared, by each of a few readers."""

_EPOCH_INSTANT = datetime(EPOCH.year, EPOCH.month, EPOCH.day, tzinfo=UTC)
_MICROSECONDS_A_SECOND = 1_000_000
_SECONDS_A_DAY = 86_400

Name = TypeVar("Name")

Rows = npt.NDArray[np.void]
Days = npt.NDArray[np.int32]
Sums = dict[tuple[object, ...], list[int]]
"""For each combination of the dimensions asked for, the sum at each day in millionths of an FTE."""

Groups = tuple[list[tuple[object, ...]], npt.NDArray[np.int64]]
"""The keys that may come up, and for each combination the number of its key, -1 where it is filtered out."""


class Columns:
    """All rows of staffing of one authority, by column. The rows are never changed, so threads may share them.

    Rows are ordered by when they ceased to be known. So the rows known at an instant are found in the last part of
    every column. As known now these are the rows that are still known; rows that were corrected are not looked at.
    """

    def __init__(self, rows: Rows, units: Sequence[str], combinations: Sequence[Combination]) -> None:
        """From an array of dtype `ROW`, in any order; its `unit` and `combination` are indexes into these lists."""
        order = np.argsort(rows["known_to"], kind="stable")
        self._units = list(units)
        self._combinations = list(combinations)
        self._known_groups: dict[tuple[tuple[str, ...], Scope], Groups] = {}
        self._held: dict[tuple[int, int], Integers] = {}
        self._unit = rows["unit"][order]
        self._combination = rows["combination"][order]
        self._amounts = {amount: rows[amount][order] for amount in AMOUNTS}
        self._valid_from = rows["valid_from"][order]
        self._valid_to = rows["valid_to"][order]
        self._known_from = rows["known_from"][order]
        self._known_to = rows["known_to"][order]
        ended = self._known_to[self._known_to < STILL]
        self._settled = int(max(self._known_from.max(initial=0), ended.max(initial=0)))
        """An instant from which on the same is known for ever."""
        named = len(self._units) * UNIT_BYTES + len(self._combinations) * COMBINATION_BYTES
        self.weight = len(self) * ROW.itemsize + named + COLUMNS_BYTES
        """Its size in bytes: its rows, its units, and its combinations with the groupings that may be made of them."""

    @classmethod
    def from_rows(cls, rows: Iterable[Staffing]) -> "Columns":
        """The columns of these rows, which are those of one authority."""
        return cls(*_converted(rows, (), ()))

    def replaced(self, units: Collection[str], rows: Iterable[Staffing]) -> "Columns":
        """The same columns, with these rows in place of all rows of these units."""
        new, names, combinations = _converted(rows, self._units, self._combinations)
        gone = np.array([name in units for name in self._units], bool)
        kept = np.flatnonzero(~gone[self._unit])
        joined = np.empty(len(kept) + len(new), ROW)
        for field, column in self._by_field():
            joined[field][: len(kept)] = column[kept]
            joined[field][len(kept) :] = new[field]
        # What no row has any more is forgotten: else it would heap up over the years.
        joined["unit"], names = _only_used(joined["unit"], names)
        joined["combination"], combinations = _only_used(joined["combination"], combinations)
        return Columns(joined, names, combinations)

    def _by_field(self) -> Iterator[tuple[str, npt.NDArray[Any]]]:
        yield from self._amounts.items()
        for field in ROW.names or ():
            if field not in self._amounts:
                yield field, getattr(self, f"_{field}")

    def __len__(self) -> int:
        return len(self._combination)

    @property
    def units(self) -> int:
        """How many staffing units have rows."""
        return len(self._units)

    def keys(self, by: Sequence[str], where: Mapping[str, object] | None = None) -> set[tuple[object, ...]]:
        """The keys that sums by these dimensions can have."""
        return set(self._groups(tuple(by), where or {}, Scope.ALL)[0])

    def sums(
        self,
        amount: str,
        days: Sequence[date],
        as_known_at: datetime,
        by: Sequence[str] = (),
        where: Mapping[str, object] | None = None,
        scope: Scope = Scope.ALL,
    ) -> Sums:
        """The sum of one amount at each of these days (in any order), as known at an instant, in millionths of an FTE.

        There is one list, as long as `days`, for each combination of the dimensions `by` that a row has at one of
        the days. Without dimensions there is always one, for (). `where` keeps rows whose dimensions equal these
        values (None: not stated), `scope` those that are of it. Raises ValueError for an unknown amount or
        dimension.
        """
        return sums_over([self], amount, days, as_known_at, by, where, scope)

    def _sums(
        self,
        amount: str,
        dates: "_Days",
        instant: int,
        by: tuple[str, ...],
        where: Mapping[str, object],
        scope: Scope,
    ) -> Iterator[tuple[tuple[object, ...], Any]]:
        """Each key that a row has at one of the days, and its sums at each of the days; of a single day, its sum."""
        keys, group_of_combination = self._groups(by, where, scope)
        is_one = len(dates.days) == 1
        first, last = dates.days[0], dates.days[-1]
        row = self._that_hold_on(first, instant) if is_one else self._that_hold(first, last, instant)
        group = group_of_combination[self._combination[row]]
        if (group < 0).any():
            row, group = row[group >= 0], group[group >= 0]
        sums: Any
        if is_one:
            counts: Integers = np.bincount(group, minlength=len(keys))
            added = np.zeros(len(keys), np.int64)
            np.add.at(added, group, self._amounts[amount][row])
            sums = added.tolist()
        else:
            counts, sums = self._by_edges(amount, dates, row, group, len(keys))
        for number in np.flatnonzero(counts).tolist():
            yield keys[number], sums[number]

    def _by_edges(
        self, amount: str, dates: "_Days", row: Integers, group: Integers, groups: int
    ) -> tuple[Integers, npt.NDArray[np.int64]]:
        """For each group, how many of these rows hold at one of the days, and its sums at each of the days."""
        first = dates.days[0]
        begins = dates.before.take(self._valid_from[row] - first, mode="clip")
        ends = dates.before.take(self._valid_to[row] - first, mode="clip")
        # A row may begin and end between two of the days.
        kept = begins < ends
        if not kept.all():
            row, group, begins, ends = row[kept], group[kept], begins[kept], ends[kept]
        sums = sums_by_edges(groups, len(dates.days), group, begins, ends, self._amounts[amount][row])
        return np.bincount(group, minlength=groups), sums

    def _groups(self, by: tuple[str, ...], where: Mapping[str, object], scope: Scope) -> Groups:
        if where:
            return self._groups_among(by, where, scope)
        # Without values these are few kinds, asked for again and again.
        if (by, scope) not in self._known_groups:
            self._known_groups[by, scope] = self._groups_among(by, where, scope)
        return self._known_groups[by, scope]

    def _groups_among(self, by: Sequence[str], where: Mapping[str, object], scope: Scope) -> Groups:
        kept_by = [BROKEN_DOWN_BY.index(name) for name in by]
        equal = [(BROKEN_DOWN_BY.index(name), value) for name, value in where.items()]
        numbers: dict[tuple[object, ...], int] = {} if by else {(): 0}
        group = np.full(len(self._combinations), -1, np.int64)
        for number, combination in enumerate(self._combinations):
            if not scope.holds(combination):
                continue
            if all(combination[index] == value for index, value in equal):
                key = tuple(combination[index] for index in kept_by)
                group[number] = numbers.setdefault(key, len(numbers))
        return list(numbers), group

    def _that_hold_on(self, day: np.int32, instant: int) -> Integers:
        """The rows that hold on a day, as known at an instant. Of one day much is asked."""
        # Since the last change the same is known.
        key = int(day), min(instant, self._settled)
        row = self._held.get(key)
        if row is None:
            row = self._that_hold(day, day, instant).astype(np.int32)
            if len(self._held) >= MOST_DAYS:
                self._held.clear()
            self._held[key] = row
        return row

    def _that_hold(self, first: np.int32, last: np.int32, instant: int) -> Integers:
        """The rows that hold at some day from the first to the last, as known at an instant."""
        since = int(np.searchsorted(self._known_to, instant, side="right"))
        holds = self._valid_from[since:] <= last
        holds &= self._valid_to[since:] > first
        holds &= self._known_from[since:] <= instant
        return np.flatnonzero(holds) + since


def sums_over(
    columns: Iterable[Columns],
    amount: str,
    days: Sequence[date],
    as_known_at: datetime,
    by: Sequence[str] = (),
    where: Mapping[str, object] | None = None,
    scope: Scope = Scope.ALL,
) -> Sums:
    """What `Columns.sums` gives, over several authorities together."""
    total = StockSums(amount, days, as_known_at, by, where, scope)
    total.add(columns)
    return total.sums()


class StockSums:
    """The sums of one amount over authorities that are added one after another."""

    def __init__(
        self,
        amount: str,
        days: Sequence[date],
        as_known_at: datetime,
        by: Sequence[str] = (),
        where: Mapping[str, object] | None = None,
        scope: Scope = Scope.ALL,
    ) -> None:
        """The arguments are those of `Columns.sums`. Raises ValueError for an unknown amount or dimension."""
        self._where = where or {}
        if amount not in AMOUNTS or not {*by, *self._where} <= {*BROKEN_DOWN_BY}:
            raise ValueError(f"{amount}, by {list(by)}, where {list(self._where)}: not a column of staffing")
        self._amount, self._by, self._scope = amount, tuple(by), scope
        self._days = _Days.of(days) if len(days) else None
        self._instant = instant_number(as_known_at)
        # Of a single day plain numbers, which are added sooner than arrays of one.
        self._total: dict[tuple[object, ...], Any] = {}
        if not by:
            count_of_days = 0 if self._days is None else len(self._days.days)
            self._total[()] = 0 if count_of_days == 1 else np.zeros(count_of_days, np.int64)

    def add(self, columns: Iterable[Columns]) -> None:
        """Add the rows of these authorities."""
        if self._days is None:
            return
        for each in with_pauses(columns):
            for key, sums in each._sums(self._amount, self._days, self._instant, self._by, self._where, self._scope):
                self._total[key] = self._total.get(key, 0) + sums

    def sums(self) -> Sums:
        """The sums of all that was added."""
        if self._days is None:
            return {key: [] for key in self._total}
        if len(self._days.days) == 1:
            return {key: [amount] * len(self._days.of_each) for key, amount in self._total.items()}
        return {key: sums[self._days.of_each].tolist() for key, sums in with_pauses(self._total.items())}


class _Days(NamedTuple):
    """The days asked for, each once, ascending. `of_each` gives the index among them for each day as asked for.

    `before` gives, for each day from the first to the day after the last, how many of the days come before it.
    """

    days: Days
    of_each: Integers
    before: Days

    @classmethod
    def of(cls, days: Sequence[date]) -> "_Days":
        if len(days) == 1:
            return cls(np.array([day_number(days[0])], np.int32), np.zeros(1, np.int64), np.array([0, 1], np.int32))
        distinct, index = np.unique(np.array([day_number(day) for day in days], np.int32), return_inverse=True)
        before = np.zeros(int(distinct[-1]) - int(distinct[0]) + 2, np.int32)
        before[distinct - distinct[0] + 1] = 1
        return cls(distinct, index, before.cumsum(dtype=np.int32))


def day_number(day: date) -> int:
    """Days since EPOCH."""
    return (day - EPOCH).days


def instant_number(instant: datetime) -> int:
    """Microseconds since EPOCH, exactly."""
    since = instant - _EPOCH_INSTANT
    return (since.days * _SECONDS_A_DAY + since.seconds) * _MICROSECONDS_A_SECOND + since.microseconds


def _converted(
    rows: Iterable[Staffing], units: Sequence[str], combinations: Sequence[Combination]
) -> tuple[Rows, list[str], list[Combination]]:
    """The rows as an array, in which units and combinations are numbers; and both lists, with the new ones added."""
    number_of_unit = {name: number for number, name in enumerate(units)}
    number_of_combination = {combination: number for number, combination in enumerate(combinations)}
    converted = [
        (
            number_of_unit.setdefault(row.staffing_unit, len(number_of_unit)),
            number_of_combination.setdefault(_combination(row.dimensions), len(number_of_combination)),
            *(getattr(row, amount) for amount in AMOUNTS),
            day_number(row.valid_from),
            day_number(row.valid_to),
            instant_number(row.known_from),
            STILL if row.known_to == STILL_KNOWN else instant_number(row.known_to),
        )
        for row in rows
    ]
    return np.array(converted, dtype=ROW), list(number_of_unit), list(number_of_combination)


def _only_used(numbers: Integers, names: Sequence[Name]) -> tuple[Integers, list[Name]]:
    """The names that are used by any of the numbers, and for each number the index of its name among these."""
    used = np.bincount(numbers, minlength=len(names)) > 0
    return (np.cumsum(used) - 1)[numbers], [name for name, is_used in zip(names, used, strict=True) if is_used]


def _combination(dimensions: Dimensions) -> Combination:
    # Of a code its plain value, as it comes from the database too.
    return Dimensions._make(map(plain, dimensions))
