"""Bodies that come compressed are decoded, and the limits hold for what comes out of them.

Invariant: what a few bytes blow up to is never made whole before it is counted.
"""

import gzip
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Callable

import pytest
from fastapi import Request
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message

from services.chassis.authentication import Caller
from services.chassis.bodies import Bodies
from services.chassis.content_encoding import MOST_AT_ONCE, decoding_of
from services.chassis.problems import Problem
from services.chassis.settings import LimitSettings

LARGEST = 1_000_000
BUDGET = 4_000_000


def bare(content: bytes) -> bytes:
    """Deflate without zlib's header."""
    compressing = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return compressing.compress(content) + compressing.flush()


WAYS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", gzip.compress),
    "x-gzip": ("X-GZip", gzip.compress),
    "deflate": ("deflate", zlib.compress),
    "bare deflate": ("deflate", bare),
}
each_way = pytest.mark.parametrize("way", WAYS)


async def read(bodies: Bodies, body: bytes, *encodings: str, chunk: int = 100) -> bytes:
    """What is read of a body that comes in chunks, and said to be encoded so."""

    async def parts() -> AsyncIterator[Message]:
        for start in range(0, max(1, len(body)), chunk):
            yield {"type": "http.request", "body": body[start : start + chunk], "more_body": start + chunk < len(body)}
        yield {"type": "http.disconnect"}

    came = parts()
    headers = [(b"content-length", str(len(body)).encode())]
    headers += [(b"content-encoding", encoding.encode()) for encoding in encodings]
    who = Caller(name="a", authority="331", rights=())
    request = Request({"type": "http", "headers": headers, "caller": who}, lambda: anext(came))
    async with bodies.reading(request, LARGEST, "send less") as reading:
        return reading


async def refused(body: bytes, *encodings: str) -> Problem:
    """Why a body is not read. Nothing of it is held any more."""
    bodies = Bodies(LimitSettings(bodies_bytes=BUDGET))
    with pytest.raises(Problem) as problem:
        await read(bodies, body, *encodings)
    assert bodies._held.total() == 0
    return problem.value


@each_way
@given(content=st.binary(min_size=1, max_size=3000), chunk=st.sampled_from([1, 7, 100, 10_000]))
async def test_what_was_compressed_comes_out_as_it_was(way: str, content: bytes, chunk: int) -> None:
    encoding, compress = WAYS[way]
    bodies = Bodies(LimitSettings(bodies_bytes=BUDGET))
    assert await read(bodies, compress(content * 50), encoding, chunk=chunk) == content * 50


@each_way
@pytest.mark.parametrize("size", [MOST_AT_ONCE - 1, MOST_AT_ONCE, MOST_AT_ONCE + 1, 2 * MOST_AT_ONCE, LARGEST])
async def test_a_body_up_to_the_limit_comes_out_whole(way: str, size: int) -> None:
    encoding, compress = WAYS[way]
    bodies = Bodies(LimitSettings(bodies_bytes=BUDGET))
    assert await read(bodies, compress(b"x" * size), encoding) == b"x" * size


@each_way
async def test_the_limit_holds_for_what_comes_out(way: str) -> None:
    encoding, compress = WAYS[way]
    assert (await refused(compress(b" " * (LARGEST + 1)), encoding)).status == 413
    bomb = compress(b" " * 200_000_000)
    assert len(bomb) < LARGEST
    tracemalloc.start()
    try:
        assert (await refused(bomb, encoding)).status == 413
        assert tracemalloc.get_traced_memory()[1] < 4 * LARGEST
    finally:
        tracemalloc.stop()


async def test_what_comes_out_counts_in_what_one_caller_may_hold() -> None:
    problem: Problem | None = None
    bodies = Bodies(LimitSettings(bodies_bytes=LARGEST))
    try:
        await read(bodies, gzip.compress(b"x" * (LARGEST // 2 + 1)), "gzip")
    except Problem as raised:
        problem = raised
    assert problem is not None
    assert problem.status == 429


@pytest.mark.parametrize("encodings", [("br",), ("zstd",), ("gzip, gzip",), ("gzip", "br"), ("compress",)])
async def test_another_encoding_is_refused_by_its_name(encodings: tuple[str, ...]) -> None:
    problem = await refused(b"{}", *encodings)
    assert problem.status == 415
    assert ", ".join(encodings) in problem.body["detail"]
    assert problem.answer().headers["accept-encoding"] == "gzip, deflate, identity"


@pytest.mark.parametrize("encodings", [(), ("identity",), ("",)])
async def test_a_body_that_is_not_encoded_is_read_as_it_is(encodings: tuple[str, ...]) -> None:
    assert await read(Bodies(LimitSettings(bodies_bytes=BUDGET)), b"{}", *encodings) == b"{}"


@each_way
@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda body: body[: len(body) // 2], "ends too early"),
        (lambda body: b"", "ends too early"),
        (lambda body: b'{"specversion": "1.0"}', "holds something else"),
    ],
)
async def test_a_body_that_is_not_what_it_says_is_refused(way: str, spoil: Callable[[bytes], bytes], why: str) -> None:
    encoding, compress = WAYS[way]
    problem = await refused(spoil(compress(b"{}" * 1000)), encoding)
    assert problem.status == 400
    assert why in problem.body["detail"]


@pytest.mark.parametrize("chunk", [1, 100, 10_000])
async def test_gzip_bodies_one_behind_another_are_one(chunk: int) -> None:
    bodies = Bodies(LimitSettings(bodies_bytes=BUDGET))
    body = gzip.compress(b"[1,") + gzip.compress(b"") + gzip.compress(b"2]" + b" " * 200_000)
    assert await read(bodies, body, "gzip", chunk=chunk) == b"[1,2]" + b" " * 200_000


async def test_the_limit_holds_for_all_gzip_bodies_together() -> None:
    half = gzip.compress(b" " * (LARGEST // 2))
    assert (await refused(half + half + gzip.compress(b" "), "gzip")).status == 413


@pytest.mark.parametrize(
    ("body", "encoding", "why"),
    [
        (gzip.compress(b"[]") + b"[]", "gzip", "holds something else"),
        (gzip.compress(b"[]") + gzip.compress(b" ")[:9], "gzip", "ends too early"),
        (gzip.compress(b"[]") + zlib.compress(b" "), "gzip", "holds something else"),
        (zlib.compress(b"[]") + zlib.compress(b" "), "deflate", "goes on after its end"),
        (bare(b"[]") + bare(b" "), "deflate", "goes on after its end"),
    ],
    ids=["plain text", "half a body", "zlib behind gzip", "deflate twice", "bare deflate twice"],
)
async def test_what_is_no_gzip_body_behind_the_first_is_refused(body: bytes, encoding: str, why: str) -> None:
    problem = await refused(body, encoding)
    assert problem.status == 400
    assert why in problem.body["detail"]


def test_no_more_than_a_little_is_made_at_once() -> None:
    decoding = decoding_of(["gzip"])
    assert max(map(len, decoding.parts(gzip.compress(b" " * 10_000_000)))) <= MOST_AT_ONCE
