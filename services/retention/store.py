"""The tables of retention: its own journal, and the hiring it took in from Kafka.

Invariant: this service reads its own database only.
"""

from collections.abc import Collection

import asyncpg

from contracts.envelope import Event
from contracts.events.hiring import WorkerMerged, WorkerStarted
from services.chassis.stored_events import FROM_INBOX, event_of, plainly_said

STARTS = f"""
    {FROM_INBOX}
    WHERE authority = $1 AND subject = ANY ($2::text[]) AND type = '{WorkerStarted.event_type}'
"""

PLAINLY_STARTED = plainly_said("inbox", WorkerStarted.event_type)

# The index merges_stated holds them.
MERGES = f"""
    {FROM_INBOX}
    WHERE authority = $1 AND type = '{WorkerMerged.event_type}'
"""


async def plainly_started(pool: asyncpg.Pool, authority: str, workers: Collection[str]) -> set[str]:
    """Those of the subjects (`worker/…`) that plainly started, without corrections or merges to follow."""
    return {row["subject"] for row in await pool.fetch(PLAINLY_STARTED, authority, list(workers))}


async def merges_of_workers(pool: asyncpg.Pool, authority: str) -> list[Event]:
    """The merges of an authority's workers that hiring published, and what withdrew them."""
    return [event_of(row) for row in await pool.fetch(MERGES, authority)]


async def starts_of_workers(pool: asyncpg.Pool, authority: str, workers: Collection[str]) -> list[Event]:
    """The starts of these subjects (`worker/…`) that hiring published, and what withdrew them."""
    return [event_of(row) for row in await pool.fetch(STARTS, authority, list(workers))]
