"""Changes: why a figure differs from the one that was reported, part by part, event by event."""

from datetime import UTC, datetime, time

from fastapi import Request, Response

from contracts.envelope import format_instant
from services.chassis.query import INSTANT, Parameter, whole, word
from services.metrics.api.parameters import MOST_OFFSET
from services.metrics.measures.catalogue import MEASURES
from services.metrics.pages.explanation import ROWS
from services.metrics.pages.page import PageQuery, in_navigation, opened
from services.metrics.pages.rendering import render

PATH = "/changes"
in_navigation("What changed", PATH)
USUAL_MEASURE = "vacancies"


class ChangesQuery(PageQuery):
    """Which figure, and as known when it was reported."""

    measure = Parameter("measure", "The measure.", word(list(MEASURES), USUAL_MEASURE))
    known_then = Parameter("known_then", "As known when it was reported; the end of its day if left out.", INSTANT)
    offset = Parameter("offset", "How many changes to pass over.", whole(0, MOST_OFFSET, 0))


async def changes(request: Request) -> Response:
    """The page."""
    page = await opened(request, query := ChangesQuery(request))
    known_then = query.known_then or datetime.combine(page.as_at, time(23, 59, 59), UTC)
    answer = await page.ask(
        "/v1/changes",
        measure=query.measure,
        as_at=page.as_at,
        from_known=format_instant(known_then),
        to_known=page.known["as_known_at"],
        as_known_at=None,
        as_accepted_at=None,
        scope=page.narrowed["scope"],
        limit=ROWS,
        offset=query.offset,
    )
    return render(
        "changes.html",
        page.context(
            f"What changed: {MEASURES[query.measure].title}",
            query=query,
            known_then=known_then,
            measures=[{"value": name, "text": measure.title} for name, measure in MEASURES.items()],
            answer=answer.body,
            pages=page.turning(query.offset, ROWS, answer.body["count"]),
        ),
    )
