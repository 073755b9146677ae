"""Workbooks for tests, as spreadsheets write them, and archives that no spreadsheet writes."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import xlsxwriter

INDEX = {
    "[Content_Types].xml": (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="xml" ContentType="application/xml"/></Types>'
    ),
    "_rels/.rels": (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" '
        'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>'
    ),
    "xl/workbook.xml": (
        '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
        'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
        '<sheets><sheet name="Posts" sheetId="1" r:id="s1"/></sheets></workbook>'
    ),
    "xl/_rels/workbook.xml.rels": (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="s1" '
        'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" '
        'Target="worksheets/sheet1.xml"/></Relationships>'
    ),
}
"""The parts of a workbook with one sheet, all but the sheet."""
SHEET = "xl/worksheets/sheet1.xml"


def workbook(rows: Sequence[Sequence[Any]], **options: Any) -> bytes:
    """A workbook with one sheet, from its first cell on."""
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content, {"in_memory": True, "default_date_format": "dd/mm/yyyy", **options})
    sheet = book.add_worksheet("Posts")
    for number, row in enumerate(rows):
        sheet.write_row(number, 0, row)
    book.close()
    return content.getvalue()


def by_hand(cells: str, **parts: str) -> bytes:
    """A workbook with one sheet of which the data are given as XML; `parts` replace others by name."""
    sheet = (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        f"<sheetData>{cells}</sheetData></worksheet>"
    )
    return archive({**INDEX, SHEET: sheet, **parts})


def archive(parts: Mapping[str, str | bytes], packing: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip archive of some parts."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", packing) as written:
        for name, text in parts.items():
            written.writestr(name, text)
    return content.getvalue()


def with_size_said_to_be(content: bytes, said: int, name: str = SHEET) -> bytes:
    """The archive with another size of one part in its directory and before the part: a lie."""
    with zipfile.ZipFile(io.BytesIO(content)) as read:
        part = read.getinfo(name)
    true = part.file_size.to_bytes(4, "little")
    changed = bytearray(content)
    at = part.header_offset + 22
    assert changed[at : at + 4] == true
    changed[at : at + 4] = said.to_bytes(4, "little")
    directory = content.index(name.encode(), content.index(b"PK\x01\x02")) - 46 + 24
    assert changed[directory : directory + 4] == true
    changed[directory : directory + 4] = said.to_bytes(4, "little")
    return bytes(changed)


@cache
def bomb(name: str, size: int) -> bytes:
    """A workbook of some hundred kilobytes of which one part unpacks to `size` bytes."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as written:
        for part, text in INDEX.items():
            written.writestr(part, text)
        with written.open(name, "w") as opened:
            piece = bytes(1 << 20)
            for _ in range(size >> 20):
                opened.write(piece)
    return content.getvalue()
