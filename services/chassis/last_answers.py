"""Answers that end a connection, and the answer that is given while there is no room.

Invariant: the client gets to read the answer, and is told that the connection ends with it.
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any, cast

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import RequestResponseCycle

from services.chassis.problems import Problem

Headers = list[tuple[bytes, bytes]]
Announce = Callable[[Iterable[tuple[bytes, bytes]]], Headers]
"""Adds the headers that announce the end of the connection, if the answer ends it."""


class Lingering:
    """The transport of an answer that ends a connection: it is not closed as soon as the answer is written.

    A client that is still sending would get a reset connection, and could not read the answer.
    """

    def __init__(self, transport: asyncio.Transport, cycle: RequestResponseCycle) -> None:
        self._cycle = cycle
        self._transport = transport
        self.write, self.is_closing = transport.write, transport.is_closing

    def close(self) -> None:
        """Close it if the answer was not finished."""
        if not self._cycle.response_complete:
            self._transport.close()


class Answering:
    """The application of a connection. An answer that ends the connection says so."""

    def __init__(self, app: Any, announce: Announce) -> None:
        self.app = cast(ASGIApp, app)
        self._announce = announce

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""

        async def announcing(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": self._announce(message.get("headers", ()))}
            await send(message)

        await self.app(scope, receive, announcing)


class HealthAlone:
    """The application while there is no room: it answers questions about health, and refuses everything else."""

    def __init__(self, app: Any) -> None:
        self._app = cast(ASGIApp, app)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse."""
        if scope["path"].startswith("/health/"):
            await self._app(scope, receive, send)
            return
        headers = {"Retry-After": "5", "Connection": "close"}
        detail = "As many connections are open as are allowed. Send the request again in some seconds."
        await Problem(503, "full", "Too many connections", detail, headers=headers).answer()(scope, receive, send)
