"""What the answers about extracts look like, for the documentation.

Invariant: every object is closed: a member that is not here is in no answer.
"""

from typing import Any

from services.chassis.documentation import record, several
from services.people.answers import STATES
from services.people.api.parameters import COUNT, DATE, INSTANT, TEXT, or_null
from services.people.comparing import Status

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
SENT_EXAMPLE = {
    "id": 17,
    "status": "accepted",
    "dropped_columns": ["Home Address"],
    "links": {"self": "/v1/files/17", "rows": "/v1/files/17/rows"},
}

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
FILE_EXAMPLE = {
    "id": 17,
    "authority": "331",
    "feed": "hr",
    "file": "employees",
    "as_at": "2023-10-31",
    "recorded_at": "2023-10-31T19:00:00Z",
    "accepted_at": "2023-10-31T19:05:12.341Z",
    "taken_in_at": "2023-10-31T19:05:14.021Z",
    "mapping_version": 3,
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "form": "UTF-8, separated by commas",
    "state": "delivered",
    "refusal": None,
    "rows": {"read": 412, "accepted": 3, "already-known": 405, "rejected": 1, "left-out": 3},
    "events": [
        {"type": "uk.workforce.worker.started.v1", "waiting": 0, "accepted": 3, "already-known": 0, "rejected": 0}
    ],
    "left_out": [{"rule": "adults' services", "rows": 3}],
    "questions": [],
    "questions_left_out": 0,
    "links": SENT_EXAMPLE["links"],
}
ROW = record(
    {
        "row": {"type": "integer", "minimum": 0},
        "status": {"enum": [str(status) for status in Status]},
        "faults": several(FAULT),
        "rule": or_null(TEXT),
        "notes": several(TEXT),
        "events": several(record({"id": TEXT, "type": TEXT, "status": {"enum": list(STATES)}})),
        "cells": {"oneOf": [NULL, several(TEXT)]},
    }
)
ROWS = record({"file": ID, "rows": several(ROW), "links": record({}, {"next": TEXT})})
ROWS_EXAMPLE = {
    "file": 17,
    "rows": [
        {
            "row": 18,
            "status": "rejected",
            "faults": [
                {"column": "FTE", "problem": "is no number", "expected": "a ratio from 0 to 1, as 0.6", "value": "part"}
            ],
            "rule": None,
            "notes": [],
            "events": [],
            "cells": ["004711", "PST-0412", "part"],
        }
    ],
    "links": {"next": "/v1/files/17/rows?after=18"},
}
