"""A heat map: for several rows the share after so many months, as numbers on shades of one colour.

Invariant: every shade has its number on it, so colour is never the only sign.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from lets_plot import (
    aes,
    element_blank,
    geom_text,
    geom_tile,
    ggplot,
    ggsize,
    scale_fill_gradient,
    scale_x_discrete,
    scale_y_discrete,
    theme,
)
from lets_plot.plot.core import PlotSpec

from services.metrics.pages.charts import BLUE, FONT, INK, PAPER, SIZE, style

PALE = "#E4ECF3"
DARK_FROM = 0.67
"""The share from which on the shade is so dark that its number stands in white."""
ROW_HEIGHT, ROUND_ROWS = 26, 60
"""Pixels of a row, and of what is around all of them."""


@dataclass(frozen=True, slots=True)
class Shaded:
    """One row of a heat map: a share (of 1) in each column; None if it is not known yet."""

    name: str
    shares: Sequence[float | None]


def size_of_shades(count: int) -> tuple[int, int]:
    """How large a heat map of so many rows is."""
    return SIZE[0], ROUND_ROWS + ROW_HEIGHT * max(1, count)


def heat_map(rows: Sequence[Shaded], columns: Sequence[str]) -> PlotSpec:
    """The rows, the first at the top, and the columns, with the percentage in each cell."""
    cells = [
        (column, row.name, share)
        for row in rows
        for column, share in zip(columns, row.shares, strict=True)
        if share is not None
    ]
    data = {
        "column": [column for column, *_ in cells],
        "row": [name for _, name, _ in cells],
        "share": [100 * share for *_, share in cells],
    }
    plot = ggplot() + ggsize(*size_of_shades(len(rows)))
    plot += geom_tile(
        aes("column", "row", fill="share"), data=data, width=1.0, height=1.0, color=PAPER, size=1, tooltips="none"
    )
    for ink, is_dark in ((PAPER, True), (INK, False)):
        on = [cell for cell in cells if (cell[2] >= DARK_FROM) == is_dark]
        labels = {
            "column": [column for column, *_ in on],
            "row": [name for _, name, _ in on],
            "label": [f"{100 * share:.0f}" for *_, share in on],
        }
        plot += geom_text(aes("column", "row", label="label"), data=labels, color=ink, size=5, family=FONT)
    plot += scale_fill_gradient(low=PALE, high=BLUE, limits=[0, 100])
    plot += scale_x_discrete(limits=list(columns)) + scale_y_discrete(limits=[row.name for row in reversed(rows)])
    return plot + style() + theme(panel_grid_major_y=element_blank(), axis_line_x=element_blank())
