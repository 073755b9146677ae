"""Which release answers a question about an authority, and what there is where none does. No I/O.

Invariant: a newer release hides nothing: of each year that release answers, of those that have a row of the authority,
which was published last, unless the question names another.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from services.metrics.benchmarks.published import COLUMNS, LoadedRelease, Rows


@dataclass(frozen=True, slots=True)
class ReleaseQuery:
    """What is looked for. Without `names` any release will do; without `year` the last there is."""

    measure: str
    authority: str
    names: tuple[str, ...] = ()
    year: int | None = None


class NotThere(Exception):
    """Raised where no release has what is wanted: `kind` names what is missing, the text says it and what there is."""

    def __init__(self, kind: str, detail: str, there_is: list[dict[str, Any]]) -> None:
        super().__init__(detail)
        self.kind = kind
        self.there_is = there_is


def choose(releases: Sequence[LoadedRelease], rows: Rows, wanted: ReleaseQuery) -> tuple[LoadedRelease, int]:
    """The release and the year that answer. `releases` come with the one published last first. Raises NotThere."""
    by_year = choose_each_year(releases, rows, wanted)
    year = max(by_year) if wanted.year is None else wanted.year
    return by_year[year], year


def choose_each_year(releases: Sequence[LoadedRelease], rows: Rows, wanted: ReleaseQuery) -> dict[int, LoadedRelease]:
    """The release that answers for each year of which there is a row, the first year first. Raises NotThere."""
    considered = [release for release in releases if not wanted.names or release.name in wanted.names]
    by_year: dict[int, LoadedRelease] = {}
    for release in considered:
        for year in _years(rows, release, wanted.authority):
            by_year.setdefault(year, release)
    if not by_year or (wanted.year is not None and wanted.year not in by_year):
        raise _not_there(considered, rows, wanted)
    return {year: by_year[year] for year in sorted(by_year)}


def elsewhere(releases: Sequence[LoadedRelease], rows: Rows, authority: str, year: int) -> tuple[str, ...]:
    """The releases that have a row of an authority and a year."""
    return tuple(release.name for release in releases if year in _years(rows, release, authority))


def _years(rows: Rows, release: LoadedRelease, authority: str) -> tuple[int, ...]:
    return rows.get(release.name, {}).get(authority, ())


def _not_there(considered: Sequence[LoadedRelease], rows: Rows, wanted: ReleaseQuery) -> NotThere:
    kind, detail = _what_is_missing(considered, rows, wanted)
    there_is = [
        {
            "release": release.name,
            "published": release.published.isoformat(),
            "measures": list(release.measures),
            "years": list(release.years),
            "years_of_authority": list(_years(rows, release, wanted.authority)),
            "authorities": sorted(rows.get(release.name, {})),
        }
        for release in considered
    ]
    return NotThere(kind, detail, there_is)


def _what_is_missing(considered: Sequence[LoadedRelease], rows: Rows, wanted: ReleaseQuery) -> tuple[str, str]:
    """What kind of thing there is not, and in words that and what there is."""
    if not considered:
        return "no-such-release", "No release is loaded: POST /v1/benchmarks/releases loads one."
    names = ", ".join(release.name for release in considered)
    no = f"Release {names} has no" if len(considered) == 1 else f"None of the releases {names} has a"
    having = [release for release in considered if wanted.measure in release.measures]
    if not having:
        left_out = sorted({name for release in considered for name in release.left_out})
        unread = f" Columns that were not read: {', '.join(left_out)}." if left_out else ""
        return "not-published", f"{no} column of {wanted.measure} ({' or '.join(COLUMNS[wanted.measure])}).{unread}"
    there = _listed((release.name, release.years) for release in having)
    if wanted.year is not None and all(wanted.year not in release.years for release in having):
        return "no-such-year", f"{no} figure of {wanted.year}; there is {there}."
    when = "any year" if wanted.year is None else str(wanted.year)
    missing = f"{no} row of authority {wanted.authority} for {when}"
    of_it = [(release.name, _years(rows, release, wanted.authority)) for release in having]
    if any(years for _, years in of_it):
        return "no-such-authority", f"{missing}; of it there is {_listed(each for each in of_it if each[1])}."
    others = len({code for release in having for code in rows.get(release.name, {})})
    return "no-such-authority", f"{missing}; of {others} other authorities there is {there}."


def _listed(each: Iterable[tuple[str, Sequence[int]]]) -> str:
    return "; ".join(f"{_span(years)} in release {name}" for name, years in each)


def _span(years: Sequence[int]) -> str:
    """Years in words: 2017 to 2022, or 2019, 2021 where some between are missing."""
    if len(years) > 1 and list(years) == list(range(years[0], years[-1] + 1)):
        return f"{years[0]} to {years[-1]}"
    return ", ".join(str(year) for year in years)
