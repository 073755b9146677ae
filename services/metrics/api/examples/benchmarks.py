"""Examples of what others published: comparisons, releases, neighbours, revisions.

Invariant: each fits the schema of its answer; Spectral checks that in `make check`.
"""

from typing import Any

from services.metrics.api.figure_json import described
from services.metrics.benchmarks import neighbours, release
from services.metrics.benchmarks.comparison import COMPARED_AS, RANK_ORDER
from services.metrics.benchmarks.published import PUBLISHED

_AREAS: dict[str, Any] = {
    "authority": {"code": "331", "name": "Coventry", "value": 18.0, "mark": None},
    "region": {"code": "E12000005", "name": "West Midlands", "value": 16.4, "mark": None},
    "england": {"code": "E92000001", "name": "England", "value": 17.1, "mark": None},
    "neighbours": [
        {"code": "333", "name": "Sandwell", "value": 28.0, "mark": None},
        {"code": "336", "name": "Wolverhampton", "value": 9.6, "mark": None},
    ],
}
COMPARISON_EXAMPLE: dict[str, Any] = {
    **described(PUBLISHED["turnover-rate"]),
    "release": {"name": "2022", "published": "2023-02-23"},
    "year": 2022,
    "as_at": "2022-09-30",
    "as_known_at": "2022-11-30T12:00:00Z",
    **_AREAS,
    "neighbours_median": {"value": 18.8, "of": 2},
    "neighbours_from": "request",
    "neighbours_without_row": [],
    "rank": {
        "among_neighbours": {"rank": 2, "of": 3},
        "among_authorities": {"rank": 66, "of": 149},
        "order": RANK_ORDER,
    },
    "ours": {
        "code": "331",
        "value": 18.2,
        "mark": None,
        "scope": "census",
        "from": "2021-10-01",
        "to": "2022-09-30",
        "as_at": "2022-09-30",
    },
    "marks": {},
    "differences": [
        "DfE rounds rates and FTE to 1 decimal: authorities that differ by less share a rank.",
        "Figures of regions and of England hold what DfE imputed for authorities without usable data: they are not "
        "made of the published rows of their authorities.",
        "Ours counts posts with a CSWW role, what happened in the twelve months up to 2022-09-30, as known at the "
        "instant asked for; DfE counts what the authority returned in that year's census, as it stood when the release "
        "was made.",
    ],
    "links": {
        "pinned": "/v1/benchmarks/turnover-rate?authority=331&neighbours=333,336&as_known_at=2022-11-30T12:00:00Z"
        "&as_accepted_at=2022-11-30T12:00:00Z&release=2022&year=2022",
        "explanation": "/v1/measures/turnover-rate/explanation?authority=331&as_known_at=2022-11-30T12:00:00Z"
        "&as_accepted_at=2022-11-30T12:00:00Z&census_year=2022&scope=census",
    },
}
COMPARISONS_EXAMPLE: dict[str, Any] = {
    **described(PUBLISHED["turnover-rate"]),
    "releases": [{"name": "2022", "published": "2023-02-23"}],
    "authority": "331",
    "neighbours_from": "request",
    "series": [{"year": 2022, "as_at": "2022-09-30", "release": "2022"} | _AREAS],
    "marks": {},
    "links": {"pinned": "/v1/benchmarks/turnover-rate/series?authority=331&release=2022&neighbours=333,336"},
}

RELEASE_EXAMPLE: dict[str, Any] = {
    "release": "2022",
    "published": "2023-02-23",
    "loaded_at": "2023-11-01T09:00:00Z",
    "sha256": "9f2c1b7e5d3a48060c4e8f6a7b9d0e1f2a3b4c5d6e7f8091a2b3c4d5e6f70812",
    "rows": 978,
    "years": [2017, 2018, 2019, 2020, 2021, 2022],
    "source": release.SOURCE,
    "columns_left_out": [],
    "measures_without_column": ["starters-fte", "starters"],
    "remarks": ["No column of the file holds starters-fte, starters: they cannot be asked of this release."],
}

NEIGHBOURS_EXAMPLE: dict[str, Any] = {
    "name": "2025",
    "published": "2025-05-01",
    "loaded_at": "2025-11-01T09:00:00Z",
    "sha256": "1f2c1b7e5d3a48060c4e8f6a7b9d0e1f2a3b4c5d6e7f8091a2b3c4d5e6f70812",
    "authorities": 153,
    "source": neighbours.SOURCE,
    "columns_left_out": [],
    "remarks": [],
}

REVISIONS_EXAMPLE: dict[str, Any] = {
    **described(PUBLISHED["turnover-rate"]),
    "older": {"name": "2022", "published": "2023-02-23"},
    "newer": {"name": "2025", "published": "2026-02-26"},
    "compared_as": COMPARED_AS,
    "compared": 959,
    "changed": 121,
    "only_in_older": 0,
    "only_in_newer": 0,
    "count": 121,
    "limit": 1,
    "offset": 0,
    "rows": [
        {
            "year": 2019,
            "level": "local-authority",
            "code": "331",
            "name": "Coventry",
            "older": {"value": 11.1, "mark": None},
            "newer": {"value": 10.5, "mark": None},
            "change": -0.6,
        }
    ],
    "links": {"next": "/v1/benchmarks/revisions?older=2022&newer=2025&measure=turnover-rate&limit=1&offset=1"},
}
