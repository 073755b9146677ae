"""The events that a process took in lately: alike those that are read back, of every type, and never one too few."""

import json
import weakref
from collections.abc import Sequence
from typing import Any

import asyncpg
import pytest

from contracts.envelope import Event, parse_event
from services.chassis import inbox
from services.chassis.database import Connection
from services.chassis.inbox import Arrived
from services.chassis.recent_events import RecentEvents, Tail, Tails, read_subjects
from tests.contract.every_field import EVENT_TYPES
from tests.delivery.feed import decoded, post_established
from tests.let_go import kept_of

POST_1 = [("331", "post/P-1")]
FTE_CHANGED = "uk.workforce.worker.fte-changed.v1"
STAMPS = {"acceptedtime": "2023-11-01T09:00:01.5Z", "sequence": "7", "provenance": "request test"}


def sent(number: int, type: str, body: bytes, **attributes: str) -> Event:
    """An event as a consumer decodes it, whoever wrote the record."""
    stated = {
        "specversion": "1.0",
        "id": f"E-{number}",
        "source": "/hr",
        "type": type,
        "subject": f"{EVENT_TYPES[type].subject}/X-1",
        "time": "2023-11-01T09:00:00Z",
        "authority": "331",
    }
    return parse_event(stated | STAMPS | attributes, body)


def of_every_type() -> list[Event]:
    """Of each type one event for each value that each of its fields is known to take."""
    data = [
        (name, of.data | {field: value})
        for name, of in EVENT_TYPES.items()
        for field, values in of.fields.items()
        for value in values.taken
    ]
    return [sent(number, name, json.dumps(each).encode()) for number, (name, each) in enumerate(data)]


AWKWARD: dict[str, tuple[bytes, dict[str, str]]] = {
    "a whole number with a decimal point": (b'{"effective_from":"2023-04-01","post":"P-1","fte":1.0}', {}),
    "a number with more digits than it needs": (b'{"effective_from":"2023-04-01","post":"P-1","fte":0.500}', {}),
    "a number as a power of ten": (b'{"effective_from":"2023-04-01","post":"P-1","fte":5e-1}', {}),
    "a field twice": (b'{"effective_from":"2023-04-01","fte":1,"post":"P-1","fte":0.25}', {}),
    "fields in another order, with spaces": (b'{ "fte": 0.5, "post": "P-1", "effective_from": "2023-04-01" }', {}),
    "a byte order mark": (b'\xef\xbb\xbf{"effective_from":"2023-04-01","post":"P-1","fte":0.5}', {}),
    "an instant of another offset, with nanoseconds": (
        b'{"effective_from":"2023-04-01","post":"P-1","fte":0.5}',
        {"time": "2023-11-01t10:30:00.123456789+05:30"},
    ),
    "a schema": (b'{"effective_from":"2023-04-01","post":"P-1","fte":0.5}', {"dataschema": "https://hr.example/1"}),
    "a number of its source with zeros before it": (
        b'{"effective_from":"2023-04-01","post":"P-1","fte":0.5}',
        {"sourcesequence": "0017"},
    ),
    "a correction of its own source, named": (
        b'{"effective_from":"2023-04-01","post":"P-1","fte":0.5}',
        {"supersedes": "E-0", "supersedessource": "/hr"},
    ),
    "a withdrawal of another source": (b'{"because":"entered-in-error"}', {"voids": "E-0", "voidssource": "/other"}),
    "nobody who brought it": (b'{"effective_from":"2023-04-01","post":"P-1","fte":0.5}', {"provenance": "~"}),
}
"""Bodies and attributes that stand otherwise in a record than in a table."""


def whole(events: Sequence[Event]) -> list[tuple[Any, ...]]:
    """All that an event is, to the way in which its numbers are written."""
    return sorted((event.envelope.id, repr(event.envelope), repr(event.data), event.body) for event in events)


async def take(pool: asyncpg.Pool, *events: Event) -> list[Arrived]:
    """Take these in, and commit."""
    async with pool.acquire() as connection, connection.transaction():
        return await inbox.take(connection, events)


async def told(recent: RecentEvents, connection: Connection, asked: Sequence[tuple[str, str]] = POST_1) -> list[str]:
    """The ids of the events of some subjects, by what is kept and by the inbox."""
    tails = await recent.tails(connection, {authority for authority, _ in asked})
    return ids(await read_subjects(connection, asked, tails))


def ids(events: Sequence[Event]) -> list[str]:
    return sorted(event.envelope.id for event in events)


def post(number: int, authority: str = "331", subject: str = "post/P-1") -> Event:
    """Event `E-<number>` of post P-1."""
    return decoded(post_established("P-1", authority) | {"id": f"E-{number}", "subject": subject}, number)


async def test_an_event_of_any_type_is_the_same_as_it_was_decoded_and_as_it_is_read_back(pool: asyncpg.Pool) -> None:
    events = of_every_type()
    arrived = await take(pool, *events)
    assert len(arrived) == len(events)
    read_back, _ = await inbox.read_arrived(pool, "331", 0)
    assert whole([one.event for one in arrived]) == whole(read_back)


@pytest.mark.parametrize("awkward", AWKWARD)
async def test_what_a_record_writes_otherwise_than_a_table_is_the_same_too(pool: asyncpg.Pool, awkward: str) -> None:
    body, attributes = AWKWARD[awkward]
    (arrived,) = await take(pool, sent(1, FTE_CHANGED, body, **attributes))
    (read_back,), _ = await inbox.read_arrived(pool, "331", 0)
    assert whole([arrived.event]) == whole([read_back])


async def test_of_an_authority_whose_every_event_is_kept_nothing_is_read(pool: asyncpg.Pool) -> None:
    recent = RecentEvents()
    recent.add(await take(pool, post(1), post(2)))
    recent.add(await take(pool, post(3), post(4, subject="post/P-2")))
    # What stands in the table now would be no event: whoever read it would fail.
    await pool.execute("UPDATE inbox SET body = '{}'")
    async with pool.acquire() as connection:
        assert await told(recent, connection) == ["E-1", "E-2", "E-3"]
        assert await told(recent, connection, [("331", "post/P-2")]) == ["E-4"]


async def test_what_arrived_before_this_process_began_is_read_beside_what_it_keeps(pool: asyncpg.Pool) -> None:
    recent = RecentEvents()
    await take(pool, post(1))
    recent.add(await take(pool, post(2)))
    async with pool.acquire() as connection:
        assert await told(recent, connection) == ["E-1", "E-2"]
        assert await told(recent, connection, [("331", "post/P-9")]) == []


async def test_what_another_process_took_in_between_is_never_missed(pool: asyncpg.Pool) -> None:
    recent = RecentEvents()
    recent.add(await take(pool, post(1)))
    await take(pool, post(2))
    async with pool.acquire() as connection:
        assert await told(recent, connection) == ["E-1", "E-2"]
    recent.add(await take(pool, post(3)))
    async with pool.acquire() as connection:
        assert await told(recent, connection) == ["E-1", "E-2", "E-3"]
    assert ids((await recent.arrived_after(pool, "331", 0))[0]) == ["E-1", "E-2", "E-3"]


async def test_what_was_taken_in_but_not_committed_is_nowhere(pool: asyncpg.Pool) -> None:
    recent = RecentEvents()
    recent.add(await take(pool, post(1)))

    async def fail(connection: Connection) -> Tails:
        async with connection.transaction():
            tails = recent.tails_with(await inbox.take(connection, [post(2)]))
            assert ids(await read_subjects(connection, POST_1, tails)) == ["E-1", "E-2"]
            raise ZeroDivisionError

    async with pool.acquire() as connection:
        with pytest.raises(ZeroDivisionError):
            await fail(connection)
        assert await told(recent, connection) == ["E-1"]
    recent.add(await take(pool, post(3)))
    async with pool.acquire() as connection:
        assert await told(recent, connection) == ["E-1", "E-3"]


@pytest.mark.parametrize("most", [0, 1, 2, 3, 4, 5])
async def test_however_few_are_kept_none_is_missing_and_none_comes_twice(pool: asyncpg.Pool, most: int) -> None:
    recent = RecentEvents(most)
    recent.add(await take(pool, post(1), post(11, "332")))
    recent.add(await take(pool, post(2), post(12, "332"), post(3)))
    async with pool.acquire() as connection:
        assert await told(recent, connection) == ["E-1", "E-2", "E-3"]
        both = [*POST_1, ("332", "post/P-1")]
        assert await told(recent, connection, both) == ["E-1", "E-11", "E-12", "E-2", "E-3"]
    for authority, expected in (("331", ["E-1", "E-2", "E-3"]), ("332", ["E-11", "E-12"])):
        assert ids((await recent.arrived_after(pool, authority, 0))[0]) == expected


async def test_what_is_let_go_while_a_transaction_goes_on_is_read_by_it(pool: asyncpg.Pool) -> None:
    recent = RecentEvents(2)
    recent.add(await take(pool, post(1), post(2)))
    async with pool.acquire() as connection:
        tails = await recent.tails(connection, {"331"})
        recent.add(await take(pool, post(11, "332"), post(12, "332")))
        assert ids(await read_subjects(connection, POST_1, tails)) == ["E-1", "E-2"]
        # As after a moment in which the tables were made anew.
        tails = await recent.tails(connection, {"332"})
        recent.forget()
        assert ids(await read_subjects(connection, [("332", "post/P-1")], tails)) == ["E-11", "E-12"]


async def test_tables_that_were_made_anew_are_not_taken_for_those_before(pool: asyncpg.Pool) -> None:
    recent = RecentEvents()
    recent.add(await take(pool, post(1), post(2)))
    await pool.execute("TRUNCATE inbox RESTART IDENTITY")
    await take(pool, post(9))
    async with pool.acquire() as connection:
        assert await told(recent, connection) == ["E-9"]
    assert ids((await recent.arrived_after(pool, "331", 0))[0]) == ["E-9"]
    # With as many events in them as before, these begin anew once the process knows.
    await take(pool, post(10))
    recent.forget()
    assert ids((await recent.arrived_after(pool, "331", 0))[0]) == ["E-10", "E-9"]


async def test_a_reader_is_given_what_arrived_since_in_order_without_reading_it_again(pool: asyncpg.Pool) -> None:
    recent = RecentEvents()
    recent.add(await take(pool, post(1), post(2)))
    _, place = await recent.arrived_after(pool, "331", 0)
    recent.add(await take(pool, post(3), post(11, "332"), post(4)))
    await pool.execute("UPDATE inbox SET body = '{}'")
    events, last = await recent.arrived_after(pool, "331", place)
    assert [event.envelope.id for event in events] == ["E-3", "E-4"]
    assert await recent.arrived_after(pool, "331", last) == ([], last)
    assert await recent.arrived_after(pool, "333", 0) == ([], 0)


async def test_a_reader_sees_what_is_committed_though_this_process_does_not_know_of_it_yet(pool: asyncpg.Pool) -> None:
    recent = RecentEvents()
    recent.add(await take(pool, post(1)))
    not_told_yet = await take(pool, post(2))
    events, last = await recent.arrived_after(pool, "331", 0)
    assert [event.envelope.id for event in events] == ["E-1", "E-2"]
    recent.add(not_told_yet)
    assert await recent.arrived_after(pool, "331", last) == ([], last)


async def test_two_processes_that_take_turns_at_an_authority_keep_no_more_than_there_is_room_for(
    pool: asyncpg.Pool,
) -> None:
    recent = RecentEvents(3)
    first: list[weakref.ref[Tail]] = []
    for number in range(1, 12, 2):
        recent.add(await take(pool, post(number)))
        first += [] if first else [weakref.ref(recent._tails["331"])]
        # The other process.
        await take(pool, post(number + 1))
    assert await kept_of(first) == 0
    async with pool.acquire() as connection:
        assert len(await told(recent, connection)) == 12
