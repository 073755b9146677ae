"""HTTP in and out: the releases of DfE's headline measures.

Invariant: a release is loaded whole, by an operator for all authorities, and never changed afterwards.
"""

from decimal import Decimal
from typing import Any

import asyncpg
from fastapi import APIRouter, Request, Response

from contracts.envelope import format_instant
from contracts.near_names import meant
from services.chassis.authentication import OPERATING
from services.chassis.documentation import record, several
from services.chassis.problems import Problem
from services.chassis.query import Parameter, QueryModel
from services.metrics.api.computing import computing
from services.metrics.api.examples.benchmarks import RELEASE_EXAMPLE
from services.metrics.api.published_files import (
    NAME,
    SHA256,
    PublishedOn,
    file_of,
    from_where,
    load,
    loaded,
    loading_responses,
)
from services.metrics.api.query import ReadQuery
from services.metrics.api.responses import answer, responses
from services.metrics.api.schemas import DATE, INSTANT, TEXT, TEXTS, WHOLE
from services.metrics.api.tables import file_lines
from services.metrics.benchmarks import store
from services.metrics.benchmarks.published import PUBLISHED, REASONS, LoadedRelease
from services.metrics.benchmarks.release import SOURCE, Release, read_release
from services.metrics.benchmarks.store import LoadedFile
from services.metrics.kept import kept_database_of
from services.metrics.reasons import Reason


class _Named(QueryModel):
    """What a release is called."""

    release = Parameter("release", "What to call it.", NAME, "2022", required=True)


class ReleaseParameters(_Named, PublishedOn):
    """The name of a release that is loaded, and where it is from."""

    source = from_where(SOURCE)


FILE = file_of("The file of headline measures as DfE publishes it: CSV in UTF-8.")

RELEASE_NAMED = record({"name": TEXT, "published": DATE})
RELEASE = record(
    {"release": TEXT, "published": DATE, "loaded_at": INSTANT, "sha256": SHA256, "rows": WHOLE}
    | {"years": several(WHOLE), "source": TEXT, "columns_left_out": TEXTS}
    | {"measures_without_column": several({"enum": list(PUBLISHED)}), "remarks": TEXTS}
)
router = APIRouter(tags=["benchmarks"])


@router.post(
    "/v1/benchmarks/releases",
    dependencies=[OPERATING],
    status_code=201,
    summary="Load a release of DfE's headline measures",
    responses=loading_responses(RELEASE_EXAMPLE, RELEASE),
    openapi_extra=ReleaseParameters.documented() | FILE,
)
async def post_release(request: Request) -> Response:
    """Needs a key with the right `operate` for all authorities. A file that cannot be read leaves nothing behind.

    A release never changes: the same bytes again are already known, and others under the same name are refused. Columns
    that are not known are left out, and named. Measures that no column holds are named too.
    """
    question, database = ReleaseParameters(request), kept_database_of(request)
    file_request = question.file_request(store.RELEASE, question.release, question.source)

    async def keep(pool: asyncpg.Pool, file: LoadedFile, release: Release) -> LoadedFile | None:
        return await store.add_file(pool, store.RELEASE, file, release)

    _, is_new = await load(request, database, file_request, read_release, keep)
    async with database.opened() as pool:
        release = named(await store.list_releases(pool), file_request.name)
    return loaded(database, file_request, _as_json(release), is_new)


@router.get(
    "/v1/benchmarks/releases",
    summary="The releases that are loaded",
    responses=responses(
        {"releases": [RELEASE_EXAMPLE]}, schema=record({"releases": several(RELEASE)}), of_events=False
    ),
    openapi_extra=ReadQuery.documented(),
)
async def get_releases(request: Request) -> Response:
    """Each with when it was published and loaded, its rows and years, and the columns that were not read.

    The one published last comes first.
    """
    question = ReadQuery(request)
    question.raise_if_invalid()
    async with computing(request) as computation, kept_database_of(request).opened() as pool:
        releases = await store.list_releases(pool)
        body = {"releases": [_as_json(item) for item in releases]}
        return await computation.run(answer, question, body, file_lines(body["releases"], list(RELEASE["properties"])))


def _as_json(release: LoadedRelease) -> dict[str, Any]:
    """A release, with all that is kept about it."""
    return {
        "release": release.name,
        "published": release.published.isoformat(),
        "loaded_at": format_instant(release.loaded_at),
        "sha256": release.sha256,
        "rows": release.rows,
        "years": list(release.years),
        "source": release.source,
        "columns_left_out": list(release.left_out),
        "measures_without_column": list(release.lacks),
        "remarks": _remarks(release),
    }


def _remarks(release: LoadedRelease) -> list[str]:
    """What the person who loads a release should know of what was not read of it."""
    remarks = []
    if release.left_out:
        remarks.append(f"Not known, and so not read: the columns {', '.join(release.left_out)}.")
    if release.lacks:
        remarks.append(f"No column of the file holds {', '.join(release.lacks)}: they cannot be asked of this release.")
    return remarks


def why(value: Decimal | None, mark: str | None) -> dict[str, Reason]:
    """Why there is no published number where there is only a mark."""
    return {} if value is not None else {"reason": REASONS.get(mark or "", Reason.NOT_COUNTED)}


def number(value: Decimal | None) -> float | None:
    """A published value as it is shown: with all the decimals that DfE printed."""
    return None if value is None else float(value)


def as_named(release: LoadedRelease) -> dict[str, str]:
    """A release as answers name it."""
    return {"name": release.name, "published": release.published.isoformat()}


def named(releases: list[LoadedRelease], name: str) -> LoadedRelease:
    """The release of this name. Raises a 404 problem that lists those there are."""
    for release in releases:
        if release.name == name:
            return release
    loaded = [release.name for release in releases]
    detail = f"{name[:80]!r} is not loaded. {meant(name, loaded)}"
    raise Problem(404, "no-such-release", "There is no such release", detail, releases=loaded)
