"""Agency cover: assignments of agency workers. Subject: `cover/<identifier of the assignment>`."""

from typing import ClassVar, Self

from pydantic import ConfigDict, model_validator

from contracts.codes import CoverOutcome, CoverReason, CswwRole, Role
from contracts.events.base import EventData
from contracts.values import EffectiveDate, Fte, PostId, Pounds, Slug, WorkerId


class CoverStarted(EventData):
    """An agency worker's assignment begins on `started_on`.

    With `post`, the post's role, team and service area hold; without one (an additional worker, say) `role` is needed.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "anyOf": [
                {"required": ["post"]},
                {"required": ["role"], "properties": {"reason": {"not": {"const": CoverReason.VACANCY.value}}}},
            ]
        }
    )

    event_type: ClassVar[str] = "uk.workforce.cover.started.v1"
    subject_kind: ClassVar[str] = "cover"
    effective_field: ClassVar[str | None] = "started_on"

    started_on: EffectiveDate
    agency_worker: WorkerId
    fte: Fte
    reason: CoverReason
    post: PostId | None = None
    role: Role | None = None
    team: Slug | None = None
    service_area: Slug | None = None
    csww_role: CswwRole | None = None
    expected_until: EffectiveDate | None = None
    hourly_rate: Pounds | None = None
    agency: Slug | None = None
    project_team: bool | None = None

    @model_validator(mode="after")
    def _post_or_role(self) -> Self:
        if self.post is None and self.role is None:
            raise ValueError("must name the post that is covered, or, where there is none, the role")
        if self.post is None and self.reason is CoverReason.VACANCY:
            raise ValueError("must name the post that is covered when the reason is vacancy")
        return self


class CoverChanged(EventData):
    """From `effective_from` on the assignment has the facts given here; those left out stay as they were."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 2})

    event_type: ClassVar[str] = "uk.workforce.cover.changed.v1"
    subject_kind: ClassVar[str] = "cover"
    effective_field: ClassVar[str | None] = "effective_from"

    effective_from: EffectiveDate
    fte: Fte | None = None
    reason: CoverReason | None = None
    post: PostId | None = None
    expected_until: EffectiveDate | None = None
    hourly_rate: Pounds | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if len(self.model_dump(exclude_none=True)) == 1:
            raise ValueError("must change at least one of fte, reason, post, expected_until, hourly_rate")
        return self


class CoverEnded(EventData):
    """The assignment does not hold on `ended_on` nor after."""

    event_type: ClassVar[str] = "uk.workforce.cover.ended.v1"
    subject_kind: ClassVar[str] = "cover"
    effective_field: ClassVar[str | None] = "ended_on"

    ended_on: EffectiveDate
    outcome: CoverOutcome = CoverOutcome.NOT_KNOWN
    converted_to: WorkerId | None = None
