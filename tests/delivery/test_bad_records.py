"""No bad record stops a good one: it becomes a dead letter as it came, is visible, and can be sent again.

Invariant: every bad record stands between good ones of its own partition, put there before metrics reads any of them.
"""

import asyncio
import json
import sys
from pathlib import Path

import asyncpg

from services.chassis.dead_letter_form import where_and_why
from services.chassis.dead_letters import send_again
from tests.delivery.feed import Record, post_established, put_on_topic, record_of, send, stated
from tests.delivery.observing import committed, counter, dead_letters, eventually, get, stop_gracefully, total
from tests.delivery.processes import another_process
from tests.parts import PostgreSQL, RealSystem, Service

POSTS = "workforce.posts"


def bad_records(authority: str) -> dict[str, Record]:
    """A record for each way of being wrong, with what its reason must say."""
    key = f"{authority}:post/P-BAD".encode()
    good = record_of(post_established("P-BAD", authority))
    body = json.loads(good.value or b"")
    started = {"started_on": "2021-01-01", "post": "P-1", "fte": 1, "origin": "other", "route": "direct"}
    return {
        "is not JSON": Record(POSTS, key, b"{not json", good.headers),
        "data.worker_name": Record(POSTS, key, json.dumps(body | {"worker_name": "?"}).encode(), good.headers),
        "is not a known event type": good.with_header("ce_type", b"uk.workforce.post.painted.v1"),
        "ce_specversion": Record(POSTS, key, b"{}", ()),
        "are not UTF-8": good.with_header("ce_source", b"/hr/\xff\xfe"),
        "tombstone": Record(POSTS, key, None, good.headers),
        "ce_acceptedtime": good.without_headers("ce_acceptedtime", "ce_sequence"),
        "does not stand on workforce.posts": Record(
            POSTS,
            key,
            json.dumps(started).encode(),
            record_of(stated("S-1", "worker.started", "worker/W-1", authority, started)).headers,
        ),
    }


async def put_while_metrics_is_away(system: RealSystem, records: list[Record]) -> list[int]:
    """Put records onto their topic so that metrics finds them all in its first batch; gives their offsets."""
    stop_gracefully(system.metrics)
    offsets = await put_on_topic(system.broker, records)
    system.metrics.start()
    system.metrics.wait_until_ready()
    return offsets


async def test_bad_records_are_rejected_as_they_came_and_their_neighbours_count(standing_system: RealSystem) -> None:
    system, authority = standing_system, "101"
    bad = bad_records(authority)
    records = [record_of(post_established("P-0", authority))]
    for number, record in enumerate(bad.values(), 1):
        records += [record, record_of(post_established(f"P-{number}", authority))]
    offsets = await put_while_metrics_is_away(system, records)

    await eventually(lambda: total(system.metrics, "establishment", authority), 9.0)
    await eventually(lambda: number_of_dead_letters(system, b"101:post/P-BAD"), 8)
    for (reason, record), offset, letter in zip(
        bad.items(), offsets[1::2], await dead_letters(system.broker, b"101:post/P-BAD"), strict=True
    ):
        assert (letter.value, letter.key) == (record.value, record.key)
        assert letter.headers[: len(record.headers)] == record.headers
        about = where_and_why(letter)
        assert reason in about["reason"]
        assert {name: about[name] for name in ("topic", "partition", "offset", "consumer", "cause", "attempts")} == {
            "topic": POSTS,
            "partition": "0",
            "offset": str(offset),
            "consumer": "metrics",
            "cause": "contract",
            "attempts": "1",
        }
    await eventually(lambda: at_least(system.metrics, "workforce_dead_letters_total", 8), True)
    await eventually(lambda: at_least(system.metrics, "workforce_consumed_total", 17), True)
    listed = await list_dead_letters(system)
    assert all(any(f"\t{POSTS}[0]@{offset}\tcontract\t" in line for line in listed) for offset in offsets[1::2])


async def test_a_record_that_the_handler_cannot_take_in_is_found_among_its_neighbours(
    standing_system: RealSystem,
) -> None:
    system, authority = standing_system, "102"
    neighbours = [record_of(post_established(f"P-{number}", authority)) for number in range(20)]
    at_fault = record_of(post_established("P-99", authority))
    # It keeps its contract, and PostgreSQL refuses its content.
    await run(
        system.databases["metrics"], "ALTER TABLE inbox ADD CONSTRAINT no_99 CHECK (authority || event_id <> '102P-99')"
    )
    try:
        await put_while_metrics_is_away(system, [*neighbours[:7], at_fault, *neighbours[7:]])
        await eventually(lambda: total(system.metrics, "establishment", authority), 20.0)
        await eventually(lambda: number_of_dead_letters(system, b"102:post/P-99"), 1)
    finally:
        await run(system.databases["metrics"], "ALTER TABLE inbox DROP CONSTRAINT no_99")
    (letter,) = await dead_letters(system.broker, b"102:post/P-99")
    assert letter.value == at_fault.value
    about = where_and_why(letter)
    assert (about["cause"], about["attempts"]) == ("handler", "3")
    assert "CheckViolationError" in about["reason"]
    assert "no_99" in about["reason"]


async def test_a_record_that_became_a_dead_letter_counts_when_it_is_sent_again_after_its_cause_is_gone(
    standing_system: RealSystem,
) -> None:
    system, authority = standing_system, "103"
    database = await asyncpg.connect(system.databases["metrics"])
    await database.execute("ALTER TABLE inbox ADD CONSTRAINT full_of_sand CHECK (authority || event_id <> '103P-1')")
    try:
        events = [post_established(f"P-{number}", authority) for number in range(3)]
        assert await send(system.recruitment, events) == ["accepted"] * 3
        await eventually(lambda: number_of_dead_letters(system, b"103:post/P-1"), 1)
        await eventually(lambda: total(system.metrics, "establishment", authority), 2.0)
    finally:
        await database.execute("ALTER TABLE inbox DROP CONSTRAINT full_of_sand")
        await database.close()
    (letter,) = await dead_letters(system.broker, b"103:post/P-1")
    assert "full_of_sand" in where_and_why(letter)["reason"]
    assert await send_again("metrics", system.broker.servers, {letter.offset}) == 1
    await eventually(lambda: total(system.metrics, "establishment", authority), 3.0)
    assert await send_again("metrics", system.broker.servers, {letter.offset}) == 1
    await asyncio.sleep(1)
    assert await total(system.metrics, "establishment", authority) == 3.0


async def test_postgresql_that_cannot_be_reached_is_waited_for_and_nothing_is_rejected(
    standing_system: RealSystem, postgres: PostgreSQL
) -> None:
    system, authority = standing_system, "104"
    before = len(await dead_letters(system.broker))
    retries = await counter(system.metrics, "workforce_retries_total")
    postgres.kill()
    try:
        await put_on_topic(system.broker, [record_of(post_established("P-1", authority))])
        await eventually(lambda: at_least(system.metrics, "workforce_retries_total", retries + 5), True)
        await eventually(lambda: unready(system.metrics, "the consumer waits: PostgreSQL cannot be reached"), True)
        assert (await get(system.metrics, "/health/live")).status_code == 200
    finally:
        postgres.start()
    await eventually(lambda: total(system.metrics, "establishment", authority), 1.0)
    assert len(await dead_letters(system.broker)) == before
    await eventually(lambda: is_ready(system.metrics), True)


async def test_bad_records_of_nobody_halt_their_partition_until_a_restart_and_the_others_go_on(
    standing_system: RealSystem, tmp_path: Path
) -> None:
    system, authority = standing_system, "105"
    bad = Record(POSTS, b"105/P-BAD", b"{not json", ())
    good = [record_of(post_established(f"P-{number}", authority)) for number in range(3)]
    stop_gracefully(system.metrics)
    before = await committed(system.broker, "metrics")
    await put_on_topic(system.broker, [good[0], *[bad] * 5, good[1]])
    strict = another_process(system, "metrics", tmp_path, delivery__dead_letters_in_a_row=5)
    strict.start()
    try:
        await eventually(lambda: counter(strict, "workforce_consumer_halted"), 1.0)
        await eventually(lambda: counter(strict, "workforce_consumer_halted_partitions"), 1.0)
        (offset,) = await put_on_topic(system.broker, [good[2]], partition=1)
        # What stood in the same batch as the bad ones is taken in already, though not committed.
        await eventually(lambda: total(strict, "establishment", authority), 3.0)
        halt = f"the consumer stopped: 5 records in a row could not be taken in: {POSTS}, partition 0,"
        await eventually(lambda: unready(strict, halt), True)
        assert (await get(strict, "/v1/measures")).status_code == 200
        assert (await get(strict, "/health/live")).status_code == 200
        assert await number_of_dead_letters(system, b"105/P-BAD") == 0
    finally:
        stop_gracefully(strict)
    after = await committed(system.broker, "metrics")
    assert after.get(f"{POSTS}[0]") == before.get(f"{POSTS}[0]")
    assert after[f"{POSTS}[1]"] == offset + 1

    system.metrics.start()
    await eventually(lambda: number_of_dead_letters(system, b"105/P-BAD"), 5)
    await eventually(lambda: is_ready(system.metrics), True)


async def test_however_many_bad_records_one_authority_has_the_others_go_on(
    standing_system: RealSystem, tmp_path: Path
) -> None:
    system, authority = standing_system, "106"
    bad = Record(POSTS, b"107:post/P-BAD", b"{not json", record_of(post_established("P-BAD", "107")).headers)
    stop_gracefully(system.metrics)
    await put_on_topic(system.broker, [*[bad] * 40, record_of(post_established("P-1", authority))])
    strict = another_process(system, "metrics", tmp_path, delivery__dead_letters_in_a_row=5)
    strict.start()
    try:
        await eventually(lambda: total(strict, "establishment", authority), 1.0)
        await eventually(lambda: number_of_dead_letters(system, b"107:post/P-BAD"), 40)
        await eventually(lambda: is_ready(strict), True)
        assert await counter(strict, "workforce_dead_letter_runs_total") == 1
    finally:
        stop_gracefully(strict)
        system.metrics.start()
        system.metrics.wait_until_ready()


async def test_a_bad_record_is_rejected_once_however_late_the_database_says_where_to_begin(
    standing_system: RealSystem, tmp_path: Path
) -> None:
    system, authority = standing_system, "108"
    bad = bad_records(authority)["is not JSON"]
    stop_gracefully(system.metrics)
    await put_on_topic(system.broker, [bad, record_of(post_established("P-1", authority))])
    late = another_process(system, "metrics", tmp_path)
    database = await asyncpg.connect(system.databases["metrics"])
    try:
        async with database.transaction():
            await database.execute("LOCK TABLE reading")
            late.start()
            await eventually(lambda: has_joined(tmp_path), True)
            # Within this, all that waits would have been fetched and taken in.
            await asyncio.sleep(2)
            assert await number_of_dead_letters(system, b"108:post/P-BAD") == 0
        await eventually(lambda: total(late, "establishment", authority), 1.0)
        await eventually(lambda: is_ready(late), True)
        # Dead letters are made after the good records are in. Of the list a repetition is left out; it is counted.
        await eventually(lambda: number_of_dead_letters(system, b"108:post/P-BAD"), 1)
        await eventually(lambda: counter(late, "workforce_dead_letters_total"), 1.0)
    finally:
        await database.close()
        stop_gracefully(late)
        system.metrics.start()
        system.metrics.wait_until_ready()


async def has_joined(logs: Path) -> bool:
    """Whether the other process of metrics has partitions to read."""
    return '"message": "started"' in (logs / "another-metrics.log").read_text()


async def run(database: str, statement: str) -> None:
    """Run a statement on a service's database."""
    connection = await asyncpg.connect(database)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def number_of_dead_letters(system: RealSystem, key: bytes) -> int:
    """How many dead letters of one key metrics has."""
    return len(await dead_letters(system.broker, key))


async def at_least(service: Service, name: str, least: float) -> bool:
    """Whether one of a service's metrics has risen so far."""
    return await counter(service, name) >= least


async def unready(service: Service, words: str) -> bool:
    """Whether a service says that it is not ready, with these words."""
    answer = await get(service, "/health/ready")
    return answer.status_code == 503 and words in answer.text


async def is_ready(service: Service) -> bool:
    """Whether a service says that it is ready."""
    return (await get(service, "/health/ready")).status_code == 200


async def list_dead_letters(system: RealSystem) -> list[str]:
    """What the command line shows of the dead letters of metrics."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "services.chassis.dead_letters",
        "list",
        "--service",
        "metrics",
        "--kafka-servers",
        system.broker.servers,
        stdout=asyncio.subprocess.PIPE,
    )
    shown, _ = await process.communicate()
    assert process.returncode == 0
    return shown.decode().splitlines()
