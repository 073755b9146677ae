"""Progression panels: decisions on one worker each. Subject: `worker/<identifier>`."""

from typing import ClassVar, Self

from pydantic import ConfigDict, model_validator

from contracts.codes import PanelDecision, PanelKind
from contracts.events.base import EventData
from contracts.values import CohortId, EffectiveDate, Fte, PanelId

DECISIONS = {
    PanelKind.ADVANCED_SOCIAL_WORKER: (
        PanelDecision.SUCCESSFUL,
        PanelDecision.UNSUCCESSFUL,
        PanelDecision.DEFERRED,
    ),
    PanelKind.ASYE: (PanelDecision.PASSED, PanelDecision.FAILED, PanelDecision.DEFERRED),
}


class PanelDecided(EventData):
    """A panel decided whether a worker progresses; a success takes effect on `effective_from`."""

    model_config = ConfigDict(
        json_schema_extra={
            "anyOf": [
                {"properties": {"kind": {"const": kind.value}, "decision": {"enum": [one.value for one in fitting]}}}
                for kind, fitting in DECISIONS.items()
            ]
        }
    )

    event_type: ClassVar[str] = "uk.workforce.panel.decided.v1"
    subject_kind: ClassVar[str] = "worker"
    effective_field: ClassVar[str | None] = "decided_on"

    panel: PanelId
    decided_on: EffectiveDate
    kind: PanelKind
    decision: PanelDecision
    effective_from: EffectiveDate | None = None
    fte: Fte | None = None
    cohort: CohortId | None = None

    @model_validator(mode="after")
    def _decision_fits_the_kind(self) -> Self:
        fitting = DECISIONS[self.kind]
        if self.decision not in fitting:
            raise ValueError(f"decision of a panel of kind {self.kind} must be one of {', '.join(fitting)}")
        return self
