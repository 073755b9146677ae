"""What the documentation of the benchmarks shows. Rates are DfE's, of its 2022 release and as it revised them later.

Invariant: an example has the members of the answer it stands for; tests compare them.
"""

from typing import Any

from services.chassis.problems import MEDIA_TYPE
from services.metrics.benchmarks.answers import CSV, RANK_ORDER
from services.metrics.benchmarks.published import RATES

RELEASE: dict[str, Any] = {
    "release": "2022",
    "published": "2023-02-23",
    "loaded_at": "2023-11-01T09:00:00Z",
    "sha256": "9f2c1b7e5d3a48060c4e8f6a7b9d0e1f2a3b4c5d6e7f8091a2b3c4d5e6f70812",
    "rows": 978,
    "years": [2017, 2018, 2019, 2020, 2021, 2022],
    "source": "DfE, children's social work workforce (Open Government Licence v3.0)",
    "columns_left_out": [],
}
LOADED = {"status": "loaded"} | RELEASE
ALREADY_KNOWN = {"status": "already-known"} | RELEASE
RELEASES = {"releases": [RELEASE]}

_ABOUT = {"measure": "turnover-rate", "definition": RATES["turnover-rate"].definition, "unit": "per cent"}
_OF_2022 = {"release": {"name": "2022", "published": "2023-02-23"}}
_PLACES: dict[str, Any] = {
    "authority": {"code": "331", "name": "Coventry", "value": 18.0, "mark": None},
    "region": {"code": "E12000005", "name": "West Midlands", "value": 16.4, "mark": None},
    "england": {"code": "E92000001", "name": "England", "value": 17.1, "mark": None},
    "neighbours": [
        {"code": "333", "name": "Sandwell", "value": 28.0, "mark": None},
        {"code": "336", "name": "Wolverhampton", "value": 9.6, "mark": None},
    ],
}

COMPARISON: dict[str, Any] = (
    _ABOUT
    | _OF_2022
    | {"year": 2022, "as_at": "2022-09-30"}
    | _PLACES
    | {
        "neighbours_from": "request",
        "neighbours_without_row": [],
        "rank": {
            "among_neighbours": {"rank": 2, "of": 3},
            "among_authorities": {"rank": 66, "of": 149},
            "order": RANK_ORDER,
        },
        "marks": {},
        "differences": [
            "DfE publishes rates rounded to 1 decimal: authorities that differ by less share a rank.",
            "Figures of regions and of England hold what DfE imputed for authorities without usable data: they are not "
            "made of the published rows of their authorities.",
        ],
    }
)

SERIES: dict[str, Any] = (
    _ABOUT
    | _OF_2022
    | {
        "authority": "331",
        "neighbours_from": "request",
        "series": [{"year": 2022, "as_at": "2022-09-30"} | _PLACES],
        "marks": {},
    }
)

REVISIONS: dict[str, Any] = (
    _ABOUT
    | {
        "older": {"name": "2022", "published": "2023-02-23"},
        "newer": {"name": "2025", "published": "2026-02-26"},
    }
    | {
        "compared_as": "to 1 decimal, half up; a mark in place of a number is a change too",
        "compared": 959,
        "changed": 121,
        "only_in_older": 0,
        "only_in_newer": 0,
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
    }
)


def _problem(status: int, kind: str, title: str, detail: str, **extra: Any) -> dict[str, Any]:
    example = {
        "type": f"urn:workforce:problem:{kind}",
        "title": title,
        "status": status,
        "detail": detail,
        **extra,
    }
    return {"description": title, "content": {MEDIA_TYPE: {"schema": {"type": "object"}, "example": example}}}


KEY_NEEDED = _problem(
    401, "key-needed", "A valid key is needed", "Send the header `Authorization: Bearer <key>` with a key."
)
NOT_ALLOWED = _problem(403, "not-allowed", "Not allowed", "This key may not read of authority 331.")
NO_SUCH = _problem(404, "no-such-release", "There is no such release", "'2031' is not loaded.", releases=["2022"])
OTHER_BYTES = _problem(
    409, "release-differs", "A release of this name is another", "2022 was loaded with other bytes: …"
)
TOO_LARGE = _problem(413, "too-large", "The request is too large", "At most 8000000 bytes; send the release alone.")
NO_CSV = _problem(415, "not-csv", "Not CSV", "The body came as application/json; send it as text/csv.")
REFUSED = _problem(
    422,
    "request-refused",
    "The request is not as described",
    "year cannot be read: expected the year a census ended in, as 2022",
    faults=[
        {
            "field": "year",
            "problem": "cannot be read",
            "expected": "the year a census ended in, as 2022",
            "value": "last",
        }
    ],
)
RELEASE_REFUSED = _problem(
    422,
    "release-refused",
    "The release cannot be read",
    "line 7, column cases: is neither a number nor a mark; nothing of the file was loaded",
    faults=[
        {
            "field": "line 7, column cases",
            "problem": "is neither a number nor a mark",
            "expected": "a number as 15.9, or one of DfE's marks: c k low u x z :",
            "value": "n/a",
        }
    ],
)
NOT_AVAILABLE = _problem(503, "not-available", "Not available at the moment", "PostgreSQL cannot be reached.")

READING: dict[int | str, dict[str, Any]] = {
    401: KEY_NEEDED,
    403: NOT_ALLOWED,
    404: NO_SUCH,
    422: REFUSED,
    503: NOT_AVAILABLE,
}
"""What can be wrong with a question."""


def answered(example: dict[str, Any], description: str, *, also_csv: bool = True) -> dict[int | str, dict[str, Any]]:
    """The documentation of an answer that is given, by its status."""
    content: dict[str, Any] = {"application/json": {"example": example}}
    if also_csv:
        content[CSV] = {"schema": {"type": "string"}}
    return {200: {"description": description, "content": content}}
