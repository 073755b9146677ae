"""Compare: a rate as DfE published it, of our authority, its neighbours, its region and England, ranked.

Invariant: a mark is never drawn as a number. If nothing is published about us the page says how to load it.
"""

from collections.abc import Mapping
from typing import Any

from fastapi import Request, Response

from services.chassis.query import Parameter, matching, whole, word
from services.metrics.api.asking import NotAnswered
from services.metrics.benchmarks.published import PUBLISHED
from services.metrics.measures.declaration import Rate
from services.metrics.pages.blocks import Chart, chart_at, drawn
from services.metrics.pages.page import Page, PageQuery, in_navigation, opened
from services.metrics.pages.ranked import Dot, ranked_dots, size_of_dots
from services.metrics.pages.rendering import figure, render

PATH = "/compare"
CHART = "/charts/compare"
in_navigation("Compare", PATH)
USUAL_MEASURE = "vacancy-rate"
NEIGHBOURS = r"[0-9]{3}(,[0-9]{3})*"
WHAT = {"authority": "This authority", "neighbour": "Neighbour", "region": "Region", "england": "England"}
MEDIAN = "Median of the neighbours"


class CompareQuery(PageQuery):
    """The rate, its year, and those to compare with."""

    measure = Parameter("measure", "The rate.", word(list(PUBLISHED), USUAL_MEASURE))
    year = Parameter("year", "The census year; the last there is if left out.", whole(1950, 2099, None))
    neighbours = Parameter(
        "neighbours",
        "Codes of other authorities, with commas between; the statistical neighbours if left out.",
        matching(NEIGHBOURS, "three-digit codes with commas between, as 825,908", None),
    )


async def compare(request: Request) -> Response:
    """The page."""
    page = await opened(request, query := CompareQuery(request))
    context: dict[str, Any] = {
        "query": query,
        "measures": [{"value": name, "text": measure.title} for name, measure in of_rates_first()],
    }
    try:
        answer, series = await _answers(page, query)
    except NotAnswered as refused:
        if refused.status != 404:
            raise
        return render("compare.html", page.context("Compare with others", **context, missing=refused.problem))
    years = [str(point["year"]) for point in series["series"]]
    context |= {
        "answer": answer,
        "series": series,
        "years": [{"value": "", "text": f"Latest ({years[-1]})"}, *({"value": year, "text": year} for year in years)],
        "areas": ranked(answer),
        "ours": _ours(page, answer),
        "rank": rank_words(answer),
        "chart_of_places": _chart(page, query, answer),
    }
    return render("compare.html", page.context("Compare with others", **context))


def of_rates_first() -> list[tuple[str, Any]]:
    """What DfE publishes: the rates before the counts that they are made of."""
    return sorted(PUBLISHED.items(), key=lambda item: not isinstance(item[1], Rate))


async def _answers(page: Page, query: CompareQuery) -> tuple[dict[str, Any], dict[str, Any]]:
    """The comparison of a year, and the figures of all years. Raises NotAnswered where nothing is published."""
    path, beside = f"/v1/benchmarks/{query.measure}", {"neighbours": query.neighbours}
    answer = await page.ask(path, year=query.year, **beside)
    # What is published is not of a day on which it is known: a series of it takes no instant.
    series = await page.ask(f"{path}/series", **beside, as_known_at=None, as_accepted_at=None)
    return answer.body, series.body


def ranked(answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every area with its figure, the lowest first. Those with a mark in place of a number come last."""
    areas = [
        {"kind": kind, "what": WHAT[kind], **area}
        for kind, area in (
            ("authority", answer["authority"]),
            *(("neighbour", each) for each in answer["neighbours"]),
            ("region", answer["region"]),
            ("england", answer["england"]),
        )
        if area is not None
    ]
    if (median := answer["neighbours_median"]) is not None:
        what = f"Of {median['of']} with a figure"
        areas.append({"kind": "median", "what": what, "name": MEDIAN, "value": median["value"], "mark": None})
    # Of equals ours comes first.
    return sorted(areas, key=lambda area: (area["value"] is None, area["value"] or 0.0, area["kind"]))


def rank_words(answer: Mapping[str, Any]) -> list[str]:
    """Where our authority stands, in words."""
    sentences = []
    for among, words in (("among_neighbours", "among its neighbours and itself"), ("among_authorities", "in England")):
        rank = answer["rank"][among]
        if rank is not None and rank["rank"] is not None:
            sentences.append(f"{ordinal(rank['rank'])} lowest of {rank['of']} {words}")
    return sentences


def ordinal(number: int) -> str:
    """A rank in words: 1st, 2nd, 3rd, 11th, 22nd."""
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def headline(answer: Mapping[str, Any]) -> str:
    """What our authority's figure is, beside the median of the neighbours and England."""
    unit, own = answer["unit"], answer["authority"]
    if own["value"] is None:
        return f"{answer['title']} {answer['year']}: no number is published of {own['name']}"
    beside = []
    if (median := answer["neighbours_median"]) is not None and median["value"] is not None:
        beside.append(f"median of the neighbours {figure(median['value'], unit)}")
    # Of a count England's is not a measure for one authority.
    if unit not in COUNTED and answer["england"] is not None and answer["england"]["value"] is not None:
        beside.append(f"England {figure(answer['england']['value'], unit)}")
    text = f"{answer['title']} {answer['year']}: {own['name']} {figure(own['value'], unit)}"
    return f"{text}, {', '.join(beside)}" if beside else text


COUNTED = ("FTE", "people", "count", "days", "FTE x days")
"""Units of which a larger place has more: region and England are in the table, and would dwarf the others as dots."""


def dots(answer: Mapping[str, Any]) -> list[Dot]:
    """The areas that are drawn."""
    unit = answer["unit"]
    return [
        Dot(area["name"], area["kind"], area["value"], figure(area["value"], unit))
        for area in ranked(answer)
        if area["value"] is not None and (unit not in COUNTED or area["kind"] not in ("region", "england"))
    ]


def _chart(page: Page, query: CompareQuery, answer: Mapping[str, Any]) -> Chart | None:
    rows_of_dots = dots(answer)
    if not rows_of_dots:
        return None
    about = "Dots of the table below, the lowest figure at the top."
    note = "A diamond is this authority, a circle a neighbour, a square what is made of several. "
    note += "The dotted line is the median of the neighbours."
    state = {"measure": query.measure, "year": answer["year"], "neighbours": query.neighbours}
    return chart_at(page, CHART, headline(answer), about, size=size_of_dots(len(rows_of_dots)), note=note, **state)


async def chart(request: Request, format: str) -> Response:
    """The areas as ranked dots, as SVG or PNG."""
    page = await opened(request, query := CompareQuery(request))
    answer = (await page.ask(f"/v1/benchmarks/{query.measure}", year=query.year, neighbours=query.neighbours)).body
    median = answer["neighbours_median"]
    return drawn(ranked_dots(dots(answer), None if median is None else median["value"]), headline(answer), format)


def _ours(page: Page, answer: Mapping[str, Any]) -> dict[str, Any]:
    """Our own figure of the year, with the page of what is behind it."""
    own, measure = answer["ours"], answer["measure"]
    state = {name: own[name] for name in ("from", "to", "as_at") if name in own}
    address = (
        page.there(f"/figures/{measure}", **{"scope": own["scope"], **state}) if own["value"] is not None else None
    )
    return {**own, "address": address}
