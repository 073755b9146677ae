"""Pages ask the API: a question is one of its routes, answered in this process, as the page's caller may ask it.

Invariant: what a page shows is what the API answers, with the same rights, the same cost and the same faults.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from starlette.types import Message

from services.chassis.authentication import Caller

OF_THE_ROUTE = ("route", "endpoint", "path_params", "router", "state")
"""What a request's scope holds of the route that it came to: another route gets its own."""


class NotAnswered(Exception):
    """The API refused a question: `status` and `problem` (RFC 9457) are its answer."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(str(problem.get("detail", status)))
        self.status = status
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer of the API: its body, and the address that asks the same again."""

    body: dict[str, Any]
    address: str


async def ask(request: Request, caller: Caller, path: str, **given: Any) -> Answered:
    """The answer of a route of the API to GET. A parameter that is None is left out. Raises NotAnswered."""
    parameters = {name.rstrip("_"): str(value) for name, value in given.items() if value is not None}
    status, content = await _answer(request, caller, path, urlencode(parameters))
    body = json.loads(content)
    if status != 200:
        raise NotAnswered(status, body)
    return Answered(body, address(path, parameters))


def address(path: str, given: Mapping[str, Any]) -> str:
    """A path with its parameters; those that are None are left out."""
    kept = {name: value for name, value in given.items() if value is not None}
    return f"{path}?{urlencode(kept, safe=':,')}" if kept else path


async def _answer(request: Request, caller: Caller, path: str, query: str) -> tuple[int, bytes]:
    scope = {name: value for name, value in request.scope.items() if name not in OF_THE_ROUTE}
    scope |= {
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(b"accept", b"application/json"), (b"host", b"pages")],
        "caller": caller,
        "state": {},
    }
    status, content = 500, bytearray()

    async def take(message: Message) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        elif message["type"] == "http.response.body":
            content.extend(message.get("body", b""))

    await request.app.router(scope, request.receive, take)
    return status, bytes(content)
