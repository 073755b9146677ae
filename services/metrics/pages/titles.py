"""Where the titles of marks stand above a chart, so that each can be read.

Invariant: no two titles overlap, and none goes beyond the chart.
"""

from collections.abc import Sequence
from typing import NamedTuple

LONGEST = 34
"""Letters of a title on a chart; the list beside it has all of them."""
LETTERS_OF_A_CHART = 118
"""Letters that are as wide as a chart, between its axis and its right edge; somewhat fewer than there are."""
GAP = 0.3
"""Between a line and its title, and between two titles, in letters of a chart of 118 points."""


class Title(NamedTuple):
    """The title of a mark: where its line is, where the text begins, and how many other titles stand below it."""

    text: str
    point: int
    start: float
    row: int


def laid_out(marks: Sequence[tuple[int, str]], first: float, until: float) -> list[Title]:
    """The titles of marks at some places of a chart that reaches from `first` to `until`, those at the right first.

    Each stands beside its line, to the right where there is room. Marks further right stand lower, so that their lines
    end below the titles of others.
    """
    letter = (until - first) / LETTERS_OF_A_CHART
    placed: list[tuple[Title, float]] = []
    for point, title in sorted(marks, reverse=True):
        text = shortened(title)
        width = (len(text) + 2 * GAP) * letter
        start = max(first, min(point + GAP * letter, until - width))
        beside = [row for (_, other, _, row), _ in placed if start < other < start + width and other != point]
        over = {row for (_, _, begins, row), ends in placed if begins < start + width and start < ends}
        row = 1 + max(beside, default=-1)
        while row in over:
            row += 1
        placed.append((Title(text, point, start, row), start + width))
    return [title for title, _ in placed]


def shortened(title: str) -> str:
    """A title that is short enough for a chart, cut between two words if it can be."""
    if len(title) <= LONGEST:
        return title
    cut, _, _ = title[:LONGEST].rpartition(" ")
    return f"{(cut or title[: LONGEST - 1]).rstrip(' ,')}…"
