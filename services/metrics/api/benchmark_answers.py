"""How comparisons with published figures look in JSON and CSV, with their schemas and examples.

Invariant: a published figure is a value or a mark, the other is null.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from services.chassis.documentation import record, several
from services.metrics.api import schemas
from services.metrics.api.files import Lines
from services.metrics.api.measures import described
from services.metrics.api.releases import RELEASE_NAMED, number, why
from services.metrics.api.schemas import DATE, INSTANT, NUMBER, TEXT, WHOLE, or_null
from services.metrics.benchmarks.comparison import Areas, Rank
from services.metrics.benchmarks.published import MARKS, PUBLISHED, Figure

RANK_ORDER = "1 is the lowest figure; equal figures share a rank; only those with a figure are ranked"

_PUBLISHED = record({"code": TEXT, "name": TEXT, "value": NUMBER, "mark": or_null(TEXT)}, schemas.WHY)
_PUBLISHED_PLACES = {
    **dict.fromkeys(("authority", "region", "england"), or_null(_PUBLISHED)),
    "neighbours": several(_PUBLISHED),
}
_RANK = record({"rank": or_null(WHOLE), "of": WHOLE}, schemas.WHY)
_MARKS: schemas.Schema = {"type": "object", "additionalProperties": TEXT}
_FROM_WHERE = {"neighbours_from": TEXT}
COMPARISON = record(
    schemas.DESCRIBED
    | {"release": RELEASE_NAMED, "year": WHOLE, "as_at": DATE, "as_known_at": INSTANT}
    | _PUBLISHED_PLACES
    | _FROM_WHERE
    | {
        "neighbours_without_row": several(TEXT),
        "rank": record({"among_neighbours": or_null(_RANK), "among_authorities": _RANK, "order": TEXT}),
        "ours": record(
            {"code": TEXT, "value": NUMBER, "mark": {"enum": ["u", None]}, "scope": schemas.SCOPE},
            schemas.WHY | schemas.TIME,
        ),
        "marks": _MARKS,
        "differences": several(TEXT),
        "links": schemas.links("explanation"),
    }
    | schemas.AGE,
    schemas.ACCEPTED | {"formula": TEXT},
)
COMPARISONS = record(
    schemas.DESCRIBED
    | {"releases": several(RELEASE_NAMED), "authority": schemas.AUTHORITY}
    | _FROM_WHERE
    | {
        "series": several(record({"year": WHOLE, "as_at": DATE, "release": TEXT} | _PUBLISHED_PLACES)),
        "marks": _MARKS,
        "links": schemas.links(),
    },
    {"formula": TEXT},
)

_PLACES: dict[str, Any] = {
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
    **_PLACES,
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
    "series": [{"year": 2022, "as_at": "2022-09-30", "release": "2022"} | _PLACES],
    "marks": {},
    "links": {"pinned": "/v1/benchmarks/turnover-rate/series?authority=331&release=2022&neighbours=333,336"},
}


def figure_as_json(figure: Figure | None) -> dict[str, Any] | None:
    """A published figure: its value, or the mark in its place."""
    if figure is None:
        return None
    body = {"code": figure.code, "name": figure.name, "value": number(figure.value), "mark": figure.mark}
    return body | why(figure.value, figure.mark)


def areas_as_json(areas: Areas) -> dict[str, Any]:
    """The authority, its region, England and its neighbours."""
    return {
        "authority": figure_as_json(areas.authority),
        "region": figure_as_json(areas.region),
        "england": figure_as_json(areas.england),
        "neighbours": [figure_as_json(figure) for figure in areas.neighbours],
    }


def rank_as_json(rank: Rank, own: Figure) -> dict[str, Any]:
    """A rank, and among how many; who has no figure has no rank, for the same reason."""
    return {"rank": rank.rank, "of": rank.of} | why(own.value, own.mark)


def areas_in(body: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Every published figure of a year, with what it is to the authority."""
    each = [(area, body[area]) for area in ("authority", "region", "england")]
    each += [("neighbour", figure) for figure in body["neighbours"]]
    return [(area, figure) for area, figure in each if figure is not None]


def marks_of(areas: Iterable[tuple[str, Mapping[str, Any]]]) -> dict[str, str]:
    """What the marks mean that stand in an answer."""
    marks = {figure["mark"] for _, figure in areas}
    return {mark: meaning for mark, meaning in MARKS.items() if mark in marks}


_FIGURE = ("code", "name", "value", "mark", "reason")


def comparison_as_lines(body: Mapping[str, Any]) -> Lines:
    """One line an area. The ranks stand in the authority's own line."""
    ranks: dict[str, Any] = {}
    for among in ("among_neighbours", "among_authorities"):
        rank = body["rank"][among] or {"rank": None, "of": None}
        ranks |= {f"rank_{among}": rank["rank"], f"rank_{among}_of": rank["of"]}
    lines = [
        [area, *(figure.get(name) for name in _FIGURE)]
        + [value if area == "authority" else None for value in ranks.values()]
        for area, figure in (*areas_in(body), ("ours", body["ours"]))
    ]
    return ["place", *_FIGURE, *ranks], lines


def series_as_lines(body: Mapping[str, Any]) -> Lines:
    """One line a year and area."""
    lines = [
        [point["year"], point["as_at"], point["release"], area, *(figure.get(name) for name in _FIGURE)]
        for point in body["series"]
        for area, figure in areas_in(point)
    ]
    return ["year", "as_at", "release", "place", *_FIGURE], lines
