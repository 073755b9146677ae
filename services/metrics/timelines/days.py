"""Finds what holds on a day among overlapping stretches: a tree over the days, in which each stretch is at a few
nodes.

Invariant: putting a stretch in, taking it out, and finding a day each cost the logarithm of the number of days.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from datetime import date
from typing import Generic, TypeVar

Thing = TypeVar("Thing", bound=Hashable)


class OverDays(Generic[Thing]):
    """Things, each holding over stretches of days. Stretches begin and end on days that are given (or end later than
    all).
    """

    def __init__(self, days: Sequence[date]) -> None:
        """Days in ascending order, each once; they are not copied."""
        self._days = days
        self._things: defaultdict[int, set[Thing]] = defaultdict(set)

    def put(self, since: date, until: date, thing: Thing) -> None:
        """Let a thing hold from one day to the day before another."""
        for node in self._nodes(since, until):
            self._things[node].add(thing)

    def take(self, since: date, until: date, thing: Thing) -> None:
        """Take out a stretch as it was put in."""
        for node in self._nodes(since, until):
            self._things[node].discard(thing)

    def on(self, day: date) -> Iterator[Thing]:
        """What holds on a day, in no particular order."""
        leaf = bisect_right(self._days, day) - 1
        node = leaf + len(self._days) if leaf >= 0 else 0
        while node:
            yield from self._things.get(node, ())
            node //= 2

    def _nodes(self, since: date, until: date) -> Iterator[int]:
        first = bisect_left(self._days, since) + len(self._days)
        last = bisect_left(self._days, until) + len(self._days)
        while first < last:
            if first % 2:
                yield first
                first += 1
            if last % 2:
                last -= 1
                yield last
            first //= 2
            last //= 2
