"""From the events of one agency assignment to its rows: who covers what, at which FTE and why.

Invariant: an assignment without a start covers nothing.
"""

from collections.abc import Hashable, Iterable
from datetime import date
from typing import NamedTuple

from contracts.codes import CoverReason
from contracts.effects import Action, Steps, in_order_of_effect
from contracts.envelope import Event
from contracts.events.agency_cover import CoverChanged, CoverEnded, CoverStarted
from services.metrics.timelines.amounts import millionths
from services.metrics.timelines.dimensions import Dimensions, dimensions_of_assignment
from services.metrics.timelines.knowledge import ONLY, fold_as_known
from services.metrics.timelines.rows import Cover

# An assignment that starts and ends on one day never held: it does not hold on `ended_on`.
EFFECTS = in_order_of_effect(CoverStarted, CoverChanged, CoverEnded)


class Assignment(NamedTuple):
    """What an assignment is, as far as the timelines follow it. `fte` in millionths; `stated` is its own."""

    agency_worker: str
    post: str | None
    fte: int
    reason: CoverReason
    stated: Dimensions


def covers(events: Iterable[Event]) -> list[Cover]:
    """The facts of one assignment over time, from all its events; none while its FTE is 0.

    - started: all facts hold as stated, also when the assignment had ended before;
    - changed: the facts given hold from that date on; of an assignment that does not hold then it says nothing;
    - ended: the assignment does not hold on that date nor after.
    """
    of_one_cover = list(events)
    if not of_one_cover:
        return []
    cover = of_one_cover[0].identifier
    return [
        Cover(cover, *assignment, valid_from, valid_to, known_from, known_to)
        for _, valid_from, known_from, valid_to, known_to, assignment in fold_as_known(
            of_one_cover, EFFECTS, assignments_held, _alike
        )
        if assignment.fte
    ]


def _alike(data: CoverStarted | CoverChanged | CoverEnded) -> Hashable:
    """A key that events of one day share if the last of them overrides the others: changes of the same facts, for
    example.
    """
    if isinstance(data, CoverChanged):
        return data.fte is not None, data.reason is not None, data.post is not None
    return type(data)


def assignments_held(held: dict[str, Assignment], actions: list[Action]) -> Steps[Assignment]:
    """What an assignment is from each date on, given what held before and some actions; the key is `ONLY`."""
    steps: dict[date, Assignment | None] = {}
    current = held.get(ONLY)
    for day, *_between, data in actions:
        if type(data) is CoverStarted:
            current = Assignment(
                data.agency_worker,
                data.post,
                millionths(data.fte),
                data.reason,
                dimensions_of_assignment(data),
            )
        elif type(data) is CoverChanged:
            current = current and current._replace(
                fte=current.fte if data.fte is None else millionths(data.fte),
                reason=data.reason or current.reason,
                post=data.post or current.post,
            )
        else:
            current = None
        steps[day] = current
    return {ONLY: steps}
