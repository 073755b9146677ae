"""How large the head of a request may be: its address, its query, its headers.

Invariant: a head that is too large is refused before anything in it is looked at, no matter who sent it.
"""

from starlette.types import ASGIApp, Receive, Scope, Send

from services.chassis.problems import Problem
from services.chassis.settings import LimitSettings


class WithinLimits:
    """Middleware: refuses requests with too large a head that the connection still let through."""

    def __init__(self, app: ASGIApp, limits: LimitSettings) -> None:
        self._app = app
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer 414 or 431."""
        problem = None if scope["type"] != "http" else _too_large(scope, self._limits)
        if problem is None:
            await self._app(scope, receive, send)
        else:
            await problem.answer()(scope, receive, send)


def _too_large(scope: Scope, limits: LimitSettings) -> Problem | None:
    query: bytes = scope["query_string"]
    if len(scope.get("raw_path") or scope["path"]) + len(query) > limits.url_bytes:
        return url_too_long(limits)
    if query.count(b"&") >= limits.parameters:
        return Problem(414, "url-too-long", "The address is too long", f"At most {limits.parameters} query parameters.")
    # The connection lets pass what comes in one piece.
    size = sum(len(name) + len(value) for name, value in scope["headers"])
    return head_too_large(limits) if len(scope["headers"]) > limits.headers or size > limits.head_bytes else None


def url_too_long(limits: LimitSettings) -> Problem:
    """The answer to a path and query of too many bytes."""
    return Problem(414, "url-too-long", "The address is too long", f"At most {limits.url_bytes} bytes.")


def head_too_large(limits: LimitSettings) -> Problem:
    """The answer to headers of too many bytes, or to too many of them."""
    detail = f"At most {limits.headers} headers, with the address of {limits.head_bytes} bytes."
    return Problem(431, "head-too-large", "The headers are too large", detail)
