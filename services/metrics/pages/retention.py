"""Retention: turnover under each of its names, why people leave and where they go, and how long they stay.

Invariant: flows are of the twelve months up to the date, beside those up to an earlier date.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from fastapi import Request, Response

from services.chassis.query import DAY, Parameter, word
from services.metrics.figures.periods import Period, year_to
from services.metrics.measures.catalogue import CODED
from services.metrics.pages.blocks import Chart, chart_at, choices, drawn
from services.metrics.pages.charts import Bar, bars, size_of_bars, stacked_bars
from services.metrics.pages.curves import MOST_CURVES, Curve, Survived, survival_curves
from services.metrics.pages.overview import same_day_last_year
from services.metrics.pages.page import Page, PageQuery, in_navigation, opened
from services.metrics.pages.rendering import figure, in_sentence, render, words
from services.metrics.snapshot.amounts import months_later

PATH = "/retention"
LEAVERS_CHART, SERVICE_CHART, ROUTES_CHART = "/charts/leavers", "/charts/length-of-service", "/charts/survival-by-route"
in_navigation("Retention", PATH)

RATES = ("turnover-rate", "turnover-rate-headcount", "crude-turnover", "stability-index", "retention-of-starters")
JUDGED_AFTER = 12
"""Months after which retention of starters is judged."""
LEFT_BY = {"leaving_reason": "reason", "destination": "destination"}
"""By what leavers are told apart, and what a sentence calls it."""
LENGTH, SERVICE = "length_of_service", ("in-post-by-length-of-service", "leavers")
"""The bands of length of service, and of what they are told."""
YEARS_FOLLOWED = 5
"""The default for how many years back those began who are followed."""
FEWEST_FOLLOWED = 10
"""Of fewer starters a curve says nothing."""
MONTHS_TOLD = (6, 12, 24, 36, 48, 60)


class RetentionQuery(PageQuery):
    """The first day on which those began whose length of service is followed."""

    since = Parameter("since", "The first day on which those began who are followed.", DAY)


class LeaversQuery(RetentionQuery):
    """The dimension by which leavers are split."""

    by = Parameter("by", "Why they left, or where they went.", word(list(LEFT_BY), "leaving_reason"))


async def retention(request: Request) -> Response:
    """The page."""
    page = await opened(request, query := RetentionQuery(request))
    since, compare_with = first_followed(page, query), query.compare_with or same_day_last_year(page.as_at)
    survived = await _by_route(page, since)
    rates = await page.ask_together(*(_rate(page, name, compare_with) for name in RATES))
    service = await _service(page)
    left = await page.ask_together(*(_left(page, by, compare_with) for by in LEFT_BY))
    context = {
        "choices": await choices(page, "role", "team"),
        "compare_with": compare_with,
        "since": since,
        "rates": rates,
        "left": left,
        "service": service,
        "service_rows": service_rows(service),
        "service_chart": _service_chart(page, service),
        "survived": survived,
        "routes": survival_after(survived, MONTHS_TOLD),
        "routes_chart": _routes_chart(page, since, survived),
    }
    return render("retention.html", page.context("Retention", **context))


def first_followed(page: Page, query: RetentionQuery) -> date:
    """The first day on which those began who are followed: by default five years back."""
    if query.since is not None:
        return query.since
    return months_later(page.as_at, -12 * YEARS_FOLLOWED)


# --- rates ------------------------------------------------------------------------------------------------------------


def time_of(measure: str, as_at: date) -> dict[str, date]:
    """The time for which a measure is asked: as at a date; for starters, the last year that can be judged by then."""
    if measure != "retention-of-starters":
        return {"as_at": as_at}
    judged: Period = year_to(year_to(as_at).first - timedelta(days=1))
    return {"from_": judged.first, "to": judged.last, "as_at": as_at}


async def _rate(page: Page, name: str, compare_with: date) -> dict[str, Any]:
    """One rate on both dates, with the counts behind it."""
    path = f"/v1/measures/{name}"
    now = (await page.ask(f"{path}/explanation", **page.narrowed, **time_of(name, page.as_at), limit=1)).body
    before = await page.ask_if_any(path, **page.narrowed, **time_of(name, compare_with))
    total = None if before is None else before.body["total"]
    return {
        "now": now,
        "before": total,
        "change": None if now["total"] is None or total is None else round(now["total"] - total, 1),
        "behind": behind(now["terms"]),
        "links": [_page_of(page, name, as_at) for as_at in (page.as_at, compare_with)],
    }


def behind(terms: Sequence[Mapping[str, Any]]) -> str:
    """The counts of a rate, in words: above the line, then below it."""
    parts = [
        f"{figure(float(term['exact']), term['unit'])} {term['title'][:1].lower()}{term['title'][1:]}"
        for term in terms
        if term["exact"] is not None
    ]
    return ", ".join(parts)


def _page_of(page: Page, measure: str, as_at: date) -> str:
    """The page of what is behind a measure as it stands here."""
    state = {name.rstrip("_"): value.isoformat() for name, value in time_of(measure, as_at).items()}
    return page.there(f"/figures/{measure}", **state)


# --- leavers ----------------------------------------------------------------------------------------------------------


async def _left(page: Page, by: str, compare_with: date) -> dict[str, Any]:
    """The leavers of both years by reason, or by destination, with their chart."""
    now = (await page.ask("/v1/measures/leavers", as_at=page.as_at, by=by, **page.narrowed)).body
    before = await page.ask_if_any("/v1/measures/leavers", as_at=compare_with, by=by, **page.narrowed)
    rows = beside(now, None if before is None else before.body, by)
    return {
        "by": by,
        "now": now,
        "rows": rows,
        "before": None if before is None else before.body["total"],
        "chart": chart_at(
            page,
            LEAVERS_CHART,
            leavers_headline(now, by),
            "Bar chart of the table below.",
            size=size_of_bars(len(now["rows"])),
            by=by,
        ),
    }


def beside(now: Mapping[str, Any], before: Mapping[str, Any] | None, by: str) -> list[dict[str, Any]]:
    """The rows of an answer, the largest first, each beside its earlier figure."""
    values = {row[by]: row["value"] for row in now["rows"]}
    earlier = {} if before is None else {row[by]: row["value"] for row in before["rows"]}
    names = sorted({**values, **earlier}, key=lambda name: (-values.get(name, 0), str(name)))
    rows = [(name, values.get(name, 0), None if before is None else earlier.get(name, 0)) for name in names]
    return [{"value": name, "now": amount, "before": was} for name, amount, was in rows if amount or was]


def leavers_headline(now: Mapping[str, Any], by: str) -> str:
    """Which reason or destination most leavers had."""
    if not now["rows"] or not now["total"]:
        return "Nobody left in these twelve months"
    most = max(now["rows"], key=lambda row: row["value"] or 0)
    return f"The most common {LEFT_BY[by]}: {in_sentence(most[by])}, {most['value']:g} of {now['total']:g} leavers"


async def leavers_chart(request: Request, format: str) -> Response:
    """The leavers by reason, or by destination, as SVG or PNG."""
    page = await opened(request, query := LeaversQuery(request))
    answer = (await page.ask("/v1/measures/leavers", as_at=page.as_at, by=query.by, **page.narrowed)).body
    rows = [Bar(words(row["value"]), [row["now"]]) for row in beside(answer, None, query.by)]
    return drawn(bars(rows), leavers_headline(answer, query.by), format)


# --- length of service ------------------------------------------------------------------------------------------------


async def _service(page: Page) -> dict[str, dict[str, Any]]:
    """Those in post, and the leavers, by how long they had been here."""
    parameters = {"as_at": page.as_at, "by": LENGTH, **page.narrowed}
    answers = await page.ask_together(*(page.ask(f"/v1/measures/{name}", **parameters) for name in SERVICE))
    return {name: answer.body for name, answer in zip(SERVICE, answers, strict=True)}


def service_rows(service: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The bands in their order, each with those in post and those who left. Empty bands are left out."""
    values = {name: {row[LENGTH]: row["value"] for row in service[name]["rows"]} for name in SERVICE}
    rows = [{"band": band, **{name: values[name].get(band, 0) for name in SERVICE}} for band in CODED[LENGTH]]
    return [row for row in rows if any(row[name] for name in SERVICE)]


def service_headline(service: Mapping[str, Mapping[str, Any]]) -> str:
    """How long most of those in post have been here, and how long most leavers had been."""
    sentences = []
    for name, what in zip(SERVICE, ("people in post", "leavers"), strict=True):
        rows = service[name]["rows"]
        if rows and (most := max(rows, key=lambda row: row["value"] or 0))["value"]:
            sentences.append(f"{most['value']:g} of {service[name]['total']:g} {what} {in_sentence(most[LENGTH])}")
    return (
        f"Most common length of service: {', '.join(sentences)}" if sentences else "Nobody is in post, and nobody left"
    )


def _service_chart(page: Page, service: Mapping[str, Mapping[str, Any]]) -> Chart:
    about = "Bar chart of the table below: people in post and leavers by length of service."
    size = size_of_bars(len(service_rows(service)) + 1)
    return chart_at(page, SERVICE_CHART, service_headline(service), about, size=size)


async def service_chart(request: Request, format: str) -> Response:
    """Those in post, and the leavers, by length of service, as SVG or PNG."""
    page = await opened(request, RetentionQuery(request))
    service = await _service(page)
    rows = [Bar(words(row["band"]), [row[name] for name in SERVICE]) for row in service_rows(service)]
    return drawn(stacked_bars(rows, ["In post", "Left in the twelve months"]), service_headline(service), format)


# --- by route ---------------------------------------------------------------------------------------------------------


async def _by_route(page: Page, since: date) -> dict[str, Any]:
    """How long starters stay, of all and by how they came."""
    parameters: dict[str, Any] = {"as_at": page.as_at, "from_": since, "of": "spells", "by": "route", **page.narrowed}
    return (await page.ask("/v1/survival", **parameters)).body


def survival_after(survived: Mapping[str, Any], months: Sequence[int]) -> list[dict[str, Any]]:
    """Each curve with its points after some months, the largest first; None if nobody has been there so long."""
    rows = []
    for row in sorted(survived["rows"], key=lambda row: -row["count"]):
        points = {point["months"]: point for point in row["points"]}
        rows.append({"row": row, "shares": [share(points.get(month)) for month in months]})
    return rows


def share(point: Mapping[str, Any] | None) -> float | None:
    """The share still there in percent; None if nobody was at risk any more."""
    return None if point is None or not point["at_risk"] else 100 * point["survival"]


def curve_of(name: str, answer: Mapping[str, Any]) -> Curve:
    """A curve of the API, as far as somebody was at risk."""
    points = [point for point in answer["points"] if point["at_risk"]]
    return Curve(
        name, [Survived(point["months"], point["survival"], point["lower"], point["upper"]) for point in points]
    )


def drawn_routes(survived: Mapping[str, Any]) -> list[Curve]:
    """The curves that are drawn: of the routes by which most people came, if enough did to say something."""
    enough = [row for row in survived["rows"] if row["count"] >= FEWEST_FOLLOWED]
    most = sorted(enough, key=lambda row: -row["count"])[:MOST_CURVES]
    return [curve_of(words(row["route"]), row) for row in most]


def routes_headline(survived: Mapping[str, Any]) -> str:
    """How many of the starters were still there after a year, of the curves that are drawn: the lowest and the highest.

    These are the points that the chart marks, and the column of the table.
    """
    after_a_year = [
        (100 * point.share, in_sentence(curve.name))
        for curve in drawn_routes(survived)
        for point in curve.points
        if point.months == JUDGED_AFTER
    ]
    if not after_a_year:
        return "Too few started to say how many stay for a year"
    (least, worst), (most, best) = min(after_a_year), max(after_a_year)
    if best == worst:
        return f"Still in post after a year: {most:.0f}% ({best})"
    return f"Still in post after a year: from {least:.0f}% ({worst}) to {most:.0f}% ({best})"


def _routes_chart(page: Page, since: date, survived: Mapping[str, Any]) -> Chart | None:
    if not drawn_routes(survived):
        return None
    about = "Survival curves of the routes; the same numbers are in the table below."
    note = (
        "A dot marks the share after a year, which the headline tells. The figure at the end of a line is the share "
        "when nobody had been here for longer. "
        f"Routes by which fewer than {FEWEST_FOLLOWED} came are in the table alone."
    )
    headline = routes_headline(survived)
    return chart_at(page, ROUTES_CHART, headline, about, note=note, since=since.isoformat())


async def routes_chart(request: Request, format: str) -> Response:
    """The survival by route, as SVG or PNG."""
    page = await opened(request, query := RetentionQuery(request))
    survived = await _by_route(page, first_followed(page, query))
    return drawn(survival_curves(drawn_routes(survived), JUDGED_AFTER), routes_headline(survived), format)
