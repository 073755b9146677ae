"""Waiting for events to arrive over Kafka where they are read.

Invariant: what is waited for is committed, and with it every figure it moves.
"""

import asyncio
import time
from datetime import UTC, datetime

import asyncpg
import httpx

from tests.integration.feed import Feed

SECONDS = 120.0
AGE = ("recorded_until", "complete_until", "stale", "feeds", "more_feeds")
"""What every answer of events says of how old is what is known, last of its members."""
TAKEN_IN = "SELECT count(*) FROM inbox WHERE authority = $1 AND subject = ANY ($2::text[])"


async def arrival(database: str, authority: str, subjects: set[str], events: int) -> None:
    """Wait until a service has taken in so many events of these subjects."""
    deadline = time.monotonic() + SECONDS
    connection = await asyncpg.connect(database)
    try:
        while (value := await connection.fetchval(TAKEN_IN, authority, list(subjects))) < events:
            assert time.monotonic() < deadline, f"{value} of {events} events arrived within {SECONDS} seconds"
            await asyncio.sleep(0.05)
    finally:
        await connection.close()


def until(said: str | None) -> datetime:
    """Up to when an answer says that it is complete, which moves on from one answer to the next; of null the first."""
    return datetime.min.replace(tzinfo=UTC) if not said else datetime.fromisoformat(said)


def complete(metrics: Feed, pinned: str) -> httpx.Response:
    """A pinned report, when all that was accepted before has arrived: so it stays."""
    deadline = time.monotonic() + SECONDS
    while (body := (answer := metrics.get(pinned)).json())["complete_until"] != body["as_accepted_at"]:
        assert time.monotonic() < deadline, f"complete until {body['complete_until']} alone after {SECONDS} seconds"
        time.sleep(0.05)
    return answer
