"""An authority's published figure beside its region's, England's and its neighbours', and its rank among them. No I/O.

Invariant: a mark is never taken for a number. An area without a number has no rank, and is not counted among those
ranked.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from statistics import median

from services.metrics.benchmarks.published import JOINT, Figure, Level, LoadedRelease
from services.metrics.measures.catalogue import counts_of
from services.metrics.measures.declaration import Kind, Measure

COMPARED_AS = "to 1 decimal, half up; a mark in place of a number is a change too"

RANK_ORDER = "1 is the lowest figure; equal figures share a rank; only those with a figure are ranked"


@dataclass(frozen=True, slots=True)
class Areas:
    """What a release says, for one year, of an authority and of those it is compared with.

    `without_row` are the codes of neighbours without a row that year.
    """

    authority: Figure | None
    region: Figure | None
    england: Figure | None
    neighbours: tuple[Figure, ...]
    without_row: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rank:
    """A rank in the order of figures: 1 is the lowest, equal rates share it. `of` counts those with a figure."""

    rank: int | None
    of: int


def find_areas(figures: Iterable[Figure], authority: str, neighbours: Sequence[str]) -> Areas:
    """Pick out of one year's figures of a measure those of an authority, its region, England and its neighbours."""
    by_authority: dict[str, Figure] = {}
    others: dict[tuple[Level, str], Figure] = {}
    for figure in figures:
        if figure.level is Level.AUTHORITY:
            by_authority |= dict.fromkeys(figure.authorities, figure)
        else:
            others[figure.level, figure.code] = figure
    own = by_authority.get(authority)
    of_neighbours = dict.fromkeys(by_authority[code] for code in neighbours if code in by_authority)
    region = others.get((Level.REGION, own.region)) if own is not None and own.region is not None else None
    return Areas(
        own,
        region,
        next((figure for (level, _), figure in others.items() if level is Level.ENGLAND), None),
        tuple(figure for figure in of_neighbours if figure != own),
        tuple(code for code in neighbours if code not in by_authority),
    )


def rank(own: Figure, among: Iterable[Figure]) -> Rank:
    """The rank of a figure among others of the same measure and year; `among` may hold it too."""
    values = [figure.value for figure in {own, *among} if figure.value is not None]
    if own.value is None:
        return Rank(None, len(values))
    return Rank(1 + sum(value < own.value for value in values), len(values))


def rank_in_england(own: Figure, figures: Iterable[Figure]) -> Rank:
    """The rank of an authority among all local authorities of England that have a figure."""
    return rank(own, (figure for figure in figures if figure.level is Level.AUTHORITY))


def median_of(figures: Iterable[Figure]) -> Decimal | None:
    """The median of the figures with a value, to 1 decimal, half up; for an even number half way between the middle
    two.
    """
    values = [figure.value for figure in figures if figure.value is not None]
    return median(values).quantize(Decimal("0.1"), ROUND_HALF_UP) if values else None


def census_date(year: int) -> date:
    """30 September, the date of DfE's figures of a census year."""
    return date(year, 9, 30)


def published_differences(
    release: LoadedRelease,
    year: int,
    latest: LoadedRelease,
    areas: Areas,
    elsewhere: Mapping[str, Sequence[str]],
) -> list[str]:
    """Where the published figures differ in scope or date from each other, or from what DfE says today.

    `elsewhere` are the releases that have a row of neighbours of which this one has none.
    """
    sentences = []
    if release != latest:
        sentences.append(
            f"Release {release.name} (published {release.published}) is not the latest loaded that has {year}: that is "
            f"release {latest.name} (published {latest.published}), and DfE revises past years."
        )
    for figure in (areas.authority, *areas.neighbours):
        if figure is not None and len(figure.authorities) > 1:
            codes = figure.code.replace(JOINT, " and ")
            sentences.append(f"{codes} send one return together: DfE publishes one figure for them, {figure.name}.")
    if areas.without_row:
        sentences.append(f"Release {release.name} has no row of {' or '.join(areas.without_row)} for {year}.")
    for code in areas.without_row:
        if others := elsewhere.get(code):
            sentences.append(f"Of {code} there is one in release {' and in release '.join(others)}.")
    sentences.append("DfE rounds rates and FTE to 1 decimal: authorities that differ by less share a rank.")
    if areas.region is not None or areas.england is not None:
        sentences.append(
            "Figures of regions and of England hold what DfE imputed for authorities without usable data: they are not "
            "made of the published rows of their authorities."
        )
    return sentences


def own_differences(measure: Measure, year: int, as_known_at: datetime, known: bool) -> list[str]:
    """Where our own figure differs in scope or date from the published one; `known`: whether there is anything of it.

    The instant itself is not said: it stands in the answer.
    """
    if not known:
        return ["Nothing was known of the authority here as at that instant: we have no figure."]
    day = census_date(year)
    flow = any(counted.kind is Kind.FLOW for counted in counts_of(measure))
    what = f"what happened in the twelve months up to {day}" if flow else f"what was so on {day}"
    sentences = [
        f"Ours counts posts with a CSWW role, {what}, as known at the instant asked for; DfE counts what the "
        "authority returned in that year's census, as it stood when the release was made."
    ]
    if as_known_at.date() <= day:
        sentences.append(f"At that instant the year to {day} was not over: ours counts what there was of it by then.")
    return sentences
