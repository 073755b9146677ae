"""HTTP out: the posts that fell vacant.

Invariant: an answer names posts, never persons.
"""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from contracts.values import AUTHORITY_PATTERN
from services.chassis.authentication import READING, Right, authenticated_caller
from services.chassis.documentation import json_answer, record, refusals, several
from services.chassis.problems import Problem
from services.chassis.query import DAY, Parameter, QueryModel, matching
from services.chassis.runtime import runtime_of
from services.recruitment import store
from services.recruitment.rules import fallen_vacant

router = APIRouter(tags=["posts"], dependencies=[READING])

_DATE = {"type": "string", "format": "date"}
FALLEN_VACANT = record(
    {
        "authority": {"type": "string"},
        "as_at": _DATE,
        "posts": several(record({"post": {"type": "string"}, "since": _DATE, "because": {"type": "string"}})),
    }
)


class FallenVacantParameters(QueryModel):
    """The authority and the date."""

    authority = Parameter(
        "authority",
        "Three-digit code of the authority.",
        matching(AUTHORITY_PATTERN, "three digits, as 331", None),
        "331",
        required=True,
    )
    as_at = Parameter("as_at", "The date it is asked for; today if left out.", DAY, "2023-10-31")


@router.get(
    "/v1/posts/fallen-vacant",
    summary="Posts that someone held and nobody holds now",
    responses=refusals(
        {
            403: "The key may not read of this authority.",
            422: "A parameter is not as described: which, and what would be right.",
            503: "The database cannot be reached: ask again.",
        }
    )
    | {200: json_answer("The posts.", FALLEN_VACANT)},
    openapi_extra=FallenVacantParameters.documented(),
)
async def get_fallen_vacant(request: Request) -> JSONResponse:
    """Who recruits sees where to begin: each post, since when it is vacant, and why."""
    question = FallenVacantParameters(request)
    authority = question.authority or ""
    if authority and not authenticated_caller(request).may(Right.READ, authority):
        raise Problem(403, "not-allowed", "Not allowed", f"This key may not read of authority {authority}.")
    question.raise_if_invalid()
    day = question.as_at or question.now.date()
    events = await store.events_of_posts_and_workers(runtime_of(request).pool, authority)
    posts = [
        {"post": item.post, "since": item.since.isoformat(), "because": item.because}
        for item in fallen_vacant(events, day)
    ]
    return JSONResponse({"authority": authority, "as_at": day.isoformat(), "posts": posts})
