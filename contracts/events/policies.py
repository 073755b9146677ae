"""Policies: what a council decides about its workforce, and says in public."""

from typing import ClassVar, Self

from pydantic import model_validator

from contracts.codes import InitiativeKind
from contracts.events.base import EventData
from contracts.values import EffectiveDate, Title


class InitiativeAnnounced(EventData):
    """The council does something to fill its posts or to keep its people, from `starts_on` up to and without `ends_on`.

    What was recorded last of an initiative replaces all that was said of it before. The title is published, and must
    not name a person. Subject: `initiative/<identifier>`.
    """

    event_type: ClassVar[str] = "uk.workforce.initiative.announced.v1"
    subject_kind: ClassVar[str] = "initiative"
    effective_field: ClassVar[str | None] = "starts_on"

    title: Title
    kind: InitiativeKind
    announced_on: EffectiveDate | None = None
    starts_on: EffectiveDate
    ends_on: EffectiveDate | None = None

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.ends_on is not None and self.ends_on <= self.starts_on:
            raise ValueError("ends_on must be after starts_on")
        return self
