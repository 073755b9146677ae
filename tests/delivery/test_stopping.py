"""A service that is asked to stop finishes the batch, commits, and goes on from there when it is started again.

Invariant: events keep coming while it stops.
"""

import asyncio

from tests.delivery.feed import post_established, send
from tests.delivery.observing import events_in, eventually, stop_gracefully, tables, total
from tests.parts import RealSystem

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
    await asyncio.sleep(0.2)
    stopped.set()
    await feeding
    assert taken_in < accepted

    system.metrics.start()
    system.metrics.wait_until_ready()
    await eventually(lambda: total(system.metrics, "establishment", AUTHORITY), float(accepted))
    assert len((await tables(database, AUTHORITY))["staffing"]) == accepted


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
