"""The tables of extracts: mappings, files and their rows, what each feed states, the events on their way.

Invariant: whatever may be personal is passed in encrypted; nothing here decrypts.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg

from services.chassis.database import Connection, Reads
from services.people.register.keys import WrappedKey

ONE_AT_A_TIME = 7_231_103
"""Advisory lock for taking in files: files of one feed are taken in in the order in which they were accepted."""
AT_THE_DOORS = 7_231_104
"""Advisory lock for sending events."""
AT_A_FEED = 7_231_105
"""Advisory lock for accepting a file."""

KNOW_PSEUDONYM_KEY = """
    INSERT INTO pseudonym_key (fingerprint) VALUES ($1) ON CONFLICT (is_the_one) DO UPDATE SET is_the_one = true
    RETURNING fingerprint
"""

TRY_TO_TAKE_IN = "SELECT pg_try_advisory_xact_lock($1)"
TRY_TO_SEND = "SELECT pg_try_advisory_xact_lock($1, hashtext($2))"
MAPPINGS_ONE_AT_A_TIME = "LOCK TABLE feed_mapping IN SHARE ROW EXCLUSIVE MODE"
PUT_MAPPING = """
    INSERT INTO feed_mapping (authority, feed, version, content, sha256, put_by)
    SELECT $1, $2, coalesce(max(version), 0) + 1, $3, $4, $5
    FROM feed_mapping
    WHERE authority = $1 AND feed = $2
    RETURNING version, put_at, sha256
"""
NEWEST_MAPPING = """
    SELECT version, content, sha256, put_at, put_by
    FROM feed_mapping
    WHERE authority = $1 AND feed = $2
    ORDER BY version DESC
    LIMIT 1
"""
FEEDS_WITH_A_MAPPING = "SELECT DISTINCT feed FROM feed_mapping WHERE authority = $1 ORDER BY feed"
MAPPING_OF_VERSION = """
    SELECT version, content, sha256, put_at, put_by
    FROM feed_mapping
    WHERE authority = $1 AND feed = $2 AND version = $3
"""

# Of one feed files are accepted one at a time: the order of their ids is that in which they can be seen.
FILES_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock($1, hashtext($2))"
NEXT_INSTANT = """
    SELECT greatest(clock_timestamp(), max(recorded_at) + interval '1 microsecond')
    FROM delivered_file
    WHERE authority = $1 AND feed = $2 AND kind = $3 AND state <> 'refused'
"""
# A file that came after it, of the same day and with other content, has told something else since.
SAME_FILE = """
    SELECT *
    FROM delivered_file AS same
    WHERE authority = $1 AND feed = $2 AND kind = $3 AND sha256 = $4 AND as_at = $5 AND mapping_version = $6
        AND state <> 'refused'
        AND NOT EXISTS (
            SELECT
            FROM delivered_file AS since
            WHERE since.authority = $1 AND since.feed = $2 AND since.kind = $3 AND since.as_at = $5
                AND since.id > same.id AND since.state <> 'refused'
        )
    ORDER BY id DESC
    LIMIT 1
"""
ACCEPT_FILE = """
    INSERT INTO delivered_file (
        authority, feed, kind, mapping_version, as_at, recorded_at, sha256, header, form, rows,
        confirmed, accepted_by, master_key, wrapped_key
    )
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
    RETURNING *
"""
FIND_FILE = "SELECT * FROM delivered_file WHERE id = $1"
NEXT_FILE = "SELECT * FROM delivered_file WHERE state = 'accepted' ORDER BY id LIMIT 1"
FILE_BEFORE = """
    SELECT recorded_at, as_at, subjects, header
    FROM delivered_file
    WHERE authority = $1 AND feed = $2 AND kind = $3 AND state IN ('taken-in', 'delivered')
    ORDER BY id DESC
    LIMIT 1
"""
REFUSE_FILE = """
    UPDATE delivered_file
    SET state = 'refused', refusal = $2, taken_in_at = clock_timestamp(), master_key = NULL, wrapped_key = NULL
    WHERE id = $1
"""
FILE_TAKEN_IN = """
    UPDATE delivered_file
    SET state = $2, subjects = $3, counts = $4, taken_in_at = clock_timestamp()
    WHERE id = $1
"""
PARTS = "SELECT sealed_rows FROM file_part WHERE file = $1 ORDER BY part"
FORGET_PARTS = "DELETE FROM file_part WHERE file = $1"
# The faults of events, too: a door may have repeated a value.
FORGET_CELLS = """
    WITH files AS (
        UPDATE delivered_file
        SET master_key = NULL, wrapped_key = NULL
        WHERE authority = $1 AND state IN ('taken-in', 'delivered') AND wrapped_key IS NOT NULL
        RETURNING id
    ), forgotten AS (
        UPDATE outgoing SET sealed_faults = NULL WHERE file IN (SELECT id FROM files) AND sealed_faults IS NOT NULL
    )
    UPDATE file_row SET sealed_answer = NULL WHERE file IN (SELECT id FROM files) AND sealed_answer IS NOT NULL
"""
FILES_UNDER_OLD_MASTERS = """
    SELECT id, authority, sha256, master_key, wrapped_key
    FROM delivered_file
    WHERE master_key <> $1
    LIMIT $2
    FOR UPDATE SKIP LOCKED
"""
REWRAP_FILE = "UPDATE delivered_file SET master_key = $2, wrapped_key = $3 WHERE id = $1"
FORGET_ROWS = """
    WITH old AS (
        UPDATE delivered_file
        SET master_key = NULL, wrapped_key = NULL
        WHERE state IN ('taken-in', 'delivered') AND wrapped_key IS NOT NULL
            AND taken_in_at < clock_timestamp() - make_interval(days => $1)
        RETURNING id
    )
    DELETE FROM file_row WHERE file IN (SELECT id FROM old)
"""

KNOWN = """
    SELECT subject, digest, missing, states
    FROM subject_state
    WHERE authority = $1 AND feed = $2 AND kind = $3
"""
STATES = """
    SELECT subject, state::text
    FROM subject_state
    WHERE authority = $1 AND feed = $2 AND kind = $3 AND subject = ANY ($4::text[])
"""
WRITE_STATES = """
    INSERT INTO subject_state (authority, feed, kind, subject, digest, state, missing, states)
    SELECT $1, $2, $3, stated.*
    FROM unnest($4::text[], $5::bytea[], $6::json[], $7::integer[], $8::boolean[]) AS stated
    ON CONFLICT (authority, feed, kind, subject) DO UPDATE
    SET digest = excluded.digest, state = excluded.state, missing = excluded.missing, states = excluded.states
"""

WAITING = """
    SELECT outgoing.position, outgoing.file, outgoing.row, outgoing.event::text, outgoing.event_id, outgoing.kind,
           outgoing.door, outgoing.event_type, outgoing.subject, outgoing.state_before::text,
           delivered_file.authority, delivered_file.feed, delivered_file.sha256, delivered_file.master_key,
           delivered_file.wrapped_key
    FROM outgoing
    JOIN delivered_file ON delivered_file.id = outgoing.file
    WHERE outgoing.door = $1 AND outgoing.state = 'waiting' AND outgoing.position > $2
    ORDER BY outgoing.position
    LIMIT $3
"""
ANSWERED = """
    UPDATE outgoing
    SET state = answer.state, sealed_faults = answer.faults, answered_at = clock_timestamp()
    FROM unnest($1::bigint[], $2::text[], $3::bytea[]) AS answer (position, state, faults)
    WHERE outgoing.position = answer.position AND outgoing.state = 'waiting'
    RETURNING outgoing.position
"""
# The events of a file go to two doors at once: who marks its last ones as answered has to see what the other marked.
FILES_ANSWERED_ONE_AT_A_TIME = "SELECT FROM delivered_file WHERE id = ANY ($1::bigint[]) ORDER BY id FOR UPDATE"
COUNT_EVENTS = """
    INSERT INTO file_event_count (file, door, event_type, state, events)
    SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::integer[])
    ON CONFLICT (file, door, event_type, state) DO UPDATE
    SET events = file_event_count.events + excluded.events
"""
FILES_DELIVERED = """
    UPDATE delivered_file
    SET state = 'delivered'
    WHERE state = 'taken-in' AND id = ANY ($1::bigint[])
        AND NOT EXISTS (
            SELECT
            FROM file_event_count AS counted
            WHERE counted.file = delivered_file.id AND counted.state = 'waiting' AND counted.events > 0
        )
"""
EVENTS_WAITING = """
    SELECT door, sum(events)::integer AS events,
           extract(epoch FROM clock_timestamp() - min(taken_in_at))::float8 AS seconds
    FROM file_event_count
    JOIN delivered_file ON delivered_file.id = file_event_count.file
    WHERE file_event_count.state = 'waiting' AND events > 0
    GROUP BY door
"""
FILES_WAITING = "SELECT count(*) FROM delivered_file WHERE state = 'accepted'"
STATE_TO_MEND = """
    SELECT state::text
    FROM subject_state
    WHERE authority = $1 AND feed = $2 AND kind = $3 AND subject = $4
    FOR UPDATE
"""
MEND_STATE = """
    UPDATE subject_state
    SET state = $5, states = $6, digest = NULL
    WHERE authority = $1 AND feed = $2 AND kind = $3 AND subject = $4
"""

EVENTS_OF_FILE = """
    SELECT event_type, state, sum(events)::integer AS events
    FROM file_event_count
    WHERE file = $1
    GROUP BY event_type, state
    ORDER BY event_type, state
"""
# An answer may be to several rows, up to `last`: the first one that is looked at may have begun before.
ROWS_OF_FILE = """
    SELECT answered.row::integer, status, sealed_answer
    FROM file_row
    CROSS JOIN LATERAL (SELECT greatest(file_row.row, $2::bigint + 1) AS row) AS first
    CROSS JOIN LATERAL generate_series(
        first.row, least(coalesce(last, file_row.row), first.row + $3::bigint - 1)
    ) AS answered (row)
    WHERE file = $1 AND ($4::text IS NULL OR status = $4)
        AND file_row.row >= (SELECT coalesce(max(row), 0) FROM file_row WHERE file = $1 AND row <= $2)
    ORDER BY file_row.row, answered.row
    LIMIT $3
"""
EVENTS_OF_ROWS = """
    SELECT row, event_id, event_type, state, sealed_faults
    FROM outgoing
    WHERE file = $1 AND row = ANY ($2::integer[])
    ORDER BY position
"""
MARK_ROW_REJECTED = """
    WITH marked AS (
        UPDATE file_row SET status = 'rejected' WHERE file = $1 AND row = $2 AND status <> 'rejected' RETURNING file
    )
    UPDATE delivered_file SET rejected_at_doors = rejected_at_doors + 1 WHERE id = (SELECT file FROM marked)
"""
FEEDS = """
    SELECT DISTINCT ON (authority, feed, kind) authority, feed, kind, id, as_at, recorded_at, accepted_at, state, rows
    FROM delivered_file
    WHERE ($1::text IS NULL OR authority = $1) AND state <> 'refused'
    ORDER BY authority, feed, kind, id DESC
"""


File = asyncpg.Record | dict[str, Any]
"""A file as its table has it, or will have it."""
SAME_IN = ("authority", "feed", "kind", "sha256", "as_at", "mapping_version")
"""What two files are the same by."""
KEPT = (
    *("authority", "feed", "kind", "mapping_version", "as_at", "recorded_at", "sha256", "header", "form"),
    *("rows", "confirmed"),
)


def of_file(file: File) -> str:
    """What the key of a file is bound to."""
    return f"file {file['authority']} {file['sha256']}"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An event that is to be sent. `event` and `state_before` are JSON."""

    row: int | None
    door: str
    subject: str
    event_id: str
    event_type: str
    event: str
    state_before: str | None


@dataclass(frozen=True, slots=True)
class Stated:
    """What a feed states of a subject: `state` is JSON, `states` whether any fact is in force."""

    subject: str
    digest: bytes | None
    state: str
    missing: int
    states: bool


@dataclass(frozen=True, slots=True)
class RowAnswer:
    """The answer to one row, or to all from it up to `last`."""

    row: int
    status: str
    sealed: bytes | None = None
    last: int | None = None


async def in_turn(connection: Connection, file: File) -> None:
    """Wait until no other file of the feed is being accepted; held until the caller's transaction ends."""
    await connection.execute(FILES_ONE_AT_A_TIME, AT_A_FEED, f"{file['authority']} {file['feed']}")


async def accept_file(
    connection: Connection, file: dict[str, Any], key: WrappedKey, caller: str, parts: Sequence[bytes]
) -> asyncpg.Record:
    """Keep a file until it is taken in, inside the caller's transaction, in turn.

    A file that does not state when it was recorded counts as recorded now, after all that were accepted before it.
    """
    if file["recorded_at"] is None:
        now = await connection.fetchval(NEXT_INSTANT, file["authority"], file["feed"], file["kind"])
        file = {**file, "recorded_at": now}
    values = [file[name] for name in KEPT]
    (row,) = await connection.fetch(ACCEPT_FILE, *values, caller, key.master, key.wrapped)
    records = [(row["id"], number, sealed) for number, sealed in enumerate(parts)]
    await connection.copy_records_to_table("file_part", records=records, columns=["file", "part", "sealed_rows"])
    return row


async def write_states(connection: Connection, of: tuple[str, str, str], states: Iterable[Stated]) -> None:
    """What a feed states from now on, by authority, feed and kind of file."""
    columns = [(state.subject, state.digest, state.state, state.missing, state.states) for state in states]
    if columns:
        await connection.execute(WRITE_STATES, *of, *map(list, zip(*columns, strict=True)))


async def write_outgoing(connection: Connection, file: int, kind: str, events: Sequence[Outgoing]) -> None:
    """Events on their way, in this order."""
    records = [
        (
            *(file, event.row, event.door, kind, event.subject, event.event_id, event.event_type, event.event),
            event.state_before,
        )
        for event in events
    ]
    columns = ["file", "row", "door", "kind", "subject", "event_id", "event_type", "event", "state_before"]
    await connection.copy_records_to_table("outgoing", records=records, columns=columns)
    await count_events(connection, Counter((file, event.door, event.event_type, "waiting") for event in events))


async def count_events(connection: Connection, counts: Mapping[tuple[int, str, str, str], int]) -> None:
    """Add to (or subtract from) the counts of a file's events, by door, type and state."""
    rows = [(*key, count) for key, count in sorted(counts.items())]
    if rows:
        await connection.execute(COUNT_EVENTS, *map(list, zip(*rows, strict=True)))


async def write_rows(connection: Connection, file: int, rows: Iterable[RowAnswer]) -> None:
    """The answers to rows."""
    records = [(file, answer.row, answer.status, answer.sealed, answer.last) for answer in rows]
    columns = ["file", "row", "status", "sealed_answer", "last"]
    await connection.copy_records_to_table("file_row", records=records, columns=columns)


async def states_of(reads: Reads, of: tuple[str, str, str], subjects: Sequence[str]) -> dict[str, str]:
    """What a feed said last of these subjects, as JSON."""
    return {row["subject"]: row["state"] for row in await reads.fetch(STATES, *of, list(subjects))}


async def state_to_mend(connection: Connection, sent: asyncpg.Record) -> str | None:
    """The state kept for the subject of an event."""
    state: str | None = await connection.fetchval(
        STATE_TO_MEND, sent["authority"], sent["feed"], sent["kind"], sent["subject"]
    )
    return state


async def mend_state(connection: Connection, sent: asyncpg.Record, state: str, *, states: bool) -> None:
    """Hold this as stated of it; its rows are looked at again."""
    await connection.execute(MEND_STATE, sent["authority"], sent["feed"], sent["kind"], sent["subject"], state, states)
