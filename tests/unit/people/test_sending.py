"""How events go to a door, and what is kept of its answers: each once, whatever happens meanwhile."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import asyncpg

from services.chassis.runtime import Runtime
from services.people import store
from services.people.delivering import DoorAnswer, NotNow, TooMuch
from services.people.handlers import People
from services.people.sending import FIRST_WAIT_SECONDS, deliver
from services.people.store import Outgoing
from tests.unit.people.conftest import FILE


class Door:
    """Answers what it is told to, one request after another; then it accepts everything."""

    def __init__(self, *answers: Exception | str) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def send(self, _: str, events: Sequence[str]) -> list[DoorAnswer]:
        """Take events, each a text of one letter in quotes."""
        self.asked.append("".join(event.strip('"') for event in events))
        answer = self.answers.pop(0) if self.answers else "accepted"
        if isinstance(answer, Exception):
            raise answer
        return [DoorAnswer(answer, []) for _ in events]


async def sent(pool: asyncpg.Pool, *doors: Door, events: str = "abcde") -> dict[str, int]:
    """Send these events of one file, two at a time, to each of these doors in turn; how many are in which state."""
    async with pool.acquire() as connection:
        file = await connection.fetchval(FILE, "taken-in", 0.0)
        outgoing = [Outgoing(2, "recruitment", "post/P-1", one, "x", f'"{one}"', None) for one in events]
        await store.write_outgoing(connection, file, "posts", outgoing)
    runtime = cast(Runtime, SimpleNamespace(pool=pool))
    for door in doors:
        people: Any = SimpleNamespace(settings=SimpleNamespace(door_batch=2), doors=door)
        await deliver("recruitment", cast(People, people), runtime)
    counted = await pool.fetch("SELECT state, events FROM file_event_count WHERE file = $1 AND events <> 0", file)
    marked = await pool.fetch("SELECT state, count(*) AS events FROM outgoing WHERE file = $1 GROUP BY state", file)
    assert {row["state"]: row["events"] for row in counted} == {row["state"]: row["events"] for row in marked}
    state = await pool.fetchval("SELECT state FROM delivered_file WHERE id = $1", file)
    return {row["state"]: row["events"] for row in counted} | {state: 1}


async def test_events_go_in_their_order_and_the_last_answer_delivers_the_file(pool: asyncpg.Pool) -> None:
    door = Door()
    assert await sent(pool, door) == {"accepted": 5, "delivered": 1}
    assert door.asked == ["ab", "cd", "e"]


async def test_what_a_door_finds_too_much_is_sent_again_in_smaller_parts(pool: asyncpg.Pool) -> None:
    door = Door("accepted", TooMuch(), "already-known")
    assert await sent(pool, door) == {"accepted": 4, "already-known": 1, "delivered": 1}
    assert door.asked == ["ab", "cd", "c", "de"]


async def test_what_a_door_does_not_take_now_is_sent_again_and_what_it_answered_before_is_not(
    pool: asyncpg.Pool, monkeypatch: Any
) -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr("services.people.sending.asyncio.sleep", sleep)
    door = Door("accepted", NotNow("it is away"), NotNow("it is away"))
    assert await sent(pool, door) == {"accepted": 5, "delivered": 1}
    assert door.asked == ["ab", "cd", "cd", "cd", "e"]
    assert waits == [FIRST_WAIT_SECONDS, 2 * FIRST_WAIT_SECONDS]


class Twice(Door):
    """While it looks at the first events, another process sends the same ones, and keeps its answers."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        super().__init__("already-known")
        self.pool = pool

    async def send(self, door: str, events: Sequence[str]) -> list[DoorAnswer]:
        """As of every door."""
        if not self.asked:
            await self.pool.execute("UPDATE outgoing SET state = 'accepted' WHERE event_id IN ('a', 'b')")
            await self.pool.execute("""
                INSERT INTO file_event_count SELECT file, door, event_type, 'accepted', 2 FROM file_event_count
            """)
            await self.pool.execute("UPDATE file_event_count SET events = events - 2 WHERE state = 'waiting'")
        return await super().send(door, events)


async def test_an_answer_that_two_processes_were_given_counts_once(pool: asyncpg.Pool) -> None:
    assert await sent(pool, Twice(pool)) == {"accepted": 5, "delivered": 1}
