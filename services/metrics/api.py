"""HTTP in and out: the measures.

Invariant: an answer states everything that determined it: measure, definition, authority, both times, dimensions.
"""

import csv
import io
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import JSONResponse

from contracts.envelope import format_instant
from contracts.values import EARLIEST_DATE, LATEST_DATE
from services.chassis.authentication import Right
from services.chassis.problems import Problem
from services.chassis.runtime import calling, runtime_of
from services.metrics import store
from services.metrics.measures import DIMENSIONS, MEASURES, Measure, shown

router = APIRouter(tags=["measures"])

CSV = "text/csv"
PARAMETERS = ("authority", "as_at", "as_known_at", "by")

EXAMPLE = {
    "measure": "vacancies",
    "definition": MEASURES["vacancies"].definition,
    "unit": "FTE",
    "authority": "331",
    "as_at": "2023-10-31",
    "as_known_at": "2023-11-30T12:00:00Z",
    "by": ["role"],
    "rows": [{"role": "advanced-social-worker", "value": 12.0}, {"role": "social-worker", "value": 8.5}],
    "total": 20.5,
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks for."""

    authority: str
    as_at: date
    as_known_at: datetime
    by: tuple[str, ...]


@router.get("/v1/measures", summary="Every measure, its definition and its source")
async def list_measures(request: Request) -> JSONResponse:
    """The measures there are, and what they can be broken down by."""
    calling(request)
    measures = [
        {"measure": item.name, "definition": item.definition, "source": item.source, "unit": item.unit}
        for item in MEASURES.values()
    ]
    dimensions = [{"dimension": name, "meaning": meaning} for name, meaning in DIMENSIONS.items()]
    return JSONResponse({"measures": measures, "dimensions": dimensions})


@router.get(
    "/v1/measures/{measure}",
    summary="One measure as at a date, as known at an instant",
    responses={
        200: {"content": {"application/json": {"example": EXAMPLE}, CSV: {}}},
        404: {"description": "No such measure, or nothing is known of the authority."},
        422: {"description": "A parameter is not as described."},
    },
)
async def get_measure(
    request: Request,
    measure: Annotated[str, Path(description="What is counted.", json_schema_extra={"enum": list(MEASURES)})],
    authority: Annotated[str, Query(description="Three-digit code of the authority; needed.", examples=["331"])] = "",
    as_at: Annotated[str, Query(description="The date the figure is true for, YYYY-MM-DD; today if left out.")] = "",
    as_known_at: Annotated[
        str,
        Query(
            description="What the authority had recorded by then: an instant as 2023-11-30T12:00:00Z; now if left out."
        ),
    ] = "",
    by: Annotated[
        list[str] | None, Query(description="Dimensions to break it down by; repeat, or join by commas.")
    ] = None,
) -> Response:
    """The figure, to 1 decimal, half up. The total is rounded from the exact sum, not summed from rounded rows."""
    caller = calling(request)
    declared = MEASURES.get(measure)
    if declared is None:
        raise Problem(
            404,
            "no-such-measure",
            "There is no such measure",
            f"{measure!r} is not a measure.",
            measures=list(MEASURES),
        )
    _refuse_unknown_parameters(request)
    asked = _asked(authority, as_at, as_known_at, by or [])
    if not caller.may(Right.READ, asked.authority):
        raise Problem(
            403, "not-allowed", "Not allowed", f"This key may not read figures of authority {asked.authority}."
        )
    pool = runtime_of(request).pool
    rows = await store.sum_stock(pool, declared.column, asked.authority, asked.as_at, asked.as_known_at, asked.by)
    nothing = not any(row["value"] is not None for row in rows)
    if nothing and not await store.has_events(pool, asked.authority, asked.as_known_at):
        detail = f"No event of authority {asked.authority} was known at {format_instant(asked.as_known_at)}."
        raise Problem(404, "no-such-authority", "Nothing is known of this authority", detail)
    answer = _answer(declared, asked, [dict(row) for row in rows])
    return _as_csv(answer) if _wants_csv(request) else JSONResponse(answer, headers={"Vary": "Accept"})


def _refuse_unknown_parameters(request: Request) -> None:
    # A misspelt as_known_at that is passed over would give the figure as known now, and nothing would tell.
    expected = f"one of {', '.join(PARAMETERS)}"
    faults = [
        {"field": name, "problem": "is not a parameter", "expected": expected}
        for name in request.query_params
        if name not in PARAMETERS
    ]
    if faults:
        detail = "; ".join(f"{item['field']} {item['problem']}: right would be {item['expected']}" for item in faults)
        raise Problem(422, "request-refused", "The request is not as described", detail, faults=faults)


def _asked(authority: str, as_at: str, as_known_at: str, by: list[str]) -> Asked:
    faults: list[dict[str, str]] = []

    def fault(field: str, value: str, expected: str) -> None:
        faults.append(
            {"field": field, "problem": "is missing" if not value else "cannot be read", "expected": expected}
        )
        if value:
            faults[-1]["value"] = value[:80]

    if not (len(authority) == 3 and authority.isascii() and authority.isdigit()):
        fault("authority", authority, "three digits, as 331")
    date_read = _read_date(as_at) if as_at else datetime.now(UTC).date()
    if date_read is None:
        fault("as_at", as_at, f"a date as 2023-10-31, from {EARLIEST_DATE} and before {LATEST_DATE}")
    instant_read = _read_instant(as_known_at) if as_known_at else datetime.now(UTC)
    if instant_read is None:
        fault("as_known_at", as_known_at, "an instant with its offset, as 2023-11-30T12:00:00Z")
    dimensions = tuple(dict.fromkeys(name for part in by for name in part.split(",") if name))
    for name in dimensions:
        if name not in DIMENSIONS:
            fault("by", name, f"one or more of {', '.join(DIMENSIONS)}")
    if faults or date_read is None or instant_read is None:
        detail = "; ".join(f"{item['field']} {item['problem']}: right would be {item['expected']}" for item in faults)
        raise Problem(422, "request-refused", "The request is not as described", detail, faults=faults)
    return Asked(authority, date_read, instant_read, dimensions)


def _read_date(text: str) -> date | None:
    try:
        day = date.fromisoformat(text) if len(text) == len("2023-10-31") else None
    except ValueError:
        return None
    return day if day is not None and EARLIEST_DATE <= day < LATEST_DATE else None


def _read_instant(text: str) -> datetime | None:
    try:
        # A plus sign that was not escaped arrives as a space.
        instant = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        return None
    if instant.tzinfo is None or not EARLIEST_DATE.year <= instant.year < LATEST_DATE.year:
        return None
    return instant.astimezone(UTC)


def _answer(measure: Measure, asked: Asked, rows: list[dict[str, Any]]) -> dict[str, Any]:
    total = sum((row["value"] or Decimal(0) for row in rows), Decimal(0))
    return {
        "measure": measure.name,
        "definition": measure.definition,
        "unit": measure.unit,
        "authority": asked.authority,
        "as_at": asked.as_at.isoformat(),
        "as_known_at": format_instant(asked.as_known_at),
        "by": list(asked.by),
        "rows": [row | {"value": shown(row["value"])} for row in rows],
        "total": shown(total),
    }


def _wants_csv(request: Request) -> bool:
    accepted = request.headers.get("accept", "")
    return CSV in accepted and "application/json" not in accepted


def _as_csv(answer: dict[str, Any]) -> Response:
    """One line a row, each with all that determined it."""
    same = ("measure", "definition", "unit", "authority", "as_at", "as_known_at")
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([*same, *answer["by"], "value"])
    for row in answer["rows"]:
        writer.writerow([*(answer[name] for name in same), *(row[name] for name in answer["by"]), row["value"]])
    return Response(text.getvalue(), media_type=CSV, headers={"Vary": "Accept"})
