"""Sending what waits to the doors, in order, as often as needed, and keeping what each said.

Invariant: an event waits until its door has answered; what a door rejects is not held as stated any more, so that a
mended file states it again.
"""

import asyncio
import json
from collections.abc import Sequence

import asyncpg

from services.chassis.database import Connection
from services.chassis.logs import get_log
from services.chassis.runtime import Runtime
from services.people import store
from services.people.comparing import seal_faults, taken_back
from services.people.delivering import DoorAnswer, NotNow, TooMuch
from services.people.facts import SubjectState
from services.people.handlers import People, sealed_of

log = get_log(__name__)

FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.5, 30.0
"""Between two tries at a door that does not take anything."""


async def deliver(door: str, people: People, runtime: Runtime) -> None:
    """Send what waits to one door."""
    most, wait = people.settings.door_batch, FIRST_WAIT_SECONDS
    while True:
        try:
            if not await _deliver_some(door, people, runtime, most):
                return
            most, wait = people.settings.door_batch, FIRST_WAIT_SECONDS
        except TooMuch:
            most = max(1, most // 2)
        except NotNow as reason:
            log.warning("events wait", door=door, reason=str(reason))
            await asyncio.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT_SECONDS)


async def _deliver_some(door: str, people: People, runtime: Runtime, most: int) -> bool:
    """Send the next events to one door; False where none waits, or another process is at it."""
    async with runtime.pool.acquire() as connection, connection.transaction():
        if not await connection.fetchval(
            "SELECT pg_try_advisory_xact_lock($1, hashtext($2))", store.AT_THE_DOORS, door
        ):
            return False
        waiting = await connection.fetch(store.WAITING, door, most)
        if not waiting:
            return False
        answers = await people.doors.send(door, [row["event"] for row in waiting])
        await _keep(people, connection, waiting, answers)
    return True


async def _keep(
    people: People, connection: Connection, sent: Sequence[asyncpg.Record], answers: Sequence[DoorAnswer]
) -> None:
    """What a door said of each event, in one transaction with what follows of it."""
    kept = []
    for row, answer in zip(sent, answers, strict=True):
        faults = None
        if answer.status == "rejected":
            sealed = sealed_of(people, row)
            faults = None if sealed is None else seal_faults(sealed, row["event_id"], answer.faults)
            await _take_back(connection, row)
            if row["row"] is not None:
                await connection.execute(store.MARK_ROW_REJECTED, row["file"], row["row"])
        kept.append((row["position"], answer.status, faults))
    await connection.execute(store.ANSWERED, *map(list, zip(*kept, strict=True)))
    await connection.execute(store.FILES_DELIVERED, sorted({row["file"] for row in sent}))


async def _take_back(connection: Connection, sent: asyncpg.Record) -> None:
    """What a rejected event stated is not held as stated, and what it corrected is again."""
    text = await store.state_to_mend(connection, sent)
    if text is not None:
        before = None if sent["state_before"] is None else SubjectState.from_json(sent["state_before"])
        state = taken_back(SubjectState.from_json(text), json.loads(sent["event"]), before)
        await store.mend_state(connection, sent, state.to_json(), states=bool(state.facts))
