"""What reads one field of a row, from the cells that the mapping names.

Invariant: a reader raises Trouble or LeaveOut and nothing else, whatever the cells hold.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol

from services.people.mapping import amounts
from services.people.mapping.codes import folded
from services.people.mapping.fields import FteWords, HoursByGrade, HoursColumn
from services.people.mapping.trouble import LeaveOut, Trouble

Cells = tuple[str, ...]
LONGEST_TOKEN = 64


class FieldReader(Protocol):
    """Reads one field. `column` is what a fault of it names; `slots` the cells that it looks at."""

    @property
    def column(self) -> str: ...
    @property
    def slots(self) -> tuple[int, ...]: ...
    @property
    def personal(self) -> bool: ...
    def read(self, cells: Cells) -> Any:
        """The value; None where it is blank and may be."""
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
    """What one cell says. A blank one is a fault where the field is required."""

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
        found = self.convert(cells[self.slot])
        if found is None or found == "" or found == ():
            if self.required:
                raise Trouble("is blank", "a value")
            return None
        return found


@dataclass(frozen=True, slots=True)
class MadeReference:
    """A reference put together of what several columns say: a post of its unit and role."""

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
        """The reference; of a long one the end is a digest."""
        values = []
        for part in self.parts:
            value = part.read(cells)
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
    personal: bool = False

    @property
    def slots(self) -> tuple[int, ...]:
        """Its own cell, that of the hours of full time, and that of the weeks."""
        return tuple(slot for slot in (self.slot, self.hours_slot, self.weeks_slot) if slot is not None)

    def read(self, cells: Cells) -> Any:
        """The FTE, or AS_BEFORE."""
        given = self._given(cells[self.slot])
        if given is None:
            if self.words.blank == "full-time":
                return Decimal(1)
            if self.words.blank == "as-before":
                return AS_BEFORE
            raise Trouble("is blank", "a number; or `blank: full-time` in the mapping")
        if self.words.as_ == "hours":
            given = given / self._full_time(cells)
        if self.weeks_slot is not None and self.words.weeks is not None:
            weeks = self._other(amounts.number, cells[self.weeks_slot], self.words.weeks)
            given = given * weeks / self.words.full_time_weeks
        found = amounts.as_fte(given, self.most, self.words.above == "full-time")
        if found == 0 and self.words.zero == "leave-out":
            raise LeaveOut(f"{self.column} of 0")
        if found == 0 and self.words.zero == "reject":
            raise Trouble("is 0", "a number above 0; or `zero: leave-out` in the mapping")
        return found

    def _given(self, cell: str) -> Decimal | None:
        read = {"ratio": amounts.ratio, "percentage": amounts.percentage, "hours": amounts.hours}[self.words.as_]
        return read(cell, self.words.decimal)

    def _full_time(self, cells: Cells) -> Decimal:
        full_time = self.words.full_time
        if isinstance(full_time, Decimal) or full_time is None or self.hours_slot is None:
            return full_time if isinstance(full_time, Decimal) else Decimal(1)
        cell = cells[self.hours_slot]
        if isinstance(full_time, HoursColumn):
            found = self._other(amounts.hours, cell, full_time.column)
        else:
            found = self._by_grade(cell, full_time)
        if found <= 0:
            raise Trouble("are hours of full time of 0", "hours above 0, as 37", full_time.column, cell)
        return found

    def _by_grade(self, cell: str, full_time: HoursByGrade) -> Decimal:
        found = self.hours_by.get(folded(cell), full_time.otherwise)
        if found is None:
            known = ", ".join(full_time.hours)
            raise Trouble("has no hours of full time in the mapping", f"one of {known}", full_time.column, cell)
        return found

    def _other(self, read: Callable[[str, str], Decimal | None], cell: str, column: str) -> Decimal:
        try:
            found = read(cell, self.words.decimal)
        except Trouble as trouble:
            raise Trouble(trouble.problem, trouble.expected, column, cell) from None
        if found is None:
            raise Trouble("is blank", "a number", column, cell)
        return found
