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
"""Stands for 'no end is known', and leaves room below 2^31 to subtract any other day from."""

STILL = 2**63 - 1
"""Stands for 'still known', after every instant: PostgreSQL's own."""

Combination = Dimensions
"""The dimensions of some rows, of a code its plain value; None where not stated."""

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
"""Of one combination of dimensions: its texts, and its part of some dozen ways of grouping."""
UNIT_BYTES = 75
"""Of one staffing unit: its name."""
COLUMNS_BYTES = 10_000
"""Of an authority without any row."""

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

    Rows are ordered by when they ceased to be known: what is known at an instant, or became known later, is the end of
    every column. As known now those are the rows that still are known, and what was corrected is not looked at.
    """

    def __init__(self, rows: Rows, units: Sequence[str], combinations: Sequence[Combination]) -> None:
        """From an array of dtype `ROW`, in any order; its `unit` and `combination` are indexes into these lists."""
        order = np.argsort(rows["known_to"], kind="stable")
        self._units = list(units)
        self._combinations = list(combinations)
        self._known_groups: dict[tuple[tuple[str, ...], bool], Groups] = {}
        self._unit = rows["unit"][order]
        self._combination = rows["combination"][order]
        self._amounts = {amount: rows[amount][order] for amount in AMOUNTS}
        self._valid_from = rows["valid_from"][order]
        self._valid_to = rows["valid_to"][order]
        self._known_from = rows["known_from"][order]
        self._known_to = rows["known_to"][order]

    @classmethod
    def from_rows(cls, rows: Iterable[Staffing]) -> "Columns":
        """The columns of these rows, which are those of one authority."""
        return cls(*_converted(rows, (), ()))

    def replaced(self, units: Collection[str], rows: Iterable[Staffing]) -> "Columns":
        """The same with these rows in the place of all that these units had."""
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
    def weight(self) -> int:
        """Bytes it takes: its rows, its units, and its combinations with the groups that may be made of them."""
        named = len(self._units) * UNIT_BYTES + len(self._combinations) * COMBINATION_BYTES
        return len(self) * ROW.itemsize + named + COLUMNS_BYTES

    @property
    def units(self) -> int:
        """How many staffing units have rows."""
        return len(self._units)

    def keys(self, by: Sequence[str], where: Mapping[str, object] | None = None) -> set[tuple[object, ...]]:
        """The keys that sums by these dimensions can have."""
        return set(self._groups(tuple(by), where or {}, False)[0])

    def sums(
        self,
        amount: str,
        days: Sequence[date],
        as_known_at: datetime,
        by: Sequence[str] = (),
        where: Mapping[str, object] | None = None,
        census: bool = False,
    ) -> Sums:
        """The sum of one amount at each of these days (in any order), as known at an instant, in millionths of an FTE.

        There is one list, as long as `days`, for each combination of the dimensions `by` of which a row holds at one of
        the days; with no dimensions there is always one, for (). `where` keeps rows whose dimensions equal these
        values (None: not stated), `census` those with a CSWW role.
        Raises ValueError for what is no amount or dimension.
        """
        return sums_over([self], amount, days, as_known_at, by, where, census)

    def _sums(
        self,
        amount: str,
        asked: "_AskedDays",
        instant: int,
        by: tuple[str, ...],
        where: Mapping[str, object],
        census: bool,
    ) -> Iterator[tuple[tuple[object, ...], npt.NDArray[np.int64]]]:
        """Each key of which a row holds at one of the days, and its sums at each of them."""
        keys, group_of_combination = self._groups(by, where, census)
        row = self._that_hold(asked.days[0], asked.days[-1], instant)
        group = group_of_combination[self._combination[row]]
        if (group < 0).any():
            row, group = row[group >= 0], group[group >= 0]
        if len(asked.days) == 1:
            counts: Integers = np.bincount(group, minlength=len(keys))
            sums = np.zeros((len(keys), 1), np.int64)
            np.add.at(sums.ravel(), group, self._amounts[amount][row])
        else:
            counts, sums = self._by_edges(amount, asked, row, group, len(keys))
        for number in np.flatnonzero(counts).tolist():
            yield keys[number], sums[number]

    def _by_edges(
        self, amount: str, asked: "_AskedDays", row: Integers, group: Integers, groups: int
    ) -> tuple[Integers, npt.NDArray[np.int64]]:
        """For each group how many of these rows hold at one of the days, and its sums at each of them."""
        first = asked.days[0]
        begins = asked.before.take(self._valid_from[row] - first, mode="clip")
        ends = asked.before.take(self._valid_to[row] - first, mode="clip")
        # A row may begin and end between two of the days.
        kept = begins < ends
        if not kept.all():
            row, group, begins, ends = row[kept], group[kept], begins[kept], ends[kept]
        sums = sums_by_edges(groups, len(asked.days), group, begins, ends, self._amounts[amount][row])
        return np.bincount(group, minlength=groups), sums

    def _groups(self, by: tuple[str, ...], where: Mapping[str, object], census: bool) -> Groups:
        if where:
            return self._groups_among(by, where, census)
        # Without values these are few kinds, asked for again and again.
        if (by, census) not in self._known_groups:
            self._known_groups[by, census] = self._groups_among(by, where, census)
        return self._known_groups[by, census]

    def _groups_among(self, by: Sequence[str], where: Mapping[str, object], census: bool) -> Groups:
        kept_by = [BROKEN_DOWN_BY.index(name) for name in by]
        equal = [(BROKEN_DOWN_BY.index(name), value) for name, value in where.items()]
        scope = Scope.CENSUS if census else Scope.ALL
        numbers: dict[tuple[object, ...], int] = {} if by else {(): 0}
        group = np.full(len(self._combinations), -1, np.int64)
        for number, combination in enumerate(self._combinations):
            if not scope.holds(combination):
                continue
            if all(combination[index] == value for index, value in equal):
                key = tuple(combination[index] for index in kept_by)
                group[number] = numbers.setdefault(key, len(numbers))
        return list(numbers), group

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
    census: bool = False,
) -> Sums:
    """What `Columns.sums` gives, over several authorities together."""
    total = StockSums(amount, days, as_known_at, by, where, census)
    total.add(columns)
    return total.sums()


class StockSums:
    """The sums of one amount over authorities that come one after another: what `sums_over` gives of all of them."""

    def __init__(
        self,
        amount: str,
        days: Sequence[date],
        as_known_at: datetime,
        by: Sequence[str] = (),
        where: Mapping[str, object] | None = None,
        census: bool = False,
    ) -> None:
        """What is asked as in `Columns.sums`. Raises ValueError for what is no amount or dimension."""
        self._where = where or {}
        if amount not in AMOUNTS or not {*by, *self._where} <= {*BROKEN_DOWN_BY}:
            raise ValueError(f"{amount}, by {list(by)}, where {list(self._where)}: not a column of staffing")
        self._amount, self._by, self._census = amount, tuple(by), census
        self._asked = _AskedDays.of(days) if len(days) else None
        self._instant = instant_number(as_known_at)
        self._total: dict[tuple[object, ...], npt.NDArray[np.int64]] = {}
        if not by:
            self._total[()] = np.zeros(0 if self._asked is None else len(self._asked.days), np.int64)

    def add(self, columns: Iterable[Columns]) -> None:
        """Add the rows of these authorities."""
        if self._asked is None:
            return
        for each in with_pauses(columns):
            for key, sums in each._sums(self._amount, self._asked, self._instant, self._by, self._where, self._census):
                before = self._total.get(key)
                self._total[key] = sums if before is None else before + sums

    def sums(self) -> Sums:
        """The sums of all that was added."""
        if self._asked is None:
            return {key: [] for key in self._total}
        return {key: sums[self._asked.of_each].tolist() for key, sums in with_pauses(self._total.items())}


class _AskedDays(NamedTuple):
    """The days asked, each once, ascending; `of_each` that was asked for: its index among them.

    `before` tells, for each day from the first one to the day after the last, how many of them come before it.
    """

    days: Days
    of_each: Integers
    before: Days

    @classmethod
    def of(cls, days: Sequence[date]) -> "_AskedDays":
        asked, index = np.unique(np.array([day_number(day) for day in days], np.int32), return_inverse=True)
        before = np.zeros(int(asked[-1]) - int(asked[0]) + 2, np.int32)
        before[asked - asked[0] + 1] = 1
        return cls(asked, index, before.cumsum(dtype=np.int32))


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
    """The rows as an array, by the numbers of these units and combinations; both with what else the rows have."""
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
    """The names that any of the numbers stands for, and for each number the index of its name among these."""
    used = np.bincount(numbers, minlength=len(names)) > 0
    return (np.cumsum(used) - 1)[numbers], [name for name, is_used in zip(names, used, strict=True) if is_used]


def _combination(dimensions: Dimensions) -> Combination:
    # Of a code its plain value, as it comes from the database too.
    return Dimensions._make(map(plain, dimensions))
