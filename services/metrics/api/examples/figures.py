"""Examples of figures, series, explanations, changes and effects.

Invariant: each fits the schema of its answer; Spectral checks that in `make check`.
"""

from typing import Any

from services.metrics.api.figure_json import described
from services.metrics.measures.catalogue import MEASURES

FIGURE_EXAMPLE: dict[str, Any] = {
    **described(MEASURES["vacancies"]),
    "authority": "331",
    "scope": "all",
    "as_at": "2023-10-31",
    "as_known_at": "2023-11-30T12:00:00Z",
    "by": ["role"],
    "rows": [{"role": "advanced-social-worker", "value": 12.0}, {"role": "social-worker", "value": 8.5}],
    "total": 20.5,
    "links": {
        "pinned": "/v1/measures/vacancies?authority=331&by=role&as_at=2023-10-31&as_known_at=2023-11-30T12:00:00Z"
        "&as_accepted_at=2023-11-30T12:00:00Z",
        "explanation": "/v1/measures/vacancies/explanation?authority=331&as_at=2023-10-31"
        "&as_known_at=2023-11-30T12:00:00Z&as_accepted_at=2023-11-30T12:00:00Z",
    },
}

SERIES_EXAMPLE = {
    **{name: value for name, value in FIGURE_EXAMPLE.items() if name not in ("as_at", "rows", "total")},
    "every": "month",
    "periods": [
        {"from": "2023-09-01", "to": "2023-09-30", "as_at": "2023-09-30"},
        {"from": "2023-10-01", "to": "2023-10-31", "as_at": "2023-10-31"},
    ],
    "rows": [{"role": "social-worker", "values": [9.0, 8.5]}],
    "totals": [23.0, 22.5],
    "links": {
        "pinned": "/v1/measures/vacancies/series?authority=331&by=role&from=2023-09-01&to=2023-10-31"
        "&as_known_at=2023-11-30T12:00:00Z&as_accepted_at=2023-11-30T12:00:00Z"
    },
}

EXPLANATION_EXAMPLE = {
    **{name: value for name, value in FIGURE_EXAMPLE.items() if name not in ("by", "rows", "total", "links")},
    "as_at": "2023-10-31",
    "as_known_at": "2023-11-30T12:00:00Z",
    "total": 22.5,
    "exact": "22.5",
    "count": 21,
    "limit": 1,
    "offset": 0,
    "parts": [
        {
            "amount": "0.5",
            "since": "2023-02-14",
            "until": None,
            "subjects": ["post/P-0412"],
            "role": "social-worker",
            "made_of": [
                {"subject": "post/P-0412", "as": "establishment", "amount": "1"},
                {"subject": "worker/W-0211", "as": "in-post", "amount": "0.5"},
            ],
        }
    ],
    "links": {
        "pinned": "/v1/measures/vacancies/explanation?authority=331&as_at=2023-10-31&limit=1"
        "&as_known_at=2023-11-30T12:00:00Z&as_accepted_at=2023-11-30T12:00:00Z",
        "events_of_subject": "/v1/subjects/{subject}?authority=331&as_known_at=2023-11-30T12:00:00Z"
        "&as_accepted_at=2023-11-30T12:00:00Z",
    },
}

SUBJECT_EXAMPLE = {
    "subject": "worker/W-0211",
    "authority": "331",
    "as_known_at": "2023-11-30T12:00:00Z",
    "numbers": ["W-0211"],
    "count": 1,
    "limit": 100,
    "offset": 0,
    "events": [
        {
            "id": "demo-000412",
            "type": "uk.workforce.worker.started.v1",
            "subject": "worker/W-0211",
            "in_force": True,
            "recorded": "2023-02-10T09:31:00Z",
            "accepted": "2023-02-10T20:00:01Z",
            "source": "/coventry/hr",
            "provenance": "request 5f0c4a1e",
            "data": {"started_on": "2023-02-14", "post": "P-0412", "fte": 0.5},
        }
    ],
    "links": {
        "pinned": "/v1/subjects/worker/W-0211?authority=331"
        "&as_known_at=2023-11-30T12:00:00Z&as_accepted_at=2023-11-30T12:00:00Z"
    },
}

CHANGES_EXAMPLE = {
    "authority": "331",
    "scope": "all",
    "from_known": "2023-10-31T17:00:00Z",
    "to_known": "2023-11-30T17:00:00Z",
    "figures": [
        {"measure": "vacancies", "unit": "FTE", "as_at": "2023-10-31", "before": 21.5, "after": 22.5, "difference": "1"}
    ],
    "count": 1,
    "limit": 100,
    "offset": 0,
    "changes": [
        {
            "measure": "vacancies",
            "subjects": ["post/P-0412"],
            "role": "social-worker",
            "before": "0",
            "after": "1",
            "difference": "1",
            "events": [
                {
                    "id": "demo-005860",
                    "type": "uk.workforce.worker.left.v1",
                    "subject": "worker/W-0211",
                    "recorded": "2023-11-06T09:31:00Z",
                    "accepted": "2023-11-06T20:00:01Z",
                    "source": "/coventry/hr",
                    "provenance": "request 5f0c4a1e",
                    "data": {"left_on": "2023-10-27", "reason": "resignation", "destination": "not-known"},
                    "effect": "1",
                }
            ],
        }
    ],
    "links": {
        "pinned": "/v1/changes?authority=331&measure=vacancies&as_at=2023-10-31&from_known=2023-10-31T17:00:00Z"
        "&to_known=2023-11-30T17:00:00Z&from_accepted=2023-11-30T17:00:00Z&to_accepted=2023-11-30T17:00:00Z"
    },
}

EFFECTS_EXAMPLE: dict[str, Any] = {
    "authority": "331",
    "as_at": "2023-10-31",
    "as_known_at": "2023-11-30T12:00:00Z",
    "scope": "all",
    "events": {"sent": 3, "new": 1, "already_known": 1, "rejected": 1},
    "figures": [
        {
            "measure": "vacancies",
            "title": "Vacancies",
            "unit": "FTE",
            "as_at": "2023-10-31",
            "before": {"value": 22.5, "exact": "22.5"},
            "after": {"value": 23.5, "exact": "23.5"},
            "difference": "1",
        }
    ],
    "rejected": [
        {
            "position": 2,
            "id": "post-4",
            "source": "/coventry/hr",
            "faults": [
                {
                    "field": "data.funded_fte",
                    "problem": "is not as the contract says",
                    "expected": "a number of at most 1",
                    "value": "1.5",
                }
            ],
        }
    ],
}
