"""Faults, as a page for readers with a browser; programs get problem details.

Invariant: the status, and the headers that it requires (Allow, Retry-After), are the same in both.
"""

import json
from collections.abc import Mapping
from typing import Any

from fastapi import Request, Response
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.chassis.problems import MEDIA_TYPE, unforeseen
from services.metrics.api.formats import ROOT
from services.metrics.pages.page import failed
from services.metrics.pages.signing_in import to_sign_in

PAGE = "text/html"
OF_THE_FRAMEWORK = ":http"
"""How the type of a fault ends that is told in the words of HTTP."""
IN_WORDS = {
    404: ("There is no such page", "Nothing is at this address. Check how it is written."),
    405: ("This address takes nothing", "What was sent has changed nothing. Go back, and try again from the page."),
}
KEPT = ("allow", "retry-after")
"""Headers of a fault that a page says too."""


class PagesForBrowsers:
    """Middleware around all others: a reader who asks for a page gets every kind of fault as a page."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; what comes back as problem details is made a page of."""
        if scope["type"] != "http" or PAGE not in Headers(scope=scope).get("accept", ""):
            await self._app(scope, receive, send)
            return
        request, noted = Request(scope, receive), _Noted(send)
        try:
            await self._app(scope, receive, noted)
        except Exception as error:
            if noted.has_begun:
                raise
            problem = unforeseen(request, error)
            await failed(request, problem.status, problem.body)(scope, receive, send)
            return
        if noted.held is not None:
            answer = _page(request, noted.held, bytes(noted.content))
            await answer(scope, receive, send)


class _Noted:
    """What is sent, but for problem details: those are held."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.has_begun = False
        self.held: Message | None = None
        self.content = bytearray()

    async def __call__(self, message: Message) -> None:
        self.has_begun = True
        if message["type"] == "http.response.start" and _is_problem(message):
            self.held = message
        elif self.held is None:
            await self._send(message)
        elif message["type"] == "http.response.body":
            self.content += message.get("body", b"")


def _is_problem(start: Message) -> bool:
    """Whether a page can be made of it. A caller of the API without a key is told how to send one."""
    return Headers(raw=start["headers"]).get("content-type", "") == MEDIA_TYPE


def _page(request: Request, start: Message, content: bytes) -> Response:
    status: int = start["status"]
    headers = Headers(raw=start["headers"])
    if status == 401 and not request.url.path.startswith(ROOT):
        return to_sign_in(request)
    problem: Mapping[str, Any] = json.loads(content)
    if str(problem.get("type", "")).endswith(OF_THE_FRAMEWORK) and status in IN_WORDS:
        title, detail = IN_WORDS[status]
        problem = {"title": title, "detail": detail}
    answer = failed(request, status, problem)
    for name in KEPT:
        if name in headers:
            answer.headers[name] = headers[name]
    for challenge in headers.getlist("www-authenticate"):
        answer.headers.append("www-authenticate", challenge)
    return answer
