"""Answers that tell callers what is wrong: problem details (RFC 9457).

Invariant: an answer says what was wrong, where, and what would be right; never a traceback. It is always short: at
most twenty faults and the number of the others, and of a long value only the beginning.
"""

import json
from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import Match, Mount

from contracts.refusal import MOST_FAULTS, Refused, and_more
from services.chassis.logs import get_log

log = get_log(__name__)

MEDIA_TYPE = "application/problem+json"

LONGEST = {"field": 200, "problem": 500, "expected": 4000, "value": 100}
"""The most characters of a fault's members. What we expect can be long; of a value that came, the beginning is
enough."""
LONGEST_DETAIL = 10_000
LONGEST_ECHO = 200
"""The most characters of a path or an id that is repeated to its sender."""


class JsonAnswer(JSONResponse):
    """A JSON answer in ASCII. So it can also repeat text that is not valid Unicode (a lone surrogate)."""

    def render(self, content: Any) -> bytes:
        """The body."""
        return json.dumps(content, allow_nan=False, separators=(",", ":")).encode("ascii")


class Problem(Exception):
    """Raised to answer a request with problem details.

    `kind` is a short name, the end of the problem's type URI; `extra` holds further members.
    """

    def __init__(
        self, status: int, kind: str, title: str, detail: str, *, headers: dict[str, str] | None = None, **extra: Any
    ) -> None:
        if "faults" in extra:
            left_out = extra.pop("faults_left_out", 0) + max(0, len(extra["faults"]) - MOST_FAULTS)
            if len(extra["faults"]) > MOST_FAULTS:
                detail = in_words(extra["faults"][:MOST_FAULTS], left_out)
            extra |= _short(extra["faults"], left_out)
        detail = beginning(detail, LONGEST_DETAIL)
        super().__init__(detail)
        self.status = status
        self.headers = headers
        self.body = {
            "type": f"urn:workforce:problem:{kind}",
            "title": title,
            "status": status,
            "detail": detail,
            **extra,
        }

    def answer(self) -> JSONResponse:
        """The HTTP answer."""
        return JsonAnswer(self.body, self.status, headers=self.headers, media_type=MEDIA_TYPE)


def beginning(text: str, most: int) -> str:
    """A text cut to at most so many characters; a cut text ends in an ellipsis."""
    return text if len(text) <= most else f"{text[: most - 3]}..."


def in_words(faults: Sequence[dict[str, str]], left_out: int) -> str:
    """Faults in one line, and how many others there are."""
    lines = (f"{fault['field']} {fault['problem']}: {fault['expected']}" for fault in faults)
    return "; ".join([*lines, *and_more(left_out)])


def faults_as_json(refusal: Refused) -> dict[str, Any]:
    """The faults of a refusal as members of an answer: `faults`, and `faults_left_out` if there are more."""
    faults = [
        {"field": fault.field, "problem": fault.problem, "expected": fault.expected}
        | ({} if fault.value is None else {"value": fault.value})
        for fault in refusal.faults[:MOST_FAULTS]
    ]
    return _short(faults, refusal.left_out + max(0, len(refusal.faults) - MOST_FAULTS))


def _short(faults: Sequence[dict[str, str]], left_out: int) -> dict[str, Any]:
    shortened = [
        {name: beginning(text, LONGEST[name]) for name, text in fault.items()} for fault in faults[:MOST_FAULTS]
    ]
    return {"faults": shortened} | ({"faults_left_out": left_out} if left_out else {})


def not_available(reason: str) -> Problem:
    """The answer while something that the service needs is away. Whether anything was done is not known.

    `reason` says what is wrong, for example "Kafka cannot be reached".
    """
    return Problem(
        503,
        "not-available",
        "Not available at the moment",
        f"{reason}. Send the request again in a few seconds: an event that was accepted all the same "
        "is then answered as already known.",
        headers={"Retry-After": "5"},
    )


AS = {"HEAD": "GET"}
"""Methods that are answered as others are."""


def install_problem_answers(app: FastAPI) -> None:
    """Make every error of this API, including the framework's, an RFC 9457 answer."""

    @app.exception_handler(Problem)
    async def _problem(_: Request, problem: Problem) -> JSONResponse:
        return problem.answer()

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> JSONResponse:
        request_line = beginning(f"{request.method} {request.url.path}", LONGEST_ECHO)
        detail = f"{request_line}: {error.detail}"
        headers = dict(error.headers or {})
        if error.status_code == 405 and (methods := _methods(request)):
            headers["Allow"] = ", ".join(methods)
        return Problem(error.status_code, "http", str(error.detail), detail, headers=headers).answer()

    @app.exception_handler(RequestValidationError)
    async def _invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        return not_as_described(error.errors()).answer()

    @app.exception_handler(Exception)
    async def _unforeseen(request: Request, error: Exception) -> JSONResponse:
        return unforeseen(request, error).answer()


def unforeseen(request: Request, error: Exception) -> Problem:
    """The answer if the service failed on a request; the cause is logged."""
    log.error("request failed", path=request.url.path, exc_info=error)
    detail = "The service failed on this request; its log has the cause."
    return Problem(500, "failed", "The service failed", detail)


def not_as_described(errors: Sequence[dict[str, Any]]) -> Problem:
    """The answer to a request in which pydantic found these errors. The first part of each path is body or query."""
    faults = [_fault(item) for item in errors[:MOST_FAULTS]]
    left_out = len(errors) - len(faults)
    title, detail = "The request is not as described", in_words(faults, left_out)
    return Problem(422, "request-refused", title, detail, faults=faults, faults_left_out=left_out)


def _methods(request: Request) -> list[str]:
    """The methods that a path allows. (The framework names only those of its first route.)"""
    routes = [route for route in request.app.routes if not isinstance(route, Mount)]
    return [
        method
        for method in ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")
        if any(route.matches({**request.scope, "method": AS.get(method, method)})[0] is Match.FULL for route in routes)
    ]


def _fault(item: dict[str, Any]) -> dict[str, str]:
    """What is wrong with a parameter of a request, as the framework found it."""
    field = ".".join(str(part) for part in item["loc"][1:])
    if item["type"] == "missing":
        return {"field": field, "problem": "is missing", "expected": "a value for it"}
    return {"field": field, "problem": "cannot be read", "expected": item["msg"], "value": str(item["input"])[:80]}
