"""The inbox: each event once, whole, and given back to who asks for its subject or for what came since."""

from datetime import UTC, datetime
from typing import Any, cast

import asyncpg

from contracts.envelope import Event
from services.chassis import inbox
from tests.delivery.feed import Stated, decoded, post_established
from tests.unit.chassis.journals import worker_started


async def take(pool: asyncpg.Pool, *events: Event) -> list[Event]:
    """Those that were not there yet, of one batch."""
    async with pool.acquire() as connection, connection.transaction():
        return [arrived.event for arrived in await inbox.take(connection, events)]


def all_of(*subjects: tuple[str, str]) -> list[tuple[str, str, int]]:
    """Subjects, with all that ever arrived of them."""
    return [(*subject, inbox.LAST) for subject in subjects]


def sequences(events: list[Event]) -> list[str | None]:
    return [event.envelope.sequence for event in events]


async def test_of_one_event_that_comes_twice_the_first_is_new_and_in_the_next_batch_none_is(pool: asyncpg.Pool) -> None:
    one, again = decoded(post_established("P-1", "331"), 1), decoded(post_established("P-1", "331"), 7)
    other = decoded(post_established("P-2", "331"), 2)
    assert sequences(await take(pool, one, again, other)) == ["1", "2"]
    assert await take(pool, again, one) == []
    assert await take(pool) == []
    assert [tuple(row) for row in await pool.fetch("SELECT event_id, sequence FROM inbox ORDER BY sequence")] == [
        ("P-1", 1),
        ("P-2", 2),
    ]


async def test_one_number_under_two_authorities_of_two_sources_or_of_two_kinds_is_no_event_twice(
    pool: asyncpg.Pool,
) -> None:
    elsewhere: Stated = post_established("N-1", "332")
    another: Stated = post_established("N-1", "331") | {"source": "/another"}
    events = [post_established("N-1", "331"), elsewhere, another, worker_started("N-1", "331")]
    assert sequences(await take(pool, *map(decoded, events, range(1, 5)))) == ["1", "2", "3", "4"]
    assert await take(pool, *map(decoded, events, range(11, 15))) == []


async def test_an_event_comes_out_as_it_went_in(pool: asyncpg.Pool) -> None:
    full = post_established("P-1", "331") | {
        "supersedes": "P-0",
        "supersedessource": "/other",
        "sourcesequence": "12",
    }
    event = decoded(full, 5)
    await take(pool, event)
    async with pool.acquire() as connection:
        (parsed,) = await inbox.read_subjects(connection, [("331", "post/P-1", inbox.LAST)])
    assert parsed.envelope.model_dump() == event.envelope.model_dump()
    assert parsed.data == event.data
    assert await pool.fetchval("SELECT owner FROM inbox") == "recruitment"


async def test_subjects_are_read_under_their_own_authority_alone(pool: asyncpg.Pool) -> None:
    events = [post_established("P-1", "331"), post_established("P-1", "332"), post_established("P-2", "331")]
    await take(pool, *map(decoded, events, (1, 2, 3)))
    async with pool.acquire() as connection:
        asked = cast(Any, connection)
        assert sequences(await inbox.read_subjects(asked, all_of(("331", "post/P-1"), ("332", "post/P-2")))) == ["1"]
        both = await inbox.read_subjects(asked, all_of(("332", "post/P-1"), ("331", "post/P-2")))
        assert sorted(map(str, sequences(both))) == ["2", "3"]


async def test_what_arrived_since_is_read_in_the_order_of_arrival_of_one_authority(pool: asyncpg.Pool) -> None:
    await take(pool, decoded(post_established("P-9", "331"), 9))
    await take(pool, decoded(post_established("P-1", "332"), 10))
    await take(pool, decoded(post_established("P-3", "331"), 3))
    # As after an update, which writes a row anew behind the others.
    await pool.execute("UPDATE inbox SET provenance = 'later' WHERE sequence = 9")
    async with pool.acquire() as connection, connection.transaction():
        # However it is read, by an index or not.
        await connection.execute("SET LOCAL enable_indexscan = off; SET LOCAL enable_bitmapscan = off")
        events, last = await inbox.read_arrived(cast(Any, connection), "331", 0)
    assert sequences(events) == ["9", "3"]
    assert await inbox.read_arrived(pool, "331", last) == ([], last)
    first = await pool.fetchval("SELECT arrival FROM inbox WHERE sequence = 9")
    events, arrival = await inbox.read_arrived(pool, "331", first)
    assert (sequences(events), arrival) == (["3"], last)
    await take(pool, decoded(post_established("P-4", "331"), 4))
    assert sequences((await inbox.read_arrived(pool, "331", last))[0]) == ["4"]


async def test_a_service_that_only_keeps_what_it_reads_keeps_it_in_one_transaction(pool: asyncpg.Pool) -> None:
    keeper = inbox.TakeInEvents(pool)
    await keeper([decoded(post_established("P-1", "331"), 1)], True)
    await keeper([decoded(post_established("P-1", "331"), 1), decoded(post_established("P-2", "331"), 2)], False)
    rows = await pool.fetch("SELECT sequence, accepted_at FROM inbox ORDER BY sequence")
    accepted = datetime(2023, 11, 1, 9, 0, 1, tzinfo=UTC)
    assert [tuple(row) for row in rows] == [(1, accepted), (2, accepted)]
