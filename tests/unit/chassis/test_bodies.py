"""Bodies are held within a budget: one caller gets half of it, and what was held is free again, however it ended."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from fastapi import Request
from pydantic import BaseModel, Field
from starlette.types import Message

from services.chassis.authentication import Caller
from services.chassis.bodies import SMALL_BODY, Bodies, _declared, charset_of, media_type, read_model
from services.chassis.problems import Problem
from services.chassis.settings import LimitSettings, Settings

LARGEST = 1000


class Sender:
    """A request of 500 bytes of body in five chunks. `says` is the length it states; None: it states none."""

    def __init__(self, caller: str, says: int | None = 500, chunks: int = 5) -> None:
        self.read = 0
        self._chunks = self._parts(chunks)
        length = [] if says is None else [(b"content-length", str(says).encode())]
        who = Caller(name=caller, authority="331", rights=())
        self.request = Request({"type": "http", "headers": length, "caller": who}, self._receive)

    async def _parts(self, chunks: int) -> AsyncIterator[Message]:
        for number in range(chunks):
            yield {"type": "http.request", "body": b"x" * 100, "more_body": number + 1 < chunks}
        yield {"type": "http.disconnect"}

    async def _receive(self) -> Message:
        self.read += 1
        return await anext(self._chunks)


def bodies() -> Bodies:
    """Room for 2,000 bytes, so 1,000 of one caller."""
    return Bodies(LimitSettings(bodies_bytes=2000))


async def refused(bodies: Bodies, sender: Sender) -> int:
    """The status with which a body is refused; 0 where it is read."""
    try:
        async with bodies.reading(sender.request, LARGEST, "send less"):
            return 0
    except Problem as problem:
        return problem.status


async def hold(stack: AsyncExitStack, bodies: Bodies, *callers: str) -> None:
    """Hold a body of 500 bytes of each of these callers."""
    for caller in callers:
        body = await stack.enter_async_context(bodies.reading(Sender(caller).request, LARGEST, "send less"))
        assert body == b"x" * 500


async def test_what_is_said_to_be_too_large_is_refused_without_being_read() -> None:
    sender = Sender("a", says=1001)
    assert (await refused(bodies(), sender), sender.read) == (413, 0)


async def test_what_turns_out_too_large_is_read_no_further() -> None:
    sender = Sender("a", says=None, chunks=1000)
    assert (await refused(bodies(), sender), sender.read) == (413, 11)


@pytest.mark.parametrize("says", [500, None])
async def test_one_caller_gets_half_and_all_together_the_whole(says: int | None) -> None:
    holding = bodies()
    async with AsyncExitStack() as stack:
        await hold(stack, holding, "a", "a")
        assert await refused(holding, Sender("a", says)) == 429
        await hold(stack, holding, "b", "c")
        assert await refused(holding, Sender("b", says)) == 503
    assert await refused(holding, Sender("a", says)) == 0


async def test_what_was_held_is_free_again_however_it_ended() -> None:
    holding = bodies()
    for _ in range(10):
        assert await refused(holding, Sender("a", says=1000, chunks=3)) == 0
        assert await refused(holding, Sender("a", says=None, chunks=1000)) == 413
        with pytest.raises(ZeroDivisionError):
            async with holding.reading(Sender("a").request, LARGEST, "send less"):
                _ = 1 / 0
    async with AsyncExitStack() as stack:
        await hold(stack, holding, "a", "a", "b", "b")


async def test_a_caller_who_goes_away_is_refused_and_nothing_is_kept() -> None:
    class Gone(Sender):
        async def _receive(self) -> Message:
            return {"type": "http.disconnect"}

    holding = bodies()
    assert [await refused(holding, Gone("a")) for _ in range(10)] == [400] * 10


def test_a_budget_in_which_one_callers_largest_request_does_not_fit_is_refused() -> None:
    limits = LimitSettings(bodies_bytes=15_000_000)
    with pytest.raises(ValueError, match="WORKFORCE_LIMITS__BODIES_BYTES must be twice"):
        Settings(database_url="postgresql://x", limits=limits)


async def test_who_sends_too_much_at_once_is_told_when_to_come_again() -> None:
    holding = bodies()
    async with AsyncExitStack() as stack:
        await hold(stack, holding, "a", "a")
        with pytest.raises(Problem) as refusal:
            async with holding.reading(Sender("a").request, LARGEST, "send less"):
                pass
    assert (refusal.value.status, refusal.value.headers) == (429, {"Retry-After": "2"})
    assert refusal.value.body["type"] == "urn:workforce:problem:too-much-at-once"
    assert refusal.value.body["title"] == "Too much at once"


@pytest.mark.parametrize(
    ("says", "held"), [(b"500", 500), (b"", 0), (b"-1", 0), (b"5e2", 0), ("٥".encode(), 0), (b"9" * 20, 0), (b"+5", 0)]
)
def test_a_length_that_is_no_number_is_none(says: bytes, held: int) -> None:
    assert _declared(Request({"type": "http", "headers": [(b"content-length", says)]})) == held


class Wanted(BaseModel):
    """What a small body is to hold."""

    offsets: list[int] = Field(examples=[[12], [13, 14]])
    remark: str = "none"


@pytest.mark.parametrize(
    ("content_type", "body", "status", "kind", "detail"),
    [
        (b"application/json", b"{", 400, "request-unreadable", "The body is not JSON; "),
        (b"application/json", b'{"offsets": "all"}', 422, "request-refused", "body.offsets "),
        (b"text/plain", b"{}", 415, "not-json", "The body came as text/plain; "),
        (b"", b"{}", 415, "not-json", "The body came as nothing; "),
    ],
)
def test_a_small_body_that_is_wrong_is_told_what_would_be_right_by_the_first_example_of_each_field(
    content_type: bytes, body: bytes, status: int, kind: str, detail: str
) -> None:
    request = Request({"type": "http", "headers": [(b"content-type", content_type)]})
    with pytest.raises(Problem) as refusal:
        read_model(request, body, Wanted)
    told = refusal.value.body
    assert (refusal.value.status, told["type"]) == (status, f"urn:workforce:problem:{kind}")
    assert told["detail"].startswith(detail)
    assert told["detail"].removesuffix(".").endswith('; send it as application/json, as {"offsets": [12]}')
    assert told.get("example", {"offsets": [12]}) == {"offsets": [12]}


def test_a_small_body_that_is_right_is_read() -> None:
    request = Request({"type": "http", "headers": [(b"content-type", b"Application/JSON; charset=utf-8")]})
    assert read_model(request, b'{"offsets": [1, 2]}', Wanted) == Wanted(offsets=[1, 2])


def test_a_small_body_is_small() -> None:
    assert SMALL_BODY == 65_536


@pytest.mark.parametrize(
    ("content_type", "kind", "charset"),
    [
        (None, "", "utf-8"),
        ("application/json", "application/json", "utf-8"),
        ("Application/JSON; Charset=UTF-8", "application/json", "utf-8"),
        ('application/json;charset="ISO-8859-1"', "application/json", "iso-8859-1"),
        (" text/csv ;header=present", "text/csv", "utf-8"),
    ],
)
def test_a_content_type_is_read_in_any_case_without_its_parameters(
    content_type: str | None, kind: str, charset: str
) -> None:
    assert (media_type(content_type), charset_of(content_type)) == (kind, charset)
