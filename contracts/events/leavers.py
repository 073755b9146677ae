"""Leavers: workers who left child and family social work posts of the authority. Subject: `worker/<identifier>`."""

from typing import ClassVar

from contracts.codes import Destination, LeavingReason
from contracts.events.base import EventData
from contracts.values import EffectiveDate


class WorkerLeft(EventData):
    """A worker gave up all posts held under this number: not in post by it on `left_on` nor after.

    A person who holds posts under another number too (`worker.merged`) goes on there.

    CSWW counts who left on 30 September as a leaver of the year, with FTE 0 at that date.
    """

    event_type: ClassVar[str] = "uk.workforce.worker.left.v1"
    subject_kind: ClassVar[str] = "worker"
    effective_field: ClassVar[str | None] = "left_on"

    left_on: EffectiveDate
    reason: LeavingReason
    destination: Destination


class LeaverReversed(EventData):
    """The worker did not leave on `left_on` after all.

    Leavers of that date recorded up to this event's time do not count.
    """

    event_type: ClassVar[str] = "uk.workforce.leaver.reversed.v1"
    subject_kind: ClassVar[str] = "worker"
    effective_field: ClassVar[str | None] = "left_on"

    left_on: EffectiveDate
