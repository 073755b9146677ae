"""However a table is written, it reads back the same; whatever bytes come, the answer is a table or a refusal."""

import csv
import io
import zipfile

import xlsxwriter
from hypothesis import example, given
from hypothesis import strategies as st

from services.people.files.layout import Layout
from services.people.files.reading import open_table
from services.people.files.refusal import FileRefused
from tests.unit.people.workbooks import archive, workbook

HEADER = ("Post", "Role", "Team", "Note")
LAYOUT = Layout(columns=tuple((name,) for name in HEADER), required=frozenset(HEADER))
LETTERS = st.characters(codec="cp1252", exclude_categories=["Cc"], exclude_characters="\x81\x8d\x8f\x90\x9d\\\xa0")
VALUES = st.text(LETTERS, max_size=12)
LINES = st.text(st.one_of(LETTERS, st.sampled_from("\n,;|\t\"'")), max_size=12)


@st.composite
def tables(draw: st.DrawFn) -> list[list[str]]:
    """Rows with a number in the first column, so that none looks like a footer, and anything in the others."""
    count = draw(st.integers(1, 8))
    return [[f"P{row}", "SW", draw(VALUES), draw(LINES)] for row in range(count)]


@st.composite
def dialects(draw: st.DrawFn) -> dict[str, object]:
    """A way to write a table that we promise to find out."""
    return {
        "delimiter": draw(st.sampled_from(",;|\t")),
        "quoting": draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])),
        "lineterminator": draw(st.sampled_from(["\n", "\r\n"])),
    }


@given(rows=tables(), dialect=dialects(), encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "windows-1252"]))
def test_a_table_reads_back_the_same_in_any_dialect_and_encoding(
    rows: list[list[str]], dialect: dict[str, object], encoding: str
) -> None:
    text = io.StringIO()
    csv.writer(text, **dialect).writerows([HEADER, *rows])  # type: ignore[arg-type]
    layout = LAYOUT
    if encoding == "windows-1252":
        # Some of its bytes are UTF-8 by chance.
        layout = Layout(encoding=encoding, columns=LAYOUT.columns, required=LAYOUT.required)
    table = open_table(text.getvalue().encode(encoding), layout)
    assert table.header == HEADER
    assert list(table.rows()) == list(enumerate(rows, 2))


@given(rows=tables())
def test_a_table_reads_back_the_same_from_a_workbook(rows: list[list[str]]) -> None:
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content, {"in_memory": True})
    sheet = book.add_worksheet()
    for number, row in enumerate([HEADER, *rows]):
        for column, value in enumerate(row):
            sheet.write_string(number, column, value)
    book.close()
    table = open_table(content.getvalue(), LAYOUT)
    assert table.header == HEADER
    assert list(table.rows()) == list(enumerate(rows, 2))


def answered(content: bytes) -> str:
    """A table, or a refusal; nothing else may come of bytes."""
    try:
        for _ in open_table(content, Layout()).rows():
            pass
    except FileRefused as refused:
        return "refused" if refused.problem and refused.expected else "refused without a word"
    return "a table"


@given(st.binary(max_size=300))
@example(b"PK\x03\x04")
@example(b"\xff\xfe")
@example(b"\xff\xfe\x00\x00")
@example(b'"')
@example(b"\xd0\xcf\x11\xe0")
def test_whatever_bytes_come_the_answer_is_a_table_or_a_refusal(content: bytes) -> None:
    assert answered(content) in ("refused", "a table")


@given(st.text(max_size=200), st.sampled_from(["utf-8", "utf-16", "utf-32", "utf-16-be"]))
def test_whatever_text_comes_the_answer_is_a_table_or_a_refusal(text: str, encoding: str) -> None:
    assert answered(text.encode(encoding, "surrogatepass")) in ("refused", "a table")


GOOD = workbook([HEADER, ["P1", "SW", 0.5, "Duty"], ["P2", "TM", 1, "MASH"]])
with zipfile.ZipFile(io.BytesIO(GOOD)) as _read:
    PARTS = {name: _read.read(name) for name in _read.namelist()}


@given(
    st.sampled_from([*sorted(PARTS), ""]),
    st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(0, 40), st.binary(max_size=4)), min_size=1, max_size=5),
)
def test_a_workbook_damaged_anywhere_is_a_table_or_refused(name: str, damages: list[tuple[int, int, bytes]]) -> None:
    damaged = bytearray(PARTS.get(name, GOOD))
    for place, length, instead in damages:
        at = place % (len(damaged) + 1)
        damaged[at : at + length] = instead
    content = archive({**PARTS, name: bytes(damaged)}) if name else bytes(damaged)
    assert answered(content) in ("refused", "a table")
