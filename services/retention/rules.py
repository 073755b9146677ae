"""The rules of retention: which events speak of someone who must have started.

Invariant: no I/O.
"""

from collections.abc import Iterable

from contracts.envelope import Event
from contracts.events.hiring import WorkerStarted
from contracts.events.leavers import LeaverReversed, WorkerLeft
from contracts.events.progression_panels import PanelDecided
from contracts.events.working_life import AbsenceRecorded, RetentionPaymentMade
from contracts.standing import standing_events

OF_EMPLOYED_WORKERS = (WorkerLeft, LeaverReversed, PanelDecided, AbsenceRecorded, RetentionPaymentMade)
"""Data that only an employed worker can have. A caseload can be an agency worker's."""


def needs_a_start(event: Event) -> bool:
    """Whether the event's subject must be a worker who started."""
    return isinstance(event.data, OF_EMPLOYED_WORKERS)


def workers_started(events: Iterable[Event]) -> set[str]:
    """The subjects (`worker/…`) of which a start stands."""
    return {event.envelope.subject for event in standing_events(events) if isinstance(event.data, WorkerStarted)}
