"""Which posts one person holds, followed through every instant at which the events in force change.

Invariant: at each instant, what is held is what `contracts/occupying.py` says of the events then in force. A post is
looked at again only on days with an action about it or about all posts. It is looked at only as long as it is held
differently from what was known before.
"""

from bisect import bisect_left, bisect_right, insort
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from heapq import heappop, heappush
from typing import Any, NamedTuple

from contracts.effects import Action, action_of
from contracts.envelope import Event
from contracts.events.hiring import WorkerFteChanged, WorkerMoved, WorkerStarted
from contracts.events.leavers import WorkerLeft
from contracts.in_force import Change, Recorded
from contracts.occupying import (
    EFFECTS,
    NOBODY_LEAVES,
    Held,
    HeldUnder,
    Leaving,
    OnADay,
    deciding,
    did_not_come,
    fte_held,
    held_after,
    is_reversed,
    leaving,
)
from services.metrics.timelines.days import OverDays
from services.metrics.timelines.knowledge import MOST_STRETCHES, Piece, Stretch, Timelines, TooManyStretches
from services.metrics.timelines.rows import DAY, FOREVER

_GONE = ""
"""An entry among the posts that means: has left and not come back. No post has this name."""
_YES: Held = (HeldUnder("", Decimal(0), without_hours=False),)

_START, _MOVE_FROM, _MOVE_TO, _FTE = range(4)


def _recorded(action: Action) -> Recorded:
    return action[2]


def _time_recorded(action: Action) -> datetime:
    return action[2][0]


class _Leavers(NamedTuple):
    """Who leaves on a day, whether nothing is held then, and under which numbers a starter did not come."""

    left: Leaving = NOBODY_LEAVES
    nothing_left: bool = False
    not_coming: frozenset[str] = frozenset()


_NOBODY = _Leavers()


def holding(changes: Iterable[Change]) -> list[Stretch[Decimal]]:
    """The FTE at which a person holds each post over time, from the events in force from each instant on.

    Every event is of a type in `EFFECTS`.
    """
    in_order = [(instant, _actions_of(begun), _actions_of(ceased)) for instant, begun, ceased in changes]
    person = _Holding({action[0] for _, begun, ceased in in_order for action in (*begun, *ceased)})
    for instant, begun, ceased in in_order:
        person.learn(instant, begun, ceased)
    return person.in_post.stretches()


def _actions_of(events: Iterable[Event]) -> list[Action]:
    return [action_of(event, EFFECTS) for event in events]


class _Actions:
    """The actions in force, by day, kind, post and number. If several are alike, the last."""

    def __init__(self) -> None:
        self._alike: defaultdict[tuple[date, int, str], dict[str, list[Action]]] = defaultdict(dict)
        self._posts: defaultdict[tuple[date, int], dict[str, int]] = defaultdict(dict)
        self._days_of: defaultdict[str, list[date]] = defaultdict(list)
        self._leavers: defaultdict[date, dict[str, list[Action]]] = defaultdict(dict)
        self._reversals: defaultdict[date, list[Action]] = defaultdict(list)
        self._days_left: defaultdict[str, list[date]] = defaultdict(list)
        self._arrivals: Counter[str] = Counter()

    def put(self, action: Action) -> list[str]:
        """Add an action. Returns the posts that it is about. A leaver is about all posts, and names none."""
        day, number, data = action[0], action[3], action[-1]
        for what, post in (about := _posts_of(data)):
            alike = self._alike[day, what, post]
            if not alike:
                self._posts[day, what][post] = 1
                insort(self._days_of[post], day)
            insort(alike.setdefault(number, []), action)
        if isinstance(data, WorkerStarted | WorkerMoved):
            self._arrivals[number] += 1
        elif type(data) is WorkerLeft:
            insort(self._leavers[day].setdefault(number, []), action)
            insort(self._days_left[number], day)
        elif not about:
            insort(self._reversals[day], action)
        return [post for _, post in about]

    def take(self, action: Action) -> list[str]:
        """Take out an action that no longer stands."""
        day, number, data = action[0], action[3], action[-1]
        for what, post in (about := _posts_of(data)):
            alike = self._alike[day, what, post]
            _take_of(alike, number, action)
            if not alike:
                del self._posts[day, what][post]
                _take(self._days_of[post], day)
        if isinstance(data, WorkerStarted | WorkerMoved):
            self._arrivals[number] -= 1
        elif type(data) is WorkerLeft:
            _take_of(self._leavers[day], number, action)
            _take(self._days_left[number], day)
        elif not about:
            _take(self._reversals[day], action)
        return [post for _, post in about]

    def came(self, number: str) -> bool:
        """Whether there is a start or a move under a number."""
        return self._arrivals[number] > 0

    def days_left(self, number: str) -> Sequence[date]:
        """The days of the leavers under a number, reversed or not."""
        return self._days_left.get(number, ())

    def leavers(self, day: date) -> list[str]:
        """The numbers under which there is a leaver of that day that is not reversed."""
        reversals = self._reversals.get(day, [])
        leavers = self._leavers.get(day, {})
        return [number for number, of_it in leavers.items() if not _are_reversed(of_it, reversals)]

    def posts(self, day: date, what: int) -> Iterable[str]:
        return self._posts.get((day, what), ())

    def numbers_started(self, day: date) -> Iterable[str]:
        """The numbers under which there is a start on a day."""
        return self._alike.get((day, _START, _GONE), ())

    def next_day(self, post: str, day: date) -> date:
        """The next day on which something is said of a post."""
        return _first_after(self._days_of.get(post, ()), day)

    def on(self, post: str, day: date) -> OnADay:
        starts, moves_from = self._last(day, _START, post), self._last(day, _MOVE_FROM, post)
        moves, ftes = self._last(day, _MOVE_TO, post), self._last(day, _FTE, post)
        if moves_from:
            moves = moves[bisect_right(moves, moves_from[-1]) :]
        return OnADay(_ftes(starts), bool(moves_from), _ftes(moves), _ftes(ftes))

    def _last(self, day: date, what: int, post: str) -> list[Action]:
        """The last action of each number, in order."""
        alike = self._alike.get((day, what, post))
        return sorted([actions[-1] for actions in alike.values()]) if alike else []


def _ftes(actions: Iterable[Action]) -> list[tuple[str, Decimal]]:
    return [(action[3], action[-1].fte) for action in actions]


def _take_of(alike: dict[str, list[Action]], number: str, action: Action) -> None:
    _take(alike[number], action)
    if not alike[number]:
        del alike[number]


def _take(things: list[Any], thing: Any) -> None:
    del things[bisect_left(things, thing)]


def _are_reversed(leavers: Sequence[Action], reversals: Sequence[Action]) -> bool:
    """Whether the reversals of a day reverse every leaver of one number on it."""
    if not reversals:
        return False
    last = _recorded(reversals[-1])
    first = reversals[bisect_left(reversals, last[0], key=_time_recorded)]
    reversing = deciding((_recorded(first), last))
    # Those up to the last reversal are reversed. After it come those of its instant, of which the first states the
    # lowest sourcesequence of its own source and the others are of other sources; then those of later instants.
    following = bisect_right(leavers, last, key=_recorded)
    after = [*leavers[following : following + 1], leavers[-1]]
    return all(is_reversed(_recorded(leaver), reversing) for leaver in after)


def _posts_of(data: object) -> list[tuple[int, str]]:
    """Which actions are about which posts. Starts and moves are also about being gone: who starts is not gone, and a
    move of somebody who is gone has no effect.
    """
    if isinstance(data, WorkerStarted):
        return [(_START, data.post), (_START, _GONE)]
    if isinstance(data, WorkerMoved):
        away = [] if data.from_post == data.to_post else [(_MOVE_FROM, data.from_post)]
        return [*away, (_MOVE_TO, data.to_post), (_MOVE_TO, _GONE)]
    if isinstance(data, WorkerFteChanged):
        return [(_FTE, data.post)]
    return []


class _Holding:
    """What is known of one person up to now."""

    def __init__(self, days: Iterable[date]) -> None:
        self.in_post: Timelines[Decimal] = Timelines()
        self._timelines: Timelines[Held] = Timelines()
        self._days = sorted(set(days))
        self._held_on: dict[str, OverDays[str]] = {}
        """Of each number the posts that are held under it, over the days."""
        self._actions = _Actions()
        self._came: set[str] = set()
        """The numbers under which there is a start or a move."""
        self._leaving: dict[date, _Leavers] = {}
        self._leaving_days: list[date] = []
        self._otherwise: dict[str, list[tuple[date, Held | None]]] = {}
        """For each post that is held differently from what was known: since when, and how."""
        self._copied = 0

    def learn(self, instant: datetime, begun: Sequence[Action], ceased: Sequence[Action]) -> None:
        """Follow what changed actions change from their days on, each as far as it makes a difference."""
        posts_of_day: defaultdict[date, set[str]] = defaultdict(set)
        for action in ceased:
            posts_of_day[action[0]].update(self._actions.take(action))
        for action in begun:
            posts_of_day[action[0]].update(self._actions.put(action))
        numbers = {action[3] for action in (*ceased, *begun)}
        to_come = sorted((day, _GONE) for day in {*posts_of_day, *self._days_meaning_otherwise(numbers)})
        while to_come:
            day, posts = to_come[0][0], {_GONE}
            while to_come and to_come[0][0] == day:
                posts.add(heappop(to_come)[1])
            for post in self._look_again(day, posts | posts_of_day.get(day, set()), instant):
                following = min(self._actions.next_day(post, day), _first_after(self._leaving_days, day))
                if following < FOREVER:
                    heappush(to_come, (following, post))
        for post in list(self._otherwise):
            self._know(post, FOREVER, instant)

    def _days_meaning_otherwise(self, numbers: Iterable[str]) -> set[date]:
        """The days whose leavers now mean something else, because their number got its first start or move, or lost
        its last.
        """
        days: set[date] = set()
        for number in numbers:
            if self._actions.came(number) is not (number in self._came):
                self._came ^= {number}
                days.update(self._actions.days_left(number))
        return days

    def _look_again(self, day: date, posts: set[str], instant: datetime) -> list[str]:
        """Look at some posts on a day, and at all posts that are affected if the person leaves or is gone. Returns
        those that are held differently from then on.
        """
        before, leavers = self._leaving.get(day, _NOBODY), self._leavers_now(day)
        if leavers != before:
            self._remember(day, leavers)
            posts |= set(self._actions.posts(day, _START))
            if leavers.left != before.left:
                posts.update(self._held_by_those_leaving(day, leavers.left, before.left), self._otherwise)
        gone = self._is_gone(day, leavers)
        if gone is not (self._timelines.on(_GONE, day) is not None):
            posts.update(self._actions.posts(day, _MOVE_FROM), self._actions.posts(day, _MOVE_TO))
        differing = []
        for post in posts:
            if post == _GONE:
                now = _YES if gone else None
            else:
                held, of_day = self._before(post, day) or (), self._actions.on(post, day)
                now = held_after(held, of_day, leavers.left, leavers.not_coming, gone) or None
            if self._differs(post, day, now, instant):
                differing.append(post)
        return differing

    def _held_by_those_leaving(self, day: date, *ways: Leaving) -> Iterable[str]:
        """The posts held before a day, as was known, under the numbers that leave on that day, before or after the
        change.
        """
        every = any(left.every_number for left in ways)
        numbers: Collection[str] = self._held_on if every else {number for left in ways for number in left.numbers}
        return (post for number in numbers if number in self._held_on for post in self._held_on[number].on(day - DAY))

    def _leavers_now(self, day: date) -> "_Leavers":
        numbers = self._actions.leavers(day)
        if not numbers:
            return _NOBODY
        left = leaving(numbers, self._came)
        nothing_left = left.every_number or next(self._left_under_others(day, left), None) is None
        starting = list(self._actions.numbers_started(day))
        ended = self._ended(day, left) if starting else frozenset()
        in_post = bool(starting) and any(fte_held(held) is not None for held in self._left_under_others(day, left))
        not_coming = (
            number
            for number in starting
            if did_not_come(number, left, ended, held_beside=not nothing_left, in_post_beside=in_post)
        )
        return _Leavers(left, nothing_left, frozenset(not_coming))

    def _ended(self, day: date, left: Leaving) -> frozenset[str]:
        """The leaving numbers under which something is held before a day, even at an FTE of 0 to come back to."""
        otherwise = (pieces[-1][1] or () for post, pieces in self._otherwise.items() if post != _GONE)
        numbers = {under.number for held in otherwise for under in held if left.ends(under)}
        for number in self._held_on if left.every_number else left.numbers:
            held_on = self._held_on.get(number)
            if held_on is not None and any(post not in self._otherwise for post in held_on.on(day - DAY)):
                numbers.add(number)
        return frozenset(numbers)

    def _left_under_others(self, day: date, left: Leaving) -> Iterator[Held]:
        """How posts are held before a day under numbers that do not leave on it."""
        if left.every_number:
            return
        for post, pieces in self._otherwise.items():
            if post != _GONE and (held := tuple(under for under in pieces[-1][1] or () if not left.ends(under))):
                yield held
        for number, held_on in self._held_on.items():
            if number not in left.numbers:
                for post in held_on.on(day - DAY):
                    if post not in self._otherwise:
                        known = self._timelines.before(post, day) or ()
                        yield tuple(under for under in known if not left.ends(under))

    def _remember(self, day: date, leavers: "_Leavers") -> None:
        known = self._leaving.pop(day, None) is not None
        if leavers != _NOBODY:
            self._leaving[day] = leavers
        if known is not (day in self._leaving):
            if known:
                _take(self._leaving_days, day)
            else:
                insort(self._leaving_days, day)

    def _is_gone(self, day: date, leavers: "_Leavers") -> bool:
        if any(number not in leavers.not_coming for number in self._actions.numbers_started(day)):
            return False
        return leavers.nothing_left or self._before(_GONE, day) is not None

    def _before(self, post: str, day: date) -> Held | None:
        otherwise = self._otherwise.get(post)
        return self._timelines.before(post, day) if otherwise is None else otherwise[-1][1]

    def _differs(self, post: str, day: date, now: Held | None, instant: datetime) -> bool:
        """Whether a post is held differently from a day on; if a difference ends there, what it was becomes known."""
        if now == self._timelines.on(post, day):
            self._know(post, day, instant)
            return False
        pieces = self._otherwise.setdefault(post, [])
        if not pieces or pieces[-1][1] != now:
            pieces.append((day, now))
        return True

    def _know(self, post: str, until: date, instant: datetime) -> None:
        """Record that from an instant on it is known how a post is held up to a day."""
        otherwise = self._otherwise.pop(post, None)
        if otherwise is None:
            return
        ends = [*(since for since, _ in otherwise[1:]), until]
        pieces: list[Piece[Held]] = [(since, end, now) for (since, now), end in zip(otherwise, ends, strict=True)]
        gone, new = self._timelines.replace(post, pieces, instant)
        if post == _GONE:
            return
        in_post = [(since, end, None if now is None else fte_held(now)) for since, end, now in pieces]
        self.in_post.replace(post, in_post, instant)
        for since, end, held, *_ in gone:
            for under in held:
                self._held_on[under.number].take(since, end, post)
        for since, end, held, *_ in new:
            self._copied += len(held) - 1
            for under in held:
                self._held_on.setdefault(under.number, OverDays(self._days)).put(since, end, post)
        if self._copied > MOST_STRETCHES:
            raise TooManyStretches


def _first_after(days: Sequence[date], day: date) -> date:
    index = bisect_right(days, day)
    return days[index] if index < len(days) else FOREVER
