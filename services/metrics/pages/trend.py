"""Trend: any measure month by month with its control chart, for the authority or split by a dimension."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from fastapi import Request, Response

from services.chassis.query import DAY, FLAG, Parameter, word
from services.metrics.api.asking import Answered
from services.metrics.api.parameters import NOT_STATED, of_dimensions
from services.metrics.measures.catalogue import MEASURES, dimensions_of
from services.metrics.measures.dimensions import EVERY_DIMENSION
from services.metrics.pages.blocks import drawn
from services.metrics.pages.charts import Limits, Point, control_chart
from services.metrics.pages.marks import Initiative, initiatives, marked
from services.metrics.pages.page import OfAllQuery, Page, in_navigation, opened
from services.metrics.pages.rendering import by_name, figure, render, words
from services.metrics.statistics.control_chart import RULES

PATH = "/trend"
CHART = "/charts/trend"
in_navigation("Trend", PATH, of_all=True)
USUAL_MEASURE = "vacancies"
YEARS_SHOWN = 2
MOST_CHARTS = 24
"""Small charts on one page; the others are in the table."""


class TrendQuery(OfAllQuery):
    """The measure, the first day, and the dimension to split by."""

    measure = Parameter("measure", "The measure.", word(list(MEASURES), USUAL_MEASURE))
    first = Parameter("from", "The first day of the series.", DAY)
    by = Parameter("by", "The dimension to split it by.", word(list(EVERY_DIMENSION), None))
    only = of_dimensions(list(EVERY_DIMENSION))


class ChartQuery(TrendQuery):
    """How large the chart is to be."""

    small = Parameter("small", "Whether it is one of many.", FLAG)


async def trend(request: Request) -> Response:
    """The page."""
    page = await opened(request, query := TrendQuery(request))
    measure = MEASURES[query.measure]
    # A reader who chooses another measure keeps the dimension, which that one may not have.
    by = query.by if query.by in dimensions_of(measure) else None
    series = await _series(page, query, by=by)
    # Split, a series has a control chart for none of its rows: that of the whole is asked for by itself.
    whole = await _series(page, query) if by else series
    points = points_of(whole.body)
    rows = [row for row in series.body["rows"] if any(row["values"])] if by else []
    rows.sort(key=lambda row: by_name(row[by]))
    did = await initiatives(page, first_day(page, query), page.as_at)
    charted = [_split(page, query, by, row[by]) for row in rows] if by else []
    return render(
        "trend.html",
        page.context(
            measure.title,
            query=query,
            by=by,
            measures=[{"value": name, "text": each.title} for name, each in MEASURES.items()],
            dimensions=[
                {"value": "", "text": "Not split"},
                *({"value": name, "text": words(name)} for name in dimensions_of(measure)),
            ],
            series=series.body,
            rows=rows,
            points=points,
            headline=headline(whole.body, points),
            first=first_day(page, query),
            charted=charted[:MOST_CHARTS],
            left_out=max(0, len(charted) - MOST_CHARTS),
            chart=_chart_address(page, query),
            initiatives=did,
            began=began_by(points, did),
            beside=[_beside(row, by, charted) for row, charted in zip(rows, charted, strict=True)] if by else [],
            since=since_each(points, did),
            signals=_signals(whole.body, points),
        ),
    )


async def chart(request: Request, format: str) -> Response:
    """The chart of a series, as SVG or PNG."""
    page = await opened(request, query := ChartQuery(request))
    series = await _series(page, query)
    points = points_of(series.body)
    # A small one has no room for names.
    marks = [] if query.small else await marked(page, first_day(page, query), page.as_at)
    plot = control_chart(points, marks, is_small=query.small)
    return drawn(plot, headline(series.body, points), format)


async def _series(page: Page, query: TrendQuery, by: str | None = None) -> Answered:
    path = f"/v1/measures/{query.measure}/series"
    return await page.ask(path, from_=first_day(page, query), to=page.as_at, by=by, **page.narrowed)


def first_day(page: Page, query: TrendQuery) -> date:
    """The first day of the series: by default two years back."""
    return query.first or date(page.as_at.year - YEARS_SHOWN, page.as_at.month, 1)


def points_of(series: Mapping[str, Any]) -> list[Point]:
    """The points of a series of the API, with what its control chart says of each."""
    charted = series.get("control_chart", {}).get("points") or [{}] * len(series["periods"])
    return [
        Point(date.fromisoformat(period.get("as_at", period["to"])), value, _limits(chart), bool(chart.get("rules")))
        for period, value, chart in zip(series["periods"], series["totals"], charted, strict=True)
    ]


def began_by(points: Sequence[Point], did: Sequence[Initiative]) -> list[str]:
    """For each point, the titles of what began by its day and after the day of the point before."""
    since = [date.min, *(point.day for point in points)]
    return [
        ", ".join(each.title for each in did if before < each.starts_on <= point.day)
        for before, point in zip(since, points, strict=False)
    ]


class Since(NamedTuple):
    """An initiative, with the last figure before it began (at its index in the series) and the latest one."""

    initiative: Initiative
    index_before: int
    before: Point
    latest: Point

    @property
    def change(self) -> float | None:
        """By how much the latest figure is more."""
        return change_between(self.before.value, self.latest.value)


def since_each(points: Sequence[Point], did: Sequence[Initiative]) -> list[Since]:
    """What a figure was before each initiative began, beside what it is; without those before the first point."""
    initiatives = [(each, sum(point.day < each.starts_on for point in points) - 1) for each in did]
    return [Since(each, index, points[index], points[-1]) for each, index in initiatives if index >= 0]


def change_between(before: float | None, after: float | None) -> float | None:
    """The difference of two figures as they are shown; None if one of them is not known."""
    return None if before is None or after is None else round(after - before, 3)


def _beside(row: Mapping[str, Any], by: str, charted: Mapping[str, Any]) -> dict[str, Any]:
    """One value of the dimension at the first and at the last point."""
    first, last = row["values"][0], row["values"][-1]
    change = change_between(first, last)
    only = {by: NOT_STATED if row[by] is None else str(row[by])}
    described = {"value": row[by], "only": only, "address": charted["address"]}
    return described | {"first": first, "last": last, "change": change}


def _limits(chart: Mapping[str, Any] | None) -> Limits | None:
    if not chart or chart.get("centre") is None:
        return None
    return Limits(chart["lower"], chart["centre"], chart["upper"])


def headline(series: Mapping[str, Any], points: Sequence[Point]) -> str:
    """What a chart shows, in a sentence: the last figure, beside the first, and whether a rule calls it real."""
    known = [point for point in points if point.value is not None]
    title, unit = series["title"], series["unit"]
    if not known:
        return f"{title}: nothing is known of these months"
    first, last = known[0], known[-1]
    before, after = (f"{figure(point.value, unit)} in {point.day:%B %Y}" for point in (first, last))
    if last.value == first.value:
        text = f"{title}: {after}, as in {first.day:%B %Y}"
    else:
        moved = "fell" if last.value < first.value else "rose"  # type: ignore[operator]
        text = f"{title} {moved} from {before} to {after}"
    if not any(point.limits for point in points):
        return text
    return (
        f"{text}; {'the latest month is a signal' if last.is_signal else 'the latest month is within its usual range'}"
    )


def _signals(series: Mapping[str, Any], points: Sequence[Point]) -> list[dict[str, Any]]:
    """Each rule that calls a month real, with the months."""
    charted = series.get("control_chart", {}).get("points", [])
    by_rule: dict[str, list[date]] = {}
    for point, chart in zip(points, charted, strict=False):
        for rule in chart.get("rules", []):
            by_rule.setdefault(rule, []).append(point.day)
    return [{"meaning": RULES[rule], "days": days} for rule, days in by_rule.items()]


def _chart_address(page: Page, query: TrendQuery, **more: str) -> dict[str, str]:
    given = {**page.narrowed, "measure": query.measure, "from": first_day(page, query).isoformat(), **more}
    return {format: page.there(f"{CHART}.{format}", **given) for format in ("svg", "png")}


def _split(page: Page, query: TrendQuery, by: str, value: object) -> dict[str, Any]:
    """One small chart: of one value of the dimension."""
    only = {by: NOT_STATED if value is None else str(value)}
    return {
        "value": value,
        "chart": _chart_address(page, query, small="true", **only)["svg"],
        "address": page.here(by=None, **only),
    }
