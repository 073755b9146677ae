"""Events as the journal and the inbox hold them: the same columns in both.

Invariant: what stands in a row was checked against its contract when it came in.
"""

import asyncpg

from contracts.envelope import Envelope, Event, parse_data


def envelope_of(row: asyncpg.Record) -> Envelope:
    """The envelope of a row, whose `sequence` is the position in the owner's journal."""
    # Checking it once more in Rust is quicker than building it unchecked in Python.
    return Envelope.model_validate(
        {
            "id": row["event_id"],
            "source": row["source"],
            "type": row["type"],
            "subject": row["subject"],
            "time": row["recorded_at"],
            "authority": row["authority"],
            "supersedes": row["supersedes"],
            "voids": row["voids"],
            "acceptedtime": row["accepted_at"],
            "sequence": str(row["sequence"]),
            "provenance": row["provenance"],
        }
    )


def event_of(row: asyncpg.Record) -> Event:
    """The event of a row."""
    envelope = envelope_of(row)
    body = row["body"].encode()
    return Event(envelope, parse_data(envelope, body), body)
