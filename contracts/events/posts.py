"""Posts: the funded slots of the structure. Subject: `post/<identifier>`."""

from typing import ClassVar, Self

from pydantic import ConfigDict, model_validator

from contracts.codes import CswwRole, Role
from contracts.events.base import EventData
from contracts.values import EffectiveDate, FundedFte, Slug


class PostEstablished(EventData):
    """A post is funded from `effective_from` on."""

    event_type: ClassVar[str] = "uk.workforce.post.established.v1"
    subject_kind: ClassVar[str] = "post"
    effective_field: ClassVar[str | None] = "effective_from"

    effective_from: EffectiveDate
    role: Role
    funded_fte: FundedFte
    team: Slug
    service_area: Slug
    grade: Slug | None = None
    csww_role: CswwRole | None = None
    location: Slug | None = None


class PostChanged(EventData):
    """From `effective_from` on the post has the facts given here; those left out stay as they were."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 2})

    event_type: ClassVar[str] = "uk.workforce.post.changed.v1"
    subject_kind: ClassVar[str] = "post"
    effective_field: ClassVar[str | None] = "effective_from"

    effective_from: EffectiveDate
    role: Role | None = None
    funded_fte: FundedFte | None = None
    team: Slug | None = None
    service_area: Slug | None = None
    grade: Slug | None = None
    csww_role: CswwRole | None = None
    location: Slug | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if len(self.model_dump(exclude_none=True)) == 1:
            facts = (name for name in type(self).model_fields if name != self.effective_field)
            raise ValueError(f"must change at least one of {', '.join(facts)}")
        return self


class PostClosed(EventData):
    """The post is not funded on `closed_on` nor after."""

    event_type: ClassVar[str] = "uk.workforce.post.closed.v1"
    subject_kind: ClassVar[str] = "post"
    effective_field: ClassVar[str | None] = "closed_on"

    closed_on: EffectiveDate
