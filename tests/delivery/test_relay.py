"""The relay: what is accepted reaches Kafka in order, from one leader at a time, and again when Kafka lost it.

Invariant: events are accepted while something is away, so that the figures are right only if that was made good.
"""

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, cast

from contracts.catalogue import LEAVERS, RECRUITMENT, request_topic, topics_owned_by
from contracts.watermark import RepublishRequest, decode, encode
from services.chassis.relay import Relay
from services.chassis.settings import Settings
from services.chassis.telemetry import Telemetry
from services.chassis.topics import admin_client
from tests.delivery.feed import Record, post_established, put_on_topic, send
from tests.delivery.observing import (
    counter,
    eventually,
    log_of,
    read,
    sequences,
    stop_gracefully,
    tables,
    total,
)
from tests.delivery.processes import another_process
from tests.parts import Broker, EmbeddedBroker, RealSystem, Service


async def published(system: RealSystem, authority: str) -> set[int]:
    """The positions of recruitment's journal at which an authority's events stand, as its topics have them."""
    log = await log_of(system.broker, RECRUITMENT, authority)
    return {position for records in log.values() for position in sequences(records)}


async def accepted(system: RealSystem, authority: str) -> set[int]:
    """The positions of recruitment's journal at which an authority's events stand, as the journal has them."""
    query = "SELECT position FROM journal WHERE authority = $1"
    return {row["position"] for row in await read(system.databases["recruitment"], query, authority)}


async def test_events_of_one_subject_are_published_in_the_order_in_which_they_were_accepted(
    standing_system: RealSystem,
) -> None:
    system, authority = standing_system, "201"
    for day in range(1, 21):
        events = [
            post_established(f"P-{number}", authority, 1 + day) | {"id": f"P-{number}-{day}"} for number in range(10)
        ]
        assert await send(system.recruitment, events) == ["accepted"] * 10
    await eventually(lambda: published(system, authority), await accepted(system, authority))
    log = await log_of(system.broker, RECRUITMENT, authority)
    of_subject: dict[bytes | None, list[int]] = {}
    for records in log.values():
        assert sequences(records) == sorted(sequences(records))
        for record, position in zip(records, sequences(records), strict=True):
            of_subject.setdefault(record.key, []).append(position)
    assert {len(positions) for positions in of_subject.values()} == {20}
    assert all(positions == sorted(positions) for positions in of_subject.values())
    # On Apache Kafka an authority stands on one partition of a topic; on the embedded broker on many.
    assert (len(log) == 1) is system.broker.idempotent


async def test_the_positions_of_the_journal_have_no_gaps(standing_system: RealSystem) -> None:
    journal = await read(standing_system.databases["recruitment"], "SELECT position FROM journal ORDER BY position")
    assert [row["position"] for row in journal] == list(range(1, len(journal) + 1))


async def test_when_the_leading_relay_is_killed_the_other_process_takes_over_and_nothing_is_lost(
    standing_system: RealSystem, tmp_path: Path
) -> None:
    system, authority = standing_system, "202"
    second = another_process(system, "recruitment", tmp_path)
    try:
        second.start()
        second.wait_until_ready()
        assert await send(second, [post_established("P-0", authority)]) == ["accepted"]
        await eventually(lambda: total(system.metrics, "establishment", authority), 1.0)
        assert await counter(second, "workforce_published_total") == 0

        events = [post_established(f"P-{number}", authority) for number in range(1, 301)]
        assert await send(system.recruitment, events) == ["accepted"] * 300
        system.recruitment.kill()
        assert await send(second, [post_established("P-301", authority)]) == ["accepted"]
        await eventually(lambda: total(system.metrics, "establishment", authority), 302.0)
        await eventually(lambda: has_published(second), True)
        assert await published(system, authority) == await accepted(system, authority)
    finally:
        second.kill()
        system.recruitment.restart()


async def has_published(service: Service) -> bool:
    """Whether this process has published anything, as it tells Prometheus."""
    return await counter(service, "workforce_published_total") > 0


async def test_a_log_that_is_lost_is_published_again_and_read_from_its_beginning(standing_system: RealSystem) -> None:
    """The new log grows past the reader's position at once, and holds there what the reader has not seen. The old log
    held every event twice, as after a relay that was killed before it could save how far it had come.
    """
    system, authority = standing_system, "203"
    await send(system.recruitment, [post_established(f"P-{number}", authority) for number in range(200)])
    await eventually(lambda: total(system.metrics, "establishment", authority), 200.0)
    system.recruitment.kill()
    await read(system.databases["recruitment"], "UPDATE relay_progress SET position = 0")
    system.recruitment.restart()
    await eventually(lambda: unpublished(system), 0)

    await send(system.recruitment, [post_established(f"Q-{number}", authority) for number in range(800)])
    await lose_the_log(system.broker)
    await send(system.recruitment, [post_established(f"R-{number}", authority) for number in range(100)])
    await eventually(lambda: published(system, authority), await accepted(system, authority))
    await eventually(lambda: total(system.metrics, "establishment", authority), 1100.0)
    await eventually(lambda: missing(system), [0] * len(topics_owned_by(RECRUITMENT)))


async def missing(system: RealSystem) -> list[int]:
    """How many events metrics misses of each of recruitment's topics, judged up to all that was accepted."""
    ((head,),) = await read(system.databases["recruitment"], "SELECT position FROM journal_head")
    query = "SELECT missing FROM expected WHERE owner = 'recruitment' AND verified_position = $1"
    return [row["missing"] for row in await read(system.databases["metrics"], query, head)]


async def lose_the_log(broker: Broker) -> None:
    """Delete recruitment's topics; of the embedded broker, which breaks when that meets a producer, everything."""
    if isinstance(broker, EmbeddedBroker):
        broker.empty()
        return
    async with admin_client(broker.servers) as admin:
        await admin.delete_topics([topic.name for topic in topics_owned_by(RECRUITMENT)])


async def unpublished(system: RealSystem) -> int:
    """How many events recruitment accepted that Kafka has not acknowledged."""
    query = "SELECT journal_head.position - relay_progress.position FROM journal_head, relay_progress"
    ((number,),) = await read(system.databases["recruitment"], query)
    return int(number)


async def test_requests_from_before_a_relay_began_are_passed_over_and_later_ones_are_heard(
    standing_system: RealSystem,
) -> None:
    """Whoever still misses something asks again; requests are kept for days, and would all be answered anew."""

    async def ask(position: int) -> None:
        # Of another owner's topic: the relay of the running service passes it over.
        request = RepublishRequest(reader="metrics", topic=LEAVERS.name, after=0, up_to=position)
        await put_on_topic(system.broker, [Record(request_topic(RECRUITMENT).name, None, encode(request), ())])

    async def heard() -> set[int]:
        await ask(2)
        for records in (await clients.requests.getmany(timeout_ms=200)).values():
            requests.update(decode(RepublishRequest, record.value).up_to for record in records)
        return requests

    system, requests = standing_system, set[int]()
    await ask(1)
    settings = Settings(
        database_url=system.databases["recruitment"],
        kafka_servers=system.broker.servers,
        kafka_idempotent_producer=system.broker.idempotent,
    )
    async with AsyncExitStack() as stack:
        clients = await Relay(RECRUITMENT, settings, Telemetry())._connect_to_kafka(stack, cast(Any, None))
        await eventually(heard, {2})


async def test_a_broker_that_lost_everything_gets_everything_again(standing_system: RealSystem) -> None:
    system, authority = standing_system, "204"
    assert await send(system.recruitment, [post_established("P-1", authority)]) == ["accepted"]
    await eventually(lambda: total(system.metrics, "establishment", authority), 1.0)
    everybody = await tables(system.databases["metrics"])
    replays = await counter(system.recruitment, "workforce_journal_replays_total")

    stop_gracefully(system.metrics)
    assert await send(system.recruitment, [post_established("P-2", authority)]) == ["accepted"]
    await eventually(lambda: published(system, authority), await accepted(system, authority))
    system.broker.empty()
    assert await send(system.recruitment, [post_established("P-3", authority)]) == ["accepted"]
    system.metrics.start()
    await eventually(lambda: total(system.metrics, "establishment", authority), 3.0)
    await eventually(lambda: published(system, authority), await accepted(system, authority))
    assert await counter(system.recruitment, "workforce_journal_replays_total") > replays
    others = {table: [row for row in rows if "204" not in row] for table, rows in everybody.items()}
    now = await tables(system.databases["metrics"])
    assert {table: [row for row in rows if "204" not in row] for table, rows in now.items()} == others
