"""Trend: any measure month by month with its control chart, for the authority or split by a dimension."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from fastapi import Request, Response

from services.chassis.query import DAY, FLAG, Parameter, word
from services.metrics.api.parameters import NOT_STATED
from services.metrics.measures.catalogue import MEASURES
from services.metrics.pages.asking import Answered
from services.metrics.pages.charts import Limits, Point, as_png, as_svg, control_chart
from services.metrics.pages.page import NAVIGATION, OF_POSTS, Link, Page, PageQuery, opened
from services.metrics.pages.rendering import HEADERS, figure, page
from services.metrics.statistics.control_chart import RULES

PATH = "/trend"
CHART = "/charts/trend"
NAVIGATION.append(Link("Trend", PATH))
USUAL_MEASURE = "vacancies"
YEARS_SHOWN = 2
MOST_CHARTS = 24
"""Small charts on one page; the others are in the table."""


class TrendQuery(PageQuery):
    """Which measure, from when on, split by what."""

    measure = Parameter("measure", "The measure.", word(list(MEASURES), USUAL_MEASURE))
    first = Parameter("from", "The first day of the series.", DAY)
    by = Parameter("by", "The dimension to split it by.", word([*OF_POSTS], None))


class ChartQuery(TrendQuery):
    """How large the chart is to be."""

    small = Parameter("small", "Whether it is one of many.", FLAG)


async def trend(request: Request) -> Response:
    """The page."""
    found = await opened(request, query := TrendQuery(request))
    if isinstance(found, Response):
        return found
    series = await _series(found, query, by=query.by)
    # Split, a series has a control chart for none of its rows: that of the whole is asked for by itself.
    whole = await _series(found, query) if query.by else series
    points = points_of(whole.body)
    rows = [row for row in series.body["rows"] if any(row["values"])] if query.by else []
    charted = [_split(found, query, row[query.by]) for row in rows]
    return page(
        "trend.html",
        found.context(
            MEASURES[query.measure].title,
            query=query,
            measures=[{"value": name, "text": measure.title} for name, measure in MEASURES.items()],
            dimensions=[
                {"value": "", "text": "Not split"},
                *({"value": name, "text": name.replace("_", " ").capitalize()} for name in OF_POSTS),
            ],
            series=series.body,
            rows=rows,
            points=points,
            headline=headline(whole.body, points),
            first=first_day(found, query),
            charted=charted[:MOST_CHARTS],
            left_out=max(0, len(charted) - MOST_CHARTS),
            chart=_chart_address(found, query),
            signals=_signals(whole.body, points),
        ),
    )


async def chart(request: Request, format: str) -> Response:
    """The chart of a series, as SVG or PNG."""
    found = await opened(request, query := ChartQuery(request))
    if isinstance(found, Response):
        return found
    series = await _series(found, query)
    points = points_of(series.body)
    plot = control_chart(points, is_small=query.small)
    if format == "png":
        return Response(as_png(plot), media_type="image/png", headers=HEADERS)
    return Response(as_svg(plot, headline(series.body, points)), media_type="image/svg+xml", headers=HEADERS)


async def _series(found: Page, query: TrendQuery, by: str | None = None) -> Answered:
    path = f"/v1/measures/{query.measure}/series"
    return await found.ask(path, from_=first_day(found, query), to=found.as_at, by=by, **found.narrowed)


def first_day(found: Page, query: TrendQuery) -> date:
    """The first day of the series: two years back where nobody said one."""
    return query.first or date(found.as_at.year - YEARS_SHOWN, found.as_at.month, 1)


def points_of(series: Mapping[str, Any]) -> list[Point]:
    """The points of a series of the API, with what its control chart says of each."""
    charted = series.get("control_chart", {}).get("points") or [{}] * len(series["periods"])
    return [
        Point(date.fromisoformat(period.get("as_at", period["to"])), value, _limits(said), bool(said.get("rules")))
        for period, value, said in zip(series["periods"], series["totals"], charted, strict=True)
    ]


def _limits(said: Mapping[str, Any] | None) -> Limits | None:
    if not said or said.get("centre") is None:
        return None
    return Limits(said["lower"], said["centre"], said["upper"])


def headline(series: Mapping[str, Any], points: Sequence[Point]) -> str:
    """What a chart shows, in a sentence: the last figure, against the first, and whether a rule calls it real."""
    known = [point for point in points if point.value is not None]
    title, unit = series["title"], series["unit"]
    if not known:
        return f"{title}: nothing is known of these months"
    first, last = known[0], known[-1]
    moved = "fell" if last.value < first.value else "rose" if last.value > first.value else "stayed"  # type: ignore[operator]
    before, after = (f"{figure(point.value, unit)} in {point.day:%B %Y}" for point in (first, last))
    said = f"{title} {moved} from {before} to {after}"
    if not any(point.limits for point in points):
        return said
    return (
        f"{said}; {'the latest month is a signal' if last.is_signal else 'the latest month is within its usual range'}"
    )


def _signals(series: Mapping[str, Any], points: Sequence[Point]) -> list[dict[str, Any]]:
    """Each rule that calls a month real, with the months."""
    charted = series.get("control_chart", {}).get("points", [])
    by_rule: dict[str, list[date]] = {}
    for point, said in zip(points, charted, strict=False):
        for rule in said.get("rules", []):
            by_rule.setdefault(rule, []).append(point.day)
    return [{"meaning": RULES[rule], "days": days} for rule, days in by_rule.items()]


def _chart_address(found: Page, query: TrendQuery, **more: str) -> dict[str, str]:
    given = {"measure": query.measure, "from": first_day(found, query).isoformat(), **more}
    return {format: found.there(f"{CHART}.{format}", **given) for format in ("svg", "png")}


def _split(found: Page, query: TrendQuery, value: object) -> dict[str, Any]:
    """One small chart: of one value of the dimension."""
    assert query.by is not None  # noqa: S101
    only = {query.by: NOT_STATED if value is None else str(value)}
    return {
        "value": value,
        "chart": _chart_address(found, query, small="true", **only)["svg"],
        "address": found.here(by=None, **only),
    }
