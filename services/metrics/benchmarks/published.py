"""What DfE publishes of the workforce: its measures under our names, the columns that hold them, its marks.

Invariant: a published measure is declared here once; reading, storing, comparing and documenting follow from it.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

PER_CENT = "per cent"
FTE = "FTE"
PEOPLE = "people"


class Level(StrEnum):
    """What a published row is about."""

    ENGLAND = "national"
    REGION = "regional"
    AUTHORITY = "local-authority"


LEVELS = {"National": Level.ENGLAND, "Regional": Level.REGION, "Local authority": Level.AUTHORITY}
"""DfE's names of the levels."""

ENGLAND_CODE = "E92000001"

JOINT = " / "
"""Stands between the codes of authorities that send one return together, as 314 / 318 in releases from 2023 on."""

MARKS = {
    "c": "suppressed by DfE, for the numbers are small",
    "k": "rounds to 0, but is not 0",
    "low": "rounds to 0, but is not 0",
    "u": "of low reliability",
    "x": "not available",
    "z": "not applicable",
    ":": "not available",
}
"""What stands in place of a number, and what DfE means by it."""


@dataclass(frozen=True, slots=True)
class PublishedMeasure:
    """A measure as DfE publishes it. `columns` are the names its column has had in one release or another."""

    name: str
    columns: tuple[str, ...]
    unit: str
    definition: str
    of_the_year: bool = False
    """Whether it counts what happened in the twelve months up to 30 September, not only what was so on that day."""


def _named_rate(*names: str) -> tuple[str, ...]:
    # Until 2022 DfE ended the names of percentages in _%.
    return tuple(f"{name}{ending}" for name in names for ending in ("_%", ""))


_RATES = (
    PublishedMeasure(
        "vacancy-rate", _named_rate("vacancy_rate_fte"), PER_CENT, "Vacancies / (vacancies + in post), FTE."
    ),
    PublishedMeasure(
        "agency-worker-rate",
        _named_rate("agency_worker_rate_fte", "agency_rate_fte"),
        PER_CENT,
        "Agency workers / (agency workers + in post), FTE.",
    ),
    PublishedMeasure(
        "agency-worker-rate-headcount",
        _named_rate("agency_worker_rate_headcount", "agency_rate_headcount"),
        PER_CENT,
        "Agency workers / (agency workers + in post), people.",
    ),
    PublishedMeasure(
        "turnover-rate",
        _named_rate("turnover_rate_fte"),
        PER_CENT,
        "Leavers of the year / in post at its closing 30 September, FTE.",
        of_the_year=True,
    ),
    PublishedMeasure(
        "turnover-rate-headcount",
        _named_rate("turnover_rate_headcount"),
        PER_CENT,
        "Leavers of the year / in post at its closing 30 September, people.",
        of_the_year=True,
    ),
    PublishedMeasure(
        "agency-cover-rate",
        _named_rate("agency_cover_rate_fte"),
        PER_CENT,
        "Agency workers covering vacancies / agency workers, FTE.",
    ),
    PublishedMeasure(
        "vacancy-agency-cover-rate",
        _named_rate("vacancy_agency_cover_rate_fte"),
        PER_CENT,
        "Agency workers covering vacancies / vacancies, FTE.",
    ),
    PublishedMeasure(
        "absence-rate",
        _named_rate("absence_rate_fte"),
        PER_CENT,
        "Working days lost to sickness in the year / (in post FTE at its closing 30 September x 253, or x 254 when the "
        "year holds a 29 February).",
        of_the_year=True,
    ),
    PublishedMeasure(
        "average-caseload",
        ("caseload_fte",),
        "cases per FTE",
        "Cases held / FTE of workers, agency workers included, who hold at least one.",
    ),
)

_COUNTS = (
    PublishedMeasure("in-post", ("social_worker_fte",), FTE, "In post, FTE."),
    PublishedMeasure("in-post-headcount", ("social_worker_headcount",), PEOPLE, "In post, people."),
    PublishedMeasure("leavers", ("leaver_fte",), FTE, "Leavers of the year, FTE.", of_the_year=True),
    PublishedMeasure(
        "leavers-headcount", ("leaver_headcount",), PEOPLE, "Leavers of the year, people.", of_the_year=True
    ),
    PublishedMeasure(
        "working-days-lost",
        ("working_days_lost_fte",),
        "days",
        "Working days lost to sickness in the year.",
        of_the_year=True,
    ),
    PublishedMeasure("agency", ("agency_fte",), FTE, "Agency workers, FTE."),
    PublishedMeasure("agency-headcount", ("agency_headcount",), PEOPLE, "Agency workers, people."),
    PublishedMeasure("agency-cover", ("agency_cover_fte",), FTE, "Agency workers covering vacancies, FTE."),
    PublishedMeasure("vacancies", ("vacancy_fte",), FTE, "Vacancies, those that agency workers cover included, FTE."),
    PublishedMeasure("case-holders", ("case_holders_fte",), FTE, "Workers who hold at least one case, FTE."),
    PublishedMeasure("cases", ("cases",), "cases", "Cases held."),
)

RATES = {measure.name: measure for measure in _RATES}
"""The CSWW rates that can be compared, by our name. Every release has all of them."""

PUBLISHED_MEASURES = RATES | {measure.name: measure for measure in _COUNTS}
"""All that is read of a release, by our name: the rates, and the counts they are made of where a release has them."""


class Figure(NamedTuple):
    """One published figure: a value, or the mark in its place. `region` is the code of an authority's region."""

    year: int
    level: Level
    code: str
    name: str
    region: str | None
    measure: str
    value: Decimal | None
    mark: str | None

    @property
    def authorities(self) -> tuple[str, ...]:
        """The three-digit codes of the authorities it is of: more than one where they send one return together."""
        return tuple(self.code.split(JOINT)) if self.level is Level.AUTHORITY else ()


@dataclass(frozen=True, slots=True)
class LoadedRelease:
    """A release that was loaded. `published` is the day DfE published it; `left_out` are columns that were not read."""

    name: str
    published: date
    loaded_at: datetime
    sha256: str
    rows: int
    years: tuple[int, ...]
    source: str
    left_out: tuple[str, ...]
