"""What holds on which dates, followed through the instants at which the authority's knowledge changed.

Invariant: the stretches are canonical. As known at one instant, the stretches of one key are as long as possible. A
stretch that does not change from one instant to the next stays one stretch. So equal facts give equal stretches.

New knowledge is followed, from the days that it is about, only as far as it makes a difference. So the work is
proportional to the events and the stretches, times a logarithm.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from datetime import date, datetime
from itertools import pairwise
from operator import itemgetter
from typing import Any, Generic

from contracts.effects import Action, Effects, Steps, Value, action_of
from contracts.envelope import Event
from contracts.in_force import changes_in_force
from services.metrics.timelines.rows import FOREVER, STILL_KNOWN

ONLY = ""
"""The key of what has but one."""

MOST_STRETCHES = 300_000
"""The most stretches of one subject or staffing unit: so many take half a gigabyte. If each of thousands of facts
moves all later ones, a unit has as many stretches as their square."""

Fold = Callable[[dict[str, Value], list[Action]], Steps[Value]]
"""A function from what holds before some actions, and the actions in order, to what holds from each date on."""

Stretch = tuple[str, date, datetime, date, datetime, Value]
"""Key, valid from, known from, valid to, known to, value."""

Piece = tuple[date, date, Value | None]
"""From, to, and what holds between; None if nothing does."""

_Known = tuple[date, date, Value, datetime]
"""Valid from, valid to, value, known from."""

_valid_from = itemgetter(0)


class TooManyStretches(Exception):
    """Raised when what is known of one subject has more stretches than can be kept."""

    def __init__(self) -> None:
        super().__init__(
            f"more than {MOST_STRETCHES:,} stretches: thousands of facts each change all that follow; "
            "void those that are wrong"
        )


class Timelines(Generic[Value]):
    """For each key: what holds when, as known now, and what was known before."""

    def __init__(self) -> None:
        self._known: dict[str, list[_Known[Value]]] = {}
        self._known_before: list[Stretch[Value]] = []

    def on(self, key: str, day: date) -> Value | None:
        """What holds on a day, as known up to now."""
        rows = self._known.get(key, ())
        row = rows[index - 1] if (index := bisect_right(rows, day, key=_valid_from)) else None
        return row[2] if row is not None and day < row[1] else None

    def before(self, key: str, day: date) -> Value | None:
        """What holds on the day before a day, as known up to now."""
        rows = self._known.get(key, ())
        row = rows[index - 1] if (index := bisect_left(rows, day, key=_valid_from)) else None
        return row[2] if row is not None and day <= row[1] else None

    def pieces(self, key: str, since: date, until: date) -> list[Piece[Value]]:
        """What holds from one day to the day before another, piece by piece without gaps."""
        rows = self._known.get(key, [])
        pieces: list[Piece[Value]] = []
        for index in range(max(0, bisect_right(rows, since, key=_valid_from) - 1), len(rows)):
            valid_from, valid_to, value, _ = rows[index]
            if valid_from >= until:
                break
            if valid_to > since:
                if valid_from > since:
                    pieces.append((since, valid_from, None))
                pieces.append((max(since, valid_from), min(valid_to, until), value))
                since = min(valid_to, until)
        return [*pieces, (since, until, None)] if since < until else pieces

    def replace(self, key: str, pieces: Sequence[Piece[Value]], instant: datetime) -> tuple[list[Any], list[Any]]:
        """From `instant` on, these consecutive pieces are known to hold in place of what was known.

        Returns the rows (valid from, valid to, …) that end, and those that are new.
        """
        rows = self._known.setdefault(key, [])
        since, until = pieces[0][0], pieces[-1][1]
        first = bisect_left(rows, since, key=_valid_from)
        first -= first > 0 and rows[first - 1][1] >= since
        last = bisect_right(rows, until, key=_valid_from)
        affected = rows[first:last]
        gone = {row[0]: row for row in affected}
        kept: list[_Known[Value]] = []
        new: list[_Known[Value]] = []
        # Rows follow one another: the first alone can begin before the pieces, and the last alone end after them.
        around = list(pieces)
        if affected and affected[0][0] < since:
            valid_from, valid_to, value, _ = affected[0]
            around.insert(0, (valid_from, min(valid_to, since), value))
        if affected and affected[-1][1] > until:
            valid_from, valid_to, value, _ = affected[-1]
            around.append((max(valid_from, until), valid_to, value))
        for valid_from, valid_to, value in _joined(around):
            before = gone.get(valid_from)
            if before is not None and before[1] == valid_to and before[2] == value:
                kept.append(gone.pop(valid_from))
            else:
                kept.append((valid_from, valid_to, value, instant))
                new.append(kept[-1])
        rows[first:last] = kept
        self._end(key, gone.values(), instant)
        return list(gone.values()), new

    def replace_all(self, steps: Steps[Value], instant: datetime) -> None:
        """From `instant` on, these steps are known to hold in place of all that was known."""
        for key in self._known.keys() | steps.keys():
            gone = {row[:3]: row for row in self._known.get(key, ())}
            now = stretches(steps.get(key, {}))
            self._known[key] = [gone.pop(row) if row in gone else (*row, instant) for row in now]
            self._end(key, gone.values(), instant)

    def _end(self, key: str, rows: Iterable[_Known[Value]], instant: datetime) -> None:
        """These rows were known up to an instant."""
        for valid_from, valid_to, value, known_from in rows:
            # What was put there a moment ago, at this instant, was never known.
            if known_from < instant:
                self._known_before.append((key, valid_from, known_from, valid_to, instant, value))
        if len(self._known_before) > MOST_STRETCHES:
            raise TooManyStretches

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


def stretches(values: Mapping[date, Value | None]) -> list[tuple[date, date, Value]]:
    """The stretches (from, to, value), ascending, for values that each hold from a date on."""
    return _joined((since, until, values[since]) for since, until in pairwise([*values, FOREVER]))


def _joined(pieces: Iterable[Piece[Value]]) -> list[tuple[date, date, Value]]:
    """The pieces in which something holds, as long as they can be."""
    joined: list[tuple[date, date, Value]] = []
    for since, until, value in pieces:
        if value is not None and since < until:
            if joined and joined[-1][1] == since and joined[-1][2] == value:
                since = joined.pop()[0]
            joined.append((since, until, value))
    return joined


class _Days:
    """Actions by day. If actions of one day are alike, only the last acts."""

    def __init__(self, alike: Callable[[Any], Hashable]) -> None:
        self._alike = alike
        self._of_day: dict[date, dict[Hashable, list[Action]]] = {}
        self.days: list[date] = []

    def put(self, action: Action) -> None:
        of_day = self._of_day.get(action[0])
        if of_day is None:
            of_day = self._of_day[action[0]] = {}
            insort(self.days, action[0])
        insort(of_day.setdefault(self._alike(action[-1]), []), action)

    def take(self, action: Action) -> None:
        of_day, alike = self._of_day[action[0]], self._alike(action[-1])
        of_kind = of_day[alike]
        del of_kind[bisect_left(of_kind, action)]
        if not of_kind:
            del of_day[alike]
        if not of_day:
            del self._of_day[action[0]]
            del self.days[bisect_left(self.days, action[0])]

    def acting(self, day: date) -> list[Action]:
        return sorted(of_kind[-1] for of_kind in self._of_day.get(day, {}).values())


def fold_as_known(
    events: Iterable[Event], effects: Effects, fold: Fold[Value], alike: Callable[[Any], Hashable]
) -> list[Stretch[Value]]:
    """The stretches that `fold` makes of the events in force, at every instant at which these change.

    Events of types without effect are ignored. Among actions of one day with the same `alike` only the last matters
    to `fold`.
    """
    timelines: Timelines[Value] = Timelines()
    days = _Days(alike)
    for instant, begun, ceased in changes_in_force(event for event in events if event.envelope.type in effects):
        gone = [action_of(event, effects) for event in ceased]
        new = [action_of(event, effects) for event in begun]
        for action in gone:
            days.take(action)
        for action in new:
            days.put(action)
        _follow(timelines, days, sorted({action[0] for action in (*gone, *new)}), fold, instant)
    return timelines.stretches()


def _follow(
    timelines: Timelines[Value], days: _Days, changed: list[date], fold: Fold[Value], instant: datetime
) -> None:
    """Follow the changes of some days, each up to the day from which on everything is as it was."""
    pieces: list[Piece[Value]] = []
    day: date | None = changed[0]
    now: Value | None = None
    differs = False
    while day is not None:
        before = now if differs else timelines.before(ONLY, day)
        steps = fold({} if before is None else {ONLY: before}, days.acting(day)).get(ONLY, {})
        now, differs = steps.get(day, before), False
        upcoming = _first_after(changed, day)
        if now != timelines.on(ONLY, day):
            differs = True
            upcoming = min(upcoming, _first_after(days.days, day))
            pieces.append((day, upcoming, now))
        elif pieces:
            timelines.replace(ONLY, pieces, instant)
            pieces = []
        day = None if upcoming == FOREVER else upcoming
    if pieces:
        timelines.replace(ONLY, pieces, instant)


def _first_after(days: list[date], day: date) -> date:
    index = bisect_right(days, day)
    return days[index] if index < len(days) else FOREVER
