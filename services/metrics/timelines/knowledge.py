"""What holds in valid time, followed over the instants at which the authority came to know otherwise.

Invariant: the stretches are canonical. As known at one instant, those of one key are as long as they can be in valid
time; a stretch that stays the same from one instant to the next stays one stretch. So equal facts give equal stretches.
"""

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Generic

from contracts.effects import Action, Effects, Steps, Value, action_of
from contracts.envelope import Event
from contracts.standing import Change, changes_of_standing
from services.metrics.timelines.rows import FOREVER, STILL_KNOWN

Fold = Callable[[dict[str, Value], list[Action], list[Action]], Steps[Value]]
"""From what holds before some actions, by key, the actions in their order, and those before them, to what holds from
each date on."""

Stretch = tuple[str, date, datetime, date, datetime, Value]
"""Key, valid from, known from, valid to, known to, value."""

_Known = tuple[date, date, Value, datetime]
"""Valid from, valid to, value, known from."""


def fold_as_known(events: Iterable[Event], effects: Effects, fold: Fold[Value]) -> list[Stretch[Value]]:
    """The stretches that `fold` makes of the standing events, at every instant at which others stand than before.

    Events of types without effect are ignored.
    """
    return fold_changes(
        changes_of_standing([event for event in events if event.envelope.type in effects]), effects, fold
    )


def fold_changes(changes: Iterable[Change], effects: Effects, fold: Fold[Value]) -> list[Stretch[Value]]:
    """The stretches that `fold` makes of the events that stand from each of these instants on, in ascending order.

    Every event is of a type with an effect. Actions are folded again only from the first date that changed.
    """
    timelines: Timelines[Value] = Timelines()
    actions: list[Action] = []
    for instant, begun, ceased in changes:
        first = FOREVER
        for event in ceased:
            action = action_of(event, effects)
            actions.remove(action)
            first = min(first, action[0])
        for event in begun:
            action = action_of(event, effects)
            insort(actions, action)
            first = min(first, action[0])
        changed = bisect_left(actions, (first,))
        steps = fold(timelines.held_before(first), actions[changed:], actions[:changed])
        timelines.replace_from(first, steps, instant)
    return timelines.stretches()


class Timelines(Generic[Value]):
    """For each key what holds when, as known up to now; and what was known before."""

    def __init__(self) -> None:
        self._known: dict[str, list[_Known[Value]]] = {}
        self._known_before: list[Stretch[Value]] = []

    def held_before(self, day: date) -> dict[str, Value]:
        """The value of each key that has one on the day before `day`, as known up to now."""
        held: dict[str, Value] = {}
        for key, rows in self._known.items():
            for valid_from, valid_to, value, _ in reversed(rows):
                if valid_from < day:
                    if valid_to >= day:
                        held[key] = value
                    break
        return held

    def replace_from(self, day: date, steps: Steps[Value], instant: datetime) -> None:
        """From `instant` on these steps, none before `day`, are known to hold, and nothing else from `day` on."""
        for key in steps:
            self._known.setdefault(key, [])
        for key, rows in self._known.items():
            if key not in steps and (not rows or rows[-1][1] < day):
                continue
            replaced: dict[date, _Known[Value]] = {}
            since, held = day, None
            while rows and rows[-1][1] >= day:
                row = rows.pop()
                replaced[row[0]] = row
                if row[0] < day:
                    since, held = row[0], row[2]
            for valid_from, valid_to, value in stretches(since, held, steps.get(key, {})):
                before = replaced.get(valid_from)
                if before is not None and before[1] == valid_to and before[2] == value:
                    rows.append(replaced.pop(valid_from))
                else:
                    rows.append((valid_from, valid_to, value, instant))
            for valid_from, valid_to, value, known_from in replaced.values():
                self._known_before.append((key, valid_from, known_from, valid_to, instant, value))

    def stretches(self) -> list[Stretch[Value]]:
        """All that is and was known, ordered by key, valid from and known from."""
        stretches = self._known_before + [
            (key, valid_from, known_from, valid_to, STILL_KNOWN, value)
            for key, rows in self._known.items()
            for valid_from, valid_to, value, known_from in rows
        ]
        # No two have key, valid from and known from in common, so that values are never compared.
        stretches.sort()
        return stretches


def stretches(since: date, held: Value | None, values: Mapping[date, Value | None]) -> list[tuple[date, date, Value]]:
    """The stretches (from, to, value) that values from dates on make, ascending, after `held` since `since`."""
    found: list[tuple[date, date, Value]] = []
    for day, value in values.items():
        if value != held:
            if held is not None:
                found.append((since, day, held))
            since, held = day, value
    if held is not None:
        found.append((since, FOREVER, held))
    return found
