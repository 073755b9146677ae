"""HTTP in and out: DfE's releases, and what DfE revised between two of them.

Invariant: a release is loaded whole, by an operator for all authorities, and never changed afterwards.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import asyncpg
from fastapi import APIRouter, Request, Response

from services.chassis.authentication import OPERATING
from services.chassis.documentation import record, several
from services.chassis.problems import Problem
from services.chassis.query import Parameter, QueryModel, word
from services.metrics.api import schemas
from services.metrics.api.computing import computing
from services.metrics.api.measures import described
from services.metrics.api.parameters import Paged, said
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
from services.metrics.api.query import AskedQuery
from services.metrics.api.responses import answer, page_links, responses
from services.metrics.api.schemas import DATE, INSTANT, NUMBER, TEXT, TEXTS, WHOLE, or_null
from services.metrics.api.tables import file_lines, revision_lines
from services.metrics.benchmarks import store
from services.metrics.benchmarks.database import BenchmarksDatabase
from services.metrics.benchmarks.published import PUBLISHED, REASONS, Level, LoadedRelease
from services.metrics.benchmarks.release import Release, read_release
from services.metrics.benchmarks.store import LoadedFile
from services.metrics.reasons import Reason

DEFAULT_SOURCE = "DfE, children's social work workforce (Open Government Licence v3.0)"
COMPARED_AS = "to 1 decimal, half up; a mark in place of a number is a change too"


class _Named(QueryModel):
    """What a release is called."""

    release = Parameter("release", "What to call it.", NAME, "2022", required=True)


class ReleaseParameters(_Named, PublishedOn):
    """What a release that is loaded is called, and where it is from."""

    source = from_where(DEFAULT_SOURCE)


class _OfTwoReleases(AskedQuery):
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
        """Nothing is revised between a release and itself."""
        super().check()
        if self.older is not None and self.older == self.newer:
            self.fault("newer", "cannot be read", "another release than older", self.newer)


FILE = file_of("The file of headline measures as DfE publishes it: CSV in UTF-8.")

RELEASE_NAMED = record({"name": TEXT, "published": DATE})
RELEASE = record(
    {"release": TEXT, "published": DATE, "loaded_at": INSTANT, "sha256": SHA256, "rows": WHOLE}
    | {"years": several(WHOLE), "source": TEXT, "columns_left_out": TEXTS}
    | {"measures_without_column": several({"enum": list(PUBLISHED)}), "remarks": TEXTS}
)
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

RELEASE_EXAMPLE: dict[str, Any] = {
    "release": "2022",
    "published": "2023-02-23",
    "loaded_at": "2023-11-01T09:00:00Z",
    "sha256": "9f2c1b7e5d3a48060c4e8f6a7b9d0e1f2a3b4c5d6e7f8091a2b3c4d5e6f70812",
    "rows": 978,
    "years": [2017, 2018, 2019, 2020, 2021, 2022],
    "source": DEFAULT_SOURCE,
    "columns_left_out": [],
    "measures_without_column": ["starters-fte", "starters"],
    "remarks": ["No column of the file holds starters-fte, starters: they cannot be asked of this release."],
}
REVISIONS_EXAMPLE: dict[str, Any] = {
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


def releases_router(database: BenchmarksDatabase) -> APIRouter:
    """The routes of the releases, kept in this database."""
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
        """Needs a key with the right `operate` for all authorities. Of a file that cannot be read nothing is kept.

        A release never changes: the same bytes again are already known, others under the same name are refused.
        Columns that are not known are kept out, and named, as are measures that no column holds.
        """
        question = ReleaseParameters(request)
        asked = question.asked(store.RELEASE, question.release, question.source)

        async def keep(pool: asyncpg.Pool, file: LoadedFile, release: Release) -> LoadedFile | None:
            return await store.add_file(pool, store.RELEASE, file, release)

        _, is_new = await load(request, database, asked, read_release, keep)
        async with database.opened() as pool:
            release = named(await store.list_releases(pool), asked.name)
        return loaded(database, asked, _as_json(release), is_new)

    @router.get(
        "/v1/benchmarks/releases",
        summary="The releases that are loaded",
        responses=responses(
            {"releases": [RELEASE_EXAMPLE]}, schema=record({"releases": several(RELEASE)}), of_events=False
        ),
        openapi_extra=AskedQuery.documented(),
    )
    async def get_releases(request: Request) -> Response:
        """Each with when it was published and loaded, its rows and years, and the columns that were not read; the one
        published last comes first.
        """
        question = AskedQuery(request)
        question.raise_if_invalid()
        async with computing(request) as computation, database.opened() as pool:
            releases = await store.list_releases(pool)
            body = {"releases": [_as_json(item) for item in releases]}
            return await computation.run(answer, question, body, file_lines(body["releases"], list(RELEASE_EXAMPLE)))

    @router.get(
        "/v1/benchmarks/revisions",
        summary="What DfE revised between two releases",
        responses=responses(REVISIONS_EXAMPLE, schema=REVISIONS, of_events=False),
        openapi_extra=RevisionsParameters.documented(),
    )
    async def get_revisions(request: Request) -> Response:
        """Rows of England, regions and authorities that both releases have, and whose published value or mark differs,
        the last year first; `change` is newer minus older where both are numbers.
        """
        question = RevisionsParameters(request)
        question.raise_if_invalid()
        async with computing(request) as computation, database.opened() as pool:
            body, rows = await _revisions(pool, question)
            return await computation.run(_answer, question, body, rows)

    return router


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
        "measures_without_column": list(release.lacks),
        "remarks": _remarks(release),
    }


def _remarks(release: LoadedRelease) -> list[str]:
    """What whoever loads a release should know of what was not read of it."""
    remarks = []
    if release.left_out:
        remarks.append(f"Not known, and so not read: the columns {', '.join(release.left_out)}.")
    if release.lacks:
        remarks.append(f"No column of the file holds {', '.join(release.lacks)}: they cannot be asked of this release.")
    return remarks


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


def why(value: Decimal | None, mark: str | None) -> dict[str, Reason]:
    """Why there is no published number where only a mark stands."""
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
    detail = f"{name!r} is not loaded."
    loaded = [release.name for release in releases]
    raise Problem(404, "no-such-release", "There is no such release", detail, releases=loaded)
