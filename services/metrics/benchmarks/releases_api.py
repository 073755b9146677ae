"""HTTP in and out: releases, and what DfE revised between two of them.

Invariant: a release is loaded whole, by an operator for all authorities, and never changed afterwards.
"""

import asyncio
import hashlib
from datetime import date
from typing import Annotated

import asyncpg
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse

from contracts.refusal import Refused
from services.chassis.authentication import EVERY_AUTHORITY, Right
from services.chassis.cloud_events import media_type
from services.chassis.intake import read_body
from services.chassis.problems import Problem, faults_as_json
from services.chassis.runtime import calling, runtime_of
from services.metrics.benchmarks import answers, examples, store
from services.metrics.benchmarks.asking import RELEASE_NAME, SOURCE, Asking
from services.metrics.benchmarks.published import PUBLISHED_MEASURES, LoadedRelease
from services.metrics.benchmarks.release import read_release

router = APIRouter(tags=["benchmarks"])

DEFAULT_SOURCE = "DfE, children's social work workforce (Open Government Licence v3.0)"
COMPARED_AS = "to 1 decimal, half up; a mark in place of a number is a change too"
MOST_ROWS = 500
ROWS = 100
LARGEST_OFFSET = 1_000_000

_BODY = {
    "requestBody": {
        "required": True,
        "description": "The file of headline measures as DfE publishes it: CSV in UTF-8.",
        "content": {answers.CSV: {"schema": {"type": "string"}}},
    }
}


@router.post(
    "/v1/benchmarks/releases",
    status_code=201,
    summary="Load a release of DfE's headline measures",
    openapi_extra=_BODY,
    responses={
        201: {"description": "Loaded.", "content": {"application/json": {"example": examples.LOADED}}},
        200: {
            "description": "Already known: the same bytes were loaded under this name before.",
            "content": {"application/json": {"example": examples.ALREADY_KNOWN}},
        },
        401: examples.KEY_NEEDED,
        403: examples.NOT_ALLOWED,
        409: examples.OTHER_BYTES,
        413: examples.TOO_LARGE,
        415: examples.NO_CSV,
        422: examples.RELEASE_REFUSED,
        503: examples.NOT_AVAILABLE,
    },
)
async def post_release(
    request: Request,
    release: Annotated[
        str,
        Query(description="What to call it; needed.", examples=["2022"], json_schema_extra={"pattern": RELEASE_NAME}),
    ] = "",
    published: Annotated[
        str, Query(description="The day DfE published it, YYYY-MM-DD; needed.", examples=["2023-02-23"])
    ] = "",
    source: Annotated[str, Query(description="Where it is from, in words.")] = DEFAULT_SOURCE,
) -> JSONResponse:
    """Needs a key with the right `operate` for all authorities. Nothing is loaded of a file that cannot be read whole.

    A release never changes: the same bytes again are answered as already known, others under the same name refused.
    Columns that are not known are kept out, and listed.
    """
    if not calling(request).may(Right.OPERATE, EVERY_AUTHORITY):
        detail = "A key with the right `operate` for all authorities (`--authority '*'`) is needed."
        raise Problem(403, "not-allowed", "Not allowed", detail)
    asking = Asking(request, "release", "published", "source")
    name, day = asking.release("release", release), asking.date("published", published)
    asking.matching("source", source, SOURCE, "up to 200 printable ASCII characters")
    asking.finish()
    came = media_type(request.headers.get("content-type"))
    if came != answers.CSV:
        raise Problem(
            415, "not-csv", "Not CSV", f"The body came as {came[:80] or 'nothing'}; send it as {answers.CSV}."
        )
    runtime = runtime_of(request)
    body = await read_body(request, runtime.settings.largest_request_bytes, "a release is sent whole and alone")
    return await _load(runtime.pool, name, day, source, body)


async def _load(pool: asyncpg.Pool, name: str, published: date, source: str, body: bytes) -> JSONResponse:
    sha256 = hashlib.sha256(body).hexdigest()
    if (known := await _find(pool, name)) is not None:
        return _known(known, published, sha256)
    try:
        release = await asyncio.to_thread(read_release, body)
    except Refused as refusal:
        faults = faults_as_json(refusal.faults)
        detail = "; ".join(f"{item['field']} {item['problem']}" for item in faults) + "; nothing of the file was loaded"
        raise Problem(422, "release-refused", "The release cannot be read", detail, faults=faults) from None
    added = await store.add_release(pool, name, published, sha256, source, release)
    loaded = await _find(pool, name)
    assert loaded is not None  # noqa: S101  (releases are never taken away)
    if not added:
        return _known(loaded, published, sha256)
    return JSONResponse({"status": "loaded"} | answers.release_as_json(loaded), 201)


async def _find(pool: asyncpg.Pool, name: str) -> LoadedRelease | None:
    return next((release for release in await store.list_releases(pool) if release.name == name), None)


def _known(release: LoadedRelease, published: date, sha256: str) -> JSONResponse:
    other = [
        f"it was loaded with {what} {kept}, and came with {came}"
        for what, kept, came in (("sha256", release.sha256, sha256), ("published", release.published, published))
        if kept != came
    ]
    if other:
        detail = f"{release.name}: {'; '.join(other)}. A release is never changed: give this one another name."
        raise Problem(409, "release-differs", "A release of this name is another", detail)
    return JSONResponse({"status": "already-known"} | answers.release_as_json(release))


@router.get(
    "/v1/benchmarks/releases",
    summary="The releases that are loaded",
    responses=examples.answered(examples.RELEASES, "Every release, the one published last first.", also_csv=False)
    | {401: examples.KEY_NEEDED, 422: examples.REFUSED, 503: examples.NOT_AVAILABLE},
)
async def get_releases(request: Request) -> JSONResponse:
    """Each with when it was published and loaded, its rows and years, and the columns that were not read."""
    calling(request)
    Asking(request).finish()
    releases = await store.list_releases(runtime_of(request).pool)
    return JSONResponse({"releases": [answers.release_as_json(release) for release in releases]})


@router.get(
    "/v1/benchmarks/revisions",
    summary="What DfE revised between two releases",
    responses=examples.answered(examples.REVISIONS, "The rows that differ, counted and listed, the last year first.")
    | {status: what for status, what in examples.READING.items() if status != 403},
)
async def get_revisions(
    request: Request,
    older: Annotated[str, Query(description="A release; needed.", examples=["2022"])] = "",
    newer: Annotated[str, Query(description="The release to compare it with; needed.", examples=["2025"])] = "",
    measure: Annotated[
        str,
        Query(
            description="A rate, or a count it is made of; needed.", json_schema_extra={"enum": [*PUBLISHED_MEASURES]}
        ),
    ] = "",
    limit: Annotated[str, Query(description=f"Most rows in one answer, 1 to {MOST_ROWS}; {ROWS} if left out.")] = "",
    offset: Annotated[str, Query(description="How many of the rows to pass over; 0 if left out.")] = "",
) -> Response:
    """Rows of England, regions and authorities that both releases have, and whose published value or mark differs."""
    calling(request)
    asking = Asking(request, "older", "newer", "measure", "limit", "offset")
    names = asking.release("older", older), asking.release("newer", newer)
    if older and older == newer:
        asking.fault("newer", newer, "another release than older")
    if measure not in PUBLISHED_MEASURES:
        asking.fault("measure", measure, f"one of {', '.join(PUBLISHED_MEASURES)}")
    most, passed = (
        asking.whole("limit", limit, ROWS, 1, MOST_ROWS),
        asking.whole("offset", offset, 0, 0, LARGEST_OFFSET),
    )
    asking.finish()
    pool = runtime_of(request).pool
    releases = await store.list_releases(pool)
    compared = [named(releases, name) for name in names]
    counts = await store.count_revisions(pool, *names, measure)
    rows = [answers.revision_as_json(row) for row in await store.list_revisions(pool, *names, measure, most, passed)]
    about = answers.about(PUBLISHED_MEASURES[measure], *compared)
    if answers.wants_csv(request):
        flat = [
            row | {f"{side}_{part}": row[side][part] for side in ("older", "newer") for part in ("value", "mark")}
            for row in rows
        ]
        same = about | {"older": names[0], "newer": names[1]}
        columns = ["year", "level", "code", "name", "older_value", "older_mark", "newer_value", "newer_mark", "change"]
        return answers.csv_answer(same, flat, columns)
    page = {"limit": most, "offset": passed, "rows": rows}
    return answers.json_answer(about | {"compared_as": COMPARED_AS} | dict(counts) | page)


def named(releases: list[LoadedRelease], name: str) -> LoadedRelease:
    """The release of this name. Raises a 404 problem that lists those there are."""
    for release in releases:
        if release.name == name:
            return release
    detail = f"{name!r} is not loaded."
    loaded = [release.name for release in releases]
    raise Problem(404, "no-such-release", "There is no such release", detail, releases=loaded)
