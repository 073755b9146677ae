"""HTTP out: when each feed last came, and how old what it knows is.

Invariant: a caller is told of the authorities that the key is for.
"""

from typing import Any

import asyncpg
from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from contracts.envelope import format_instant
from contracts.values import AUTHORITY_PATTERN, PATTERNS_IN_WORDS
from services.chassis.authentication import EVERY_AUTHORITY, Caller, Right, authenticated_caller
from services.chassis.documentation import json_answer, record, several
from services.chassis.problems import Problem
from services.chassis.query import Parameter, QueryModel, matching
from services.chassis.runtime import runtime_of
from services.people import store
from services.people.api.parameters import COUNT, DATE, INSTANT, REFUSED, TEXT

FEED = record(
    {
        "authority": TEXT,
        "feed": TEXT,
        "file": TEXT,
        "id": COUNT,
        "state": {"enum": ["accepted", "taken-in", "delivered"]},
        "as_at": DATE,
        "recorded_at": INSTANT,
        "accepted_at": INSTANT,
        "age_seconds": {**COUNT, "description": "How long ago the newest extract was made."},
        "rows": COUNT,
    }
)
EXAMPLE = {
    "feeds": [
        {
            "authority": "331",
            "feed": "hr",
            "file": "employees",
            "id": 17,
            "state": "delivered",
            "as_at": "2023-10-31",
            "recorded_at": "2023-10-31T19:00:00Z",
            "accepted_at": "2023-10-31T19:05:12.341Z",
            "age_seconds": 41220,
            "rows": 412,
        }
    ]
}


class FeedsParameters(QueryModel):
    """Of which authority; of all that the key is for if left out."""

    authority = Parameter(
        "authority",
        "Three-digit code of the authority; every one that the key is for if left out.",
        matching(AUTHORITY_PATTERN, PATTERNS_IN_WORDS[AUTHORITY_PATTERN], None),
        "331",
    )


async def _reads_or_feeds(request: Request) -> None:
    """Who sends extracts sees how they went, and so does who reads figures that come of them."""
    if not {Right.FEED, Right.READ} & set(authenticated_caller(request).rights):
        raise Problem(403, "not-allowed", "Not allowed", "This key has neither the right `feed` nor `read`.")


router = APIRouter(tags=["extracts"], dependencies=[Depends(_reads_or_feeds)])


@router.get(
    "/v1/feeds",
    summary="When each feed last came",
    responses=REFUSED | {200: json_answer("By feed and file.", record({"feeds": several(FEED)}), EXAMPLE)},
    openapi_extra=FeedsParameters.documented(),
)
async def get_feeds(request: Request) -> JSONResponse:
    """The last file of each kind that was not refused, and how old it is."""
    question = FeedsParameters(request)
    question.raise_if_invalid()
    authority = _authority(authenticated_caller(request), question.authority)
    rows = await runtime_of(request).pool.fetch(store.FEEDS, authority)
    now = question.now
    return JSONResponse({"feeds": [_feed(row, int((now - row["recorded_at"]).total_seconds())) for row in rows]})


def _authority(caller: Caller, asked: str | None) -> str | None:
    """Of which authority is told; None for all. Raises a 403 problem."""
    if caller.authority == EVERY_AUTHORITY:
        return asked
    if asked not in (None, caller.authority):
        raise Problem(403, "not-allowed", "Not allowed", f"This key is not for authority {asked}.")
    return caller.authority


def _feed(row: asyncpg.Record, age_seconds: int) -> dict[str, Any]:
    return {
        "authority": row["authority"],
        "feed": row["feed"],
        "file": row["kind"],
        "id": row["id"],
        "state": row["state"],
        "as_at": row["as_at"].isoformat(),
        "recorded_at": format_instant(row["recorded_at"]),
        "accepted_at": format_instant(row["accepted_at"]),
        "age_seconds": max(0, age_seconds),
        "rows": row["rows"],
    }
