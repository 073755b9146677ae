"""Sums, at many days in one pass, of amounts that each hold from one day to another: by the edges where each begins
and ends. In columns for millions of rows, or one by one.

Invariant: the sum at a day is that of the amounts that hold on it; exact, in columns in whole numbers of 64 bits.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.integer[Any]]


def sums_by_edges(
    groups: int, days: int, group: Integers, begins: Integers, ends: Integers, amounts: Integers
) -> npt.NDArray[np.int64]:
    """For each group, a row of the sums of its amounts at each of some ascending days.

    For each amount, `begins` says how many of the days come before the first day on which it holds; `ends`, before
    the first day on which it no longer does.
    """
    width = days + 1
    changes = np.zeros((groups, width), np.int64)
    np.add.at(changes.ravel(), group * width + begins, amounts)
    np.subtract.at(changes.ravel(), group * width + ends, amounts)
    return changes.cumsum(axis=1)[:, :-1]


class Edges:
    """The edges of amounts of any size (the cost of dirty records can be beyond 64 bits), which come one by one."""

    def __init__(self) -> None:
        self._changes: defaultdict[date, list[int]] = defaultdict(lambda: [0, 0])

    def begin(self, day: date, amount: int) -> None:
        """From this day on there is one more."""
        change = self._changes[day]
        change[0] += amount
        change[1] += 1

    def end(self, day: date, amount: int) -> None:
        """From this day on there is one less."""
        change = self._changes[day]
        change[0] -= amount
        change[1] -= 1

    def sums(self) -> tuple[Sequence[date], Sequence[int], Sequence[int]]:
        """The days of the edges, ascending; the sum, and the number, before the first of them and from each on."""
        days = sorted(self._changes)
        amounts, counts = [0], [0]
        for day in days:
            amount, count = self._changes[day]
            amounts.append(amounts[-1] + amount)
            counts.append(counts[-1] + count)
        return days, amounts, counts
