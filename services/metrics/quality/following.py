"""The events of each person one by one, with the posts held before and after each.

Invariant: what is held is what `contracts/occupying.py` says; there is no second story of it here.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from contracts.effects import Effects, action_of
from contracts.envelope import Event
from contracts.events.leavers import LeaverReversed, WorkerLeft
from contracts.occupying import EFFECTS, posts_held
from contracts.occupying import is_reversed as leaver_is_reversed
from contracts.standing import Recorded, order_of_recording
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
    return sorted((e for e in events if e.envelope.type in effects), key=lambda event: action_of(event, effects)[:3])


def reversals(events: Iterable[Event]) -> Mapping[date, Sequence[Recorded]]:
    """Of one person's standing events: when leavers of each date were reversed."""
    found: defaultdict[date, list[Recorded]] = defaultdict(list)
    for event in events:
        if isinstance(event.data, LeaverReversed):
            found[event.data.left_on].append(order_of_recording(event))
    return found


def is_reversed(leaver: Event, of_date: Mapping[date, Sequence[Recorded]]) -> bool:
    """Whether a leaver is reversed, by the reversals of each date."""
    return isinstance(leaver.data, WorkerLeft) and leaver_is_reversed(
        order_of_recording(leaver), of_date.get(leaver.data.left_on, ())
    )
