"""What the events of workers say about the posts that each person occupies.

Invariant: what the events mean is what `contracts/occupying.py` says; here it is followed through what was known when.
"""

from collections.abc import Iterable
from decimal import Decimal

from contracts.envelope import Event
from contracts.events.hiring import WorkerMerged
from contracts.occupying import EFFECTS
from contracts.standing import changes_of_standing
from services.metrics.timelines.amounts import millionths
from services.metrics.timelines.holding import holding
from services.metrics.timelines.knowledge import Stretch
from services.metrics.timelines.persons import changes_by_person
from services.metrics.timelines.rows import Occupancy

_TYPES = {*EFFECTS, WorkerMerged.event_type}


def occupancies(events: Iterable[Event]) -> list[Occupancy]:
    """The posts held under one worker's number, from all events of it; those that say nothing about it are ignored.

    Of a number that any merge links with others, standing or not, all events of all these numbers must be given. Then
    `worker` is the person as known then: each number by itself before the merge is known, and where it is voided.
    """
    telling = [event for event in events if event.envelope.type in _TYPES]
    if not telling:
        return []
    if any(type(event.data) is WorkerMerged for event in telling):
        changes = changes_by_person(telling)
        return [row for person in sorted(changes) for row in _rows(person, holding(changes[person]))]
    worker = telling[0].envelope.subject.partition("/")[2]
    return _rows(worker, holding(changes_of_standing(telling)))


def _rows(worker: str, stretches: list[Stretch[Decimal]]) -> list[Occupancy]:
    return [
        Occupancy(worker, post, millionths(fte), valid_from, valid_to, known_from, known_to)
        for post, valid_from, known_from, valid_to, known_to, fte in stretches
    ]
