"""What one worker's events say about the posts that the worker occupies.

Invariant: a worker holds a post at one FTE at a time, however many events say so.
"""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal

from contracts.envelope import Event
from contracts.events.hiring import WorkerFteChanged, WorkerMoved, WorkerStarted
from contracts.events.leavers import LeaverReversed, WorkerLeft
from services.metrics.timelines.knowledge import Action, Steps, fold_as_known, in_order_of_effect
from services.metrics.timelines.rows import Occupancy

# Who leaves and starts again on one day is in post; who held no post before and leaves on the day of a start never was
# (a starter did not come). The FTE stated for a day holds for the post moved to on that day.
# A reversal comes before the leavers it cancels.
_EFFECTS = in_order_of_effect(
    (LeaverReversed, "left_on"),
    (WorkerLeft, "left_on"),
    (WorkerStarted, "started_on"),
    (WorkerMoved, "moved_on"),
    (WorkerFteChanged, "effective_from"),
)


def occupancies(events: Iterable[Event]) -> list[Occupancy]:
    """The posts that one worker holds, from all events of this worker; those that say nothing about it are ignored.

    - started: the worker holds the post at the FTE stated, beside any other post held;
    - moved: the worker holds `to_post` instead of `from_post`, and `to_post` also when `from_post` was not held;
    - FTE changed: a post held has the FTE stated (0 gives it up); of a post not held it says nothing;
    - left: the worker holds no post on that date, and a start on it counts only when a post was held before; unless the
      leaver is reversed by a later or simultaneous record.
    """
    of_one_worker = list(events)
    if not of_one_worker:
        return []
    worker = of_one_worker[0].envelope.subject.partition("/")[2]
    return [
        Occupancy(worker, post, fte, valid_from, valid_to, known_from, known_to)
        for post, valid_from, known_from, valid_to, known_to, fte in fold_as_known(of_one_worker, _EFFECTS, _posts_held)
    ]


def _posts_held(held: dict[str, Decimal], actions: list[Action]) -> Steps[Decimal]:
    steps: Steps[Decimal] = {}

    def hold(post: str, day: date, fte: Decimal) -> None:
        held[post] = fte
        steps.setdefault(post, {})[day] = fte

    def give_up(post: str, day: date) -> None:
        if held.pop(post, None) is not None:
            steps.setdefault(post, {})[day] = None

    reversal: tuple[date, datetime] | None = None
    left: date | None = None
    did_not_come: date | None = None
    for day, _, time, _, data in actions:
        if type(data) is WorkerStarted:
            if day != did_not_come:
                hold(data.post, day, data.fte)
        elif type(data) is WorkerMoved:
            give_up(data.from_post, day)
            hold(data.to_post, day, data.fte)
        elif type(data) is WorkerFteChanged:
            if data.fte == 0:
                give_up(data.post, day)
            elif data.post in held:
                hold(data.post, day, data.fte)
        elif type(data) is LeaverReversed:
            reversal = (day, time)
        elif reversal is None or reversal < (day, time):
            if not held and left != day:
                did_not_come = day
            left = day
            for post in list(held):
                give_up(post, day)
    return steps
