"""Workbooks (XLSX): which sheet, and its rows as text.

Invariant: a cell that holds an error (#N/A), or a formula without its result, is read as that and never as blank. A
hidden row is read like any other. A hidden sheet is read only if the mapping names it.

python-calamine reads the cells. It does not tell errors, formulas without a result, or how large a sheet is. These are
looked up in the sheet's XML first.
"""

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from itertools import islice
from xml.etree import ElementTree
from zipfile import ZipInfo

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError, SheetVisibleEnum

from services.people.files.archive import parts_of, unpacked
from services.people.files.layout import Layout
from services.people.files.names import HEADER_WITHIN, most_named
from services.people.files.refusal import FileRefused
from services.people.files.sheet_xml import Marks, looked_through

Row = tuple[int, list[str]]

_LARGEST_INDEX = 4 << 20
_SAVE_AS = "a whole XLSX workbook, or a CSV file"


@dataclass(slots=True)
class _Sheet:
    """One sheet: its cells, and what stands in those that are read as blank."""

    name: str
    cells: CalamineSheet
    marks: Marks


def open_workbook(content: bytes, layout: Layout) -> tuple[str, Callable[[], Iterator[Row]]]:
    """Which sheet is read, in words, and a function that streams its rows. Raises FileRefused."""
    parts = parts_of(content)
    parts_of_sheets = _sheet_parts(content, parts)
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        visible = [sheet.name for sheet in book.sheets_metadata if sheet.visible is SheetVisibleEnum.Visible]
        sheet = _choose(book, content, parts_of_sheets, _sheets_to_read(layout, book.sheet_names, visible), layout)
    except PasswordError:
        raise FileRefused("is encrypted", "a workbook without a password") from None
    except FileRefused:
        raise
    except (CalamineError, ValueError, OSError) as error:
        raise _damaged(error) from None
    except BaseException as error:
        raise _unless_panic(error) from None
    return f"workbook, sheet {sheet.name}", partial(_rows, sheet)


def _damaged(error: BaseException) -> FileRefused:
    return FileRefused(f"cannot be read as a workbook ({type(error).__name__})", _SAVE_AS)


def _unless_panic(error: BaseException) -> BaseException:
    """What calamine stumbles over is no ordinary exception of Python."""
    return _damaged(error) if type(error).__name__ == "PanicException" else error


def _sheets_to_read(layout: Layout, names: list[str], visible: list[str]) -> list[str]:
    if layout.sheet is None:
        if not visible:
            raise FileRefused(
                "has no sheet that is shown",
                "a workbook with the table on a sheet that is shown, or `sheet` in the mapping",
            )
        return visible
    if layout.sheet not in names:
        raise FileRefused(f"has no sheet {layout.sheet!r}", f"one of its sheets in the mapping: {', '.join(names)}")
    return [layout.sheet]


def _choose(
    book: CalamineWorkbook, content: bytes, parts_of_sheets: dict[str, ZipInfo], names: list[str], layout: Layout
) -> _Sheet:
    """The sheet with most of the mapping's columns, the first of equals; without a mapping the first that has rows."""
    best: _Sheet | None = None
    most = -1
    for name in names:
        if name not in parts_of_sheets:
            raise FileRefused("has a sheet that its index does not lead to", _SAVE_AS, f"sheet {name}")
        marks = looked_through(unpacked(content, parts_of_sheets[name]), name)
        sheet = _Sheet(name, book.get_sheet_by_name(name), marks)
        first = [cells for _, cells in islice(_rows(sheet), HEADER_WITHIN)]
        named = most_named(first, layout.columns)[1] if layout.columns else int(len(first) > 0)
        if named > most:
            best, most = sheet, named
    if best is None:
        raise FileRefused("has no sheet", "a workbook with the table on a sheet")
    return best


def _sheet_parts(content: bytes, parts: dict[str, ZipInfo]) -> dict[str, ZipInfo]:
    """Which part holds which sheet. Every sheet is looked up, or its size would not be checked."""
    try:
        sheets = _index(content, parts["xl/workbook.xml"])
        targets = {
            one.get("Id", ""): one.get("Target", "")
            for one in _index(content, parts["xl/_rels/workbook.xml.rels"]).iter()
        }
    except KeyError:
        raise FileRefused(
            "is an archive, but not an XLSX workbook", "an XLSX workbook, or a CSV file that is not packed"
        ) from None
    part_of_sheet = {}
    for sheet in sheets.iter():
        if sheet.tag.rpartition("}")[2] != "sheet":
            continue
        identifier = next((value for name, value in sheet.attrib.items() if name.rpartition("}")[2] == "id"), "")
        target = targets.get(identifier, "")
        path = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
        if path in parts:
            part_of_sheet[sheet.get("name", "")] = parts[path]
    return part_of_sheet


def _index(content: bytes, part: ZipInfo) -> ElementTree.Element:
    if part.file_size > _LARGEST_INDEX:
        raise FileRefused("has an index of sheets that is too large", _SAVE_AS)
    text = b"".join(unpacked(content, part))
    if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        raise FileRefused("declares entities, which no spreadsheet does", _SAVE_AS)
    try:
        # What calamine reads, which takes no notice of the encoding that is declared; entities are refused above.
        return ElementTree.fromstring(text, ElementTree.XMLParser(encoding="utf-8"))  # noqa: S314
    except ElementTree.ParseError as error:
        raise _damaged(error) from None


def _rows(sheet: _Sheet) -> Iterator[Row]:
    merged = _merged_down(sheet.cells)
    filling: dict[int, tuple[int, str]] = {}
    # calamine leaves out the empty columns before the first filled one, and not the empty rows.
    before = [""] * (sheet.cells.start or (0, 0))[1]
    try:
        for index, values in enumerate(sheet.cells.iter_rows()):
            cells = before + [_TEXT[type(value)](value) for value in values]
            for column, mark in sheet.marks.get(index, {}).items():
                cells += [""] * (column + 1 - len(cells))
                cells[column] = mark
            for column, last in merged.get(index, ()):
                filling[column] = (last, cells[column] if column < len(cells) else "")
            for column, (last, text) in list(filling.items()):
                if index > last:
                    del filling[column]
                elif column < len(cells) and not cells[column]:
                    cells[column] = text
            yield index + 1, cells
    except CalamineError as error:
        raise _damaged(error) from None


def _merged_down(cells: CalamineSheet) -> dict[int, list[tuple[int, int]]]:
    """Cells that are merged over several rows, by the first: column and last row. Each of the rows has the value."""
    merged: dict[int, list[tuple[int, int]]] = {}
    for (first_row, first_column), (last_row, _) in cells.merged_cell_ranges or ():
        if last_row > first_row:
            merged.setdefault(first_row, []).append((first_column, last_row))
    return merged


def _number(value: float) -> str:
    # A spreadsheet keeps and shows 15 digits.
    return format(value, ".15g").upper()


def _moment(value: datetime) -> str:
    return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "seconds")


def _duration(value: timedelta) -> str:
    minutes = round(value.total_seconds() / 60)
    return f"{minutes // 60}:{minutes % 60:02}"


_TEXT: dict[type, Callable[..., str]] = {
    str: str,
    float: _number,
    int: str,
    bool: lambda value: "TRUE" if value else "FALSE",
    date: date.isoformat,
    datetime: _moment,
    time: lambda value: value.isoformat("minutes"),
    timedelta: _duration,
}
