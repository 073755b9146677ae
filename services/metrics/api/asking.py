"""Pages and reports ask the API: a question is one of its routes, answered in this process, as the caller may ask it.

Invariant: pages show what the API answers, with the same rights, cost and faults. All questions of a page are asked
at one instant, so that its figures agree.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from fastapi import FastAPI, Request
from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from starlette.datastructures import Headers
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.types import ASGIApp, Message, Receive

from services.chassis.authentication import Caller
from services.chassis.query import ASKED_AT
from services.chassis.runtime import runtime_of
from services.metrics.api.formats import OF_SCOPE
from services.metrics.api.query import ALREADY_READ
from services.metrics.read_models.already_read import AlreadyRead

OF_THE_ROUTE = ("route", "endpoint", "path_params", "router", "state", OF_SCOPE)
"""What a request's scope holds of the route that it came to, and of its format: another route gets its own."""
OF_A_REFUSAL = ("retry-after",)
"""Headers of a refusal that the reader of the page must see, too."""


class NotAnswered(Exception):
    """The API refused a question: `status` and `problem` (RFC 9457) are its answer; `headers` say when to ask again."""

    def __init__(self, status: int, problem: Mapping[str, Any], headers: Mapping[str, str]) -> None:
        super().__init__(str(problem.get("detail", status)))
        self.status = status
        self.problem = problem
        self.headers = headers


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer of the API: its body, and the address that asks the same again."""

    body: dict[str, Any]
    address: str


async def ask(request: Request, caller: Caller, path: str, **given: Any) -> Answered:
    """The answer of a route of the API to GET. A parameter that is None is left out. Raises NotAnswered."""
    parameters = _parameters(given)
    scope = {name: value for name, value in request.scope.items() if name not in OF_THE_ROUTE}
    together = {
        ASKED_AT: request.scope.setdefault(ASKED_AT, datetime.now(UTC)),
        ALREADY_READ: request.scope.setdefault(
            ALREADY_READ, AlreadyRead(runtime_of(request).watermarks.complete_until)
        ),
    }
    scope |= together | _question(caller, path, parameters)
    status, content, headers = await _answer(request.app.router, scope, request.receive)
    body = json.loads(content)
    if status != 200:
        raise NotAnswered(status, body, headers)
    return Answered(body, address(path, parameters))


async def send(
    request: Request, caller: Caller, method: str, path: str, content: Mapping[str, Any] | None = None, **given: Any
) -> dict[str, Any]:
    """The answer of a route to which something is sent, in JSON if there is any. Raises NotAnswered."""
    body = b"" if content is None else json.dumps(content).encode()
    scope = {name: value for name, value in request.scope.items() if name not in OF_THE_ROUTE}
    scope |= _question(caller, path, _parameters(given)) | {"method": method}
    scope["headers"] = [
        *scope["headers"],
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
    ]
    unread: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return unread.pop() if unread else await request.receive()

    status, answered, headers = await _answer(request.app.router, scope, receive)
    answer: dict[str, Any] = json.loads(answered)
    if status >= 300:
        raise NotAnswered(status, answer, headers)
    return answer


async def ask_itself(app: FastAPI, caller: Caller, path: str, **given: Any) -> Answered:
    """The same without anybody's request: the service asks itself, and gets numbers to the digit (Decimal)."""
    parameters = _parameters(given)
    scope = {"type": "http", "app": app, "scheme": "http", "http_version": "1.1", "client": None, "server": None}
    scope |= _question(caller, path, parameters)
    # What FastAPI puts around its routes, without what looks at who calls.
    routes = ExceptionMiddleware(AsyncExitStackMiddleware(app.router), handlers=app.exception_handlers)
    status, content, headers = await _answer(routes, scope, _never_leaves)
    body = json.loads(content, parse_float=Decimal)
    if status != 200:
        raise NotAnswered(status, body, headers)
    return Answered(body, address(path, parameters))


def address(path: str, given: Mapping[str, Any]) -> str:
    """A path with its parameters; those that are None or empty are left out."""
    kept = {name: value for name, value in given.items() if value is not None and str(value)}
    return f"{path}?{urlencode(kept, safe=':,')}" if kept else path


def _parameters(given: Mapping[str, Any]) -> dict[str, str]:
    return {name.rstrip("_"): str(value) for name, value in given.items() if value is not None}


def _question(caller: Caller, path: str, parameters: Mapping[str, str]) -> dict[str, Any]:
    """What a scope says of the question."""
    return {
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": urlencode(parameters).encode(),
        "headers": [(b"accept", b"application/json"), (b"host", b"pages")],
        "caller": caller,
        "state": {},
    }


async def _never_leaves() -> Message:
    """What is received from the caller that waits for the answer, even if this task is cancelled."""
    never: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
    return await never


async def _answer(route: ASGIApp, scope: dict[str, Any], receive: Receive) -> tuple[int, bytes, Mapping[str, str]]:
    """Status and content; of the headers what a refusal obliges to."""
    status, content, headers = 500, bytearray(), Headers()

    async def take(message: Message) -> None:
        nonlocal status, headers
        if message["type"] == "http.response.start":
            status, headers = message["status"], Headers(raw=message["headers"])
        elif message["type"] == "http.response.body":
            content.extend(message.get("body", b""))

    await route(scope, receive, take)
    return status, bytes(content), {name: headers[name] for name in OF_A_REFUSAL if name in headers}
