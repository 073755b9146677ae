"""Nothing of a request is read before it is known who asks, and that they may.

Invariant: the routes are those that the applications have, whatever they are; only what is open to all is written here.
"""

from base64 import b64encode
from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.types import Message

from services.chassis.authentication import Right, new_key
from services.metrics import app as metrics
from services.recruitment import app as recruitment
from services.retention import app as retention

DATABASE = "postgresql://postgres@/nothing"
IDLE_KEY, IDLE = new_key("idle", "331", ())
FEED_KEY, FEED = new_key("feed", "331", (Right.FEED,))
APPS: dict[str, FastAPI] = {
    module.NAME: module.create(module.ServiceSettings(database_url=DATABASE, api_keys=(IDLE, FEED)))
    for module in (recruitment, retention, metrics)
}
OPEN = {
    "/", "/asyncapi", "/asyncapi.json", "/docs", "/docs/oauth2-redirect", "/health/live", "/health/ready", "/metrics",
    "/openapi.json", "/static-offline-docs",
}  # fmt: skip
FOR_ANY_KEY = {
    "/v1/measures", "/v1/quality/checks", "/v1/benchmarks/neighbours", "/v1/benchmarks/releases",
    "/v1/benchmarks/revisions",
}  # fmt: skip
"""What tells of no authority: any key may ask."""
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND")
QUERY = b"authority=&authority=x&as_at=yesterday&limit=%FF&nonsense=1"
each_service = pytest.mark.parametrize("app", APPS.values(), ids=APPS.keys())


def paths(routes: Iterable[Any]) -> set[str]:
    """The paths of an application's routes, those of included routers too."""
    found: set[str] = set()
    for route in routes:
        included = getattr(route, "original_router", None)
        found |= paths(included.routes) if included is not None else {route.path}
    return found


async def ask(
    app: FastAPI, method: str, path: str, key: str | None, query: bytes = QUERY, headers: Sequence[tuple[str, str]] = ()
) -> tuple[int, int]:
    """The status of the answer, and how often the body was asked for: it is no JSON, and never ends."""
    messages: list[Message] = []
    reads = 0

    async def receive() -> Message:
        nonlocal reads
        reads += 1
        if reads > 3:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": b"{[", "more_body": True}

    async def send(message: Message) -> None:
        messages.append(message)

    given = [("content-type", "application/json"), *headers] + ([("authorization", f"Bearer {key}")] if key else [])
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": query, "root_path": "", "client": None, "server": None,
        "headers": [(name.encode(), value.encode()) for name, value in given],
    }  # fmt: skip
    await app(scope, receive, send)
    return messages[0]["status"], reads


@each_service
async def test_whoever_has_no_known_key_gets_401_whatever_is_asked_and_nothing_is_read(app: FastAPI) -> None:
    closed = {path for path in paths(app.routes) if path not in OPEN}
    assert len(closed) >= 3
    for path in {*closed, "/v1", "/v2/nothing", "/health", "/health/live/", "/docs/../v1/set-aside", "//metrics"}:
        for filled in (path, path.replace("{", "").replace("}", "")):
            for method in METHODS:
                for key in (None, "guessed", FEED_KEY[:-1], FEED_KEY + " x"):
                    assert await ask(app, method, filled, key) == (401, 0), (method, filled)


def basic(user: str, password: str) -> str:
    """The header by which programs send a user and a password."""
    return "Basic " + b64encode(f"{user}:{password}".encode()).decode()


GIVEN = {
    "bearer": f"Bearer {FEED_KEY}",
    "basic": basic("anybody", FEED_KEY),
}
"""A key in each of the ways that are documented."""
REFUSED = [
    FEED_KEY,
    f"Token {FEED_KEY}",
    f"ApiKey {FEED_KEY}",
    f'Digest username="anybody", response="{FEED_KEY}"',
    f"Negotiate {b64encode(FEED_KEY.encode()).decode()}",
    f"Basic {FEED_KEY}",
    f"Bearer {b64encode(FEED_KEY.encode()).decode()}",
    f"Basic {b64encode(FEED_KEY.encode()).decode()}",
    f"Bearer {basic('anybody', FEED_KEY).removeprefix('Basic ')}",
    basic(FEED_KEY, ""),
    basic(FEED_KEY, "anybody"),
    basic("anybody", FEED_KEY + "x"),
    basic("anybody", IDLE.sha256),
    "Basic",
    "Basic ====",
    "Basic /w==",
    basic("anybody", FEED_KEY)[:-1] + "\xff",
]


@each_service
async def test_a_key_can_be_sent_in_every_way_that_is_documented(app: FastAPI) -> None:
    schemes = app.openapi()["components"]["securitySchemes"].values()
    assert {scheme["scheme"] for scheme in schemes} == set(GIVEN)
    for given in (*GIVEN.values(), basic("", FEED_KEY), basic("Zoë", FEED_KEY), GIVEN["basic"].replace("B", "b", 1)):
        assert await ask(app, "GET", "/v1/nothing", None, b"", [("authorization", given)]) == (404, 0), given
        # With the rights of the key, and no others.
        assert await ask(app, "GET", "/v1/set-aside", None, b"", [("authorization", given)]) == (403, 0), given


@each_service
@pytest.mark.parametrize("given", REFUSED)
async def test_a_key_in_another_way_is_none(app: FastAPI, given: str) -> None:
    assert await ask(app, "GET", "/v1/set-aside", None, b"", [("authorization", given)]) == (401, 0)


@each_service
async def test_what_is_open_to_all_is_what_is_written_here_and_reads_no_body(app: FastAPI) -> None:
    assert paths(app.routes) >= OPEN
    for path in OPEN:
        status, reads = await ask(app, "GET", path, None, b"")
        assert (status != 401, reads) == (path != "/static-offline-docs", 0)


@each_service
async def test_a_key_without_the_right_gets_403_before_anything_is_read(app: FastAPI) -> None:
    document = app.openapi()
    asked = {
        (method.upper(), path)
        for path, operations in document["paths"].items()
        for method in operations
        if path not in OPEN and not (method == "get" and path in FOR_ANY_KEY)
    }
    assert asked
    for method, path in asked:
        assert await ask(app, method, path.replace("{", "").replace("}", ""), IDLE_KEY) == (403, 0), (method, path)


@each_service
async def test_what_is_open_or_for_any_key_reads_no_body_either(app: FastAPI) -> None:
    for path in FOR_ANY_KEY & paths(app.routes):
        status, reads = await ask(app, "GET", path, IDLE_KEY)
        assert (status, reads) == (422, 0)


@each_service
async def test_a_large_head_is_refused_whoever_sent_it(app: FastAPI) -> None:
    for key in (None, FEED_KEY):
        for path in ("/v1/events", "/health/live", "/nothing"):
            assert await ask(app, "GET", path, key, b"a" * 8000) == (414, 0)
            assert await ask(app, "GET", "/" + "a" * 8000, key, b"") == (414, 0)
            assert await ask(app, "GET", path, key, b"&" * 100) == (414, 0)
            assert await ask(app, "GET", path, key, b"", [("x", "y")] * 100) == (431, 0)
            assert await ask(app, "GET", path, key, b"", [("x", "y" * 16_384)]) == (431, 0)


async def test_methods_that_callers_invent_are_not_kept() -> None:
    app = APPS["retention"]
    before = len(list(app.state.runtime.telemetry.requests.collect()[0].samples))
    for number in range(50):
        await ask(app, f"INVENTED{number}", "/health/live", None, b"")
    after = len(list(app.state.runtime.telemetry.requests.collect()[0].samples))
    assert after - before <= 2 * 17
