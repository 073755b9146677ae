"""What the events of one worker mean: which posts the worker holds, at which FTE, from which date on.

Invariant: a worker holds a post at one FTE at a time, however many events say so; who left holds none until
a new start.
Every service that asks who holds a post asks here, so that all tell one story.
"""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from contracts.effects import Action, Steps, in_order_of_effect
from contracts.events.hiring import WorkerFteChanged, WorkerMoved, WorkerStarted
from contracts.events.leavers import LeaverReversed, WorkerLeft
from contracts.standing import Recorded, recorded_before

# Who leaves and starts again on one day is in post; who held no post before and leaves on the day of a start never was
# (a starter did not come). The FTE stated for a day holds for the post moved to on that day.
# A reversal comes before the leavers it cancels.
EFFECTS = in_order_of_effect(
    (LeaverReversed, "left_on"),
    (WorkerLeft, "left_on"),
    (WorkerStarted, "started_on"),
    (WorkerMoved, "moved_on"),
    (WorkerFteChanged, "effective_from"),
)
"""The events that say who holds a post, in the order in which they act on one day."""


def posts_held(held: dict[str, Decimal], actions: list[Action], earlier: list[Action]) -> Steps[Decimal]:
    """The FTE at which a worker holds each post from each date on: by actions, after what was held before them.

    - started: the worker holds the post at the FTE stated, beside any other post held;
    - moved: the worker holds `to_post` instead of `from_post`, and `to_post` also when `from_post` was not held; it
      says nothing of a worker who has left (a move that was planned, say, and not withdrawn);
    - FTE changed: a post held has the FTE stated (0 gives it up); of a post not held it says nothing;
    - left: the worker holds no post on that date, and a start on it counts only when a post was held before; unless the
      leaver is reversed.

    `earlier` are the actions before those given, by which a worker may have left. `held` is changed.
    """
    # Only a leaver among them makes the earlier actions matter.
    gone = any(type(data) is WorkerLeft for *_, data in earlier) and _follow({}, earlier, gone=False)[1]
    return _follow(held, actions, gone)[0]


def is_reversed(leaver: Recorded, reversals: Iterable[Recorded]) -> bool:
    """Whether one of the reversals of its date reverses a leaver: each does that is not stated to have come before."""
    return any(not recorded_before(reversal, leaver) for reversal in reversals)


def _follow(held: dict[str, Decimal], actions: list[Action], gone: bool) -> tuple[Steps[Decimal], bool]:
    """The steps that these actions make, and whether the worker is gone after them."""
    steps: Steps[Decimal] = {}

    def hold(post: str, day: date, fte: Decimal) -> None:
        held[post] = fte
        steps.setdefault(post, {})[day] = fte

    def give_up(post: str, day: date) -> None:
        if held.pop(post, None) is not None:
            steps.setdefault(post, {})[day] = None

    reversals: dict[date, list[Recorded]] = {}
    left: date | None = None
    did_not_come: date | None = None
    for day, _, recorded, data in actions:
        if type(data) is WorkerStarted:
            if day != did_not_come:
                gone = False
                hold(data.post, day, data.fte)
        elif type(data) is WorkerMoved:
            if not gone:
                give_up(data.from_post, day)
                hold(data.to_post, day, data.fte)
        elif type(data) is WorkerFteChanged:
            if data.fte == 0:
                give_up(data.post, day)
            elif data.post in held:
                hold(data.post, day, data.fte)
        elif type(data) is LeaverReversed:
            reversals.setdefault(day, []).append(recorded)
        elif not is_reversed(recorded, reversals.get(day, ())):
            if not held and left != day:
                did_not_come = day
            left, gone = day, True
            for post in list(held):
                give_up(post, day)
    return steps, gone
