"""HTTP out: a figure as DfE published it, beside the region's, England's, the neighbours' and our own.

Invariant: a comparison is of one release and one year; where scope or date differ it says so.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from contracts.values import AUTHORITY_PATTERN
from services.chassis.authentication import READING
from services.chassis.problems import Problem
from services.metrics.api import schemas
from services.metrics.api.answering import answer, pinned, responses
from services.metrics.api.asking import Question
from services.metrics.api.computing import Computation, computing
from services.metrics.api.files import Lines
from services.metrics.api.measures import Wanted, described, is_known
from services.metrics.api.parameters import KNOWN, ONE_AUTHORITY, Parameter, documented
from services.metrics.api.releases import NAME, as_named, named, number, release_name, why
from services.metrics.api.telling import time_of, told
from services.metrics.benchmarks import store
from services.metrics.benchmarks.comparison import (
    Places,
    Rank,
    census_date,
    find_places,
    own_differences,
    published_differences,
    rank,
    rank_in_england,
)
from services.metrics.benchmarks.published import MARKS, PUBLISHED, Figure, LoadedRelease
from services.metrics.figures import Asked, mark
from services.metrics.measures.declaration import Measure
from services.metrics.periods import as_known_on, census_year, when_in
from services.metrics.picture.service import Scope
from services.metrics.reasons import Reason

Neighbours = Mapping[str, Sequence[str]]
"""The statistical neighbours of authorities, by three-digit code."""

MeasureName = Annotated[
    str,
    Path(description="A CSWW rate, or a count that rates are made of.", json_schema_extra={"enum": list(PUBLISHED)}),
]

FIRST_YEAR, LAST_YEAR = 1950, 2099
YEAR = Parameter(
    "year",
    "The year whose 30 September the figures are as at; the last there is if left out.",
    {"type": "integer", "minimum": FIRST_YEAR, "maximum": LAST_YEAR},
    2022,
)
RELEASE = Parameter("release", "A release; the one published last (that has the year) if left out.", NAME, "2022")
NEIGHBOURS = Parameter(
    "neighbours",
    "Codes of other authorities to compare with; repeat, or join by commas. If left out those that "
    "WORKFORCE_STATISTICAL_NEIGHBOURS names.",
    {"type": "array", "items": {"type": "string", "pattern": AUTHORITY_PATTERN}},
    ["333", "336"],
)
OF_A_SERIES = (ONE_AUTHORITY, RELEASE, NEIGHBOURS)
OF_A_YEAR = (ONE_AUTHORITY, YEAR, RELEASE, NEIGHBOURS)

RANK_ORDER = "1 is the lowest figure; equal figures share a rank; only those with a figure are ranked"

_PLACES: dict[str, Any] = {
    "authority": {"code": "331", "name": "Coventry", "value": 18.0, "mark": None},
    "region": {"code": "E12000005", "name": "West Midlands", "value": 16.4, "mark": None},
    "england": {"code": "E92000001", "name": "England", "value": 17.1, "mark": None},
    "neighbours": [
        {"code": "333", "name": "Sandwell", "value": 28.0, "mark": None},
        {"code": "336", "name": "Wolverhampton", "value": 9.6, "mark": None},
    ],
}
COMPARISON: dict[str, Any] = {
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
SERIES: dict[str, Any] = {
    **described(PUBLISHED["turnover-rate"]),
    "release": {"name": "2022", "published": "2023-02-23"},
    "authority": "331",
    "neighbours_from": "request",
    "series": [{"year": 2022, "as_at": "2022-09-30"} | _PLACES],
    "marks": {},
    "links": {"pinned": "/v1/benchmarks/turnover-rate/series?authority=331&release=2022&neighbours=333,336"},
}


@dataclass(frozen=True, slots=True)
class _Compared:
    """What both questions ask for. An empty `release` is the one published last."""

    measure: Measure
    authority: str
    neighbours: tuple[str, ...]
    neighbours_from: str
    release: str

    def pins(self, release: LoadedRelease) -> dict[str, Any]:
        """What a link says so that neither a later release nor another setting changes what it gives."""
        return {"release": release.name, "neighbours": ",".join(self.neighbours) or None}


def benchmarks_router(statistical_neighbours: Neighbours) -> APIRouter:
    """The routes of the benchmarks, with the neighbours that are compared with where a request names none."""
    router = APIRouter(tags=["benchmarks"], dependencies=[READING])

    @router.get(
        "/v1/benchmarks/{measure}",
        summary="A figure beside the region's, England's, the neighbours' and our own",
        responses=responses(COMPARISON, schema=schemas.COMPARISON),
        openapi_extra=documented(*KNOWN, also=OF_A_YEAR),
    )
    async def get_benchmark(request: Request, measure: MeasureName) -> Response:
        """DfE's published figures of one year and release, each a value or a mark (the other is null), with ranks (1 is
        the lowest), beside our own of the same year; and where scope or date differ.

        Ours of a year that was not over as known then is `provisional`, of one to come null (`not-yet`).
        `as_known_at` and `as_accepted_at` are for our own figure. Without neighbours there is no rank among them.
        """
        found = _published(measure)
        question = Question(request, *KNOWN, also=OF_A_YEAR)
        compared = _compared(question, found, statistical_neighbours)
        year = question.whole("year", FIRST_YEAR, LAST_YEAR, 0) or None
        as_known_at, as_accepted_at = question.as_known_at(), question.instant("as_accepted_at")
        question.settle()
        ours = Wanted(found, compared.authority, as_known_at, as_accepted_at, Asked(scope=Scope.CENSUS))
        async with computing(request) as computation:
            return await _compare(computation, question, compared, year, ours)

    @router.get(
        "/v1/benchmarks/{measure}/series",
        summary="A published figure over all years of a release",
        responses=responses(SERIES, schema=schemas.COMPARISONS, of_events=False),
        openapi_extra=documented(also=OF_A_SERIES),
    )
    async def get_benchmark_series(request: Request, measure: MeasureName) -> Response:
        """DfE's published figures of the authority, its region, England and neighbours, year by year, each a value or a
        mark (the other is null).
        """
        found = _published(measure)
        question = Question(request, also=OF_A_SERIES)
        compared = _compared(question, found, statistical_neighbours)
        question.settle()
        async with computing(request) as computation:
            return await _series(computation, question, compared)

    return router


def _published(name: str) -> Measure:
    """The measure of that name. Raises a 404 problem that lists those that DfE publishes."""
    if name not in PUBLISHED:
        detail = f"{name[:80]!r} is not a measure that DfE publishes."
        raise Problem(404, "no-such-measure", "There is no such measure", detail, measures=list(PUBLISHED))
    return PUBLISHED[name]


def _compared(question: Question, measure: Measure, statistical_neighbours: Neighbours) -> _Compared:
    authority = question.one_authority()
    given = question.codes("neighbours", "three-digit codes of other authorities, as 825,908", authority)
    default = tuple(statistical_neighbours.get(authority, ()))
    where_from = "request" if given else "setting" if default else "none"
    return _Compared(measure, authority, given or default, where_from, release_name(question, "release"))


async def _compare(
    computation: Computation, question: Question, compared: _Compared, wanted: int | None, ours: Wanted
) -> Response:
    readers, measure = computation.memory.readers, compared.measure
    releases = await store.list_releases(readers)
    release, year = _choose(releases, compared.release, wanted)
    figures = await store.find_figures(readers, release.name, measure.name, [year])
    places = find_places(figures, compared.authority, compared.neighbours)
    if places.authority is None:
        raise _no_row(release, compared.authority, str(year))
    own, known = await _own_figure(computation, ours, year, question.known_on())
    latest = next(other for other in releases if year in other.years)

    def made() -> Response:
        return _answer(question, compared, ours, (own, known), (release, year, latest), places, figures)

    return await computation.run(made)


def _answer(
    question: Question,
    compared: _Compared,
    ours: Wanted,
    own_figure: tuple[dict[str, Any], bool],
    published: tuple[LoadedRelease, int, LoadedRelease],
    places: Places,
    figures: Sequence[Figure],
) -> Response:
    """The answer with a comparison."""
    (own, known), (release, year, latest), measure = own_figure, published, compared.measure
    assert places.authority is not None  # noqa: S101  (refused)
    body = described(measure) | {"release": as_named(release), "year": year, "as_at": census_date(year).isoformat()}
    body |= ours.instants() | _places_as_json(places)
    body |= {"neighbours_from": compared.neighbours_from, "neighbours_without_row": list(places.without_row)}
    body["rank"] = {
        "among_neighbours": _rank_as_json(rank(places.authority, places.neighbours), places.authority)
        if places.neighbours
        else None,
        "among_authorities": _rank_as_json(rank_in_england(places.authority, figures), places.authority),
        "order": RANK_ORDER,
    }
    body |= {"ours": own, "marks": _marks([*_placed(body), ("ours", own)])}
    body["differences"] = published_differences(release, year, latest, places)
    body["differences"] += own_differences(measure, year, ours.as_known_at, known)
    pins = compared.pins(release) | {"year": year}
    body["links"] = {"pinned": pinned(question, **pins)}
    if known:
        path = f"/v1/measures/{measure.name}/explanation"
        others = dict.fromkeys(pins)
        body["links"]["explanation"] = pinned(question, path, **others, census_year=year, scope=Scope.CENSUS)
    return answer(question, body, _comparison_as_lines(body))


async def _own_figure(computation: Computation, ours: Wanted, year: int, known_on: date) -> tuple[dict[str, Any], bool]:
    """Our own figure of a census year, and whether anything was known of the authority: if not, it is no nought."""
    period = census_year(year)
    when = as_known_on(when_in(ours.measure, period, None, 12), period, known_on, planned=False)
    (result,) = await ours.work_out(computation, [when])
    known = await is_known(computation, ours, result)
    value = result.totals[0] if known else Reason.NOT_COUNTED
    found = {"code": ours.authority} | told("value", value, ours.measure.unit) | {"mark": mark(ours.measure, value)}
    return found | {"scope": ours.asked.scope} | time_of(ours.measure, when), known


async def _series(computation: Computation, question: Question, compared: _Compared) -> Response:
    readers = computation.memory.readers
    release, _ = _choose(await store.list_releases(readers), compared.release, None)
    figures = await store.find_figures(readers, release.name, compared.measure.name, release.years)
    return await computation.run(_answer_with_series, question, compared, release, figures)


def _answer_with_series(
    question: Question, compared: _Compared, release: LoadedRelease, figures: Sequence[Figure]
) -> Response:
    """The answer with the figures of every year."""
    by_year = {
        year: find_places((item for item in figures if item.year == year), compared.authority, compared.neighbours)
        for year in release.years
    }
    if not any(places.authority for places in by_year.values()):
        raise _no_row(release, compared.authority, "any year")
    body = described(compared.measure) | {"release": as_named(release), "authority": compared.authority}
    body["neighbours_from"] = compared.neighbours_from
    body["series"] = [
        {"year": year, "as_at": census_date(year).isoformat()} | _places_as_json(places)
        for year, places in by_year.items()
    ]
    body["marks"] = _marks(placed for point in body["series"] for placed in _placed(point))
    body["links"] = {"pinned": pinned(question, **compared.pins(release))}
    return answer(question, body, _series_as_lines(body))


def _choose(releases: list[LoadedRelease], name: str, year: int | None) -> tuple[LoadedRelease, int]:
    """The release and year that are meant: the release published last that has the year, the last year it has.

    Raises a 404 problem where there is none.
    """
    if name:
        release = named(releases, name)
        if year is not None and year not in release.years:
            detail = f"Release {name} has no figures of {year}."
            raise Problem(404, "no-such-year", "There is no such year", detail, years=list(release.years))
        return release, year or release.years[-1]
    for release in releases:
        if year is None or year in release.years:
            return release, year or release.years[-1]
    detail = "No release is loaded." if not releases else f"No release that is loaded has figures of {year}."
    loaded = [release.name for release in releases]
    raise Problem(404, "no-such-release", "There is no such release", detail, releases=loaded)


def _no_row(release: LoadedRelease, authority: str, year: str) -> Problem:
    detail = f"Release {release.name} has no row of authority {authority} for {year}."
    return Problem(404, "no-such-authority", "Nothing is published of this authority", detail)


def _figure_as_json(figure: Figure | None) -> dict[str, Any] | None:
    """A published figure: its value, or the mark in its place."""
    if figure is None:
        return None
    found = {"code": figure.code, "name": figure.name, "value": number(figure.value), "mark": figure.mark}
    return found | why(figure.value, figure.mark)


def _places_as_json(places: Places) -> dict[str, Any]:
    """The authority, its region, England and its neighbours."""
    return {
        "authority": _figure_as_json(places.authority),
        "region": _figure_as_json(places.region),
        "england": _figure_as_json(places.england),
        "neighbours": [_figure_as_json(figure) for figure in places.neighbours],
    }


def _rank_as_json(found: Rank, own: Figure) -> dict[str, Any]:
    """A rank, and among how many; who has no figure has no rank, for the same reason."""
    return {"rank": found.rank, "of": found.of} | why(own.value, own.mark)


def _placed(body: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Every published figure of a year, with what it is to the authority."""
    each = [(place, body[place]) for place in ("authority", "region", "england")]
    each += [("neighbour", figure) for figure in body["neighbours"]]
    return [(place, figure) for place, figure in each if figure is not None]


def _marks(placed: Iterable[tuple[str, Mapping[str, Any]]]) -> dict[str, str]:
    """What the marks mean that stand in an answer."""
    marks = {figure["mark"] for _, figure in placed}
    return {mark: meaning for mark, meaning in MARKS.items() if mark in marks}


_FIGURE = ("code", "name", "value", "mark", "reason")


def _comparison_as_lines(body: Mapping[str, Any]) -> Lines:
    """One line a place. The ranks stand in the authority's own line."""
    ranks: dict[str, Any] = {}
    for among in ("among_neighbours", "among_authorities"):
        found = body["rank"][among] or {"rank": None, "of": None}
        ranks |= {f"rank_{among}": found["rank"], f"rank_{among}_of": found["of"]}
    lines = [
        [place, *(figure.get(name) for name in _FIGURE)]
        + [value if place == "authority" else None for value in ranks.values()]
        for place, figure in (*_placed(body), ("ours", body["ours"]))
    ]
    return ["place", *_FIGURE, *ranks], lines


def _series_as_lines(body: Mapping[str, Any]) -> Lines:
    """One line a year and place."""
    lines = [
        [point["year"], point["as_at"], place, *(figure.get(name) for name in _FIGURE)]
        for point in body["series"]
        for place, figure in _placed(point)
    ]
    return ["year", "as_at", "place", *_FIGURE], lines
