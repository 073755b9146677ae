"""What is answered to bytes that are no request, to other protocols, and while there is no room.

Invariant: bytes go over real sockets.
"""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from services.chassis.connections import Connections
from services.chassis.last_answers import HealthAlone
from services.chassis.settings import LimitSettings
from services.chassis.telemetry import Telemetry
from tests.unit.chassis.test_connections import HEAD, call, listen, service

HOST = "Host: x\r\n"


@pytest_asyncio.fixture
async def telemetry() -> Telemetry:
    return Telemetry()


@pytest_asyncio.fixture
async def port(telemetry: Telemetry) -> AsyncIterator[int]:
    """Where recruitment listens."""
    server, port = await listen(service(), Connections(LimitSettings(), telemetry))
    yield port
    server.close()


@pytest.mark.parametrize(
    ("sent", "status", "kind"),
    [
        ("\x16\x03\x01\x02\x00\x01\r\n\r\n", 400, "no-http"),
        ("hello\r\n\r\n", 400, "no-http"),
        ("GET / HTTP/1.1\r\n\r\n", 400, "no-http"),
        (f"GET / HTTP/1.1\r\n{HOST}Content-Length: x\r\n\r\n", 400, "no-http"),
        (f"POST /v1/events HTTP/1.1\r\n{HEAD}Transfer-Encoding: chunked\r\n\r\nnone\r\n", 400, "no-http"),
        ("GET /" + "x" * 20_000, 414, "url-too-long"),
        (f"GET / HTTP/1.1\r\n{HOST}x: " + "y" * 20_000, 431, "head-too-large"),
        (f"GET / HTTP/1.1\r\n{HOST}" + "x: y\r\n" * 200, 431, "head-too-large"),
    ],
    ids=[
        "another protocol", "a word", "no host", "a length that is none", "a chunk that is none",
        "an address without an end", "a header without an end", "headers without an end",
    ],
)  # fmt: skip
async def test_what_is_no_request_is_told_so_and_its_connection_ends(
    port: int, telemetry: Telemetry, sent: str, status: int, kind: str
) -> None:
    caller = await call(port)
    await caller.send(sent.encode("latin-1"))
    answer_status, connection, body = await caller.answer()
    assert (answer_status, connection) == (status, ["close"])
    assert f"urn:workforce:problem:{kind}".encode() in body
    assert await caller.ends()
    samples = next(iter(telemetry.turned_away.collect())).samples
    assert [sample.labels["limit"] for sample in samples if sample.name.endswith("_total")] == ["head"]


async def test_who_asks_for_another_protocol_is_answered_in_this_one(port: int) -> None:
    caller = await call(port)
    upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: eA==\r\n"
    await caller.send(f"GET /health/live HTTP/1.1\r\n{HOST}{upgrade}\r\n")
    status, _, body = await caller.answer()
    assert (status, b'"live"' in body) == (200, True)


@pytest.mark.parametrize("path", ["/health/live", "/v1/measures", "/metrics", "/", "/health"])
async def test_while_there_is_no_room_only_questions_of_health_are_answered(path: str) -> None:
    server, port = await listen(HealthAlone(service()), Connections(LimitSettings(), Telemetry()))
    try:
        caller = await call(port)
        await caller.send(f"GET {path} HTTP/1.1\r\n{HOST}\r\n")
        status, connection, body = await caller.answer()
        assert (status, connection) == ((200, []) if path == "/health/live" else (503, ["close"]))
        assert (b"urn:workforce:problem:full" in body) is (status == 503)
    finally:
        server.close()
