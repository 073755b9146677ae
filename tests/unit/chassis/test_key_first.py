"""Nothing of a request is read before it is known who asks, and that they may.

Invariant: the routes are those that the applications have, whatever they are; only what is open to all is written here.
"""

from base64 import b64encode
from collections.abc import Iterable, Sequence
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.types import Message

from services.chassis.authentication import Right, hash_key, new_key
from services.metrics import app as metrics
from services.metrics.pages.router import pages_router
from services.recruitment import app as recruitment
from services.retention import app as retention


def paths(routes: Iterable[Any]) -> set[str]:
    """The paths of an application's routes, those of included routers too."""
    own: set[str] = set()
    for route in routes:
        included = getattr(route, "original_router", None)
        own |= paths(included.routes) if included is not None else {route.path}
    return own


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
PAGES = paths(pages_router().routes)
"""Where whoever shows no key is asked for one on a page."""
FORMS = {"/sign-in", "/sign-in/openid-connect", "/sign-in/openid-connect/back", "/sign-out"}
"""Pages that anybody may open: they ask who one is, and end what began with that."""
FOR_ANY_KEY = {
    "/v1/measures", "/v1/quality/checks", "/v1/benchmarks/neighbours", "/v1/benchmarks/releases",
    "/v1/benchmarks/revisions",
}  # fmt: skip
"""What tells of no authority: any key may ask."""
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND")
QUERY = b"authority=&authority=x&as_at=yesterday&limit=%FF&nonsense=1"
each_service = pytest.mark.parametrize("app", APPS.values(), ids=APPS.keys())


async def ask(
    app: FastAPI, method: str, path: str, key: str | None, query: bytes = QUERY, headers: Sequence[tuple[str, str]] = ()
) -> tuple[int, int]:
    """The status of the answer, and how often the body was asked for: it is not JSON, and never ends."""
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
    closed = paths(app.routes) - OPEN - PAGES
    assert len(closed) >= 3
    for path in {*closed, "/v1", "/v2/nothing", "/health", "/health/live/", "/docs/../v1/dead-letters", "//metrics"}:
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
Given = tuple[tuple[str, str], ...]
"""Headers of a request."""


def authorization(*given: str) -> Given:
    """A header for each of these."""
    return tuple(("authorization", value) for value in given)


ENCODED = b64encode(FEED_KEY.encode()).decode()
REFUSED: dict[str, Given] = {
    "no scheme": authorization(FEED_KEY),
    "Token": authorization(f"Token {FEED_KEY}"),
    "ApiKey": authorization(f"ApiKey {FEED_KEY}"),
    "Digest": authorization(f'Digest username="anybody", response="{FEED_KEY}"'),
    "Negotiate": authorization(f"Negotiate {ENCODED}"),
    "Bearer with a colon": authorization(f"Bearer: {FEED_KEY}"),
    "Bearer without a blank": authorization(f"Bearer{FEED_KEY}"),
    "Bearer and a tab": authorization(f"Bearer\t{FEED_KEY}"),
    "Bearer and a blank of another kind": authorization(f"Bearer {FEED_KEY}\xa0"),
    "Bearer twice": authorization(f"Bearer Bearer {FEED_KEY}"),
    "Bearer with a name": authorization(f"Bearer key={FEED_KEY}"),
    "Bearer in quotes": authorization(f'Bearer "{FEED_KEY}"'),
    "Bearer in base 64": authorization(f"Bearer {ENCODED}"),
    "Bearer of Basic": authorization(f"Bearer {basic('anybody', FEED_KEY).removeprefix('Basic ')}"),
    "Bearer of two keys": authorization(f"Bearer {FEED_KEY}, Bearer {FEED_KEY}"),
    "Bearer without a key": authorization("Bearer"),
    "Bearer of nothing": authorization("Bearer "),
    "a key with a blank in it": authorization(f"Bearer {FEED_KEY[:20]} {FEED_KEY[20:]}"),
    "a key in other letters": authorization(f"Bearer {FEED_KEY.swapcase()}"),
    "a key cut short": authorization(f"Bearer {FEED_KEY[:-1]}"),
    "a key made longer": authorization(f"Bearer {FEED_KEY}="),
    "a key of another service": authorization(f"Bearer {new_key('feed', '331', tuple(Right))[0]}"),
    "the hash of a key": authorization(f"Bearer {FEED.sha256}"),
    "the name of a key": authorization(f"Bearer {FEED.name}"),
    "two headers": authorization(f"Bearer {FEED_KEY}", f"Bearer {FEED_KEY}"),
    "two headers, the second right": authorization("Bearer guessed", f"Bearer {FEED_KEY}"),
    "two headers, the first right": authorization(f"Bearer {FEED_KEY}", "Basic Og=="),
    "Basic not encoded": authorization(f"Basic {FEED_KEY}"),
    "Basic of no password": authorization(f"Basic {ENCODED}"),
    "Basic with the key as the user": authorization(basic(FEED_KEY, "")),
    "Basic with the key as the user and a password": authorization(basic(FEED_KEY, "anybody")),
    "Basic of another key": authorization(basic("anybody", FEED_KEY + "x")),
    "Basic of a key and a blank": authorization(basic("anybody", FEED_KEY + " ")),
    "Basic of an empty password": authorization(basic("anybody", "")),
    "Basic of a hash": authorization(basic("anybody", IDLE.sha256)),
    "Basic alone": authorization("Basic"),
    "Basic of nothing": authorization("Basic ===="),
    "Basic that is not UTF-8": authorization("Basic /w=="),
    "Basic with a letter that base 64 has not": authorization(f"{GIVEN['basic'][:12]}!{GIVEN['basic'][12:]}"),
    "Basic that is not base 64": authorization(basic("anybody", FEED_KEY)[:-1] + "\xff"),
    "a header of its own": (("x-api-key", FEED_KEY),),
    "a cookie": (("cookie", f"authorization=Bearer {FEED_KEY}; api_key={FEED_KEY}"),),
    "a proxy's header": (("proxy-authorization", f"Bearer {FEED_KEY}"),),
    "none": (),
}
"""Ways to send a key that are not documented, and what is not a key."""


@each_service
async def test_a_key_can_be_sent_in_every_way_that_is_documented(app: FastAPI) -> None:
    schemes = app.openapi()["components"]["securitySchemes"].values()
    assert {scheme["scheme"] for scheme in schemes} == set(GIVEN)
    # The name of a scheme is read in any case, with blanks behind it (RFC 9110).
    in_any_case = (GIVEN["basic"].replace("B", "b", 1), f"bearer {FEED_KEY}", f"BEARER   {FEED_KEY}")
    for given in (*GIVEN.values(), basic("", FEED_KEY), basic("Zoë", FEED_KEY), *in_any_case):
        assert await ask(app, "GET", "/v1/nothing", None, b"", [("authorization", given)]) == (404, 0), given
        # With the rights of the key, and no others.
        assert await ask(app, "GET", "/v1/dead-letters", None, b"", [("authorization", given)]) == (403, 0), given


@each_service
async def test_who_has_no_key_is_told_in_which_ways_one_can_be_sent(app: FastAPI) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service") as client:
        answer = await client.get("/v1/nothing")
    assert answer.json()["title"] == "A valid key is needed"
    assert answer.json()["detail"].startswith("Send the header `Authorization: Bearer <key>` with a key of this")
    assert answer.headers.get_list("www-authenticate") == ["Bearer", 'Basic realm="workforce", charset="UTF-8"']


@each_service
@pytest.mark.parametrize("way", REFUSED)
async def test_a_key_in_another_way_is_none_whatever_is_asked(app: FastAPI, way: str) -> None:
    query = f"api_key={FEED_KEY}&access_token={FEED_KEY}&key={FEED_KEY}".encode()
    for path in sorted(paths(app.routes) - OPEN - PAGES):
        for method in ("GET", "POST"):
            assert await ask(app, method, path.replace("{", "").replace("}", ""), None, query, REFUSED[way]) == (401, 0)


OF_PAGES = ("/assets/{digest}/{name:path}",)
"""What pages are made of: anybody may have it."""
WITH_FORMS = {"/reports", "/reports/{report}/take-away"}
"""Pages that something can be sent to."""


@pytest.mark.parametrize("way", REFUSED)
async def test_who_shows_no_key_is_led_from_every_page_to_where_one_is_asked_for_and_who_shows_another_is_told(
    way: str,
) -> None:
    app, given = APPS[metrics.NAME], REFUSED[way]
    shows_a_key = any(name == "authorization" for name, _ in given)
    for path in sorted(PAGES - FORMS - set(OF_PAGES)):
        filled = path.replace("{", "").replace("}", "")
        for method in METHODS:
            is_led = method in ("GET", "HEAD") or (method == "POST" and path in WITH_FORMS)
            expected = 405 if not is_led else 401 if shows_a_key else 303
            assert await ask(app, method, filled, None, QUERY, given) == (expected, 0), (method, path)


async def test_no_key_at_all_is_none_even_where_somebody_set_the_hash_of_nothing() -> None:
    nothing = IDLE.model_copy(update={"sha256": hash_key(""), "rights": tuple(Right)})
    app = metrics.create(metrics.ServiceSettings(database_url=DATABASE, api_keys=(nothing,)))
    for given in ("Bearer", "Bearer ", basic("anybody", ""), "Basic", "Basic Og=="):
        assert await ask(app, "GET", "/v1/measures", None, b"", authorization(given)) == (401, 0), given
    assert await ask(app, "GET", "/v1/measures", None, b"") == (401, 0)


OPERATORS = {
    "operator of all": ("*", (Right.OPERATE,), True),
    "operator of one authority": ("331", (Right.OPERATE,), False),
    "operator of another authority": ("332", (Right.OPERATE,), False),
    "feeder of all": ("*", (Right.FEED,), False),
    "reader of all": ("*", (Right.READ,), False),
    "feeder and reader of all": ("*", (Right.FEED, Right.READ), False),
}


@pytest.mark.parametrize("service", APPS)
@pytest.mark.parametrize("caller", OPERATORS)
async def test_dead_letters_are_seen_and_sent_again_by_operators_of_all_authorities_only(
    service: str, caller: str
) -> None:
    """Dead letters of several authorities stand on one topic: who operates one of them sees nothing of the others."""
    authority, rights, may = OPERATORS[caller]
    key, entry = new_key(caller, authority, rights)
    module = {"recruitment": recruitment, "retention": retention, "metrics": metrics}[service]
    settings = module.ServiceSettings(database_url=DATABASE, api_keys=(entry,), kafka_servers="127.0.0.1:1")
    app = module.create(settings)
    # Whoever may is told that Kafka is away, or that the body is not JSON, and so was let in.
    assert await ask(app, "GET", "/v1/dead-letters", key, b"") == (503 if may else 403, 0)
    status, reads = await ask(app, "POST", "/v1/dead-letters/send-again", key, b"")
    assert (status, reads > 0) == ((400, True) if may else (403, False))


@each_service
async def test_what_is_open_to_all_is_what_is_written_here_and_reads_no_body(app: FastAPI) -> None:
    assert paths(app.routes) >= OPEN
    for path in OPEN:
        status, reads = await ask(app, "GET", path, None, b"")
        assert (status != 401, reads) == (path != "/static-offline-docs", 0)


@each_service
async def test_what_is_no_request_over_http_is_passed_on_by_all_that_stands_around_and_answered_by_nobody(
    app: FastAPI,
) -> None:
    messages: list[Message] = []

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        messages.append(message)

    scope = {"type": "websocket", "path": "/v1/measures.csv", "query_string": b"", "headers": [], "subprotocols": []}
    await app(scope, receive, send)
    assert [message["type"] for message in messages] == ["websocket.close"]


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
        filled = path.replace("{offset}", "1").replace("{", "").replace("}", "")
        assert await ask(app, method, filled, IDLE_KEY) == (403, 0), (method, path)


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
