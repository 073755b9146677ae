"""Examples of forecasts, and of back-tests.

Invariant: each fits the schema of its answer; Spectral checks that in `make check`.
"""

from services.metrics.forecasting.forecast import DEFINITION

_EXAMPLE_MONTH = {
    "as_at": "2023-11-30",
    "expected": 22.9,
    "interval_80": [17.1, 28.8],
    "interval_95": [14.2, 32.0],
    "known": 22.0,
    "leavers": 6.1,
    "hires": 5.2,
    "progressed": 0.0,
}
FORECAST_EXAMPLE = {
    "forecast": "vacancies",
    "definition": DEFINITION,
    "unit": "FTE",
    "authority": "331",
    "as_at": "2023-10-31",
    "as_known_at": "2023-11-30T12:00:00Z",
    "months": 1,
    "by": [],
    "what_if": {"conversions": 6},
    "rows": [],
    "total": {
        "vacancies": 22.5,
        "acts_from": {"conversions": "2023-11-30"},
        "months": [
            _EXAMPLE_MONTH
            | {
                "what_if": {
                    "expected": 17.4,
                    "interval_80": [11.6, 23.3],
                    "interval_95": [8.7, 26.5],
                    "leavers": 6.1,
                    "hires": 10.7,
                    "progressed": 0.0,
                    "difference": -5.5,
                }
            }
        ],
        "assumptions": [
            {"assumption": "turnover", "value": 17.4, "unit": "% a year", "meaning": "Leavers per FTE in post."}
        ],
    },
    "links": {
        "pinned": "/v1/forecasts/vacancies?authority=331&as_at=2023-10-31&as_known_at=2023-11-30T12:00:00Z&months=1"
        "&conversions=6&as_accepted_at=2023-11-30T12:00:00Z"
    },
}
BACK_TEST_EXAMPLE = {
    "forecast": "vacancies",
    "unit": "FTE",
    "authority": "331",
    "as_at": "2024-03-31",
    "as_known_at": "2024-04-30T12:00:00Z",
    "months": 12,
    "first_origin": "2020-10-31",
    "last_origin": "2024-02-29",
    "rows": [
        {
            "months_ahead": 1,
            "forecasts": 41,
            "coverage_80": 78.0,
            "coverage_95": 87.8,
            "mean_absolute_error": 2.8,
            "naive_mean_absolute_error": 4.1,
            "bias": 1.1,
        }
    ],
    "total": {
        "forecasts": 402,
        "coverage_80": 76.1,
        "coverage_95": 90.0,
        "mean_absolute_error": 5.9,
        "naive_mean_absolute_error": 9.4,
        "bias": 2.2,
    },
    "links": {
        "pinned": "/v1/forecasts/vacancies/back-test?authority=331&as_at=2024-03-31&as_known_at=2024-04-30T12:00:00Z"
        "&as_accepted_at=2024-04-30T12:00:00Z"
    },
}
