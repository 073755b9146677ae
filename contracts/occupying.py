"""What the events of one worker mean: which posts the worker holds, at which FTE, from which date on.

Invariant: a worker holds a post at one FTE at a time, however many events say so; who left holds none until
a new start.
Every service that asks who holds a post asks here, so that all tell one story.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

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


def posts_held(actions: Iterable[Action]) -> Steps[Decimal]:
    """The FTE at which a worker holds each post from each date on, by all actions in their order.

    - started: the worker holds the post at the FTE stated, beside any other post held;
    - moved: the worker holds `to_post` instead of `from_post`, and `to_post` also when `from_post` was not held; it
      says nothing of a worker who has left (a move that was planned, say, and not withdrawn);
    - FTE changed: a post held has the FTE stated (0 gives it up); of a post not held it says nothing;
    - left: the worker holds no post on that date, and a start on it counts only when a post was held before; unless the
      leaver is reversed.
    """
    steps: Steps[Decimal] = {}
    for day, changes in followed(actions):
        for post, _, now in changes:
            steps.setdefault(post, {})[day] = now
    return steps


Changes = list[tuple[str, Decimal | None, Decimal | None]]
"""Post, the FTE at which it was held before, and from then on; None where it was not or is not held."""


def deciding(reversals: Iterable[Recorded]) -> Sequence[Recorded]:
    """Of the reversals of one date those that tell of every leaver whether one reverses it: two at most.

    They are the first and the last of the latest instant. What was recorded earlier reverses nothing that these do not.
    If several sources reversed at that instant these are of two, and a leaver of that instant is of another source than
    one of them; if only one did, the last states the highest sourcesequence.
    """
    found: list[Recorded] = []
    for reversal in reversals:
        if not found or found[0][0] < reversal[0]:
            found = [reversal]
        elif found[0][0] == reversal[0]:
            found = [min(found[0], reversal), max(found[-1], reversal)]
    return found


def is_reversed(leaver: Recorded, reversals: Iterable[Recorded]) -> bool:
    """Whether one of the reversals of its date reverses a leaver: each does that is not stated to have come before.

    It is enough to give those that are `deciding`.
    """
    return any(not recorded_before(reversal, leaver) for reversal in reversals)


def followed(actions: Iterable[Action]) -> Iterator[tuple[date, Changes]]:
    """What each action does, in their order: its day, and the posts that it says are held or given up."""
    held: dict[str, Decimal] = {}
    gone = False
    reversed_on: date | None = None
    reversals: Sequence[Recorded] = ()
    left: date | None = None
    did_not_come: date | None = None
    for day, _, recorded, data in actions:
        changes: Changes = []
        if type(data) is WorkerStarted:
            if day != did_not_come:
                gone = False
                changes.append((data.post, held.get(data.post), data.fte))
        elif type(data) is WorkerMoved:
            if not gone:
                if data.from_post in held and data.from_post != data.to_post:
                    changes.append((data.from_post, held[data.from_post], None))
                changes.append((data.to_post, held.get(data.to_post), data.fte))
        elif type(data) is WorkerFteChanged:
            if data.post in held:
                changes.append((data.post, held[data.post], data.fte or None))
        elif type(data) is LeaverReversed:
            reversals = deciding([*reversals, recorded] if reversed_on == day else [recorded])
            reversed_on = day
        elif not (reversed_on == day and is_reversed(recorded, reversals)):
            if not held and left != day:
                did_not_come = day
            left, gone = day, True
            changes += [(post, fte, None) for post, fte in held.items()]
        for post, _, fte in changes:
            if fte is None:
                del held[post]
            else:
                held[post] = fte
        yield day, changes


class OnADay(NamedTuple):
    """What `followed` comes to on one day for one post: only the last start counts, the last move from or to the post,
    the last FTE, and any FTE of 0. None where there is none.
    """

    start: WorkerStarted | None
    move: WorkerMoved | None
    given_up: bool
    change: WorkerFteChanged | None


def held_after(
    post: str, held: Decimal | None, of_day: OnADay, left: bool, did_not_come: bool, gone: bool
) -> Decimal | None:
    """At which FTE a post is held after a day on which it was held at `held` before; None where it is not.

    `left` says that a leaver of that day counts, `did_not_come` that one does who held no post before, `gone` that the
    worker is gone when moves take effect.
    """
    if left:
        held = None
    if of_day.start is not None and not did_not_come:
        held = of_day.start.fte
    if of_day.move is not None and not gone:
        held = of_day.move.fte if of_day.move.to_post == post else None
    if held is None or of_day.given_up:
        return None
    return held if of_day.change is None else of_day.change.fte
