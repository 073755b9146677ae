"""HTTP out: a CSWW rate as DfE published it, beside the region's, England's, the neighbours' and our own.

Invariant: a comparison is of one release and one year; where scope or date differ it says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Path, Query, Request, Response

from contracts.envelope import format_instant
from services.chassis.authentication import Right
from services.chassis.problems import Problem
from services.chassis.runtime import Runtime, calling, runtime_of
from services.metrics.benchmarks import answers, comparison, examples, releases_api, store
from services.metrics.benchmarks.asking import Asking
from services.metrics.benchmarks.published import RATES, LoadedRelease, PublishedMeasure
from services.metrics.benchmarks.releases_api import named
from services.metrics.measures.declaration import Unit, shown

Neighbours = Mapping[str, Sequence[str]]
"""The statistical neighbours of authorities, by three-digit code."""

MEASURE = Path(description="A CSWW rate.", json_schema_extra={"enum": list(RATES)})
AUTHORITY = Query(description="Three-digit code of the authority; needed.", examples=["331"])
RELEASE = Query(description="A release that is loaded; the one published last (that has the year) if left out.")
NEIGHBOURS = Query(
    description="Codes of authorities to compare with; repeat, or join by commas. If left out those that "
    "WORKFORCE_STATISTICAL_NEIGHBOURS names."
)


class OwnFigure(Protocol):
    """Computes our own figure of a CSWW rate: as at 30 September of `year`, as known at an instant; unrounded.

    None where there is nothing to divide by. Raises Problem where there is no answer.
    """

    async def __call__(
        self, runtime: Runtime, *, measure: str, authority: str, year: int, as_known_at: datetime
    ) -> Decimal | None:
        """The figure."""
        ...


@dataclass(frozen=True, slots=True)
class _Asked:
    """What both questions ask for. An empty `release` is the one published last."""

    measure: PublishedMeasure
    authority: str
    neighbours: tuple[str, ...]
    neighbours_from: str
    release: str


def benchmarks_router(statistical_neighbours: Neighbours, own_figure: OwnFigure | None = None) -> APIRouter:
    """The routes of the benchmarks. Without `own_figure` a comparison is of published figures alone."""
    router = APIRouter(tags=["benchmarks"])
    # Before the routes that take any name for a measure.
    router.include_router(releases_api.router)
    known_at = Query(
        description="What the authority had recorded by then, for our own figure: an instant as 2023-11-30T12:00:00Z; "
        "now if left out.",
        include_in_schema=own_figure is not None,
    )
    parameters = ("authority", "year", "release", "neighbours", *(() if own_figure is None else ("as_known_at",)))

    @router.get(
        "/v1/benchmarks/{measure}",
        summary="A CSWW rate beside the region's, England's and the neighbours'",
        responses=examples.answered(
            examples.COMPARISON, "Values or marks (the other is null), ranks, and where scope or date differ."
        )
        | examples.READING,
    )
    async def get_benchmark(
        request: Request,
        measure: Annotated[str, MEASURE],
        authority: Annotated[str, AUTHORITY] = "",
        year: Annotated[str, Query(description="The year a census ended in; the last there is if left out.")] = "",
        release: Annotated[str, RELEASE] = "",
        neighbours: Annotated[list[str] | None, NEIGHBOURS] = None,
        as_known_at: Annotated[str, known_at] = "",
    ) -> Response:
        """DfE's published figures of one year and release; rank 1 is the lowest rate."""
        asking = Asking(request, *parameters)
        wanted = asking.year(year) if year else None
        known = asking.instant("as_known_at", as_known_at)
        asked = _asked(request, asking, statistical_neighbours, measure, authority, neighbours, release)
        return await _compare(request, asked, wanted, own_figure, known)

    @router.get(
        "/v1/benchmarks/{measure}/series",
        summary="A CSWW rate over all years of a release",
        responses=examples.answered(
            examples.SERIES, "The years in order, each with its values or marks (the other is null)."
        )
        | examples.READING,
    )
    async def get_benchmark_series(
        request: Request,
        measure: Annotated[str, MEASURE],
        authority: Annotated[str, AUTHORITY] = "",
        release: Annotated[str, RELEASE] = "",
        neighbours: Annotated[list[str] | None, NEIGHBOURS] = None,
    ) -> Response:
        """DfE's published figures of the authority, its region, England and neighbours, year by year."""
        asking = Asking(request, "authority", "release", "neighbours")
        asked = _asked(request, asking, statistical_neighbours, measure, authority, neighbours, release)
        return await _series(request, asked)

    return router


def _asked(
    request: Request,
    asking: Asking,
    statistical_neighbours: Neighbours,
    measure: str,
    authority: str,
    neighbours: list[str] | None,
    release: str,
) -> _Asked:
    caller = calling(request)
    if measure not in RATES:
        detail = f"{measure!r} is not a rate that DfE publishes."
        raise Problem(404, "no-such-measure", "There is no such measure", detail, measures=list(RATES))
    asking.authority(authority)
    given = asking.neighbours(neighbours or [], authority)
    if release:
        asking.release("release", release)
    asking.finish()
    if not caller.may(Right.READ, authority):
        raise Problem(403, "not-allowed", "Not allowed", f"This key may not read figures of authority {authority}.")
    if given:
        return _Asked(RATES[measure], authority, given, "request", release)
    default = tuple(statistical_neighbours.get(authority, ()))
    return _Asked(RATES[measure], authority, default, "setting" if default else "none", release)


async def _compare(
    request: Request, asked: _Asked, wanted: int | None, own_figure: OwnFigure | None, as_known_at: datetime
) -> Response:
    runtime, measure, authority = runtime_of(request), asked.measure, asked.authority
    releases = await store.list_releases(runtime.pool)
    release, year = _choose(releases, asked.release, wanted)
    figures = await store.find_figures(runtime.pool, release.name, measure.name, [year])
    places = comparison.find_places(figures, authority, asked.neighbours)
    if places.authority is None:
        raise _no_row(release, authority, str(year))
    among_neighbours = comparison.rank(places.authority, places.neighbours) if places.neighbours else None
    in_england = comparison.rank_in_england(places.authority, figures)
    latest = next(other for other in releases if year in other.years)
    differences = comparison.published_differences(release, year, latest, places)
    ours: dict[str, Any] = {}
    if own_figure is not None:
        value = await own_figure(runtime, measure=measure.name, authority=authority, year=year, as_known_at=as_known_at)
        differences += comparison.own_differences(measure.name, year, as_known_at)
        ours = {
            "value": None if value is None else shown(Fraction(value), Unit.PERCENT),
            "as_at": comparison.census_date(year).isoformat(),
            "as_known_at": format_instant(as_known_at),
        }
    if answers.wants_csv(request):
        ranks = {"rank_among_neighbours": among_neighbours, "rank_among_authorities": in_england}
        return _comparison_as_csv(asked, release, year, places, ranks, ours, differences)
    return answers.json_answer(
        answers.about(measure, release)
        | {"year": year, "as_at": comparison.census_date(year).isoformat()}
        | answers.places_as_json(places)
        | {"neighbours_from": asked.neighbours_from, "neighbours_without_row": list(places.without_row)}
        | {
            "rank": {
                "among_neighbours": None if among_neighbours is None else answers.rank_as_json(among_neighbours),
                "among_authorities": answers.rank_as_json(in_england),
                "order": answers.RANK_ORDER,
            }
        }
        | ({"ours": ours} if ours else {})
        | {"marks": answers.marks_as_json([places]), "differences": differences}
    )


def _comparison_as_csv(
    asked: _Asked,
    release: LoadedRelease,
    year: int,
    places: comparison.Places,
    ranks: dict[str, comparison.Rank | None],
    ours: dict[str, Any],
    differences: list[str],
) -> Response:
    """One line a place. The ranks stand in the authority's own line."""
    lines = answers.places_as_lines(year, places)
    for name, found in ranks.items():
        if found is not None:
            lines[0] |= {name: found.rank, f"{name}_of": found.of}
    if ours:
        lines.append({"year": year, "place": "ours", "code": asked.authority} | ours)
    columns = ["year", "as_at", *(("as_known_at",) if ours else ()), "place", "code", "name", "value", "mark"]
    columns += [column for name in ranks for column in (name, f"{name}_of")]
    said = " ".join(differences)
    return answers.csv_answer(
        answers.same_in_csv(asked.measure, release),
        [line | {"differences": said} for line in lines],
        [*columns, "differences"],
    )


async def _series(request: Request, asked: _Asked) -> Response:
    pool = runtime_of(request).pool
    releases = await store.list_releases(pool)
    release, _ = _choose(releases, asked.release, None)
    figures = await store.find_figures(pool, release.name, asked.measure.name, release.years)
    by_year = {
        year: comparison.find_places((item for item in figures if item.year == year), asked.authority, asked.neighbours)
        for year in release.years
    }
    if not any(places.authority for places in by_year.values()):
        raise _no_row(release, asked.authority, "any year")
    if answers.wants_csv(request):
        lines = [line for year, places in by_year.items() for line in answers.places_as_lines(year, places)]
        columns = ["year", "as_at", "place", "code", "name", "value", "mark"]
        return answers.csv_answer(answers.same_in_csv(asked.measure, release), lines, columns)
    series = [
        {"year": year, "as_at": comparison.census_date(year).isoformat()} | answers.places_as_json(places)
        for year, places in by_year.items()
    ]
    return answers.json_answer(
        answers.about(asked.measure, release)
        | {"authority": asked.authority, "neighbours_from": asked.neighbours_from}
        | {"series": series, "marks": answers.marks_as_json(by_year.values())}
    )


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
