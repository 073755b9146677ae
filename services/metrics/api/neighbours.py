"""HTTP in and out: the statistical neighbours of authorities, as DfE publishes them.

Invariant: a file of neighbours is loaded whole, by an operator for all authorities, and never changed afterwards.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import asyncpg
from fastapi import APIRouter, Request, Response

from contracts.envelope import format_instant
from services.chassis.authentication import OPERATING
from services.chassis.documentation import record, several
from services.chassis.query import Parameter, QueryModel
from services.metrics.api.computing import computing
from services.metrics.api.examples.benchmarks import NEIGHBOURS_EXAMPLE
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
from services.metrics.benchmarks.neighbours import SOURCE, Groups, read_neighbours
from services.metrics.benchmarks.store import LoadedFile
from services.metrics.kept import kept_database_of


class _Named(QueryModel):
    """What a file of neighbours is called."""

    name = Parameter("name", "What to call it.", NAME, "2025", required=True)


class NeighboursParameters(_Named, PublishedOn):
    """The name of a file to load, and where it is from."""

    source = from_where(SOURCE)


FILE = file_of(
    "DfE's file of statistical neighbours, CSV in UTF-8, as that of April 2021 (LA num, … SN1, SNP, …) or that of 2025 "
    "(old_la_code, … SN_1, SN_1P, …)."
)
NEIGHBOURS = record(
    {"name": TEXT, "published": DATE, "loaded_at": INSTANT, "sha256": SHA256, "authorities": WHOLE, "source": TEXT}
    | {"columns_left_out": TEXTS, "remarks": TEXTS}
)


router = APIRouter(tags=["benchmarks"])


@router.post(
    "/v1/benchmarks/neighbours",
    dependencies=[OPERATING],
    status_code=201,
    summary="Load statistical neighbours",
    responses=loading_responses(NEIGHBOURS_EXAMPLE, NEIGHBOURS),
    openapi_extra=NeighboursParameters.documented() | FILE,
)
async def post_neighbours(request: Request) -> Response:
    """Needs a key with the right `operate` for all authorities. If a file cannot be read, nothing of it is kept.

    From then on comparisons that name no neighbours take those of the file published last, unless
    WORKFORCE_STATISTICAL_NEIGHBOURS names some.
    """
    question, database = NeighboursParameters(request), kept_database_of(request)
    file_request = question.file_request(store.NEIGHBOURS, question.name, question.source)

    async def keep(pool: asyncpg.Pool, file: LoadedFile, _: Groups) -> LoadedFile | None:
        return await store.add_file(pool, store.NEIGHBOURS, file)

    file, is_new = await load(request, database, file_request, read_neighbours, keep)
    return loaded(database, file_request, _as_json(file), is_new)


@router.get(
    "/v1/benchmarks/neighbours",
    summary="The files of statistical neighbours that are loaded",
    responses=responses(
        {"files": [NEIGHBOURS_EXAMPLE]}, schema=record({"files": several(NEIGHBOURS)}), of_events=False
    ),
    openapi_extra=ReadQuery.documented(),
)
async def get_neighbours(request: Request) -> Response:
    """Each file with when it was published and loaded, and how many authorities it has. The one published last comes
    first; comparisons use it.
    """
    question = ReadQuery(request)
    question.raise_if_invalid()
    async with computing(request) as computation, kept_database_of(request).opened() as pool:
        files = await store.list_files(pool, store.NEIGHBOURS)
        return await computation.run(_answer, question, files)


def _answer(question: ReadQuery, files: Sequence[LoadedFile]) -> Response:
    described = [_as_json(file) for file in files]
    return answer(question, {"files": described}, file_lines(described, list(NEIGHBOURS["properties"])))


@lru_cache(maxsize=8)
def groups_of(body: bytes) -> Groups:
    """What a file that was loaded says."""
    return read_neighbours(body)


def _as_json(file: LoadedFile) -> dict[str, Any]:
    groups = groups_of(file.body)
    left_out = list(groups.left_out)
    return {
        "name": file.name,
        "published": file.published.isoformat(),
        "loaded_at": format_instant(file.loaded_at),
        "sha256": file.sha256,
        "authorities": len(groups.neighbours),
        "source": file.source,
        "columns_left_out": left_out,
        "remarks": [f"Not known, and so not read: the columns {', '.join(left_out)}."] if left_out else [],
    }
