"""From the events of workers to rows: which posts each person occupies.

Invariant: `contracts/occupying.py` says what the events mean. This module follows it through what was known when.

There are two ways to the same rows. What few events say, as of nearly everybody, is folded anew at every instant, as
it is defined. For more events that would take the square of their number: `holding.py` follows what changes.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable
from decimal import Decimal

from contracts.effects import Action, action_of
from contracts.envelope import Event
from contracts.events.hiring import WorkerMerged
from contracts.in_force import Change, changes_in_force
from contracts.occupying import EFFECTS, posts_held
from services.metrics.timelines.amounts import millionths
from services.metrics.timelines.holding import holding
from services.metrics.timelines.knowledge import Stretch, Timelines
from services.metrics.timelines.persons import changes_by_person
from services.metrics.timelines.rows import Occupancy

_TYPES = {*EFFECTS, WorkerMerged.event_type}

FEW = 12
"""Up to so many events it is quicker to fold all of them at every instant: 2 take half the time so, 24 nearly twice."""


def occupancies(events: Iterable[Event]) -> list[Occupancy]:
    """The posts held under one worker's number, from all its events. Events about other things are ignored.

    If any merge (in force or not) links the number with others, pass all events of all these numbers. Then `worker`
    in a row is the person as known at the time: each number by itself before the merge is known, and after it was
    voided.
    """
    telling = [event for event in events if event.envelope.type in _TYPES]
    if not telling:
        return []
    if any(type(event.data) is WorkerMerged for event in telling):
        changes = changes_by_person(telling)
        return [row for person in sorted(changes) for row in _rows(person, holding(changes[person]))]
    worker = telling[0].identifier
    changes_of_worker = changes_in_force(telling)
    held = held_by_few(changes_of_worker) if len(telling) <= FEW else holding(changes_of_worker)
    return _rows(worker, held)


def held_by_few(changes: Iterable[Change]) -> list[Stretch[Decimal]]:
    """What `holding` gives, folded anew at each instant from all events that are then in force."""
    timelines: Timelines[Decimal] = Timelines()
    in_force: list[Action] = []
    for instant, begun, ceased in changes:
        for event in ceased:
            del in_force[bisect_left(in_force, action_of(event, EFFECTS))]
        for event in begun:
            insort(in_force, action_of(event, EFFECTS))
        timelines.replace_all(posts_held(in_force), instant)
    return timelines.stretches()


def _rows(worker: str, stretches: list[Stretch[Decimal]]) -> list[Occupancy]:
    return [
        Occupancy(worker, post, millionths(fte), valid_from, valid_to, known_from, known_to)
        for post, valid_from, known_from, valid_to, known_to, fte in stretches
    ]
