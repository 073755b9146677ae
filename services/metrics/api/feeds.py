"""The feeds, and when each last came.

Invariant: what an answer says about a feed follows from its events alone, and was written in the same transaction.
"""

from typing import Any

import asyncpg
from fastapi import APIRouter, Request, Response

from contracts.envelope import format_instant
from services.chassis.authentication import READING
from services.chassis.documentation import record, several
from services.metrics.api import schemas
from services.metrics.api.computing import computing
from services.metrics.api.examples.lists import FEEDS_EXAMPLE
from services.metrics.api.known import no_such_authority
from services.metrics.api.parameters import OfAuthority, Paged
from services.metrics.api.responses import answer, page_links, responses
from services.metrics.ingest import feeds
from services.metrics.measures.declaration import EVERY_OWNER
from services.metrics.read_models.authorities import ALL

router = APIRouter(tags=["feeds"], dependencies=[READING])


class FeedsParameters(OfAuthority, Paged):
    """Whose feeds, and which of the rows."""


_FEED = record(
    {
        "authority": schemas.AUTHORITY,
        "source": schemas.TEXT | {"description": "The source that its events state."},
        "topic": schemas.TEXT,
        "service": {"enum": sorted(EVERY_OWNER), "description": "Which took them in."},
        "events": schemas.WHOLE,
        "first_recorded_at": schemas.INSTANT | {"description": "The time of its oldest record."},
        "recorded_until": schemas.INSTANT | {"description": "The time of its newest record."},
        "last_accepted_at": schemas.INSTANT | {"description": "When it last came."},
    }
)
FEEDS = record(
    {"authority": schemas.AUTHORITY}
    | schemas.PAGE
    | {
        "rows": several(_FEED),
        "links": record({}, {"next": schemas.LINK}),
    }
)


@router.get(
    "/v1/feeds",
    summary="When each feed last came, and how old its newest record is",
    responses=responses(FEEDS_EXAMPLE, schema=FEEDS, of_events=False),
    openapi_extra=FeedsParameters.documented(),
)
async def get_feeds(request: Request) -> Response:
    """Each source of events, topic by topic: how many events it sent, the times of the oldest and the newest, and
    when one was last accepted.
    """
    question = FeedsParameters(request)
    question.raise_if_invalid()
    limit, offset = question.page()
    async with computing(request) as computation:
        rows, count = await feeds.listed(computation.read_cache.readers, question.authority, limit, offset)
        if not count and question.authority != ALL:
            raise no_such_authority(question.authority, question.now)
        body: dict[str, Any] = {"authority": question.authority, "count": count, "limit": limit, "offset": offset}
        body["rows"] = [_as_row(row) for row in rows]
        body["links"] = page_links(question, count, limit, offset)
        lines = list(_FEED["properties"]), (list(row.values()) for row in body["rows"])
        return await computation.run(answer, question, body, lines)


def _as_row(row: asyncpg.Record) -> dict[str, Any]:
    feed: dict[str, Any] = {name: row[name] for name in ("authority", "source", "topic")}
    feed |= {"service": row["owner"], "events": row["events"]}
    instants = {"first_recorded_at": "first_recorded_at", "recorded_until": "last_recorded_at"}
    instants |= {"last_accepted_at": "last_accepted_at"}
    return feed | {name: format_instant(row[column]) for name, column in instants.items()}
