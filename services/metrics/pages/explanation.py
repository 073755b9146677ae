"""Explanation: what a figure is made of, post by post and worker by worker, down to the event and its origin."""

from datetime import date
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from fastapi import Request, Response

from services.chassis.query import DAY, Parameter, choice, whole, word
from services.metrics.academy.outcomes import COUNTED, Which
from services.metrics.api.measures import declared
from services.metrics.api.parameters import ABOVE, MONTHS, MOST_OFFSET, of_dimensions
from services.metrics.figures.periods import Period, fits
from services.metrics.measures.catalogue import MEASURES
from services.metrics.measures.declaration import Measure
from services.metrics.measures.dimensions import EVERY_DIMENSION
from services.metrics.pages.page import Page, PageQuery, opened
from services.metrics.pages.rendering import render
from services.metrics.read_models.authorities import ALL

PATH = "/figures/{measure}"
SUBJECT_PATH = "/subjects/{kind}/{identifier}"
ROWS = 50
STATE_OF_A_TERM = ("as_at", "from", "to", "scope", "months", "above", *EVERY_DIMENSION)


class ExplanationQuery(PageQuery):
    """The period, what part of the figure, and which page of the parts."""

    first = Parameter("from", "First day of the period.", DAY)
    last = Parameter("to", "Last day of the period.", DAY)
    months = MONTHS
    above = ABOVE
    offset = Parameter("offset", "How many parts to pass over.", whole(0, MOST_OFFSET, 0))
    only = of_dimensions(list(EVERY_DIMENSION))


class SubjectQuery(ExplanationQuery):
    """The figure that the reader came from."""

    measure = Parameter("measure", "The figure whose explanation led here.", word(list(MEASURES), None))
    outcome = Parameter("outcome", "The figure of the academy whose members led here.", word(list(COUNTED), None))
    cohorts = Parameter("cohorts", "Of which cohorts, where it is of all.", choice(Which, None))


async def explanation(request: Request, measure: str) -> Response:
    """What one figure is made of."""
    counted = declared(measure)
    page = await opened(request, query := ExplanationQuery(request))
    when = time_of(query, counted, page.as_at)
    parameters = {**when, **page.narrowed, **{name: request.query_params.get(name) for name in ("months", "above")}}
    path = f"/v1/measures/{measure}"
    figure = await page.ask(path, **parameters)
    parts = await page.ask(f"{path}/explanation", **parameters, limit=ROWS, offset=query.offset)
    return render(
        "explanation.html",
        page.context(
            f"What is behind: {figure.body['title']}",
            figure=figure.body,
            parts=parts.body,
            terms=[_term(page, term) for term in parts.body.get("terms", ())],
            subject_address=lambda subject: subject_address(page, subject, measure),
            pages=page.turning(query.offset, ROWS, parts.body.get("count", 0)),
        ),
    )


def time_of(query: ExplanationQuery, measure: Measure, as_at: date) -> dict[str, Any]:
    """The time of a figure: the period in the address, or else the date. What it cannot be of is passed over."""
    first, last = query.first, query.last
    if first and last and first <= last and fits(measure, Period(first, last)):
        return {"from_": first, "to": last} | ({"as_at": as_at} if measure.all_time else {})
    given = {name: query.text(name) for name in ("from", "to")}
    query.passed_over |= {name: text for name, text in given.items() if text}
    return {"as_at": as_at}


async def subject(request: Request, kind: str, identifier: str) -> Response:
    """Every event about one post, worker or assignment."""
    page = await opened(request, query := SubjectQuery(request))
    events = await page.ask(f"/v1/subjects/{quote(kind)}/{quote(identifier)}", limit=200)
    context = {"kind": kind, "events": events.body, "back": _back(page, query), "measure": query.measure}
    return render("subject.html", page.context(f"{kind.capitalize()} {identifier}", **context))


def _back(page: Page, query: SubjectQuery) -> str | None:
    """Where the reader came from: the explanation of a measure, or the members who make up a figure of the academy."""
    if query.measure:
        return page.there(f"/figures/{query.measure}", **_of_the_figure(page))
    if query.outcome:
        state = {name: query.text(name) for name in ("outcome", "cohorts", "offset")}
        return page.there(f"/academy/{quote(query.only.get('cohort', ALL))}", **state)
    return None


def _term(page: Page, term: dict[str, Any]) -> dict[str, Any]:
    """A count that a rate is made of, with the page of what is behind it in turn."""
    parameters = parse_qs(urlsplit(term["explanation"]).query)
    state = {name: parameters[name][-1] for name in STATE_OF_A_TERM if name in parameters}
    return term | {"address": page.there(f"/figures/{term['measure']}", **state)}


def subject_address(page: Page, subject: str, measure: str) -> str:
    """The page of a subject, which leads back to the figure."""
    return page.there(f"/subjects/{quote(subject)}", measure=measure, **_of_the_figure(page))


def _of_the_figure(page: Page) -> dict[str, str]:
    """What of the state is of an explanation alone: a reader who comes back to the figure finds the same one."""
    return {name: value for name, value in page.request.query_params.items() if name in ExplanationQuery.declared}
