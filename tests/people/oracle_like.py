"""What an HR system has on record, written as the files of the Oracle-like example mapping, byte by byte."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from services.people import mapping
from services.people.statements import CoverStated, HoldingStated, PostStated

TEXT = (Path(mapping.__file__).parent / "examples" / "oracle_like.yaml").read_text(encoding="utf-8")
_CODES = {name: {value: code for code, value in table.items()} for name, table in yaml.safe_load(TEXT)["codes"].items()}

STANDARD_HOURS = Decimal(37)
END_OF_TIME = date(4712, 12, 31)

Column = Callable[[Any], object]


def _until(row: Any) -> date:
    """The last day on which a row holds."""
    return END_OF_TIME if row.holds_until is None else row.holds_until - timedelta(days=1)


def _hours(row: Any) -> Decimal:
    hours: Decimal = row.fte * STANDARD_HOURS
    return hours


_DATES: dict[str, Column] = {"EffectiveStartDate": lambda row: row.holds_from, "EffectiveEndDate": _until}

_POSITIONS: dict[str, Column] = {
    "PositionCode": lambda row: row.post,
    "JobName": lambda row: _CODES["roles"][row.role],
    "FTE": lambda row: row.funded_fte,
    "DepartmentName": lambda row: row.team,
    "DivisionName": lambda row: row.service_area,
    "GradeCode": lambda row: row.grade,
    "CswwRole": lambda row: None if row.csww_role is None else int(row.csww_role),
    "LocationCode": lambda row: row.location,
    "ActiveStatus": lambda _: "A",
    **_DATES,
}
_ASSIGNMENTS: dict[str, Column] = {
    "PersonNumber": lambda row: row.worker,
    "AssignmentNumber": lambda row: row.holding,
    "PositionCode": lambda row: row.post,
    "NormalHours": _hours,
    "StandardWorkingHours": lambda _: STANDARD_HOURS,
    "Frequency": lambda _: "W",
    "EffectiveSequence": lambda _: 1,
    "EffectiveLatestChange": lambda _: "Y",
    "ActualTerminationDate": lambda row: row.left_on,
    "TerminationReason": lambda row: row.leaving_reason and _CODES["leaving reasons"][row.leaving_reason],
    "LeaverDestination": lambda row: row.destination,
    "StarterOrigin": lambda row: row.origin,
    "StarterRoute": lambda row: row.route,
    "ContractType": lambda row: {"permanent": "PERM", "fixed-term": "FIXED", "seconded-in": "SEC"}[row.employment],
    "AsyeCohort": lambda row: row.cohort,
    "RequisitionNumber": lambda row: row.campaign,
    "FirstName": lambda _: "X",
    "LastName": lambda _: "Y",
    "DateOfBirth": lambda _: "1980/01/01",
    "AnnualSalary": lambda _: "40000",
    **_DATES,
}
_AGENCY: dict[str, Column] = {
    "AssignmentNumber": lambda row: row.cover,
    "PersonNumber": lambda row: row.agency_worker,
    "PositionCode": lambda row: row.post,
    "JobName": lambda row: row.role and _CODES["roles"][row.role],
    "NormalHours": _hours,
    "StandardWorkingHours": lambda _: STANDARD_HOURS,
    "EngagementReason": lambda row: row.reason.upper(),
    "HourlyRate": lambda row: row.hourly_rate,
    "SupplierName": lambda row: row.agency,
    "Outcome": lambda row: row.outcome,
    **_DATES,
}


def positions(rows: Iterable[PostStated]) -> bytes:
    """A file of positions."""
    return _file(_POSITIONS, list(rows))


def assignments(rows: Iterable[HoldingStated]) -> bytes:
    """A file of assignments."""
    return _file(_ASSIGNMENTS, list(rows))


def contingent(rows: Iterable[CoverStated]) -> bytes:
    """A file of agency workers."""
    return _file(_AGENCY, list(rows))


def _file(columns: dict[str, Column], rows: Sequence[Any]) -> bytes:
    lines = ["|".join(columns), *("|".join(_cell(column(row)) for column in columns.values()) for row in rows)]
    return ("\r\n".join(lines) + "\r\n").encode()


def _cell(value: object) -> str:
    if value is None:
        return ""
    text = f"{value:%Y/%m/%d}" if isinstance(value, date) else str(value)
    return text.replace("\\", "\\\\").replace("|", "\\|")
