"""Files that are refused whole, by name, each with what the refusal says: written by hand."""

import zipfile
from collections.abc import Callable
from dataclasses import dataclass

from services.people.files.layout import Layout
from tests.unit.people.workbooks import INDEX, SHEET, archive, bomb, by_hand, with_size_said_to_be, workbook

POSTS = Layout(
    columns=(("Post",), ("Role", "Job Title"), ("FTE",), ("Team",)), required=frozenset({"Post", "Role", "FTE", "Team"})
)
HEADER = "Post,Role,FTE,Team\n"
ROW = "P1,SW,1,Duty\n"


@dataclass(frozen=True)
class BrokenFile:
    """A file, and what is said of it: the problem, what would be right, and where."""

    name: str
    content: Callable[[], bytes]
    problem: str
    expected: str
    where: str | None = None
    layout: Layout = POSTS


def _text(text: str) -> Callable[[], bytes]:
    return lambda: text.encode()


def _is(content: bytes) -> Callable[[], bytes]:
    return lambda: content


def _posts() -> bytes:
    return workbook([["Post", "Role", "FTE", "Team"], *([f"P{number}", "SW", 1, "Duty"] for number in range(200))])


def _encrypted_part() -> bytes:
    content = bytearray(_posts())
    directory = content.index(b"PK\x01\x02")
    content[directory + 8] |= 1
    return bytes(content)


def _hidden_sheets() -> bytes:
    return by_hand(
        "",
        **{"xl/workbook.xml": INDEX["xl/workbook.xml"].replace('sheetId="1"', 'sheetId="1" state="hidden"')},
    )


_A1 = '<row r="1"><c r="A1" t="inlineStr"><is><t>Post</t></is></c></row>'
_CORNER = _A1 + '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
_OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)
_DAMAGED = "is a workbook that was cut off or damaged"
_WHOLE = "a whole XLSX workbook, or a CSV file"
_EITHER = "a CSV file or an XLSX workbook"

BROKEN_FILES = (
    BrokenFile("an empty file", _is(b""), "is empty", "a file with a header and records"),
    BrokenFile("blank lines alone", _is(b"\r\n\r\n  \r\n"), "is empty", "a file with a header and records"),
    BrokenFile("a byte order mark alone", _is(b"\xef\xbb\xbf"), "is empty", "a file with a header and records"),
    BrokenFile("delimiters alone", _is(b",,,\n,,,\n"), "is empty", "a file with a header and records"),
    BrokenFile(
        "a workbook of which the second half is missing", lambda: _posts()[: len(_posts()) // 2], _DAMAGED, _WHOLE
    ),
    BrokenFile("a workbook of which the last byte is missing", lambda: _posts()[:-1], _DAMAGED, _WHOLE),
    BrokenFile("the first 100 bytes of a workbook", lambda: _posts()[:100], _DAMAGED, _WHOLE),
    BrokenFile(
        "a workbook with a password",
        _is(_OLD + "EncryptedPackage".encode("utf-16-le")),
        "is encrypted",
        "a workbook without a password",
    ),
    BrokenFile("an archive with a password", _encrypted_part, "is encrypted", "a workbook without a password"),
    BrokenFile("a workbook of Excel 97", _is(_OLD), "Excel 97 to 2003", "the same saved as XLSX, or as CSV"),
    BrokenFile(
        "a web page called .xls",
        _text("\r\n<HTML><table><tr><td>Post</td></tr></table></HTML>"),
        "is a web page or XML, whatever its name says",
        _EITHER,
    ),
    BrokenFile(
        "a spreadsheet of 2003 as XML",
        _text('<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>'),
        "is a web page or XML, whatever its name says",
        _EITHER,
    ),
    BrokenFile("a PDF", _text("%PDF-1.7 Post,Role,FTE,Team"), "is a document, not a table", _EITHER),
    BrokenFile("a text document", _text("{\\rtf1 Post}"), "is a document, not a table", _EITHER),
    BrokenFile(
        "an archive with a CSV file in it",
        lambda: archive({"posts.csv": HEADER + ROW}),
        "is an archive, but not an XLSX workbook",
        "an XLSX workbook, or a CSV file that is not packed",
    ),
    BrokenFile("an empty archive", _is(b"PK\x05\x06" + bytes(18)), "is an archive, but not an XLSX workbook", _EITHER),
    BrokenFile(
        "a spreadsheet of OpenDocument",
        lambda: archive({"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": "<a/>"}),
        "is an archive, but not an XLSX workbook",
        "an XLSX workbook, or a CSV file that is not packed",
    ),
    BrokenFile(
        "a zip bomb: a sheet of 200 MB in 200 kB",
        lambda: bomb(SHEET, 200 << 20),
        "unpacks to more than 192 MB",
        "a workbook with the table alone, or a CSV file",
    ),
    BrokenFile(
        "a zip bomb that says it is small",
        lambda: with_size_said_to_be(bomb(SHEET, 200 << 20), 100),
        "unpacks to more than 192 MB",
        "a workbook with the table alone, or a CSV file",
    ),
    BrokenFile(
        "a zip bomb of shared strings",
        lambda: bomb("xl/sharedStrings.xml", 80 << 20),
        "unpacks to more than 64 MB",
        "a workbook with the table alone, or a CSV file",
    ),
    BrokenFile(
        "an archive of 3,000 parts",
        lambda: archive({**INDEX, **{f"xl/media/{number}": "" for number in range(2_996)}}),
        "is an archive of 3,000 parts",
        "a workbook of at most 2,000",
    ),
    BrokenFile(
        "a sheet with one cell in its farthest corner",
        lambda: by_hand(_CORNER),
        "has cells down to row 1,048,576 and as far as column 16,384",
        "at most 3,000,000 cells: delete the empty rows and columns behind the table, or send a CSV file",
        "sheet Posts",
    ),
    BrokenFile(
        "a workbook packed as no spreadsheet packs",
        lambda: archive({**INDEX, SHEET: "<worksheet/>"}, zipfile.ZIP_BZIP2),
        "is packed in a way that no spreadsheet uses",
        _WHOLE,
    ),
    BrokenFile(
        "a workbook whose index declares entities",
        lambda: by_hand("", **{"xl/workbook.xml": '<!DOCTYPE a [<!ENTITY b "c">]>' + INDEX["xl/workbook.xml"]}),
        "declares entities, which no spreadsheet does",
        _WHOLE,
    ),
    BrokenFile(
        "a workbook whose index is no XML",
        lambda: by_hand("", **{"xl/workbook.xml": "<workbook"}),
        "cannot be read as a workbook",
        _WHOLE,
    ),
    BrokenFile(
        "a workbook whose sheet is no XML",
        lambda: by_hand("", **{SHEET: "<worksheet><sheetData><row r='1'><c r='A1'></row></sheetData>"}),
        "cannot be read as a workbook",
        _WHOLE,
    ),
    BrokenFile("a workbook with an empty sheet", lambda: workbook([]), "is empty", "a file with a header and records"),
    BrokenFile(
        "a workbook with hidden sheets alone",
        _hidden_sheets,
        "has no sheet that is shown",
        "a workbook with the table on a sheet that is shown, or `sheet` in the mapping",
    ),
    BrokenFile(
        "a workbook without the sheet of the mapping",
        _posts,
        "has no sheet 'Establishment'",
        "one of its sheets in the mapping: Posts",
        layout=Layout(sheet="Establishment"),
    ),
    BrokenFile(
        "a NUL byte within text",
        _is(b"Post,Role,FTE,Team\nP1,S\0W,1,Duty\n"),
        "holds a NUL byte, so it is not text",
        _EITHER,
        "byte 24",
    ),
    BrokenFile(
        "a control character within text",
        _is(b"Post,Role,FTE,Team\nP1,S\x07W,1,Duty\n"),
        "holds a control character (0x07), so it is not text",
        _EITHER,
        "byte 24",
    ),
    BrokenFile("a picture", _is(b"\x89PNG\r\n\x1a\n" + bytes(range(256))), "so it is not text", _EITHER, "byte 7"),
    BrokenFile(
        "bytes of no encoding",
        _is(b"Post,Role,FTE,Team\nP1,S\x81W,1,Duty\n"),
        "is neither UTF-8 nor Windows-1252",
        "one of these, or the encoding in the mapping: utf-8, utf-16, windows-1252",
        "byte 24",
    ),
    BrokenFile(
        "UTF-8 that goes on in Windows-1252",
        _is("Post,Role,FTE,Team\nP1,SW,1,Zoë\n".encode() + "P2,SW,1,Zoë\n".encode("cp1252")),
        "is UTF-8 up to here, and not from here on",
        "one encoding throughout; or the encoding in the mapping: utf-8, utf-16, windows-1252",
        "byte 43",
    ),
    BrokenFile(
        "UTF-8 that is cut within a character",
        lambda: "Post,Role,FTE,Team\nP1,SW,1,Zoë\nP2,SW,1,Zoë".encode()[:-1],
        "is UTF-8 up to here, and not from here on",
        "one encoding throughout",
    ),
    BrokenFile(
        "UTF-16 that is cut within a character",
        lambda: (HEADER + ROW).encode("utf-16")[:-1],
        "is not UTF-16 throughout",
        _EITHER,
    ),
    BrokenFile(
        "UTF-16 with a control character",
        lambda: (HEADER + "P1,S\0W,1,Duty\n").encode("utf-16"),
        "is not UTF-16 throughout",
        _EITHER,
    ),
    BrokenFile(
        "UTF-8 with a mark, and a mapping that says Windows-1252",
        lambda: (HEADER + ROW).encode("utf-8-sig"),
        "begins with the mark of UTF-8, and the mapping says windows-1252",
        "the encoding that the mapping says, or the other one in the mapping",
        layout=Layout(encoding="windows-1252"),
    ),
    BrokenFile(
        "Windows-1252, and a mapping that says UTF-8",
        _is(b"Post,Role,FTE,Team\nP1,\xa3,1,Duty\n"),
        "is not UTF-8 throughout",
        _EITHER,
        "byte 23",
        Layout(encoding="utf-8"),
    ),
    BrokenFile(
        "10,000 columns",
        lambda: ",".join(f"Column {number}" for number in range(10_000)).encode() + b"\n" + b"," * 9_999 + b"\n",
        "has 10,000 columns",
        "at most 1,000: an export of fewer columns",
        layout=Layout(),
    ),
    BrokenFile(
        "a column gone, and one that is near to it",
        _text("Post,Role,Full Time Equivalent,Teams\n" + ROW),
        "columns of the mapping are gone: 'FTE'; 'Team' (near to it: 'Teams')",
        "it has: Post, Role, Full Time Equivalent, Teams",
        "header in row 1",
    ),
    BrokenFile(
        "a column whose other name is gone as well",
        _text("Post,Occupation,FTE,Team\n" + ROW),
        "columns of the mapping are gone: 'Role' or 'Job Title'",
        "it has: Post, Occupation, FTE, Team",
        "header in row 1",
    ),
    BrokenFile(
        "a column that is there twice",
        _text("Post,Role,FTE,FTE,Team\nP1,SW,1,37,Duty\n"),
        "'FTE' is there more than once (write 'FTE (1)' or 'FTE (2)' in the mapping)",
        "it has: Post, Role, FTE (1), FTE (2), Team",
        "header in row 1",
    ),
    BrokenFile(
        "another file altogether",
        _text("Invoice,Supplier,Amount,Paid\n1,Acme,3.00,yes\n"),
        "columns of the mapping are gone: 'Post'; 'Role' or 'Job Title'; 'FTE'; 'Team'",
        "it has: Invoice, Supplier, Amount, Paid",
        "header in row 1",
    ),
    BrokenFile(
        "rows without a header",
        _text(ROW * 3),
        "the row with the names of the columns is missing",
        "a file that names its columns above its rows (what is there is not repeated: it may be personal)",
        "row 1",
    ),
    BrokenFile(
        "a list as JSON", _text('[{"Post": "P1", "Role": "SW"}]\n'), "columns of the mapping are gone", "it has:"
    ),
    BrokenFile(
        "a header row that the file has not",
        _text(HEADER + ROW),
        "has no row 9, where the mapping says the header is",
        "the file that the mapping is of",
        layout=Layout(header_row=9),
    ),
    BrokenFile(
        "a header row without a name",
        _text(",,,\n" + HEADER + ROW),
        "has no names of columns",
        "the row with the names of the columns",
        "row 1",
        Layout(header_row=1),
    ),
    BrokenFile(
        "another delimiter than the mapping says",
        _text(HEADER + ROW),
        "columns of the mapping are gone",
        "it has: Post,Role,FTE,Team",
        "header in row 1",
        Layout(delimiter="|", columns=POSTS.columns, required=POSTS.required),
    ),
    BrokenFile(
        "a last line that is cut off",
        _text(HEADER + ROW + "P2,SW"),
        "the last line is cut off: it has 2 of 4 cells and no line end",
        "the whole file, sent when it is written to its end",
        "row 3",
    ),
    BrokenFile(
        "a file cut off within quotes",
        _text(HEADER + ROW + 'P2,"S'),
        "a quote is opened and never closed",
        "a whole file; or `quoted: false` in the mapping, where quotes are letters",
        "row 3",
    ),
    BrokenFile(
        "a quote that is never closed",
        _text(HEADER + 'P1,"SW,1,Duty\n' + ROW * 100_000),
        "cannot be split into cells",
        "every quote closed",
        "row 2",
    ),
    BrokenFile(
        "a line without end",
        _text(HEADER + "P1,SW,1," + "Duty " * 300_000),
        "a line is longer than 1,048,576 characters",
        "one record a line",
    ),
    BrokenFile(
        "200 MB",
        lambda: ROW.encode() * ((200 << 20) // len(ROW)),
        "is 200 MB long",
        "at most 64 MB: an export of fewer columns",
    ),
)
