"""The events of each person one by one, with the posts held before and after each.

Invariant: what is held is what `contracts/occupying.py` says; there is no second story of it here.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from contracts.effects import Effects, action_of
from contracts.envelope import Event
from contracts.events.leavers import LeaverReversed, WorkerLeft
from contracts.occupying import EFFECTS, posts_held
from services.metrics.picture.picture import Picture


class Step(NamedTuple):
    """One event as it takes effect on `day`, with the FTE of each post held before it and after it."""

    event: Event
    day: date
    before: Mapping[str, Decimal]
    after: Mapping[str, Decimal]

    @property
    def data(self) -> Any:
        """What the event says."""
        return self.event.data


def followed(picture: Picture) -> Mapping[str, Sequence[Step]]:
    """Of each person the standing events that say which posts are held, in the order in which they take effect."""
    return picture.kept(
        "quality: followed",
        lambda: {person: _steps(events) for person, events in sorted(picture.of_persons.items())},
    )


def _steps(events: Iterable[Event]) -> list[Step]:
    acting = in_effect(events, EFFECTS)
    actions = [action_of(event, EFFECTS) for event in acting]
    steps: list[Step] = []
    before: dict[str, Decimal] = {}
    for place, event in enumerate(acting):
        # A leaver can hang on a reversal of the same day: the whole way is followed anew up to each event.
        after: dict[str, Decimal] = {}
        posts_held(after, actions[: place + 1], [])
        steps.append(Step(event, actions[place][0], before, after))
        before = after
    return steps


def in_effect(events: Iterable[Event], effects: Effects) -> list[Event]:
    """Those of the events that have an effect, in the order in which they take it."""
    return sorted((e for e in events if e.envelope.type in effects), key=lambda event: action_of(event, effects)[:5])


def reversals(events: Iterable[Event]) -> Mapping[date, datetime]:
    """Of one person's standing events: up to which instant leavers of a date are reversed."""
    found: dict[date, datetime] = {}
    for event in events:
        if isinstance(event.data, LeaverReversed):
            day, time = event.data.left_on, event.envelope.time
            found[day] = max(time, found.get(day, time))
    return found


def is_reversed(leaver: Event, reversed_up_to: Mapping[date, datetime]) -> bool:
    """Whether a leaver is reversed."""
    up_to = reversed_up_to.get(leaver.data.left_on) if isinstance(leaver.data, WorkerLeft) else None
    return up_to is not None and leaver.envelope.time <= up_to
