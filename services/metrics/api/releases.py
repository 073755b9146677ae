"""HTTP in and out: DfE's releases, and what DfE revised between two of them.

Invariant: a release is loaded whole, by an operator for all authorities, and never changed afterwards.
"""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import asyncpg
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from contracts.refusal import Refused
from services.chassis.authentication import OPERATING
from services.chassis.bodies import media_type
from services.chassis.documentation import WITH_A_BODY
from services.chassis.problems import Problem, faults_as_json
from services.chassis.runtime import runtime_of
from services.metrics.api import schemas
from services.metrics.api.answering import CSV, JSON, PROBLEM, answer, page_links, responses
from services.metrics.api.asking import Question, said
from services.metrics.api.computing import Computation, computing
from services.metrics.api.files import Lines
from services.metrics.api.measures import described
from services.metrics.api.parameters import DATE, PAGE, Parameter, documented
from services.metrics.benchmarks import store
from services.metrics.benchmarks.published import PUBLISHED, REASONS, LoadedRelease
from services.metrics.benchmarks.release import read_release
from services.metrics.reasons import Reason

router = APIRouter(tags=["benchmarks"])

RELEASE_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$"
SOURCE = r"^[ -~]{1,200}$"
DEFAULT_SOURCE = "DfE, children's social work workforce (Open Government Licence v3.0)"
COMPARED_AS = "to 1 decimal, half up; a mark in place of a number is a change too"

NAME = {"type": "string", "pattern": RELEASE_NAME}
LOADING = (
    Parameter("release", "What to call it.", NAME, "2022", required=True),
    Parameter("published", "The day DfE published it.", DATE, "2023-02-23", required=True),
    Parameter(
        "source",
        "Where it is from, in words.",
        {"type": "string", "pattern": SOURCE, "default": DEFAULT_SOURCE},
        DEFAULT_SOURCE,
    ),
)
COMPARING = (
    Parameter("older", "A release.", NAME, "2022", required=True),
    Parameter("newer", "The release to compare it with, another one.", NAME, "2025", required=True),
    Parameter(
        "measure",
        "A rate, or a count that rates are made of.",
        {"type": "string", "enum": list(PUBLISHED)},
        "turnover-rate",
        required=True,
    ),
)
FILE = {
    "requestBody": {
        "required": True,
        "description": "The file of headline measures as DfE publishes it: CSV in UTF-8.",
        "content": {CSV: {"schema": {"type": "string"}}},
    }
}

RELEASE: dict[str, Any] = {
    "release": "2022",
    "published": "2023-02-23",
    "loaded_at": "2023-11-01T09:00:00Z",
    "sha256": "9f2c1b7e5d3a48060c4e8f6a7b9d0e1f2a3b4c5d6e7f8091a2b3c4d5e6f70812",
    "rows": 978,
    "years": [2017, 2018, 2019, 2020, 2021, 2022],
    "source": DEFAULT_SOURCE,
    "columns_left_out": [],
}
REVISIONS: dict[str, Any] = {
    **described(PUBLISHED["turnover-rate"]),
    "older": {"name": "2022", "published": "2023-02-23"},
    "newer": {"name": "2025", "published": "2026-02-26"},
    "compared_as": COMPARED_AS,
    "compared": 959,
    "changed": 121,
    "only_in_older": 0,
    "only_in_newer": 0,
    "count": 121,
    "limit": 1,
    "offset": 0,
    "rows": [
        {
            "year": 2019,
            "level": "local-authority",
            "code": "331",
            "name": "Coventry",
            "older": {"value": 11.1, "mark": None},
            "newer": {"value": 10.5, "mark": None},
            "change": -0.6,
        }
    ],
    "links": {"next": "/v1/benchmarks/revisions?older=2022&newer=2025&measure=turnover-rate&limit=1&offset=1"},
}


def _loaded_or_not() -> dict[int | str, dict[str, Any]]:
    usual = responses(RELEASE, of_events=False)
    return {
        201: {"description": "Loaded.", "content": {JSON: {"example": {"status": "loaded"} | RELEASE}}},
        200: {
            "description": "Already known: the same bytes were loaded under this name before.",
            "content": {JSON: {"example": {"status": "already-known"} | RELEASE}},
        },
        401: usual[401],
        403: {"description": "The key has no right `operate` for all authorities.", **PROBLEM},
        409: {"description": "Another release was loaded under this name.", **PROBLEM},
        415: {"description": "The body is not sent as CSV.", **PROBLEM},
        422: {
            "description": "A parameter, or the file, is not as described: where, and what would be right.",
            **PROBLEM,
        },
        429: usual[429],
        503: usual[503],
    } | WITH_A_BODY


@router.post(
    "/v1/benchmarks/releases",
    dependencies=[OPERATING],
    status_code=201,
    summary="Load a release of DfE's headline measures",
    responses=_loaded_or_not(),
    openapi_extra={"parameters": [item.documented() for item in LOADING]} | FILE,
)
async def post_release(request: Request) -> Response:
    """Needs a key with the right `operate` for all authorities. Nothing is loaded of a file that cannot be read whole.

    A release never changes: the same bytes again are answered as already known, others under the same name refused.
    Columns that are not known are kept out, and listed.
    """
    question = Question(request, also=LOADING)
    name = release_name(question, "release", needed=True)
    published = question.day("published", needed=True)
    source = question.matching("source", SOURCE, "up to 200 printable ASCII characters") or DEFAULT_SOURCE
    question.settle()
    assert published is not None  # noqa: S101  (settled)
    came = media_type(request.headers.get("content-type"))
    if came != CSV:
        raise Problem(415, "not-csv", "Not CSV", f"The body came as {came[:80] or 'nothing'}; send it as {CSV}.")
    runtime = runtime_of(request)
    largest = runtime.settings.largest_request_bytes
    async with (
        runtime.bodies.reading(request, largest, "a release is sent whole and alone") as body,
        computing(request) as computation,
    ):
        return await _load(computation, runtime.pool, name, published, source, body)


async def _load(
    computation: Computation, pool: asyncpg.Pool, name: str, published: date, source: str, body: bytes
) -> JSONResponse:
    sha256 = await computation.run(lambda: hashlib.sha256(body).hexdigest())
    if (known := await _find(pool, name)) is not None:
        return _known(known, published, sha256)
    try:
        release = await computation.run(read_release, body)
    except Refused as refusal:
        told = faults_as_json(refusal)
        found = "; ".join(f"{item['field']} {item['problem']}" for item in told["faults"])
        detail = f"{found}; nothing of the file was loaded"
        raise Problem(422, "release-refused", "The release cannot be read", detail, **told) from None
    added = await store.add_release(pool, name, published, sha256, source, release)
    loaded = await _find(pool, name)
    assert loaded is not None  # noqa: S101  (releases are never taken away)
    if not added:
        return _known(loaded, published, sha256)
    return JSONResponse({"status": "loaded"} | _as_json(loaded), 201)


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
    return JSONResponse({"status": "already-known"} | _as_json(release))


def _as_json(release: LoadedRelease) -> dict[str, Any]:
    """A release, with all that is kept about it."""
    return {
        "release": release.name,
        "published": release.published.isoformat(),
        "loaded_at": said(release.loaded_at),
        "sha256": release.sha256,
        "rows": release.rows,
        "years": list(release.years),
        "source": release.source,
        "columns_left_out": list(release.left_out),
    }


@router.get(
    "/v1/benchmarks/releases",
    summary="The releases that are loaded",
    responses=responses({"releases": [RELEASE]}, of_events=False),
    openapi_extra=documented(),
)
async def get_releases(request: Request) -> Response:
    """Each with when it was published and loaded, its rows and years, and the columns that were not read; the one
    published last comes first.
    """
    question = Question(request)
    question.settle()
    async with computing(request) as computation:
        releases = await store.list_releases(computation.memory.readers)
        body = {"releases": [_as_json(item) for item in releases]}
        return await computation.run(answer, question, body, _release_lines(body["releases"]))


def _release_lines(releases: Sequence[dict[str, Any]]) -> Lines:
    """The releases as a table: one line each."""
    lists = ("years", "columns_left_out")
    rows = (
        [" ".join(map(str, value)) if name in lists else value for name, value in item.items()] for item in releases
    )
    return list(RELEASE), rows


@router.get(
    "/v1/benchmarks/revisions",
    summary="What DfE revised between two releases",
    responses=responses(REVISIONS, schema=schemas.REVISIONS, of_events=False),
    openapi_extra=documented(*PAGE, also=COMPARING),
)
async def get_revisions(request: Request) -> Response:
    """Rows of England, regions and authorities that both releases have, and whose published value or mark differs, the
    last year first; `change` is newer minus older where both are numbers.
    """
    question = Question(request, *PAGE, also=COMPARING)
    older, newer = (release_name(question, name, needed=True) for name in ("older", "newer"))
    if older and older == newer:
        question.fault("newer", "cannot be read", "another release than older", newer)
    name = question.choice("measure", list(PUBLISHED), needed=True)
    limit, offset = question.page()
    question.settle()
    async with computing(request) as computation:
        readers = computation.memory.readers
        releases = await store.list_releases(readers)
        body = described(PUBLISHED[name])
        body |= {"older": as_named(named(releases, older)), "newer": as_named(named(releases, newer))}
        body |= {"compared_as": COMPARED_AS, **await store.count_revisions(readers, older, newer, name)}
        body |= {"count": body["changed"], "limit": limit, "offset": offset}
        rows = await store.list_revisions(readers, older, newer, name, limit, offset)
        return await computation.run(_answer, question, body, rows)


def _answer(question: Question, body: dict[str, Any], rows: Sequence[asyncpg.Record]) -> Response:
    """The answer with the revisions."""
    limit, offset = body["limit"], body["offset"]
    body["rows"] = [_as_revision(row) for row in rows]
    body["links"] = page_links(question, body["changed"], limit, offset)
    return answer(question, body, (_HEADING, _lines(body)))


def _as_revision(row: asyncpg.Record) -> dict[str, Any]:
    """A figure that two releases publish differently."""
    older, newer = row["older_value"], row["newer_value"]
    return {
        **{name: row[name] for name in ("year", "level", "code", "name")},
        "older": {"value": number(older), "mark": row["older_mark"]} | why(older, row["older_mark"]),
        "newer": {"value": number(newer), "mark": row["newer_mark"]} | why(newer, row["newer_mark"]),
        "change": None if older is None or newer is None else number(newer - older),
    } | (why(older, row["older_mark"]) or why(newer, row["newer_mark"]))


def why(value: Decimal | None, mark: str | None) -> dict[str, Reason]:
    """Why there is no published number where only a mark stands."""
    return {} if value is not None else {"reason": REASONS.get(mark or "", Reason.NOT_COUNTED)}


_PLACE = ("year", "level", "code", "name")
_HEADING = (*_PLACE, "older_value", "older_mark", "newer_value", "newer_mark", "change")


def _lines(body: dict[str, Any]) -> Iterable[list[Any]]:
    """The revisions as a table: one line a row."""
    for row in body["rows"]:
        values = [row[side][part] for side in ("older", "newer") for part in ("value", "mark")]
        yield [*(row[name] for name in _PLACE), *values, row["change"]]


def release_name(question: Question, parameter: str, needed: bool = False) -> str:
    """The name of a release; empty where it is left out."""
    expected = "a name of up to 40 letters, digits, dots, underscores and hyphens, as 2022"
    return question.matching(parameter, RELEASE_NAME, expected, needed) or ""


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
    detail = f"{name!r} is not loaded."
    loaded = [release.name for release in releases]
    raise Problem(404, "no-such-release", "There is no such release", detail, releases=loaded)
