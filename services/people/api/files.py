"""HTTP in: extracts, and what became of each of their rows.

Invariant: the name that a file was sent with is kept nowhere, and no value of it is logged.
"""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import JSONResponse

from contracts.envelope import format_instant
from services.chassis.authentication import FEEDING, Right
from services.chassis.documentation import WITH_A_BODY, json_answer, json_content, refusals
from services.chassis.problems import JsonAnswer, Problem
from services.chassis.query import DAY, FLAG, INSTANT, Parameter, QueryModel, matching, whole, word
from services.chassis.runtime import runtime_of
from services.people import answers, handlers
from services.people.api import examples, schemas
from services.people.api.parameters import REFUSED, FeedName, OfOneAuthority, allowed, people_of
from services.people.comparing import Status
from services.people.dry_run import dry_run
from services.people.files.refusal import FileRefused
from services.people.handlers import Sent

FILE_NAME_PATTERN = r"^[^/\\\x00-\x1f]{1,200}$"
ANY_BYTES = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
ADVICE = "leave out columns that the mapping does not name, or raise WORKFORCE_LARGEST_FILE_BYTES"
CSV = "text/csv"

FileId = Annotated[int, Path(description="As it was answered when the file was sent.", ge=1, le=2**63 - 1)]


class SentParameters(OfOneAuthority):
    """Which file it is, and of when."""

    file = Parameter(
        "file",
        "The name of the file. It tells which file of the mapping it is, and is not kept.",
        matching(FILE_NAME_PATTERN, "the name of a file, without its folder", ""),
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
    confirmed = Parameter(
        "confirmed",
        "Somebody has looked: it really is so much smaller than the last one, or laid out otherwise.",
        FLAG,
    )
    dry_run = Parameter("dry_run", "Tell what would happen, and change nothing.", FLAG)

    def check(self) -> None:
        """An extract that is made in the future would hold up those that come before."""
        super().check()
        if self.recorded_at is not None and self.recorded_at > self.now:
            self.fault("recorded_at", "is in the future", "when the extract was made", format_instant(self.recorded_at))
        if self.as_at is not None and self.as_at > self.now.date():
            expected = f"the day that its rows are true on, {self.now.date()} at the latest"
            self.fault("as_at", "is in the future", expected, self.as_at.isoformat())

    def sent(self, feed: str, caller: str) -> Sent:
        """The file that is meant, once nothing is wrong."""
        assert self.as_at is not None  # noqa: S101 - it is required
        of = (self.authority, feed, self.file, self.as_at)
        return Sent(*of, self.recorded_at, caller, confirmed=self.confirmed)


class RowsParameters(QueryModel):
    """Which rows, and how."""

    status = Parameter("status", "Only rows with this answer.", word([str(one) for one in Status], None), "rejected")
    behind = Parameter("after", "Only rows behind this one.", whole(0, 2**31 - 1, 0))
    limit = Parameter("limit", "Most rows of one answer.", whole(1, 10_000, 1000))
    format = Parameter("format", "JSON, or an annotated copy as CSV.", word(["json", "csv"], "json"))


router = APIRouter(tags=["extracts"], dependencies=[FEEDING])


@router.post(
    "/v1/feeds/{feed}/files",
    status_code=202,
    summary="Send an extract",
    responses=REFUSED
    | WITH_A_BODY
    | refusals({404: "The feed has no mapping.", 422: "The file, or a parameter, is not as described."})
    | {
        202: json_answer("It will be taken in.", schemas.SENT, examples.SENT_EXAMPLE),
        200: json_answer("It was known; or of a dry run what would happen.", schemas.KNOWN_OR_DRY_RUN),
    },
    openapi_extra=SentParameters.documented() | ANY_BYTES,
)
async def post_file(request: Request, feed: FeedName) -> JSONResponse:
    """Takes CSV or XLSX. A file answered 202 is not lost. The links say what became of it."""
    question = SentParameters(request)
    sent = question.sent(feed, question.raise_unless_allowed(Right.FEED).name)
    runtime, people = runtime_of(request), people_of(request)
    async with runtime.bodies.reading(request, people.settings.largest_file_bytes, ADVICE) as body:
        try:
            with handlers.in_silence():
                if question.dry_run:
                    return JsonAnswer(await dry_run(runtime, people, sent, body))
                file, known, dropped = await handlers.accept_file(runtime, people, sent, body)
        except FileRefused as refusal:
            raise _refused(refusal) from None
    return JSONResponse(_sent(file["id"], dropped, known=known), 200 if known else 202)


@router.get(
    "/v1/files/{id}",
    summary="What became of an extract",
    responses=REFUSED
    | refusals({404: "There is no such file."})
    | {200: json_answer("So far.", schemas.FILE, examples.FILE_EXAMPLE)},
    openapi_extra=QueryModel.documented(),
)
async def get_file(request: Request, id: FileId) -> JSONResponse:
    """Whether the file was taken in, how many of its rows were accepted, and how recruitment and retention answered
    its events.
    """
    QueryModel(request).raise_if_invalid()
    runtime = runtime_of(request)
    file = await handlers.find_file(runtime, id)
    allowed(request, Right.FEED, file["authority"])
    return JsonAnswer(await answers.file_as_json(runtime, file))


@router.get(
    "/v1/files/{id}/rows",
    summary="The answer to each row of an extract",
    response_class=Response,
    responses=REFUSED
    | refusals({404: "There is no such file."})
    | {
        200: {
            "description": "The rows, in the order of the file.",
            "content": {
                "application/json": json_content(schemas.ROWS, examples.ROWS_EXAMPLE),
                CSV: {"schema": {"type": "string"}},
            },
        }
    },
    openapi_extra=RowsParameters.documented(),
)
async def get_rows(request: Request, id: FileId) -> Response:
    """For a rejected row: the column, what came, what would be right, and the cells that are not personal."""
    question = RowsParameters(request)
    question.raise_if_invalid()
    runtime = runtime_of(request)
    file = await handlers.find_file(runtime, id)
    allowed(request, Right.FEED, file["authority"])
    rows = await answers.rows_after(runtime, people_of(request), file, question.behind, question.limit, question.status)
    next_page = _next(request, rows[-1]["row"]) if len(rows) == question.limit else None
    if question.format == "csv":
        columns = await answers.columns_of(runtime, file)
        text = "".join(answers.annotated(columns, rows, heading=question.behind == 0))
        headers = {"Link": f'<{next_page}>; rel="next"'} if next_page else {}
        return Response(text.encode("utf-8", "replace"), media_type=CSV, headers=headers)
    links = {"next": next_page} if next_page else {}
    return JsonAnswer({"file": id, "rows": rows, "links": links})


def _next(request: Request, after: int) -> str:
    url = request.url.include_query_params(after=after)
    return f"{url.path}?{url.query}"


def _sent(id: int, dropped: Sequence[str], *, known: bool) -> dict[str, Any]:
    here = f"/v1/files/{id}"
    status = "already-known" if known else "accepted"
    return {
        "id": id,
        "status": status,
        "dropped_columns": list(dropped),
        "links": {"self": here, "rows": f"{here}/rows"},
    }


def _refused(refusal: FileRefused) -> Problem:
    """The answer to a file of which nothing is taken."""
    fault = {"field": refusal.where or "file", "problem": refusal.problem, "expected": refusal.expected}
    return Problem(422, "file-refused", "The file is refused, and nothing changed", str(refusal), faults=[fault])
