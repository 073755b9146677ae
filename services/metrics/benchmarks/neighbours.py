"""Statistical neighbours of local authorities, read from the files in which DfE publishes them. No I/O.

Invariant: a file is read whole or not at all. If something cannot be read, its line and column are named, and
nothing is kept.

Two layouts are known. Both have one row an authority, with its neighbours in the order of closeness:
- that of April 2021 (LA num, LA Name, LA number, GOInd, GOReg, SN1, SNP, … SN10, SNP)
- that of 2025 (old_la_code, la_name, region_ind, region_name, SN_1, SN_1P, … SN_10, SN_10P)
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from contracts.refusal import MOST_FAULTS, Fault, Refused, shown
from contracts.values import AUTHORITY_PATTERN
from services.metrics.benchmarks.published import normalised
from services.metrics.benchmarks.release import csv_records

SOURCE = "DfE, statistical neighbours (Open Government Licence v3.0)"
"""What a file of neighbours is said to be from, if nobody says otherwise."""

AUTHORITY_COLUMNS = ("old_la_code", "la_num", "la_number")
"""The names that the column of the authority has had; in April 2021 it stands there twice."""
NEIGHBOUR_COLUMN = re.compile(r"sn_?([0-9]{1,2})")
PASSED_OVER = re.compile(r"la_name|region_ind|region_name|goind|goreg|sn_?[0-9]{0,2}p|")
"""What says no more than who and where an authority is, how close a neighbour, and the empty end of a line."""
CODE = "an authority's three digits, as 331"


@dataclass(frozen=True, slots=True)
class Groups:
    """Who is compared with whom: the neighbours of each authority, the closest first."""

    neighbours: dict[str, tuple[str, ...]]
    left_out: tuple[str, ...]


def read_neighbours(body: bytes) -> Groups:
    """Read the statistical neighbours in either of DfE's layouts (CSV in UTF-8).

    Raises Refused with a fault for each thing wrong, up to MOST_FAULTS of them.
    """
    records = csv_records(body)
    _, header = next(records, (1, []))
    columns = [normalised(name).replace(" ", "_") for name in header]
    authority_columns, neighbour_columns = _read_header(columns)
    faults: list[Fault] = []
    groups: dict[str, tuple[str, ...]] = {}
    for number, row in records:
        cells = [cell.strip() for cell in row]
        if len(faults) >= MOST_FAULTS:
            break
        if len(cells) != len(header):
            came = f"{len(cells)} cells"
            faults.append(Fault(f"line {number}", "has another length than the header", f"{len(header)} cells", came))
            continue
        if not any(cells[index] for index in (*authority_columns, *neighbour_columns)):
            # An empty line, or the heading above those of before a reorganisation.
            continue
        named = [(header[index], cells[index]) for index in authority_columns]
        neighbours = [(header[index], cells[index]) for index in neighbour_columns]
        wrong = _faults_of_row(number, named, neighbours, groups)
        if not wrong:
            groups[named[0][1]] = tuple(code for _, code in neighbours)
        faults += wrong
    if not groups and not faults:
        faults.append(Fault("line 2", "is missing", "a row of an authority after the header"))
    if faults:
        raise Refused(*faults[:MOST_FAULTS], left_out=max(0, len(faults) - MOST_FAULTS))
    return Groups(groups, _left_out(header, columns))


def _read_header(columns: Sequence[str]) -> tuple[list[int], list[int]]:
    """The columns of the authority and of its neighbours, the closest first. Raises Refused."""
    authority_columns = [index for index, name in enumerate(columns) if name in AUTHORITY_COLUMNS]
    by_rank: dict[int, int] = {}
    faults = []
    for index, name in enumerate(columns):
        if match := NEIGHBOUR_COLUMN.fullmatch(name):
            rank = int(match[1])
            if rank in by_rank:
                faults.append(Fault(f"line 1, column {shown(name)}", "is there more than once", "each neighbour once"))
            by_rank[rank] = index
    if not authority_columns:
        expected = f"a column {' or '.join(AUTHORITY_COLUMNS)}"
        faults.append(Fault(f"line 1, column {AUTHORITY_COLUMNS[0]}", "is missing", expected))
    if sorted(by_rank) != list(range(1, len(by_rank) + 1)) or not by_rank:
        expected = "columns SN1, SN2 and so on (or SN_1, SN_2), none left out"
        faults.append(Fault("line 1, column SN1", "is missing, or one after it", expected))
    if faults:
        raise Refused(*faults)
    return authority_columns, [by_rank[rank] for rank in sorted(by_rank)]


def _faults_of_row(
    line: int, named: list[tuple[str, str]], neighbours: list[tuple[str, str]], groups: dict[str, tuple[str, ...]]
) -> list[Fault]:
    authority = named[0][1]
    faults = [
        Fault(f"line {line}, column {column}", "cannot be read", CODE, shown(code))
        for column, code in (*named, *neighbours)
        if not re.fullmatch(AUTHORITY_PATTERN, code)
    ]
    if any(code != authority for _, code in named):
        where = f"line {line}, column {named[-1][0]}"
        faults.append(Fault(where, f"is not what {named[0][0]} says", authority, shown(named[-1][1])))
    if authority in groups:
        faults.append(Fault(f"line {line}", "is there a second time", "one row for each authority", shown(authority)))
    codes = [code for _, code in neighbours]
    for index, (column, code) in enumerate(neighbours):
        if code == authority or code in codes[:index]:
            problem = "is the authority itself, or is there before"
            faults.append(Fault(f"line {line}, column {column}", problem, "another authority, once", shown(code)))
    return faults


def _left_out(header: Sequence[str], columns: Sequence[str]) -> tuple[str, ...]:
    return tuple(
        name
        for name, column in zip(header, columns, strict=True)
        if column not in AUTHORITY_COLUMNS
        and not NEIGHBOUR_COLUMN.fullmatch(column)
        and not PASSED_OVER.fullmatch(column)
    )
