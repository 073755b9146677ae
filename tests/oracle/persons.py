"""Which numbers are one person, a second time: walked from number to number, merge by merge.

Invariant: after `as_persons` every number is its person's, so that nothing else here need know of merges.
"""

from dataclasses import replace

from contracts.envelope import Event
from contracts.events.agency_cover import CoverStarted
from contracts.events.hiring import ApplicationProgressed, WorkerMerged


def person_of(events_in_force: list[Event], number: str) -> str:
    """The number by which the person with this number goes."""
    merges = [
        (event.envelope.subject.removeprefix("worker/"), event.data.duplicate)
        for event in events_in_force
        if isinstance(event.data, WorkerMerged)
    ]
    numbers = {number}
    for _ in merges:
        for kept, duplicate in merges:
            if kept in numbers or duplicate in numbers:
                numbers |= {kept, duplicate}
    duplicates = {duplicate for _, duplicate in merges}
    never_a_duplicate = sorted(numbers - duplicates)
    if len(never_a_duplicate) == 1:
        return never_a_duplicate[0]
    return sorted(numbers)[0]


def as_persons(events_in_force: list[Event]) -> list[Event]:
    """The events, without the merges, as though each person had had one number all along."""
    readdressed = []
    for event in events_in_force:
        if isinstance(event.data, WorkerMerged):
            continue
        envelope, data = event.envelope, event.data
        if envelope.subject.startswith("worker/"):
            person = person_of(events_in_force, envelope.subject.removeprefix("worker/"))
            envelope = envelope.model_copy(update={"subject": f"worker/{person}"})
        if isinstance(data, CoverStarted):
            data = data.model_copy(update={"agency_worker": person_of(events_in_force, data.agency_worker)})
        if isinstance(data, ApplicationProgressed) and data.worker is not None:
            data = data.model_copy(update={"worker": person_of(events_in_force, data.worker)})
        readdressed.append(replace(event, envelope=envelope, data=data))
    return readdressed
