"""How large the head of a request may be: the last byte, parameter and header taken, and the first that is not.

Invariant: sizes are written by hand.
"""

import json
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from services.chassis.limits import WithinLimits
from services.chassis.settings import LimitSettings

LIMITS = LimitSettings(head_bytes=1000, headers=20, url_bytes=500, parameters=20)


async def answered(**scope: Any) -> tuple[int, str]:
    """Status and detail of the answer to a request with this head; 200 where it was passed on."""
    sent: list[Message] = []

    async def passed(_: Scope, __: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b'{"detail": ""}'})

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        raise AssertionError("the body was asked for")

    head = {"type": "http", "path": "/", "raw_path": b"/", "query_string": b"", "headers": []} | scope
    await WithinLimits(passed, LIMITS)(head, receive, send)
    return sent[0]["status"], json.loads(sent[1]["body"])["detail"]


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [(500, 0, 200), (501, 0, 414), (1, 499, 200), (1, 500, 414), (250, 250, 200), (250, 251, 414)],
)
async def test_path_and_query_have_so_many_bytes_together(path: int, query: int, status: int) -> None:
    answer_status, detail = await answered(raw_path=b"/" * path, query_string=b"a" * query)
    assert (answer_status, detail) == (status, "At most 500 bytes." if status == 414 else "")


async def test_a_path_counts_as_it_came_before_it_was_decoded() -> None:
    assert (await answered(path="é", raw_path=b"%C3%A9" * 84))[0] == 414
    assert (await answered(path="/" * 501, raw_path=None))[0] == 414


@pytest.mark.parametrize(("parameters", "status"), [(20, 200), (21, 414)])
async def test_a_query_has_so_many_parameters(parameters: int, status: int) -> None:
    answer_status, detail = await answered(query_string=b"&".join([b"a=1"] * parameters))
    assert (answer_status, detail) == (status, "At most 20 query parameters." if status == 414 else "")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([(b"a", b"b")] * 20, 200),
        ([(b"a", b"b")] * 21, 431),
        ([(b"a", b"b" * 999)], 200),
        ([(b"a", b"b" * 1000)], 431),
        ([(b"a" * 500, b"b" * 501)], 431),
    ],
    ids=["twenty", "twenty-one", "a thousand bytes", "one more", "one more in a name"],
)
async def test_there_are_so_many_headers_of_so_many_bytes(headers: list[tuple[bytes, bytes]], status: int) -> None:
    answer_status, detail = await answered(headers=headers)
    assert answer_status == status
    assert detail == ("At most 20 headers, with the address of 1000 bytes." if status == 431 else "")


async def test_what_is_no_request_is_passed_on() -> None:
    assert (await answered(type="lifespan", query_string=b"a" * 9999))[0] == 200
