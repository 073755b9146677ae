"""HTTP out: the posts that fell vacant.

Invariant: an answer names posts, never persons.
"""

from datetime import UTC, date, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse

from services.chassis.authentication import Right
from services.chassis.problems import MEDIA_TYPE, Problem
from services.chassis.runtime import calling, runtime_of
from services.recruitment import store
from services.recruitment.rules import fallen_vacant

router = APIRouter(tags=["posts"])


@router.get(
    "/v1/posts/fallen-vacant",
    summary="Posts that someone held and nobody holds now",
    responses={422: {"description": "A parameter is not as described.", "content": {MEDIA_TYPE: {}}}},
)
async def get_fallen_vacant(
    request: Request,
    authority: Annotated[str, Query(pattern="^[0-9]{3}$", description="Three-digit code of the authority.")],
    as_at: Annotated[date | None, Query(description="The date it is asked for; today if left out.")] = None,
) -> JSONResponse:
    """Who recruits sees where to begin: each post, since when it is vacant, and why."""
    if not calling(request).may(Right.READ, authority):
        raise Problem(403, "not-allowed", "Not allowed", f"This key may not read of authority {authority}.")
    day = as_at or datetime.now(UTC).date()
    events = await store.events_of_posts_and_workers(runtime_of(request).pool, authority)
    posts = [
        {"post": item.post, "since": item.since.isoformat(), "because": item.because}
        for item in fallen_vacant(events, day)
    ]
    return JSONResponse({"authority": authority, "as_at": day.isoformat(), "posts": posts})
