"""The inbox: events taken in from Kafka, each once, whatever is delivered how often.

Invariant: an event is in the inbox if and only if what it moved was committed in the same transaction.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg

from contracts.catalogue import TOPIC_OF_TYPE
from contracts.envelope import Event, canonical_body
from services.chassis.database import Connection, Reads
from services.chassis.stored_events import event_of, source_sequence_of

COLUMNS = (
    "authority", "subject", "type", "event_id", "source", "recorded_at", "supersedes", "voids", "accepted_at", "owner",
    "sequence", "provenance", "body", "source_sequence", "referred_source",
)  # fmt: skip

_LISTED = ", ".join(COLUMNS)

MAKE_ARRIVING = f"""
    CREATE TEMPORARY TABLE IF NOT EXISTS arriving ON COMMIT DELETE ROWS AS
    SELECT {_LISTED} FROM inbox
    WITH NO DATA
"""  # noqa: S608

TAKE = f"""
    INSERT INTO inbox ({_LISTED})
    SELECT {_LISTED} FROM arriving
    ON CONFLICT DO NOTHING
    RETURNING authority, type, source, event_id
"""  # noqa: S608

READ_SUBJECTS = """
    SELECT inbox.authority, inbox.subject, type, event_id, source, recorded_at, supersedes, voids, referred_source,
           source_sequence, accepted_at, sequence, provenance, body
    FROM unnest($1::text[], $2::text[]) AS wanted (authority, subject)
    JOIN inbox ON inbox.authority = wanted.authority AND inbox.subject = wanted.subject
"""

READ_ARRIVED = """
    SELECT authority, subject, type, event_id, source, recorded_at, supersedes, voids, referred_source, source_sequence,
           accepted_at, sequence, provenance, body, arrival
    FROM inbox
    WHERE authority = $1 AND arrival > $2
    ORDER BY arrival
"""


async def take(connection: Connection, events: Sequence[Event]) -> list[Event]:
    """Put events into the inbox, inside the caller's transaction; gives those that were not in it yet."""
    if not events:
        return []
    await connection.execute(MAKE_ARRIVING)
    await connection.copy_records_to_table("arriving", records=map(_row, events), columns=COLUMNS)
    rows = await connection.fetch(TAKE)
    fresh = {(row["authority"], row["type"], row["source"], row["event_id"]) for row in rows}
    taken: list[Event] = []
    for event in events:
        key = (event.envelope.authority, *event.identity)
        if key in fresh:
            fresh.remove(key)
            taken.append(event)
    return taken


async def read_subjects(connection: Connection, subjects: Sequence[tuple[str, str]]) -> list[Event]:
    """All events of these (authority, subject), in no particular order."""
    authorities, names = [subject[0] for subject in subjects], [subject[1] for subject in subjects]
    return [event_of(row) for row in await connection.fetch(READ_SUBJECTS, authorities, names)]


async def read_arrived(pool: Reads, authority: str, after: int) -> tuple[list[Event], int]:
    """The events of an authority that arrived after a number in the order of arrival, and the number of the last.

    Whoever takes in events of one authority one transaction at a time misses none in this way.
    """
    rows = await pool.fetch(READ_ARRIVED, authority, after)
    # Thousands at once take a while to check: other requests go on meanwhile.
    events = await asyncio.to_thread(lambda: [event_of(row) for row in rows]) if rows else []
    return events, rows[-1]["arrival"] if rows else after


def _row(event: Event) -> tuple[object, ...]:
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
        # Not the bytes as they came: JSON allows a field twice, and only the last was checked.
        canonical_body(event.data).decode(),
        source_sequence_of(envelope),
        envelope.referred_source,
    )


@dataclass(frozen=True, slots=True)
class TakeInEvents:
    """The handler of a service that only keeps what it reads: takes in a batch of events in one transaction."""

    pool: asyncpg.Pool

    async def __call__(self, events: list[Event], far_behind: bool) -> None:
        async with self.pool.acquire() as connection, connection.transaction():
            await take(connection, events)
