"""Which release answers a question about an authority; if none does, what there is. No I/O.

Invariant: a newer release hides nothing. For each year the newest release answers that has a row of the authority,
unless the question names another.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from services.metrics.benchmarks.published import COLUMNS, LoadedRelease, Rows


@dataclass(frozen=True, slots=True)
class ReleaseQuery:
    """What is looked for. Without `names` any release will do; without `year` the last year is taken."""

    measure: str
    authority: str
    names: tuple[str, ...] = ()
    year: int | None = None


class NotThere(Exception):
    """Raised if no release has what is wanted. `kind` names what is missing; the text says so, and what there is."""

    def __init__(self, kind: str, detail: str, there_is: list[dict[str, Any]]) -> None:
        super().__init__(detail)
        self.kind = kind
        self.there_is = there_is


def choose(releases: Sequence[LoadedRelease], rows: Rows, query: ReleaseQuery) -> tuple[LoadedRelease, int]:
    """The release and the year that answer. `releases` come with the one published last first. Raises NotThere."""
    by_year = choose_each_year(releases, rows, query)
    year = max(by_year) if query.year is None else query.year
    return by_year[year], year


def choose_each_year(releases: Sequence[LoadedRelease], rows: Rows, query: ReleaseQuery) -> dict[int, LoadedRelease]:
    """For each year with a row, the release that answers; the first year first. Raises NotThere."""
    considered = [release for release in releases if not query.names or release.name in query.names]
    by_year: dict[int, LoadedRelease] = {}
    for release in considered:
        for year in _years(rows, release, query.authority):
            by_year.setdefault(year, release)
    if not by_year or (query.year is not None and query.year not in by_year):
        raise _not_there(considered, rows, query)
    return {year: by_year[year] for year in sorted(by_year)}


def elsewhere(releases: Sequence[LoadedRelease], rows: Rows, authority: str, year: int) -> tuple[str, ...]:
    """The releases that have a row of an authority and a year."""
    return tuple(release.name for release in releases if year in _years(rows, release, authority))


def _years(rows: Rows, release: LoadedRelease, authority: str) -> tuple[int, ...]:
    return rows.get(release.name, {}).get(authority, ())


def _not_there(considered: Sequence[LoadedRelease], rows: Rows, query: ReleaseQuery) -> NotThere:
    kind, detail = _what_is_missing(considered, rows, query)
    there_is = [
        {
            "release": release.name,
            "published": release.published.isoformat(),
            "measures": list(release.measures),
            "years": list(release.years),
            "years_of_authority": list(_years(rows, release, query.authority)),
            "authorities": sorted(rows.get(release.name, {})),
        }
        for release in considered
    ]
    return NotThere(kind, detail, there_is)


def _what_is_missing(considered: Sequence[LoadedRelease], rows: Rows, query: ReleaseQuery) -> tuple[str, str]:
    """The kind of thing that is missing, and a sentence that says so and what there is."""
    if not considered:
        return "no-such-release", "No release is loaded: POST /v1/benchmarks/releases loads one."
    names = ", ".join(release.name for release in considered)
    no = f"Release {names} has no" if len(considered) == 1 else f"None of the releases {names} has a"
    having = [release for release in considered if query.measure in release.measures]
    if not having:
        left_out = sorted({name for release in considered for name in release.left_out})
        unread = f" Columns that were not read: {', '.join(left_out)}." if left_out else ""
        return "not-published", f"{no} column of {query.measure} ({' or '.join(COLUMNS[query.measure])}).{unread}"
    there = _listed((release.name, release.years) for release in having)
    if query.year is not None and all(query.year not in release.years for release in having):
        return "no-such-year", f"{no} figure of {query.year}; there is {there}."
    when = "any year" if query.year is None else str(query.year)
    missing = f"{no} row of authority {query.authority} for {when}"
    of_it = [(release.name, _years(rows, release, query.authority)) for release in having]
    if any(years for _, years in of_it):
        return "no-such-authority", f"{missing}; of it there is {_listed(each for each in of_it if each[1])}."
    others = len({code for release in having for code in rows.get(release.name, {})})
    return "no-such-authority", f"{missing}; of {others} other authorities there is {there}."


def _listed(each: Iterable[tuple[str, Sequence[int]]]) -> str:
    return "; ".join(f"{_span(years)} in release {name}" for name, years in each)


def _span(years: Sequence[int]) -> str:
    """Years in words: 2017 to 2022, or 2019, 2021 if some in between are missing."""
    if len(years) > 1 and list(years) == list(range(years[0], years[-1] + 1)):
        return f"{years[0]} to {years[-1]}"
    return ", ".join(str(year) for year in years)
