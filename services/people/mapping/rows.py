"""The quick way through a file: for each row, the cells that the mapping names, and whom the row is about.

Invariant: only what the mapping names is ever looked at. Nothing else of a file goes further than this module.
"""

from collections.abc import Callable, Iterator
from operator import itemgetter
from typing import NamedTuple

from contracts.refusal import shown
from services.people.files.reading import Table
from services.people.files.refusal import FileRefused
from services.people.mapping.model import FileMapping
from services.people.mapping.readers import FieldReader
from services.people.mapping.trouble import LeaveOut, Trouble
from services.people.statements import Kind, RowFault


class NamedRow(NamedTuple):
    """One row, cut down to the columns that the mapping names.

    `key` is the reference of the row's subject, written by the rules of the mapping. For holdings that is the
    worker, for posts the post, for covers the assignment, for changes the event's subject. Rows with the same key
    are read together. It is not yet a pseudonym, so it may not be stored or logged: `FileMapping.subject` makes it
    one. A row whose reference is missing or cannot be read has the key "": such rows too are read together, each has
    its fault.

    `cells` are in the order of the mapping (`FileMapping.names`), not that of the file, so equal rows have equal cells
    in every file. A column that the file lacks is "" throughout. `width` is the number of cells the row had
    in a delimited file, and None if that is as many as the header has.
    """

    number: int
    key: str
    cells: tuple[str, ...]
    width: int | None = None


def named_rows(table: Table, file_mapping: FileMapping) -> Iterator[NamedRow]:
    """The rows of a table by a mapping. Raises FileRefused for an extract without rows."""
    width = len(table.header)
    slots = [_column_index(table.header, names) for names in file_mapping.rules.slots]
    lacking = width in slots
    cut = _cut(slots)
    key_of = _key_of(file_mapping)
    number = 0
    for number, cells in table.rows():
        wrong = None
        if len(cells) != width:
            wrong = _wrong_width(len(cells), table, file_mapping.rules.short_rows_are_blank)
            cells = cells[:width] + [""] * (width - len(cells))
        if lacking:
            cells.append("")
        named = cut(cells)
        yield NamedRow(number, key_of(named), named, wrong)
    if number == 0 and file_mapping.kind is not Kind.CHANGES:
        raise FileRefused(
            "has a header and no records: as an extract it would say that there is nobody any more",
            "the extract with its records",
        )


def dropped_columns(table: Table, file_mapping: FileMapping) -> tuple[str, ...]:
    """The names of the columns that are dropped, to be shown once."""
    read = {name for names in file_mapping.rules.slots for name in names}
    return tuple(name for name in table.header if name and name not in read)


def _column_index(header: tuple[str, ...], names: tuple[str, ...]) -> int:
    """Where a column is; behind the last where the file lacks it."""
    return next((header.index(name) for name in names if name in header), len(header))


def _cut(slots: list[int]) -> Callable[[list[str]], tuple[str, ...]]:
    if len(slots) > 1:
        return itemgetter(*slots)
    return lambda cells: tuple(cells[slot] for slot in slots)


def _wrong_width(width: int, table: Table, short_is_blank: bool) -> int | None:
    """How wide a row is where that is a fault: a value with the delimiter in it has shifted all behind it."""
    if table.width is None or width == table.width:
        return None
    if width < table.width and (short_is_blank or width >= len(table.header)):
        return None
    return width


def _key_of(file_mapping: FileMapping) -> Callable[[tuple[str, ...]], str]:
    read = file_mapping.rules.subject.read

    def key_of(cells: tuple[str, ...]) -> str:
        try:
            return read(cells) or ""
        except (Trouble, LeaveOut):
            return ""

    return key_of


def fault_of(trouble: Trouble, reader: FieldReader, row: NamedRow) -> RowFault:
    """What is wrong with a row, by its column; with the value, unless the column is personal."""
    if trouble.column is not None:
        return RowFault(row.number, trouble.column, trouble.problem, trouble.expected, trouble.value)
    slots = reader.slots
    value = shown(row.cells[slots[0]]) if slots and not reader.personal else None
    return RowFault(row.number, reader.column, trouble.problem, trouble.expected, value)
