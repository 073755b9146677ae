"""The measures: what each one means, on whose definition, and which column of the timelines it sums.

Invariant: a measure is declared here once; the API, its documentation and its CSV follow from the declaration.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

BOARD = (
    "Education and Children's Services Scrutiny Board papers 2021 and 2023, as restated in this project's definitions"
)
CSWW = (
    "DfE, children's social work workforce census 2024 to 2025, specification version 1; here over every post of the "
    "authority, those outside the census (csww_role null, residential staff say) included"
)

DIMENSIONS = {
    "role": "What the post is for.",
    "team": "The team the post belongs to.",
    "service_area": "The service area the post belongs to.",
    "grade": "The post's grade.",
    "csww_role": "The post's role in the CSWW census, 1 to 6.",
}
"""What a measure can be broken down by: facts of the post at the date. A fact nobody has stated is null."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One stock measure, in FTE, as at a date. `column` is the column of `staffing` it sums."""

    name: str
    definition: str
    source: str
    column: str
    unit: str = "FTE"


_ALL = (
    Measure(
        "establishment",
        "The FTE of all posts funded at the date.",
        BOARD,
        "establishment",
    ),
    Measure(
        "in-post",
        "The FTE at which employed workers occupy posts at the date. Agency workers are never in post.",
        CSWW,
        "in_post",
    ),
    Measure(
        "vacancies",
        "For each post the funded FTE minus the FTE in post, never below 0; summed. A post that agency workers cover "
        "stays vacant.",
        CSWW,
        "vacancies",
    ),
    Measure(
        "over-establishment",
        "For each post the FTE in post above its funded FTE; summed.",
        BOARD,
        "over_establishment",
    ),
    Measure(
        "agency",
        "The FTE of all agency workers at the date, whatever the reason.",
        CSWW,
        "agency",
    ),
    Measure(
        "agency-cover",
        "The FTE of agency workers whose assignment covers a vacancy (reason vacancy). It can be above the vacancies: "
        "a full-time agency worker on a post of which half is vacant counts 1.",
        CSWW,
        "agency_cover",
    ),
    Measure(
        "uncovered-vacancies",
        "For each post the vacancy minus the FTE of agency workers covering it, never below 0; summed.",
        BOARD,
        "uncovered",
    ),
)

MEASURES = {measure.name: measure for measure in _ALL}
"""Every measure by name."""

ONE_DECIMAL = Decimal("0.1")


def shown(value: Decimal | None) -> float:
    """An FTE as it is shown: to 1 decimal, half up (DfE's rounding in CSWW)."""
    return float((value or Decimal(0)).quantize(ONE_DECIMAL, rounding=ROUND_HALF_UP))
