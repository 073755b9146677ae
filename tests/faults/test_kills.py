"""Every part is killed under load, at random points, and Kafka loses all its data: nothing is lost or counted twice.

Invariant: what is compared to are the tables of a system that was left alone, fed with the same events.
"""

import asyncio
from dataclasses import dataclass
from random import Random

import pytest

from tests.conftest import EXAMPLES
from tests.delivery.feed import Stated
from tests.delivery.observing import Tables, counter, dead_letters, events_in, eventually, read, tables
from tests.faults.load import Feeder, load_of
from tests.parts import Broker, EmbeddedBroker, PostgreSQL, RealSystem

ROUNDS = max(1, EXAMPLES // 100)
"""How often each part is killed."""
WORKERS = 150 * ROUNDS
SENT_AROUND_A_KILL = 50
"""Events that may be sent after the one at which a part is killed, before the next part's turn."""
PATIENCE_SECONDS = 300.0


@dataclass(frozen=True)
class Undisturbed:
    """Two loads, and the tables of a system that nothing befell: after the first, and after both."""

    first: list[Stated]
    second: list[Stated]
    after_first: Tables
    after_both: Tables


@pytest.fixture(scope="module")
async def undisturbed(
    seed: int, postgres: PostgreSQL, embedded_broker: EmbeddedBroker, tmp_path_factory: pytest.TempPathFactory
) -> Undisturbed:
    """The same events on a fresh system, without any kill."""
    random = Random(seed)
    first, second = load_of(WORKERS, random, ""), load_of(WORKERS // 5, random, "later-")
    embedded_broker.empty()
    system = RealSystem(postgres, embedded_broker, tmp_path_factory.mktemp("undisturbed"))
    try:
        system.start()
        after_first = await feed_in_peace(system, first)
        after_both = await feed_in_peace(system, second)
    finally:
        system.stop()
    return Undisturbed(first, second, after_first, after_both)


async def feed_in_peace(system: RealSystem, events: list[Stated]) -> Tables:
    """Feed events and give the tables when all are in them."""
    before = await events_in(system.databases["metrics"], "inbox")
    feeder = Feeder(system, events)
    feeder.start()
    await asyncio.to_thread(feeder.join)
    await eventually(lambda: events_in(system.databases["metrics"], "inbox"), before + len(events))
    await eventually(lambda: still_queued(system), 0)
    return await tables(system.databases["metrics"])


async def test_nothing_accepted_is_lost_or_counted_twice_whatever_is_killed(
    undisturbed: Undisturbed, system: RealSystem, broker: Broker, postgres: PostgreSQL, seed: int
) -> None:
    print(f"seed {seed}: again with WORKFORCE_SEED={seed} WORKFORCE_EXAMPLES={EXAMPLES}")
    feeder = Feeder(system, undisturbed.first)
    feeder.may_send = 0
    feeder.start()
    try:
        await kill_every_part_at_random(system, feeder, len(undisturbed.first), Random(seed))
        await asyncio.to_thread(feeder.join, PATIENCE_SECONDS)
    finally:
        feeder.give_up()
    for service in system.services.values():
        service.wait_until_ready()
    assert feeder.refusals == []
    assert sorted(id for id, _ in feeder.answered) == sorted(event["id"] for event in undisturbed.first)
    await expect(system, len(undisturbed.first), undisturbed.after_first)

    # Kafka holds events that metrics has not read, and loses them with all the rest.
    system.metrics.kill()
    feeder = Feeder(system, undisturbed.second)
    feeder.start()
    await asyncio.to_thread(feeder.join, PATIENCE_SECONDS)
    await eventually(lambda: unpublished(system), 0)
    broker.empty()
    system.metrics.start()
    system.metrics.wait_until_ready()
    await expect(system, len(undisturbed.first) + len(undisturbed.second), undisturbed.after_both)
    assert await dead_letters(broker) == []


async def kill_every_part_at_random(system: RealSystem, feeder: Feeder, events: int, random: Random) -> None:
    """Kill and start again each part, in random order, when random shares of the events were answered."""
    parts = [*system.services.values(), system.broker, system.postgres] * ROUNDS
    random.shuffle(parts)
    for part, share in zip(parts, sorted(random.uniform(0.05, 0.9) for _ in parts), strict=True):
        # A part takes seconds to start: without this the load would be over before the next one is killed.
        feeder.may_send = round(share * events) + SENT_AROUND_A_KILL
        await asyncio.to_thread(feeder.wait_for, share * events)
        print(f"killed after {len(feeder.answered)} of {events} events: {part.process.name}")
        assert feeder.is_alive()
        part.kill()
        await asyncio.sleep(random.uniform(0, 1))
        part.start()
    feeder.may_send = events


async def expect(system: RealSystem, events: int, expected: Tables) -> None:
    """Wait until metrics has taken in so many events, and its tables are these."""
    await eventually(lambda: missing(system), [], PATIENCE_SECONDS)
    assert await events_in(system.databases["metrics"], "inbox") == events
    await eventually(lambda: still_queued(system), 0)
    await eventually(lambda: tables(system.databases["metrics"]), expected)
    assert await counter(system.metrics, "workforce_dead_letters_total") == 0


async def missing(system: RealSystem) -> list[str]:
    """The ids of events that were accepted and are not in metrics."""
    ids = [
        {row["event_id"] for row in await read(system.databases[name], f"SELECT event_id FROM {table}")}
        for name, table in (("recruitment", "journal"), ("retention", "journal"), ("metrics", "inbox"))
    ]
    return sorted((ids[0] | ids[1]) - ids[2])


async def still_queued(system: RealSystem) -> int:
    """How many subjects wait to be derived."""
    (row,) = await read(system.databases["metrics"], "SELECT count(*) FROM derivation_queue")
    return int(row[0])


async def unpublished(system: RealSystem) -> int:
    """How many accepted events Kafka has not acknowledged."""
    query = "SELECT journal_head.position - relay_progress.position FROM journal_head, relay_progress"
    return sum([int((await read(system.databases[name], query))[0][0]) for name in ("recruitment", "retention")])
