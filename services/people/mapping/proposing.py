"""A first mapping for a file that nobody has described yet: what its columns seem to be, for a person to decide.

Invariant: the order of day and month is not guessed, and no code is matched by similarity. These become questions. No
value of a column that may be personal is repeated.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum

from services.people.files.reading import Table
from services.people.mapping.codes import choices_of, named
from services.people.mapping.dates import ISO
from services.people.mapping.document import NAMES, Stated, fields_of
from services.people.mapping.guessing import Seen, columns_by_field, kind_of, looked_at, never_read, personal
from services.people.mapping.guessing_dates import dates_found
from services.people.mapping.trouble import Trouble
from services.people.statements import Kind

MOST_CODES = 60
"""A column with more different values is not a column of codes."""
DECIDE = "# decide:"


@dataclass(frozen=True, slots=True)
class ProposedColumn:
    """One column of a file: what it seems to be (a field of the kind's statements, a personal detail, or None) and why.

    `unmatched` are values that match no code of that field, the most frequent first, where the field is coded.
    """

    name: str
    field: str | None
    why: str
    personal: bool = False
    unmatched: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a file seems to be; `mapping` is the text of a first mapping file, with questions as comments."""

    kind: Kind
    columns: tuple[ProposedColumn, ...]
    questions: tuple[str, ...]
    mapping: str


def propose(table: Table, name: str = "extract.csv") -> Proposal:
    """A first mapping for a table; `name` is that of its file. Raises FileRefused if its rows cannot be read."""
    seen = [column for column in looked_at(table) if column.name]
    kind = kind_of(seen)
    writing = _Writing(kind, seen, columns_by_field(seen, kind))
    mapping = writing.text(name, table.form)
    return Proposal(kind, tuple(writing.columns), tuple(writing.questions), mapping)


def _dates_as(formats: Sequence[str]) -> str:
    return f"    dates: [{', '.join(formats)}]"


class _Writing:
    """Writes the text, and collects what a person must decide."""

    def __init__(self, kind: Kind, seen: list[Seen], columns_of_fields: dict[str, str]) -> None:
        self.kind = kind
        self.seen = {column.name: column for column in seen}
        self.columns_by_field = columns_of_fields
        self.stated = fields_of(kind, None)
        self.questions: list[str] = []
        self.columns: list[ProposedColumn] = []

    def text(self, name: str, form: str) -> str:
        """The whole mapping."""
        fields = self._fields()
        pattern = re.sub(r"\d{2,}", "*", name.replace("\\", "/").rpartition("/")[2]) or "*"
        lines = [
            f"# A first mapping of {pattern} ({form}). What stands after `decide:` only you can know.",
            "files:",
            f"  {self.kind}:",
            f"    kind: {self.kind}",
            f"    name: {quoted(pattern)}",
            *self._dates(),
            *self._ends(),
            "    columns:",
            *fields,
            *self._persons(),
            "    policy:",
            "      history: current",
            *self._decide("history: complete, where the file holds what was before as well", 6),
        ]
        self._the_others()
        dropped = [column.name for column in self.columns if column.field is None]
        if dropped:
            lines.append(f"# Columns that are dropped, for nothing names them: {', '.join(map(quoted, dropped))}")
        return "\n".join(lines) + "\n"

    def _decide(self, question: str, indent: int) -> list[str]:
        self.questions.append(question)
        return [f"{' ' * indent}{DECIDE} {question}"]

    def _dates(self) -> list[str]:
        """The formats of the columns that are dates; where day and month can change places, a question."""
        columns = [column for name, column in self.columns_by_field.items() if self.stated[name].type is date]
        found = dates_found({column: self.seen[column].values for column in columns})
        chosen = [one for one in found.sure if one != ISO]
        lines = [_dates_as(chosen)]
        for column, other in found.by_others.items():
            lines.append(f"    # {quoted(column)} is read as {other}, which other dates of the file can only be")
        for column, options in found.open.items():
            both = f"{quoted(column)} can be read as {' or as '.join(options)}"
            lines += self._decide(f"{both}: every value fits. Complete `dates` above, as one of these", 4)
            lines += [f"    # {_dates_as([*chosen, one]).strip()}" for one in options]
        for column in found.unread:
            lines += self._decide(f"the format of the dates in {quoted(column)}: no format that is known reads all", 4)
        if found.contradicting is not None:
            first, second = found.contradicting
            lines += self._decide(f"some dates are {first} and others {second}: `dates` at the column of either", 4)
        return lines

    def _ends(self) -> list[str]:
        if "holds_until" not in self.columns_by_field:
            return []
        question = f"end_dates, whether {quoted(self.columns_by_field['holds_until'])} is the last day or the day after"
        return [*self._decide(question, 4), "    # end_dates: last-day"]

    def _fields(self) -> list[str]:
        lines: list[str] = []
        for field_name, stated in self.stated.items():
            column = self.columns_by_field.get(field_name)
            if column is None:
                if stated.required:
                    lines += self._decide(f"{field_name}: no column seems to be it, and it is needed", 6)
                continue
            lines += self._field(field_name, stated, column)
        return lines

    def _field(self, field_name: str, stated: Stated, column: str) -> list[str]:
        unmatched: tuple[str, ...] = ()
        if field_name in ("fte", "funded_fte"):
            lines = self._fte(field_name, column)
        elif issubclass(stated.type, Enum):
            lines, unmatched = self._codes(field_name, stated.type, column)
        elif field_name in NAMES:
            lines = self._names(field_name, column)
        else:
            lines = [f"      {field_name}: {quoted(column)}"]
        self.columns.append(ProposedColumn(column, field_name, "by its name", unmatched=unmatched))
        return lines

    def _fte(self, field_name: str, column: str) -> list[str]:
        largest = self.seen[column].largest()
        lines = [f"      {field_name}:", f"        column: {quoted(column)}"]
        if any("%" in text for text in self.seen[column].values):
            return [*lines, "        as: percentage"]
        if largest is not None and largest <= 1:
            return [*lines, "        as: ratio"]
        if largest is None and self.seen[column].filled:
            return [*lines, *self._decide(f"how {quoted(column)} is written: not all of it are numbers", 8)]
        question = f"{quoted(column)} goes above 1: percentage, hours (with full_time, its weekly hours), or ratio"
        return [*lines, *self._decide(question, 8), "        # as: hours", "        # full_time: 37"]

    def _codes(self, field_name: str, coded: type[Enum], column: str) -> tuple[list[str], tuple[str, ...]]:
        """The table of a coded column: what is spelt as a code is matched, all else is a question."""
        choices = choices_of(coded)
        values = self.seen[column].values
        lines = [f"      {field_name}:", f"        column: {quoted(column)}"]
        if len(values) > MOST_CODES:
            return [*lines, *self._decide(f"{quoted(column)} has too many values to be codes", 8)], ()
        matched: list[str] = []
        unmatched: list[str] = []
        for value, _ in values.most_common():
            code = _spelt(value)
            (matched if code in choices else unmatched).append(value)
        lines.append("        codes:")
        lines += [f"          {quoted(value)}: {_spelt(value)}" for value in matched]
        if not matched:
            lines[-1] = "        codes: {}"
        if unmatched:
            right = ", ".join(str(code.value) for code in coded)
            lines += self._decide(f"which code each of these of {quoted(column)} is: {right}; or leave-out", 10)
            lines += [f"          # {quoted(value)}:" for value in unmatched]
        return lines, tuple(unmatched)

    def _names(self, field_name: str, column: str) -> list[str]:
        """The list of what stands in a column of names: a person is to see that none is a person's."""
        values = self.seen[column].values
        lines = [f"      {field_name}:", f"        column: {quoted(column)}"]
        if len(values) > MOST_CODES:
            question = f"{quoted(column)} has more than {MOST_CODES} values: is it {field_name}? They are published"
            return [*lines, *self._decide(question, 8), "        # unmatched: spell"]
        names = [value for value in sorted(values) if _spelt(value)]
        odd = [value for value in sorted(values) if not _spelt(value)]
        lines += self._decide(f"all of these of {quoted(column)} are published: is none the name of a person?", 8)
        lines.append("        codes:" if names else "        codes: {}")
        lines += [f"          {quoted(value)}: {_spelt(value)}" for value in names]
        return [*lines, *(f"          # {quoted(value)}:" for value in odd)]

    def _persons(self) -> list[str]:
        if self.kind is Kind.POSTS:
            return []
        details: dict[str, list[str]] = {}
        for name in self.seen:
            detail = personal(name)
            if detail is not None and name not in self.columns_by_field.values():
                details.setdefault(detail, []).append(name)
                self.columns.append(ProposedColumn(name, detail, "by its name", personal=True))
        lines = [f"      {detail}: [{', '.join(map(quoted, names))}]" for detail, names in details.items()]
        return ["    persons:", *self._decide("what of this the register is to hold", 6), *lines] if lines else []

    def _the_others(self) -> None:
        described = {column.name for column in self.columns}
        for name in self.seen:
            if name not in described:
                is_personal = never_read(name) or personal(name) is not None
                why = "is personal, and nothing here needs it" if is_personal else "its name says nothing that is known"
                self.columns.append(ProposedColumn(name, None, why, personal=is_personal))


def _spelt(value: str) -> str:
    try:
        return named(value)
    except Trouble:
        return ""


def quoted(text: str) -> str:
    """A text as YAML writes it: without quotes if it cannot be read as anything else."""
    plain = re.fullmatch(r"[A-Za-z][A-Za-z0-9 _.-]*[A-Za-z0-9]", text)
    words = ("yes", "no", "true", "false", "null", "on", "off", "y", "n")
    return text if plain and text.casefold() not in words else json.dumps(text, ensure_ascii=False)
