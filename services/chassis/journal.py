"""The journal: all accepted events, in order, for ever. It is the outbox, and the source of every replay.

Invariant: an event is in the journal if and only if its sender was told `accepted`; positions run from 1 without gaps.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from contracts.envelope import Envelope, Event, format_instant, named
from contracts.refusal import Fault
from services.chassis.cloud_events import Parsed
from services.chassis.database import Connection
from services.chassis.stored_events import FROM_JOURNAL, source_sequence_of

CHANNEL = "journal"
"""PostgreSQL notification channel that wakes the relay."""

# The instant is taken under the row's lock, and never goes back: events are in the order of their acceptance.
TAKE_HEAD = """
    UPDATE journal_head
    SET clock = greatest(clock_timestamp(), clock)
    RETURNING position, clock
"""

FIND_KNOWN = """
    SELECT journal.authority, journal.source, journal.event_id, journal.type, journal.subject, journal.position,
           journal.fingerprint, journal.accepted_at
    FROM journal
    JOIN unnest($1::text[], $2::text[], $3::text[]) AS wanted (authority, source, event_id)
        ON journal.authority = wanted.authority AND journal.source = wanted.source
            AND journal.event_id = wanted.event_id
"""

APPEND = """
    INSERT INTO journal (
        position, authority, event_id, type, subject, source, recorded_at, supersedes, voids, accepted_at, provenance,
        body, fingerprint, source_sequence, referred_source
    )
    SELECT * FROM unnest(
        $1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[], $8::text[],
        $9::text[], $10::timestamptz[], $11::text[], $12::json[], $13::bytea[], $14::bigint[], $15::text[]
    )
"""

# In one statement: between two the event loop may serve others, while others wait for the head.
APPEND_AND_MOVE_HEAD = f"""
    WITH appended AS ({APPEND}), moved AS (UPDATE journal_head SET position = $16)
    SELECT pg_notify('{CHANNEL}', '')
"""  # noqa: S608  (nothing of it is given by others)

READ_AFTER = f"""
    {FROM_JOURNAL}
    WHERE position > $1
    ORDER BY position
    LIMIT $2
"""

READ_TYPES_AFTER = f"""
    {FROM_JOURNAL}
    WHERE position > $1 AND position <= $2 AND type = ANY ($3::text[])
    ORDER BY position
    LIMIT $4
"""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The event is in the journal at `position` since `accepted_at`. `known` if it was there before.

    `refers_to` names the event that it supersedes or voids, if the journal does not hold that one (yet).
    """

    position: int
    accepted_at: datetime
    known: bool
    refers_to: str | None = None


@dataclass(frozen=True, slots=True)
class Conflict:
    """The event contradicts one that the journal holds."""

    fault: Fault


Outcome = Accepted | Conflict

_Key = tuple[str, str, str]
"""Authority, source and id of an event."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An event to be put into the journal. `fingerprint`: see the function. `provenance`: the request that brought
    it, or what the sender states, if it has the right to.

    Each request makes its own entries, so a failure in making them concerns no other request.
    """

    event: Event
    fingerprint: bytes
    provenance: str


@dataclass(frozen=True, slots=True)
class _Held:
    """What is known of an event that the journal holds."""

    type: str
    subject: str
    fingerprint: bytes
    accepted: Accepted


def fingerprint(parsed: Parsed) -> bytes:
    """Two events of one source and id are the same if their fingerprints are: everything the feed stated, however it
    was formatted.
    """
    envelope = parsed.event.envelope
    stated_time = format_instant(parsed.stated_time) if parsed.stated_time else None
    references = (envelope.supersedes, envelope.voids)
    stated: list[object] = [envelope.type, envelope.source, envelope.subject, stated_time, *references]
    if envelope.sourcesequence is not None:  # the fingerprints of events without stay what they were before it existed
        stated.append(envelope.sourcesequence)
    if envelope.referred_source is not None:
        stated.append({"of": envelope.referred_source})  # no text, which would be a sourcesequence
    return hashlib.sha256(json.dumps(stated).encode() + parsed.event.body).digest()


def entries(parsed: Iterable[Parsed], provenance: str) -> list[Entry]:
    """Parsed events as entries of the journal. Those that state no provenance get `provenance`."""
    return [Entry(item.event, fingerprint(item), item.event.envelope.provenance or provenance) for item in parsed]


async def append(connection: Connection, new: Sequence[Entry]) -> list[Outcome]:
    """Put events into the journal, inside the caller's transaction. Returns one outcome for each, in order.

    They may come from several requests: each event sees those before it, as if these were in the journal already.
    Appends of one service follow one another, even from several processes, because each locks the row of the head.
    So positions become visible in order, and a duplicate that arrives at the same moment is seen.
    """
    ((head, now),) = await connection.fetch(TAKE_HEAD)
    known = await _known(connection, new)
    outcomes: list[Outcome] = []
    fresh: list[tuple[int, Entry]] = []
    for entry in new:
        envelope = entry.event.envelope
        key = _key_of(envelope)
        fault = _conflict(envelope, entry.fingerprint, known)
        if fault is not None:
            outcomes.append(Conflict(fault))
        elif key in known:
            held = known[key].accepted
            outcomes.append(Accepted(held.position, held.accepted_at, known=True))
        else:
            head += 1
            accepted = Accepted(head, now, known=False, refers_to=_unknown_reference(envelope, known))
            known[key] = _Held(envelope.type, envelope.subject, entry.fingerprint, accepted)
            fresh.append((head, entry))
            outcomes.append(accepted)
    if fresh:
        await connection.execute(APPEND_AND_MOVE_HEAD, *_columns(fresh, now), head)
    return outcomes


async def _known(connection: Connection, new: Sequence[Entry]) -> dict[_Key, _Held]:
    """What the journal already holds of these events and of those that they refer to."""
    keys: set[_Key] = set()
    for entry in new:
        envelope = entry.event.envelope
        keys.add(_key_of(envelope))
        keys.update([(envelope.authority, *envelope.referred)] if envelope.referred else [])
    rows = await connection.fetch(FIND_KNOWN, *map(list, zip(*keys, strict=True)))
    return {
        (row["authority"], row["source"], row["event_id"]): _Held(
            row["type"], row["subject"], row["fingerprint"], Accepted(row["position"], row["accepted_at"], known=True)
        )
        for row in rows
    }


def _key_of(envelope: Envelope) -> _Key:
    return envelope.authority, envelope.source, envelope.id


def _conflict(envelope: Envelope, digest: bytes, known: dict[_Key, _Held]) -> Fault | None:
    same = known.get(_key_of(envelope))
    if same is not None and same.fingerprint != digest:
        return Fault(
            "id",
            f"was used by {envelope.source} at {format_instant(same.accepted.accepted_at)} for another event",
            "a new id; to correct an event, a new id with `supersedes` set to the old one",
            envelope.id,
        )
    held = known.get((envelope.authority, *envelope.referred)) if envelope.referred else None
    if held is not None and (held.type, held.subject) != (envelope.type, envelope.subject):
        name = "supersedes" if envelope.supersedes else "voids"
        expected = f"the id of an event of type {envelope.type} and subject {envelope.subject}"
        target = envelope.supersedes or envelope.voids
        return Fault(name, f"is an event of type {held.type} and subject {held.subject}", expected, target)
    return None


def _unknown_reference(envelope: Envelope, known: dict[_Key, _Held]) -> str | None:
    target = envelope.referred
    return named(*target) if target is not None and (envelope.authority, *target) not in known else None


def _columns(fresh: Iterable[tuple[int, Entry]], now: datetime) -> list[list[object]]:
    rows = [
        (
            position,
            envelope.authority,
            envelope.id,
            envelope.type,
            envelope.subject,
            envelope.source,
            envelope.time,
            envelope.supersedes,
            envelope.voids,
            now,
            entry.provenance,
            entry.event.body.decode(),
            entry.fingerprint,
            source_sequence_of(envelope),
            envelope.referred_source,
        )
        for position, entry in fresh
        for envelope in (entry.event.envelope,)
    ]
    return [list(column) for column in zip(*rows, strict=True)]
