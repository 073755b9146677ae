"""A caller who leaves, as the web server tells it: through every layer of the application."""

import asyncio
from threading import Event
from typing import Any, cast

from fastapi import APIRouter, Request, Response

from services.chassis.runtime import Runtime
from services.chassis.service import create_service
from services.metrics.api.computing import computing
from services.metrics.app import SPEC
from services.metrics.pauses import AskerLeft, pause
from services.metrics.settings import ServiceSettings

PATIENCE = 60.0
SETTINGS = ServiceSettings(database_url="postgresql://nowhere/metrics")


class Endless:
    """A route whose work ends only when its caller leaves."""

    def __init__(self) -> None:
        self.began, self.ended = Event(), Event()
        self.router = APIRouter()
        self.router.get("/v1/endless")(self._get)

    async def _get(self, request: Request) -> Response:
        async with computing(request) as computation:
            return await computation.run(self._work)

    def _work(self) -> Response:
        self.began.set()
        try:
            while not self.ended.wait(0.001):
                pause()
        except AskerLeft:
            self.ended.set()
        return Response()


async def test_work_ends_when_the_connection_is_closed() -> None:
    endless, closed = Endless(), asyncio.Event()
    app = create_service(SPEC, SETTINGS, title="Metrics", description="Of a test", routers=[endless.router])
    # Nothing is asked of the database.
    cast(Any, app.state.runtime)._pool = object()
    came = [{"type": "http.request", "body": b"", "more_body": False}]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        if came:
            return came.pop()
        await closed.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
        "path": "/v1/endless", "raw_path": b"/v1/endless", "query_string": b"", "root_path": "", "headers": [],
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 2),
    }  # fmt: skip
    answering = asyncio.create_task(app(cast(Any, scope), cast(Any, receive), send))
    assert await asyncio.to_thread(endless.began.wait, PATIENCE)
    assert not endless.ended.is_set()
    closed.set()
    assert await asyncio.to_thread(endless.ended.wait, PATIENCE)
    await asyncio.wait_for(answering, PATIENCE)
    runtime: Runtime = app.state.runtime
    counted = runtime.telemetry.requests.labels("GET", "/v1/endless", 499)
    assert [message["status"] for message in sent if message["type"] == "http.response.start"] == [499]
    assert counted._sum.get() > 0
