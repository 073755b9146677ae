"""The tables of recruitment: its own journal, and the leavers it took in from Kafka.

Invariant: this service reads its own database only.
"""

from collections.abc import Collection

import asyncpg

from contracts.envelope import Event
from contracts.events.posts import PostEstablished
from services.chassis.stored_events import FROM_INBOX, FROM_JOURNAL, event_of, plainly_said

PLAINLY_ESTABLISHED = plainly_said("journal", PostEstablished.event_type)

EVENTS_ESTABLISHING = f"""
    {FROM_JOURNAL}
    WHERE authority = $1 AND subject = ANY ($2::text[]) AND type = '{PostEstablished.event_type}'
"""

EVENTS_OF_POSTS_AND_WORKERS = f"""
    {FROM_JOURNAL}
    WHERE authority = $1 AND (subject LIKE 'worker/%' OR subject LIKE 'post/%')
    UNION ALL
    {FROM_INBOX}
    WHERE authority = $1 AND subject LIKE 'worker/%'
"""


async def plainly_established(pool: asyncpg.Pool, authority: str, posts: Collection[str]) -> set[str]:
    """Those of the posts (by identifier) that are plainly established, without a correction to follow."""
    rows = await pool.fetch(PLAINLY_ESTABLISHED, authority, [f"post/{post}" for post in posts])
    return {row["subject"].removeprefix("post/") for row in rows}


async def events_establishing(pool: asyncpg.Pool, authority: str, posts: Collection[str]) -> list[Event]:
    """The events that were to establish these posts (by identifier), and what corrected or withdrew them."""
    rows = await pool.fetch(EVENTS_ESTABLISHING, authority, [f"post/{post}" for post in posts])
    return [event_of(row) for row in rows]


async def events_of_posts_and_workers(pool: asyncpg.Pool, authority: str) -> list[Event]:
    """All that is known here of an authority's posts and workers: the journal, and leavers from the inbox."""
    return [event_of(row) for row in await pool.fetch(EVENTS_OF_POSTS_AND_WORKERS, authority)]
