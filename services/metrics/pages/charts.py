"""Charts of the pages: SVG and PNG, made on the server in one style, from an answer of the API.

Invariant: a chart shows the numbers of the table beside it and no others. Colours are told apart by colour-blind people
(the palette of the Government Analysis Function), and nothing is told by colour alone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from io import BytesIO

from lets_plot import (
    aes,
    element_blank,
    element_line,
    element_text,
    geom_line,
    geom_point,
    geom_text,
    geom_vline,
    ggplot,
    ggsize,
    scale_x_continuous,
    scale_y_continuous,
    theme,
)
from lets_plot.plot.core import PlotSpec

BLUE, ORANGE, PINK, GREY, FAINT = "#12436D", "#F46A25", "#801650", "#3D3D3D", "#6F777B"
INK, RULE = "#0b0c0c", "#DDDDDD"
FONT = "Arial"
SIZE = (860, 380)
SMALL_SIZE = (420, 240)
DATES_SHOWN = 7
"""Dates on the axis of a chart, at most; on a small one half as many."""
HEADROOM = 1.08


@dataclass(frozen=True, slots=True)
class Limits:
    """What the control chart says of one point."""

    lower: float
    centre: float
    upper: float


@dataclass(frozen=True, slots=True)
class Point:
    """One point of a series; `is_signal` where a rule of the control chart calls it real."""

    day: date
    value: float | None
    limits: Limits | None = None
    is_signal: bool = False


@dataclass(frozen=True, slots=True)
class Marked:
    """Something that a council did, which a chart marks: what, and from which day on."""

    title: str
    on: date


def control_chart(points: Sequence[Point], marks: Sequence[Marked] = (), *, is_small: bool = False) -> PlotSpec:
    """A series with its centre and limits. Points that a rule calls real are diamonds of another colour."""
    plot = ggplot() + ggsize(*(SMALL_SIZE if is_small else SIZE))
    plot += _line(points, lambda point: None if point.limits is None else point.limits.lower, FAINT, "dashed")
    plot += _line(points, lambda point: None if point.limits is None else point.limits.upper, FAINT, "dashed")
    plot += _line(points, lambda point: None if point.limits is None else point.limits.centre, GREY, "solid")
    for mark in marks:
        place = next((place for place, point in enumerate(points) if point.day >= mark.on), None)
        if place is not None:
            plot += geom_vline(xintercept=place, color=PINK, linetype="dotted", size=0.8)
    plot += _line(points, lambda point: point.value, BLUE, "solid", size=1.2)
    known = [(place, point) for place, point in enumerate(points) if point.value is not None]
    plot += _dots([item for item in known if not item[1].is_signal], color=BLUE, size=2.2)
    plot += _dots([item for item in known if item[1].is_signal], color=ORANGE, fill=ORANGE, shape=23, size=3.4)
    if known:
        place, last = known[-1]
        at = {"at": [place + 0.25], "value": [last.value], "label": [f"{last.value:,g}"]}
        plot += geom_text(aes("at", "value", label="label"), data=at, color=BLUE, hjust=0, size=6, family=FONT)
    return plot + _dates(points, DATES_SHOWN // 2 if is_small else DATES_SHOWN) + _amounts(points) + _style()


def as_svg(plot: PlotSpec, title: str) -> bytes:
    """A chart as SVG; its title is there for whoever opens it by itself."""
    svg: str = plot.to_svg()
    head, _, rest = svg.partition(">")
    return f'{head} role="img" aria-label="{escape(title)}">{rest}'.encode()


def as_png(plot: PlotSpec) -> bytes:
    """A chart as PNG, at twice its size, for papers."""
    out = BytesIO()
    plot.to_png(out, scale=2.0)
    return out.getvalue()


def _line(
    points: Sequence[Point], value: Callable[[Point], float | None], color: str, linetype: str, size: float = 0.8
) -> PlotSpec:
    drawn = [(place, value(point)) for place, point in enumerate(points) if value(point) is not None]
    data = {"at": [place for place, _ in drawn], "value": [amount for _, amount in drawn]}
    return geom_line(aes("at", "value"), data=data, color=color, linetype=linetype, size=size, tooltips="none")


def _dots(known: Sequence[tuple[int, Point]], **style: object) -> PlotSpec:
    data = {"at": [place for place, _ in known], "value": [point.value for _, point in known]}
    return geom_point(aes("at", "value"), data=data, tooltips="none", **style)


def _dates(points: Sequence[Point], most: int) -> PlotSpec:
    step = max(1, -(-len(points) // most))
    places = list(range(0, len(points), step))
    labels = [f"{points[place].day:%b %Y}" for place in places]
    # Room at the right for the number at the last point.
    return scale_x_continuous(breaks=places, labels=labels, limits=[-0.5, len(points) * 1.05 + 0.5])


def _amounts(points: Sequence[Point]) -> PlotSpec:
    values = [point.value for point in points if point.value is not None]
    values += [amount for point in points if point.limits for amount in (point.limits.lower, point.limits.upper)]
    return scale_y_continuous(limits=[min([0.0, *values]), max([0.0, *values]) * HEADROOM or 1.0])


def _style() -> PlotSpec:
    return theme(
        text=element_text(family=FONT, size=14, color=INK),
        axis_title=element_blank(),
        axis_ticks=element_blank(),
        axis_line_x=element_line(color=INK),
        panel_grid_major_x=element_blank(),
        panel_grid_major_y=element_line(color=RULE, size=0.6),
        legend_position="none",
    )
