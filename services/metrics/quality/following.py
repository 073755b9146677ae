"""The events of each person one by one, with the posts held before and after each.

Invariant: `contracts/occupying.py` alone says what is held; this module has no rules of its own about it.
"""

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from contracts.effects import Effects, action_of
from contracts.envelope import Event
from contracts.events.hiring import WorkerMoved, WorkerStarted
from contracts.events.leavers import WorkerLeft
from contracts.occupying import EFFECTS, Changes
from contracts.occupying import followed as followed_by_occupying
from services.metrics.quality.declaration import MOST_NAMED
from services.metrics.snapshot.snapshot import Snapshot


class Step(NamedTuple):
    """One event as it takes effect on `day`.

    `before` and `after` are the numbers of posts held before it and after it, and `fte_before` and `fte_after` their
    FTE together; `acts` says whether it says of some post that it is held, or no more. Of the posts that the event
    names `named_before` are held before it, each with the event by which it came to be held as it was; `named_after`
    after it. If it moves from a post not held, `held_before` are the posts held before it. If it brings the FTE
    above 1, or somebody leaves, `held_after` are those held after it. Both are in alphabetical order, up to
    `MOST_NAMED`, each with the event by which the post came to be held so.
    """

    event: Event
    day: date
    before: int
    after: int
    fte_before: Decimal
    fte_after: Decimal
    acts: bool
    named_before: Mapping[str, Event]
    named_after: frozenset[str]
    held_before: Sequence[tuple[str, Event]]
    held_after: Sequence[tuple[str, Event]]

    @property
    def data(self) -> Any:
        """What the event says."""
        return self.event.data

    @property
    def goes_above_one(self) -> bool:
        """Whether it brings the FTE above 1."""
        return self.fte_before <= 1 < self.fte_after


class Followed(NamedTuple):
    """One person's steps; and for each post the events by which it was taken up, in the order in which they took
    effect.
    """

    steps: Sequence[Step]
    taken_up: Mapping[str, Sequence[Event]]

    def last_coming_or_going(self) -> list[Event]:
        """The event by which the person last came or went, if any did."""
        return [step.event for step in self.steps if bool(step.before) is not bool(step.after)][-1:]


def followed(snapshot: Snapshot) -> Mapping[str, Followed]:
    """For each person, the events in force that say which posts are held, in the order in which they take effect."""
    return snapshot.kept(
        "quality: followed",
        lambda: {person: _follow(events) for person, events in sorted(snapshot.of_persons.items())},
    )


def _follow(events: Iterable[Event]) -> Followed:
    acting = in_effect(events, EFFECTS)
    held = _Held()
    taken_up: defaultdict[str, list[Event]] = defaultdict(list)
    steps = []
    for event, (day, changes) in zip(
        acting, followed_by_occupying(action_of(event, EFFECTS) for event in acting), strict=True
    ):
        for post, before, _ in changes:
            if before is None:
                taken_up[post].append(event)
        steps.append(held.step(event, day, changes))
    return Followed(steps, taken_up)


class _Held:
    """The posts that a person holds, in alphabetical order, each with the event by which it is held as it is."""

    def __init__(self) -> None:
        self._posts: list[str] = []
        self._given_by: dict[str, Event] = {}
        self._fte = Decimal(0)

    def step(self, event: Event, day: date, changes: Changes) -> Step:
        """Take in what an event changes."""
        data = event.data
        named = [getattr(data, field) for field in ("post", "from_post", "to_post") if hasattr(data, field)]
        named_before = {post: self._given_by[post] for post in named if post in self._given_by}
        before, fte_before = len(self._posts), self._fte
        from_elsewhere = isinstance(data, WorkerMoved) and data.from_post not in named_before
        held_before = self._first() if from_elsewhere else ()
        for post, was, now in changes:
            self._change(event, post, was, now)
        shown_after = fte_before <= 1 < self._fte or isinstance(data, WorkerLeft)
        held_after = self._first() if shown_after else ()
        named_after = frozenset(post for post in named if post in self._given_by)
        return Step(
            event,
            day,
            before,
            len(self._posts),
            fte_before,
            self._fte,
            bool(changes),
            named_before,
            named_after,
            held_before,
            held_after,
        )

    def _first(self) -> tuple[tuple[str, Event], ...]:
        return tuple((post, self._given_by[post]) for post in self._posts[:MOST_NAMED])

    def _change(self, event: Event, post: str, was: Decimal | None, now: Decimal | None) -> None:
        self._fte += (now or 0) - (was or 0)
        if was is None:
            insort(self._posts, post)
        if now is None:
            del self._posts[bisect_left(self._posts, post)]
            del self._given_by[post]
        elif was != now:
            self._given_by[post] = event


def does_not_come(step: Step) -> bool:
    """Whether it is a start that does not count, as somebody left that day under its number, or for it."""
    return isinstance(step.data, WorkerStarted) and step.data.post not in step.named_after


def in_effect(events: Iterable[Event], effects: Effects) -> list[Event]:
    """Those of the events that have an effect, in the order in which they take it."""
    return sorted((e for e in events if e.envelope.type in effects), key=lambda event: action_of(event, effects)[:3])
