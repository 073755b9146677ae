"""Events as the journal and the inbox hold them: the same columns in both.

Invariant: every row was checked against its contract when the event came in. What reads rows for `event_of` begins with
`FROM_JOURNAL` or `FROM_INBOX`.
"""

from sys import intern

import asyncpg
from pydantic import BaseModel

from contracts.catalogue import EVENT_MODELS
from contracts.envelope import Envelope, Event, parse_data
from contracts.events.base import EventData, Withdrawal

COLUMNS = (
    "authority, subject, type, event_id, source, recorded_at, supersedes, voids, referred_source, source_sequence, "
    "accepted_at, provenance, body"
)
FROM_JOURNAL = f"SELECT position AS sequence, {COLUMNS} FROM journal"  # noqa: S608
FROM_INBOX = f"SELECT sequence, {COLUMNS} FROM inbox"  # noqa: S608

_set = object.__setattr__
_MODELS: tuple[type[BaseModel], ...] = (Envelope, Withdrawal, *EVENT_MODELS.values())
_FIELDS_SET = {model: set(model.model_fields) for model in _MODELS}
"""One set for all models of a kind, which are frozen. It must be a set: copying a model copies it and adds to the
copy. Which fields were given says nothing here: a set for each event would be a third of what an event takes."""
_SAID_BY_MANY = ("type", "source", "authority")
"""Attributes that many events have in common."""


def envelope_of(row: asyncpg.Record) -> Envelope:
    """The envelope of a row, whose `sequence` is the position in the owner's journal. It is not checked once more."""
    # As pydantic's own model_construct does it, in a third of its time and a fifth of that of checking: a rebuild makes
    # one for each event.
    envelope = Envelope.__new__(Envelope)
    fields = {
        "specversion": "1.0",
        "id": row["event_id"],
        "source": row["source"],
        "type": row["type"],
        "subject": row["subject"],
        "time": row["recorded_at"],
        "datacontenttype": "application/json",
        "dataschema": None,
        "authority": row["authority"],
        "supersedes": row["supersedes"],
        "supersedessource": None if row["supersedes"] is None else row["referred_source"],
        "voids": row["voids"],
        "voidssource": None if row["voids"] is None else row["referred_source"],
        "sourcesequence": None if row["source_sequence"] is None else str(row["source_sequence"]),
        "acceptedtime": row["accepted_at"],
        "sequence": str(row["sequence"]),
        "provenance": row["provenance"],
    }
    _set(envelope, "__dict__", fields)
    _set(envelope, "__pydantic_fields_set__", _FIELDS_SET[Envelope])
    _set(envelope, "__pydantic_extra__", None)
    _set(envelope, "__pydantic_private__", None)
    return envelope


def plainly_said(table: str, event_type: str) -> str:
    """The query for those of the subjects $2 of the authority $1 that have an event of a type which nothing voids.

    One event that corrects nothing is enough: what supersedes it says the same kind of thing. Each subject is looked
    up by itself: as NOT EXISTS, while a table fills that was never analysed, PostgreSQL compares each with all of the
    authority's.
    """
    of_subject = f"authority = $1 AND subject = wanted.subject AND type = '{event_type}'"
    return f"""
        SELECT wanted.subject
        FROM unnest($2::text[]) AS wanted (subject)
        CROSS JOIN LATERAL (
            SELECT source, event_id
            FROM {table}
            WHERE {of_subject} AND supersedes IS NULL AND voids IS NULL
            LIMIT 1
        ) AS plain
        LEFT JOIN LATERAL (
            SELECT true AS is_voided
            FROM {table}
            WHERE {of_subject} AND voids = plain.event_id AND coalesce(referred_source, source) = plain.source
            LIMIT 1
        ) AS voided ON true
        WHERE voided.is_voided IS NULL
    """  # noqa: S608  (table and type are constants of ours)


def source_sequence_of(envelope: Envelope) -> int | None:
    """The sourcesequence of an event as the column `source_sequence` holds it."""
    return None if envelope.sourcesequence is None else int(envelope.sourcesequence)


def event_of(row: asyncpg.Record) -> Event:
    """The event of a row."""
    envelope = envelope_of(row)
    body = row["body"].encode()
    return Event(envelope, _data_of(envelope, body), body)


def as_stored(event: Event, body: bytes) -> Event:
    """An event that came in, in the form in which it would be read back after it was stored with this (canonical)
    body. It takes as little memory as that.
    """
    envelope = event.envelope
    if envelope.dataschema is not None:
        envelope = envelope.model_copy(update={"dataschema": None})
    _set(envelope, "__pydantic_fields_set__", _FIELDS_SET[Envelope])
    fields = envelope.__dict__
    for name in _SAID_BY_MANY:
        fields[name] = intern(fields[name])
    if event.body == body:
        _set(event.data, "__pydantic_fields_set__", _FIELDS_SET[type(event.data)])
        return event if envelope is event.envelope else Event(envelope, event.data, body)
    # Data that are the same may be written otherwise, 1.0 for 1 say, and a field twice.
    return Event(envelope, _data_of(envelope, body), body)


def _data_of(envelope: Envelope, body: bytes) -> EventData | Withdrawal:
    data = parse_data(envelope, body)
    _set(data, "__pydantic_fields_set__", _FIELDS_SET[type(data)])
    return data
