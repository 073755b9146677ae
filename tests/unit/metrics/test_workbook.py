"""Workbooks: numbers, dates and text as what they are, no formula whatever was recorded, and nothing cut."""

import io
import zipfile
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.problems import Problem
from services.metrics.api import schemas, workbook
from services.metrics.api.workbook import DATES

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
TEXT = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), min_size=1)


def sheets(content: bytes) -> list[list[list[tuple[str, Any]]]]:
    """Every cell of every sheet: whether it holds a number, a text, a flag or a formula, and which."""
    archive = zipfile.ZipFile(io.BytesIO(content))
    shared = ElementTree.fromstring(archive.read("xl/sharedStrings.xml"))  # noqa: S314 - our own
    texts = ["".join(part.text or "" for part in item.iter(f"{MAIN}t")) for item in shared.iter(f"{MAIN}si")]
    by_name = []
    for number in (1, 2):
        sheet = ElementTree.fromstring(archive.read(f"xl/worksheets/sheet{number}.xml"))  # noqa: S314
        by_name.append([[_cell(cell, texts) for cell in row] for row in sheet.iter(f"{MAIN}row")])
    return by_name


def rows_of(content: bytes, number: int = 1) -> list[list[str]]:
    """The rows of a sheet as text, as CSV has them: empty where there is nothing, dates as 2023-10-31."""
    archive = zipfile.ZipFile(io.BytesIO(content))
    sheet = ElementTree.fromstring(archive.read(f"xl/worksheets/sheet{number}.xml"))  # noqa: S314 - our own
    shared = ElementTree.fromstring(archive.read("xl/sharedStrings.xml"))  # noqa: S314
    texts = ["".join(part.text or "" for part in item.iter(f"{MAIN}t")) for item in shared.iter(f"{MAIN}si")]
    read: list[list[str]] = []
    for row in sheet.iter(f"{MAIN}row"):
        cells = {_column(cell.get("r", "")): _as_text(*_cell(cell, texts)) for cell in row}
        width = len(read[0]) if read else len(cells)
        read.append([cells.get(column, "") for column in range(width)])
    return read


def _column(cell: str) -> int:
    """Counted from 0: of B12 it is 1."""
    number = 0
    for letter in cell.rstrip("0123456789"):
        number = 26 * number + ord(letter) - ord("A") + 1
    return number - 1


def _as_text(kind: str, value: Any) -> str:
    if kind == "date":
        return (date(1899, 12, 30) + timedelta(days=int(value))).isoformat()
    return str(value)


def _cell(cell: ElementTree.Element, texts: list[str]) -> tuple[str, Any]:
    value = cell.findtext(f"{MAIN}v") or ""
    if cell.find(f"{MAIN}f") is not None:
        return "formula", value
    if cell.get("t") == "s":
        return "text", texts[int(value)]
    return ("flag", value == "1") if cell.get("t") == "b" else ("date" if cell.get("s") == "2" else "number", value)


def made(heading: list[str], *rows: list[Any], about: list[list[Any]] | None = None) -> bytes:
    return workbook.workbook([("data", (heading, rows)), ("about", (["name", "value"], about or []))])


def as_excel_counts(day: date) -> str:
    return str((day - date(1899, 12, 30)) // timedelta(days=1))


def test_every_value_is_what_it_is() -> None:
    content = made(
        ["as_at", "cohort", "value", "exact", "completed", "team", "left_on"],
        ["2023-10-31", "2023-10-31", 8.5, Decimal("0.25"), True, None, date(2024, 2, 29)],
    )
    heading, row = sheets(content)[0]
    assert [value for _, value in heading] == ["as_at", "cohort", "value", "exact", "completed", "team", "left_on"]
    # A cohort may be called like a date: that is its name.
    assert row == [
        ("date", as_excel_counts(date(2023, 10, 31))),
        ("text", "2023-10-31"),
        ("number", "8.5"),
        ("number", "0.25"),
        ("flag", True),
        ("date", as_excel_counts(date(2024, 2, 29))),
    ]


def test_the_second_sheet_says_what_the_figures_are_with_dates_as_dates() -> None:
    about: list[list[Any]] = [
        ["measure", "vacancies"],
        ["as_at", "2023-10-31"],
        ["as_known_at", "2023-11-30T12:00:00Z"],
        ["total", 3.3],
        ["release.published", "2023-02-23"],
    ]
    assert sheets(made(["value"], [3.3], about=about))[1][1:] == [
        [("text", "measure"), ("text", "vacancies")],
        [("text", "as_at"), ("date", as_excel_counts(date(2023, 10, 31)))],
        [("text", "as_known_at"), ("text", "2023-11-30T12:00:00Z")],
        [("text", "total"), ("number", "3.3")],
        [("text", "release.published"), ("date", as_excel_counts(date(2023, 2, 23)))],
    ]


@given(TEXT | st.sampled_from(["=1+1", "+1", "-1", "@x", '=HYPERLINK("http://a")', "http://a", "{=1}", "1", "true"]))
def test_text_is_text_whatever_it_begins_with(text: str) -> None:
    assert sheets(made(["team"], [text]))[0][1] == [("text", text)]


def test_the_same_answer_has_the_same_bytes() -> None:
    assert made(["value"], [1.5]) == made(["value"], [1.5])


@pytest.mark.parametrize("row", [["x" * 32_768], [1] * 30])
def test_what_excel_cannot_hold_is_refused_and_not_cut(row: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "MOST_CELLS", 29)
    with pytest.raises(Problem, match="ask for format=csv, or for less"):
        made(["team"] * len(row), row)


def test_what_excel_can_just_hold_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    assert rows_of(made(["team"], ["x" * 32_767]))[1] == ["x" * 32_767]
    monkeypatch.setattr(workbook, "MOST_CELLS", 30)
    assert rows_of(made(["value"] * 15, [1] * 15, [2] * 15))[1:] == [["1"] * 15, ["2"] * 15]
    with pytest.raises(Problem, match="more than 30 cells"):
        made(["value"] * 15, [1] * 15, [2] * 15, [3] * 15)


def test_every_date_of_an_answer_is_known_to_be_one() -> None:
    def dates(schema: Any) -> set[str]:
        if isinstance(schema, list):
            return {name for item in schema for name in dates(item)}
        if not isinstance(schema, dict):
            return set()
        own = {name for name, inner in schema.get("properties", {}).items() if inner.get("format") == "date"}
        return own | {name for inner in schema.values() for name in dates(inner)}

    answers = [value for name, value in vars(schemas).items() if name.isupper() and isinstance(value, dict)]
    assert {"as_at", "entry_on", "since"} <= dates(answers) <= DATES
