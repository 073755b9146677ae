"""A small mapping for tests of rows, the pseudonyms they use, and how a file is read by it."""

import csv
import io
from collections.abc import Mapping as Dictionary
from collections.abc import Sequence
from functools import cache

from services.people.files.reading import open_table
from services.people.mapping.model import FileMapping, Mapping, read_mapping
from services.people.mapping.reader import Reader, RowsRead
from services.people.mapping.rows import NamedRow, named_rows

TEXT = """
references:
  worker: {pad_to: 6}
  post: {upper: true, replace: {"/": "-"}}
codes:
  roles:
    Social Worker: social-worker
    Team Manager: team-manager
    Business Support: leave-out
files:
  posts:
    kind: posts
    name: posts*
    dates: [dd/mm/yyyy]
    end_dates: last-day
    columns:
      post: Post
      role: {column: Role, codes: roles}
      funded_fte: Funded
      team: {column: Team, unmatched: spell}
      service_area: {column: Area, unmatched: spell}
      grade: {column: Grade, unmatched: spell}
      csww_role: CSWW
      holds_from: From
      holds_until: To
    left_out:
      dummy posts: {column: Post, like: [DUMMY*, "PREV*"]}
  staff:
    kind: holdings
    name: staff*
    dates: [dd/mm/yyyy, d-mmm-yy]
    end_dates: last-day
    columns:
      worker: Number
      post: Post
      fte: {column: Hours, as: hours, full_time: {column: Standard}}
      holds_from: From
      holds_until: To
      left_on: Left
      leaving_reason: {column: Reason, codes: {Resigned: resignation, Retired: retired}}
      employment: {column: Contract, codes: {Perm: permanent, Casual: leave-out}, blank: permanent}
    left_out:
      adults' services: {column: Department, like: ["Adult*"]}
    persons:
      name: [Forename, Surname]
      date_of_birth: Born
      salary: Salary
  agency:
    kind: covers
    name: agency*
    dates: [dd/mm/yyyy]
    end_dates: last-day
    columns:
      cover: Booking
      agency_worker: Candidate
      post: Post
      role: {column: Role, codes: roles}
      fte: {column: Percent, as: percentage}
      reason: Reason
      holds_from: From
      holds_until: To
      hourly_rate: Rate
      project_team: Project
  absences:
    kind: changes
    event: uk.workforce.absence.recorded.v1
    name: absences*
    dates: [dd/mm/yyyy]
    end_dates: last-day
    subject: Number
    key: Record
    columns: {absent_from: First, returned_on: Last, working_days_lost: Days, reason: Reason}
  panels:
    kind: changes
    event: uk.workforce.panel.decided.v1
    name: panels*
    dates: [dd/mm/yyyy]
    subject: Number
    columns: {panel: Panel, decided_on: Date, kind: Kind, decision: Decision}
  cases:
    kind: changes
    event: uk.workforce.caseload.counted.v1
    name: cases*
    dates: [dd/mm/yyyy]
    subject: Number
    columns: {counted_on: Date, cases: Cases}
  merged:
    kind: changes
    event: uk.workforce.worker.merged.v1
    name: merged*
    subject: Kept
    columns: {duplicate: Duplicate}
"""

GOOD: dict[str, dict[str, str]] = {
    "posts": {
        "Post": "P1",
        "Role": "Social Worker",
        "Funded": "1",
        "Team": "Duty",
        "Area": "Help and Protection",
        "Grade": "SO1",
        "CSWW": "5",
        "From": "01/04/2020",
        "To": "",
    },
    "staff": {
        "Number": "1",
        "Post": "P1",
        "Hours": "37",
        "Standard": "37",
        "From": "01/04/2020",
        "To": "",
        "Left": "",
        "Reason": "",
        "Contract": "Perm",
        "Department": "Children",
        "Forename": "Ada",
        "Surname": "Invented",
        "Born": "10/12/1985",
        "Salary": "38,296.00",
    },
    "agency": {
        "Booking": "B1",
        "Candidate": "C1",
        "Post": "P1",
        "Role": "Social Worker",
        "Percent": "100",
        "Reason": "vacancy",
        "From": "01/04/2020",
        "To": "",
        "Rate": "34.50",
        "Project": "no",
    },
    "absences": {
        "Number": "1",
        "Record": "A1",
        "First": "01/04/2020",
        "Last": "03/04/2020",
        "Days": "3",
        "Reason": "SIC",
    },
    "panels": {"Number": "1", "Panel": "PN1", "Date": "01/04/2020", "Kind": "asye", "Decision": "passed"},
    "cases": {"Number": "1", "Date": "30/09/2020", "Cases": "14"},
    "merged": {"Kept": "1", "Duplicate": "2"},
}
"""A row of each file in which nothing is wrong."""


@cache
def mapping() -> Mapping:
    """The mapping of the tests."""
    return read_mapping(TEXT)


def pseudonym(scheme: str, reference: str) -> str:
    """A pseudonym that tests can read."""
    return f"{scheme}-{reference}-hidden"


def written(header: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    """A CSV file."""
    text = io.StringIO()
    csv.writer(text).writerows([header, *rows])
    return text.getvalue().encode()


def content_of(file: str, *changes: Dictionary[str, str]) -> bytes:
    """A file with a row for each of the changes: the good row, changed."""
    header = list(GOOD[file])
    return written(header, [[{**GOOD[file], **change}[name] for name in header] for change in changes])


def read_all(content: bytes, file_mapping: FileMapping) -> RowsRead:
    """What a whole file says, its rows subject by subject."""
    by_key: dict[str, list[NamedRow]] = {}
    for row in named_rows(open_table(content, file_mapping.layout), file_mapping):
        by_key.setdefault(row.key, []).append(row)
    reader = Reader(file_mapping, pseudonym)
    whole = RowsRead()
    for rows in by_key.values():
        read = reader.read(rows)
        whole.statements += read.statements
        whole.persons += read.persons
        whole.faults += read.faults
        whole.left_out += read.left_out
        whole.remarks += read.remarks
    return whole


def rows_of(file: str, *changes: Dictionary[str, str]) -> RowsRead:
    """What the good row says, once for each of the changes."""
    return read_all(content_of(file, *changes), mapping().file(file))
