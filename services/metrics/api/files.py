"""Answers as files: the rows as a table that Excel and Power BI can read without editing, and a table that describes
them.

Invariant: a file holds every row. It says nothing twice: what holds for all rows is in a table of its own (`about`).
No cell is a formula, whatever was recorded.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from services.metrics.pauses import with_pauses

Lines = tuple[Sequence[str], Iterable[Sequence[Any]]]
"""A table: its heading, and its rows."""

ABOUT_HEADING = ("name", "value")
OF_A_PAGE = frozenset({"limit", "offset"})
"""Members about pages of JSON, which a whole file does not need."""
ROWS_AT_ONCE = 1000
"""Rows that are written in one piece."""

_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
_BEGINS_A_FORMULA = tuple("=+-@＝＋－＠")
"""Spreadsheets take the wide ones for the others."""


def about(body: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """The description of an answer's rows: every member except the list of rows, by its name; nested names with a
    dot.

    Of the links the pinned one.
    """
    lines: list[tuple[str, Any]] = []
    for name, value in body.items():
        if name == "links":
            lines += [("pinned", value["pinned"])] if "pinned" in value else []
        elif isinstance(value, Mapping):
            lines += [(f"{name}.{inner}", text) for inner, text in about(value)]
        elif isinstance(value, list | tuple):
            if not any(isinstance(item, Mapping | list | tuple) for item in value):
                lines.append((name, " ".join(str(item) for item in value)))
        elif name not in OF_A_PAGE:
            lines.append((name, value))
    return lines


def csv_pieces(lines: Lines) -> Iterator[bytes]:
    """A table as CSV in UTF-8, some rows at a time."""
    heading, rows = lines
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(heading)
    for number, row in enumerate(with_pauses(rows), 1):
        writer.writerow([_cell(value) for value in row])
        if number % ROWS_AT_ONCE == 0:
            yield _taken(text)
    yield _taken(text)


def _taken(text: io.StringIO) -> bytes:
    written = text.getvalue().encode()
    text.seek(0)
    text.truncate()
    return written


def _cell(value: Any) -> Any:
    """A value as text for CSV. An apostrophe is put before text that a spreadsheet would take for a formula."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if not isinstance(value, str) or _NUMBER.fullmatch(value):
        return value
    # A tab or a line break before it hides it from readers, not from spreadsheets.
    is_one = value.lstrip().startswith(_BEGINS_A_FORMULA) or value.startswith(("\t", "\r", "\n"))
    return f"'{value}" if is_one else value


def file_name(path: str, body: Mapping[str, Any], ending: str, *, is_about: bool) -> str:
    """The name of a file: what was asked, authority and time, such as `vacancies-331-2023-10-31.csv`."""
    subject = path.removeprefix("/v1/").removeprefix("measures/")
    points = body.get("periods") or [{}]
    of_series = (points[0].get("from", points[0].get("as_at")), points[-1].get("to", points[-1].get("as_at")))
    words = [subject, body.get("authority"), *of_series]
    words += [body.get(name) for name in ("from_known", "to_known", "from", "to", "as_at")]
    words += ["about"] if is_about else []
    plain = [re.sub(r"[^A-Za-z0-9._]+", "-", str(word)) for word in words if word is not None]
    return f"{'-'.join(plain)}.{ending}"
