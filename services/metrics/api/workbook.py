"""Answers as Excel workbooks: a sheet with the rows, and one that says what they are.

Invariant: numbers are numbers, dates are dates, and text is text, never a formula. Nothing is cut: what a workbook
cannot hold is refused. The same tables make the same bytes.
"""

import io
import re
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from contracts.values import DATE_PATTERN
from services.chassis.problems import Problem
from services.metrics.api.files import Lines
from services.metrics.pauses import with_pauses

DATES = frozenset(
    {
        "as_at", "from", "to", "since", "until", "month", "published", "entry_on", "completes_on", "started_on",
        "passed_on", "failed_on", "deferred_on", "progressed_on", "left_on", "first_origin", "last_origin",
    }
)  # fmt: skip
"""The columns that hold dates. Elsewhere a text that looks like one is text: a cohort can be called so."""
MOST_CELLS = 250_000
"""Cells of a workbook: some seconds and 50 megabytes to make. (Excel's own limit is 1,048,576 rows.) CSV has none."""
LONGEST_TEXT = 32_767
"""Characters of a cell, as Excel has it."""
WIDEST, NARROWEST = 60, 10
"""Characters that a column is wide."""
MADE = datetime(2000, 1, 1)  # noqa: DTZ001 - Excel knows no time zones
"""When every workbook says it was made: the same answer has the same bytes."""


def workbook(sheets: Sequence[tuple[str, Lines]]) -> bytes:
    """A workbook of these sheets. Raises a 422 problem if Excel could not hold all of it."""
    written = io.BytesIO()
    as_it_is = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with Workbook(written, {"in_memory": True, **as_it_is}) as book:
        book.set_properties({"created": MADE})
        bold, day = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd"})
        for name, (heading, rows) in sheets:
            sheet = book.add_worksheet(name)
            sheet.freeze_panes(1, 0)
            widths = [len(title) for title in heading]
            for column, title in enumerate(heading):
                sheet.write_string(0, column, title, bold)
            for number, row in enumerate(with_pauses(rows), 1):
                if number * len(heading) > MOST_CELLS:
                    raise _too_large(f"more than {MOST_CELLS:,} cells")
                for column, value in enumerate(row):
                    title = str(row[0]) if name == "about" and column == 1 else heading[column]
                    widths[column] = max(widths[column], _write(sheet, number, column, title, value, day))
            for column, width in enumerate(widths):
                sheet.set_column(column, column, min(WIDEST, max(NARROWEST, width + 2)))
    return written.getvalue()


def _write(sheet: Worksheet, row: int, column: int, title: str, value: Any, day: Any) -> int:
    """Write one value as what it is; gives how many characters it takes."""
    if value is None:
        return 0
    if isinstance(value, bool):
        sheet.write_boolean(row, column, value)
    elif isinstance(value, int | float | Decimal):
        sheet.write_number(row, column, float(value))
    elif (cell_date := _date(title, value)) is not None:
        sheet.write_datetime(row, column, datetime(cell_date.year, cell_date.month, cell_date.day), day)  # noqa: DTZ001
    else:
        if len(str(value)) > LONGEST_TEXT:
            raise _too_large(f"a text of more than {LONGEST_TEXT:,} characters")
        sheet.write_string(row, column, str(value))
    return len(str(value))


def _date(title: str, value: Any) -> date | None:
    if isinstance(value, date):
        return value
    is_one = title.rpartition(".")[2] in DATES and isinstance(value, str) and re.fullmatch(DATE_PATTERN, value)
    return date.fromisoformat(value) if is_one else None


def _too_large(what: str) -> Problem:
    detail = f"The workbook would hold {what}: ask for format=csv, or for less."
    return Problem(422, "too-large-a-workbook", "Excel cannot hold all of it", detail)
