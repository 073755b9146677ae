"""Examples of lists: feeds, initiatives, vacant posts, findings, checks, measures.

Invariant: each fits the schema of its answer; Spectral checks that in `make check`.
"""

from typing import Any

from services.metrics.api.figure_json import described
from services.metrics.measures.catalogue import MEASURES
from services.metrics.measures.dimensions import EVERY_DIMENSION
from services.metrics.quality.catalogue import CHECKS
from services.metrics.quality.declaration import SEVERITIES
from services.metrics.statistics.control_chart import RULES

FEEDS_EXAMPLE: dict[str, Any] = {
    "authority": "331",
    "count": 1,
    "limit": 100,
    "offset": 0,
    "rows": [
        {
            "authority": "331",
            "source": "/coventry/hr",
            "topic": "workforce.posts",
            "service": "recruitment",
            "events": 412,
            "first_recorded_at": "2018-04-03T08:12:00Z",
            "recorded_until": "2023-11-30T09:31:00Z",
            "last_accepted_at": "2023-11-30T20:00:01.220Z",
        }
    ],
    "links": {},
}

INITIATIVES_EXAMPLE: dict[str, Any] = {
    "authority": "331",
    "as_known_at": "2023-11-30T12:00:00Z",
    "count": 1,
    "limit": 100,
    "offset": 0,
    "rows": [
        {
            "initiative": "retention-payment-2023",
            "title": "Retention payment",
            "kind": "retention-payment",
            "announced_on": "2023-03-06",
            "starts_on": "2023-04-01",
            "ends_on": "2024-04-01",
            "events": "/v1/subjects/initiative/retention-payment-2023?authority=331",
        }
    ],
    "links": {
        "pinned": "/v1/initiatives?authority=331&as_known_at=2023-11-30T12:00:00Z&as_accepted_at=2023-11-30T12:00:00Z"
    },
}

VACANT_POSTS_EXAMPLE: dict[str, Any] = {
    "authority": "331",
    "scope": "all",
    "as_at": "2023-10-31",
    "as_known_at": "2023-11-30T12:00:00Z",
    "open_months": 3,
    "totals": {
        "vacant": "0.5",
        "agency_cover": "1",
        "uncovered": "0",
        "over_3_months": "0.5",
        "over_6_months": "0.5",
        "over_12_months": "0",
    },
    "count": 1,
    "limit": 100,
    "offset": 0,
    "rows": [
        {
            "post": "P-0412",
            "role": "social-worker",
            "team": "safeguarding-north",
            "service_area": "safeguarding",
            "grade": "G9",
            "csww_role": 5,
            "location": None,
            "funded": "1",
            "in_post": "0.5",
            "vacant": "0.5",
            "agency_cover": "1",
            "uncovered": "0",
            "over_3_months": "0.5",
            "over_6_months": "0.5",
            "over_12_months": "0",
            "since": "2023-02-14",
            "subjects": ["post/P-0412", "cover/C-0031"],
        }
    ],
    "links": {
        "pinned": "/v1/vacant-posts?authority=331&as_at=2023-10-31&open_months=3&limit=1"
        "&as_known_at=2023-11-30T12:00:00Z&as_accepted_at=2023-11-30T12:00:00Z",
        "events_of_subject": "/v1/subjects/{subject}?authority=331&as_known_at=2023-11-30T12:00:00Z"
        "&as_accepted_at=2023-11-30T12:00:00Z",
    },
}

_CHECK = CHECKS["move-from-post-not-held"]
_CHECK_EXAMPLE = {"check": _CHECK.name, "title": _CHECK.title, "severity": _CHECK.severity}

QUALITY_EXAMPLE = {
    "authority": "331",
    "scope": "all",
    "as_at": "2023-10-31",
    "as_known_at": "2023-11-30T12:00:00Z",
    "summary": [_CHECK_EXAMPLE | {"findings": 1}],
    "lateness": [{"type": "uk.workforce.worker.left.v1", "events": 355, "late": 2, "median_days_late": 33.5}],
    "count": 1,
    "limit": 100,
    "offset": 0,
    "findings": [
        _CHECK_EXAMPLE
        | {
            "message": "worker/W-0211 moved from post/P-0411 on 2023-09-04, and held post/P-0412.",
            "remedy": "Supersede the move with the post that was held, or record the start that is missing.",
            "since": "2023-09-04",
            "until": "2023-09-05",
            "subjects": ["worker/W-0211", "post/P-0411", "post/P-0413"],
            "effect": {
                "affected_fte": "0",
                "without": [{"source": "/coventry/hr", "id": "demo-000903"}],
                "would_differ_by": {"in-post": "-1", "vacancies": "1", "uncovered-vacancies": "1"},
            },
            "events": [
                {
                    "id": "demo-000903",
                    "type": "uk.workforce.worker.moved.v1",
                    "subject": "worker/W-0211",
                    "recorded": "2023-09-01T09:31:00Z",
                    "accepted": "2023-09-01T20:00:01Z",
                    "source": "/coventry/hr",
                    "provenance": "request 5f0c4a1e",
                    "data": {"moved_on": "2023-09-04", "from_post": "P-0411", "to_post": "P-0413", "fte": 1},
                }
            ],
        }
    ],
    "links": {
        "pinned": "/v1/quality?authority=331&as_at=2023-10-31"
        "&as_known_at=2023-11-30T12:00:00Z&as_accepted_at=2023-11-30T12:00:00Z"
    },
}

CHECKS_EXAMPLE = {
    "checks": [
        _CHECK_EXAMPLE | {"meaning": _CHECK.meaning, "remedy": _CHECK.remedy, "moves": ["in-post", "vacancies"]},
    ],
    "severities": [{"severity": _CHECK.severity, "meaning": SEVERITIES[_CHECK.severity]}],
}

MEASURES_EXAMPLE = {
    "measures": [described(MEASURES["vacancies"]) | {"dimensions": ["role", "team"]}],
    "dimensions": [{"dimension": "role", "meaning": EVERY_DIMENSION["role"].meaning}],
    "control_chart_rules": [{"rule": name, "meaning": meaning} for name, meaning in list(RULES.items())[:1]],
}
