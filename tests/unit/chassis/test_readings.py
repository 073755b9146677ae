"""How far a process has read is written down in the order in which it read."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast
from uuid import uuid4

from aiokafka import TopicPartition

from services.chassis.readings import Readings

PLACE = TopicPartition("workforce.posts", 0)


class SlowPool:
    """A database that is done with what it was told last before it is done with what it was told first."""

    def __init__(self) -> None:
        self.next_offset = 0
        self.first_may_end = asyncio.Event()
        self.told = 0

    async def execute(self, _: str, *columns: list[Any], **__: float) -> None:
        self.told += 1
        if self.told == 1:
            await self.first_may_end.wait()
        self.next_offset = columns[2][0]


def read_up_to(readings: Readings, offset: int) -> None:
    records = [cast(Any, SimpleNamespace(topic=PLACE.topic, partition=PLACE.partition, offset=offset - 1))]
    readings.finished(records, readings.begun(records))


async def test_an_older_note_of_how_far_was_read_never_follows_a_newer_one() -> None:
    pool = SlowPool()
    readings = Readings(lambda: cast(Any, pool), list)
    readings._known[PLACE] = uuid4()
    read_up_to(readings, 100)
    first = asyncio.create_task(readings.save())
    await asyncio.sleep(0)
    read_up_to(readings, 160)
    second = asyncio.create_task(readings.save())
    await asyncio.sleep(0)
    pool.first_may_end.set()
    await asyncio.gather(first, second)
    assert pool.next_offset == 160
