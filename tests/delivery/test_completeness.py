"""Completeness: whatever becomes of Kafka, offsets, databases and processes, what is missing is noticed and comes.

Invariant: nobody is needed for it, no further event has to happen, and readiness does not say otherwise meanwhile.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic, RecordsToDelete

from contracts.catalogue import METRICS, POSTS, RECRUITMENT, RETENTION, TOPIC_OF_TYPE, request_topic, topics_read_by
from contracts.watermark import RepublishRequest, encode
from services.chassis.topics import admin_client
from tests.delivery.feed import post_established, send, stated
from tests.delivery.observing import (
    all_has_come,
    counter,
    events_in,
    eventually,
    get,
    is_complete,
    log_of,
    read,
    sequences,
    stop_gracefully,
    total,
)
from tests.delivery.processes import another_process
from tests.parts import ApacheKafka, EmbeddedBroker, RealSystem, Service

STARTED = {
    "started_on": "2021-03-01",
    "post": "P-1",
    "fte": 1,
    "origin": "other-english-authority",
    "route": "direct",
    "employment": "permanent",
}


def worker_started(worker: str, authority: str) -> dict[str, Any]:
    return stated(worker, "worker.started", f"worker/{worker}", authority, STARTED)


async def ready(service: Service) -> tuple[bool, list[str]]:
    body = (await get(service, "/health/ready")).json()
    return body["ready"], body["reasons"]


async def all_is_there(system: RealSystem, authority: str, posts: int) -> None:
    """Wait until metrics has every post, is complete, and says it is ready."""
    await eventually(lambda: total(system.metrics, "establishment", authority), float(posts))
    await eventually(lambda: is_complete(system, METRICS, RECRUITMENT), True)
    await eventually(lambda: ready(system.metrics), (True, []))


async def establish(system: RealSystem, authority: str, name: str, count: int) -> None:
    events = [post_established(f"{name}-{number}", authority) for number in range(count)]
    assert await send(system.recruitment, events) == ["accepted"] * count


async def partitions_of(system: RealSystem, topic: str) -> int:
    async with admin_client(system.broker.servers) as admin:
        (described,) = await admin.describe_topics([topic])
        return len(described["partitions"])


@asynccontextmanager
async def kafka_only(system: RealSystem) -> AsyncIterator[AIOKafkaAdminClient]:
    if not isinstance(system.broker, ApacheKafka):
        pytest.skip("the embedded broker knows no such request")
    async with admin_client(system.broker.servers) as admin:
        yield admin


@pytest.mark.parametrize("partitions", [1, 4])
async def test_a_topic_that_comes_back_with_fewer_partitions_is_made_whole_and_published_again(
    standing_system: RealSystem, partitions: int
) -> None:
    system, authority = standing_system, f"24{partitions}"
    await establish(system, authority, "P", 60)
    await all_is_there(system, authority, 60)
    async with kafka_only(system) as admin:
        await admin.delete_topics([POSTS.name])
        # Whoever is first makes it: the service that owns it, or somebody else with a number of their own.
        await admin.create_topics([NewTopic(POSTS.name, partitions, 1)])
    await establish(system, authority, "Q", 5)
    await all_is_there(system, authority, 65)
    assert await partitions_of(system, POSTS.name) == POSTS.partitions
    await eventually(lambda: ready(system.recruitment), (True, []))
    for records in (await log_of(system.broker, RECRUITMENT, authority)).values():
        # What was lost comes before what is new, however often it was begun.
        first_times = list(dict.fromkeys(sequences(records)))
        assert first_times == sorted(first_times)


async def test_a_service_without_topics_makes_each_as_the_catalogue_says_and_none_by_touching_it(
    standing_system: RealSystem,
) -> None:
    system, authority = standing_system, "223"
    await establish(system, authority, "P", 3)
    system.broker.empty()

    async def all_are_made() -> bool:
        made = {topic: await partitions_of(system, topic.name) for topic in topics_read_by(METRICS)}
        assert {topic.name: number for topic, number in made.items() if number not in (0, topic.partitions)} == {}
        return all(made.values())

    await eventually(all_are_made, True)
    await all_is_there(system, authority, 3)


async def test_a_group_whose_offsets_were_moved_to_the_end_misses_nothing(standing_system: RealSystem) -> None:
    system, authority = standing_system, "224"
    stop_gracefully(system.metrics)
    await establish(system, authority, "P", 154)
    await eventually(lambda: unpublished(system), 0)
    await move_offsets_to_the_end(system, METRICS)
    system.metrics.start()
    await all_is_there(system, authority, 154)


async def unpublished(system: RealSystem) -> int:
    query = "SELECT journal_head.position - relay_progress.position FROM journal_head, relay_progress"
    ((number,),) = await read(system.databases["recruitment"], query)
    return int(number)


async def move_offsets_to_the_end(system: RealSystem, group: str) -> None:
    """As a member of the group, which is what both brokers take from."""
    consumer = AIOKafkaConsumer(
        *(topic.name for topic in topics_read_by(group)),
        bootstrap_servers=system.broker.servers,
        group_id=group,
        enable_auto_commit=False,
    )
    async with consumer:
        partitions = list(consumer.assignment())
        await consumer.seek_to_end(*partitions)
        await consumer.commit({partition: await consumer.position(partition) for partition in partitions})


@pytest.mark.parametrize("running", [True, False])
async def test_a_metrics_database_made_anew_is_filled_again_without_a_new_event(
    standing_system: RealSystem, running: bool
) -> None:
    system, authority = standing_system, "226" if running else "225"
    await establish(system, authority, "P", 40)
    await all_is_there(system, authority, 40)
    if not running:
        stop_gracefully(system.metrics)
    await make_anew(system, METRICS)
    if not running:
        system.metrics.start()
    await all_is_there(system, authority, 40)
    assert await events_in(system.databases[METRICS], "inbox", authority) == 40


async def make_anew(system: RealSystem, service: str) -> None:
    """Drop a database under whoever uses it, and make it again, empty."""
    (row,) = await read(system.databases[service], "SELECT current_database()")
    system.postgres.drop(row[0])
    assert system.postgres.create(row[0]) == system.databases[service]


async def test_what_is_lost_from_an_inbox_comes_back_and_readiness_is_lost_meanwhile(
    standing_system: RealSystem,
) -> None:
    """Nothing happens to Kafka or to offsets: only the owner's watermark tells that something is missing."""
    system, authority = standing_system, "227"
    await establish(system, authority, "P", 10)
    await all_is_there(system, authority, 10)
    stop_gracefully(system.metrics)
    await establish(system, authority, "Q", 10)
    await eventually(lambda: unpublished(system), 0)
    # As a copy of the database made before those ten arrived, together with a wrong note of what was read.
    await read(system.databases[METRICS], "UPDATE reading SET next_offset = 1000000 WHERE topic = $1", POSTS.name)
    await move_offsets_to_the_end(system, METRICS)
    system.metrics.start()
    await all_is_there(system, authority, 20)


async def test_what_is_no_longer_on_the_log_is_asked_of_its_owner(standing_system: RealSystem) -> None:
    system, authority = standing_system, "228"
    stop_gracefully(system.metrics)
    await establish(system, authority, "P", 30)
    await eventually(lambda: unpublished(system), 0)
    async with kafka_only(system) as admin:
        partitions = [TopicPartition(POSTS.name, part) for part in range(POSTS.partitions)]
        await admin.delete_records({partition: RecordsToDelete(before_offset=-1) for partition in partitions})
    system.metrics.start()
    await all_is_there(system, authority, 30)


async def test_a_request_that_is_none_stops_nobody(standing_system: RealSystem) -> None:
    system, authority = standing_system, "229"
    topic = request_topic(RECRUITMENT).name
    producer = AIOKafkaProducer(bootstrap_servers=system.broker.servers)
    async with producer:
        for value in (
            b"\xff",
            b"{}",
            None,
            encode(RepublishRequest(reader="x", topic="workforce.leavers", after=0, up_to=9)),
        ):
            await producer.send_and_wait(topic, value, key=b"x", partition=0)
    await establish(system, authority, "P", 2)
    await all_is_there(system, authority, 2)


async def test_a_reading_that_one_process_wanted_is_done_by_the_one_that_is_left(
    standing_system: RealSystem, tmp_path: Path
) -> None:
    system, authority = standing_system, "230"
    await establish(system, authority, "P", 25)
    await all_is_there(system, authority, 25)
    second = another_process(system, METRICS, tmp_path)
    try:
        second.start()
        second.wait_until_ready()
        await read(system.databases[METRICS], "DELETE FROM inbox WHERE authority = $1", authority)
        await read(
            system.databases[METRICS],
            """
            UPDATE expected SET verified_position = 0, verified_events = 0, complete_until = NULL
            WHERE owner = 'recruitment'
            """,
        )
        await eventually(lambda: _some_remedy(system), True)
        system.metrics.kill()
        await eventually(lambda: total(second, "establishment", authority), 25.0)
        await eventually(lambda: is_complete(system, METRICS, RECRUITMENT), True)
    finally:
        second.kill()
        system.metrics.restart()


async def _some_remedy(system: RealSystem) -> bool:
    rows = await read(system.databases[METRICS], "SELECT FROM expected WHERE remedy IS NOT NULL")
    answer = await read(system.databases[METRICS], "SELECT count(*) AS events FROM inbox WHERE authority = '230'")
    return bool(rows) or answer[0]["events"] > 0


@pytest.mark.parametrize(("reader", "owner"), [(RECRUITMENT, RETENTION), (RETENTION, RECRUITMENT)])
async def test_the_publishing_services_notice_what_is_missing_from_their_inboxes(
    standing_system: RealSystem, reader: str, owner: str
) -> None:
    system, authority = standing_system, "231" if reader == RETENTION else "232"
    if owner == RECRUITMENT:
        events = [worker_started(f"W-{number}", authority) for number in range(12)]
    else:
        left = {"left_on": "2023-05-01", "reason": "resignation", "destination": "not-known"}
        events = [stated(f"L-{number}", "worker.left", f"worker/W-{number}", authority, left) for number in range(12)]
    assert TOPIC_OF_TYPE[events[0]["type"]].owner == owner
    assert await send(system.services[owner], events) == ["accepted"] * 12
    await eventually(lambda: events_in(system.databases[reader], "inbox", authority), 12)
    await eventually(lambda: is_complete(system, reader, owner), True)

    await read(system.databases[reader], "DELETE FROM inbox WHERE authority = $1", authority)
    await read(system.databases[reader], "UPDATE expected SET verified_position = 0, verified_events = 0")
    await eventually(lambda: events_in(system.databases[reader], "inbox", authority), 12)
    await eventually(lambda: is_complete(system, reader, owner), True)


async def test_an_event_that_became_a_dead_letter_is_accounted_for_and_told(standing_system: RealSystem) -> None:
    system = standing_system
    await read(
        system.databases[METRICS],
        "INSERT INTO dead_letter_event (topic, sequence) VALUES ($1, 1000000000)",
        POSTS.name,
    )
    try:
        await eventually(
            lambda: _remarks(system), [f"1 events of {POSTS.name} became dead letters: see /v1/dead-letters"]
        )
    finally:
        await read(system.databases[METRICS], "DELETE FROM dead_letter_event")
    await eventually(lambda: _remarks(system), [])


async def _remarks(system: RealSystem) -> list[str]:
    remarks: list[str] = (await get(system.metrics, "/health/ready")).json()["remarks"]
    return remarks


async def test_complete_until_moves_on_without_any_event_and_after_one(standing_system: RealSystem) -> None:
    system, authority = standing_system, "233"
    await establish(system, authority, "P", 1)
    (row,) = await read(system.databases[RECRUITMENT], "SELECT max(accepted_at) AS accepted_at FROM journal")

    async def passed() -> bool:
        until = (await get(system.metrics, "/health/ready")).json()["complete_until"]
        told = await counter(system.metrics, "workforce_complete_until_timestamp_seconds")
        return bool(until) and until > row["accepted_at"].isoformat()[:23] and told > row["accepted_at"].timestamp()

    await eventually(passed, True)


async def test_a_frozen_or_emptied_embedded_broker_is_no_reason_to_start_anybody_again(
    standing_system: RealSystem,
) -> None:
    system = standing_system
    # What was on its way when Kafka went away would be missed, and readiness would say so.
    await eventually(lambda: all_has_come(system), True)
    system.broker.kill()
    try:
        await eventually(lambda: _remarks_name_kafka(system), True)
        for service in system.services.values():
            assert (await get(service, "/health/live")).status_code == 200
            await eventually(partial(ready, service), (True, []))
    finally:
        system.broker.start()
    if isinstance(system.broker, EmbeddedBroker):
        await eventually(lambda: unpublished(system), 0)


async def _remarks_name_kafka(system: RealSystem) -> bool:
    return any(remark.startswith("Kafka has not answered for") for remark in await _remarks(system))
