"""HTTP out: when each feed last came, and how old its newest record is.

Invariant: a caller sees only the authorities that the key is for.
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
from services.people.api.examples import FEEDS_EXAMPLE
from services.people.api.parameters import REFUSED
from services.people.api.schemas import FEED


class FeedsParameters(QueryModel):
    """The authority; if left out, all that the key is for."""

    authority = Parameter(
        "authority",
        "Three-digit code of the authority; every one that the key is for if left out.",
        matching(AUTHORITY_PATTERN, PATTERNS_IN_WORDS[AUTHORITY_PATTERN], None),
        "331",
    )


async def _reads_or_feeds(request: Request) -> None:
    """Senders of extracts may see this, and so may readers of the figures made from them."""
    if not {Right.FEED, Right.READ} & set(authenticated_caller(request).rights):
        raise Problem(403, "not-allowed", "Not allowed", "This key has neither the right `feed` nor `read`.")


router = APIRouter(tags=["extracts"], dependencies=[Depends(_reads_or_feeds)])


@router.get(
    "/v1/feeds",
    summary="When each feed last came",
    responses=REFUSED | {200: json_answer("By feed and file.", record({"feeds": several(FEED)}), FEEDS_EXAMPLE)},
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


def _authority(caller: Caller, authority: str | None) -> str | None:
    """The authority to answer for; None for all. Raises a 403 problem."""
    if caller.authority == EVERY_AUTHORITY:
        return authority
    if authority not in (None, caller.authority):
        raise Problem(403, "not-allowed", "Not allowed", f"This key is not for authority {authority}.")
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
