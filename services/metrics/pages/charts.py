"""Charts of the pages: SVG and PNG, made on the server in one style, from an answer of the API.

Invariant: a chart shows the numbers of the table beside it and no others. Colour-blind people can tell the colours
apart (the palette of the Government Analysis Function), and colour is never the only sign.
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
    geom_bar,
    geom_label,
    geom_line,
    geom_point,
    geom_text,
    geom_vline,
    ggplot,
    ggsize,
    scale_fill_manual,
    scale_x_continuous,
    scale_y_continuous,
    scale_y_discrete,
    theme,
)
from lets_plot.plot.core import PlotSpec

from services.metrics.pages.titles import Title, laid_out

BLUE, ORANGE, PINK, GREY, FAINT = "#12436D", "#F46A25", "#801650", "#3D3D3D", "#6F777B"
TURQUOISE, PURPLE = "#28A197", "#A285D1"
INK, RULE, PAPER = "#0b0c0c", "#DDDDDD", "#ffffff"
PALETTE = (BLUE, TURQUOISE, ORANGE, PINK, PURPLE, GREY)
"""The colours of several kinds beside each other, in order; neighbours differ in lightness, too."""
WRITTEN_ON = {BLUE: PAPER, TURQUOISE: INK, ORANGE: INK, PINK: PAPER, PURPLE: INK, GREY: PAPER}
"""In which ink a number stands on each."""
FONT = "Arial"
SIZE = (860, 380)
SMALL_SIZE = (420, 240)
DATES_SHOWN = 7
"""Dates on the axis of a chart, at most; on a small one half as many."""
HEADROOM = 1.08
BAR_HEIGHT, ROUND_BARS = 34, 60
"""Pixels of one bar with the room around it, and of what is above and below all bars."""
LEAST_WRITTEN = 0.035
"""The share of the longest bar that a part needs, so that its number can be written on it."""
LETTERS_OF_A_WIDTH = 70
"""Letters of a label that are as wide as a chart of bars is beside the names."""
ROOM = 0.05
"""The share of the width at the right, for what is written at the last point."""
LINE_OF_TEXT = 0.055
"""The share of a chart's height that a line of text takes."""
LINE_OF_TITLES = 0.08
"""The share of the points' height that a line of titles takes above them."""


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
    """What a council did and a chart marks: its title, and the day from which on it holds."""

    title: str
    on: date


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar, of one value or of one for each kind; no two have one name. `is_marked` is the one that matters most."""

    name: str
    values: Sequence[float | None]
    label: str = ""
    is_marked: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One line of several: its name stands at its end."""

    name: str
    values: Sequence[float | None]


def size_of_bars(count: int) -> tuple[int, int]:
    """How large a chart of so many bars is."""
    return SIZE[0], ROUND_BARS + BAR_HEIGHT * max(1, count)


def bars(rows: Sequence[Bar], limit: float | None = None) -> PlotSpec:
    """A bar for each row, the first at the top, with its label at its end; a dotted line at a limit."""
    most = max([0.0, *(row.values[0] or 0.0 for row in rows)])
    drawn = [(row, row.values[0]) for row in rows if row.values[0]]
    data = {"name": [row.name for row, _ in drawn], "value": [value for _, value in drawn]}
    colors = {row.name: ORANGE if row.is_marked else BLUE for row in rows}
    plot = ggplot() + ggsize(*size_of_bars(len(rows))) + _bar_style(rows)
    plot += geom_bar(
        aes("value", "name", fill="name"), data=data, stat="identity", orientation="y", width=0.7, tooltips="none"
    )
    plot += scale_fill_manual(values=colors)
    labels: dict[str, list[object]] = {"name": [row.name for row in rows]}
    labels["at"] = [(row.values[0] or 0.0) + most * 0.008 for row in rows]
    labels["label"] = [row.label or f"{row.values[0] or 0.0:,g}" for row in rows]
    plot += geom_text(aes("at", "name", label="label"), data=labels, color=INK, hjust=0, size=6, family=FONT)
    if limit is not None:
        plot += geom_vline(xintercept=limit, color=PINK, linetype="dotted", size=1.0)
    # Room at the right for the longest label, were it at the longest bar.
    room = 1.05 + max((len(str(label)) for label in labels["label"]), default=0) / LETTERS_OF_A_WIDTH
    return plot + scale_x_continuous(limits=[0.0, most * room or 1.0])


def stacked_bars(rows: Sequence[Bar], kinds: Sequence[str]) -> PlotSpec:
    """A bar for each row, made of a part for each kind, whose number stands on it; a key above tells the kinds."""
    most = max([0.0, *(sum(value or 0.0 for value in row.values) for row in rows)])
    data: dict[str, list[object]] = {"name": [], "kind": [], "value": []}
    written: dict[str, list[tuple[str, float, str]]] = {}
    for row in rows:
        start = 0.0
        for kind, value, color in zip(kinds, row.values, PALETTE, strict=False):
            amount = value or 0.0
            for name, each in (("name", row.name), ("kind", kind), ("value", amount)):
                data[name].append(each)
            if amount > most * LEAST_WRITTEN:
                on = written.setdefault(WRITTEN_ON[color], [])
                on.append((row.name, start + amount / 2, f"{amount:,g}"))
            start += amount
    plot = ggplot() + ggsize(*size_of_bars(len(rows) + 1)) + _bar_style(rows)
    plot += geom_bar(
        aes("value", "name", fill="kind"), data=data, stat="identity", orientation="y", width=0.7,
        color=PAPER, size=0.5, tooltips="none", position="stack",
    )  # fmt: skip
    for ink, on in written.items():
        numbers = dict(zip(("name", "at", "label"), zip(*on, strict=True), strict=True))
        plot += geom_text(aes("at", "name", label="label"), data=numbers, color=ink, size=6, family=FONT)
    plot += scale_fill_manual(values=dict(zip(kinds, PALETTE, strict=False)), breaks=list(kinds), name="")
    plot += theme(legend_position="top", legend_justification=[0.0, 1.0], legend_direction="horizontal")
    return plot + scale_x_continuous(limits=[0.0, most * 1.02 or 1.0])


def lines(days: Sequence[date], series: Sequence[Line], marks: Sequence[Marked] = ()) -> PlotSpec:
    """A line for each of up to six series, with its name and last number at its end."""
    values = [value for line in series for value in line.values if value is not None]
    least, most = min([0.0, *values]), max([0.0, *values]) * HEADROOM or 1.0
    points = [Point(day, None) for day in days]
    plot = ggplot() + ggsize(*SIZE)
    ends: list[tuple[float, int, str]] = []
    for line, color in zip(series, PALETTE, strict=False):
        known = [(index, value) for index, value in enumerate(line.values) if value is not None]
        data = {"at": [index for index, _ in known], "value": [value for _, value in known]}
        plot += geom_line(aes("at", "value"), data=data, color=color, size=1.2, tooltips="none")
        if known:
            index, last = known[-1]
            ends.append((last, index, f"{line.name} {last:,g}"))
    heights = apart([last for last, *_ in ends], (most - least) * LINE_OF_TEXT)
    for (_, index, label), height in zip(ends, heights, strict=True):
        at = {"at": [index + 0.25], "value": [height], "label": [label]}
        plot += geom_text(aes("at", "value", label="label"), data=at, color=INK, hjust=0, size=6, family=FONT)
    longest = max((len(label) for _, _, label in ends), default=0)
    highest = max([most, *heights])
    room = longest / 95
    titles = _titles_of(days, marks, room)
    plot = _mark(plot, titles, highest)
    plot += scale_y_continuous(limits=[least, highest * _room_for(titles)])
    return plot + _dates(points, DATES_SHOWN, room=room) + style()


def apart(heights: Sequence[float], least: float) -> list[float]:
    """The same heights, but those nearer to each other than `least` are moved up, so that each can be read."""
    moved = list(heights)
    below: float | None = None
    for index in sorted(range(len(heights)), key=lambda index: heights[index]):
        if below is not None:
            moved[index] = max(moved[index], below + least)
        below = moved[index]
    return moved


def control_chart(points: Sequence[Point], marks: Sequence[Marked] = (), *, is_small: bool = False) -> PlotSpec:
    """A series with its centre and limits. Points that a rule calls real are diamonds of another colour."""
    plot = ggplot() + ggsize(*(SMALL_SIZE if is_small else SIZE))
    plot += _line(points, lambda point: None if point.limits is None else point.limits.lower, FAINT, "dashed")
    plot += _line(points, lambda point: None if point.limits is None else point.limits.upper, FAINT, "dashed")
    plot += _line(points, lambda point: None if point.limits is None else point.limits.centre, GREY, "solid")
    least, most = _amounts(points)
    titles = _titles_of([point.day for point in points], marks, ROOM)
    plot = _mark(plot, titles, most)
    plot += _line(points, lambda point: point.value, BLUE, "solid", size=1.2)
    known = [(index, point) for index, point in enumerate(points) if point.value is not None]
    plot += _dots([item for item in known if not item[1].is_signal], color=BLUE, size=2.2)
    plot += _dots([item for item in known if item[1].is_signal], color=ORANGE, fill=ORANGE, shape=23, size=3.4)
    if known:
        index, last = known[-1]
        # Beside the mark of the last point, which is wider where the chart is small.
        at = {
            "at": [index + (len(points) / 35 if is_small else 0.25)],
            "value": [last.value],
            "label": [f"{last.value:,g}"],
        }
        plot += geom_text(aes("at", "value", label="label"), data=at, color=BLUE, hjust=0, size=6, family=FONT)
    plot += scale_y_continuous(limits=[least, most * _room_for(titles)])
    return plot + _dates(points, DATES_SHOWN // 2 if is_small else DATES_SHOWN) + style()


def as_svg(plot: PlotSpec, title: str) -> bytes:
    """A chart as SVG. Its title is for readers who open it by itself."""
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
    drawn = [(index, value(point)) for index, point in enumerate(points) if value(point) is not None]
    data = {"at": [index for index, _ in drawn], "value": [amount for _, amount in drawn]}
    return geom_line(aes("at", "value"), data=data, color=color, linetype=linetype, size=size, tooltips="none")


def _dots(known: Sequence[tuple[int, Point]], **style: object) -> PlotSpec:
    data = {"at": [index for index, _ in known], "value": [point.value for _, point in known]}
    return geom_point(aes("at", "value"), data=data, tooltips="none", **style)


def _ends(count: int, room: float) -> tuple[float, float]:
    """Where a chart of so many points begins and ends, with room at the right, as a share of the width."""
    return -0.5, count * (1 + room) + 0.5


def _dates(points: Sequence[Point], most: int, room: float = ROOM) -> PlotSpec:
    step = max(1, -(-len(points) // most))
    indexes = list(range(0, len(points), step))
    labels = [f"{points[index].day:%b %Y}" for index in indexes]
    return scale_x_continuous(breaks=indexes, labels=labels, limits=list(_ends(len(points), room)))


def _amounts(points: Sequence[Point]) -> tuple[float, float]:
    """Between which amounts the points and their limits are, with 0."""
    values = [point.value for point in points if point.value is not None]
    values += [amount for point in points if point.limits for amount in (point.limits.lower, point.limits.upper)]
    return min([0.0, *values]), max([0.0, *values]) * HEADROOM or 1.0


def _titles_of(days: Sequence[date], marks: Sequence[Marked], room: float) -> list[Title]:
    """Where the titles stand of the marks that a chart has; what was before its first day is left out."""
    reached = ((next((at for at, day in enumerate(days) if day >= mark.on), None), mark) for mark in marks)
    placed = [(at, mark.title) for at, mark in reached if at is not None and mark.on >= days[0].replace(day=1)]
    return laid_out(placed, *_ends(len(days), room))


def _mark(plot: PlotSpec, titles: Sequence[Title], highest: float) -> PlotSpec:
    """A dotted line at each mark up to its title, which stands above all points, on paper of its own."""
    heights = [highest * (1 + LINE_OF_TITLES * (title.row + 0.5)) for title in titles]
    for title, height in zip(titles, heights, strict=True):
        ends = {"at": [title.point, title.point], "value": [0.0, height]}
        plot += geom_line(aes("at", "value"), data=ends, color=PINK, linetype="dotted", size=0.8, tooltips="none")
    for title, height in zip(titles, heights, strict=True):
        at = {"at": [title.start], "value": [height], "label": [title.text]}
        plot += geom_label(
            aes("at", "value", label="label"), data=at, color=PINK, fill=PAPER, hjust=0, size=6, family=FONT,
            label_size=0, label_padding=0.1, label_r=0,
        )  # fmt: skip
    return plot


def _room_for(titles: Sequence[Title]) -> float:
    """By how much a chart is higher than its points, so that the titles of marks stand above them."""
    return 1 + LINE_OF_TITLES * (max((title.row for title in titles), default=-1) + 1)


def style() -> PlotSpec:
    """What all charts look like."""
    return theme(
        text=element_text(family=FONT, size=14, color=INK),
        axis_title=element_blank(),
        axis_ticks=element_blank(),
        axis_line_x=element_line(color=INK),
        panel_grid_major_x=element_blank(),
        panel_grid_major_y=element_line(color=RULE, size=0.6),
        legend_position="none",
    )


def _bar_style(rows: Sequence[Bar]) -> PlotSpec:
    """Names at the left, the first row at the top; the numbers stand at the bars, so there is no axis for them."""
    return (
        scale_y_discrete(limits=[row.name for row in reversed(rows)])
        + style()
        + theme(axis_text_x=element_blank(), axis_line_x=element_blank(), panel_grid_major_y=element_blank())
    )
