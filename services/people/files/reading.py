"""From the bytes of a file to its rows, whatever it is: delimited text or a workbook.

    table = open_table(content, layout)
    table.header                      # names of the columns, as the file has them
    for number, cells in table.rows():
        ...

Invariant: a row has the number that a spreadsheet shows beside it. Its cells are text: a date of a workbook as
2023-10-31, a number as it would be typed. Rows are streamed; a file is never held twice.

FileRefused refuses a whole file. It is raised at once if the fault can be seen at once, or else when the rows come to
it (a last line that was cut off). So nothing of a file may be kept before its last row has come.
"""

import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from services.people.files.delimited import open_text
from services.people.files.layout import Layout
from services.people.files.names import HEADER_WITHIN, clean, header_index, header_names, refuse_other_layout
from services.people.files.refusal import FileRefused
from services.people.files.workbooks import open_workbook

Row = tuple[int, list[str]]
"""The row's number in the spreadsheet, from 1 on, and its cells, as many as the row has."""

LARGEST_FILE = 64 << 20
"""Bytes: 300,000 rows of 15 columns as text."""
LONGEST_FOOTER = 10
"""Rows at the end of a file that are looked at as a totals line or a page footer."""
_TOTALS = ("total", "grand total", "sub total", "subtotal", "sub-total", "sum of", "overall total", "count of")
_LEAST_COLUMNS = 4
"""Of a narrower table a row with one filled cell may be a record."""
_ANYTHING = re.compile(b"[^\xef\xbb\xbf\xff\xfe \t\r\n\0]")
"""A byte that is neither blank nor of a mark of an encoding."""
_SAVE_AS = "a CSV file or an XLSX workbook"


@dataclass(slots=True)
class Table:
    """The one table of a file: its header, and its rows as often as they are asked for.

    `form` says in words how the file was read ("UTF-8, separated by commas", "workbook, sheet Posts"). Lines that are
    no records (the totals line, the page footer, a repeated header) are left out of the rows. After the rows were read
    through, `no_records` has their numbers and says what they are.
    """

    header: tuple[str, ...]
    header_row: int
    form: str
    width: int | None
    """Of delimited text: how many cells the header row has, and so each row ought to; None of a workbook."""
    source: Callable[[], Iterator[Row]] = field(repr=False)
    no_records: list[tuple[int, str]] = field(default_factory=list)

    @property
    def suspicious(self) -> frozenset[str]:
        """Letters with which a totals line or a repeated header may begin."""
        return frozenset(" tTgGsSoOcC\t" + self.header[0][:1])

    def rows(self) -> Iterator[Row]:
        """The records below the header, in the order of the file. Raises FileRefused."""
        self.no_records = []
        held: deque[Row] = deque()
        header_row, suspicious = self.header_row, self.suspicious
        for row in self.source():
            number, cells = row
            if number <= header_row:
                continue
            # Almost every row has a cell at its beginning that no totals line begins with: the quick way.
            quick = len(cells) > 1 and cells[1] and (first := cells[0]) and first[0] not in suspicious
            what = None if quick else self._no_record(cells)
            if what is None:
                if held:
                    yield from held
                    held.clear()
                yield row
            elif what == _HEADER_AGAIN:
                self.no_records.append((number, what))
            elif what != _BLANK:
                held.append(row)
                if len(held) > LONGEST_FOOTER:
                    yield held.popleft()
        self.no_records += [(number, self._no_record(cells) or "") for number, cells in held]

    def _no_record(self, cells: list[str]) -> str | None:
        """What a row is that may be no record. A totals line and a footer are such only at the end of the file."""
        first = cells[0] if cells else ""
        filled = [cell for cell in cells if cell and not cell.isspace()]
        if not filled:
            return _BLANK
        if first and header_again(cells, self.header):
            return _HEADER_AGAIN
        if len(filled) < len(self.header) and filled[0].strip().casefold().startswith(_TOTALS):
            return "a totals line"
        if len(filled) == 1 and len(self.header) >= _LEAST_COLUMNS:
            return "a page footer"
        return None


_BLANK = "blank"
_HEADER_AGAIN = "the header once more"


def header_again(cells: list[str], header: tuple[str, ...]) -> bool:
    """Whether a row repeats the header, as exports of printed pages do."""
    return clean(cells[0]) == header[0] and header_names(cells[: len(header)]) == header


def open_table(content: bytes, layout: Layout) -> Table:
    """The table in a file. Raises FileRefused if there is none, or if it is not the one that the layout describes."""
    if len(content) > LARGEST_FILE:
        raise FileRefused(
            f"is {len(content) / (1 << 20):,.0f} MB long",
            f"at most {LARGEST_FILE >> 20} MB: an export of fewer columns",
        )
    if _ANYTHING.search(content) is None:
        raise FileRefused("is empty", "a file with a header and records")
    form, source = _opened(content, layout)
    header_row, cells = _header(source(), layout)
    header = header_names(cells)
    while header and not header[-1]:
        header = header[:-1]
    if not header:
        raise FileRefused("has no names of columns", "the row with the names of the columns", f"row {header_row:,}")
    refuse_other_layout(header, header_row, layout)
    return Table(header, header_row, form, None if content.startswith(b"PK") else len(cells), source)


def _opened(content: bytes, layout: Layout) -> tuple[str, Callable[[], Iterator[Row]]]:
    if content.startswith(b"PK\x03\x04"):
        return open_workbook(content, layout)
    if content.startswith(b"PK"):
        raise FileRefused("is an archive, but not an XLSX workbook", _SAVE_AS)
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        if "EncryptedPackage".encode("utf-16-le") in content:
            raise FileRefused("is encrypted", "a workbook without a password")
        raise FileRefused("is a workbook of Excel 97 to 2003 (.xls)", "the same saved as XLSX, or as CSV")
    begin = content[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if begin.startswith((b"<html", b"<!doctype", b"<table", b"<?xml", b"<meta", b"<head")):
        raise FileRefused("is a web page or XML, whatever its name says", _SAVE_AS)
    if begin.startswith((b"{\\rtf", b"%pdf")):
        raise FileRefused("is a document, not a table", _SAVE_AS)
    return open_text(content, layout)


def _header(rows: Iterator[Row], layout: Layout) -> Row:
    if layout.header_row is not None:
        for number, cells in rows:
            if number == layout.header_row:
                return number, cells
            if number > layout.header_row:
                break
        raise FileRefused(
            f"has no row {layout.header_row}, where the mapping says the header is", "the file that the mapping is of"
        )
    first = [row for row in islice(rows, HEADER_WITHIN) if any(cell.strip() for cell in row[1])]
    if not first:
        raise FileRefused("is empty", "a file with a header and records")
    return first[header_index([cells for _, cells in first], layout)]
