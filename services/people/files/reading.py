"""From the bytes of a file to its rows, whatever it is: delimited text or a workbook.

    table = open_table(content, layout)
    table.header                      # names of the columns, as the file has them
    for number, cells in table.rows():
        ...

Invariant: a row has the number that a spreadsheet shows beside it, and its cells are text: a date of a workbook as
2023-10-31, a number as it would be typed. Rows are streamed; a file is never held twice.

Whole files are refused by FileRefused: at once where that can be seen at once, else when the rows come to it (a last
line that was cut off). So nothing may be kept of a file before its last row has come.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from services.people.files.layout import Layout

Row = tuple[int, list[str]]
"""The row's number in the spreadsheet, from 1 on, and its cells, as many as the row has."""


@dataclass(slots=True)
class Table:
    """The one table of a file: its header, and its rows as often as they are asked for.

    `form` says in words how the file was read ("UTF-8, separated by commas", "workbook, sheet Posts"). Lines that are
    no records (the totals line, the page footer, a repeated header) are left out of the rows; after the rows were
    read through, `no_records` has their numbers and what they are.
    """

    header: tuple[str, ...]
    header_row: int
    form: str
    source: Callable[[], Iterator[Row]] = field(repr=False)
    no_records: list[tuple[int, str]] = field(default_factory=list)

    def rows(self) -> Iterator[Row]:
        """The records below the header, in the order of the file. Raises FileRefused."""
        raise NotImplementedError


def open_table(content: bytes, layout: Layout) -> Table:
    """The table in a file. Raises FileRefused where it is none, or not the one that the layout says."""
    raise NotImplementedError
