"""The tables of retention: its own journal, and the hiring it took in from Kafka.

Invariant: this service reads its own database only.
"""

from collections.abc import Collection

import asyncpg

from contracts.envelope import Event
from services.chassis.stored_events import event_of

STARTS = """
    SELECT authority, subject, type, event_id, source, recorded_at, supersedes, voids, source_sequence,
           accepted_at, sequence, provenance, body
    FROM inbox
    WHERE authority = $1 AND subject = ANY ($2::text[]) AND type = 'uk.workforce.worker.started.v1'
"""

# The index merges_stated holds them.
MERGES = """
    SELECT authority, subject, type, event_id, source, recorded_at, supersedes, voids, source_sequence,
           accepted_at, sequence, provenance, body
    FROM inbox
    WHERE authority = $1 AND type = 'uk.workforce.worker.merged.v1'
"""


async def merges_of_workers(pool: asyncpg.Pool, authority: str) -> list[Event]:
    """The merges of an authority's workers that hiring published, and what withdrew them."""
    return [event_of(row) for row in await pool.fetch(MERGES, authority)]


async def starts_of_workers(pool: asyncpg.Pool, authority: str, workers: Collection[str]) -> list[Event]:
    """The starts of these subjects (`worker/…`) that hiring published, and what withdrew them."""
    return [event_of(row) for row in await pool.fetch(STARTS, authority, list(workers))]
