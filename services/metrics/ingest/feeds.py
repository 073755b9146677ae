"""What each feed has sent: a row for each source and topic of an authority, written with the events.

Invariant: a row follows from the set of its events alone, whatever their order, and however often they came.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

import asyncpg

from contracts.catalogue import EVENT_TOPICS, TOPIC_OF_TYPE
from contracts.envelope import Envelope, Event
from services.chassis.database import Connection, Reads
from services.chassis.runtime import Runtime
from services.metrics.figures.age import Age, FeedAge
from services.metrics.telemetry import telemetry_of

OWNERS = sorted({topic.owner for topic in EVENT_TOPICS})
MOST_TOLD = 20
"""The most feeds of an authority that an answer names. Their number is not bounded: systems choose their own names."""
MOST_WATCHED = 1_000
"""The most feeds of all authorities together that Prometheus gets, two series each: England has some hundreds."""

NOTE = """
    INSERT INTO feed
    SELECT * FROM unnest(
        $1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::timestamptz[], $7::timestamptz[],
        $8::timestamptz[]
    )
    ON CONFLICT (authority, source, topic) DO UPDATE SET
        events = feed.events + excluded.events,
        first_recorded_at = least(feed.first_recorded_at, excluded.first_recorded_at),
        last_recorded_at = greatest(feed.last_recorded_at, excluded.last_recorded_at),
        last_accepted_at = greatest(feed.last_accepted_at, excluded.last_accepted_at)
"""

NEWEST_OF_OWNERS = """
    WITH newest AS (
        SELECT wanted.authority, owned.owner, latest.recorded_at
        FROM unnest($1::text[]) AS wanted (authority)
        CROSS JOIN unnest($4::text[]) AS owned (owner)
        LEFT JOIN LATERAL (
            SELECT recorded_at FROM inbox
            WHERE
                inbox.authority = wanted.authority
                AND inbox.owner = owned.owner
                AND recorded_at <= $2
                AND ($3::timestamptz IS NULL OR accepted_at <= $3)
            ORDER BY recorded_at DESC
            LIMIT 1
        ) AS latest ON true
    )
    SELECT owner, min(recorded_at) AS recorded_until
    FROM newest
    GROUP BY owner
    UNION ALL
    SELECT NULL, min(recorded_until)
    FROM (SELECT max(recorded_at) AS recorded_until FROM newest GROUP BY authority) AS of_authority
"""

# What was known, and accepted, by then is told by the row itself of a feed that sent nothing later.
NEWEST_OF_FEEDS = """
    WITH sent AS (
        SELECT source, owner, max(last_recorded_at) AS last_recorded_at, max(last_accepted_at) AS last_accepted_at
        FROM feed
        WHERE authority = $1 AND first_recorded_at <= $2
        GROUP BY source, owner
        ORDER BY source, owner
    )
    SELECT sent.source, sent.owner, newest.recorded_until
    FROM sent
    CROSS JOIN LATERAL (
        SELECT CASE
            WHEN last_recorded_at <= $2 AND ($3::timestamptz IS NULL OR last_accepted_at <= $3) THEN last_recorded_at
            ELSE (
                SELECT recorded_at FROM inbox
                WHERE
                    inbox.authority = $1
                    AND inbox.owner = sent.owner
                    AND inbox.source = sent.source
                    AND recorded_at <= $2
                    AND ($3::timestamptz IS NULL OR accepted_at <= $3)
                ORDER BY recorded_at DESC
                LIMIT 1
            )
        END AS recorded_until
    ) AS newest
    WHERE newest.recorded_until IS NOT NULL
    LIMIT $4
"""

COUNT = "SELECT count(*) FROM feed WHERE $1 = 'all' OR authority = $1"

LIST = """
    SELECT authority, source, topic, owner, events, first_recorded_at, last_recorded_at, last_accepted_at
    FROM feed
    WHERE $1 = 'all' OR authority = $1
    ORDER BY authority, source, topic
    LIMIT $2 OFFSET $3
"""

# The feeds that came last, where there are more than are told.
NEWEST = """
    SELECT
        authority,
        source,
        max(last_recorded_at) AS last_recorded_at,
        max(last_accepted_at) AS last_accepted_at,
        count(*) OVER () AS feeds
    FROM feed
    GROUP BY authority, source
    ORDER BY max(last_accepted_at) DESC, authority, source
    LIMIT $1
"""


async def note(connection: Connection, fresh: Iterable[Event]) -> None:
    """Count events that are new, in the transaction that takes them in."""
    sent_by: defaultdict[tuple[str, str, str, str], list[Envelope]] = defaultdict(list)
    for event in fresh:
        envelope, topic = event.envelope, TOPIC_OF_TYPE[event.envelope.type]
        sent_by[envelope.authority, envelope.source, topic.name, topic.owner].append(envelope)
    rows = []
    for feed in sorted(sent_by):
        recorded = [envelope.time for envelope in sent_by[feed]]
        last_accepted_at = max(envelope.acceptedtime or envelope.time for envelope in sent_by[feed])
        rows.append((*feed, len(recorded), min(recorded), max(recorded), last_accepted_at))
    if rows:
        await connection.execute(NOTE, *map(list, zip(*rows, strict=True)))


async def age(
    readers: Reads, authorities: Sequence[str], as_known_at: datetime, as_accepted_at: datetime | None
) -> Age:
    """How old the newest records of these authorities are; for one authority also feed by feed."""
    rows = await readers.fetch(NEWEST_OF_OWNERS, list(authorities), as_known_at, as_accepted_at, OWNERS)
    newest = {row["owner"]: row["recorded_until"] for row in rows}
    recorded_until = newest.pop(None)
    by_owner = {owner: instant for owner, instant in newest.items() if instant is not None}
    if len(authorities) != 1:
        return Age(recorded_until, by_owner)
    rows = await readers.fetch(NEWEST_OF_FEEDS, authorities[0], as_known_at, as_accepted_at, MOST_TOLD + 1)
    feeds = tuple(FeedAge(*row) for row in rows[:MOST_TOLD])
    return Age(recorded_until, by_owner, feeds, more_feeds=len(rows) > MOST_TOLD)


async def listed(readers: Reads, authority: str, limit: int, offset: int) -> tuple[list[asyncpg.Record], int]:
    """What the feeds of an authority, or of `all`, have sent, topic by topic: one page of rows, and how many rows
    there are.
    """
    count: int = await readers.fetchval(COUNT, authority)
    return await readers.fetch(LIST, authority, limit, offset), count


async def tell(runtime: Runtime) -> None:
    """Set the metrics of when each feed last came; if there are very many feeds, of those that came last."""
    rows = await runtime.pool.fetch(NEWEST, MOST_WATCHED, timeout=5)
    telemetry = telemetry_of(runtime)
    telemetry.feed_recorded.clear()
    telemetry.feed_accepted.clear()
    for row in rows:
        labels = row["authority"], row["source"]
        telemetry.feed_recorded.labels(*labels).set(row["last_recorded_at"].timestamp())
        telemetry.feed_accepted.labels(*labels).set(row["last_accepted_at"].timestamp())
    telemetry.feeds_left_out.set(rows[0]["feeds"] - len(rows) if rows else 0)
