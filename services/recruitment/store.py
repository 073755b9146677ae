"""The tables of recruitment: its own journal, and the leavers it took in from Kafka.

Invariant: this service reads its own database only.
"""

from collections.abc import Collection

import asyncpg

from contracts.envelope import Event
from services.chassis.stored_events import event_of

EVENTS_OF_POSTS = """
    SELECT authority, subject, type, event_id, source, recorded_at, supersedes, voids, source_sequence,
           accepted_at, position AS sequence, provenance, body
    FROM journal
    WHERE authority = $1 AND subject = ANY ($2::text[])
"""

EVENTS_OF_POSTS_AND_WORKERS = """
    SELECT authority, subject, type, event_id, source, recorded_at, supersedes, voids, source_sequence,
           accepted_at, position AS sequence, provenance, body
    FROM journal
    WHERE authority = $1 AND (subject LIKE 'worker/%' OR subject LIKE 'post/%')
    UNION ALL
    SELECT authority, subject, type, event_id, source, recorded_at, supersedes, voids, source_sequence,
           accepted_at, sequence, provenance, body
    FROM inbox
    WHERE authority = $1 AND subject LIKE 'worker/%'
"""


async def events_of_posts(pool: asyncpg.Pool, authority: str, posts: Collection[str]) -> list[Event]:
    """All that was accepted about these posts (by identifier)."""
    rows = await pool.fetch(EVENTS_OF_POSTS, authority, [f"post/{post}" for post in posts])
    return [event_of(row) for row in rows]


async def events_of_posts_and_workers(pool: asyncpg.Pool, authority: str) -> list[Event]:
    """All that is known here of an authority's posts and workers: the journal, and leavers from the inbox."""
    return [event_of(row) for row in await pool.fetch(EVENTS_OF_POSTS_AND_WORKERS, authority)]
