"""Sends waiting events to the doors, in order, as often as needed, and keeps the answers.

Invariant: an event waits until its door has answered. What a door rejects no longer counts as stated, so that a
mended file states it again. Each answer counts once, even if two processes sent the event.
"""

import asyncio
import json
from collections import Counter

import asyncpg

from services.chassis.database import Connection
from services.chassis.logs import get_log
from services.chassis.runtime import Runtime
from services.people import store
from services.people.comparing import seal_faults, taken_back
from services.people.delivering import DoorAnswer, NotNow, TooMuch
from services.people.facts import SubjectState
from services.people.handlers import People, sealed_of
from services.people.telemetry import telemetry_of

log = get_log(__name__)

FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.5, 30.0
"""Between two tries at a door that does not take anything."""
WORTH_A_REMARK_SECONDS = 30.0
"""That events wait: those of a large file do for a while."""


Answered = list[tuple[asyncpg.Record, DoorAnswer]]
"""Events that were sent, each with its door's answer."""


async def deliver(door: str, people: People, runtime: Runtime) -> None:
    """Send what waits to one door. While the door looks at some events, its answers to those before are kept."""
    most, wait, answered = people.settings.door_batch, FIRST_WAIT_SECONDS, Answered()
    after = 0
    while True:
        sent, kept = await asyncio.gather(
            _send_some(door, people, runtime, after, most), _keep(people, runtime, answered), return_exceptions=True
        )
        if isinstance(kept, BaseException):
            raise kept
        answered = []
        if isinstance(sent, TooMuch):
            most = max(1, most // 2)
        elif isinstance(sent, NotNow):
            log.warning("events wait", door=door, reason=str(sent))
            await asyncio.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT_SECONDS)
        elif isinstance(sent, BaseException):
            raise sent
        elif not sent:
            return
        else:
            most, wait, answered = people.settings.door_batch, FIRST_WAIT_SECONDS, sent
            after = sent[-1][0]["position"]


async def _send_some(door: str, people: People, runtime: Runtime, after: int, most: int) -> Answered:
    """Send the next events to one door; nothing if none waits, or another process is sending."""
    async with runtime.pool.acquire() as connection, connection.transaction():
        if not await connection.fetchval(store.TRY_TO_SEND, store.AT_THE_DOORS, door):
            return []
        waiting = await connection.fetch(store.WAITING, door, after, most)
        if not waiting:
            return []
        answers = await people.doors.send(door, [row["event"] for row in waiting])
    return list(zip(waiting, answers, strict=True))


async def _keep(people: People, runtime: Runtime, answered: Answered) -> None:
    """Keep a door's answer about each event, in one transaction with its consequences."""
    if not answered:
        return
    files = sorted({row["file"] for row, _ in answered})
    kept = [(row["position"], answer.status, _faults(people, row, answer)) for row, answer in answered]
    async with runtime.pool.acquire() as connection, connection.transaction():
        await connection.execute(store.FILES_ANSWERED_ONE_AT_A_TIME, files)
        marked = {
            row["position"] for row in await connection.fetch(store.ANSWERED, *map(list, zip(*kept, strict=True)))
        }
        counts: Counter[tuple[int, str, str, str]] = Counter()
        for row, answer in answered:
            # Another process may have sent it too, and kept what it was told.
            if row["position"] not in marked:
                continue
            if answer.status == "rejected":
                await _take_back(connection, row)
                if row["row"] is not None:
                    await connection.execute(store.MARK_ROW_REJECTED, row["file"], row["row"])
            of = (row["file"], row["door"], row["event_type"])
            counts[*of, answer.status] += 1
            counts[*of, "waiting"] -= 1
        await store.count_events(connection, counts)
        await connection.execute(store.FILES_DELIVERED, files)


def _faults(people: People, row: asyncpg.Record, answer: DoorAnswer) -> bytes | None:
    if answer.status != "rejected":
        return None
    sealed = sealed_of(people, row)
    return None if sealed is None else seal_faults(sealed, row["event_id"], answer.faults)


async def tell_what_waits(people: People, runtime: Runtime) -> None:
    """Report, in metrics and health, what has not been sent yet."""
    telemetry = telemetry_of(runtime)
    telemetry.files_waiting.set(await runtime.pool.fetchval(store.FILES_WAITING))
    waiting = {row["door"]: row for row in await runtime.pool.fetch(store.EVENTS_WAITING)}
    remarks = []
    for door in people.settings.doors:
        events, seconds = (waiting[door]["events"], waiting[door]["seconds"]) if door in waiting else (0, 0.0)
        telemetry.door_waiting.labels(door).set(events)
        telemetry.door_waiting_seconds.labels(door).set(seconds)
        if seconds > WORTH_A_REMARK_SECONDS:
            remarks.append(f"{events} events wait for {door} since {seconds:.0f} seconds")
    runtime.remark = "; ".join(remarks) or None


async def _take_back(connection: Connection, sent: asyncpg.Record) -> None:
    """What a rejected event stated no longer counts as stated, and what it corrected counts again."""
    text = await store.state_to_mend(connection, sent)
    if text is not None:
        before = None if sent["state_before"] is None else SubjectState.from_json(sent["state_before"])
        state = taken_back(SubjectState.from_json(text), json.loads(sent["event"]), before)
        await store.mend_state(connection, sent, state.to_json(), states=bool(state.facts))
