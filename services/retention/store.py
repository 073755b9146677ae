"""The tables of retention: its own journal, and the hiring it took in from Kafka.

Invariant: this service reads its own database only.
"""

from collections.abc import Collection

import asyncpg

from contracts.envelope import Event
from services.chassis.stored_events import event_of

STARTS = """
    SELECT authority, subject, type, event_id, source, recorded_at, supersedes, voids, referred_source,
           source_sequence, accepted_at, sequence, provenance, body
    FROM inbox
    WHERE authority = $1 AND subject = ANY ($2::text[]) AND type = 'uk.workforce.worker.started.v1'
"""

# The first start is enough, unless something voids it: whatever supersedes it is a start too. Each worker is looked up
# by itself: as NOT EXISTS, while an inbox fills that was never analysed, PostgreSQL compares each with all of the
# authority's.
PLAINLY_STARTED = """
    SELECT wanted.subject
    FROM unnest($2::text[]) AS wanted (subject)
    CROSS JOIN LATERAL (
        SELECT source, event_id
        FROM inbox
        WHERE authority = $1 AND subject = wanted.subject AND type = 'uk.workforce.worker.started.v1'
            AND supersedes IS NULL AND voids IS NULL
        LIMIT 1
    ) AS first
    LEFT JOIN LATERAL (
        SELECT true AS is_voided
        FROM inbox
        WHERE authority = $1 AND subject = wanted.subject AND type = 'uk.workforce.worker.started.v1'
            AND voids = first.event_id AND coalesce(referred_source, source) = first.source
        LIMIT 1
    ) AS voided ON true
    WHERE voided.is_voided IS NULL
"""

# The index merges_stated holds them.
MERGES = """
    SELECT authority, subject, type, event_id, source, recorded_at, supersedes, voids, referred_source,
           source_sequence, accepted_at, sequence, provenance, body
    FROM inbox
    WHERE authority = $1 AND type = 'uk.workforce.worker.merged.v1'
"""


async def plainly_started(pool: asyncpg.Pool, authority: str, workers: Collection[str]) -> set[str]:
    """Those of the subjects (`worker/…`) of which it is plain without following corrections or merges that they did."""
    return {row["subject"] for row in await pool.fetch(PLAINLY_STARTED, authority, list(workers))}


async def merges_of_workers(pool: asyncpg.Pool, authority: str) -> list[Event]:
    """The merges of an authority's workers that hiring published, and what withdrew them."""
    return [event_of(row) for row in await pool.fetch(MERGES, authority)]


async def starts_of_workers(pool: asyncpg.Pool, authority: str, workers: Collection[str]) -> list[Event]:
    """The starts of these subjects (`worker/…`) that hiring published, and what withdrew them."""
    return [event_of(row) for row in await pool.fetch(STARTS, authority, list(workers))]
