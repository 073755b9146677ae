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
from services.metrics import cost, store
from services.metrics.api import schemas
from services.metrics.api.answering import answer, list_responses, pinned, responses
from services.metrics.api.asking import Question, read_date, said
from services.metrics.api.computing import Computation, computing
from services.metrics.api.files import Lines
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
from services.metrics.figures import Asked, Figures, FigureSums, mark
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
    openapi_extra=documented(),
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

    async def work_out(
        self, computation: Computation, whens: Sequence[When], beside: Sequence[Count] = ()
    ) -> list[Figures]:
        """Its figures at some times, and those of the counts beside it. Raises a problem where they cost too much."""
        memory = computation.memory
        measures = (self.measure, *beside)
        counts = [counted for measure in measures for counted in counts_of(measure)]
        size = await memory.size_of_figures(self.authority, counts, self.asked, self.as_accepted_at is not None)
        keys = await memory.most_keys(self.authority, self.asked, size)
        await computation.weigh(cost.of_figures(counts, self.asked, len(whens), size, keys))
        sums = FigureSums(measures, whens, self.asked)
        instants = self.as_known_at, self.as_accepted_at
        async with aclosing(memory.readings(self.authority, *instants, counts, self.asked)) as pieces:
            async for readings in pieces:
                await computation.run(sums.add, readings)
                # Not held while others have their turn, nor while the next is made.
                readings.clear()
                await computation.let_others()
        return await computation.run(lambda: [sums.figures(measure) for measure in measures])


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
    async with computing(request) as computation:
        result, *others = await wish.work_out(computation, [when], beside)
        await refuse_nothing(computation, wish, result)
        with_it = list(zip(beside, others, strict=True))
        return await computation.run(_answer, question, wish, when, result, with_it)


def _answer(
    question: Question, wish: Wanted, when: When, result: Figures, with_it: Sequence[tuple[Count, Figures]]
) -> Response:
    """The answer with a figure, and with the counts beside it."""
    found = wish.measure
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
        body["links"]["explanation"] = pinned(question, f"{question.request.url.path}/explanation", by=None)
    return answer(question, body, _lines(body))


def _value(measure: Measure, values: Sequence[Any]) -> dict[str, Any]:
    return {"value": shown(values[0], measure.unit)} | _mark(measure, values[0], "mark")


def _mark(measure: Measure, value: Any, name: str) -> dict[str, str]:
    found = mark(measure, value)
    return {} if found is None else {name: found}


def _lines(body: dict[str, Any]) -> Lines:
    """The figure as a table: one line a row. Its total stands beside what it is."""
    more = sorted({name for row in body["rows"] for name in row if name not in (*body["by"], "value")})
    heading = [*body["by"], "value", *more]
    return heading, ([row.get(name) for name in heading] for row in body["rows"])


async def is_known(computation: Computation, wish: Wanted, result: Figures) -> bool:
    """Whether anything was known of the authority."""
    if wish.authority == ALL or result.tell_anything:
        return True
    return await store.has_events(computation.memory.readers, wish.authority, wish.as_known_at, wish.as_accepted_at)


async def refuse_nothing(computation: Computation, wish: Wanted, result: Figures) -> None:
    """Raises a 404 problem where nothing was known of the authority: that is no nought."""
    if not await is_known(computation, wish, result):
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
    async with computing(request) as computation:
        (result,) = await wish.work_out(computation, whens)
        await refuse_nothing(computation, wish, result)
        return await computation.run(
            _answer_with_series, question, wish, every, months, periods, whens, rebased, result
        )


def _answer_with_series(
    question: Question,
    wish: Wanted,
    every: Every,
    months: int,
    periods: Sequence[Period],
    whens: Sequence[When],
    rebased: Sequence[int],
    result: Figures,
) -> Response:
    """The answer with a series, and with its control chart."""
    found = wish.measure
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
    times = [time_of(found, when) for when in whens]
    return answer(question, body, _series_lines(body, times))


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


_CHART = ("centre", "lower", "upper", "phase", "rules")


def _series_lines(body: dict[str, Any], times: Sequence[dict[str, Any]]) -> Lines:
    """The series as a table: one line a row and point, made when it is written, with the dates that it speaks of.

    Beside a row of several the total of its point; beside the only one the limits of its control chart.
    """
    dates = [name for name in ("from", "to", "as_at") if name in times[0]]
    if "control_chart" in body:
        points = body["control_chart"]["points"]
        names: tuple[str, ...] = _CHART
        beside = [[*(point[name] for name in _CHART[:-1]), " ".join(point["rules"])] for point in points]
    else:
        names, beside = ("total",), [[total] for total in body["totals"]]
    lines = (
        [*(time[name] for name in dates), *(row[name] for name in body["by"]), value, *more]
        for row in body["rows"]
        for time, value, more in zip(times, row["values"], beside, strict=True)
    )
    return [*dates, *body["by"], "value", *names], lines
