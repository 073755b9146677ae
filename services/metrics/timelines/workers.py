"""What one worker's events say about the posts that the worker occupies.

Invariant: what the events mean is what `contracts/occupying.py` says; here it is followed through what was known when.
"""

from collections.abc import Iterable

from contracts.envelope import Event
from contracts.occupying import EFFECTS, posts_held
from services.metrics.timelines.knowledge import fold_as_known
from services.metrics.timelines.rows import Occupancy


def occupancies(events: Iterable[Event]) -> list[Occupancy]:
    """The posts that one worker holds, from all events of this worker; those that say nothing about it are ignored."""
    of_one_worker = list(events)
    if not of_one_worker:
        return []
    worker = of_one_worker[0].envelope.subject.partition("/")[2]
    return [
        Occupancy(worker, post, fte, valid_from, valid_to, known_from, known_to)
        for post, valid_from, known_from, valid_to, known_to, fte in fold_as_known(of_one_worker, EFFECTS, posts_held)
    ]
