"""What pages are built of: a chart at an address of its own, and what a form lets one choose.

Invariant: every chart of a page can be taken as SVG and as PNG. The address of each holds its whole state. The
templates of these are in `templates/blocks.html`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from fastapi import Response
from lets_plot.plot.core import PlotSpec

from services.chassis.problems import Problem
from services.metrics.api.parameters import NOT_STATED
from services.metrics.pages.charts import SIZE, as_png, as_svg
from services.metrics.pages.page import Page
from services.metrics.pages.rendering import HEADERS, by_name, words

FORMATS = ("svg", "png")
OF_A_DRAWING = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"}
"""A chart that is opened by itself has its style within it, and may do nothing else."""
EVERY = {"role": "All roles", "team": "All teams", "service_area": "All service areas", "location": "All locations"}
"""How a form says that it does not narrow down by a dimension."""


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart of a page: what it shows in a sentence, its kind, and the addresses of its files."""

    headline: str
    about: str
    svg: str
    png: str
    size: tuple[int, int] = SIZE
    note: str = ""


class Cell(NamedTuple):
    """A figure of a table: its value and unit, where it is explained, and what to show if there is no figure."""

    value: float | None
    unit: str
    address: str | None = None
    without: str = "not known"


def chart_at(
    page: Page,
    path: str,
    headline: str,
    about: str,
    *,
    size: tuple[int, int] = SIZE,
    note: str = "",
    **state: Any,
) -> Chart:
    """A chart whose route is `path.{format}`. `state` is what its address holds besides the state of all pages."""
    given = {name.rstrip("_"): value for name, value in state.items()}
    svg, png = (page.there(f"{path}.{format}", **given) for format in FORMATS)
    return Chart(headline, about, svg, png, size, note)


def drawn(plot: PlotSpec, headline: str, format: str) -> Response:
    """The answer of a chart's route. Raises a 404 problem for an unknown format."""
    if format == "svg":
        return Response(as_svg(plot, headline), media_type="image/svg+xml", headers=HEADERS | OF_A_DRAWING)
    if format == "png":
        return Response(as_png(plot), media_type="image/png", headers=HEADERS)
    raise Problem(404, "no-such-file", "There is no such file", "A chart can be had as .svg and as .png.")


async def choices(page: Page, *names: str) -> dict[str, list[dict[str, str]]]:
    """What a form offers to narrow figures down by: for each dimension the values that posts have."""
    answer = await page.ask("/v1/measures/establishment", as_at=page.as_at, by=",".join(names))
    return {name: options(name, [row[name] for row in answer.body["rows"]]) for name in names}


def options(name: str, values: Sequence[str | None]) -> list[dict[str, str]]:
    """The options of a field for a dimension: first no filter, last what is not stated."""
    stated = sorted({value for value in values if value is not None}, key=by_name)
    listed = [{"value": value, "text": words(value)} for value in stated]
    listed += [{"value": NOT_STATED, "text": words(None)}] if None in values else []
    return [{"value": "", "text": EVERY.get(name, f"Every {words(name).lower()}")}, *listed]
