"""Hiring: campaigns, applications, academy cohorts, and what workers do in posts while they are employed."""

from typing import ClassVar

from contracts.codes import ApplicationStage, Employment, MoveKind, Origin, Role, Route
from contracts.events.base import EventData
from contracts.values import (
    CampaignId,
    CohortId,
    Count,
    CoverId,
    EffectiveDate,
    Fte,
    PostId,
    Slug,
    WorkerId,
)


class CampaignOpened(EventData):
    """Recruitment for some posts begins. Subject: `campaign/<identifier>`."""

    event_type: ClassVar[str] = "uk.workforce.campaign.opened.v1"
    subject_kind: ClassVar[str] = "campaign"
    effective_field: ClassVar[str | None] = "opened_on"

    opened_on: EffectiveDate
    closes_on: EffectiveDate | None = None
    route: Route
    roles: tuple[Role, ...] = ()
    posts: tuple[PostId, ...] = ()


class ApplicationProgressed(EventData):
    """One application reached a stage. Subject: `application/<identifier>`."""

    event_type: ClassVar[str] = "uk.workforce.application.progressed.v1"
    subject_kind: ClassVar[str] = "application"
    effective_field: ClassVar[str | None] = "reached_on"

    stage: ApplicationStage
    reached_on: EffectiveDate
    route: Route
    campaign: CampaignId | None = None
    role: Role | None = None
    worker: WorkerId | None = None


class CohortOpened(EventData):
    """The Social Work Academy takes in a cohort of newly qualified social workers. Subject: `cohort/<identifier>`."""

    event_type: ClassVar[str] = "uk.workforce.cohort.opened.v1"
    subject_kind: ClassVar[str] = "cohort"
    effective_field: ClassVar[str | None] = "entry_on"

    entry_on: EffectiveDate
    completes_on: EffectiveDate
    academy_team: Slug | None = None
    places: Count | None = None


class WorkerStarted(EventData):
    """A worker occupies a post from `started_on` on. Subject: `worker/<identifier>`.

    A worker who holds other posts already takes this one up beside them. An FTE of 0 means a worker without fixed hours
    (zero-hours, casual): in post by headcount, at no FTE.
    """

    event_type: ClassVar[str] = "uk.workforce.worker.started.v1"
    subject_kind: ClassVar[str] = "worker"
    effective_field: ClassVar[str | None] = "started_on"

    started_on: EffectiveDate
    post: PostId
    fte: Fte
    origin: Origin
    route: Route
    employment: Employment = Employment.PERMANENT
    cohort: CohortId | None = None
    campaign: CampaignId | None = None
    converted_from: CoverId | None = None


class WorkerMoved(EventData):
    """From `moved_on` on a worker occupies `to_post` instead of `from_post`. Subject: `worker/<identifier>`.

    An FTE of 0 means a worker without fixed hours.
    """

    event_type: ClassVar[str] = "uk.workforce.worker.moved.v1"
    subject_kind: ClassVar[str] = "worker"
    effective_field: ClassVar[str | None] = "moved_on"

    moved_on: EffectiveDate
    from_post: PostId
    to_post: PostId
    fte: Fte
    kind: MoveKind = MoveKind.MOVE
    expected_until: EffectiveDate | None = None


class WorkerFteChanged(EventData):
    """From `effective_from` on a worker occupies `post` at another FTE. Subject: `worker/<identifier>`.

    0 gives the post up (a career break, say), unless the worker took it up at 0, without fixed hours. A later FTE above
    0 takes up again what was given up so.
    """

    event_type: ClassVar[str] = "uk.workforce.worker.fte-changed.v1"
    subject_kind: ClassVar[str] = "worker"
    effective_field: ClassVar[str | None] = "effective_from"

    effective_from: EffectiveDate
    post: PostId
    fte: Fte


class WorkerMerged(EventData):
    """One person had two numbers: all events of `duplicate` are this worker's. Subject: `worker/<the number kept>`."""

    event_type: ClassVar[str] = "uk.workforce.worker.merged.v1"
    subject_kind: ClassVar[str] = "worker"
    effective_field: ClassVar[str | None] = None

    duplicate: WorkerId
