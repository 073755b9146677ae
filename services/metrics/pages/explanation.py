"""Explanation: what a figure is made of, post by post and worker by worker, down to the event and its origin."""

from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from fastapi import Request, Response

from services.chassis.problems import Problem
from services.chassis.query import DAY, Parameter, whole, word
from services.metrics.api.parameters import MOST_OFFSET
from services.metrics.measures.catalogue import MEASURES
from services.metrics.pages.page import Page, PageQuery, opened
from services.metrics.pages.rendering import page

PATH = "/figures/{measure}"
SUBJECT_PATH = "/subjects/{kind}/{identifier}"
ROWS = 50
KINDS = ("post", "worker", "cover", "campaign", "application", "cohort", "session", "demand")


class ExplanationQuery(PageQuery):
    """Of which period, and which page of the parts."""

    first = Parameter("from", "First day of the period.", DAY)
    last = Parameter("to", "Last day of the period.", DAY)
    offset = Parameter("offset", "How many parts to pass over.", whole(0, MOST_OFFSET, 0))


class SubjectQuery(PageQuery):
    """Where the reader came from."""

    measure = Parameter("measure", "The figure whose explanation led here.", word(list(MEASURES), None))


async def explanation(request: Request, measure: str) -> Response:
    """What one figure is made of."""
    if measure not in MEASURES:
        raise Problem(404, "no-such-measure", "There is no such figure", f"{measure[:80]!r} is not a measure.")
    found = await opened(request, query := ExplanationQuery(request))
    if isinstance(found, Response):
        return found
    when = {"from_": query.first, "to": query.last} if query.first and query.last else {"as_at": found.as_at}
    path = f"/v1/measures/{measure}"
    figure = await found.ask(path, **when, **found.narrowed)
    parts = await found.ask(f"{path}/explanation", **when, **found.narrowed, limit=ROWS, offset=query.offset)
    return page(
        "explanation.html",
        found.context(
            f"What is behind: {figure.body['title']}",
            figure=figure.body,
            parts=parts.body,
            terms=[_term(found, term) for term in parts.body.get("terms", ())],
            subject_address=lambda subject: subject_address(found, subject, measure),
            pages=_pages(found, parts.body.get("count", 0), query.offset),
        ),
    )


async def subject(request: Request, kind: str, identifier: str) -> Response:
    """Every event about one post, worker or assignment."""
    found = await opened(request, query := SubjectQuery(request))
    if isinstance(found, Response):
        return found
    events = await found.ask(f"/v1/subjects/{quote(kind)}/{quote(identifier)}", limit=200)
    back = found.there(f"/figures/{query.measure}") if query.measure else None
    return page(
        "subject.html",
        found.context(
            f"{kind.capitalize()} {identifier}", kind=kind, events=events.body, back=back, measure=query.measure
        ),
    )


def _term(found: Page, term: dict[str, Any]) -> dict[str, Any]:
    """A count that a rate is made of, with the page of what is behind it in turn."""
    asked = parse_qs(urlsplit(term["explanation"]).query)
    state = {name: asked[name][-1] for name in ("as_at", "from", "to", "scope") if name in asked}
    return term | {"address": found.there(f"/figures/{term['measure']}", **state)}


def subject_address(found: Page, subject: str, measure: str) -> str:
    """The page of a subject, which leads back to the figure."""
    return found.there(f"/subjects/{quote(subject)}", measure=measure)


def _pages(found: Page, count: int, offset: int) -> dict[str, str | None]:
    return {
        "previous": found.here(offset=max(0, offset - ROWS)) if offset else None,
        "next": found.here(offset=offset + ROWS) if offset + ROWS < count else None,
    }
