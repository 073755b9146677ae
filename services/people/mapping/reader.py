"""What the rows of one subject state, and what is wrong with them.

    reader = Reader(file_mapping, pseudonym)
    read = reader.read(rows)      # all rows of one subject, in the order of the file

Invariant: a row with a fault does not spoil another row. Every row is answered: by a statement, by faults, or by a rule
that leaves it out.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from pydantic import TypeAdapter, ValidationError

from contracts.refusal import Refused, refused_by
from contracts.values import Pounds
from services.people.mapping.changes import key_fields
from services.people.mapping.compiling import REFERENCE_OF
from services.people.mapping.model import FileMapping
from services.people.mapping.readers import AS_BEFORE, Column, FieldReader
from services.people.mapping.rows import NamedRow, fault_of
from services.people.mapping.telling_apart import TellingApart
from services.people.mapping.trouble import LeaveOut, Trouble
from services.people.statements import (
    ChangeStated,
    CoverStated,
    HoldingStated,
    Kind,
    PersonalDetails,
    PostStated,
    RowFault,
    RowLeftOut,
    Statement,
)

Pseudonym = Callable[[str, str], str]
"""The pseudonym of a reference: called with the scheme of numbers ("worker", "agency-worker", "holding") and the
reference, gives a token of contracts."""

_WORD = re.compile("[a-z_]+")
_POUNDS: TypeAdapter[Decimal] = TypeAdapter(Pounds)
Values = dict[str, Any]


@dataclass(slots=True)
class RowsRead:
    """What the rows of one subject say.

    If there are faults beside statements, the subject is not whole: nothing may be concluded from what is missing.
    `remarks` are faults that do not reject their row: a personal detail that cannot be read.
    """

    statements: list[Statement] = field(default_factory=list)
    persons: list[PersonalDetails] = field(default_factory=list, repr=False)
    faults: list[RowFault] = field(default_factory=list)
    left_out: list[RowLeftOut] = field(default_factory=list)
    remarks: list[RowFault] = field(default_factory=list)


@dataclass(slots=True)
class _GoodRow:
    """A row of which every field could be read."""

    row: NamedRow
    values: Values


class Reader:
    """Applies the mapping of one file to the rows of one subject after another."""

    def __init__(self, file_mapping: FileMapping, pseudonym: Pseudonym) -> None:
        self.file_mapping = file_mapping
        self.rules = file_mapping.rules
        self.pseudonym = pseudonym
        subject = Column(self.rules.subject)
        self._columns = {"": subject}
        for name, reader in self.rules.fields.items():
            self._columns[name] = subject if reader is self.rules.subject else Column(reader)
        self._details = [(detail.name, [Column(part) for part in detail.parts]) for detail in self.rules.details]
        self._telling_apart = TellingApart(file_mapping)
        self._state = {
            Kind.POSTS: self._post,
            Kind.HOLDINGS: self._holding,
            Kind.COVERS: self._cover,
            Kind.CHANGES: self._change,
        }[file_mapping.kind]

    def read(self, rows: Sequence[NamedRow]) -> RowsRead:
        """What the rows of one subject say: all its rows in the file, or the statements are not whole."""
        read = RowsRead()
        good = [one for row in rows if (one := self._row(row, read)) is not None]
        stated: list[tuple[_GoodRow, Statement]] = []
        for one in self._as_before(good, read):
            statement = self._stated(one, read)
            if statement is not None:
                stated.append((one, statement))
        of_rows = {one.row.number: one for one, _ in stated}
        apart = self._telling_apart([(one.row, statement) for one, statement in stated])
        read.faults += apart.faults
        read.left_out += apart.left_out
        for statement in apart.statements:
            read.statements.append(statement)
            self._person(of_rows[statement.row], read)
        return read

    def _row(self, row: NamedRow, read: RowsRead) -> _GoodRow | None:
        """The values of a row; None where it has faults or is left out, which is entered."""
        rule = next((scope.rule for scope in self.rules.scopes if scope.leaves_out(row.cells)), None)
        if rule is not None:
            read.left_out.append(RowLeftOut(row.number, rule))
            return None
        if row.width is not None:
            read.faults.append(_wrong_width(row))
            return None
        values: Values = {}
        faults: list[RowFault] = []
        try:
            for name, column in self._columns.items():
                try:
                    values[name] = column.read(row.cells)
                except Trouble as trouble:
                    faults.append(fault_of(trouble, column.reader, row))
        except LeaveOut as rule_of_code:
            read.left_out.append(RowLeftOut(row.number, rule_of_code.rule))
            return None
        if faults:
            read.faults += dict.fromkeys(faults)
            return None
        return _GoodRow(row, values)

    def _as_before(self, good: list[_GoodRow], read: RowsRead) -> list[_GoodRow]:
        """The rows with what a blank FTE stands for: that of the row before, of the same post or assignment."""
        if not any(one.values.get(name) is AS_BEFORE for one in good for name in ("fte", "funded_fte")):
            return good
        name = "funded_fte" if self.file_mapping.kind is Kind.POSTS else "fte"
        reader = self.rules.fields[name]
        last: dict[Any, Decimal] = {}
        kept = []
        for one in sorted(good, key=lambda one: (one.values.get("holds_from") or date.min, one.row.number)):
            which = one.values.get("holding") or one.values.get("cover") or one.values.get("post")
            if one.values[name] is AS_BEFORE:
                if which not in last:
                    trouble = Trouble("is blank, and no row before says it", "a number in the first row")
                    read.faults.append(fault_of(trouble, reader, one.row))
                    continue
                one.values[name] = last[which]
            last[which] = one.values[name]
            kept.append(one)
        return sorted(kept, key=lambda one: one.row.number)

    def _stated(self, one: _GoodRow, read: RowsRead) -> Statement | None:
        """The statement of a row; None where its values do not go together, which is entered."""
        values = {name: value for name, value in one.values.items() if name and value is not None}
        begin, end = values.get("holds_from"), values.get("holds_until")
        if begin is not None and end is not None and end <= begin:
            trouble = Trouble("is not after the day from which the row holds", "a later day")
            read.faults.append(fault_of(trouble, self.rules.fields["holds_until"], one.row))
            return None
        try:
            return self._state(one, values)
        except _Together as error:
            reader = self.rules.fields.get(error.field, self.rules.subject)
            read.faults.append(fault_of(Trouble(error.problem, error.expected), reader, one.row))
        except Refused as refused:
            for fault in refused.faults:
                reader = self.rules.fields.get(fault.field) or self._named_in(fault.expected)
                expected = self.in_columns(fault.expected)
                read.faults.append(fault_of(Trouble(fault.problem, expected), reader, one.row))
        return None

    def _named_in(self, expected: str) -> FieldReader:
        """The field that a rule of the contract names first, where it is about several; else the subject."""
        named = (self.rules.fields[word] for word in _WORD.findall(expected) if word in self.rules.fields)
        return next(named, self.rules.subject)

    def in_columns(self, text: str) -> str:
        """A text of the contract, with the columns of the file for its fields: who mends the file knows these."""
        fields = self.rules.fields
        return _WORD.sub(lambda word: fields[word[0]].column if "_" in word[0] and word[0] in fields else word[0], text)

    def _person_of(self, kind: str, reference: str) -> str:
        return self.pseudonym(self.rules.schemes[kind], reference)

    def _post(self, one: _GoodRow, values: Values) -> Statement:
        return PostStated(row=one.row.number, **values)

    def _holding(self, one: _GoodRow, values: Values) -> Statement:
        values["worker"] = self._person_of("worker", values["worker"])
        holding = values.get("holding")
        values["holding"] = (
            f"{values['worker']}.{values['post']}" if holding is None else self._person_of("holding", holding)
        )
        end, left = values.get("holds_until"), values.get("left_on")
        if end is not None and left is not None and end > left:
            # A last day in the post and a day of leaving are the same day; nobody is in post on the day of leaving.
            values["holds_until"] = left
            if values.get("holds_from") is not None and left <= values["holds_from"]:
                raise _Together("left_on", "is not after the day from which the row holds", "a later day")
        return HoldingStated(row=one.row.number, **values)

    def _cover(self, one: _GoodRow, values: Values) -> Statement:
        values["agency_worker"] = self._person_of("agency_worker", values["agency_worker"])
        if "converted_to" in values:
            values["converted_to"] = self._person_of("worker", values["converted_to"])
        if "hourly_rate" in values:
            try:
                _POUNDS.validate_python(values["hourly_rate"])
            except ValidationError:
                raise _Together("hourly_rate", "is not an amount of pounds", "0 to 1,000,000 with 2 decimals") from None
        if "post" not in values and ("role" not in values or values["reason"] == "vacancy"):
            field_name = "post" if "post" in self.rules.fields else "reason"
            raise _Together(
                field_name, "names no post, and a vacancy is covered or there is no role", "the post that is covered"
            )
        return CoverStated(row=one.row.number, **values)

    def _change(self, one: _GoodRow, values: Values) -> Statement:
        event = self.rules.event
        assert event is not None  # noqa: S101  (a file of changes has one)
        for name, value in values.items():
            if REFERENCE_OF.get(name) in self.rules.schemes and isinstance(value, str):
                values[name] = self._person_of(REFERENCE_OF[name], value)
        reference = one.values[""]
        subject = self.file_mapping.subject(reference, self.pseudonym)
        if values.get("duplicate") == subject:
            raise _Together("duplicate", "is the number itself", "another number of the same person")
        try:
            data = event.model_validate(values)
        except ValidationError as error:
            raise refused_by(error, "", tuple(event.model_fields)) from None
        if self.rules.key_slots:
            key = "/".join(one.row.cells[slot].strip() for slot in self.rules.key_slots)
        else:
            key = "/".join(str(getattr(data, name)) for name in key_fields(event))
        return ChangeStated(one.row.number, subject, key, data)

    def _person(self, one: _GoodRow, read: RowsRead) -> None:
        if not self._details:
            return
        details = {}
        for name, columns in self._details:
            parts = []
            for column in columns:
                try:
                    parts.append(column.read(one.row.cells))
                except Trouble as trouble:
                    fault = RowFault(one.row.number, column.reader.column, trouble.problem, trouble.expected)
                    read.remarks.append(fault)
            if text := " ".join(part for part in parts if part):
                details[name] = text
        kind = "agency_worker" if self.file_mapping.kind is Kind.COVERS else "worker"
        reference = one.values["agency_worker" if kind == "agency_worker" else ""]
        read.persons.append(PersonalDetails(one.row.number, self._person_of(kind, reference), reference, details))


class _Together(Exception):
    """Values that do not go together, told at one of their fields."""

    def __init__(self, field_name: str, problem: str, expected: str) -> None:
        super().__init__(problem)
        self.field = field_name
        self.problem = problem
        self.expected = expected


def _wrong_width(row: NamedRow) -> RowFault:
    return RowFault(
        row.number,
        "(the row)",
        f"has {row.width} cells, and not as many as the header",
        "as many cells as the header: a value with the delimiter or a line end in it must stand in quotes",
    )
