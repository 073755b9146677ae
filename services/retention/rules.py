"""The rules of retention: which events are about someone who must have started, and who has started.

Invariant: no I/O.
"""

from collections.abc import Iterable

from contracts.envelope import Event
from contracts.events.hiring import WorkerStarted
from contracts.events.leavers import LeaverReversed, WorkerLeft
from contracts.events.progression_panels import PanelDecided
from contracts.events.working_life import AbsenceRecorded, RetentionPaymentMade
from contracts.in_force import events_in_force
from contracts.persons import merges_stated, persons

OF_EMPLOYED_WORKERS = (WorkerLeft, LeaverReversed, PanelDecided, AbsenceRecorded, RetentionPaymentMade)
"""Data that only an employed worker can have. A caseload can be an agency worker's."""


def needs_a_start(event: Event) -> bool:
    """Whether the event's subject must be a worker who started."""
    return isinstance(event.data, OF_EMPLOYED_WORKERS)


def linked_numbers(workers: Iterable[str], merges: Iterable[Event]) -> set[str]:
    """These subjects (`worker/…`), and those that these merges make one person with them."""
    numbers = set(workers)
    person_of = {
        f"worker/{number}": person for number, person in persons(merges_stated(events_in_force(merges))).items()
    }
    merged = {person_of[worker] for worker in numbers if worker in person_of}
    return numbers | {worker for worker, person in person_of.items() if person in merged}


def workers_started(starts: Iterable[Event], merges: Iterable[Event]) -> set[str]:
    """The subjects (`worker/…`) whose person has a start in force, under whichever number."""
    started = {event.envelope.subject for event in events_in_force(starts) if isinstance(event.data, WorkerStarted)}
    return linked_numbers(started, merges)
