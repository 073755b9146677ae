"""Readers of one field of a row, from the cells that the mapping names.

Invariant: a reader raises Trouble or LeaveOut and nothing else, whatever the cells hold.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from operator import itemgetter
from typing import Any, Protocol

from services.people.mapping import amounts
from services.people.mapping.codes import folded
from services.people.mapping.fields import FteWords, HoursByGrade, HoursColumn
from services.people.mapping.trouble import LeaveOut, Trouble

Cells = tuple[str, ...]
LONGEST_TOKEN = 64
MOST_AT_HAND = 1000
"""Answers of one column that are kept: codes, dates and hours are few, and numbers of people are not met again."""
_NOT_READ = object()


class FieldReader(Protocol):
    """Reads one field. Faults name `column`; `slots` are the cells that it looks at."""

    @property
    def column(self) -> str: ...
    @property
    def slots(self) -> tuple[int, ...]: ...
    @property
    def personal(self) -> bool: ...
    def read(self, cells: Cells) -> Any:
        """The value; None if it is blank and may be."""
        ...


@dataclass(frozen=True, slots=True)
class Constant:
    """The same for every row."""

    value: Any
    column: str = "(the mapping)"
    slots: tuple[int, ...] = ()
    personal: bool = False

    def read(self, cells: Cells) -> Any:
        """The value."""
        return self.value


@dataclass(frozen=True, slots=True)
class OneCell:
    """What one cell says. A blank cell is a fault if the field is required."""

    column: str
    slot: int
    convert: Callable[[str], Any]
    required: bool = False
    personal: bool = False

    @property
    def slots(self) -> tuple[int, ...]:
        """The cell."""
        return (self.slot,)

    def read(self, cells: Cells) -> Any:
        """The value in the cell."""
        value = self.convert(cells[self.slot])
        if value is None or value == "" or value == ():
            if self.required:
                raise Trouble("is blank", "a value")
            return None
        return value


@dataclass(frozen=True, slots=True)
class MadeReference:
    """A reference made of what several columns say: that of a post, say, of its unit and role."""

    parts: tuple[FieldReader, ...]
    personal: bool = False

    @property
    def column(self) -> str:
        """All its columns."""
        return " + ".join(part.column for part in self.parts)

    @property
    def slots(self) -> tuple[int, ...]:
        """The cells of its columns."""
        return tuple(slot for part in self.parts for slot in part.slots)

    def read(self, cells: Cells) -> str:
        """The reference. If it is long, its end is a digest."""
        values = []
        for part in self.parts:
            try:
                value = part.read(cells)
            except Trouble as trouble:
                # The fault is that of one column, and not of the first.
                came = cells[part.slots[0]] if part.slots and not self.personal else None
                raise Trouble(trouble.problem, trouble.expected, part.column, came) from None
            if value is None:
                raise Trouble("is blank", "a value", part.column)
            values.append(str(value))
        made = "-".join(values)
        if len(made) > LONGEST_TOKEN:
            made = f"{made[:47]}-{hashlib.sha256(made.encode()).hexdigest()[:16]}"
        return made


class AsBefore:
    """That a cell says: as in the row before."""


AS_BEFORE = AsBefore()


@dataclass(frozen=True, slots=True)
class Fte:
    """A full-time equivalent, of whatever form. `most` is 1 for a person, more for a post with several places."""

    column: str
    words: FteWords
    most: int
    slot: int
    hours_slot: int | None = None
    weeks_slot: int | None = None
    hours_by: dict[str, Decimal] = field(default_factory=dict)
    required: bool = True
    personal: bool = False

    @property
    def slots(self) -> tuple[int, ...]:
        """Its own cell, that of the hours of full time, and that of the weeks."""
        return tuple(slot for slot in (self.slot, self.hours_slot, self.weeks_slot) if slot is not None)

    def read(self, cells: Cells) -> Any:
        """The FTE, or AS_BEFORE; None if it is blank and may be."""
        given = self._given(cells[self.slot])
        if given is None:
            if self.words.blank == "full-time":
                return Decimal(1)
            if self.words.blank == "as-before":
                return AS_BEFORE
            if not self.required:
                return None
            raise Trouble("is blank", "a number; or `blank: full-time` in the mapping")
        if self.words.as_ == "hours":
            given = given / self._full_time(cells)
        if self.weeks_slot is not None and self.words.weeks is not None:
            weeks = self._other(amounts.number, cells[self.weeks_slot], self.words.weeks)
            given = given * weeks / self.words.full_time_weeks
        fte = amounts.as_fte(given, self.most, self.words.above == "full-time")
        if fte == 0 and self.words.zero == "leave-out":
            raise LeaveOut(f"{self.column} of 0")
        if fte == 0 and self.words.zero == "reject":
            raise Trouble("is 0", "a number above 0; or `zero: leave-out` in the mapping")
        return fte

    def _given(self, cell: str) -> Decimal | None:
        read = {"ratio": amounts.ratio, "percentage": amounts.percentage, "hours": amounts.hours}[self.words.as_]
        return read(cell, self.words.decimal)

    def _full_time(self, cells: Cells) -> Decimal:
        full_time = self.words.full_time
        if isinstance(full_time, Decimal) or full_time is None or self.hours_slot is None:
            return full_time if isinstance(full_time, Decimal) else Decimal(1)
        cell = cells[self.hours_slot]
        if isinstance(full_time, HoursColumn):
            hours = self._other(amounts.hours, cell, full_time.column)
        else:
            hours = self._by_grade(cell, full_time)
        if hours <= 0:
            raise Trouble("are hours of full time of 0", "hours above 0, as 37", full_time.column, cell)
        return hours

    def _by_grade(self, cell: str, full_time: HoursByGrade) -> Decimal:
        hours = self.hours_by.get(folded(cell), full_time.otherwise)
        if hours is None:
            known = ", ".join(full_time.hours)
            raise Trouble("has no hours of full time in the mapping", f"one of {known}", full_time.column, cell)
        return hours

    def _other(self, read: Callable[[str, str], Decimal | None], cell: str, column: str) -> Decimal:
        try:
            number = read(cell, self.words.decimal)
        except Trouble as trouble:
            raise Trouble(trouble.problem, trouble.expected, column, cell) from None
        if number is None:
            raise Trouble("is blank", "a number", column, cell)
        return number


class Column:
    """A field of all rows of one file: what its cells said before they say again, and are not read again.

    What was read is kept no longer than this object, which is one file's: it may be personal.
    """

    __slots__ = ("_cells", "_known", "reader")

    def __init__(self, reader: FieldReader) -> None:
        self.reader = reader
        self._cells: Callable[[Cells], Any] = itemgetter(*reader.slots) if reader.slots else len
        self._known: dict[Any, Any] = {}

    def read(self, cells: Cells) -> Any:
        """As its reader."""
        key = self._cells(cells)
        value = self._known.get(key, _NOT_READ)
        if value is _NOT_READ:
            value = self.reader.read(cells)
            if len(self._known) == MOST_AT_HAND:
                self._known.clear()
            self._known[key] = value
        return value
