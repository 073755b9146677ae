"""What feeds are told whose requests were written together: what each would be told alone.

Invariant: the answers were written by hand, to the byte; only the instants stand in the journal.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import asyncpg
import httpx
import pytest
import pytest_asyncio

from contracts.envelope import format_instant
from services.chassis import intake, journal
from services.chassis.authentication import Right, new_key
from services.chassis.runtime import Runtime
from services.chassis.turns import Turns
from services.recruitment import app as recruitment
from tests.delivery.feed import Stated, post_established
from tests.unit.chassis.holding import PATIENCE_SECONDS, blocked, journal_held
from tests.unit.chassis.journals import worker_started

SINGLE, BATCH = "application/cloudevents+json", "application/cloudevents-batch+json"
KEYS = {name: new_key(name, "*", (Right.FEED,)) for name in ("HR system", "payroll")}
NOT_ESTABLISHED = "post P-1 is not established: uk.workforce.post.established.v1 for post/P-1 has not come yet"

Answered = asyncio.Task[httpx.Response]


class Door:
    """Recruitment's door in this process, at a real database."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        entries = tuple(entry for _, entry in KEYS.values())
        app = recruitment.create(
            recruitment.ServiceSettings(database_url="postgresql://postgres@/nothing", api_keys=entries)
        )
        self.runtime: Runtime = app.state.runtime
        self.runtime._pool = pool
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        self.client = httpx.AsyncClient(transport=transport, base_url="http://door")

    def send(self, *events: Stated, kind: str = SINGLE, caller: str = "HR system") -> Answered:
        """Send one event, or a batch of these, in a task of its own."""
        content = json.dumps(list(events) if kind == BATCH else events[0])
        headers = {"content-type": kind, "authorization": f"Bearer {KEYS[caller][0]}"}
        return asyncio.create_task(self.client.post("/v1/events", content=content, headers=headers))


@pytest_asyncio.fixture
async def door(pool: asyncpg.Pool) -> AsyncIterator[Door]:
    door = Door(pool)
    yield door
    await door.client.aclose()


async def until(is_so: Callable[[], bool]) -> None:
    """Wait until something is so in this process."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            if is_so():
                return
            await asyncio.sleep(0.005)


async def answers(*sent: Answered) -> list[httpx.Response]:
    async with asyncio.timeout(PATIENCE_SECONDS):
        return await asyncio.gather(*sent)


async def until_so_many_wait(door: Door, how_many: int) -> None:
    """Wait until so many requests stand in a line: for their turn to be looked at, or to be written."""
    await until(lambda: door.runtime.large_requests.waiting + waiting(door) == how_many)


def waiting(door: Door) -> int:
    """How many requests stand in the writer's lines."""
    writer = door.runtime.journal
    return sum(len(queue) for line in (writer._small, writer._large) for queue in line._of.values())


def post(name: str, **more: Any) -> Stated:
    return post_established(name, "331") | more


async def test_requests_that_share_a_transaction_are_answered_as_each_would_be_alone(
    pool: asyncpg.Pool, address_of_tables: str, door: Door
) -> None:
    async with journal_held(address_of_tables) as holder:
        sent = [door.send(worker_started("W-1", "331"))]
        await blocked(pool, holder)
        requests: list[tuple[tuple[Stated, ...], str]] = [
            ((post("P-2"),), SINGLE),
            ((post("P-2"),), SINGLE),
            ((post_established("P-2", "331", funded_fte=0.5),), SINGLE),
            ((post("P-3"), post("P-2"), post("P-4", id="not an id"), worker_started("W-2", "331")), BATCH),
            ((post("P-2", id="C-1", supersedes="P-2"),), SINGLE),
            ((post("P-2", id="C-2", supersedes="P-9"),), SINGLE),
            ((post("P-3", id="C-3", voids="P-2", data={"because": "entered-in-error"}),), SINGLE),
            ((), BATCH),
        ]
        for number, (events, kind) in enumerate(requests, 1):
            sent.append(door.send(*events, kind=kind))
            # One after the other, so that their order is known. (An empty batch needs no turn.)
            await until_so_many_wait(door, min(number, 7))
        await holder.execute("ROLLBACK")
        told = await answers(*sent)
    rows = await pool.fetch("SELECT position, event_id, accepted_at, xmin::text AS by FROM journal ORDER BY position")
    assert [row["event_id"] for row in rows] == ["W-1", "P-2", "P-3", "W-2", "C-1", "C-2"]
    assert len({row["by"] for row in rows[1:]}) == 1
    first, together = (format_instant(rows[index]["accepted_at"]) for index in (0, 1))
    conflict = (
        '"faults":[{"field":"id","problem":"was used by /hr at AT for another event","expected":"a new id; to correct '
        'an event, a new id with `supersedes` set to the old one","value":"P-2"}]'
    )
    not_the_same = (
        '"faults":[{"field":"voids","problem":"is an event of type uk.workforce.post.established.v1 and subject '
        'post/P-2","expected":"the id of an event of type uk.workforce.post.established.v1 and subject post/P-3",'
        '"value":"P-2"}]'
    )
    problem = (
        '{"type":"urn:workforce:problem:event-conflict","title":"The event does not fit what was accepted before",'
        '"status":409,"detail":"DETAIL","id":"ID","source":"/hr",'
    )
    accepted = '{"id":"ID","source":"/hr","status":"accepted","accepted_at":"AT"'
    start = f'{accepted},"notes":["{NOT_ESTABLISHED}"]}}'
    not_an_id = (
        '{"id":"not an id","source":"/hr","status":"rejected","faults":[{"field":"id","problem":"is not as the '
        'contract says","expected":"1 to 128 letters, digits, dots, underscores, colons and hyphens, the first a '
        'letter or digit","value":"not an id"}]}'
    )
    known = '{"id":"P-2","source":"/hr","status":"already-known","accepted_at":"AT"}'
    expected = [
        (202, start.replace("ID", "W-1").replace("AT", first)),
        (202, f"{accepted}}}".replace("ID", "P-2")),
        (200, known),
        (
            409,
            problem.replace("ID", "P-2").replace("DETAIL", "id: was used by /hr at AT for another event")
            + conflict
            + "}",
        ),
        (
            207,
            '{"title":"1 of 4 events were rejected","detail":"Every event not listed as rejected was accepted. Mend '
            'the rejected ones and send those again.","results":['
            + ",".join([f"{accepted}}}".replace("ID", "P-3"), known, not_an_id, start.replace("ID", "W-2")])
            + "]}",
        ),
        (202, f"{accepted}}}".replace("ID", "C-1")),
        (
            202,
            accepted.replace("ID", "C-2")
            + ',"notes":["event /hr#P-9 has not come yet: until it does, this one changes nothing of it"]}',
        ),
        (
            409,
            problem.replace("ID", "C-3").replace(
                "DETAIL", "voids: is an event of type uk.workforce.post.established.v1 and subject post/P-2"
            )
            + not_the_same
            + "}",
        ),
        (202, '{"results":[]}'),
    ]
    for answer, (status, body) in zip(told, expected, strict=True):
        assert (answer.status_code, answer.text) == (status, body.replace("AT", together))


async def test_what_is_told_of_an_event_is_not_of_another_that_came_under_its_id(
    pool: asyncpg.Pool, address_of_tables: str, door: Door
) -> None:
    start = worker_started("W-1", "331")
    other = start | {"data": start["data"] | {"post": "P-2"}}
    async with journal_held(address_of_tables) as holder:
        sent = [door.send(post("P-9"))]
        await blocked(pool, holder)
        for number, event in enumerate((start, other, start), 1):
            sent.append(door.send(event))
            await until_so_many_wait(door, number)
        await holder.execute("ROLLBACK")
        _, first, conflict, again = await answers(*sent)
    assert [answer.status_code for answer in (first, conflict, again)] == [202, 409, 200]
    assert first.json()["notes"] == again.json()["notes"] == [NOT_ESTABLISHED]
    (batch,) = await answers(door.send(worker_started("W-3", "331"), other | {"id": "W-3"}, kind=BATCH))
    assert batch.json()["results"][0]["notes"] == [NOT_ESTABLISHED]


async def test_a_content_that_the_database_refuses_is_no_concern_of_those_it_is_written_with(
    pool: asyncpg.Pool, address_of_tables: str, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    fingerprint = journal.fingerprint

    def wrong_for_one(item: Any) -> Any:
        # What no contract lets pass: a text where the table holds bytes.
        return "wrong" if item.event.envelope.id == "P-3" else fingerprint(item)

    monkeypatch.setattr(journal, "fingerprint", wrong_for_one)
    async with journal_held(address_of_tables) as holder:
        sent = [door.send(post("P-1"))]
        await blocked(pool, holder)
        sent += [door.send(post(f"P-{number}")) for number in range(2, 6)]
        await until(lambda: waiting(door) == 4)
        await holder.execute("ROLLBACK")
        told = await answers(*sent)
    assert [answer.status_code for answer in told] == [202, 202, 500, 202, 202]
    rows = await pool.fetch("SELECT position, event_id FROM journal ORDER BY position")
    assert [tuple(row) for row in rows] == [(1, "P-1"), (2, "P-2"), (3, "P-4"), (4, "P-5")]


async def test_when_the_database_ends_the_transaction_all_that_shared_it_are_told_to_send_again(
    pool: asyncpg.Pool, address_of_tables: str, door: Door
) -> None:
    async with journal_held(address_of_tables) as holder:
        sent = [door.send(post(f"P-{number}")) for number in range(1, 4)]
        (pid,) = await blocked(pool, holder)
        await pool.execute("SELECT pg_terminate_backend($1)", pid)
        # Those that were taken first; others try anew, and wait for the lock.
        await until(lambda: sent[0].done() and waiting(door) == 0)
        await holder.execute("ROLLBACK")
        told = await answers(*sent)
    failed = [answer for answer in told if answer.status_code == 503]
    assert failed
    for answer in failed:
        assert answer.headers["retry-after"] == "5"
        assert answer.json()["detail"].startswith("PostgreSQL cannot be reached. Send the request again")
    again = await answers(*(door.send(post(f"P-{number}")) for number in range(1, 4)))
    assert {answer.status_code for answer in again} <= {200, 202}
    assert await pool.fetchval("SELECT array_agg(position ORDER BY position) FROM journal") == [1, 2, 3]


async def test_large_requests_are_looked_at_a_few_at_a_time_and_no_caller_takes_all_slots(
    pool: asyncpg.Pool, address_of_tables: str, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "SMALL_REQUEST", 10)
    turns = door.runtime.large_requests = Turns(4, waiting=100, waiting_of_one=100)
    async with journal_held(address_of_tables) as holder:
        sent = [door.send(post("M-1"), caller="payroll")]
        await blocked(pool, holder)
        for number in range(2, 6):
            sent.append(door.send(post(f"M-{number}"), caller="payroll"))
            await until_so_many_wait(door, number - 1)
        # Two of its own are looked at; of the others nothing was made yet. Another caller's is looked at all the same.
        assert (turns.waiting, waiting(door)) == (3, 1)
        sent.append(door.send(post("F-1"), caller="HR system"))
        await until(lambda: waiting(door) == 2)
        assert turns.waiting == 3
        await holder.execute("ROLLBACK")
        told = await answers(*sent)
    assert [answer.status_code for answer in told] == [202] * 6
    rows = await pool.fetch("SELECT event_id FROM journal ORDER BY position")
    assert {row["event_id"] for row in rows[:3]} == {"M-1", "M-2", "F-1"}
    assert [row["event_id"] for row in rows[3:]] == ["M-3", "M-4", "M-5"]


async def test_small_requests_wait_for_no_slot_of_large_ones(pool: asyncpg.Pool, door: Door) -> None:
    turns = door.runtime.large_requests = Turns(4, waiting=100, waiting_of_one=100)
    for caller in ("HR system", "payroll") * 2:
        await turns.take(caller)
    (answer,) = await answers(door.send(post("P-1")))
    assert answer.status_code == 202
    large = door.send(*(post(f"P-{number}") for number in range(1, 101)), kind=BATCH)
    await until(lambda: turns.waiting == 1)
    turns.give_back("payroll")
    turns.give_back("HR system")
    (told,) = await answers(large)
    assert [one["status"] for one in told.json()["results"]] == ["already-known", *["accepted"] * 99]
