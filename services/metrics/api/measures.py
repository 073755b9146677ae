"""Figures: every measure at a date or over a period, and as a series.

Invariant: an answer states all that determined it: measure, definition, authority, scope, both times, dimensions.
"""

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from contracts.values import EARLIEST_DATE
from services.chassis.authentication import READING
from services.chassis.problems import Problem
from services.metrics.api import schemas
from services.metrics.api.adding_up import exactly, rounding
from services.metrics.api.computing import Computation, computing
from services.metrics.api.measure_tables import figure_lines, series_lines
from services.metrics.api.parameters import DATE, FIGURE, IN_WORDS_DATE, LONGEST_WAIT, PARAMETERS, Parameter, documented
from services.metrics.api.query import QueryReader, no_such_authority, read_date, said
from services.metrics.api.responses import answer, list_responses, pinned, responses
from services.metrics.api.telling import (
    all_told,
    control_chart,
    marked,
    point_of_time,
    time_of,
    told_in_order,
)
from services.metrics.figures.figures import FigureQuery, Figures, FigureSums
from services.metrics.figures.periods import (
    STARTS_IN,
    Every,
    Period,
    Window,
    as_known_on,
    fits,
    left_out,
    series_periods,
    when_of_point,
)
from services.metrics.ingest import store
from services.metrics.measures.catalogue import MEASURES, counts_of, dimensions_of
from services.metrics.measures.declaration import Count, Measure, Rate, When
from services.metrics.measures.dimensions import EVERY_DIMENSION
from services.metrics.read_models import cost
from services.metrics.read_models.authorities import ALL
from services.metrics.statistics.control_chart import RULES

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
    Parameter(
        "window",
        "Over what a point counts what happens over time: `12m`, the twelve months up to its last day, or `point`, its "
        "own month, quarter or year. If left out, rates are of twelve months (retention of starters is of all time), "
        "as figures as at a date are, and flows of the point. CSWW's annual rates are of twelve months always.",
        {"type": "string", "enum": list(Window)},
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
    "periods": [
        {"from": "2023-09-01", "to": "2023-09-30", "as_at": "2023-09-30"},
        {"from": "2023-10-01", "to": "2023-10-31", "as_at": "2023-10-31"},
    ],
    "rows": [{"role": "social-worker", "values": [9.0, 8.5]}],
    "totals": [23.0, 22.5],
}


@router.get(
    "/v1/measures",
    summary="Every measure, its definition and its source",
    responses=list_responses({"measures": [], "dimensions": []}, schemas.MEASURES_LISTED),
    openapi_extra=documented(),
)
async def list_measures(request: Request) -> Response:
    """The measures there are, and what they can be broken down by."""
    question = QueryReader(request)
    question.raise_if_invalid()
    body = {
        "measures": [described(measure) | {"dimensions": dimensions_of(measure)} for measure in MEASURES.values()],
        "dimensions": [{"dimension": name, "meaning": each.meaning} for name, each in EVERY_DIMENSION.items()],
        "control_chart_rules": [{"rule": name, "meaning": meaning} for name, meaning in RULES.items()],
    }
    names = (*_DESCRIBED, "formula", "dimensions")
    rows = [[*(item.get(name) for name in names[:-1]), " ".join(item["dimensions"])] for item in body["measures"]]
    return answer(question, body, (names, rows))


_DESCRIBED = ("measure", "title", "definition", "source", "unit", "kind")


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
class FigureRequest:
    """What a request asks for, read and checked."""

    measure: Measure
    authority: str
    as_known_at: datetime
    as_accepted_at: datetime | None
    query: FigureQuery

    def facts(self) -> dict[str, Any]:
        """What determined the answer, besides the time asked for."""
        scope = self.measure.scope or self.query.scope
        found: dict[str, Any] = described(self.measure) | {"authority": self.authority, "scope": scope}
        if self.query.where:
            found["where"] = dict(self.query.where)
        return found

    def instants(self) -> dict[str, str]:
        """As known when, and, where it is pinned, as accepted when."""
        accepted = {} if self.as_accepted_at is None else {"as_accepted_at": said(self.as_accepted_at)}
        return {"as_known_at": said(self.as_known_at)} | accepted

    async def work_out(
        self, computation: Computation, whens: Sequence[When], beside: Sequence[Count] = ()
    ) -> list[Figures]:
        """Its figures at some times, and those of the counts beside it. Raises a problem where they cost too much."""
        memory = computation.memory
        measures = (self.measure, *beside)
        counts = [counted for measure in measures for counted in counts_of(measure)]
        size = await memory.size_of_figures(self.authority, counts, self.query, self.as_accepted_at is not None)
        keys = await memory.most_keys(self.authority, self.query, size)
        await computation.weigh(cost.of_figures(counts, self.query, len(whens), size, keys))
        sums = FigureSums(measures, whens, self.query)
        instants = self.as_known_at, self.as_accepted_at
        async with aclosing(memory.readings(self.authority, *instants, counts, self.query)) as pieces:
            async for readings in pieces:
                await computation.run(sums.add, readings)
                # Not held while others have their turn, nor while the next is made.
                readings.clear()
                await computation.let_others()
        return await computation.run(lambda: [sums.figures(measure) for measure in measures])


def wanted(question: QueryReader, measure: Measure) -> FigureRequest:
    """What a question about a measure asks, but for its time. Problems are noted in the question."""
    return FigureRequest(
        measure,
        question.authority(),
        question.as_known_at(),
        question.instant("as_accepted_at"),
        FigureQuery(question.dimensions(measure), question.filters(measure), question.scope()),
    )


@router.get(
    "/v1/measures/{measure}",
    dependencies=[READING],
    summary="One measure as at a date or over a period, as known at an instant",
    responses=responses(EXAMPLE, schema=schemas.FIGURE),
    openapi_extra=documented(*FIGURE),
)
async def get_measure(request: Request, measure: MeasureName) -> Response:
    """The figure, rounded half up. Rows and total are each rounded once, from their exact amounts: of a count
    these add up, and stand beside a figure that is shown rounded (`exact`). Where figures as shown do not add up,
    `rounding` says so.
    """
    found = declared(measure)
    question = QueryReader(request, *FIGURE)
    requested, when = wanted(question, found), question.when(found)
    question.raise_if_invalid()
    beside = [item for name in getattr(found, "also", ()) if isinstance(item := MEASURES[name], Count)]
    async with computing(request) as computation:
        result, *others = await requested.work_out(computation, [when], beside)
        await refuse_nothing(computation, requested, result)
        with_it = list(zip(beside, others, strict=True))
        return await computation.run(_answer, question, requested, when, result, with_it)


def _answer(
    question: QueryReader,
    requested: FigureRequest,
    when: When,
    result: Figures,
    with_it: Sequence[tuple[Count, Figures]],
) -> Response:
    """The answer with a figure, and with the counts beside it."""
    found = requested.measure
    units = {"value": found.unit, "total": found.unit}
    units |= {name: item.unit for item, _ in with_it for name in (item.name, f"total_{item.name}")}
    body = requested.facts() | time_of(found, when) | requested.instants() | {"by": list(requested.query.by)}
    body["rows"] = [
        dict(zip(requested.query.by, key, strict=True))
        | all_told({"value": value} | {item.name: of.rows[key][0] for item, of in with_it}, units)
        | exactly(found, value)
        | marked(found, value, "mark")
        for key, (value,) in result.sorted_rows()
    ]
    total = result.totals[0]
    totals = {"total": total} | {f"total_{item.name}": of.totals[0] for item, of in with_it}
    body |= all_told(totals, units) | marked(found, total, "total_mark")
    body |= exactly(found, total) | rounding(found, body["rows"], body["total"])
    body["links"] = {"pinned": pinned(question)}
    if requested.authority != ALL:
        body["links"]["explanation"] = pinned(question, f"{question.request.url.path}/explanation", by=None)
    return answer(question, body, figure_lines(body))


async def is_known(computation: Computation, requested: FigureRequest, result: Figures) -> bool:
    """Whether anything was known of the authority."""
    if requested.authority == ALL or result.tell_anything:
        return True
    return await store.has_events(
        computation.memory.readers, requested.authority, requested.as_known_at, requested.as_accepted_at
    )


async def refuse_nothing(computation: Computation, requested: FigureRequest, result: Figures) -> None:
    """Raises a 404 problem where nothing was known of the authority: that is no nought."""
    if not await is_known(computation, requested, result):
        raise no_such_authority(requested.authority, requested.as_known_at, requested.as_accepted_at)


@router.get(
    "/v1/measures/{measure}/series",
    dependencies=[READING],
    summary="One measure month by month, quarter by quarter or year by year",
    responses=responses(SERIES_EXAMPLE, schema=schemas.SERIES),
    openapi_extra=documented(*_SERIES_NAMES, also=[*NEEDED_PERIOD, *SERIES]),
)
async def get_series(request: Request, measure: MeasureName) -> Response:
    """A point for every whole month, quarter or year between two dates: stocks at its last day, flows within it, rates
    that count over time of the twelve months up to its last day, unless `window` says otherwise.

    `periods` says of each point what it counts: `from`, `to` and, of stocks, `as_at`. A point that had not begun as
    known then is null (`not-yet`), one that was under way `provisional`. A series without dimensions carries its
    control chart (XmR) of the points that were over: centre line, limits, and which rules a point breaks.
    """
    found = declared(measure)
    question = QueryReader(request, *_SERIES_NAMES, also=SERIES)
    requested = wanted(question, found)
    every = Every(question.choice("every", list(Every), Every.MONTH))
    periods = _periods(question, every)
    points = _points(question, found, periods)
    rebased = _rebased(question, periods)
    question.raise_if_invalid()
    async with computing(request) as computation:
        (result,) = await requested.work_out(computation, [when for _, when in points])
        await refuse_nothing(computation, requested, result)
        return await computation.run(_answer_with_series, question, requested, every, points, rebased, result)


def _answer_with_series(
    question: QueryReader,
    requested: FigureRequest,
    every: Every,
    points: Sequence[tuple[Period, When]],
    rebased: Sequence[int],
    result: Figures,
) -> Response:
    """The answer with a series, and with its control chart."""
    found = requested.measure
    body = requested.facts() | requested.instants() | {"every": every, "by": list(requested.query.by)}
    body |= {"months": points[0][1].months} if found.all_time else {}
    body |= _left_out(question, [period for period, _ in points])
    # A point looks at its last day, whatever it counts.
    stale = [question.is_stale(when.last) for _, when in points]
    body["periods"] = [
        point_of_time(found, period, when) | ({"stale": True} if is_stale else {})
        for (period, when), is_stale in zip(points, stale, strict=True)
    ]
    body["rows"] = [
        dict(zip(requested.query.by, key, strict=True)) | told_in_order("values", values, found.unit)
        for key, values in result.sorted_rows()
    ]
    body |= told_in_order("totals", result.totals, found.unit)
    if not requested.query.by:
        body |= control_chart(found, [when for _, when in points], result.totals, stale, rebased)
    body["links"] = {"pinned": pinned(question)}
    times = [
        time_of(found, when) | ({"stale": True} if is_stale else {})
        for (_, when), is_stale in zip(points, stale, strict=True)
    ]
    exact_values = None if isinstance(found, Rate) else (values for _, values in result.sorted_rows())
    return answer(question, body, series_lines(body, times, exact_values))


def _points(question: QueryReader, measure: Measure, periods: Sequence[Period]) -> list[tuple[Period, When]]:
    """The points of a series, each with what is counted of it."""
    months, text = question.whole("months", 1, LONGEST_WAIT, 12), question.choice("window", list(Window))
    window = Window(text) if text else None
    if window is Window.POINT and not all(fits(measure, period) for period in periods):
        question.fault("window", f"does not go with {measure.name}, which is of a year", "12m, or every=year", text)
    known_on, planned = question.known_on(), question.planned()
    return [
        (period, as_known_on(when_of_point(measure, period, EARLIEST_DATE, months, window), period, known_on, planned))
        for period in periods
    ]


def _periods(question: QueryReader, every: Every) -> list[Period]:
    """The periods of the points of a series."""
    first, last = question.day("from", needed=True), question.day("to", needed=True)
    starts_in = question.whole("year_starts_in", 1, 12, STARTS_IN.get(every, 4))
    if starts_in != STARTS_IN.get(every, starts_in):
        expected = f"no year_starts_in beside every={every}, or every=year"
        question.fault("year_starts_in", f"is not when a {every} begins", expected, str(starts_in))
    if first is None or last is None:
        return []
    periods = series_periods(first, last, every, starts_in)
    if not periods:
        question.fault(
            "to",
            f"leaves no whole {every}",
            f"a later date than {last}, an earlier from, or another year_starts_in: all from {first} on is left out",
            str(last),
        )
    if len(periods) > MOST_POINTS:
        question.fault("from", f"asks for {len(periods)} points", f"at most {MOST_POINTS}", str(first))
    return periods


def _left_out(question: QueryReader, periods: Sequence[Period]) -> dict[str, Any]:
    """The days asked for that are in no whole period, before the first point and after the last."""
    first, last = question.day("from"), question.day("to")
    assert first is not None and last is not None  # noqa: S101, PT018  (settled)
    found = left_out(first, last, periods)
    return {"left_out": [f"{period.first}/{period.last}" for period in found]} if found else {}


def _rebased(question: QueryReader, periods: Sequence[Period]) -> list[int]:
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
