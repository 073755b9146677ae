"""HTTP in: extracts, and the answer to each of their rows.

Invariant: the name that a file was sent with is kept nowhere, and no value of it is logged.
"""

from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from contracts.envelope import format_instant
from services.chassis.authentication import FEEDING, Right
from services.chassis.documentation import WITH_A_BODY, json_answer, record, refusals
from services.chassis.problems import Problem
from services.chassis.query import DAY, FLAG, INSTANT, Parameter, matching
from services.chassis.runtime import runtime_of
from services.people import handlers
from services.people.api.parameters import REFUSED, FeedName, OfOneAuthority, allowed
from services.people.files.refusal import FileRefused
from services.people.handlers import People, Sent

FILE_NAME_PATTERN = r"^[^/\\\x00-\x1f]{1,200}$"
ANY_BYTES = {"requestBody": {"required": True, "content": {"application/octet-stream": {"schema": {}}}}}
SENT = record(
    {
        "id": {"type": "integer", "minimum": 1},
        "status": {"type": "string", "enum": ["accepted", "already-known"]},
        "links": record({"self": {"type": "string"}, "rows": {"type": "string"}}),
    }
)


class SentParameters(OfOneAuthority):
    """Which file it is, and of when."""

    file = Parameter(
        "file",
        "The name of the file. It tells which file of the mapping it is, and is not kept.",
        matching(FILE_NAME_PATTERN, "the name of a file, without its folder", None),
        "employees_20231031.csv",
        required=True,
    )
    as_at = Parameter("as_at", "The date its rows are true on.", DAY, "2023-10-31", required=True)
    recorded_at = Parameter(
        "recorded_at",
        "When the extract was made: the `time` of its events. Now if left out; given for files of past years.",
        INSTANT,
        "2023-10-31T19:00:00Z",
    )
    dry_run = Parameter("dry_run", "Tell what would happen, and change nothing.", FLAG)

    def check(self) -> None:
        """An extract that is made in the future would hold up those that come before."""
        super().check()
        if self.recorded_at is not None and self.recorded_at > self.now:
            self.fault("recorded_at", "is in the future", "when the extract was made", format_instant(self.recorded_at))


def files_router(people: People) -> APIRouter:
    """Routes of files."""
    router = APIRouter(tags=["extracts"], dependencies=[FEEDING])

    @router.post(
        "/v1/feeds/{feed}/files",
        status_code=202,
        summary="Send an extract",
        responses=REFUSED
        | WITH_A_BODY
        | refusals({404: "The feed has no mapping.", 422: "The file, or a parameter, is not as described."})
        | {202: json_answer("It will be taken in.", SENT), 200: json_answer("It was known.", SENT)},
        openapi_extra=SentParameters.documented() | ANY_BYTES,
    )
    async def post_file(request: Request, feed: FeedName) -> JSONResponse:
        """CSV or XLSX. What is answered 202 is not lost; how it went is told by the links."""
        question = SentParameters(request)
        caller = allowed(request, Right.FEED, question.authority)
        question.raise_if_invalid()
        runtime = runtime_of(request)
        assert question.as_at is not None  # noqa: S101 - it is required
        sent = Sent(
            *(question.authority or "", feed, question.file or "", question.as_at),
            *(question.recorded_at or datetime.now(UTC), caller.name),
        )
        advice = "leave out columns that the mapping does not name, or raise WORKFORCE_LARGEST_FILE_BYTES"
        async with runtime.bodies.reading(request, people.settings.largest_file_bytes, advice) as body:
            try:
                file, known = await handlers.accept_file(runtime, people, sent, body)
            except FileRefused as refusal:
                raise refused(refusal) from None
        return JSONResponse(_sent(file["id"], known=known), 200 if known else 202)

    return router


def _sent(id: int, *, known: bool) -> dict[str, Any]:
    here = f"/v1/files/{id}"
    return {
        "id": id,
        "status": "already-known" if known else "accepted",
        "links": {"self": here, "rows": f"{here}/rows"},
    }


def refused(refusal: FileRefused) -> Problem:
    """The answer to a file of which nothing is taken."""
    fault = {"field": refusal.where or "file", "problem": refusal.problem, "expected": refusal.expected}
    return Problem(422, "file-refused", "The file is refused, and nothing changed", str(refusal), faults=[fault])
