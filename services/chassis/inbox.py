"""The inbox: events taken in from Kafka, each once, however often it is delivered.

Invariant: an event is in the inbox if and only if its effects were committed in the same transaction.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import NamedTuple

import asyncpg

from contracts.catalogue import TOPIC_OF_TYPE
from contracts.envelope import Event, canonical_body
from services.chassis.database import Connection, Reads
from services.chassis.stored_events import as_stored, event_of, source_sequence_of

COLUMNS = (
    "authority", "subject", "type", "event_id", "source", "recorded_at", "supersedes", "voids", "accepted_at", "owner",
    "sequence", "provenance", "body", "source_sequence", "referred_source",
)  # fmt: skip

_LISTED = ", ".join(COLUMNS)

_arrival = attrgetter("arrival")

MAKE_ARRIVING = f"""
    CREATE TEMPORARY TABLE IF NOT EXISTS arriving ON COMMIT DELETE ROWS AS
    SELECT {_LISTED} FROM inbox
    WITH NO DATA
"""  # noqa: S608

# What arrived before is asked in the same statement, which sees the table as it was.
TAKE = f"""
    WITH taken AS (
        INSERT INTO inbox ({_LISTED})
        SELECT {_LISTED} FROM arriving
        ON CONFLICT DO NOTHING
        RETURNING authority, type, source, event_id, arrival
    ),
    before AS MATERIALIZED (
        SELECT authority, (SELECT max(arrival) FROM inbox WHERE inbox.authority = affected.authority) AS arrival
        FROM (SELECT DISTINCT authority FROM taken) AS affected
    )
    SELECT taken.authority, type, source, event_id, taken.arrival, coalesce(before.arrival, 0) AS before
    FROM taken
    JOIN before USING (authority)
"""  # noqa: S608

LAST_ARRIVALS = """
    SELECT authority, coalesce((SELECT max(arrival) FROM inbox WHERE inbox.authority = asked.authority), 0) AS arrival
    FROM unnest($1::text[]) AS asked (authority)
"""

LAST = 2**63 - 1
"""A place in the order of arrival behind all others."""

READ_SUBJECTS = """
    SELECT inbox.authority, inbox.subject, type, event_id, source, recorded_at, supersedes, voids, referred_source,
           source_sequence, accepted_at, sequence, provenance, body
    FROM unnest($1::text[], $2::text[], $3::bigint[]) AS wanted (authority, subject, up_to)
    JOIN inbox ON inbox.authority = wanted.authority AND inbox.subject = wanted.subject AND arrival <= wanted.up_to
"""

READ_ARRIVED = """
    SELECT authority, subject, type, event_id, source, recorded_at, supersedes, voids, referred_source, source_sequence,
           accepted_at, sequence, provenance, body, arrival
    FROM inbox
    WHERE authority = $1 AND arrival > $2
    ORDER BY arrival
"""


class Arrived(NamedTuple):
    """An event that has just arrived, as the inbox now holds it, with its place in the order of arrival.

    `before` is the place of the last event of its authority that arrived before this transaction; 0 if there is
    none.
    """

    event: Event
    arrival: int
    before: int


async def take(connection: Connection, events: Sequence[Event]) -> list[Arrived]:
    """Put events into the inbox, inside the caller's transaction. Returns those that were not in it yet.

    `before` is right only if no other transaction works on the authorities of these events.
    """
    if not events:
        return []
    # Not the bytes as they came: JSON allows a field twice, and only the last was checked.
    bodies = [canonical_body(event.data) for event in events]
    await connection.execute(MAKE_ARRIVING)
    await connection.copy_records_to_table("arriving", records=map(_row, events, bodies), columns=COLUMNS)
    fresh = {
        (authority, type, source, event_id): (arrival, before)
        for authority, type, source, event_id, arrival, before in await connection.fetch(TAKE)
    }
    taken: list[Arrived] = []
    for event, body in zip(events, bodies, strict=True):
        arrival_and_before = fresh.pop((event.envelope.authority, *event.identity), None)
        if arrival_and_before is not None:
            taken.append(Arrived(as_stored(event, body), *arrival_and_before))
    taken.sort(key=_arrival)
    return taken


async def last_arrivals(reads: Reads, authorities: Sequence[str]) -> dict[str, int]:
    """The place of the last event of each of these authorities in the order of arrival; 0 if there is none."""
    return {row["authority"]: row["arrival"] for row in await reads.fetch(LAST_ARRIVALS, authorities)}


async def read_subjects(reads: Reads, subjects: Sequence[tuple[str, str, int]]) -> list[Event]:
    """All events of these (authority, subject) that arrived up to a place, in no particular order."""
    rows = await reads.fetch(READ_SUBJECTS, *map(list, zip(*subjects, strict=True)))
    return [event_of(row) for row in rows]


async def read_arrived(pool: Reads, authority: str, after: int) -> tuple[list[Event], int]:
    """The events of an authority that arrived after a place in the order of arrival, and the place of the last one.

    None is missed as long as only one transaction at a time takes in events of an authority.
    """
    rows = await pool.fetch(READ_ARRIVED, authority, after)
    # Thousands at once take a while to check: other requests go on meanwhile.
    events = await asyncio.to_thread(lambda: [event_of(row) for row in rows]) if rows else []
    return events, rows[-1]["arrival"] if rows else after


def _row(event: Event, body: bytes) -> tuple[object, ...]:
    envelope = event.envelope
    return (
        envelope.authority,
        envelope.subject,
        envelope.type,
        envelope.id,
        envelope.source,
        envelope.time,
        envelope.supersedes,
        envelope.voids,
        envelope.acceptedtime,
        TOPIC_OF_TYPE[envelope.type].owner,
        int(envelope.sequence or 0),
        envelope.provenance,
        body.decode(),
        source_sequence_of(envelope),
        envelope.referred_source,
    )


@dataclass(frozen=True, slots=True)
class TakeInEvents:
    """The handler of a service that only keeps the events it reads. It takes in a batch in one transaction."""

    pool: asyncpg.Pool

    async def __call__(self, events: list[Event], far_behind: bool) -> None:
        async with self.pool.acquire() as connection, connection.transaction():
            await take(connection, events)
