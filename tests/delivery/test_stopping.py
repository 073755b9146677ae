"""A service that is asked to stop finishes the batch, commits, and goes on from there when it is started again.

Invariant: events keep coming while it stops. It ends by itself even if what it waits for does not come.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiokafka.client import AIOKafkaClient, ConnectionGroup, CoordinationType
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from aiokafka.protocol.group import JoinGroupRequest, LeaveGroupRequest

from contracts.catalogue import topics_read_by
from tests.delivery.feed import post_established, send
from tests.delivery.observing import (
    PATIENCE_SECONDS,
    POLL_SECONDS,
    events_in,
    eventually,
    stop_gracefully,
    tables,
    total,
)
from tests.parts import Broker, RealSystem

AUTHORITY = "301"
SIZE = 25
"""Events of a request."""


async def test_metrics_stops_under_load_and_goes_on_without_losing_or_doubling_any(standing_system: RealSystem) -> None:
    system = standing_system
    database = system.databases["metrics"]
    stopped = asyncio.Event()
    accepted = 0

    async def feed() -> None:
        nonlocal accepted
        while not stopped.is_set():
            events = [post_established(f"P-{accepted + number}", AUTHORITY) for number in range(SIZE)]
            assert await send(system.recruitment, events) == ["accepted"] * SIZE
            accepted += SIZE

    feeding = asyncio.create_task(feed())
    await eventually(lambda: more_than(database, 100), True)
    await asyncio.to_thread(stop_gracefully, system.metrics)
    taken_in = await events_in(database, "inbox", AUTHORITY)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while accepted <= taken_in and not feeding.done():
            await asyncio.wait([feeding], timeout=POLL_SECONDS)
    stopped.set()
    await feeding

    system.metrics.start()
    system.metrics.wait_until_ready()
    await eventually(lambda: total(system.metrics, "establishment", AUTHORITY), float(accepted))
    await eventually(lambda: rows_of_staffing(database), accepted)


async def rows_of_staffing(database: str) -> int:
    """How many posts of the authority stand in the timelines."""
    return len((await tables(database, AUTHORITY))["staffing"])


async def more_than(database: str, events: int) -> bool:
    """Whether metrics has taken in more than so many events."""
    return await events_in(database, "inbox", AUTHORITY) > events


async def test_recruitment_stops_under_load_and_what_it_accepted_is_published_when_it_is_back(
    standing_system: RealSystem,
) -> None:
    system, authority = standing_system, "302"
    for batch in range(4):
        events = [post_established(f"P-{batch}-{number}", authority) for number in range(250)]
        assert await send(system.recruitment, events) == ["accepted"] * 250
    stop_gracefully(system.recruitment)
    system.recruitment.start()
    system.recruitment.wait_until_ready()
    await eventually(lambda: total(system.metrics, "establishment", authority), 1000.0)
    assert await events_in(system.databases["metrics"], "inbox", authority) == 1000


@asynccontextmanager
async def member_that_does_nothing(broker: Broker, group: str) -> AsyncIterator[None]:
    """Somebody who joined a consumer group and neither takes its partitions nor joins again when others come: these
    wait for it as long as it said that they may have to.
    """
    long = 300_000
    topics = [topic.name for topic in topics_read_by(group)]
    metadata = RoundRobinPartitionAssignor.metadata(topics).encode()
    client = AIOKafkaClient(bootstrap_servers=broker.servers)
    await client.bootstrap()
    try:
        node = await client.coordinator_lookup(CoordinationType.GROUP, group)
        member = ""
        # Kafka gives it a name first, and lets it join under that.
        for _ in range(2):
            joining = JoinGroupRequest(group, long, long, member, None, "consumer", [("roundrobin", metadata)])
            member = (await client.send(node, joining, group=ConnectionGroup.COORDINATION)).member_id
        assert member
        try:
            yield
        finally:
            await client.send(node, LeaveGroupRequest(group, member), group=ConnectionGroup.COORDINATION)
    finally:
        await client.close()


async def test_metrics_stops_while_its_consumer_group_keeps_it_waiting(standing_system: RealSystem) -> None:
    system, authority = standing_system, "303"
    stop_gracefully(system.metrics)
    log = system.metrics.process.log
    told = len(log.read_text())
    async with member_that_does_nothing(system.broker, "metrics"):
        system.metrics.start()
        await eventually(lambda: has_said(system, told, "Auto create topics is disabled"), True)
        await asyncio.sleep(2)
        assert not await has_said(system, told, '"started"')
        stop_gracefully(system.metrics)
    system.metrics.start()
    system.metrics.wait_until_ready()
    assert await send(system.recruitment, [post_established("P-1", authority)]) == ["accepted"]
    await eventually(lambda: total(system.metrics, "establishment", authority), 1.0)


async def has_said(system: RealSystem, after: int, words: str) -> bool:
    """Whether these words stand in the log of metrics, after so many characters."""
    return words in system.metrics.process.log.read_text()[after:]
