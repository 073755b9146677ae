"""What people did with dead letters: showed, sent again, mended or dismissed them; who, when and why.

Invariant: rows are only ever added. A letter is open until it was sent again, mended or dismissed.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

import asyncpg

from services.chassis.database import Connection, Reads
from services.chassis.telemetry import Telemetry

NOTE = "INSERT INTO dead_letter (letter, topic, cause) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"

ADD = """
    INSERT INTO dead_letter_action (letter, action, by_whom, reason)
    SELECT letter, $2, $3, $4
    FROM unnest($1::text[]) AS done (letter)
"""

READ = """
    SELECT letter, action, by_whom, at, reason
    FROM dead_letter_action
    WHERE letter = ANY ($1::text[])
    ORDER BY number
"""

COUNT_OPEN = """
    SELECT topic, count(*) FILTER (WHERE closing.letter IS NULL) AS letters
    FROM dead_letter
    LEFT JOIN (SELECT DISTINCT letter FROM dead_letter_action WHERE action <> 'shown') AS closing USING (letter)
    GROUP BY topic
"""


class Action(StrEnum):
    """What somebody did with a dead letter."""

    SHOWN = "shown"
    SENT_AGAIN = "sent-again"
    MENDED = "mended"
    DISMISSED = "dismissed"


class Done(NamedTuple):
    """One thing that was done."""

    action: Action
    by_whom: str
    at: datetime
    reason: str | None


def state_of(history: Iterable[Done]) -> str:
    """The state of a letter: the last action that closed it, or `open`."""
    closing = [done.action for done in history if done.action is not Action.SHOWN]
    return closing[-1] if closing else "open"


async def note(pool: asyncpg.Pool, letter: str, topic: str, cause: str) -> None:
    """Note that a record became a dead letter. If it became one before, nothing more is noted."""
    await pool.execute(NOTE, letter, topic, cause, timeout=5)


async def add(
    connection: Connection, letters: Iterable[str], action: Action, by_whom: str, reason: str | None = None
) -> None:
    """Somebody did something with these letters."""
    await connection.execute(ADD, list(letters), action, by_whom, reason)


async def read(reads: Reads, letters: Iterable[str]) -> dict[str, list[Done]]:
    """What was done with each of these letters, oldest first."""
    done: defaultdict[str, list[Done]] = defaultdict(list)
    for letter, action, *others in await reads.fetch(READ, list(letters)):
        done[letter].append(Done(Action(action), *others))
    return done


async def tell(pool: asyncpg.Pool, telemetry: Telemetry) -> None:
    """Set the metric of open letters, by the topic that they came from."""
    rows = await pool.fetch(COUNT_OPEN, timeout=5)
    telemetry.dead_letters_open.clear()
    for row in rows:
        telemetry.dead_letters_open.labels(row["topic"]).set(row["letters"])
