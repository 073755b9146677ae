"""Figures: every measure at a date or over a period, and as a series.

Invariant: an answer states all that determined it: measure, definition, authority, scope, both times, dimensions.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from contracts.values import EARLIEST_DATE
from services.chassis.authentication import READING
from services.chassis.problems import Problem
from services.chassis.runtime import runtime_of
from services.metrics import store
from services.metrics.api import schemas
from services.metrics.api.answering import answer, list_responses, pinned, responses
from services.metrics.api.asking import Question, read_date, said
from services.metrics.api.parameters import (
    ALL,
    DATE,
    FIGURE,
    IN_WORDS_DATE,
    LONGEST_WAIT,
    PARAMETERS,
    Parameter,
    documented,
)
from services.metrics.control_chart import RULES, chart
from services.metrics.control_chart import shown as chart_shown
from services.metrics.figures import Asked, Figures, Reading, figures, mark, needs_picture
from services.metrics.measures.catalogue import EVERY_DIMENSION, MEASURES, counts_of, dimensions_of
from services.metrics.measures.declaration import (
    PLACES,
    Count,
    Kind,
    Measure,
    Rate,
    When,
    shown,
)
from services.metrics.memory import memory_of
from services.metrics.periods import Every, Period, series_periods, when_of_point

router = APIRouter(tags=["measures"])

MeasureName = Annotated[str, Path(description="What is counted.", json_schema_extra={"enum": list(MEASURES)})]

MOST_POINTS = 1200
"""Points of one series: a century of months."""

SERIES = (
    Parameter(
        "rebase",
        "Months in which the control chart begins anew (after a change that is known to be real), by any day of them, "
        "as 2022-04-01; repeat, or join by commas.",
        {"type": "array", "items": DATE},
    ),
    Parameter(
        "year_starts_in",
        "The month in which the years (and quarters) of the series begin: 4 for financial, 10 for census years.",
        {"type": "integer", "minimum": 1, "maximum": 12, "default": 4},
        4,
    ),
)
NEEDED_PERIOD = [
    replace(PARAMETERS[name], required=True, example=example)
    for name, example in (("from", "2023-04-01"), ("to", "2024-03-31"))
]
"""A series has no usual period."""
_SERIES_NAMES = ("authority", "from", "to", "every", *FIGURE[6:])

EXAMPLE = {
    "measure": "vacancies",
    "title": "Vacancies",
    "definition": "For each post the funded FTE minus the FTE in post, never below 0; summed.",
    "source": "DfE, children's social work workforce census 2024 to 2025, specification version 1",
    "unit": "FTE",
    "kind": "stock",
    "authority": "331",
    "scope": "all",
    "as_at": "2023-10-31",
    "as_known_at": "2023-11-30T12:00:00Z",
    "by": ["role"],
    "rows": [{"role": "advanced-social-worker", "value": 12.0}, {"role": "social-worker", "value": 8.5}],
    "total": 20.5,
    "links": {"explanation": "/v1/measures/vacancies/explanation?authority=331&as_at=2023-10-31"},
}
SERIES_EXAMPLE = {
    **{name: value for name, value in EXAMPLE.items() if name not in ("as_at", "rows", "total")},
    "every": "month",
    "periods": [{"from": "2023-09-01", "to": "2023-09-30"}, {"from": "2023-10-01", "to": "2023-10-31"}],
    "rows": [{"role": "social-worker", "values": [9.0, 8.5]}],
    "totals": [23.0, 22.5],
}


@router.get(
    "/v1/measures",
    summary="Every measure, its definition and its source",
    responses=list_responses({"measures": [], "dimensions": []}, schemas.MEASURES_LISTED),
)
async def list_measures(request: Request) -> Response:
    """The measures there are, and what they can be broken down by."""
    question = Question(request)
    question.settle()
    body = {
        "measures": [described(measure) | {"dimensions": dimensions_of(measure)} for measure in MEASURES.values()],
        "dimensions": [{"dimension": name, "meaning": meaning} for name, meaning in EVERY_DIMENSION.items()],
        "control_chart_rules": [{"rule": name, "meaning": meaning} for name, meaning in RULES.items()],
    }
    return answer(question, body)


def described(measure: Measure) -> dict[str, Any]:
    """A measure as answers describe it."""
    found: dict[str, Any] = {
        "measure": measure.name,
        "title": measure.title,
        "definition": measure.definition,
        "source": measure.source,
        "unit": measure.unit,
        "kind": measure.kind,
    }
    return found | ({"formula": measure.formula} if isinstance(measure, Rate) else {})


def declared(name: str) -> Measure:
    """The measure of that name. Raises a 404 problem that lists those there are."""
    measure = MEASURES.get(name)
    if measure is None:
        detail = f"{name[:80]!r} is not a measure."
        raise Problem(404, "no-such-measure", "There is no such measure", detail, measures=list(MEASURES))
    return measure


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a request asks for, read and checked."""

    measure: Measure
    authority: str
    as_known_at: datetime
    as_accepted_at: datetime | None
    asked: Asked

    def facts(self) -> dict[str, Any]:
        """What determined the answer, besides the time asked for."""
        scope = self.measure.scope or self.asked.scope
        found: dict[str, Any] = described(self.measure) | {"authority": self.authority, "scope": scope}
        if self.asked.where:
            found["where"] = dict(self.asked.where)
        return found

    def instants(self) -> dict[str, str]:
        """As known when, and, where it is pinned, as accepted when."""
        accepted = {} if self.as_accepted_at is None else {"as_accepted_at": said(self.as_accepted_at)}
        return {"as_known_at": said(self.as_known_at)} | accepted

    async def readings(self, request: Request, more: Iterable[Count] = ()) -> list[Reading]:
        """What its figures are read from."""
        counts = (*counts_of(self.measure), *more)
        memory = memory_of(request)
        return await memory.readings(self.authority, self.as_known_at, self.as_accepted_at, counts, self.asked)


def wanted(question: Question, measure: Measure) -> Wanted:
    """What a question about a measure asks, but for its time. Problems are noted in the question."""
    return Wanted(
        measure,
        question.authority(),
        question.as_known_at(),
        question.instant("as_accepted_at"),
        Asked(question.dimensions(measure), question.filters(measure), question.scope()),
    )


def time_of(measure: Measure, when: When) -> dict[str, Any]:
    """The date or period that a figure speaks of, as answers say it."""
    kinds = {counted.kind for counted in counts_of(measure)}
    found: dict[str, Any] = {}
    if Kind.FLOW in kinds:
        found |= {"from": when.first.isoformat(), "to": when.last.isoformat()}
    if Kind.STOCK in kinds or getattr(measure, "all_time", False):
        found["as_at"] = when.as_at.isoformat()
    if getattr(measure, "all_time", False):
        found["months"] = when.months
    return found


@router.get(
    "/v1/measures/{measure}",
    dependencies=[READING],
    summary="One measure as at a date or over a period, as known at an instant",
    responses=responses(EXAMPLE, schema=schemas.FIGURE),
    openapi_extra=documented(*FIGURE),
)
async def get_measure(request: Request, measure: MeasureName) -> Response:
    """The figure, rounded half up. The total is rounded from the exact sum, not summed from rounded rows."""
    found = declared(measure)
    question = Question(request, *FIGURE)
    wish, when = wanted(question, found), question.when(found)
    question.settle()
    beside = [item for name in getattr(found, "also", ()) if isinstance(item := MEASURES[name], Count)]
    readings = await wish.readings(request, beside)
    result = await work_out(found, readings, [when], wish.asked)
    await refuse_nothing(request, wish, result)
    with_it = [(item, await work_out(item, readings, [when], wish.asked)) for item in beside]
    body = wish.facts() | time_of(found, when) | wish.instants() | {"by": list(wish.asked.by)}
    body["rows"] = [
        dict(zip(wish.asked.by, key, strict=True))
        | _value(found, values)
        | {item.name: shown((of.rows.get(key) or [None])[0], item.unit) for item, of in with_it}
        for key, values in result.sorted_rows()
    ]
    body |= {"total": shown(result.totals[0], found.unit)} | _mark(found, result.totals[0], "total_mark")
    body |= {f"total_{item.name}": shown(of.totals[0], item.unit) for item, of in with_it}
    body["links"] = {"pinned": pinned(question)}
    if wish.authority != ALL:
        body["links"]["explanation"] = pinned(question, f"{request.url.path}/explanation", by=None)
    return answer(question, body, _lines(body))


def _value(measure: Measure, values: Sequence[Any]) -> dict[str, Any]:
    return {"value": shown(values[0], measure.unit)} | _mark(measure, values[0], "mark")


def _mark(measure: Measure, value: Any, name: str) -> dict[str, str]:
    found = mark(measure, value)
    return {} if found is None else {name: found}


SAME_ON_EVERY_LINE = (
    "measure", "definition", "unit", "authority", "scope", "from", "to", "as_at", "as_known_at", "as_accepted_at",
)  # fmt: skip


def _lines(body: dict[str, Any]) -> tuple[list[str], list[list[Any]]]:
    """The figure as CSV: one line a row, each with all that determined it."""
    same = [name for name in SAME_ON_EVERY_LINE if name in body]
    more = sorted({name for row in body["rows"] for name in row if name not in (*body["by"], "value")})
    heading = [*same, *body["by"], "value", *more]
    own = heading[len(same) :]
    return heading, [[*(body[name] for name in same), *(row.get(name) for name in own)] for row in body["rows"]]


async def work_out(measure: Measure, readings: Sequence[Reading], whens: Sequence[When], asked: Asked) -> Figures:
    """The figures; in a thread of their own where that takes a while (pictures, many authorities): others go on."""
    of_one = len(readings) == 1 and readings[0].columns is not None
    if not of_one or needs_picture(counts_of(measure), asked):
        return await asyncio.to_thread(figures, measure, readings, whens, asked)
    return figures(measure, readings, whens, asked)


async def is_known(request: Request, wish: Wanted, result: Figures) -> bool:
    """Whether anything was known of the authority."""
    if wish.authority == ALL or any(value for values in result.rows.values() for value in values):
        return True
    return await store.has_events(runtime_of(request).pool, wish.authority, wish.as_known_at, wish.as_accepted_at)


async def refuse_nothing(request: Request, wish: Wanted, result: Figures) -> None:
    """Raises a 404 problem where nothing was known of the authority: that is no nought."""
    if not await is_known(request, wish, result):
        accepted = "" if wish.as_accepted_at is None else f" and accepted at {said(wish.as_accepted_at)}"
        detail = f"No event of authority {wish.authority} was known at {said(wish.as_known_at)}{accepted}."
        raise Problem(404, "no-such-authority", "Nothing is known of this authority", detail)


@router.get(
    "/v1/measures/{measure}/series",
    dependencies=[READING],
    summary="One measure month by month, quarter by quarter or year by year",
    responses=responses(SERIES_EXAMPLE, schema=schemas.SERIES),
    openapi_extra=documented(*_SERIES_NAMES, also=[*NEEDED_PERIOD, *SERIES]),
)
async def get_series(request: Request, measure: MeasureName) -> Response:
    """A point for every whole month, quarter or year between two dates: stocks at its last day, flows within it.

    Annual rates are those of the twelve months up to the point's last day. A series without dimensions carries its
    control chart (XmR): centre line, limits, and which rules a point breaks.
    """
    found = declared(measure)
    question = Question(request, *_SERIES_NAMES, also=SERIES)
    wish = wanted(question, found)
    every = Every(question.choice("every", list(Every), Every.MONTH))
    months = question.whole("months", 1, LONGEST_WAIT, 12)
    periods = _periods(question, every)
    rebased = _rebased(question, periods)
    question.settle()
    whens = [when_of_point(found, period, EARLIEST_DATE, months) for period in periods]
    readings = await wish.readings(request)
    result = await work_out(found, readings, whens, wish.asked)
    await refuse_nothing(request, wish, result)
    body = wish.facts() | wish.instants() | {"every": every, "by": list(wish.asked.by)}
    body |= {"months": months} if found.all_time else {}
    body["periods"] = [{"from": period.first.isoformat(), "to": period.last.isoformat()} for period in periods]
    body["rows"] = [
        dict(zip(wish.asked.by, key, strict=True)) | {"values": [shown(value, found.unit) for value in values]}
        for key, values in result.sorted_rows()
    ]
    body["totals"] = [shown(value, found.unit) for value in result.totals]
    if not wish.asked.by:
        body["control_chart"] = control_chart(found, result.totals, rebased)
    body["links"] = {"pinned": pinned(question)}
    return answer(question, body, _series_lines(body))


def _periods(question: Question, every: Every) -> list[Period]:
    """The periods of the points of a series."""
    first, last = question.day("from", needed=True), question.day("to", needed=True)
    starts_in = question.whole("year_starts_in", 1, 12, 4)
    if first is None or last is None:
        return []
    periods = series_periods(first, last, every, starts_in)
    if not periods:
        question.fault(
            "to",
            f"leaves no whole {every}",
            f"a later date than {last}, an earlier from, or another year_starts_in",
            str(last),
        )
    if len(periods) > MOST_POINTS:
        question.fault("from", f"asks for {len(periods)} points", f"at most {MOST_POINTS}", str(first))
    return periods


def _rebased(question: Question, periods: Sequence[Period]) -> list[int]:
    """The places of the points at which the control chart begins anew."""
    found = []
    for text in question.several("rebase"):
        day = read_date(text)
        places = [place for place, period in enumerate(periods) if day and period.first <= day <= period.last]
        if day is None:
            question.fault("rebase", "cannot be read", IN_WORDS_DATE, text)
        elif not places:
            question.fault("rebase", "is no day of the series", "a day of one of its points", text)
        found += places
    return found


MAY_BE_NEGATIVE = {
    measure.name
    for measure in MEASURES.values()
    if isinstance(measure, Rate) and any(t.sign < 0 for t in measure.terms)
}
"""Rates from which something is taken away."""


def control_chart(measure: Measure, values: Sequence[Any], rebased: Sequence[int]) -> dict[str, Any]:
    """The control chart of a series."""
    least = None if measure.name in MAY_BE_NEGATIVE else 0
    phases = chart(values, rebased, least=least)
    places = max(0, -int(PLACES[measure.unit].as_tuple().exponent), 1)
    return chart_shown(phases, places)


def _series_lines(body: dict[str, Any]) -> tuple[list[str], list[list[Any]]]:
    """The series as CSV: one line a row and point."""
    names = [name for name in SAME_ON_EVERY_LINE if name in body and name not in ("from", "to")]
    same = [body[name] for name in names]
    dimensions = body["by"]
    lines = [
        [*same, period["from"], period["to"], *(row[name] for name in dimensions), value]
        for row in body["rows"]
        for period, value in zip(body["periods"], row["values"], strict=True)
    ]
    return [*names, "from", "to", *dimensions, "value"], lines
