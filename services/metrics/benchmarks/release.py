"""A release of DfE's headline measures, read from its published CSV layout. No I/O.

Invariant: a file is read whole or not at all. If something cannot be read, its line and column are named, and
nothing is kept.
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from contracts.refusal import MOST_FAULTS, Fault, Refused, shown
from services.metrics.benchmarks.published import (
    COLUMNS,
    ENGLAND_CODE,
    LEVELS,
    MARKS,
    RATES,
    Figure,
    Level,
    normalised,
)

SOURCE = "DfE, children's social work workforce (Open Government Licence v3.0)"
"""What a release is said to be from, if nobody says otherwise."""

READ_BY = 1
"""To be increased when more of a file is read than before. Releases that an older reader read are then read again."""

PLACE_COLUMNS = (
    "time_period",
    "geographic_level",
    "country_code",
    "country_name",
    "region_code",
    "region_name",
    "old_la_code",
    "la_name",
)
"""What a row is about."""

PASSED_OVER = ("time_identifier", "new_la_code")
"""Columns of the layout that say nothing the others do not."""

COLUMN_NAME = re.compile(r"[ -~]{1,80}")
YEAR = (re.compile(r"(19|20)[0-9]{2}"), "a year as 2022")
REGION_CODE = (re.compile(r"E[0-9]{8}"), "a region's code as E12000005")
AUTHORITY_CODE = (
    re.compile(r"[0-9]{3}( / [0-9]{3}){0,4}"),
    "an authority's three digits as 331, or several as 314 / 318 where they send one return together",
)
NAME = (re.compile(r"[A-Za-z][A-Za-z .,'&/()-]{0,149}"), "a name in letters")
COUNTRY_CODE = (re.compile(ENGLAND_CODE), f"{ENGLAND_CODE}, which is England's")
NUMBER = re.compile(r"[0-9]{1,9}(\.[0-9]{1,12})?")


@dataclass(frozen=True, slots=True)
class Release:
    """What a file holds. `rows` counts its rows without the header; `left_out` are the columns that were not read."""

    rows: int
    years: tuple[int, ...]
    figures: tuple[Figure, ...]
    left_out: tuple[str, ...]
    measures: tuple[str, ...]


class _Area(NamedTuple):
    year: int
    level: Level
    code: str
    name: str
    region: str | None


class Line(NamedTuple):
    """A line of a file: its cells by the column's normalised name, and the names as they stand in the file."""

    number: int
    cells: dict[str, str]
    names: dict[str, str]

    def fault(self, column: str, problem: str, expected: str) -> Fault:
        """What is wrong with a cell."""
        where = f"line {self.number}, column {self.names[column]}"
        return Fault(where, problem, expected, shown(self.cells[column]))


def read_release(body: bytes) -> Release:
    """Read a release in DfE's CSV layout, of 2022 and before or of 2023 and after (UTF-8, with or without a mark).

    Raises Refused with at most MOST_FAULTS faults: columns that are missing or there twice, cells that are neither a
    number nor one of DfE's marks, rows that are there twice.
    """
    records = csv_records(body)
    _, header = next(records, (1, []))
    measures, left_out = _read_header(header)
    columns = [normalised(name) for name in header]
    names = dict(zip(columns, header, strict=True))
    faults: list[Fault] = []
    figures: list[Figure] = []
    seen: dict[tuple[int, Level, str], int] = {}
    for number, cells in records:
        if len(faults) >= MOST_FAULTS:
            break
        if len(cells) != len(header):
            came = f"{len(cells)} cells"
            faults.append(Fault(f"line {number}", "has another length than the header", f"{len(header)} cells", came))
            continue
        line = Line(number, dict(zip(columns, cells, strict=True)), names)
        area = _read_area(line, faults)
        if area is None:
            continue
        first = seen.setdefault(area[:3], number)
        if first != number:
            faults.append(_repeated(area, number, first))
        figures += _read_figures(line, area, measures, faults)
    if not seen and not faults:
        faults.append(Fault("line 2", "is missing", "a row of figures after the header"))
    if faults:
        raise Refused(*faults[:MOST_FAULTS], left_out=max(0, len(faults) - MOST_FAULTS))
    years = tuple(sorted({year for year, _, _ in seen}))
    return Release(len(seen), years, tuple(figures), left_out, tuple(measures.values()))


def csv_records(body: bytes) -> Iterator[tuple[int, list[str]]]:
    """The records of the file, each with the number of the line it begins on. Empty lines are passed over."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # Of the bytes it decoded, which are without the byte order mark.
        line = error.object.count(b"\n", 0, error.start) + 1
        raise Refused(Fault(f"line {line}", "is not UTF-8", "a CSV file in UTF-8, as DfE publishes it")) from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    begins = 1
    try:
        for cells in reader:
            if cells:
                yield begins, cells
            begins = reader.line_num + 1
    except csv.Error as error:
        raise Refused(Fault(f"line {begins}", f"is not CSV ({error})", "cells with commas between them")) from None


def _read_header(header: Sequence[str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """The measures by their columns (normalised), and the unknown columns. Raises Refused."""
    faults = faults_of_names(header)
    each = tuple(dict.fromkeys(header))
    columns = {normalised(name): name for name in each}
    for column in PLACE_COLUMNS:
        there = [name for name in each if normalised(name) == column]
        if not there:
            faults.append(Fault(f"line 1, column {column}", "is missing", "a column of this name, as DfE publishes it"))
        elif len(there) > 1:
            problem = f"is {' and '.join(there[:-1])} once more"
            faults.append(Fault(f"line 1, column {there[-1]}", problem, "each column once"))
    measures = {}
    for measure, names in COLUMNS.items():
        there = [name for name in each if normalised(name) in names]
        if len(there) > 1:
            problem = f"holds {measure}, as {' and '.join(there[:-1])} does"
            faults.append(Fault(f"line 1, column {there[-1]}", problem, "one column for a measure"))
        elif there:
            measures[normalised(there[0])] = measure
        elif measure in RATES:
            expected = f"a column {' or '.join(names)}, with or without _% at its end"
            faults.append(Fault(f"line 1, column {names[0]}", "is missing", expected))
    if faults:
        raise Refused(*faults[:MOST_FAULTS], left_out=max(0, len(faults) - MOST_FAULTS))
    known = {*PLACE_COLUMNS, *PASSED_OVER, *measures}
    return measures, tuple(name for column, name in columns.items() if column not in known)


def faults_of_names(header: Sequence[str]) -> list[Fault]:
    """Names of columns that are none, or are there more than once."""
    faults = [
        Fault(f"line 1, column {shown(column)}", "is not a column's name", "up to 80 printable ASCII characters")
        for column in header
        if not COLUMN_NAME.fullmatch(column)
    ]
    for column in dict.fromkeys(name for name in header if header.count(name) > 1):
        faults.append(Fault(f"line 1, column {shown(column)}", "is there more than once", "each column once"))
    return faults


def _read_area(line: Line, faults: list[Fault]) -> _Area | None:
    """The area that a line is about. If it cannot be read, None, and faults are noted."""
    level = LEVELS.get(line.cells["geographic_level"])
    if level is None:
        faults.append(line.fault("geographic_level", "is not a level", f"one of {', '.join(LEVELS)}"))
        return None
    form = {
        Level.ENGLAND: {"country_name": NAME},
        Level.REGION: {"region_code": REGION_CODE, "region_name": NAME},
        Level.AUTHORITY: {"region_code": REGION_CODE, "old_la_code": AUTHORITY_CODE, "la_name": NAME},
    }[level]
    wrong = [
        line.fault(column, "cannot be read", expected)
        for column, (pattern, expected) in {"time_period": YEAR, "country_code": COUNTRY_CODE, **form}.items()
        if not pattern.fullmatch(line.cells[column])
    ]
    if wrong:
        faults += wrong
        return None
    year, cells = int(line.cells["time_period"]), line.cells
    if level is Level.ENGLAND:
        return _Area(year, level, cells["country_code"], cells["country_name"], None)
    if level is Level.REGION:
        return _Area(year, level, cells["region_code"], cells["region_name"], None)
    return _Area(year, level, cells["old_la_code"], cells["la_name"], cells["region_code"])


def _read_figures(line: Line, area: _Area, measures: dict[str, str], faults: list[Fault]) -> Iterator[Figure]:
    """A figure for each measure of a line; what is neither a number nor a mark is noted as a fault."""
    for column, measure in measures.items():
        cell = line.cells[column]
        if cell in MARKS:
            yield Figure(*area, measure, None, cell)
        elif NUMBER.fullmatch(cell):
            yield Figure(*area, measure, Decimal(cell), None)
        else:
            expected = f"a number as 15.9, or one of DfE's marks: {' '.join(MARKS)}"
            faults.append(line.fault(column, "is neither a number nor a mark", expected))


def _repeated(area: _Area, number: int, first: int) -> Fault:
    column = {Level.ENGLAND: "country_code", Level.REGION: "region_code", Level.AUTHORITY: "old_la_code"}[area.level]
    problem = f"is there a second time for {area.year}, after line {first}"
    return Fault(f"line {number}, column {column}", problem, "one row for each year and area", area.code)
