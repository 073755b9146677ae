"""The quick way through a file: of each row the cells that the mapping names, and whom it is about.

Invariant: what the mapping does not name is gone after this module; nothing else of a file is ever looked at.
"""

from collections.abc import Iterator
from typing import NamedTuple

from services.people.files.reading import Table
from services.people.mapping.model import FileMapping


class NamedRow(NamedTuple):
    """One row, cut down to the columns that the mapping names.

    `key` is the reference of its subject as the rules of the mapping write it: of the worker for holdings, of the post
    for posts, of the assignment for covers, of the event's subject for changes. Rows with the same key are read
    together. It is not yet a pseudonym, so it may not be stored or logged: `FileMapping.subject` makes it one. A row
    whose reference is missing or cannot be read has the key "": such rows too are read together, and each has its fault.

    `cells` are in the order of the mapping (`FileMapping.names`), whatever that of the file, so that equal rows have
    equal cells in every file; a column that the file lacks is "" throughout. `width` is the number of cells the row had
    in the file, and None where it is as many as the header has.
    """

    number: int
    key: str
    cells: tuple[str, ...]
    width: int | None = None


def named_rows(table: Table, file_mapping: FileMapping) -> Iterator[NamedRow]:
    """The rows of a table by a mapping. Raises FileRefused where it is not the table that the mapping is of."""
    raise NotImplementedError


def dropped_columns(table: Table, file_mapping: FileMapping) -> tuple[str, ...]:
    """The names of the columns that are dropped, to be shown once."""
    raise NotImplementedError
