"""The rules of retention: which events speak of someone who must have started.

Invariant: no I/O.
"""

from contracts.envelope import Event
from contracts.events.leavers import LeaverReversed, WorkerLeft
from contracts.events.progression_panels import PanelDecided
from contracts.events.working_life import AbsenceRecorded, RetentionPaymentMade

OF_EMPLOYED_WORKERS = (WorkerLeft, LeaverReversed, PanelDecided, AbsenceRecorded, RetentionPaymentMade)
"""Data that only an employed worker can have. A caseload can be an agency worker's."""


def needs_a_start(event: Event) -> bool:
    """Whether the event's subject must be a worker who started."""
    return isinstance(event.data, OF_EMPLOYED_WORKERS)
