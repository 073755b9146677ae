"""The tables of recruitment: its own journal, and the leavers it took in from Kafka.

Invariant: this service reads its own database only.
"""

from collections.abc import Collection

import asyncpg

from contracts.envelope import Event
from services.chassis.stored_events import event_of

# One event that establishes a post is enough, unless something voids it: what supersedes it establishes it too. Each
# post is looked up by itself: as NOT EXISTS, while a journal fills that was never analysed, PostgreSQL compares each
# with all of the authority's.
PLAINLY_ESTABLISHED = """
    SELECT wanted.subject
    FROM unnest($2::text[]) AS wanted (subject)
    CROSS JOIN LATERAL (
        SELECT source, event_id
        FROM journal
        WHERE authority = $1 AND subject = wanted.subject AND type = 'uk.workforce.post.established.v1'
            AND supersedes IS NULL AND voids IS NULL
        LIMIT 1
    ) AS plain
    LEFT JOIN LATERAL (
        SELECT true AS is_voided
        FROM journal
        WHERE authority = $1 AND subject = wanted.subject AND type = 'uk.workforce.post.established.v1'
            AND voids = plain.event_id AND coalesce(referred_source, source) = plain.source
        LIMIT 1
    ) AS voided ON true
    WHERE voided.is_voided IS NULL
"""

EVENTS_ESTABLISHING = """
    SELECT authority, subject, type, event_id, source, recorded_at, supersedes, voids, referred_source,
           source_sequence, accepted_at, position AS sequence, provenance, body
    FROM journal
    WHERE authority = $1 AND subject = ANY ($2::text[]) AND type = 'uk.workforce.post.established.v1'
"""

EVENTS_OF_POSTS_AND_WORKERS = """
    SELECT authority, subject, type, event_id, source, recorded_at, supersedes, voids, referred_source,
           source_sequence, accepted_at, position AS sequence, provenance, body
    FROM journal
    WHERE authority = $1 AND (subject LIKE 'worker/%' OR subject LIKE 'post/%')
    UNION ALL
    SELECT authority, subject, type, event_id, source, recorded_at, supersedes, voids, referred_source,
           source_sequence, accepted_at, sequence, provenance, body
    FROM inbox
    WHERE authority = $1 AND subject LIKE 'worker/%'
"""


async def plainly_established(pool: asyncpg.Pool, authority: str, posts: Collection[str]) -> set[str]:
    """Those of the posts (by identifier) that are established plainly: no correction need be followed to tell."""
    rows = await pool.fetch(PLAINLY_ESTABLISHED, authority, [f"post/{post}" for post in posts])
    return {row["subject"].removeprefix("post/") for row in rows}


async def events_establishing(pool: asyncpg.Pool, authority: str, posts: Collection[str]) -> list[Event]:
    """The events that were to establish these posts (by identifier), and what corrected or withdrew them."""
    rows = await pool.fetch(EVENTS_ESTABLISHING, authority, [f"post/{post}" for post in posts])
    return [event_of(row) for row in rows]


async def events_of_posts_and_workers(pool: asyncpg.Pool, authority: str) -> list[Event]:
    """All that is known here of an authority's posts and workers: the journal, and leavers from the inbox."""
    return [event_of(row) for row in await pool.fetch(EVENTS_OF_POSTS_AND_WORKERS, authority)]
