"""What councils announced: the rows of their initiatives, for reports, and the events that these follow from.

Invariant: the rows of an initiative follow from its events in the inbox alone, and are replaced whole.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import asyncpg

from contracts.envelope import Event
from contracts.events.policies import InitiativeAnnounced
from services.chassis.database import Connection, Reads
from services.chassis.stored_events import FROM_INBOX
from services.metrics.ingest.subjects import Subject, split_identifiers
from services.metrics.timelines.initiatives import Initiative, initiatives

DELETE = """
    DELETE FROM initiative
    USING unnest($1::text[], $2::text[]) AS gone (authority, initiative)
    WHERE initiative.authority = gone.authority AND initiative.initiative = gone.initiative
"""

# By the index initiatives_announced: they are few among all events.
EVENTS = f"""
    {FROM_INBOX}
    WHERE
        authority = $1
        AND type = '{InitiativeAnnounced.event_type}'
        AND recorded_at <= $2
        AND ($3::timestamptz IS NULL OR accepted_at <= $3)
"""


async def derive(
    connection: Connection, subjects: Collection[Subject], events: Mapping[tuple[str, str], Sequence[Event]]
) -> None:
    """Put the rows of those of the subjects that are initiatives in the place of all that these had."""
    announced = [subject for subject in subjects if subject.kind == "initiative"]
    if not announced:
        return
    await connection.execute(DELETE, *split_identifiers(announced))
    rows = [(subject.authority, *row) for subject in announced for row in initiatives(events.get(subject, ()))]
    columns = ("authority", *Initiative._fields)
    await connection.copy_records_to_table("initiative", records=rows, columns=columns)


async def read(
    pool: Reads, authority: str, as_known_at: datetime, as_accepted_at: datetime | None
) -> Sequence[asyncpg.Record]:
    """Every event that announces an initiative of an authority, known at one instant and accepted by another."""
    rows: Sequence[asyncpg.Record] = await pool.fetch(EVENTS, authority, as_known_at, as_accepted_at)
    return rows
