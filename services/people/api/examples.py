"""Examples of answers, as the OpenAPI document shows them. Their schemas stand in `schemas.py`.

Invariant: a word that has a type is that type's.
"""

from services.people.comparing import Status

SENT_EXAMPLE = {
    "id": 17,
    "status": "accepted",
    "dropped_columns": ["Home Address"],
    "links": {"self": "/v1/files/17", "rows": "/v1/files/17/rows"},
}
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
ROWS_EXAMPLE = {
    "file": 17,
    "rows": [
        {
            "row": 18,
            "status": Status.REJECTED,
            "faults": [
                {
                    "column": "FTE",
                    "problem": "is not a number",
                    "expected": "a ratio from 0 to 1, as 0.6",
                    "value": "part",
                }
            ],
            "rule": None,
            "notes": [],
            "events": [],
            "cells": [{"column": "Post Number", "value": "PST-0412"}, {"column": "FTE", "value": "part"}],
        }
    ],
    "links": {"next": "/v1/files/17/rows?after=18"},
}
FEEDS_EXAMPLE = {
    "feeds": [
        {
            "authority": "331",
            "feed": "hr",
            "file": "employees",
            "id": 17,
            "state": "delivered",
            "as_at": "2023-10-31",
            "recorded_at": "2023-10-31T19:00:00Z",
            "accepted_at": "2023-10-31T19:05:12.341Z",
            "age_seconds": 41220,
            "rows": 412,
        }
    ]
}
MAPPING_EXAMPLE = {
    "authority": "331",
    "feed": "hr",
    "version": 1,
    "put_at": "2023-10-31T18:00:00Z",
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
}
