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

from services.people.statements import ChangeStated, Statement

EXAMPLES = Path(__file__).parents[2] / "services/people/mapping/examples"
LAST_DAYS = ("holds_until", "expected_until")
"""Ends of which the examples have the last day."""
STRFTIME = {"yyyy": "%Y", "mm": "%m", "dd": "%d"}
MARKS = {"INDICATOR": "C", "ActiveStatus": "A", "EffectiveLatestChange": "Y", "Frequency": "W", "TYPE": "FTE_HRS"}
"""What stands in columns by which the examples tell rows from others."""
FULL_TIME = Decimal(37)
LISTS = "teams|service areas|grades|offices|agencies|units|services|suppliers"
"""Tables of names: an authority has its own."""


@cache
def example(name: str) -> str:
    """The text of an example, with numbers of people and posts, and names of teams and the like, as they are: the rules
    that change them, and the lists of names, are left out.
    """
    text = (EXAMPLES / f"{name}.yaml").read_text(encoding="utf-8")
    text = re.sub(r"^references:\n(  .*\n)+", "", text, flags=re.MULTILINE)
    return re.sub(rf"codes: ({LISTS})\b", "unmatched: spell", text)


class Writing:
    """Writes the files of one mapping."""

    def __init__(self, text: str) -> None:
        self.document = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506  (texts alone)
        self._headers: dict[str, list[str]] = {}

    def file(self, file: str, statements: Sequence[Statement], chance: Any = None) -> bytes:
        """A file with a row for each statement; by chance with rows and columns in any order."""
        table = [self._header(file), *self._cells(file, statements)]
        if chance is not None:
            order = chance.sample(range(len(table[0])), len(table[0]))
            header, *rows = ([row[place] for place in order] for row in table)
            table = [header, *chance.sample(rows, len(rows))]
        return b"".join(self._lines(file, table))

    def header(self, file: str) -> bytes:
        """The first line of a file."""
        return self._lines(file, [self._header(file)])[0]

    def rows(self, file: str, statements: Sequence[Statement]) -> list[bytes]:
        """The lines of some statements."""
        return self._lines(file, self._cells(file, statements))

    def _cells(self, file: str, statements: Sequence[Statement]) -> list[list[str]]:
        words, header = self.document["files"][file], self._header(file)
        cells = []
        for statement in statements:
            row = {column: MARKS.get(column, "") for column in header}
            stated = statement.data if isinstance(statement, ChangeStated) else statement
            for field, given in words["columns"].items():
                self._enter(row, field, _spec(given), getattr(stated, field), words)
            if isinstance(statement, ChangeStated):
                row[words["subject"]] = statement.subject
                row |= dict.fromkeys(words.get("key", ()), statement.key)
            cells.append([row[column] for column in header])
        return cells

    def _header(self, file: str) -> list[str]:
        if file not in self._headers:
            self._headers[file] = list(dict.fromkeys(_columns(self.document["files"][file])))
        return self._headers[file]

    def _lines(self, file: str, rows: Sequence[Sequence[str]]) -> list[bytes]:
        layout = self.document["files"][file].get("layout", {})
        how: dict[str, Any] = {"delimiter": layout.get("delimiter", ","), "lineterminator": "\r\n"}
        if layout.get("quoted") == "false":
            how |= {"quoting": csv.QUOTE_NONE, "escapechar": "\\", "quotechar": None}
        lines = []
        for row in rows:
            text = io.StringIO()
            csv.writer(text, **how).writerow(row)
            lines.append(text.getvalue().encode())
        return lines

    def _enter(self, row: dict[str, str], field: str, spec: dict[str, Any], value: Any, words: Any) -> None:
        """Write one field into a row, and what is written beside it."""
        if spec["column"] is None:
            return
        if isinstance(spec.get("full_time"), dict):
            row[spec["full_time"]["column"]] = str(FULL_TIME)
        row[spec["column"]] = "" if value is None else self._text(field, spec, value, words)

    def _text(self, field: str, spec: dict[str, Any], value: Any, words: Any) -> str:
        if isinstance(value, tuple):
            return ";".join(self._text(field, spec, one, words) for one in value)
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, Enum):
            return self._code(spec, value)
        if isinstance(value, date):
            day = value - timedelta(days=1) if field in LAST_DAYS and words.get("end_dates") == "last-day" else value
            spelling = (words.get("dates") or ["yyyy-mm-dd"])[0]
            for token, form in STRFTIME.items():
                spelling = spelling.replace(token, form)
            return day.strftime(spelling)
        if isinstance(value, Decimal):
            return format(value * FULL_TIME if spec.get("as") == "hours" else value, "f")
        return str(value)

    def _code(self, spec: dict[str, Any], value: Enum) -> str:
        table = spec.get("codes")
        if table is None:
            return str(value.value)
        said = self.document["codes"][table] if isinstance(table, str) else table
        written = [text for text, code in said.items() if code == str(value.value)]
        if not written and spec.get("blank") == str(value.value):
            return ""
        if not written and spec.get("unmatched") == str(value.value):
            return "Something Else"
        return str(written[0])


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
    subject = [words["subject"]] if "subject" in words else []
    return [*subject, *words.get("key", ()), *found, *full_time, *details, *scopes]
