"""Amounts that hold from one day to another, summed at many days in one pass: by where each begins and where it ends.

Invariant: a sum is that of the amounts that hold at its day, exact in whole numbers of 64 bits.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.integer[Any]]


def sums_by_edges(
    groups: int, days: int, group: Integers, begins: Integers, ends: Integers, amounts: Integers
) -> npt.NDArray[np.int64]:
    """For each group a row of the sums of its amounts at each of some days, which are ascending.

    `begins` and `ends` say for each amount how many of the days come before the first on which it holds, and before the
    first on which it does so no more.
    """
    width = days + 1
    changes = np.zeros((groups, width), np.int64)
    np.add.at(changes.ravel(), group * width + begins, amounts)
    np.subtract.at(changes.ravel(), group * width + ends, amounts)
    return changes.cumsum(axis=1)[:, :-1]
