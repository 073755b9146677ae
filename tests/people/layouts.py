"""Statements written as files, in the layouts of the worked examples.

Invariant: a file is written from the text of an example's mapping alone, never by the code that reads files by it.
"""

import csv
import io
import re
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from services.people.statements import Statement

EXAMPLES = Path(__file__).parents[2] / "services/people/mapping/examples"
LAST_DAYS = ("holds_until", "expected_until")
"""Ends of which the examples have the last day."""
STRFTIME = {"yyyy": "%Y", "mm": "%m", "dd": "%d"}
MARKS = {"INDICATOR": "C", "ActiveStatus": "A", "EffectiveLatestChange": "Y", "Frequency": "W"}
"""What stands in columns by which the examples tell rows from others."""
FULL_TIME = Decimal(37)


@cache
def example(name: str) -> str:
    """The text of an example, with numbers of people and posts as they are: the rules that change them are left out."""
    text = (EXAMPLES / f"{name}.yaml").read_text(encoding="utf-8")
    return re.sub(r"^references:\n(  .*\n)+", "", text, flags=re.MULTILINE)


@cache
def _document(name: str) -> Any:
    return yaml.load(example(name), Loader=yaml.BaseLoader)  # noqa: S506  (texts alone)


def write(name: str, file: str, statements: Sequence[Statement]) -> bytes:
    """A file of an example, with a row for each statement."""
    document = _document(name)
    words = document["files"][file]
    layout = words.get("layout", {})
    header = list(dict.fromkeys([*_columns(words), *(MARKS if name != "plain" else ())]))
    text = io.StringIO()
    how: dict[str, Any] = {"delimiter": layout.get("delimiter", ","), "lineterminator": "\r\n"}
    if layout.get("quoted") == "false":
        how |= {"quoting": csv.QUOTE_NONE, "escapechar": "\\", "quotechar": None}
    writing = csv.writer(text, **how)
    writing.writerow(header)
    for statement in statements:
        row = {column: MARKS.get(column, "") for column in header}
        for field, given in words["columns"].items():
            _enter(row, field, _spec(given), getattr(statement, field), document, words)
        writing.writerow(row[column] for column in header)
    return text.getvalue().encode()


def _spec(given: Any) -> dict[str, Any]:
    spec = given if isinstance(given, dict) else {"column": given}
    column = spec.get("column")
    return {**spec, "column": column[0] if isinstance(column, list) else column}


def _columns(words: Any) -> list[str]:
    specs = [_spec(given) for given in words["columns"].values()]
    found = [spec["column"] for spec in specs if spec["column"]]
    full_time = [spec["full_time"]["column"] for spec in specs if isinstance(spec.get("full_time"), dict)]
    details = [
        name for given in words.get("persons", {}).values() for name in ([given] if isinstance(given, str) else given)
    ]
    scopes = [_spec(rule)["column"] for rules in ("left_out", "only") for rule in words.get(rules, {}).values()]
    return [*found, *full_time, *details, *scopes]


def _enter(row: dict[str, str], field: str, spec: dict[str, Any], value: Any, document: Any, words: Any) -> None:
    """Write one field into a row, and what is written beside it."""
    if spec["column"] is None:
        return
    if isinstance(spec.get("full_time"), dict):
        row[spec["full_time"]["column"]] = str(FULL_TIME)
    row[spec["column"]] = "" if value is None else _text(field, spec, value, document, words)


def _text(field: str, spec: dict[str, Any], value: Any, document: Any, words: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Enum):
        return _code(spec, value, document)
    if isinstance(value, date):
        day = value - timedelta(days=1) if field in LAST_DAYS else value
        spelling = (words.get("dates") or ["yyyy-mm-dd"])[0]
        for token, form in STRFTIME.items():
            spelling = spelling.replace(token, form)
        return day.strftime(spelling)
    if isinstance(value, Decimal):
        return format(value * FULL_TIME if spec.get("as") == "hours" else value, "f")
    return str(value)


def _code(spec: dict[str, Any], value: Enum, document: Any) -> str:
    table = spec.get("codes")
    if table is None:
        return str(value.value)
    said = document["codes"][table] if isinstance(table, str) else table
    written = [text for text, code in said.items() if code == str(value.value)]
    if not written and spec.get("blank") == str(value.value):
        return ""
    return str(written[0])
