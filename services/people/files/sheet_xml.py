"""A sheet's XML, looked through before its cells are read: how far it goes, and which cells are errors.

Invariant: what reads the sheet after this takes memory for no more than MOST_CELLS cells. Otherwise a sheet with one
cell in its farthest corner would end the process, because calamine makes room for all cells before it.
"""

from collections.abc import Iterable
from typing import NoReturn
from xml.parsers import expat

from services.people.files.refusal import FileRefused

MOST_CELLS = 3_000_000
"""Rows times columns, empty ones included, for each takes some 70 bytes: 100,000 rows of 30 columns."""
MOST_ERRORS = 100_000
UNCALCULATED = "#UNCALCULATED!"
"""How a formula is read of which the file holds no result."""

Marks = dict[int, dict[int, str]]
"""What stands in cells that are read as blank, by row and column from 0 on."""


def looked_through(pieces: Iterable[bytes], name: str) -> Marks:
    """The errors of a sheet, and its formulas without a result. Raises FileRefused if it is too large, or no XML."""
    looking = _Looking(name)
    try:
        for piece in pieces:
            looking.parser.Parse(piece, False)
        looking.parser.Parse(b"", True)
    except expat.ExpatError:
        raise FileRefused(
            "cannot be read as a workbook: a sheet is not XML", "a whole XLSX workbook, or a CSV file", f"sheet {name}"
        ) from None
    return looking.marks


class _Looking:
    """What was met so far. Texts are listened to within formulas and errors alone, for most cells are neither."""

    def __init__(self, name: str) -> None:
        self.marks: Marks = {}
        self._name = name
        self._row, self._column = 0, 0
        self._last_row, self._last_column = 1, 1
        self._cells = self._errors = 0
        self._columns: dict[str, int] = {}
        self._type = ""
        self._formula = False
        self._text = ""
        # What calamine reads, which takes no notice of the encoding that is declared.
        self.parser = expat.ParserCreate("utf-8")
        self.parser.StartElementHandler = self._start
        self.parser.StartDoctypeDeclHandler = self._doctype

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "c" or tag.endswith(":c"):
            self._cell(attributes)
        elif tag == "row" or tag.endswith(":row"):
            reference = attributes.get("r", "")
            self._row = int(reference) if reference.isascii() and reference.isdigit() else self._row + 1
            self._column = 0
            self._reach()
        elif tag == "f" or tag.endswith(":f"):
            self._formula = True
            self._listen()

    def _cell(self, attributes: dict[str, str]) -> None:
        reference = attributes.get("r")
        if reference is None:
            self._column += 1
        else:
            letters = reference.rstrip("0123456789")
            digits = reference[len(letters) :]
            self._column = self._columns.get(letters) or self._column_of(letters)
            if not digits or len(digits) > 7:
                self._damaged()
            self._row = int(digits)
        self._reach()
        self._formula = False
        self._type = attributes.get("t", "")
        if self._type == "e":
            self._listen()

    def _reach(self) -> None:
        self._cells += 1
        if self._row <= self._last_row and self._column <= self._last_column and self._cells <= MOST_CELLS * 2:
            return
        self._last_row, self._last_column = max(self._last_row, self._row), max(self._last_column, self._column)
        if self._last_row * self._last_column > MOST_CELLS or self._cells > MOST_CELLS * 2:
            raise FileRefused(
                f"has cells down to row {self._last_row:,} and as far as column {self._last_column:,}",
                f"at most {MOST_CELLS:,} cells: delete the empty rows and columns behind the table, or send a CSV file",
                f"sheet {self._name}",
            )

    def _column_of(self, letters: str) -> int:
        if not (1 <= len(letters) <= 3 and letters.isascii() and letters.isalpha()):
            self._damaged()
        number = 0
        for letter in letters.upper():
            number = number * 26 + ord(letter) - ord("A") + 1
        self._columns[letters] = number
        return number

    def _listen(self) -> None:
        self._text = ""
        self.parser.CharacterDataHandler = self._characters
        self.parser.EndElementHandler = self._end

    def _characters(self, text: str) -> None:
        if len(self._text) < 100:
            self._text += text

    def _end(self, tag: str) -> None:
        if tag == "f" or tag.endswith(":f"):
            self._text = ""  # what comes from here on is the result
        if tag != "c" and not tag.endswith(":c"):
            return
        self.parser.CharacterDataHandler = None
        self.parser.EndElementHandler = None
        text = self._text.strip()
        if self._type == "e":
            self._mark(text or "#N/A")
        elif self._formula and not text and self._type != "str":
            self._mark(UNCALCULATED)

    def _mark(self, text: str) -> None:
        self._errors += 1
        if self._errors > MOST_ERRORS:
            raise FileRefused(
                f"more than {MOST_ERRORS:,} cells are errors or formulas without a result",
                "a workbook that was calculated and saved by a spreadsheet",
                f"sheet {self._name}",
            )
        self.marks.setdefault(self._row - 1, {})[self._column - 1] = text

    def _doctype(self, *_: object) -> NoReturn:
        raise FileRefused(
            "declares entities, which no spreadsheet does", "a whole XLSX workbook", f"sheet {self._name}"
        )

    def _damaged(self) -> NoReturn:
        raise FileRefused(
            "cannot be read as a workbook: a cell has no position",
            "a whole XLSX workbook, or a CSV file",
            f"sheet {self._name}",
        )
