"""What DfE publishes of the workforce: which of our measures, in which columns, with which marks.

Invariant: a published figure and ours of the same name, in scope census, are figures of one and the same measure.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from services.metrics.measures.catalogue import MEASURES
from services.metrics.measures.declaration import Measure, Rate
from services.metrics.reasons import Reason


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

REASONS = {
    "c": Reason.SUPPRESSED,
    "k": Reason.SUPPRESSED,
    "low": Reason.SUPPRESSED,
    "u": Reason.SUPPRESSED,
    "x": Reason.NOT_COUNTED,
    "z": Reason.NO_DENOMINATOR,
    ":": Reason.NOT_COUNTED,
}
"""Why there is no number where a mark stands, in the words of every answer. The mark says it in DfE's."""


def normalised(column: str) -> str:
    """A column's name without what differs between releases: case, spaces around, and the `_%` of rates until 2022."""
    return column.strip().lower().removesuffix("_%")


COLUMNS: dict[str, tuple[str, ...]] = {
    "vacancy-rate": ("vacancy_rate_fte",),
    "agency-worker-rate": ("agency_worker_rate_fte", "agency_rate_fte"),
    "agency-worker-rate-headcount": ("agency_worker_rate_headcount", "agency_rate_headcount"),
    "turnover-rate": ("turnover_rate_fte",),
    "turnover-rate-headcount": ("turnover_rate_headcount",),
    "agency-cover-rate": ("agency_cover_rate_fte",),
    "vacancy-agency-cover-rate": ("vacancy_agency_cover_rate_fte",),
    "absence-rate": ("absence_rate_fte",),
    "average-caseload": ("caseload_fte",),
    "in-post": ("social_worker_fte", "inpost_fte"),
    "in-post-headcount": ("social_worker_headcount", "inpost_headcount"),
    "starters-fte": ("starter_fte", "starters_fte"),
    "starters": ("starter_headcount", "starters_headcount"),
    "leavers-fte": ("leaver_fte", "leavers_fte"),
    "leavers": ("leaver_headcount", "leavers_headcount"),
    "working-days-lost": ("working_days_lost_fte",),
    "agency": ("agency_fte",),
    "agency-headcount": ("agency_headcount",),
    "agency-cover": ("agency_cover_fte",),
    "vacancies": ("vacancy_fte",),
    "case-holders-fte": ("case_holders_fte",),
    "cases": ("cases",),
}
"""The names, normalised, that the column of a measure has had: until 2022, then since 2023 where those differ."""

PUBLISHED: dict[str, Measure] = {name: MEASURES[name] for name in COLUMNS}
"""Each measure that DfE publishes as we declare it: its definition, its unit, what it is made of."""

RATES = tuple(name for name, measure in PUBLISHED.items() if isinstance(measure, Rate))
"""The CSWW rates. Every release has all of them, and the counts they are made of it may lack."""


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
    """A release that was loaded. `published` is the day DfE published it.

    `left_out` are columns that were not read, `measures` those that its columns are of.
    """

    name: str
    published: date
    loaded_at: datetime
    sha256: str
    rows: int
    years: tuple[int, ...]
    source: str
    left_out: tuple[str, ...]
    measures: tuple[str, ...]

    @property
    def lacks(self) -> tuple[str, ...]:
        """The measures that DfE publishes and this file has no column of."""
        return tuple(name for name in PUBLISHED if name not in self.measures)


Rows = dict[str, dict[str, tuple[int, ...]]]
"""Of which years there are rows of a measure: by release, then by authority."""
