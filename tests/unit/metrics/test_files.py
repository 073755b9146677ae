"""Answers as files: which format is meant, what a cell may hold, what a file is called."""

import csv
import io
from decimal import Decimal
from typing import Any

import pytest
from fastapi import Request
from hypothesis import given
from hypothesis import strategies as st

from services.metrics import app as metrics
from services.metrics.api.files import ROWS_AT_ONCE, about, csv_pieces, file_name
from services.metrics.api.formats import MEDIA_TYPES, Format, FormatBySuffix, format_by_path_or_header

APP = metrics.create(metrics.ServiceSettings(database_url="postgresql://postgres@/nothing"))
LISTS = {
    f"{method} {path}": operation
    for path, operations in APP.openapi()["paths"].items()
    for method, operation in operations.items()
    if path.startswith("/v1/") and not path.startswith(("/v1/dead-letters", "/v1/replays"))
}


def written(*rows: Any) -> list[list[str]]:
    """Rows as a reader of CSV has them, without the heading."""
    text = b"".join(csv_pieces((["a"], rows))).decode()
    return list(csv.reader(io.StringIO(text, newline="")))[1:]


@pytest.mark.parametrize("name", LISTS)
def test_every_question_can_be_answered_as_a_file(name: str) -> None:
    operation = LISTS[name]
    parameters = {item["name"] for item in operation.get("parameters", ())}
    if name.startswith(("post ", "delete ")) and name != "post /v1/effects":  # which asks about what it sends
        assert "format" not in parameters
    else:
        assert set(operation["responses"]["200"]["content"]) == set(MEDIA_TYPES.values())
        assert {"format", "sheet"} <= parameters


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+44 1",
        "-cmd|' /C calc'!A0",
        "@SUM(A1)",
        "\t=1",
        " =1",
        "\r=1",
        "\n@x",
        "＝1",
        "+",
        "--1",
        "=",
        "\ttext",
        "+1.2.3",
        "-1.",
    ],
)
def test_text_that_would_be_a_formula_is_none(text: str) -> None:
    assert written([text]) == [[f"'{text}"]]


@pytest.mark.parametrize(
    "text", ["", "P-1", "a=b", "2023-10-31", "-1", "-0.5", "+3", "7", "'quoted", 'says "so"', "a,b"]
)
def test_other_text_is_as_it_was_recorded(text: str) -> None:
    assert written([text, "x"]) == [[text, "x"]]


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0")))
def test_no_cell_of_text_begins_a_formula(text: str) -> None:
    ((cell, _),) = written([text, "x"])
    assert cell in (text, f"'{text}")
    try:
        Decimal(cell)
    except ArithmeticError:
        assert not cell.strip().startswith(("=", "+", "-", "@"))


def test_numbers_are_numbers_and_what_is_not_known_is_empty() -> None:
    assert written([-0.5, 3, Decimal("-0.000001"), Decimal("1E+3"), None, True]) == [
        ["-0.5", "3", "-0.000001", "1000", "", "True"]
    ]


def test_a_long_file_comes_in_pieces_and_whole() -> None:
    rows = [[number] for number in range(3 * ROWS_AT_ONCE + 1)]
    assert written(*rows) == [[str(number)] for (number,) in rows]
    assert len(list(csv_pieces((["a"], rows)))) == 4


def test_what_the_rows_are_is_told_once_and_no_rows_among_it() -> None:
    body = {
        "measure": "vacancies",
        "by": ["role", "team"],
        "where": {"role": None},
        "rows": [{"value": 1}],
        "empty": [],
        "limit": 100,
        "offset": 7,
        "links": {"pinned": "/v1/x", "next": "/v1/y"},
    }
    assert about(body) == [
        ("measure", "vacancies"),
        ("by", "role team"),
        ("where.role", None),
        ("empty", ""),
        ("pinned", "/v1/x"),
    ]


@pytest.mark.parametrize(
    ("path", "body", "is_about", "expected"),
    [
        ("/v1/measures/vacancies", {"authority": "331", "as_at": "2023-10-31"}, False, "vacancies-331-2023-10-31.csv"),
        ("/v1/measures/leavers", {"authority": "all", "from": "2023-04-01", "to": "2024-03-31"}, True,
         "leavers-all-2023-04-01-2024-03-31-about.csv"),
        ("/v1/measures/starters/series",
         {"authority": "331", "periods": [{"from": "2023-04-01", "to": "2023-04-30"},
                                          {"from": "2023-05-01", "to": "2023-05-31"}]},
         False, "starters-series-331-2023-04-01-2023-05-31.csv"),
        ("/v1/measures/vacancies/series",
         {"authority": "331", "periods": [{"as_at": "2023-04-30"}, {"as_at": "2023-05-31"}]},
         True, "vacancies-series-331-2023-04-30-2023-05-31-about.csv"),
        ("/v1/changes", {"authority": "331", "from_known": "2023-10-31T17:00:00Z", "to_known": "2023-11-30T17:00:00Z"},
         False, "changes-331-2023-10-31T17-00-00Z-2023-11-30T17-00-00Z.csv"),
        ('/v1/academy/cohorts/a"b\r\nc', {"authority": "331"}, False, "academy-cohorts-a-b-c-331.csv"),
    ],
)  # fmt: skip
def test_a_file_is_called_after_what_it_holds(path: str, body: dict[str, Any], is_about: bool, expected: str) -> None:
    assert file_name(path, body, "csv", is_about=is_about) == expected


async def meant(path: str, query: str = "", accept: str = "", method: str = "GET") -> tuple[str, Format]:
    """The path that a request reaches, and the format that path and header say."""
    lines: list[tuple[str, Format]] = []

    async def app(scope: Any, *_: Any) -> None:
        lines.append((scope["path"], format_by_path_or_header(Request(scope))))

    scope = {"type": "http", "method": method, "path": path, "query_string": query.encode(),
             "headers": [(b"accept", accept.encode())]}  # fmt: skip
    await FormatBySuffix(app)(scope, None, None)  # type: ignore[arg-type]
    return lines[0]


async def test_the_end_of_a_path_says_the_format() -> None:
    assert await meant("/v1/quality.csv") == ("/v1/quality", Format.CSV)
    # Of HEAD as of GET.
    assert await meant("/v1/quality.csv", method="HEAD") == ("/v1/quality", Format.CSV)
    assert await meant("/v1/quality.csv", "format=csv") == ("/v1/quality", Format.CSV)
    assert await meant("/v1/quality.csv", accept="application/json") == ("/v1/quality", Format.CSV)
    assert await meant("/v1/quality", accept="text/csv") == ("/v1/quality", Format.CSV)
    # A range takes in JSON: what is wanted less than the range is not given for it.
    for less in ("text/csv;q=0.5, */*", "*/*;q=0.9, text/csv;q=0.8", "text/csv;q=0.5, application/*", "text/csv;q=0"):
        assert await meant("/v1/quality", accept=less) == ("/v1/quality", Format.JSON)
    for more in ("text/csv, */*", "text/csv, */*;q=0.8", "text/csv, application/json;q=0, */*"):
        assert await meant("/v1/quality", accept=more) == ("/v1/quality", Format.CSV)
    assert await meant("/v1/quality.xlsx", accept="text/csv") == ("/v1/quality", Format.XLSX)
    assert await meant("/v1/quality", accept=MEDIA_TYPES[Format.XLSX]) == ("/v1/quality", Format.XLSX)
    assert await meant("/v1/quality") == ("/v1/quality", Format.JSON)


async def test_whose_request_it_is_is_known_around_a_file_too() -> None:
    async def app(scope: Any, *_: Any) -> None:
        scope["caller"] = "analyst"

    scope = {"type": "http", "method": "GET", "path": "/v1/quality.csv", "query_string": b""}
    await FormatBySuffix(app)(scope, None, None)  # type: ignore[arg-type]
    assert scope["caller"] == "analyst"


async def test_an_identifier_that_ends_like_a_file_can_be_asked_for() -> None:
    assert (await meant("/v1/subjects/worker/W.csv", "format=json"))[0] == "/v1/subjects/worker/W.csv"
    assert await meant("/v1/subjects/worker/W.csv.csv") == ("/v1/subjects/worker/W.csv", Format.CSV)


async def test_what_is_sent_keeps_its_path() -> None:
    assert (await meant("/v1/events.csv", method="POST"))[0] == "/v1/events.csv"
    assert (await meant("/elsewhere.csv"))[0] == "/elsewhere.csv"
