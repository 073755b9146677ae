"""HTTP out: what DfE revised between two releases.

Invariant: a figure counts as revised if its value or its mark differs, each as its release has it.
"""

from collections.abc import Sequence
from typing import Any

import asyncpg
from fastapi import APIRouter, Request, Response

from services.chassis.documentation import record, several
from services.chassis.problems import Problem
from services.chassis.query import Parameter, word
from services.metrics.api import schemas
from services.metrics.api.computing import computing
from services.metrics.api.examples.benchmarks import REVISIONS_EXAMPLE
from services.metrics.api.figure_json import described
from services.metrics.api.parameters import Paged
from services.metrics.api.published_files import (
    NAME,
)
from services.metrics.api.query import ReadQuery
from services.metrics.api.releases import RELEASE_NAMED, as_named, named, number, why
from services.metrics.api.responses import answer, page_links, responses
from services.metrics.api.schemas import NUMBER, TEXT, WHOLE, or_null
from services.metrics.api.tables import revision_lines
from services.metrics.benchmarks import store
from services.metrics.benchmarks.comparison import COMPARED_AS
from services.metrics.benchmarks.published import PUBLISHED, Level
from services.metrics.kept import kept_database_of


class _OfTwoReleases(ReadQuery):
    """Which releases."""

    older = Parameter("older", "A release.", NAME, "2022", required=True)
    newer = Parameter("newer", "The release to compare it with, another one.", NAME, "2025", required=True)
    measure = Parameter(
        "measure",
        "A rate, or a count that rates are made of.",
        word(list(PUBLISHED), None),
        "turnover-rate",
        required=True,
    )


class RevisionsParameters(Paged, _OfTwoReleases):
    """Which revisions are asked for."""

    def check(self) -> None:
        """Refuse to compare a release with itself."""
        super().check()
        if self.older is not None and self.older == self.newer:
            self.fault("newer", "cannot be read", "a release other than older", self.newer)


_IN_A_RELEASE = record({"value": NUMBER, "mark": or_null(TEXT)}, schemas.WHY)
_REVISION = record(
    {"year": WHOLE, "level": {"enum": list(Level)}, "code": TEXT, "name": TEXT}
    | {"older": _IN_A_RELEASE, "newer": _IN_A_RELEASE, "change": NUMBER},
    schemas.WHY,
)
REVISIONS = record(
    schemas.DESCRIBED
    | {"older": RELEASE_NAMED, "newer": RELEASE_NAMED, "compared_as": TEXT}
    | dict.fromkeys(("compared", "changed", "only_in_older", "only_in_newer"), WHOLE)
    | schemas.PAGE
    | {"rows": several(_REVISION), "links": record({}, {"next": schemas.LINK})},
    {"formula": TEXT},
)


router = APIRouter(tags=["benchmarks"])


@router.get(
    "/v1/benchmarks/revisions",
    summary="What DfE revised between two releases",
    responses=responses(REVISIONS_EXAMPLE, schema=REVISIONS, of_events=False),
    openapi_extra=RevisionsParameters.documented(),
)
async def get_revisions(request: Request) -> Response:
    """Rows of England, regions and authorities that both releases have, and whose published value or mark differs.

    The last year comes first. `change` is newer minus older if both are numbers.
    """
    question = RevisionsParameters(request)
    question.raise_if_invalid()
    async with computing(request) as computation, kept_database_of(request).opened() as pool:
        body, rows = await _revisions(pool, question)
        return await computation.run(_answer, question, body, rows)


async def _revisions(pool: asyncpg.Pool, question: RevisionsParameters) -> tuple[dict[str, Any], list[asyncpg.Record]]:
    """The answer without its rows, and the rows. Raises a 404 problem where a release, or its measure, is missing."""
    older, newer, measure = question.older, question.newer, question.measure
    assert older is not None and newer is not None and measure is not None  # noqa: S101, PT018  (required)
    releases, (limit, offset) = await store.list_releases(pool), question.page()
    both = {which: named(releases, name) for which, name in (("older", older), ("newer", newer))}
    for release in both.values():
        if measure in release.lacks:
            detail = f"No column of release {release.name} holds {measure}: there is nothing to compare."
            raise Problem(404, "not-published", "The measure is not in the release", detail)
    body = described(PUBLISHED[measure]) | {which: as_named(release) for which, release in both.items()}
    pair = (older, newer, measure)
    body |= {"compared_as": COMPARED_AS, **await store.count_revisions(pool, *pair)}
    body |= {"count": body["changed"], "limit": limit, "offset": offset}
    return body, await store.list_revisions(pool, *pair, limit, offset)


def _answer(question: RevisionsParameters, body: dict[str, Any], rows: Sequence[asyncpg.Record]) -> Response:
    """The answer with the revisions."""
    limit, offset = body["limit"], body["offset"]
    body["rows"] = [_as_revision(row) for row in rows]
    body["links"] = page_links(question, body["changed"], limit, offset)
    return answer(question, body, revision_lines(body))


def _as_revision(row: asyncpg.Record) -> dict[str, Any]:
    """A figure that two releases publish differently."""
    older, newer = row["older_value"], row["newer_value"]
    return {
        **{name: row[name] for name in ("year", "level", "code", "name")},
        "older": {"value": number(older), "mark": row["older_mark"]} | why(older, row["older_mark"]),
        "newer": {"value": number(newer), "mark": row["newer_mark"]} | why(newer, row["newer_mark"]),
        "change": None if older is None or newer is None else number(newer - older),
    } | (why(older, row["older_mark"]) or why(newer, row["newer_mark"]))
