"""Changes: why a figure is another one than was reported, place by place, event by event."""

from datetime import UTC, datetime, time

from fastapi import Request, Response

from contracts.envelope import format_instant
from services.chassis.query import INSTANT, Parameter, whole, word
from services.metrics.api.parameters import MOST_OFFSET
from services.metrics.measures.catalogue import MEASURES
from services.metrics.pages.explanation import ROWS
from services.metrics.pages.page import NAVIGATION, Link, PageQuery, opened
from services.metrics.pages.rendering import page

PATH = "/changes"
NAVIGATION.append(Link("Changes", PATH))
USUAL_MEASURE = "vacancies"


class ChangesQuery(PageQuery):
    """Which figure, and as known when it was reported."""

    measure = Parameter("measure", "The measure.", word(list(MEASURES), USUAL_MEASURE))
    known_then = Parameter("known_then", "As known when it was reported; the end of its day if left out.", INSTANT)
    offset = Parameter("offset", "How many changes to pass over.", whole(0, MOST_OFFSET, 0))


async def changes(request: Request) -> Response:
    """The page."""
    found = await opened(request, query := ChangesQuery(request))
    if isinstance(found, Response):
        return found
    known_then = query.known_then or datetime.combine(found.as_at, time(23, 59, 59), UTC)
    answer = await found.ask(
        "/v1/changes",
        measure=query.measure,
        as_at=found.as_at,
        from_known=format_instant(known_then),
        to_known=found.known["as_known_at"],
        as_known_at=None,
        as_accepted_at=None,
        scope=found.narrowed["scope"],
        limit=ROWS,
        offset=query.offset,
    )
    count = answer.body["count"]
    return page(
        "changes.html",
        found.context(
            f"What changed: {MEASURES[query.measure].title}",
            query=query,
            known_then=known_then,
            measures=[{"value": name, "text": measure.title} for name, measure in MEASURES.items()],
            answer=answer.body,
            pages={
                "previous": found.here(offset=max(0, query.offset - ROWS)) if query.offset else None,
                "next": found.here(offset=query.offset + ROWS) if query.offset + ROWS < count else None,
            },
        ),
    )
