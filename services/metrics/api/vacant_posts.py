"""Vacant posts over HTTP: one by one, since when, covered by whom, and how much of each is left uncovered.

Invariant: without `open_months` the totals are what Vacancies, Uncovered vacancies and Open vacancies by age say.
"""

from decimal import Decimal
from typing import Any

from fastapi import APIRouter, Request, Response

from contracts.envelope import identifier_of
from services.chassis.authentication import READING
from services.chassis.documentation import record, several
from services.chassis.query import Parameter, whole
from services.metrics.api import schemas
from services.metrics.api.computing import computing
from services.metrics.api.examples.lists import VACANT_POSTS_EXAMPLE
from services.metrics.api.files import Lines
from services.metrics.api.known import snapshot_of_known
from services.metrics.api.parameters import (
    LONGEST_WAIT,
    SCOPE,
    Filtered,
    OfADay,
    Paged,
    of_dimensions,
)
from services.metrics.api.query import KNOWN
from services.metrics.api.responses import answer, page_links, pinned, responses
from services.metrics.figures.vacant_posts import OVER_MONTHS, VacantPost, vacant_posts
from services.metrics.measures.catalogue import MEASURES
from services.metrics.measures.declaration import exact
from services.metrics.read_models import cost
from services.metrics.snapshot.snapshot import Snapshot
from services.metrics.timelines.dimensions import OF_POSTS, Dimensions

router = APIRouter(tags=["vacant posts"], dependencies=[READING])

VACANCIES = MEASURES["vacancies"]
OVER = tuple(f"over_{months}_months" for months in OVER_MONTHS)
SUMMED = ("vacant", "agency_cover", "uncovered", *OVER)
AMOUNTS = ("funded", "in_post", *SUMMED)
DEFINITION = (
    "Posts of which something is vacant at the date: funded FTE above the FTE in post. `since` is the day on which the "
    "part that is vacant longest opened; `over_3_months` and the like are the FTE that has been open for so many full "
    "calendar months. Agency cover is what agency workers with reason vacancy stand for there, which can be more than "
    "is vacant; what they do not fill is uncovered."
)


class VacantPostsParameters(OfADay, Filtered, Paged):
    """Of which posts, as at which date, and how many of them."""

    scope = SCOPE
    only = of_dimensions(list(OF_POSTS))
    open_months = Parameter(
        "open_months",
        "Only posts of which something has been vacant for at least so many full calendar months.",
        whole(0, LONGEST_WAIT, 0),
        3,
    )


_AMOUNTS = dict.fromkeys(AMOUNTS, schemas.EXACT)
VACANT_POSTS = record(
    {"authority": schemas.AUTHORITY, "scope": schemas.SCOPE, "as_at": schemas.DATE, "definition": schemas.TEXT}
    | schemas.KNOWN
    | {"open_months": schemas.WHOLE, "totals": record(dict.fromkeys(SUMMED, schemas.EXACT))}
    | schemas.PAGE
    | {
        "rows": several(
            record(
                {"post": schemas.TEXT}
                | {name: schemas.DIMENSIONS[name] for name in OF_POSTS}
                | _AMOUNTS
                | {"since": schemas.DATE, "subjects": schemas.SUBJECTS}
            )
        ),
        "links": schemas.links("events_of_subject"),
    },
    schemas.ACCEPTED | {"where": schemas.WHERE},
)


@router.get(
    "/v1/vacant-posts",
    summary="The posts that are vacant, those that have been longest first",
    responses=responses(VACANT_POSTS_EXAMPLE | {"definition": DEFINITION}, schema=VACANT_POSTS),
    openapi_extra=VacantPostsParameters.documented(),
)
async def get_vacant_posts(request: Request) -> Response:
    """Each vacant post with its role and team, since when it is vacant, who covers it and what is left uncovered.

    Every subject (the post, and the assignments that cover it) can be asked for its events at `/v1/subjects/…`.
    """
    question = VacantPostsParameters(request)
    where = question.filters(VACANCIES)
    question.raise_if_invalid()
    async with computing(request) as computation:
        await computation.weigh(cost.of_parts(1, await computation.read_cache.size(question.authority), 1))
        snapshot = await snapshot_of_known(computation, *question.report)
        return await computation.run(_answer, question, where, snapshot)


def _answer(question: VacantPostsParameters, where: dict[str, Any], snapshot: Snapshot) -> Response:
    """The answer, with a page of the posts."""
    posts = vacant_posts(snapshot, question.day, question.scope, where, question.open_months)
    limit, offset = question.page()
    amounts = [_amounts(post) for post in posts]
    body: dict[str, Any] = {"authority": question.authority, "scope": question.scope, "definition": DEFINITION}
    body |= ({"where": where} if where else {}) | question.facts() | {"open_months": question.open_months}
    body["totals"] = {name: exact(sum(of_post[name] for of_post in amounts)) for name in SUMMED}
    body |= {"count": len(posts), "limit": limit, "offset": offset}
    body["rows"] = [as_row(post) for post in posts[offset : offset + limit]]
    body["links"] = {
        "pinned": pinned(question),
        "events_of_subject": pinned(question, "/v1/subjects/{subject}", ("authority", *KNOWN)),
    } | page_links(question, len(posts), limit, offset)
    return answer(question, body, _lines(body))


def as_row(post: VacantPost) -> dict[str, Any]:
    """One post as answers show it."""
    return (
        {"post": identifier_of(post.subject)}
        | {name: getattr(post.dimensions, name) for name in Dimensions._fields}
        | {name: exact(amount) for name, amount in _amounts(post).items()}
        | {"since": post.since.isoformat(), "subjects": [post.subject, *post.covers]}
    )


def _amounts(post: VacantPost) -> dict[str, int]:
    by_name = {name: getattr(post, name) for name in AMOUNTS if name not in OVER}
    return by_name | dict(zip(OVER, post.over, strict=True))


def _lines(body: dict[str, Any]) -> Lines:
    """The posts as a table: one line each."""
    names = ("post", *OF_POSTS, "since", *AMOUNTS, "subjects")
    rows = (
        [
            " ".join(row[name]) if name == "subjects" else Decimal(row[name]) if name in AMOUNTS else row[name]
            for name in names
        ]
        for row in body["rows"]
    )
    return names, rows
