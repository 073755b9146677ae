"""Long work leaves room for short."""

import asyncio
from threading import Event

import pytest

from services.metrics.long_work import AT_ONCE, at_length


async def test_a_moments_work_is_done_while_much_long_work_is_waiting() -> None:
    finished = Event()
    # More than there are threads for work of a moment on any machine (asyncio has at most 32).
    waiting = [asyncio.create_task(asyncio.wait_for(at_length(finished.wait), 60)) for _ in range(40)]
    try:
        await asyncio.sleep(0)
        assert await asyncio.wait_for(asyncio.to_thread(lambda: "a figure"), 20) == "a figure"
        assert not any(task.done() for task in waiting)
    finally:
        finished.set()
    assert await asyncio.gather(*waiting) == [True] * 40


async def test_of_much_long_work_little_is_done_at_once() -> None:
    running, most = 0, 0
    together = asyncio.Lock()
    loop = asyncio.get_running_loop()

    async def counted(by: int) -> None:
        nonlocal running, most
        async with together:
            running += by
            most = max(most, running)

    def work() -> None:
        asyncio.run_coroutine_threadsafe(counted(1), loop).result(20)
        asyncio.run_coroutine_threadsafe(counted(-1), loop).result(20)

    await asyncio.gather(*(at_length(work) for _ in range(12)))
    assert 1 <= most <= AT_ONCE


async def test_long_work_gives_what_it_raises() -> None:
    with pytest.raises(ZeroDivisionError):
        await at_length(divmod, 1, 0)
