"""Who joins a consumer group and gives up, or leaves it with a batch that does not end, leaves nothing behind.

Invariant: no task goes on and no connection stays open, so that the group forgets the member and gives its partitions
to others. Each test has a group to itself, in this process, and takes nothing from the services.
"""

import asyncio
import gc
from collections.abc import Awaitable, Callable
from contextlib import suppress
from uuid import uuid4

import psutil
import pytest
from faststream.kafka import KafkaBroker

from contracts.catalogue import topics_read_by
from services.chassis import membership
from services.chassis.membership import Membership
from services.chassis.runtime import new_broker
from services.chassis.settings import Settings
from tests.delivery.feed import post_established, send
from tests.delivery.observing import eventually
from tests.parts import RealSystem


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Little patience with clients that do not close."""
    for limit in ("CLOSE_SECONDS", "BATCH_SECONDS", "DISCONNECT_SECONDS"):
        monkeypatch.setattr(membership, limit, 1.0)


@pytest.fixture
def group() -> str:
    """One that nobody joined before."""
    return f"leaving-{uuid4()}"


def consumers_of(system: RealSystem, group: str, join_seconds: float, begun: asyncio.Event | None = None) -> Membership:
    """Consumers that never get done with their first batch; `begun` tells that it came."""
    settings = Settings(
        database_url="postgresql:///unused",
        kafka_servers=system.broker.servers,
        kafka_idempotent_producer=system.broker.idempotent,
    )

    def make() -> KafkaBroker:
        broker = new_broker(settings)
        topics = [topic.name for topic in topics_read_by("metrics")]

        @broker.subscriber(*topics, group_id=group, auto_offset_reset="earliest", batch=True)
        async def take_in(batch: list[object]) -> None:
            if begun is not None:
                begun.set()
            await asyncio.Event().wait()

        return broker

    return Membership(make, reads_every_topic=not system.broker.idempotent, join_seconds=join_seconds)


async def try_to_join(consumers: Membership) -> None:
    """Join, or fail. Nobody keeps the error, which holds on to what it went through: a connection, say."""
    with suppress(Exception, asyncio.CancelledError):
        await consumers.join()


def left_behind(system: RealSystem) -> Callable[[], Awaitable[object]]:
    """Asks what is there that was not: tasks, and connections to the broker."""
    tasks, connections = asyncio.all_tasks(), _connections(system)

    async def ask() -> object:
        gc.collect()
        new = {str(task.get_coro()) for task in asyncio.all_tasks() - tasks - {asyncio.current_task()}}
        return new, _connections(system) - connections

    return ask


def _connections(system: RealSystem) -> set[int]:
    """Their ports on this side."""
    return {
        connection.laddr.port
        for connection in psutil.Process().net_connections(kind="tcp")
        if connection.raddr and connection.raddr.port == system.broker.port
        if connection.status == psutil.CONN_ESTABLISHED
    }


async def test_who_leaves_with_a_batch_that_does_not_end_leaves_nothing_behind(
    standing_system: RealSystem, group: str
) -> None:
    ask, begun = left_behind(standing_system), asyncio.Event()
    consumers = consumers_of(standing_system, group, 120, begun)
    await consumers.join()
    assert await send(standing_system.recruitment, [post_established("P-1", "305")]) == ["accepted"]
    await asyncio.wait_for(begun.wait(), 120)
    await asyncio.wait_for(consumers.leave(busy=True), 60)
    await eventually(ask, (set(), set()))


async def test_who_gives_up_joining_leaves_nothing_behind(standing_system: RealSystem, group: str) -> None:
    ask = left_behind(standing_system)
    # The embedded broker takes seconds to give partitions; Apache Kafka may have given them.
    for seconds in (0.02, 0.1, 0.5):
        consumers = consumers_of(standing_system, group, seconds)
        await asyncio.wait_for(try_to_join(consumers), 60)
        await asyncio.wait_for(consumers.leave(busy=True), 60)
        await eventually(ask, (set(), set()))
