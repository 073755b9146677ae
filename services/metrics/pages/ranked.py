"""Ranked dots: one figure of several areas, from the lowest to the highest, with ours marked.

Invariant: a dot stands where its number says. An area without a number has no dot.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from lets_plot import (
    aes,
    element_blank,
    element_line,
    geom_label,
    geom_point,
    geom_vline,
    ggplot,
    ggsize,
    scale_x_continuous,
    scale_y_discrete,
    theme,
)
from lets_plot.plot.core import PlotSpec

from services.metrics.pages.charts import BLUE, FONT, GREY, INK, ORANGE, PAPER, PINK, RULE, SIZE, style

ROW_HEIGHT, ROUND_ROWS = 28, 50
"""Pixels of a row, and of what is around all of them."""
ROUND, SQUARE, DIAMOND = 21, 22, 23
KINDS = {"authority": (ORANGE, DIAMOND, 5.0), "neighbour": (BLUE, ROUND, 4.0)}
"""How the dot of each kind looks; of the others (region, England, median) it is a grey square."""
OTHERS = (GREY, SQUARE, 4.0)


@dataclass(frozen=True, slots=True)
class Dot:
    """One area: its name, what it is to us, its value, and how that is written."""

    name: str
    kind: str
    value: float
    label: str


def size_of_dots(count: int) -> tuple[int, int]:
    """How large a chart of so many dots is."""
    return SIZE[0], ROUND_ROWS + ROW_HEIGHT * max(1, count)


def ranked_dots(dots: Sequence[Dot], median: float | None = None) -> PlotSpec:
    """The dots in the order given, the first at the top, with a line at the median of the neighbours."""
    most = max([0.0, *(dot.value for dot in dots)]) or 1.0
    plot = ggplot() + ggsize(*size_of_dots(len(dots))) + scale_y_discrete(limits=[dot.name for dot in reversed(dots)])
    if median is not None:
        plot += geom_vline(xintercept=median, color=PINK, linetype="dotted", size=0.8)
    for dot in dots:
        color, shape, size = KINDS.get(dot.kind, OTHERS)
        at = {"value": [dot.value], "name": [dot.name]}
        plot += geom_point(
            aes("value", "name"), data=at, color=color, fill=color, shape=shape, size=size, tooltips="none"
        )
        label = {"value": [dot.value + most * 0.015], "name": [dot.name], "label": [dot.label]}
        # On paper of its own, for the line at the median may pass under it.
        plot += geom_label(
            aes("value", "name", label="label"), data=label, color=INK, fill=PAPER, hjust=0, size=6, family=FONT,
            label_size=0, label_padding=0.1,
        )  # fmt: skip
    plot += scale_x_continuous(limits=[min([0.0, *(dot.value for dot in dots)]), most * 1.1])
    return (
        plot
        + style()
        + theme(
            panel_grid_major_y=element_line(color=RULE, size=0.6),
            axis_text_x=element_blank(),
            axis_line_x=element_blank(),
        )
    )
