"""Benchmarks as they are answered: JSON and CSV.

Invariant: an answer states everything that determined it: measure, definition, release, year, places.
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import asyncpg
from fastapi import Request, Response
from fastapi.responses import JSONResponse

from contracts.envelope import format_instant
from services.metrics.benchmarks.comparison import Places, Rank, census_date
from services.metrics.benchmarks.published import MARKS, Figure, LoadedRelease, PublishedMeasure

CSV = "text/csv"
VARY = {"Vary": "Accept"}
RANK_ORDER = "1 is the lowest rate; equal rates share a rank; only those with a figure are ranked"


def release_as_json(release: LoadedRelease) -> dict[str, Any]:
    """A release, with all that is kept about it."""
    return {
        "release": release.name,
        "published": release.published.isoformat(),
        "loaded_at": format_instant(release.loaded_at),
        "sha256": release.sha256,
        "rows": release.rows,
        "years": list(release.years),
        "source": release.source,
        "columns_left_out": list(release.left_out),
    }


def about(measure: PublishedMeasure, *releases: LoadedRelease) -> dict[str, Any]:
    """What an answer is about: the measure, and one release or the older and the newer of two."""
    named = [{"name": release.name, "published": release.published.isoformat()} for release in releases]
    names = ("release",) if len(named) == 1 else ("older", "newer")
    stated = {"measure": measure.name, "definition": measure.definition, "unit": measure.unit}
    return stated | dict(zip(names, named, strict=True))


def number(value: Decimal | None) -> float | None:
    """A published value as it is shown."""
    return None if value is None else float(value)


def figure_as_json(figure: Figure | None) -> dict[str, Any] | None:
    """A published figure: its value, or the mark in its place."""
    if figure is None:
        return None
    return {"code": figure.code, "name": figure.name, "value": number(figure.value), "mark": figure.mark}


def places_as_json(places: Places) -> dict[str, Any]:
    """The authority, its region, England and its neighbours."""
    return {
        "authority": figure_as_json(places.authority),
        "region": figure_as_json(places.region),
        "england": figure_as_json(places.england),
        "neighbours": [figure_as_json(figure) for figure in places.neighbours],
    }


def rank_as_json(rank: Rank) -> dict[str, Any]:
    """A rank, and among how many."""
    return {"rank": rank.rank, "of": rank.of}


def marks_as_json(each: Iterable[Places]) -> dict[str, str]:
    """What the marks mean that stand in an answer."""
    marks = {figure.mark for places in each for _, figure in placed(places) if figure.mark is not None}
    return {mark: meaning for mark, meaning in MARKS.items() if mark in marks}


def placed(places: Places) -> list[tuple[str, Figure]]:
    """Every figure, with what it is to the authority."""
    named = [("authority", places.authority), ("region", places.region), ("england", places.england)]
    named += [("neighbour", figure) for figure in places.neighbours]
    return [(place, figure) for place, figure in named if figure is not None]


def places_as_lines(year: int, places: Places) -> list[dict[str, Any]]:
    """One line of CSV for each figure of a year."""
    return [
        {"year": year, "as_at": census_date(year).isoformat(), "place": place} | (figure_as_json(figure) or {})
        for place, figure in placed(places)
    ]


def revision_as_json(row: asyncpg.Record) -> dict[str, Any]:
    """A figure that two releases publish differently. `change` is newer minus older where both are numbers."""
    older, newer = row["older_value"], row["newer_value"]
    return {
        "year": row["year"],
        "level": row["level"],
        "code": row["code"],
        "name": row["name"],
        "older": {"value": number(older), "mark": row["older_mark"]},
        "newer": {"value": number(newer), "mark": row["newer_mark"]},
        "change": None if older is None or newer is None else number(newer - older),
    }


def wants_csv(request: Request) -> bool:
    """Whether CSV is asked for, and JSON is not."""
    accepted = request.headers.get("accept", "")
    return CSV in accepted and "application/json" not in accepted


def json_answer(body: Mapping[str, Any], status: int = 200) -> Response:
    """An answer that can be had as CSV too."""
    return JSONResponse(dict(body), status, headers=VARY)


def csv_answer(same: Mapping[str, Any], lines: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> Response:
    """One line a figure, each with all that determined it: `same` stands in every line, before `columns`."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([*same, *columns])
    for line in lines:
        writer.writerow([*same.values(), *(line.get(column) for column in columns)])
    return Response(text.getvalue(), media_type=CSV, headers=VARY)


def same_in_csv(measure: PublishedMeasure, release: LoadedRelease) -> dict[str, Any]:
    """What stands in every line of the CSV of one release."""
    return {
        "measure": measure.name,
        "definition": measure.definition,
        "unit": measure.unit,
        "release": release.name,
        "published": release.published.isoformat(),
    }
