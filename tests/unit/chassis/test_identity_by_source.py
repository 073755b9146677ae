"""A database of before events were known by source and id is taken over: nothing that it holds changes its meaning.

Invariant: the database is a real one, migrated as far as it was then, and filled by plain SQL.
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

import services.chassis
from contracts.envelope import parse_event
from contracts.in_force import events_in_force
from services.chassis import inbox, journal
from services.chassis.cloud_events import Parsed
from services.chassis.database import connect_pool, migrate
from services.chassis.stored_events import event_of

MIGRATIONS = Path(services.chassis.__file__).parent / "migrations"
THEN = 6
"""The last migration before."""
CLOSED, SUBJECT = "uk.workforce.post.closed.v1", "post/P-1"
RECORDED = datetime(2023, 10, 2, 8, 30, tzinfo=UTC)
BODY = '{"closed_on":"2023-10-31"}'
VOID = '{"because":"duplicate"}'


def incoming(id: str, source: str, body: str = BODY, **attributes: str) -> Parsed:
    """An event as the door reads it."""
    stated = {"specversion": "1.0", "id": id, "source": source, "type": CLOSED, "subject": SUBJECT, "authority": "331"}
    event = parse_event(stated | {"time": RECORDED.isoformat()} | attributes, body.encode())
    return Parsed(event, RECORDED)


ROWS = [
    (1, incoming("A", "/hr")),
    (2, incoming("B", "/hr", supersedes="A")),
    (3, incoming("C", "/payroll", supersedes="B")),
    (4, incoming("D", "/payroll", VOID, voids="C")),
    (5, incoming("E", "/hr", VOID, voids="C")),
    (6, incoming("F", "/hr", supersedes="never-came")),
]
IN_FORCE_THEN = ["B", "F"]
"""By hand: E and D void C, whose source E did not have to name then; so B counts again, and F beside it."""
INTO_JOURNAL = """
    INSERT INTO journal (position, authority, event_id, type, subject, source, recorded_at, supersedes, voids,
                         accepted_at, provenance, body, fingerprint)
    VALUES ($1, '331', $2, $3, $4, $5, $6, $7, $8, $6, 'then', $9, $10)
"""
INTO_INBOX = """
    INSERT INTO inbox (sequence, authority, event_id, type, subject, source, recorded_at, supersedes, voids,
                       accepted_at, provenance, body, owner)
    VALUES ($1, '331', $2, $3, $4, $5, $6, $7, $8, $6, 'then', $9, 'recruitment')
"""


@pytest_asyncio.fixture
async def pool(database: str, tmp_path: Path) -> AsyncIterator[asyncpg.Pool]:
    """A database as it was then, with those events in its journal and its inbox, migrated to now."""
    pool = await connect_pool(database, 2)
    folder = tmp_path / "chassis" / "migrations"
    folder.mkdir(parents=True)
    for path in sorted(MIGRATIONS.glob("*.sql"))[:THEN]:
        (folder / path.name).write_bytes(path.read_bytes())
    await migrate(pool, (folder,))
    for position, item in ROWS:
        of = item.event.envelope
        references = (of.supersedes, of.voids)
        row = (position, of.id, of.type, of.subject, of.source, of.time, *references, item.event.body.decode())
        await pool.execute(INTO_JOURNAL, *row, journal.fingerprint(item))
        await pool.execute(INTO_INBOX, *row)
    await pool.execute("UPDATE journal_head SET position = $1", len(ROWS))
    await migrate(pool, (MIGRATIONS,))
    yield pool
    await pool.close()


@pytest.mark.parametrize("query", [journal.READ_AFTER, inbox.READ_ARRIVED])
async def test_what_stood_before_stands(pool: asyncpg.Pool, query: str) -> None:
    given = (0, 100) if query is journal.READ_AFTER else ("331", 0)
    events = [event_of(row) for row in await pool.fetch(query, *given)]
    assert [one.envelope.id for one in events_in_force(events)] == IN_FORCE_THEN
    sources = {one.envelope.id: one.envelope.referred_source for one in events}
    assert sources == {"A": None, "B": None, "C": "/hr", "D": None, "E": "/payroll", "F": None}


async def test_what_was_accepted_then_is_known_when_it_is_sent_again(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection, connection.transaction():
        outcomes = await journal.append(connection, journal.entries((item for _, item in ROWS), "again"))
    assert [(one.position, one.known) for one in outcomes if isinstance(one, journal.Accepted)] == [
        (position, True) for position, _ in ROWS
    ]


async def test_another_source_can_use_an_id_of_then(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection, connection.transaction():
        (outcome,) = await journal.append(connection, journal.entries([incoming("A", "/agency-portal")], "new"))
    assert isinstance(outcome, journal.Accepted)
    assert (outcome.position, outcome.known) == (7, False)
