"""What retention does with events it accepted, beyond keeping and publishing them.

Invariant: a remark never turns an accepted event into a rejected one, because records of HR arrive in any order.
"""

from collections import defaultdict

from contracts.envelope import Event
from contracts.events.hiring import WorkerStarted
from services.chassis.remarks import Remarks
from services.chassis.runtime import Runtime
from services.retention import store
from services.retention.rules import linked_numbers, needs_a_start, workers_started


async def notes_on_accepted(runtime: Runtime, events: list[Event]) -> Remarks:
    """Remarks on events of workers of whom hiring has stated no start yet, by authority and identity."""
    workers: defaultdict[str, set[str]] = defaultdict(set)
    for event in events:
        if needs_a_start(event):
            workers[event.envelope.authority].add(event.envelope.subject)
    started: dict[str, set[str]] = {}
    for authority, subjects in workers.items():
        started[authority] = await store.plainly_started(runtime.pool, authority, subjects)
        if others := subjects - started[authority]:
            merges = await store.merges_of_workers(runtime.pool, authority)
            starts = await store.starts_of_workers(runtime.pool, authority, linked_numbers(others, merges))
            started[authority] |= workers_started(starts, merges)
    return {
        (event.envelope.authority, event.identity): [
            f"no start of {event.envelope.subject} is known: {WorkerStarted.event_type} has not come yet"
        ]
        for event in events
        if needs_a_start(event) and event.envelope.subject not in started[event.envelope.authority]
    }
