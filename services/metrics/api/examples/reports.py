"""Examples of reports: the list, one that was made, one that is opened again, and a comparison of two.

Invariant: each fits the schema of its answer; Spectral checks that in `make check`.
"""

from typing import Any

from services.metrics.api.examples.figures import FIGURE_EXAMPLE

_OF_A_REPORT: dict[str, Any] = {
    "report": 2,
    "name": "Scrutiny board, November 2023",
    "made_by": "workforce team",
    "made_at": "2023-11-30T12:00:01Z",
    "as_known_at": "2023-11-30T12:00:00Z",
    "as_accepted_at": "2023-11-30T12:00:00Z",
}
_ROW_EXAMPLE = _OF_A_REPORT | {"questions": 1, "link": "/v1/reports/2?authority=331"}
MADE_EXAMPLE = _ROW_EXAMPLE | {"remarks": []}
LIST_EXAMPLE = {
    "authority": "331",
    "count": 2,
    "limit": 100,
    "offset": 0,
    "rows": [_ROW_EXAMPLE],
    "links": {"pinned": "/v1/reports?authority=331"},
}
_QUESTION = "/v1/measures/vacancies?as_at=2023-10-31&by=role"
_AGE = {"recorded_until": "2023-11-30T09:31:00Z", "complete_until": "2023-11-30T12:00:00Z", "stale": False}
REPORT_EXAMPLE = (
    {"authority": "331"}
    | _OF_A_REPORT
    | {
        "answers": [
            {
                "question": _QUESTION,
                "title": "Vacancies",
                "as_made": True,
                "answer": FIGURE_EXAMPLE | _AGE | {"feeds": [], "more_feeds": False},
            }
        ],
        "links": {"pinned": "/v1/reports/2?authority=331"},
    }
)
_PINNED = "&as_known_at=2023-11-30T12:00:00Z&as_accepted_at=2023-11-30T12:00:00Z"
_BEHIND = f"/v1/measures/vacancies/explanation?role=social-worker&as_at=2023-10-31&authority=331{_PINNED}"
COMPARISON_EXAMPLE = {
    "authority": "331",
    "earlier": _OF_A_REPORT | {"report": 1, "name": "Scrutiny board, October 2023"},
    "later": _OF_A_REPORT,
    "count": 1,
    "differing": 1,
    "questions": [
        {
            "title": "Vacancies",
            "earlier": _QUESTION,
            "later": _QUESTION,
            "figures": [
                {
                    "figure": "vacancies",
                    "title": "Vacancies",
                    "unit": "FTE",
                    "where": {"role": "social-worker"},
                    "difference": -2,
                    "earlier": {"value": 10.5, "time": {"as_at": "2023-10-31"}, "explanation": _BEHIND},
                    "later": {"value": 8.5, "time": {"as_at": "2023-10-31"}, "explanation": _BEHIND},
                }
            ],
        }
    ],
    "links": {"pinned": "/v1/reports/2/comparison?authority=331&earlier=1"},
}
