"""What the answers about extracts and persons look like, for the documentation.

Invariant: every object is closed: a member that is not here is in no answer. Only the details of a person are as the
council calls them.
"""

from typing import Any

from services.chassis.documentation import record, several
from services.people.answers import STATES
from services.people.comparing import Status

INSTANT: dict[str, Any] = {"type": "string", "format": "date-time"}
DATE: dict[str, Any] = {"type": "string", "format": "date"}
TEXT: dict[str, Any] = {"type": "string"}
COUNT: dict[str, Any] = {"type": "integer", "minimum": 0}


def or_null(schema: dict[str, Any]) -> dict[str, Any]:
    """The same, or null."""
    return {**schema, "type": [schema["type"], "null"]}


LINKS = record({"self": TEXT, "rows": TEXT})
ID = {"type": "integer", "minimum": 1}
NULL = {"type": "null"}
SENT = record(
    {
        "id": ID,
        "status": {"enum": ["accepted", "already-known"]},
        "dropped_columns": {**several(TEXT), "description": "Those that the mapping does not name: told once."},
        "links": LINKS,
    }
)

FAULT = record({"column": TEXT, "problem": TEXT, "expected": TEXT}, {"value": TEXT})
LEFT_OUT = several(record({"rule": TEXT, "rows": COUNT}))
QUESTIONS: dict[str, Any] = {"questions": several(TEXT), "questions_left_out": COUNT}
REFUSAL = {"oneOf": [NULL, record({"problem": TEXT, "expected": TEXT})]}
ROW_COUNTS = record({"read": COUNT, **{str(status): COUNT for status in Status}})
FIGURE = record(
    {
        "measure": TEXT,
        "title": or_null(TEXT),
        "unit": or_null(TEXT),
        "as_at": or_null(TEXT),
        "difference": or_null(TEXT),
        "before": {"type": ["number", "null"]},
        "after": {"type": ["number", "null"]},
    }
)
DRY_RUN = record(
    {
        "dry_run": {"const": True},
        "file": TEXT,
        "refusal": REFUSAL,
        "rows": ROW_COUNTS,
        "events": several(record({"type": TEXT, "events": COUNT})),
        "left_out": LEFT_OUT,
        **QUESTIONS,
        "rejected": several(record({"row": ID, "faults": several(FAULT)})),
        "dropped_columns": several(TEXT),
        "effect": {"oneOf": [NULL, several(FIGURE)]},
        "effect_reason": or_null(TEXT),
    }
)
KNOWN_OR_DRY_RUN = {"oneOf": [SENT, DRY_RUN]}
FILE = record(
    {
        "id": ID,
        "authority": TEXT,
        "feed": TEXT,
        "file": TEXT,
        "as_at": DATE,
        "recorded_at": INSTANT,
        "accepted_at": INSTANT,
        "taken_in_at": or_null(INSTANT),
        "mapping_version": ID,
        "sha256": TEXT,
        "form": TEXT,
        "state": {
            "enum": ["accepted", "refused", "taken-in", "delivered"],
            "description": "accepted: will be looked at; refused: nothing changed; taken-in: its events are on their "
            "way; delivered: the doors have answered for each.",
        },
        "refusal": REFUSAL,
        "rows": ROW_COUNTS,
        "events": several(record({"type": TEXT, **dict.fromkeys(STATES, COUNT)})),
        "left_out": LEFT_OUT,
        **QUESTIONS,
        "links": LINKS,
    }
)
ROW = record(
    {
        "row": {"type": "integer", "minimum": 0},
        "status": {"enum": [str(status) for status in Status]},
        "faults": several(FAULT),
        "rule": or_null(TEXT),
        "notes": several(TEXT),
        "events": several(record({"id": TEXT, "type": TEXT, "status": {"enum": list(STATES)}})),
        "cells": {
            **several(record({"column": TEXT, "value": TEXT})),
            "description": "Of a rejected row, those that are not personal; no others are kept.",
        },
    }
)
ROWS = record({"file": ID, "rows": several(ROW), "links": record({}, {"next": TEXT})})
FEED = record(
    {
        "authority": TEXT,
        "feed": TEXT,
        "file": TEXT,
        "id": COUNT,
        "state": {"enum": ["accepted", "taken-in", "delivered"]},
        "as_at": DATE,
        "recorded_at": INSTANT,
        "accepted_at": INSTANT,
        "age_seconds": {**COUNT, "description": "How long ago the newest extract was made."},
        "rows": COUNT,
    }
)
MAPPING_PUT = record({"authority": TEXT, "feed": TEXT, "version": COUNT, "put_at": INSTANT, "sha256": TEXT})
DETAILS = {"type": "object", "additionalProperties": TEXT, "description": "Name, date of birth and so on, as written."}
TOLD = record({"feed": TEXT, "file": TEXT, "known_from": INSTANT, "details": DETAILS})
PERSON = record(
    {
        "authority": TEXT,
        "worker": TEXT,
        "first_known_at": INSTANT,
        "erased_at": or_null(INSTANT),
        "details": {**DETAILS, "description": "As known now, of all feeds together."},
    }
)
ENTRY = record(
    {
        "position": COUNT,
        "at": INSTANT,
        "caller": TEXT,
        "action": {"enum": ["read", "search", "export", "erase"]},
        "authority": TEXT,
        "worker": or_null(TEXT),
        "reason": or_null(TEXT),
    }
)
EXPORT = record({**PERSON["properties"], "history": several(TOLD), "audit": several(ENTRY)})
ERASED = record({"authority": TEXT, "worker": TEXT, "erased_at": INSTANT})
