"""Snapshots are worked out beside each other."""

import asyncio
from threading import Event

from services.metrics.snapshot.lazily import cached_property


class Slow:
    """Works its value out when it is told to."""

    def __init__(self) -> None:
        self.began, self.may_end = Event(), Event()
        self.times = 0

    @cached_property
    def value(self) -> int:
        self.began.set()
        assert self.may_end.wait(60)
        self.times += 1
        return self.times


async def test_one_is_worked_out_while_another_is_not_done() -> None:
    slow, quick = Slow(), Slow()
    waiting = asyncio.create_task(asyncio.to_thread(lambda: slow.value))
    assert await asyncio.to_thread(slow.began.wait, 60)
    quick.may_end.set()
    assert await asyncio.wait_for(asyncio.to_thread(lambda: quick.value), 60) == 1
    slow.may_end.set()
    assert await waiting == 1
    assert (quick.value, slow.value) == (1, 1)
