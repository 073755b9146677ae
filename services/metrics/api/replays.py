"""Replays: timelines derived again from the events that are there.

Invariant: the result is what would have been derived if all events had come now. Figures answer meanwhile.
"""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from services.chassis.authentication import OPERATING
from services.chassis.documentation import json_answer, record, refusals
from services.chassis.query import Parameter, QueryModel, matching
from services.chassis.runtime import runtime_of
from services.metrics.api import schemas
from services.metrics.ingest import queue
from services.metrics.ingest.handlers import DERIVED_KINDS

router = APIRouter(tags=["replays"], dependencies=[OPERATING])


class ReplayParameters(QueryModel):
    """The authority."""

    authority = Parameter(
        "authority",
        "Three-digit code of the authority; `all` for every one there is.",
        matching(r"^([0-9]{3}|all)$", "three digits, as 331, or all", ""),
        "331",
        required=True,
    )


REPLAYED = record({"authority": schemas.AUTHORITY, "queued": schemas.WHOLE})
WAITING = record({"authority": schemas.AUTHORITY, "waiting": schemas.WHOLE, "failed": schemas.WHOLE})
REFUSED = refusals(
    {
        403: "The key has no right to operate for all authorities.",
        422: "A parameter is not as described: which, and what would be right.",
        503: "The database cannot be reached: ask again.",
    }
)


@router.post(
    "/v1/replays",
    status_code=202,
    summary="Derive timelines again",
    responses=REFUSED | {202: json_answer("They are queued.", REPLAYED)},
    openapi_extra=ReplayParameters.documented(),
)
async def post_replay(request: Request) -> JSONResponse:
    """Queue every post, worker and assignment of an authority, or of all, to be derived from its events.

    Use it after the rules have changed, or when what kept one from being derived was mended.
    """
    question = ReplayParameters(request)
    question.raise_if_invalid()
    async with runtime_of(request).pool.acquire() as connection, connection.transaction():
        queued = await queue.enqueue_everything(connection, question.authority, DERIVED_KINDS)
    return JSONResponse({"authority": question.authority, "queued": queued}, 202)


@router.get(
    "/v1/replays",
    summary="How much waits to be derived",
    responses=REFUSED | {200: json_answer("So much.", WAITING)},
    openapi_extra=ReplayParameters.documented(),
)
async def get_replay(request: Request) -> JSONResponse:
    """How many timelines of an authority, or of all, wait, and how many could not be derived."""
    question = ReplayParameters(request)
    question.raise_if_invalid()
    waiting, failed = await queue.count_queued(runtime_of(request).pool, question.authority)
    return JSONResponse({"authority": question.authority, "waiting": waiting, "failed": failed})
