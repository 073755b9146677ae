"""How questions are worked out beside each other: refused when too costly, in turn, and no longer than somebody waits.

Invariant: nothing here waits for time to pass: every step is told by an event.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from threading import Event
from types import SimpleNamespace
from typing import Any, cast

import pytest
from fastapi import Request

from services.chassis.authentication import Right, find_caller, new_key
from services.chassis.problems import Problem
from services.chassis.recent_events import RecentEvents
from services.metrics.api import computing as computing_module
from services.metrics.api.computing import SMALL, Computation, computing
from services.metrics.pauses import pause
from services.metrics.settings import ServiceSettings

MOST = 50_000_000
PATIENCE = 60.0
KEYS = {name: new_key(name, "*", (Right.READ,)) for name in ("A", "B")}


class Running:
    """Stands in for the runtime."""

    def __init__(self, settings: ServiceSettings) -> None:
        self.settings = settings
        self.pool = None
        self.tables = None
        self.recent_events = RecentEvents()


class Service:
    """Metrics without a database: whoever asks it holds a slot until told to end."""

    def __init__(self, waiting: int = 32) -> None:
        settings = ServiceSettings(
            database_url="postgresql://nowhere/metrics",
            largest_question=MOST,
            waiting_questions=waiting,
            api_keys=tuple(entry for _, entry in KEYS.values()),
        )

        runtime = Running(settings)
        self._app = SimpleNamespace(state=SimpleNamespace(runtime=runtime))

    def request(self, caller: str) -> tuple[Request, asyncio.Event]:
        """A request of the holder of a key, and what makes him leave."""
        left = asyncio.Event()
        came = [{"type": "http.request", "body": b"", "more_body": False}]

        async def receive() -> dict[str, Any]:
            if came:
                return came.pop()
            await left.wait()
            return {"type": "http.disconnect"}

        scope: dict[str, Any] = {
            "type": "http",
            "method": "GET",
            "path": "/",
            "query_string": b"",
            "headers": [],
            "app": self._app,
            # As the door leaves it: whoever has no key does not come so far.
            "caller": find_caller(self._app.state.runtime.settings.api_keys, KEYS[caller][0]),
        }
        return Request(scope, cast(Any, receive)), left


@pytest.fixture
def service() -> Service:
    return Service()


async def soon(told: Event) -> None:
    """Until a thread tells. Raises TimeoutError where it does not."""
    assert await asyncio.to_thread(told.wait, PATIENCE)


class Asking:
    """A question of a caller, of some cost: what it began, and when it may end."""

    def __init__(self, service: Service, caller: str, steps: int) -> None:
        self.began, self.may_end, self.paused = Event(), Event(), Event()
        self.request, self.left = service.request(caller)
        self.task = asyncio.create_task(self._ask(steps))

    async def _ask(self, steps: int) -> str:
        async with computing(self.request) as computation:
            await computation.weigh(steps)
            return await computation.run(self._work)

    def _work(self) -> str:
        self.began.set()
        while not self.may_end.wait(0.001):
            try:
                pause()
            except BaseException:
                self.paused.set()
                raise
        return "a figure"

    async def answer(self) -> str:
        """What comes of it."""
        self.may_end.set()
        return await asyncio.wait_for(self.task, PATIENCE)


@pytest.fixture
async def ask(service: Service) -> AsyncIterator[Callable[..., Awaitable[Asking]]]:
    asked: list[Asking] = []

    async def begin(caller: str, steps: int) -> Asking:
        asked.append(Asking(service, caller, steps))
        for _ in range(5):
            await asyncio.sleep(0)
        return asked[-1]

    yield begin
    for one in asked:
        one.may_end.set()
    for one in asked:
        with suppress(Problem):
            await one.task


Ask = Callable[..., Awaitable[Asking]]


async def test_what_costs_too_much_is_refused_before_anything_is_worked_out(ask: Ask) -> None:
    asked = await ask("A", MOST + 1)
    with pytest.raises(Problem) as refused:
        await asked.answer()
    body = refused.value.body
    assert (body["status"], body["type"]) == (422, "urn:workforce:problem:too-costly")
    assert (body["cost"], body["most"]) == (50_000_001, 50_000_000)
    assert "50,000,001 steps" in body["detail"]
    assert "WORKFORCE_LARGEST_QUESTION" in body["detail"]
    for instead in ("fewer dimensions", "a shorter period", "quarter or year instead of month", "one authority"):
        assert instead in body["detail"]
    assert not asked.began.is_set()
    assert await (await ask("A", MOST)).answer() == "a figure"


async def test_a_small_question_waits_for_no_large_one_not_even_of_its_own_caller(ask: Ask) -> None:
    large = [await ask(caller, SMALL + 1) for caller in "AAAAABBBBB"]
    await soon(large[0].began)
    await soon(large[5].began)
    for caller in "AB":
        assert await (await ask(caller, SMALL)).answer() == "a figure"
    assert sum(one.began.is_set() for one in large) == 2


async def test_a_caller_with_ten_large_questions_has_one_at_work_and_another_begins_at_once(ask: Ask) -> None:
    heavy = [await ask("A", SMALL + 1) for _ in range(10)]
    await soon(heavy[0].began)
    other = await ask("B", SMALL + 1)
    await soon(other.began)
    assert [one.began.is_set() for one in heavy] == [True] + [False] * 9
    assert await other.answer() == "a figure"
    assert await heavy[0].answer() == "a figure"
    await soon(heavy[1].began)


async def test_who_has_too_much_waiting_is_told_to_come_again_and_others_are_not() -> None:
    service = Service(waiting=2)
    asked = [Asking(service, "A", SMALL + 1) for _ in range(4)]
    await soon(asked[0].began)
    with pytest.raises(Problem) as refused:
        await asked[3].task
    assert refused.value.body["status"] == 429
    assert refused.value.body["type"] == "urn:workforce:problem:too-many-questions"
    assert refused.value.headers == {"Retry-After": "5"}
    other = Asking(service, "B", SMALL + 1)
    await soon(other.began)
    for one in (*asked[:3], other):
        assert await one.answer() == "a figure"


async def test_when_the_caller_leaves_what_runs_stops_and_its_slot_goes_to_the_next(ask: Ask) -> None:
    first, second = await ask("A", SMALL + 1), await ask("A", SMALL + 1)
    await soon(first.began)
    first.left.set()
    await soon(first.paused)
    with pytest.raises(Problem) as left:
        await first.task
    assert left.value.body["status"] == 499
    await soon(second.began)
    assert await second.answer() == "a figure"


async def test_when_the_caller_leaves_what_waits_is_never_begun(ask: Ask) -> None:
    first, second, third = [await ask("A", SMALL + 1) for _ in range(3)]
    await soon(first.began)
    second.left.set()
    with pytest.raises(Problem):
        await second.task
    assert await first.answer() == "a figure"
    await soon(third.began)
    assert not second.began.is_set()


async def test_a_question_in_pieces_lets_another_caller_go_on_after_one_piece(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(computing_module, "LARGE_AT_ONCE", 1)
    order: list[str] = []

    async def in_pieces(caller: str) -> None:
        request, _ = service.request(caller)
        async with computing(request) as computation:
            await computation.weigh(SMALL + 1)
            for piece in range(3):
                await computation.run(order.append, f"{caller}{piece}")
                await computation.let_others()

    await asyncio.wait_for(asyncio.gather(in_pieces("A"), in_pieces("B")), PATIENCE)
    assert order == ["A0", "B0", "A1", "B1", "A2", "B2"]


async def test_what_work_raises_is_raised(service: Service) -> None:
    request, _ = service.request("A")
    async with computing(request) as computation:
        assert isinstance(computation, Computation)
        with pytest.raises(ZeroDivisionError):
            await computation.run(divmod, 1, 0)
