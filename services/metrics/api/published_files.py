"""How files that others published are loaded over HTTP: releases and statistical neighbours alike.

Invariant: a file is loaded whole, by an operator for all authorities, and never changed afterwards.
"""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, TypeVar

import asyncpg
from fastapi import Request
from fastapi.responses import JSONResponse

from contracts.refusal import Refused
from services.chassis.bodies import media_type
from services.chassis.documentation import WITH_A_BODY, Document, json_answer, record
from services.chassis.logs import get_log
from services.chassis.problems import Problem, faults_as_json
from services.chassis.query import DAY, Parameter, QueryModel, matching
from services.chassis.runtime import runtime_of
from services.chassis.settings import PREFIX
from services.metrics.api.computing import Computation, computing
from services.metrics.api.responses import CSV, PROBLEM, responses
from services.metrics.benchmarks import store
from services.metrics.benchmarks.store import LoadedFile
from services.metrics.kept import KeptDatabase

log = get_log(__name__)

FILE_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$"
SOURCE = r"^[ -~]{1,200}$"

KEEP_APART = f"set {PREFIX}BENCHMARKS_DATABASE_URL to a database of its own"
"""What is to be done where what must be kept stands in the database that a rebuild drops."""

SHA256: Document = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
NAME = matching(FILE_NAME, "a name of up to 40 letters, digits, dots, underscores and hyphens, as 2022", None)


def from_where(usual: str) -> Parameter[str]:
    """The parameter that says where a file is from."""
    kind = matching(SOURCE, "up to 200 printable ASCII characters", usual)
    return Parameter("source", "Where it is from, in words.", kind, usual)


Read = TypeVar("Read")


@dataclass(frozen=True, slots=True)
class FileRequest:
    """A file that somebody asks to load. `kind` is the store's."""

    kind: str
    name: str
    published: date
    source: str


class PublishedOn(QueryModel):
    """When a file was published."""

    published = Parameter("published", "The day DfE published it.", DAY, "2023-02-23", required=True)

    def check(self) -> None:
        """Refuse a day to come: the file would go before all later releases, and a loaded file never changes."""
        super().check()
        today = self.now.date()
        if self.published is not None and self.published > today:
            self.fault("published", "is to come", f"a day up to today, {today}", self.published.isoformat())

    def file_request(self, kind: str, name: str | None, source: str) -> FileRequest:
        """The file that somebody asks to load. Raises a 422 problem."""
        self.raise_if_invalid()
        assert name is not None and self.published is not None  # noqa: S101, PT018  (required)
        return FileRequest(kind, name, self.published, source)


def file_of(description: str) -> dict[str, Any]:
    """The body of a request that brings such a file, for the documentation."""
    content = {CSV: {"schema": {"type": "string"}}}
    return {"requestBody": {"required": True, "description": description, "content": content}}


def loading_responses(example: dict[str, Any], schema: Document) -> dict[int | str, dict[str, Any]]:
    """What a route that loads files may answer. Example and schema are those of a file as it is listed."""
    usual = responses(example, schema=schema, of_events=False)

    def response_of(description: str, status: str) -> dict[str, Any]:
        return json_answer(
            description, record({"status": {"const": status}} | schema["properties"]), {"status": status} | example
        )

    return {
        201: response_of("Loaded.", "loaded"),
        200: response_of("Already known: the same bytes were loaded under this name before.", "already-known"),
        401: usual[401],
        403: {"description": "The key has no right `operate` for all authorities.", **PROBLEM},
        409: {"description": "Another file was loaded under this name.", **PROBLEM},
        415: {"description": "The body is not sent as CSV.", **PROBLEM},
        422: {
            "description": "A parameter, or the file, is not as described: where, and what would be right.",
            **PROBLEM,
        },
        429: usual[429],
        503: usual[503],
    } | WITH_A_BODY


Keep = Callable[[asyncpg.Pool, LoadedFile, Read], Awaitable[LoadedFile | None]]


async def load(
    request: Request, database: KeptDatabase, file_request: FileRequest, read: Callable[[bytes], Read], keep: Keep[Read]
) -> tuple[LoadedFile, bool]:
    """The file as it was loaded, and whether it is new. `read` reads its bytes, `keep` writes what was read.

    Raises 409, 415 and 422 problems.
    """
    came = media_type(request.headers.get("content-type"))
    if came != CSV:
        raise Problem(415, "not-csv", "Not CSV", f"The body came as {came[:80] or 'nothing'}; send it as {CSV}.")
    runtime = runtime_of(request)
    largest = runtime.settings.largest_request_bytes
    async with (
        runtime.bodies.reading(request, largest, f"a {file_request.kind} file is sent whole and alone") as body,
        computing(request) as computation,
        database.opened() as pool,
    ):
        return await _load(computation, pool, file_request, body, read, keep)


async def _load(
    computation: Computation,
    pool: asyncpg.Pool,
    file_request: FileRequest,
    body: bytes,
    read: Callable[[bytes], Read],
    keep: Keep[Read],
) -> tuple[LoadedFile, bool]:
    sha256 = await computation.run(lambda: hashlib.sha256(body).hexdigest())
    file = LoadedFile(
        file_request.name, file_request.published, datetime.now(UTC), sha256, file_request.source, bytes(body)
    )
    if (known := await store.find_file(pool, file_request.kind, file_request.name)) is not None:
        return _same(file_request, known, file), False
    try:
        read_file = await computation.run(read, file.body)
    except Refused as refusal:
        faults = faults_as_json(refusal)
        problems = "; ".join(f"{item['field']} {item['problem']}" for item in faults["faults"])
        detail = f"{problems}; nothing of the file was loaded"
        raise Problem(
            422, f"{file_request.kind}-refused", f"The {file_request.kind} cannot be read", detail, **faults
        ) from None
    if (loaded := await keep(pool, file, read_file)) is not None:
        return loaded, True
    # Another process was quicker.
    known = await store.find_file(pool, file_request.kind, file_request.name)
    assert known is not None  # noqa: S101  (files are never taken away)
    return _same(file_request, known, file), False


def _same(file_request: FileRequest, known: LoadedFile, came: LoadedFile) -> LoadedFile:
    """The file that is known under this name. Raises a 409 problem where that is another."""
    other = [
        f"it was loaded with {what} {kept}, and came with {new}"
        for what, kept, new in (
            ("sha256", known.sha256, came.sha256),
            ("published", known.published, came.published),
        )
        if kept != new
    ]
    if other:
        detail = (
            f"{known.name}: {'; '.join(other)}. A file that was loaded is never changed: give this one another name."
        )
        raise Problem(
            409,
            f"{file_request.kind}-differs",
            f"Another {file_request.kind} is loaded as {known.name}",
            detail,
        )
    return known


def loaded(database: KeptDatabase, file_request: FileRequest, described: dict[str, Any], is_new: bool) -> JSONResponse:
    """The answer to the person who loaded a file. The log, too, says what was not read of it."""
    if is_new and described["columns_left_out"]:
        left_out = described["columns_left_out"]
        log.warning("columns of a file were not read", kind=file_request.kind, name=file_request.name, columns=left_out)
    status = "loaded" if is_new else "already-known"
    remarks = described["remarks"] + _remarks_on_keeping(database)
    return JSONResponse({"status": status} | described | {"remarks": remarks}, 201 if is_new else 200)


def _remarks_on_keeping(database: KeptDatabase) -> list[str]:
    """What the person who loads a file should know of where it is kept."""
    if database.is_apart:
        return []
    return [f"It is kept in metrics' own database, and gone when that is made again: {KEEP_APART}, and load it there."]
