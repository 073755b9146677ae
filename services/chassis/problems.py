"""Answers to callers that something is wrong: problem details (RFC 9457).

Invariant: an answer says what was wrong, where, and what would be right; never a traceback.
"""

import json
from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import Match, Mount

from contracts.refusal import Fault
from services.chassis.logs import get_log

log = get_log(__name__)

MEDIA_TYPE = "application/problem+json"


class JsonAnswer(JSONResponse):
    """A JSON answer in ASCII: it can also repeat text that is no Unicode (a lone surrogate) to whoever sent it."""

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


def faults_as_json(faults: Sequence[Fault]) -> list[dict[str, str]]:
    """Faults as they stand in an answer."""
    return [
        {"field": fault.field, "problem": fault.problem, "expected": fault.expected}
        | ({} if fault.value is None else {"value": fault.value})
        for fault in faults
    ]


def not_available(reason: str) -> Problem:
    """The answer while something the service needs is away: nothing is known to have been done.

    `reason` says what is the matter, as "Kafka cannot be reached".
    """
    return Problem(
        503,
        "not-available",
        "Not available at the moment",
        f"{reason}. Send the request again in a few seconds: an event that was accepted all the same "
        "is then answered as already known.",
        headers={"Retry-After": "5"},
    )


def install_problem_answers(app: FastAPI) -> None:
    """Make every error of this API, its framework's included, an RFC 9457 answer."""

    @app.exception_handler(Problem)
    async def _problem(_: Request, problem: Problem) -> JSONResponse:
        return problem.answer()

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> JSONResponse:
        detail = f"{request.method} {request.url.path}: {error.detail}"
        headers = dict(error.headers or {})
        if error.status_code == 405 and (methods := _methods(request)):
            headers["Allow"] = ", ".join(methods)
        return Problem(error.status_code, "http", str(error.detail), detail, headers=headers).answer()

    @app.exception_handler(RequestValidationError)
    async def _invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        faults = [_fault(item) for item in error.errors()]
        detail = "; ".join(f"{fault['field']} {fault['problem']}: {fault['expected']}" for fault in faults)
        return Problem(422, "request-refused", "The request is not as described", detail, faults=faults).answer()

    @app.exception_handler(Exception)
    async def _unforeseen(request: Request, error: Exception) -> JSONResponse:
        log.error("request failed", path=request.url.path, exc_info=error)
        detail = "The service failed on this request; the cause stands in its log."
        return Problem(500, "failed", "The service failed", detail).answer()


def _methods(request: Request) -> list[str]:
    """What may be asked of a path. (The framework names the methods of its first route alone.)"""
    routes = [route for route in request.app.routes if not isinstance(route, Mount)]
    return [
        method
        for method in ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")
        if any(route.matches({**request.scope, "method": method})[0] is Match.FULL for route in routes)
    ]


def _fault(item: dict[str, Any]) -> dict[str, str]:
    """What is wrong with a parameter of a request, as the framework found it."""
    field = ".".join(str(part) for part in item["loc"][1:])
    if item["type"] == "missing":
        return {"field": field, "problem": "is missing", "expected": "a value for it"}
    return {"field": field, "problem": "cannot be read", "expected": item["msg"], "value": str(item["input"])[:80]}
