"""The dimensions of figures: those of posts, which every measure has, and those that only some measures have.

Invariant: a measure names only declared dimensions, and each of its parts states a value of each of them.
"""

from collections.abc import Mapping
from enum import StrEnum

from contracts.codes import (
    ApplicationStage,
    CoverReason,
    Demand,
    Destination,
    Employment,
    LeavingReason,
    MoveKind,
    Origin,
    PanelDecision,
    PanelKind,
    Route,
    SupportOffer,
)
from services.metrics.timelines.dimensions import OF_POSTS, Dimension


class VacancyAge(StrEnum):
    """For how long a vacancy has been open, in full calendar months."""

    UNDER_3_MONTHS = "under-3-months"
    FROM_3_TO_6_MONTHS = "3-to-6-months"
    FROM_6_TO_9_MONTHS = "6-to-9-months"
    FROM_9_TO_12_MONTHS = "9-to-12-months"
    OVER_12_MONTHS = "over-12-months"


class LengthOfService(StrEnum):
    """For how long somebody has been in service without a gap: the bands of DfE's tables of the census."""

    UNDER_2_YEARS = "under-2-years"
    FROM_2_TO_5_YEARS = "2-to-5-years"
    FROM_5_TO_10_YEARS = "5-to-10-years"
    FROM_10_TO_20_YEARS = "10-to-20-years"
    FROM_20_TO_30_YEARS = "20-to-30-years"
    FROM_30_YEARS_ON = "30-years-and-over"


class Tenure(StrEnum):
    """For how long an agency assignment has run without a gap, in full calendar months."""

    UNDER_3_MONTHS = "under-3-months"
    FROM_3_TO_6_MONTHS = "3-to-6-months"
    FROM_6_TO_12_MONTHS = "6-to-12-months"
    FROM_12_TO_24_MONTHS = "12-to-24-months"
    OVER_24_MONTHS = "over-24-months"


class Caseload(StrEnum):
    """How many cases somebody holds."""

    NONE = "no-cases"
    FROM_1_TO_5 = "1-to-5"
    FROM_6_TO_10 = "6-to-10"
    FROM_11_TO_15 = "11-to-15"
    FROM_16_TO_20 = "16-to-20"
    FROM_21_TO_25 = "21-to-25"
    FROM_26_TO_30 = "26-to-30"
    OVER_30 = "over-30"


OF_OTHERS: Mapping[str, Dimension] = {
    "origin": Dimension("Where a starter came from.", (Origin,)),
    "route": Dimension("How a starter or an applicant came.", (Route,)),
    "employment": Dimension("On what terms a starter is employed.", (Employment,)),
    "cohort": Dimension("The academy cohort a starter entered."),
    "leaving_reason": Dimension("Why a leaver left.", (LeavingReason,)),
    "destination": Dimension("Where a leaver went.", (Destination,)),
    "length_of_service": Dimension("How long somebody has been here, or had been on leaving.", (LengthOfService,)),
    "move_kind": Dimension("Why a worker went to another post.", (MoveKind,)),
    "age": Dimension("For how long a vacancy has been open.", (VacancyAge,)),
    "panel": Dimension("The panel that decided."),
    "panel_kind": Dimension("What the panel decides about.", (PanelKind,)),
    "decision": Dimension("What the panel decided.", (PanelDecision,)),
    "stage": Dimension("How far an application came.", (ApplicationStage,)),
    "campaign": Dimension("The recruitment campaign."),
    "cover_reason": Dimension("Why an agency worker is engaged.", (CoverReason,)),
    "agency": Dimension("The agency that supplies the worker."),
    "tenure": Dimension("For how long an agency assignment has run.", (Tenure,)),
    "caseload": Dimension("How many cases a worker holds.", (Caseload,)),
    "demand": Dimension("Which children are counted.", (Demand,)),
    "offer": Dimension("Which support was offered.", (SupportOffer,)),
}
"""What some measures can be broken down by besides the facts of posts: of workers, assignments, panels and the like."""

EVERY_DIMENSION: Mapping[str, Dimension] = {**OF_POSTS, **OF_OTHERS}
"""Every dimension by name, in the order in which they are told."""
