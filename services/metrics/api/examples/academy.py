"""Examples of what became of cohorts, and of survival.

Invariant: each fits the schema of its answer; Spectral checks that in `make check`.
"""

from typing import Any

from services.metrics.academy.outcomes import COUNTED
from services.metrics.reasons import Reason
from services.metrics.statistics.survival import CONFIDENCE

_OF_ALL = {
    "started": 190,
    "passed": 158,
    "failed": 4,
    "deferred": 8,
    "in_the_year": 0,
    "left": 66,
    "left_during": 28,
    "left_after": 38,
    "progressed": 158,
    "in_post": 124,
    "progressed_share": 83.2,
    "retention": 65.3,
    "mean_service_years": 2.8,
    "mean_service_years_of_all": 2.3,
    "mean_days_to_progress": 377.9,
}

COHORTS_EXAMPLE: dict[str, Any] = {
    "authority": "331",
    "cohorts": "completed",
    "as_at": "2023-11-30",
    "as_known_at": "2023-11-30T17:00:00Z",
    "count": 17,
    "rows": [
        {
            "cohort": "cohort-01",
            "entry_on": "2018-07-16",
            "completes_on": "2019-07-16",
            "completed": True,
            "academy_team": "academy-team-1",
            "places": 16,
            "started": 11,
            "passed": 9,
            "failed": 0,
            "deferred": 1,
            "in_the_year": 0,
            "left": 3,
            "left_during": 1,
            "left_after": 2,
            "progressed": 9,
            "in_post": 8,
            "progressed_share": 81.8,
            "retention": 72.7,
            "mean_service_years": 5.4,
            "mean_service_years_of_all": 4.6,
            "mean_days_to_progress": 371.0,
        }
    ],
    "over_all": _OF_ALL,
    "links": {
        "pinned": "/v1/academy/cohorts?authority=331&cohorts=completed&as_at=2023-11-30"
        "&as_known_at=2023-11-30T17:00:00Z&as_accepted_at=2023-11-30T17:00:00Z",
        "members": "/v1/academy/cohorts/all?authority=331&cohorts=completed&as_at=2023-11-30"
        "&as_known_at=2023-11-30T17:00:00Z&as_accepted_at=2023-11-30T17:00:00Z",
        "survival": "/v1/survival?authority=331&cohorts=completed&as_at=2023-11-30"
        "&as_known_at=2023-11-30T17:00:00Z&as_accepted_at=2023-11-30T17:00:00Z&of=academy-members",
    },
}

MEMBERS_EXAMPLE = {
    "authority": "331",
    "cohort": "cohort-01",
    "as_at": "2023-11-30",
    "as_known_at": "2023-11-30T17:00:00Z",
    "outcome": "started",
    "definition": COUNTED["started"].definition,
    "figures": {name: value for name, value in COHORTS_EXAMPLE["rows"][0].items() if name in _OF_ALL},
    "count": 11,
    "limit": 1,
    "offset": 0,
    "members": [
        {
            "worker": "W-0007",
            "cohort": "cohort-01",
            "started_on": "2018-07-16",
            "passed_on": "2019-07-08",
            "failed_on": None,
            "deferred_on": None,
            "progressed_on": "2019-07-22",
            "left_on": None,
            "reason": None,
            "destination": None,
            "service_days": 1963,
            "outcomes": ["started", "passed", "progressed", "in_post"],
            "events": "/v1/subjects/worker/W-0007?authority=331",
        }
    ],
    "links": {
        "pinned": "/v1/academy/cohorts/cohort-01?authority=331&as_at=2023-11-30&limit=1"
        "&as_known_at=2023-11-30T17:00:00Z&as_accepted_at=2023-11-30T17:00:00Z"
    },
}

SURVIVAL_EXAMPLE = {
    "of": "academy-members",
    "cohorts": "completed",
    "confidence": CONFIDENCE,
    "authority": "331",
    "scope": "all",
    "as_at": "2023-11-30",
    "as_known_at": "2023-11-30T17:00:00Z",
    "count": 190,
    "left": 66,
    "in_post": 124,
    "median_days": None,
    "median_years": None,
    "reason": Reason.NOT_YET,
    "at_risk_by_year": [{"years": 0, "at_risk": 190}, {"years": 1, "at_risk": 159}],
    "points": [
        {
            "months": 12,
            "days": 365.25,
            "at_risk": 159,
            "left": 4,
            "censored": 0,
            "survival": 0.836842,
            "lower": 0.776163,
            "upper": 0.882314,
        }
    ],
    "links": {
        "pinned": "/v1/survival?authority=331&of=academy-members&cohorts=completed&as_at=2023-11-30"
        "&as_known_at=2023-11-30T17:00:00Z&as_accepted_at=2023-11-30T17:00:00Z"
    },
}
