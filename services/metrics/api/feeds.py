"""The feeds there are, and when each last came.

Invariant: what is told of a feed follows from its events alone, and was written with them.
"""

from typing import Any

import asyncpg
from fastapi import APIRouter, Request, Response

from services.chassis.authentication import READING
from services.chassis.documentation import record, several
from services.metrics.api import schemas
from services.metrics.api.computing import computing
from services.metrics.api.parameters import OfAuthority, Paged, no_such_authority, said
from services.metrics.api.responses import answer, page_links, responses
from services.metrics.ingest import feeds
from services.metrics.measures.declaration import EVERY_OWNER
from services.metrics.read_models.authorities import ALL

router = APIRouter(tags=["feeds"], dependencies=[READING])


class FeedsParameters(OfAuthority, Paged):
    """Whose feeds, and which of the rows."""


FEEDS = record(
    {"authority": schemas.AUTHORITY}
    | schemas.PAGE
    | {
        "rows": several(
            record(
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
        ),
        "links": record({}, {"next": schemas.LINK}),
    }
)
EXAMPLE: dict[str, Any] = {
    "authority": "331",
    "count": 1,
    "limit": 100,
    "offset": 0,
    "rows": [
        {
            "authority": "331",
            "source": "/coventry/hr",
            "topic": "workforce.posts",
            "service": "recruitment",
            "events": 412,
            "first_recorded_at": "2018-04-03T08:12:00Z",
            "recorded_until": "2023-11-30T09:31:00Z",
            "last_accepted_at": "2023-11-30T20:00:01.220Z",
        }
    ],
    "links": {},
}


@router.get(
    "/v1/feeds",
    summary="When each feed last came, and how old its newest record is",
    responses=responses(EXAMPLE, schema=FEEDS, of_events=False),
    openapi_extra=FeedsParameters.documented(),
)
async def get_feeds(request: Request) -> Response:
    """Each source of events by the topics on which its events stand: how many there are, of when the oldest and the
    newest are, and when one was last accepted.
    """
    question = FeedsParameters(request)
    question.raise_if_invalid()
    limit, offset = question.page()
    async with computing(request) as computation:
        rows, count = await feeds.listed(computation.memory.readers, question.authority, limit, offset)
        if not count and question.authority != ALL:
            raise no_such_authority(question.authority, question.now, None)
        body: dict[str, Any] = {"authority": question.authority, "count": count, "limit": limit, "offset": offset}
        body["rows"] = [_as_row(row) for row in rows]
        body["links"] = page_links(question, count, limit, offset)
        lines = list(EXAMPLE["rows"][0]), (list(row.values()) for row in body["rows"])
        return await computation.run(answer, question, body, lines)


def _as_row(row: asyncpg.Record) -> dict[str, Any]:
    feed: dict[str, Any] = {name: row[name] for name in ("authority", "source", "topic")}
    feed |= {"service": row["owner"], "events": row["events"]}
    instants = {"first_recorded_at": "first_recorded_at", "recorded_until": "last_recorded_at"}
    instants |= {"last_accepted_at": "last_accepted_at"}
    return feed | {name: said(row[column]) for name, column in instants.items()}
