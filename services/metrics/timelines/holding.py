"""Which posts one person holds, followed over the instants at which other events stand than before.

Invariant: what is held is what `contracts/occupying.py` says of the events that stand at each instant. A post is looked
at again only on days on which something is said of it, or of all posts, and only as long as it is held otherwise than
was known before.
"""

from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from heapq import heappop, heappush
from typing import Any, NamedTuple

from contracts.effects import Action, action_of
from contracts.events.hiring import WorkerFteChanged, WorkerMoved, WorkerStarted
from contracts.events.leavers import WorkerLeft
from contracts.occupying import EFFECTS, OnADay, deciding, held_after, is_reversed
from contracts.standing import Change, Recorded
from services.metrics.timelines.days import OverDays
from services.metrics.timelines.knowledge import Piece, Stretch, Timelines
from services.metrics.timelines.rows import FOREVER

_GONE = ""
"""Stands among the posts for having left and not come back. No post is called so."""
_YES = Decimal(1)
DAY = timedelta(days=1)

_START, _MOVE, _GIVEN_UP, _FTE = range(4)


def _recorded(action: Action) -> Recorded:
    return action[2]


def _time_recorded(action: Action) -> datetime:
    return action[2][0]


class _Leaving(NamedTuple):
    """That a leaver of a day counts; `did_not_come`: of a person who held no post before, and starts that day."""

    did_not_come: bool


def holding(changes: Iterable[Change]) -> list[Stretch[Decimal]]:
    """The FTE at which a person holds each post over time, from the events that stand from each instant on.

    Every event is of a type in `EFFECTS`.
    """
    in_order = list(changes)
    days = {action_of(event, EFFECTS)[0] for _, begun, ceased in in_order for event in (*begun, *ceased)}
    person = _Holding(days)
    for instant, begun, ceased in in_order:
        person.learn(
            instant, [action_of(event, EFFECTS) for event in begun], [action_of(event, EFFECTS) for event in ceased]
        )
    return [stretch for stretch in person.timelines.stretches() if stretch[0] != _GONE]


class _Actions:
    """The actions that stand, by day, what they say and of which post; of those alike the last acts."""

    def __init__(self) -> None:
        self._alike: defaultdict[tuple[date, int, str], list[Action]] = defaultdict(list)
        self._leavers: defaultdict[tuple[date, bool], list[Action]] = defaultdict(list)
        self._posts: defaultdict[tuple[date, int], dict[str, int]] = defaultdict(dict)
        self._days_of: defaultdict[str, list[date]] = defaultdict(list)

    def put(self, action: Action) -> list[str]:
        """Take in an action; gives the posts of which it says something. A leaver speaks of all, and so of none."""
        day, data = action[0], action[-1]
        for what, post in (said := _said(data)):
            alike = self._alike[day, what, post]
            if not alike:
                self._posts[day, what][post] = 1
                insort(self._days_of[post], day)
            insort(alike, action)
        if not said:
            insort(self._leavers[day, type(data) is WorkerLeft], action)
        return [post for _, post in said]

    def take(self, action: Action) -> list[str]:
        """The same for an action that stands no more."""
        day, data = action[0], action[-1]
        for what, post in (said := _said(data)):
            alike = self._alike[day, what, post]
            del alike[bisect_left(alike, action)]
            if not alike:
                del self._posts[day, what][post]
                days = self._days_of[post]
                del days[bisect_left(days, day)]
        if not said:
            alike = self._leavers[day, type(data) is WorkerLeft]
            del alike[bisect_left(alike, action)]
        return [post for _, post in said]

    def leaver_counts(self, day: date) -> bool:
        """Whether somebody left that day: a leaver is not reversed."""
        leavers, reversals = self._leavers.get((day, True)), self._leavers.get((day, False))
        if not leavers or not reversals:
            return bool(leavers)
        last = _recorded(reversals[-1])
        first = reversals[bisect_left(reversals, last[0], key=_time_recorded)]
        reversing = deciding((_recorded(first), last))
        # Those up to the last reversal are reversed. After it come those of its instant, of which the first states the
        # lowest sourcesequence of its own source and the others are of other sources; then those of later instants.
        following = bisect_right(leavers, last, key=_recorded)
        after = leavers[following : following + 1] + leavers[-1:]
        return not all(is_reversed(_recorded(leaver), reversing) for leaver in after)

    def posts(self, day: date, what: int) -> Iterable[str]:
        return self._posts.get((day, what), ())

    def next_day(self, post: str, day: date) -> date:
        """The next day on which something is said of a post."""
        return _first_after(self._days_of.get(post, ()), day)

    def on(self, post: str, day: date) -> OnADay:
        start, move, given_up, change = (self._last(day, what, post) for what in (_START, _MOVE, _GIVEN_UP, _FTE))
        return OnADay(start, move, given_up is not None, change)

    def _last(self, day: date, what: int, post: str) -> Any:
        alike = self._alike.get((day, what, post))
        return alike[-1][-1] if alike else None


def _said(data: object) -> list[tuple[int, str]]:
    """What is said of which posts; of being gone too, by starts (who starts is not) and moves (of who is, nothing)."""
    if isinstance(data, WorkerStarted):
        return [(_START, data.post), (_START, _GONE)]
    if isinstance(data, WorkerMoved):
        return [(_MOVE, post) for post in {data.from_post, data.to_post, _GONE}]
    if isinstance(data, WorkerFteChanged):
        return [(_FTE if data.fte else _GIVEN_UP, data.post)]
    return []


class _Holding:
    """What is known of one person up to now."""

    def __init__(self, days: Iterable[date]) -> None:
        self.timelines: Timelines[Decimal] = Timelines()
        self._held_on: OverDays[str] = OverDays(days)
        self._actions = _Actions()
        self._leaving: dict[date, _Leaving] = {}
        self._leaving_days: list[date] = []
        self._otherwise: dict[str, list[tuple[date, Decimal | None]]] = {}
        """Of each post that is held otherwise than was known, since when and how."""

    def learn(self, instant: datetime, begun: Iterable[Action], ceased: Iterable[Action]) -> None:
        """Follow what other actions change from their days on, each as far as it makes a difference."""
        said_of: defaultdict[date, set[str]] = defaultdict(set)
        for action in ceased:
            said_of[action[0]].update(self._actions.take(action))
        for action in begun:
            said_of[action[0]].update(self._actions.put(action))
        to_come = sorted((day, _GONE) for day in said_of)
        while to_come:
            day, posts = to_come[0][0], {_GONE}
            while to_come and to_come[0][0] == day:
                posts.add(heappop(to_come)[1])
            for post in self._look_again(day, posts | said_of.get(day, set()), instant):
                following = min(self._actions.next_day(post, day), _first_after(self._leaving_days, day))
                if following < FOREVER:
                    heappush(to_come, (following, post))
        for post in list(self._otherwise):
            self._know(post, FOREVER, instant)

    def _look_again(self, day: date, posts: set[str], instant: datetime) -> list[str]:
        """Look at some posts on a day, and at those that it concerns if somebody left or is gone; gives those that are
        held otherwise from then on.
        """
        left_before, left = self._leaving.get(day), self._leaving_now(day)
        if left != left_before:
            self._remember(day, left)
            posts |= set(self._actions.posts(day, _START))
            if (left is None) is not (left_before is None):
                posts.update(self._held_on.on(day - DAY), self._otherwise)
        gone = self._is_gone(day, left)
        if gone is not (self.timelines.on(_GONE, day) is not None):
            posts |= set(self._actions.posts(day, _MOVE))
        did_not_come = left is not None and left.did_not_come
        differing = []
        for post in posts:
            if post == _GONE:
                now = _YES if gone else None
            else:
                of_day = self._actions.on(post, day)
                now = held_after(post, self._before(post, day), of_day, left is not None, did_not_come, gone)
            if self._differs(post, day, now, instant):
                differing.append(post)
        return differing

    def _leaving_now(self, day: date) -> _Leaving | None:
        if not self._actions.leaver_counts(day):
            return None
        if not self._actions.posts(day, _START):
            return _Leaving(did_not_come=False)
        as_known = any(post not in self._otherwise for post in self._held_on.on(day - DAY))
        held = as_known or any(now[-1][1] is not None for post, now in self._otherwise.items() if post != _GONE)
        return _Leaving(did_not_come=not held)

    def _remember(self, day: date, left: _Leaving | None) -> None:
        if left is None:
            del self._leaving[day]
            del self._leaving_days[bisect_left(self._leaving_days, day)]
        else:
            if day not in self._leaving:
                insort(self._leaving_days, day)
            self._leaving[day] = left

    def _is_gone(self, day: date, left: _Leaving | None) -> bool:
        if self._actions.posts(day, _START) and not (left is not None and left.did_not_come):
            return False
        return left is not None or self._before(_GONE, day) is not None

    def _before(self, post: str, day: date) -> Decimal | None:
        otherwise = self._otherwise.get(post)
        return self.timelines.before(post, day) if otherwise is None else otherwise[-1][1]

    def _differs(self, post: str, day: date, now: Decimal | None, instant: datetime) -> bool:
        """Whether a post is held otherwise from a day on than was known; what ends with it becomes known."""
        if now == self.timelines.on(post, day):
            self._know(post, day, instant)
            return False
        pieces = self._otherwise.setdefault(post, [])
        if not pieces or pieces[-1][1] != now:
            pieces.append((day, now))
        return True

    def _know(self, post: str, until: date, instant: datetime) -> None:
        """From an instant on what a post is held at up to a day is known."""
        found = self._otherwise.pop(post, None)
        if found is not None:
            ends = [*(since for since, _ in found[1:]), until]
            pieces: list[Piece[Decimal]] = [(since, end, now) for (since, now), end in zip(found, ends, strict=True)]
            gone, new = self.timelines.replace(post, pieces, instant)
            if post != _GONE:
                for since, end, *_ in gone:
                    self._held_on.take(since, end, post)
                for since, end, *_ in new:
                    self._held_on.put(since, end, post)


def _first_after(days: Sequence[date], day: date) -> date:
    place = bisect_right(days, day)
    return days[place] if place < len(days) else FOREVER
