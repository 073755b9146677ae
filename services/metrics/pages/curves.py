"""Charts of what has a band around it: survival curves, and a forecast with its intervals.

Invariant: a survival curve goes in steps, because between two points nobody left. The chart draws what the API
answered.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from lets_plot import (
    aes,
    geom_hline,
    geom_line,
    geom_point,
    geom_ribbon,
    geom_text,
    ggplot,
    ggsize,
    scale_x_continuous,
    scale_y_continuous,
)
from lets_plot.plot.core import PlotSpec

from services.metrics.pages.charts import (
    BLUE,
    DATES_SHOWN,
    FONT,
    GREY,
    HEADROOM,
    INK,
    ORANGE,
    PALETTE,
    RULE,
    SIZE,
    apart,
    style,
)

MONTHS_OF_A_YEAR = 12
MOST_CURVES = len(PALETTE)
LETTERS_ACROSS = 95
"""Letters of a label that are as wide as a chart without margins."""
LINE_OF_TEXT = 0.06
"""The share of a chart's height that a line of text takes."""
FAINT_BAND, STRONG_BAND = "#C7D5E3", "#8FAECB"
"""The blue of the 95% and of the 80% interval, on white."""


@dataclass(frozen=True, slots=True)
class Survived:
    """The share still there after so many months, of 1, with its band where there is one."""

    months: int
    share: float
    lower: float | None = None
    upper: float | None = None


@dataclass(frozen=True, slots=True)
class Curve:
    """One survival curve, under its name."""

    name: str
    points: Sequence[Survived]


@dataclass(frozen=True, slots=True)
class Ahead:
    """What is expected at one date to come: with its intervals, what is known already, and what a change would make."""

    day: date
    expected: float
    within_80: tuple[float, float]
    within_95: tuple[float, float]
    known: float
    otherwise: float | None = None


def survival_curve(curve: Curve, at_risk: Sequence[tuple[int, int]]) -> PlotSpec:
    """One curve with its band; below each year stands how many had been there for so long."""
    points = [point for point in curve.points if point.lower is not None and point.upper is not None]
    band = {
        "at": _stairs([point.months for point in points], ahead=True),
        "lower": _stairs([100 * (point.lower or 0.0) for point in points]),
        "upper": _stairs([100 * (point.upper or 0.0) for point in points]),
    }
    plot = ggplot() + ggsize(*SIZE) + geom_hline(yintercept=50, color=RULE, linetype="dashed")
    plot += geom_ribbon(
        aes("at", ymin="lower", ymax="upper"), data=band, fill=FAINT_BAND, alpha=1.0, size=0, tooltips="none"
    )
    plot += _step(curve, BLUE)
    plot = _with_ends(plot, [curve], [BLUE])
    labels = [f"{_years(years)}\n{count:,} at risk" for years, count in at_risk]
    return plot + _years_axis([years for years, _ in at_risk], labels, [curve]) + _shares() + style()


def survival_curves(curves: Sequence[Curve], marked: int) -> PlotSpec:
    """Up to six curves, each with its name and last share at its end, and a dot after so many months."""
    shown = curves[:MOST_CURVES]
    plot = ggplot() + ggsize(*SIZE) + geom_hline(yintercept=50, color=RULE, linetype="dashed")
    for curve, color in zip(shown, PALETTE, strict=False):
        plot += _step(curve, color)
        dots = [point for point in curve.points if point.months == marked]
        data = {"at": [point.months for point in dots], "share": [100 * point.share for point in dots]}
        plot += geom_point(aes("at", "share"), data=data, color=color, size=4, tooltips="none")
    plot = _with_ends(plot, shown, PALETTE)
    longest = max((curve.points[-1].months for curve in shown if curve.points), default=0)
    years = list(range(longest // MONTHS_OF_A_YEAR + 1))
    return plot + _years_axis(years, [_years(year) for year in years], shown) + _shares() + style()


def fan(day: date, value: float, months: Sequence[Ahead]) -> PlotSpec:
    """What is expected from a date on, with the 80% and 95% intervals and what is known already.

    If there is a change to try, also what would be expected with it.
    """
    indexes = list(range(len(months) + 1))
    plot = ggplot() + ggsize(*SIZE)
    for color, within in (
        (FAINT_BAND, [month.within_95 for month in months]),
        (STRONG_BAND, [month.within_80 for month in months]),
    ):
        band = {
            "at": indexes,
            "low": [value, *(low for low, _ in within)],
            "high": [value, *(high for _, high in within)],
        }
        plot += geom_ribbon(
            aes("at", ymin="low", ymax="high"), data=band, fill=color, alpha=1.0, size=0, tooltips="none"
        )
    courses = [("known now", [month.known for month in months], GREY, "dashed")]
    courses += [("expected", [month.expected for month in months], BLUE, "solid")]
    if all(month.otherwise is not None for month in months):
        courses += [("what if", [month.otherwise or 0.0 for month in months], ORANGE, "solid")]
    most = max([value, 1.0, *(month.within_95[1] for month in months)]) * HEADROOM
    least = min([0.0, *(month.within_95[0] for month in months)])
    ends = apart([amounts[-1] for _, amounts, *_ in courses], (most - least) * LINE_OF_TEXT)
    for (name, amounts, color, linetype), height in zip(courses, ends, strict=True):
        data = {"at": indexes, "value": [value, *amounts]}
        plot += geom_line(aes("at", "value"), data=data, color=color, linetype=linetype, size=1.2, tooltips="none")
        label = {"at": [indexes[-1] + 0.2], "value": [height], "label": [f"{name} {amounts[-1]:,g}"]}
        plot += geom_text(aes("at", "value", label="label"), data=label, color=color, hjust=0, size=6, family=FONT)
    plot += geom_point(aes("at", "value"), data={"at": [0], "value": [value]}, color=INK, size=3, tooltips="none")
    days = [day, *(month.day for month in months)]
    shown = indexes[:: max(1, -(-len(indexes) // DATES_SHOWN))]
    plot += scale_x_continuous(
        breaks=shown, labels=[f"{days[index]:%b %Y}" for index in shown], limits=[-0.3, len(months) * 1.16 + 0.3]
    )
    return plot + scale_y_continuous(limits=[least, max([most, *ends])]) + style()


def _stairs(values: Sequence[float], *, ahead: bool = False) -> list[float]:
    """The corners of a staircase: of the days (`ahead`) each comes before its value is reached, too."""
    corners = list(values[:1])
    for before, after in pairwise(values):
        corners += [after, after] if ahead else [before, after]
    return corners


def _step(curve: Curve, color: str) -> PlotSpec:
    data = {
        "at": _stairs([point.months for point in curve.points], ahead=True),
        "share": _stairs([100 * point.share for point in curve.points]),
    }
    return geom_line(aes("at", "share"), data=data, color=color, size=1.2, tooltips="none")


def _with_ends(plot: PlotSpec, curves: Sequence[Curve], colors: Sequence[str]) -> PlotSpec:
    """The chart with the name of each curve at its end, none on another's."""
    known = [(curve, color) for curve, color in zip(curves, colors, strict=False) if curve.points]
    heights = apart([100 * curve.points[-1].share for curve, _ in known], 100 * LINE_OF_TEXT)
    for (curve, color), height in zip(known, heights, strict=True):
        data = {"at": [curve.points[-1].months + 0.6], "share": [height], "label": [_label(curve)]}
        plot += geom_text(aes("at", "share", label="label"), data=data, color=color, hjust=0, size=6, family=FONT)
    return plot


def _label(curve: Curve) -> str:
    return f"{curve.name} {100 * curve.points[-1].share:.0f}%"


def _years(years: int) -> str:
    return "Start" if years == 0 else f"{years} year" if years == 1 else f"{years} years"


def _years_axis(years: Sequence[int], labels: Sequence[str], curves: Sequence[Curve]) -> PlotSpec:
    longest = max((curve.points[-1].months for curve in curves if curve.points), default=MONTHS_OF_A_YEAR)
    room = max((len(_label(curve)) for curve in curves if curve.points), default=0) / LETTERS_ACROSS
    return scale_x_continuous(
        breaks=[year * MONTHS_OF_A_YEAR for year in years],
        labels=list(labels),
        limits=[-longest * 0.03, longest * (1.02 + room)],
    )


def _shares() -> PlotSpec:
    return scale_y_continuous(
        breaks=[0, 25, 50, 75, 100], labels=["0%", "25%", "50%", "75%", "100%"], limits=[0.0, 104.0]
    )
