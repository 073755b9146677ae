"""Forecast: vacancies in the months to come with their intervals, and what a change would make of them.

Invariant: if a change cannot act in the months asked for, the page says so beside its field, and says when it could.
The forecast without it is shown all the same.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from fastapi import Request, Response

from services.chassis.problems import Problem
from services.chassis.query import FLAG, Parameter
from services.metrics.api.asking import NotAnswered
from services.metrics.api.forecasts import MONTHS, USUAL_LENGTH, ForecastParameters
from services.metrics.api.parameters import MOST_ROWS
from services.metrics.pages.blocks import Chart, chart_at, choices, drawn
from services.metrics.pages.curves import Ahead, fan
from services.metrics.pages.page import Page, PageQuery, in_navigation, opened
from services.metrics.pages.rendering import day, difference, figure, in_sentence, render

PATH = "/forecast"
CHART = "/charts/forecast"
in_navigation("Forecast", PATH)

CHANGES = {
    "intake": ("Academy intake a year", "people"),
    "turnover_lower_by": ("Turnover lower by, points a year", "points a year"),
    "conversions": ("Agency workers employed (FTE)", "FTE"),
}
"""What can be played otherwise: how its field is called, and in what it is told."""


class ForecastQuery(PageQuery):
    """How far to look ahead, and the changes to try."""

    months = MONTHS
    intake = ForecastParameters.intake
    turnover_lower_by = ForecastParameters.turnover_lower_by
    conversions = ForecastParameters.conversions
    back_test = Parameter("back_test", "Whether to show how earlier forecasts did.", FLAG)


async def forecast(request: Request) -> Response:
    """The page."""
    page = await opened(request, query := ForecastQuery(request))
    answer, problem = await _answers(page, query)
    faults, longer = faults_of(problem), months_that_show(problem)
    made = of_role(answer, query.only.get("role"))
    context = {
        "query": query,
        "choices": await choices(page, "role"),
        "answer": answer,
        "made": made,
        "faults": faults,
        "longer": None if longer is None else {"months": longer, "address": page.here(months=longer)},
        "fields": [(name, label, request.query_params.get(name, "")) for name, (label, _) in CHANGES.items()],
        "acts": acts_in_words(made),
        "chart_of_months": _chart(page, query, answer, faults),
        "tested": await _back_test(page, query),
        "with_test": page.here(back_test="true"),
        "as_made_then": await as_made_then(page, answer),
    }
    return render("forecast.html", page.context("Forecast of vacancies", **context))


async def _answers(page: Page, query: ForecastQuery) -> tuple[dict[str, Any], Mapping[str, Any]]:
    """The forecast, and the problem with changes that cannot act, if any: it is made without those."""
    parameters: dict[str, Any] = {"as_at": page.as_at, "months": query.months}
    # Of one role there is a row among those of all.
    parameters |= {"by": "role"} if "role" in query.only else {}
    given = {name: text for name in CHANGES if (text := query.text(name)) is not None}
    try:
        return (await page.ask("/v1/forecasts/vacancies", **parameters, **given)).body, {}
    except NotAnswered as answered:
        refused, faults = answered, faults_of(answered.problem)
        if refused.status != 422 or not faults or not set(faults) <= set(given):
            raise
    acting = {name: text for name, text in given.items() if name not in faults}
    return (await page.ask("/v1/forecasts/vacancies", **parameters, **acting)).body, refused.problem


def faults_of(problem: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with each field, in words."""
    return {
        fault["field"]: f"{CHANGES[fault['field']][0]} {fault['problem']}: {in_words(fault['expected'])}"
        for fault in problem.get("faults", ())
        if fault["field"] in CHANGES
    }


def in_words(expected: str) -> str:
    """What would be right, as the form calls it: months=13 or more is to look 13 months ahead or more."""
    text = re.sub(r"months=(\d+) or more", r"look \1 months ahead or more", expected)
    return re.sub(r"\d{4}-\d\d-\d\d", lambda page: day(page[0]), text)


def months_that_show(problem: Mapping[str, Any]) -> int | None:
    """The fewest months ahead that show every change that cannot act in those asked for; None if no number does."""
    lengths = [re.match(r"months=(\d+) or more", fault["expected"]) for fault in problem.get("faults", ())]
    return max((int(length[1]) for length in lengths if length), default=None) if all(lengths) else None


def of_role(answer: Mapping[str, Any], role: str | None) -> dict[str, Any]:
    """The forecast of one role, or of all posts. A role without posts has none."""
    if role is None:
        return dict(answer["total"])
    return dict(next((row for row in answer["rows"] if row["role"] == role), {"vacancies": None, "months": []}))


def acts_in_words(made: Mapping[str, Any]) -> list[str]:
    """From when on each change makes a difference, and how large the difference of all is in the end."""
    sentences = []
    for name, first in made.get("acts_from", {}).items():
        label = in_sentence(CHANGES[name][0])
        sentences.append(
            f"No difference by {label}: it is what is expected anyway"
            if first is None
            else f"By {label}: a difference from {day(first)} on"
        )
    return sentences


def headline(made: Mapping[str, Any], role: str | None) -> str:
    """What is expected at the end, in a sentence, and what a change would make of it."""
    if not made["months"]:
        return "No posts of this role are known"
    last, whose = made["months"][-1], "" if role is None else f" of {in_sentence(role)} posts"
    low, high = (figure(end) for end in last["interval_80"])
    now, then = figure(made["vacancies"]), figure(last["expected"])
    text = f"Vacancies{whose}: {now} now, {then} expected on {day(last['as_at'])} (80% interval {low} to {high})"
    if "what_if" in last:
        text += f"; {difference(last['what_if']['difference'])} with the change"
    return text


def ahead(made: Mapping[str, Any]) -> Sequence[Ahead]:
    """The months as the chart takes them."""
    return [
        Ahead(
            date.fromisoformat(month["as_at"]),
            month["expected"],
            tuple(month["interval_80"]),
            tuple(month["interval_95"]),
            month["known"],
            month["what_if"]["expected"] if "what_if" in month else None,
        )
        for month in made["months"]
    ]


def _chart(page: Page, query: ForecastQuery, answer: Mapping[str, Any], faults: Mapping[str, str]) -> Chart | None:
    role = query.only.get("role")
    made = of_role(answer, role)
    if not made["months"]:
        return None
    state: dict[str, Any] = {name: query.text(name) for name in CHANGES if name not in faults}
    state |= {"months": None if query.months == USUAL_LENGTH else str(query.months)}
    about = "Line chart of the table below with its intervals."
    note = "Dark band: 80% interval; light band: 95%. Dashed: what follows from what is known already."
    return chart_at(page, CHART, headline(made, role), about, note=note, **state)


async def chart(request: Request, format: str) -> Response:
    """The forecast, as SVG or PNG."""
    page = await opened(request, query := ForecastQuery(request))
    answer, _ = await _answers(page, query)
    role = query.only.get("role")
    made = of_role(answer, role)
    if not made["months"]:
        raise Problem(404, "no-such-chart", "There is no such chart", f"{headline(made, role)}: nothing is forecast.")
    return drawn(fan(page.as_at, made["vacancies"], ahead(made)), headline(made, role), format)


async def as_made_then(page: Page, answer: Mapping[str, Any]) -> str | None:
    """Where the forecast is that would have been made on the day; None if this is it, or nothing was known yet."""
    if any(page.known.values()) or page.as_at >= date.fromisoformat(answer["as_known_at"][:10]):
        return None
    feeds = (await page.ask("/v1/feeds", limit=MOST_ROWS)).body["rows"]
    first = min((feed["first_recorded_at"] for feed in feeds), default=None)
    if first is None or date.fromisoformat(first[:10]) > page.as_at:
        return None
    return page.here(as_known_at=f"{page.as_at.isoformat()}T23:59:59Z")


async def _back_test(page: Page, query: ForecastQuery) -> dict[str, Any] | None:
    """How forecasts made at earlier month ends did: it takes seconds, so it is asked for by itself."""
    if not query.back_test:
        return None
    parameters = {"as_at": page.as_at, "months": query.months, "role": query.only.get("role")}
    return (await page.ask("/v1/forecasts/vacancies/back-test", **parameters)).body
