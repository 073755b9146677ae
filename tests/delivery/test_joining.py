"""A consumer of the embedded broker whose topics were not all there when it joined reads them all once they are.

Invariant: a broker that lost everything brings that about: who joins again may be faster than who makes the topics.
Each consumer has a group and topics of its own, in this process. Apache Kafka needs no help there.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from aiokafka.admin import NewTopic
from faststream.kafka import KafkaBroker

from services.chassis.membership import Membership
from services.chassis.partitions import ASSIGNORS_OF_ONE
from services.chassis.runtime import new_broker
from services.chassis.settings import Settings
from services.chassis.topics import admin_client
from tests.delivery.observing import eventually
from tests.parts import EmbeddedBroker

TOPICS = 2
PARTITIONS = 3
JOIN_SECONDS = 10.0
"""Less patience than services have; the embedded broker gives a new group its partitions after five seconds."""


class Reader:
    """Consumers of a group, and what they read."""

    def __init__(self, servers: str) -> None:
        self.topics = [f"joining-{uuid4()}" for _ in range(TOPICS)]
        self._servers = servers
        self._group = f"joining-{uuid4()}"
        self.membership = Membership(self._new_broker, reads_every_topic=True, join_seconds=JOIN_SECONDS)

    def _new_broker(self) -> KafkaBroker:
        broker = new_broker(Settings(database_url="postgresql:///unused", kafka_servers=self._servers))

        @broker.subscriber(
            *self.topics,
            group_id=self._group,
            batch=True,
            session_timeout_ms=6000,
            heartbeat_interval_ms=2000,
            partition_assignment_strategy=ASSIGNORS_OF_ONE,
        )
        async def take_in(batch: list[object]) -> None:
            raise AssertionError("nothing is sent")

        return broker

    async def make(self, topics: list[str]) -> None:
        """Make topics."""
        async with admin_client(self._servers) as admin:
            await admin.create_topics([NewTopic(topic, PARTITIONS, 1) for topic in topics])

    async def partitions(self) -> int:
        """How many are read, after what a service does every second."""
        if not self.membership.consumers() or await self.membership.left(kafka_answers=True, busy=False):
            await self.membership.join()
        return sum(len(consumer.assignment()) for consumer in self.membership.consumers())

    async def joined(self) -> object:
        """Whether it waits for its group, and how many partitions it was given; nobody helps it."""
        (consumer,) = self.membership.consumers()
        return consumer._subscription.reassignment_in_progress, len(consumer.assignment())


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[EmbeddedBroker]:
    """One that nobody else uses."""
    broker = EmbeddedBroker(tmp_path / "broker.log")
    broker.start()
    try:
        yield broker
    finally:
        broker.kill()


@pytest.fixture
async def readers(broker: EmbeddedBroker) -> AsyncIterator[list[Reader]]:
    """One for each number of topics, from none to all."""
    readers = [Reader(broker.servers) for _ in range(TOPICS + 1)]

    async def begin(reader: Reader) -> None:
        await reader.make(reader.topics)
        await eventually(reader.partitions, PARTITIONS * TOPICS)

    try:
        await asyncio.gather(*map(begin, readers))
        yield readers
    finally:
        await asyncio.gather(*(reader.membership.leave(busy=False) for reader in readers))


async def test_topics_that_were_missing_are_read_once_they_are_there(
    broker: EmbeddedBroker, readers: list[Reader]
) -> None:
    broker.empty()

    async def joins_early(reader: Reader, there: int) -> None:
        await eventually(lambda: reader.make(reader.topics[:there]), None)
        await eventually(reader.joined, (False, PARTITIONS * there))

    await asyncio.gather(*(joins_early(reader, there) for there, reader in enumerate(readers)))

    async def reads_all(reader: Reader, there: int) -> None:
        await reader.make(reader.topics[there:])
        await eventually(reader.partitions, PARTITIONS * TOPICS)

    *early, in_time = readers
    await asyncio.gather(*(reads_all(reader, there) for there, reader in enumerate(early)))
    before = in_time.membership.consumers()
    assert await in_time.partitions() == PARTITIONS * TOPICS
    await asyncio.sleep(JOIN_SECONDS + 1)
    assert await in_time.partitions() == PARTITIONS * TOPICS
    assert in_time.membership.consumers() == before, "who lacks nothing is left alone"
