"""HTTP out: a figure as DfE published it, beside the region's, England's, the neighbours' and our own.

Invariant: a comparison is of one release and one year. If scope or date differ, it says so.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Any

import asyncpg
from fastapi import APIRouter, Path, Request, Response

from contracts.near_names import meant
from contracts.values import AUTHORITY_PATTERN
from services.chassis.authentication import READING
from services.chassis.problems import Problem
from services.chassis.query import Parameter, several, whole
from services.metrics.api.benchmark_answers import (
    COMPARISON,
    COMPARISONS,
    areas_as_json,
    areas_in,
    comparison_as_lines,
    marks_of,
    median_as_json,
    rank_as_json,
    series_as_lines,
)
from services.metrics.api.computing import Computation, computing
from services.metrics.api.examples.benchmarks import COMPARISON_EXAMPLE, COMPARISONS_EXAMPLE
from services.metrics.api.figure_json import described, figure_json, time_of
from services.metrics.api.known import is_known
from services.metrics.api.measures import FigureRequest, tells_of_known
from services.metrics.api.neighbours import groups_of
from services.metrics.api.parameters import ONE_AUTHORITY, AsKnown, OfOneAuthority
from services.metrics.api.published_files import FILE_NAME, NAME
from services.metrics.api.query import ReadQuery
from services.metrics.api.releases import as_named, named
from services.metrics.api.responses import answer, pinned, responses
from services.metrics.benchmarks import choosing, store
from services.metrics.benchmarks.choosing import NotThere, choose, choose_each_year
from services.metrics.benchmarks.comparison import (
    RANK_ORDER,
    Areas,
    census_date,
    find_areas,
    median_of,
    own_differences,
    published_differences,
    rank,
    rank_in_england,
)
from services.metrics.benchmarks.published import PUBLISHED, Figure, LoadedRelease, Rows
from services.metrics.figures.figures import mark
from services.metrics.figures.periods import as_known_on, census_year, when_in
from services.metrics.figures.reading import FigureQuery
from services.metrics.kept import kept_database_of
from services.metrics.measures.declaration import Measure
from services.metrics.reasons import Reason
from services.metrics.snapshot.employment import Scope

Neighbours = Mapping[str, Sequence[str]]
"""The statistical neighbours of authorities, by three-digit code."""

MeasureName = Annotated[
    str,
    Path(description="A CSWW rate, or a count that rates are made of.", json_schema_extra={"enum": list(PUBLISHED)}),
]


@dataclass(frozen=True, slots=True)
class _Compared:
    """The parameters that both routes share. Without `releases` any release will do."""

    measure: Measure
    authority: str
    neighbours: tuple[str, ...]
    neighbours_from: str
    releases: tuple[str, ...]

    def pins(self, releases: Iterable[LoadedRelease]) -> dict[str, Any]:
        """What a link must state so that neither a later release nor other neighbours change its answer."""
        names = ",".join(release.name for release in releases)
        return {"release": names, "neighbours": ",".join(self.neighbours) or None}

    def release_query(self, year: int | None = None) -> choosing.ReleaseQuery:
        """What is looked for in the releases."""
        return choosing.ReleaseQuery(self.measure.name, self.authority, self.releases, year)


IN_WORDS_CODES = "three-digit codes of other authorities, as 825,908"


class _WithNeighbours(ReadQuery):
    """Those to compare an authority with."""

    neighbours = Parameter(
        "neighbours",
        "Codes of other authorities to compare with; repeat, or join by commas. If left out those that "
        "WORKFORCE_STATISTICAL_NEIGHBOURS names, or those of the file of neighbours published last.",
        several(
            {"type": "string", "pattern": AUTHORITY_PATTERN},
            IN_WORDS_CODES,
            lambda code: re.fullmatch(AUTHORITY_PATTERN, code) is not None,
        ),
        ["333", "336"],
    )

    def check(self) -> None:
        """Refuse an authority as a neighbour of itself."""
        super().check()
        authority = ONE_AUTHORITY.of(self)
        if authority in self.neighbours:
            self.fault("neighbours", "cannot be read", IN_WORDS_CODES, authority)

    def compared(self, measure: Measure, statistical_neighbours: Neighbours, releases: tuple[str, ...]) -> _Compared:
        """What is compared, with which neighbours, and the source of the neighbours."""
        authority = ONE_AUTHORITY.of(self)
        default = tuple(statistical_neighbours.get(authority, ()))
        where_from = "request" if self.neighbours else "setting" if default else "none"
        return _Compared(measure, authority, self.neighbours or default, where_from, releases)


class _OfAYear(ReadQuery):
    """Which year, and by which release."""

    year = Parameter(
        "year",
        "The year whose 30 September the figures are as at; the last there is if left out.",
        whole(1950, 2099, None),
        2022,
    )
    release = Parameter(
        "release",
        "A release; the one published last that has a row of the authority (and year) if left out.",
        NAME,
        "2022",
    )


class ComparisonParameters(AsKnown, OfOneAuthority, _OfAYear, _WithNeighbours):
    """What determines a comparison of one year."""


class _OfReleases(ReadQuery):
    """Which releases."""

    release = Parameter(
        "release",
        "Releases to take the figures from; repeat, or join by commas. Every one if left out: of each year the one "
        "published last that has a row of the authority.",
        several(
            {"type": "string", "pattern": FILE_NAME},
            "names of up to 40 letters, digits, dots, underscores and hyphens, as 2022,2025",
            lambda name: re.fullmatch(FILE_NAME, name) is not None,
        ),
        ["2022"],
    )


class ComparisonsParameters(OfOneAuthority, _OfReleases, _WithNeighbours):
    """What determines a comparison over the years."""


router = APIRouter(tags=["benchmarks"], dependencies=[READING])


@router.get(
    "/v1/benchmarks/{measure}",
    summary="A figure beside the region's, England's, the neighbours' and our own",
    responses=responses(COMPARISON_EXAMPLE, schema=COMPARISON),
    openapi_extra=ComparisonParameters.documented(),
)
async def get_benchmark(request: Request, measure: MeasureName) -> Response:
    """DfE's published figures of one year and release, with ranks (1 is the lowest), beside our own figure of the
    same year. Each is a value or a mark; the other is null. The answer says where scope or date differ.

    Our figure of a year that was not over at the instant known is `provisional`; of a year to come it is null
    (`not-yet`). `as_known_at` and `as_accepted_at` are for our own figure. Without neighbours there is no rank among
    them.
    """
    published = _published(measure)
    question = ComparisonParameters(request)
    question.raise_if_invalid()
    releases = (question.release,) if question.release else ()
    compared = question.compared(published, request.app.state.statistical_neighbours, releases)
    report = question.authority, question.known_at, question.as_accepted_at
    ours = FigureRequest(published, *report, FigureQuery(scope=Scope.CENSUS))
    async with computing(request) as computation, kept_database_of(request).opened() as pool:
        return await _compare(computation, pool, question, compared, ours)


@router.get(
    "/v1/benchmarks/{measure}/series",
    summary="A published figure over all years there are",
    responses=responses(COMPARISONS_EXAMPLE, schema=COMPARISONS, of_events=False),
    openapi_extra=ComparisonsParameters.documented(),
)
async def get_benchmark_series(request: Request, measure: MeasureName) -> Response:
    """DfE's published figures of the authority, its region, England and neighbours, year by year. Each is a value or
    a mark; the other is null. The figures of a year are of one release, which is named.
    """
    published = _published(measure)
    question = ComparisonsParameters(request)
    question.raise_if_invalid()
    compared = question.compared(published, request.app.state.statistical_neighbours, question.release)
    async with computing(request) as computation, kept_database_of(request).opened() as pool:
        return await _series(computation, pool, question, compared)


def _published(name: str) -> Measure:
    """The measure of that name. Raises a 404 problem that lists those that DfE publishes."""
    if name not in PUBLISHED:
        detail = f"{name[:80]!r} is not a measure that DfE publishes. {meant(name, PUBLISHED)}"
        raise Problem(404, "no-such-measure", "There is no such measure", detail, measures=list(PUBLISHED))
    return PUBLISHED[name]


async def _released(pool: asyncpg.Pool, measure: str) -> tuple[list[LoadedRelease], Rows]:
    """Every release, and who has a row of the measure in which of them."""
    releases = await store.list_releases(pool)
    return releases, await store.find_rows(pool, measure) if releases else {}


async def _with_neighbours(pool: asyncpg.Pool, compared: _Compared) -> _Compared:
    """Add the neighbours of the newest file that has some, if neither request nor setting names any."""
    if compared.neighbours:
        return compared
    for file in await store.list_files(pool, store.NEIGHBOURS):
        if neighbours := groups_of(file.body).neighbours.get(compared.authority):
            return replace(compared, neighbours=neighbours, neighbours_from=f"file {file.name}")
    return compared


@dataclass(frozen=True, slots=True)
class _Published:
    """What is published about a year: the release that answers, the latest that could, and what other releases have."""

    release: LoadedRelease
    year: int
    latest: LoadedRelease
    figures: Sequence[Figure]
    areas: Areas
    elsewhere: Mapping[str, tuple[str, ...]]


async def _compare(
    computation: Computation,
    pool: asyncpg.Pool,
    question: ComparisonParameters,
    compared: _Compared,
    ours: FigureRequest,
) -> Response:
    measure = compared.measure.name
    releases, rows = await _released(pool, measure)
    release, year = _chosen(releases, rows, compared, question.year)
    compared = await _with_neighbours(pool, compared)
    figures = await store.find_figures(pool, release.name, measure, [year])
    areas = find_areas(figures, compared.authority, compared.neighbours)
    latest, _ = choose(releases, rows, replace(compared.release_query(year), names=()))
    others = {code: choosing.elsewhere(releases, rows, code, year) for code in areas.without_row}
    own = await _own_figure(computation, ours, year, question.known_on)
    published = _Published(release, year, latest, figures, areas, others)
    return await computation.run(_answer, question, compared, ours, own, published)


def _chosen(
    releases: list[LoadedRelease], rows: Rows, compared: _Compared, year: int | None
) -> tuple[LoadedRelease, int]:
    """The release and year that answer. Raises a 404 problem that says what there is."""
    for name in compared.releases:
        named(releases, name)
    try:
        return choose(releases, rows, compared.release_query(year))
    except NotThere as missing:
        raise _not_there(missing) from None


def _not_there(missing: NotThere) -> Problem:
    return Problem(404, missing.kind, "It is not published", str(missing), there_is=missing.there_is)


def _answer(
    question: ComparisonParameters,
    compared: _Compared,
    ours: FigureRequest,
    own_figure: tuple[dict[str, Any], bool],
    published: _Published,
) -> Response:
    """The answer with a comparison."""
    (own, known), measure, areas = own_figure, compared.measure, published.areas
    release, year = published.release, published.year
    assert areas.authority is not None  # noqa: S101  (it has a row: the release was chosen by that)
    body = described(measure) | {"release": as_named(release), "year": year, "as_at": census_date(year).isoformat()}
    body |= ours.instants() | areas_as_json(areas)
    body["neighbours_median"] = median_as_json(median_of(areas.neighbours), areas.neighbours)
    body |= {"neighbours_from": compared.neighbours_from, "neighbours_without_row": list(areas.without_row)}
    body["rank"] = {
        "among_neighbours": rank_as_json(rank(areas.authority, areas.neighbours), areas.authority)
        if areas.neighbours
        else None,
        "among_authorities": rank_as_json(rank_in_england(areas.authority, published.figures), areas.authority),
        "order": RANK_ORDER,
    }
    body |= {"ours": own, "marks": marks_of([*areas_in(body), ("ours", own)])}
    body["differences"] = published_differences(release, year, published.latest, areas, published.elsewhere)
    body["differences"] += own_differences(measure, year, ours.as_known_at, known)
    pins = compared.pins([release]) | {"year": year}
    body["links"] = {"pinned": pinned(question, **pins)}
    if known:
        path = f"/v1/measures/{measure.name}/explanation"
        others = dict.fromkeys(pins)
        body["links"]["explanation"] = pinned(question, path, **others, census_year=year, scope=Scope.CENSUS)
    return answer(question, body, comparison_as_lines(body))


async def _own_figure(
    computation: Computation, ours: FigureRequest, year: int, known_on: date
) -> tuple[dict[str, Any], bool]:
    """Our own figure of a census year, and whether anything was known of the authority. If not, there is no figure."""
    period = census_year(year)
    when = as_known_on(when_in(ours.measure, period, None, 12), period, known_on, planned=False)
    sums = await ours.add_up(computation, [when])
    result = await computation.run(sums.figures, ours.measure)
    report = ours.authority, ours.as_known_at, ours.as_accepted_at
    known = tells_of_known(ours, result) or await is_known(computation, *report)
    value = result.totals[0] if known else Reason.NOT_COUNTED
    body = (
        {"code": ours.authority} | figure_json("value", value, ours.measure.unit) | {"mark": mark(ours.measure, value)}
    )
    return body | {"scope": ours.query.scope} | time_of(ours.measure, when), known


async def _series(
    computation: Computation, pool: asyncpg.Pool, question: ComparisonsParameters, compared: _Compared
) -> Response:
    measure = compared.measure.name
    releases, rows = await _released(pool, measure)
    for name in compared.releases:
        named(releases, name)
    try:
        by_year = choose_each_year(releases, rows, compared.release_query())
    except NotThere as missing:
        raise _not_there(missing) from None
    compared = await _with_neighbours(pool, compared)
    used = [release for release in releases if release in by_year.values()]
    figures: dict[int, list[Figure]] = {year: [] for year in by_year}
    for release in used:
        years = [year for year, chosen in by_year.items() if chosen is release]
        for figure in await store.find_figures(pool, release.name, measure, years):
            figures[figure.year].append(figure)
    return await computation.run(_answer_with_series, question, compared, by_year, used, figures)


def _answer_with_series(
    question: ComparisonsParameters,
    compared: _Compared,
    by_year: Mapping[int, LoadedRelease],
    used: Sequence[LoadedRelease],
    figures: Mapping[int, Sequence[Figure]],
) -> Response:
    """The answer with the figures of every year."""
    body = described(compared.measure) | {"releases": [as_named(release) for release in used]}
    body |= {"authority": compared.authority, "neighbours_from": compared.neighbours_from}
    body["series"] = [
        {"year": year, "as_at": census_date(year).isoformat(), "release": release.name}
        | areas_as_json(find_areas(figures[year], compared.authority, compared.neighbours))
        for year, release in by_year.items()
    ]
    body["marks"] = marks_of(areas for point in body["series"] for areas in areas_in(point))
    body["links"] = {"pinned": pinned(question, **compared.pins(used))}
    return answer(question, body, series_as_lines(body))
