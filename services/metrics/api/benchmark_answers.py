"""How comparisons with published figures look in JSON and CSV, with their schemas and examples.

Invariant: a published figure is a value or a mark, the other is null.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from services.chassis.documentation import record, several
from services.metrics.api import schemas
from services.metrics.api.files import Lines
from services.metrics.api.releases import RELEASE_NAMED, number, why
from services.metrics.api.schemas import DATE, INSTANT, NUMBER, TEXT, WHOLE, or_null
from services.metrics.benchmarks.comparison import Areas, Rank
from services.metrics.benchmarks.published import MARKS, Figure
from services.metrics.reasons import Reason

_PUBLISHED = record({"code": TEXT, "name": TEXT, "value": NUMBER, "mark": or_null(TEXT)}, schemas.WHY)
_PUBLISHED_AREAS = {
    **dict.fromkeys(("authority", "region", "england"), or_null(_PUBLISHED)),
    "neighbours": several(_PUBLISHED),
}
_RANK = record({"rank": or_null(WHOLE), "of": WHOLE}, schemas.WHY)
_MARKS: schemas.Schema = {"type": "object", "additionalProperties": TEXT}
_FROM_WHERE = {"neighbours_from": TEXT}
COMPARISON = record(
    schemas.DESCRIBED
    | {"release": RELEASE_NAMED, "year": WHOLE, "as_at": DATE, "as_known_at": INSTANT}
    | _PUBLISHED_AREAS
    | _FROM_WHERE
    | {
        "neighbours_median": or_null(record({"value": NUMBER, "of": WHOLE}, schemas.WHY)),
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
        "series": several(record({"year": WHOLE, "as_at": DATE, "release": TEXT} | _PUBLISHED_AREAS)),
        "marks": _MARKS,
        "links": schemas.links(),
    },
    {"formula": TEXT},
)


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
    """A rank, and among how many. An area without a figure has no rank, for the same reason."""
    return {"rank": rank.rank, "of": rank.of} | why(own.value, own.mark)


def median_as_json(median: Decimal | None, of: Sequence[Figure]) -> dict[str, Any] | None:
    """The median of the neighbours, and how many of them have a figure; null if there are no neighbours."""
    if not of:
        return None
    count = sum(figure.value is not None for figure in of)
    return {"value": number(median), "of": count} | ({"reason": Reason.NO_DENOMINATOR} if median is None else {})


def areas_in(body: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Every published figure of a year, with its relation to the authority."""
    each = [(area, body[area]) for area in ("authority", "region", "england")]
    each += [("neighbour", figure) for figure in body["neighbours"]]
    return [(area, figure) for area, figure in each if figure is not None]


def marks_of(areas: Iterable[tuple[str, Mapping[str, Any]]]) -> dict[str, str]:
    """The meaning of the marks in an answer."""
    marks = {figure["mark"] for _, figure in areas}
    return {mark: meaning for mark, meaning in MARKS.items() if mark in marks}


_FIGURE = ("code", "name", "value", "mark", "reason")


def comparison_as_lines(body: Mapping[str, Any]) -> Lines:
    """One line for each area. The ranks are in the authority's own line."""
    ranks: dict[str, Any] = {}
    for among in ("among_neighbours", "among_authorities"):
        rank = body["rank"][among] or {"rank": None, "of": None}
        ranks |= {f"rank_{among}": rank["rank"], f"rank_{among}_of": rank["of"]}
    lines = [
        [area, *(figure.get(name) for name in _FIGURE)]
        + [value if area == "authority" else None for value in ranks.values()]
        for area, figure in (*areas_in(body), ("ours", body["ours"]))
    ]
    if median := body["neighbours_median"]:
        own = {"value": median["value"], "reason": median.get("reason")}
        lines.insert(-1, ["neighbours-median", *(own.get(name) for name in _FIGURE), *(None for _ in ranks)])
    return ["area", *_FIGURE, *ranks], lines


def series_as_lines(body: Mapping[str, Any]) -> Lines:
    """One line a year and area."""
    lines = [
        [point["year"], point["as_at"], point["release"], area, *(figure.get(name) for name in _FIGURE)]
        for point in body["series"]
        for area, figure in areas_in(point)
    ]
    return ["year", "as_at", "release", "area", *_FIGURE], lines
