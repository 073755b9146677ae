"""The rules that read a row of one file: what the words of its mapping come to.

Invariant: rules are made by `compiling`, and never change while rows are read.
"""

from dataclasses import dataclass, field
from re import Pattern

from contracts.events.base import EventData
from services.people.mapping.readers import Constant, FieldReader, OneCell
from services.people.statements import Kind


@dataclass(frozen=True, slots=True)
class Scope:
    """One rule of scope: its name, its cell, and which values it leaves out."""

    rule: str
    slot: int
    patterns: tuple[Pattern[str], ...]
    blank: bool
    keeps: bool

    def leaves_out(self, cells: tuple[str, ...]) -> bool:
        """Whether the rule leaves a row out."""
        text = cells[self.slot].strip()
        concerns = (self.blank and not text) or any(pattern.match(text) for pattern in self.patterns)
        return concerns is not self.keeps


@dataclass(frozen=True, slots=True)
class Detail:
    """One detail of a person: its name in the register, and the cells that it is put together from."""

    name: str
    parts: tuple[OneCell, ...]


@dataclass(slots=True)
class RowRules:
    """All the rules that read a row of one file."""

    kind: Kind
    event: type[EventData] | None
    slots: list[tuple[str, ...]] = field(default_factory=list)
    """The columns that are read, each with the names it may have."""
    required: set[str] = field(default_factory=set)
    fields: dict[str, FieldReader] = field(default_factory=dict)
    subject: FieldReader = field(default_factory=lambda: Constant(""))
    key_slots: tuple[int, ...] = ()
    scopes: list[Scope] = field(default_factory=list)
    details: list[Detail] = field(default_factory=list)
    schemes: dict[str, str] = field(default_factory=dict)
    """Of the kinds of reference that lead to a person: the scheme of numbers."""
    wordless: set[int] = field(default_factory=set)
    """Cells that are read as a number, a date or a reference."""
    worded: set[int] = field(default_factory=set)
    """Cells that are read as a code or a title, whatever else they are."""
    made_posts: bool = False
    """Posts are made of unit and role: several rows of one add up."""
    short_rows_are_blank: bool = False

    def slot(self, names: tuple[str, ...], optional: bool = False) -> int:
        """The place of a column's cell."""
        if not optional:
            self.required.add(names[0])
        if names not in self.slots:
            self.slots.append(names)
        return self.slots.index(names)
