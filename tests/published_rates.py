"""DfE's rates as published, and every one that DfE's own counts do not give, with its reason.

Invariant: this shares no code with the services, and the list is by hand.
"""

import csv
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

TOLERANCE = Decimal("0.1")


class Reason(StrEnum):
    """Why a rate does not follow, within 0.1, from the counts beside it."""

    ROUNDED_COUNTS = "the counts are rounded to 0.1 FTE, and small: exact counts within that rounding give the rate"
    NOTHING_TO_DIVIDE_BY = "the counts are 0 of 0, which has no rate: DfE prints 0"
    REPORTED_TOGETHER = "another authority reports for both: all measures are marked z"
    NOBODY_IN_POST = "nobody is in post, so the rates over those in post are marked z"
    NOT_AVAILABLE = "the rate and a count behind it are marked x"
    SUPPRESSED = "the days lost and the absence rate are marked c"


class Exempt(NamedTuple):
    """A rate of an authority in a year."""

    rate: str
    year: int
    code: str


class Published(NamedTuple):
    """A rate as DfE published it; None: a mark."""

    which: Exempt
    value: Decimal | None


_ROUNDED = {
    ("agency-cover-rate", 2017): "310 808 919 925",
    ("agency-cover-rate", 2018): "210 315 801 823 865 874 884 919 925",
    ("agency-cover-rate", 2019): "202 830 895",
    ("agency-cover-rate", 2020): "336 353 807 860",
    ("agency-cover-rate", 2021): "202 334 356 384 394 821 881 925 926",
    ("agency-cover-rate", 2022): "800 823 896",
    ("turnover-rate", 2018): "921",
    ("turnover-rate", 2022): "867",
    ("vacancy-agency-cover-rate", 2017): "808 816 823 825 826 884",
    ("vacancy-agency-cover-rate", 2018): "210 342 816 873 919 925 937",
    ("vacancy-agency-cover-rate", 2019): "806",
    ("vacancy-agency-cover-rate", 2020): "303 371 394 802 803 884 919 925 938",
    ("vacancy-agency-cover-rate", 2021): "869",
    ("vacancy-agency-cover-rate", 2022): "308 317",
}
_NOUGHT_OF_NOUGHT = {
    ("agency-cover-rate", 2017): "359 370 815",
    ("agency-cover-rate", 2018): "359 370 813 815 846",
    ("agency-cover-rate", 2019): "340 359 370 392 813 815 845 846",
    ("agency-cover-rate", 2020): "370 383 813 815",
    ("agency-cover-rate", 2021): "382 383 815 846 857",
    ("agency-cover-rate", 2022): "382 815 846",
    ("vacancy-agency-cover-rate", 2017): "201 383 420 929",
    ("vacancy-agency-cover-rate", 2018): "420",
    ("vacancy-agency-cover-rate", 2019): "320 340 392 813 893",
    ("vacancy-agency-cover-rate", 2020): "320 390",
    ("vacancy-agency-cover-rate", 2021): "201 846",
    ("vacancy-agency-cover-rate", 2022): "846",
}
_NOT_AVAILABLE = {
    ("agency-worker-rate", 2021): "207",
    ("agency-worker-rate", 2022): "207 213",
    ("agency-cover-rate", 2017): "314 936",
    ("agency-cover-rate", 2018): "317",
    ("agency-cover-rate", 2021): "207",
    ("agency-cover-rate", 2022): "207 213",
    ("vacancy-agency-cover-rate", 2017): "314 936",
    ("vacancy-agency-cover-rate", 2018): "317",
    ("vacancy-agency-cover-rate", 2021): "207",
    ("vacancy-agency-cover-rate", 2022): "207 213",
    ("average-caseload", 2017): "304",
    ("average-caseload", 2018): "935",
    ("turnover-rate", 2021): "851",
    ("absence-rate", 2018): "880",
}
_SUPPRESSED = {("absence-rate", 2017): "420 802", ("absence-rate", 2018): "420 802"}
_COLUMNS = {
    "vacancy-rate": "vacancy_rate_fte_%",
    "agency-worker-rate": "agency_worker_rate_fte_%",
    "agency-worker-rate-headcount": "agency_worker_rate_headcount_%",
    "turnover-rate": "turnover_rate_fte_%",
    "turnover-rate-headcount": "turnover_rate_headcount_%",
    "agency-cover-rate": "agency_cover_rate_fte_%",
    "vacancy-agency-cover-rate": "vacancy_agency_cover_rate_fte_%",
    "absence-rate": "absence_rate_fte_%",
    "average-caseload": "caseload_fte",
}
# Richmond upon Thames: Kingston upon Thames has the figures of both; West Northamptonshire: North Northamptonshire.
_TOGETHER = {(rate, year): "318 941" for rate in _COLUMNS for year in (2021, 2022)}
_ISLES_OF_SCILLY = {
    (rate, year): "420"
    for rate in ("turnover-rate", "turnover-rate-headcount", "absence-rate")
    for year in (2021, 2022)
}

EXCEPTIONS = {
    Exempt(rate, year, code): reason
    for reason, listed in (
        (Reason.ROUNDED_COUNTS, _ROUNDED),
        (Reason.NOTHING_TO_DIVIDE_BY, _NOUGHT_OF_NOUGHT),
        (Reason.NOT_AVAILABLE, _NOT_AVAILABLE),
        (Reason.SUPPRESSED, _SUPPRESSED),
        (Reason.REPORTED_TOGETHER, _TOGETHER),
        (Reason.NOBODY_IN_POST, _ISLES_OF_SCILLY),
    )
    for (rate, year), codes in listed.items()
    for code in codes.split()
}
"""Every rate of a local authority row of the 2022 release that its counts do not give within 0.1, and why."""


def authority_rows(path: Path) -> list[dict[str, str]]:
    """The local authority rows of DfE's file."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [row for row in csv.DictReader(file) if row["geographic_level"] == "Local authority"]


def published(row: dict[str, str]) -> Iterator[Published]:
    """Each rate of a row."""
    for rate, column in _COLUMNS.items():
        yield Published(Exempt(rate, int(row["time_period"]), row["old_la_code"]), _number(row[column]))


def _number(cell: str) -> Decimal | None:
    try:
        return Decimal(cell)
    except InvalidOperation:
        return None
