"""Working life: absence, caseload, retention payments, support taken up, and the demand beside the supply."""

from typing import ClassVar, Self

from pydantic import model_validator

from contracts.codes import AbsenceReason, Demand, SupportOffer
from contracts.events.base import EventData
from contracts.values import Count, EffectiveDate, Pounds, Slug, WorkingDays


class AbsenceRecorded(EventData):
    """A worker was away from `absent_from` up to and without `returned_on`. Subject: `worker/<identifier>`."""

    event_type: ClassVar[str] = "uk.workforce.absence.recorded.v1"
    subject_kind: ClassVar[str] = "worker"
    effective_field: ClassVar[str | None] = "absent_from"

    absent_from: EffectiveDate
    returned_on: EffectiveDate | None = None
    working_days_lost: WorkingDays
    reason: AbsenceReason

    @model_validator(mode="after")
    def _returns_after_leaving(self) -> Self:
        if self.returned_on is not None and self.returned_on <= self.absent_from:
            raise ValueError("returned_on must be after absent_from")
        return self


class CaseloadCounted(EventData):
    """A worker held `cases` on `counted_on`. Subject: `worker/<identifier>`, an employed or an agency worker's."""

    event_type: ClassVar[str] = "uk.workforce.caseload.counted.v1"
    subject_kind: ClassVar[str] = "worker"
    effective_field: ClassVar[str | None] = "counted_on"

    counted_on: EffectiveDate
    cases: Count


class RetentionPaymentMade(EventData):
    """A worker was paid for completing 12 months' service on `service_completed_on`. Subject: `worker/<identifier>`."""

    event_type: ClassVar[str] = "uk.workforce.retention-payment.made.v1"
    subject_kind: ClassVar[str] = "worker"
    effective_field: ClassVar[str | None] = "paid_on"

    paid_on: EffectiveDate
    service_completed_on: EffectiveDate
    amount: Pounds


class SupportTakenUp(EventData):
    """A worker took up an offer of support. Subject: `worker/<identifier>`."""

    event_type: ClassVar[str] = "uk.workforce.support.taken-up.v1"
    subject_kind: ClassVar[str] = "worker"
    effective_field: ClassVar[str | None] = "taken_up_on"

    taken_up_on: EffectiveDate
    offer: SupportOffer


class SupportSessionHeld(EventData):
    """A session for many workers was held (of a wellbeing week, say). Subject: `session/<identifier>`."""

    event_type: ClassVar[str] = "uk.workforce.support-session.held.v1"
    subject_kind: ClassVar[str] = "session"
    effective_field: ClassVar[str | None] = "held_on"

    held_on: EffectiveDate
    offer: SupportOffer
    registrations: Count


class DemandCounted(EventData):
    """How many children of one kind there were on `counted_on`. Subject: `demand/<identifier of the series>`."""

    event_type: ClassVar[str] = "uk.workforce.demand.counted.v1"
    subject_kind: ClassVar[str] = "demand"
    effective_field: ClassVar[str | None] = "counted_on"

    counted_on: EffectiveDate
    demand: Demand
    children: Count
    service_area: Slug | None = None


class DemandEnded(EventData):
    """A series of counts ends: its counts, of whatever kind, do not hold on `ended_on` nor after.

    Another series may have replaced it. A series that is counted again on a later day begins again. Subject:
    `demand/<identifier of the series>`.
    """

    event_type: ClassVar[str] = "uk.workforce.demand.ended.v1"
    subject_kind: ClassVar[str] = "demand"
    effective_field: ClassVar[str | None] = "ended_on"

    ended_on: EffectiveDate
