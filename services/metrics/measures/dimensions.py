"""By what figures can be broken down: dimensions of posts, which every measure has, and those that some have besides.

Invariant: a measure names no dimension that is not declared, and a part of it states a value of each that it names.
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


OF_OTHERS: Mapping[str, Dimension] = {
    "origin": Dimension("Where a starter came from.", (Origin,)),
    "route": Dimension("How a starter or an applicant came.", (Route,)),
    "employment": Dimension("On what terms a starter is employed.", (Employment,)),
    "cohort": Dimension("The academy cohort a starter entered."),
    "leaving_reason": Dimension("Why a leaver left.", (LeavingReason,)),
    "destination": Dimension("Where a leaver went.", (Destination,)),
    "move_kind": Dimension("Why a worker went to another post.", (MoveKind,)),
    "age": Dimension("For how long a vacancy has been open.", (VacancyAge,)),
    "panel": Dimension("The panel that decided."),
    "panel_kind": Dimension("What the panel decides about.", (PanelKind,)),
    "decision": Dimension("What the panel decided.", (PanelDecision,)),
    "stage": Dimension("How far an application came.", (ApplicationStage,)),
    "campaign": Dimension("The recruitment campaign."),
    "cover_reason": Dimension("Why an agency worker is engaged.", (CoverReason,)),
    "agency": Dimension("The agency that supplies the worker."),
    "demand": Dimension("Which children are counted.", (Demand,)),
    "offer": Dimension("Which support was offered.", (SupportOffer,)),
}
"""What some measures can be broken down by besides the facts of posts: of workers, assignments, panels and the like."""

EVERY_DIMENSION: Mapping[str, Dimension] = {**OF_POSTS, **OF_OTHERS}
"""Every dimension by name, in the order in which they are told."""
