"""Figures: every measure at a date or over a period, and as a series.

Invariant: an answer states all that determined it: measure, definition, authority, scope, both times, dimensions.
"""

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from services.chassis.authentication import READING
from services.chassis.problems import Problem
from services.metrics.api import schemas
from services.metrics.api.adding_up import exactly, rounding
from services.metrics.api.computing import Computation, computing
from services.metrics.api.parameters import (
    AUTHORITY,
    AsKnown,
    BrokenDown,
    Counted,
    OfATime,
    OfAuthority,
    no_such_authority,
    said,
)
from services.metrics.api.query import AskedQuery
from services.metrics.api.responses import answer, list_responses, pinned, responses
from services.metrics.api.tables import figure_lines, measure_lines
from services.metrics.api.telling import (
    all_told,
    marked,
    time_of,
)
from services.metrics.figures.figures import Figures, FigureSums
from services.metrics.figures.reading import FigureQuery, needs_snapshot
from services.metrics.ingest import store
from services.metrics.measures.catalogue import MEASURES, counts_of, dimensions_of, owners_of
from services.metrics.measures.declaration import Count, Measure, Rate, When
from services.metrics.measures.dimensions import EVERY_DIMENSION
from services.metrics.read_models import cost
from services.metrics.read_models.authorities import ALL
from services.metrics.statistics.control_chart import RULES

router = APIRouter(tags=["measures"])

MeasureName = Annotated[str, Path(description="What is counted.", json_schema_extra={"enum": list(MEASURES)})]

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
    "links": {
        "pinned": "/v1/measures/vacancies?authority=331&by=role&as_at=2023-10-31&as_known_at=2023-11-30T12:00:00Z"
        "&as_accepted_at=2023-11-30T12:00:00Z",
        "explanation": "/v1/measures/vacancies/explanation?authority=331&as_at=2023-10-31"
        "&as_known_at=2023-11-30T12:00:00Z&as_accepted_at=2023-11-30T12:00:00Z",
    },
}
LISTED_EXAMPLE = {
    "measures": [
        {name: EXAMPLE[name] for name in ("measure", "title", "definition", "source", "unit", "kind")}
        | {"dimensions": ["role", "team"]}
    ],
    "dimensions": [{"dimension": "role", "meaning": EVERY_DIMENSION["role"].meaning}],
    "control_chart_rules": [{"rule": name, "meaning": meaning} for name, meaning in list(RULES.items())[:1]],
}


@router.get(
    "/v1/measures",
    summary="Every measure, its definition and its source",
    responses=list_responses(LISTED_EXAMPLE, schemas.MEASURES_LISTED),
    openapi_extra=AskedQuery.documented(),
)
async def list_measures(request: Request) -> Response:
    """The measures there are, and what they can be broken down by."""
    question = AskedQuery(request)
    question.raise_if_invalid()
    body = {
        "measures": [described(measure) | {"dimensions": dimensions_of(measure)} for measure in MEASURES.values()],
        "dimensions": [{"dimension": name, "meaning": each.meaning} for name, each in EVERY_DIMENSION.items()],
        "control_chart_rules": [{"rule": name, "meaning": meaning} for name, meaning in RULES.items()],
    }
    return answer(question, body, measure_lines(body))


def described(measure: Measure) -> dict[str, Any]:
    """A measure as answers describe it."""
    body: dict[str, Any] = {
        "measure": measure.name,
        "title": measure.title,
        "definition": measure.definition,
        "source": measure.source,
        "unit": measure.unit,
        "kind": measure.kind,
    }
    return body | ({"formula": measure.formula} if isinstance(measure, Rate) else {})


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
        body: dict[str, Any] = described(self.measure) | {"authority": self.authority, "scope": scope}
        if self.query.where:
            body["where"] = dict(self.query.where)
        return body

    def instants(self) -> dict[str, str]:
        """As known when, and, where it is pinned, as accepted when."""
        accepted = {} if self.as_accepted_at is None else {"as_accepted_at": said(self.as_accepted_at)}
        return {"as_known_at": said(self.as_known_at)} | accepted

    async def work_out(
        self, computation: Computation, whens: Sequence[When], beside: Sequence[Count] = ()
    ) -> list[Figures]:
        """Its figures at some times, and those of the counts beside it. Raises a problem where they cost too much."""
        measures = (self.measure, *beside)
        counts = [counted for measure in measures for counted in counts_of(measure)]
        sums = FigureSums(measures, whens, self.query)
        if self.authority == ALL and (self.as_accepted_at is not None or needs_snapshot(counts, self.query)):
            await self._add_each(computation, sums, measures, counts, whens)
        else:
            memory = computation.memory
            size = await memory.size_of_figures(self.authority, counts, self.query, self.as_accepted_at is not None)
            keys = await memory.most_keys(self.authority, self.query, size)
            await computation.weigh(cost.of_figures(counts, self.query, len(whens), size, keys))
            instants = self.as_known_at, self.as_accepted_at
            async with aclosing(memory.readings(self.authority, *instants, counts, self.query)) as pieces:
                async for readings in pieces:
                    await computation.run(sums.add, readings)
                    # Not held while others have their turn, nor while the next is made.
                    readings.clear()
                    await computation.let_others()
        return await computation.run(lambda: [sums.figures(measure) for measure in measures])

    async def _add_each(
        self,
        computation: Computation,
        sums: FigureSums,
        measures: Sequence[Measure],
        counts: Sequence[Count],
        whens: Sequence[When],
    ) -> None:
        """Add every authority's events, one by one; of those that are as they were the last time, what was kept."""
        memory = computation.memory
        where = frozenset((self.query.where or {}).items())
        asked = tuple(measure.name for measure in measures), tuple(whens), self.query.by, where, self.query.scope
        question = (*asked, self.as_accepted_at)
        states = await memory.states(self.as_known_at)
        known = memory.amounts.of(question, states)
        missing = [name for name in states if name not in known]
        size = await memory.size_of_figures(missing, counts, self.query, self.as_accepted_at is not None)
        keys = len(set[object]().union(*(amounts.keys for amounts in known.values())))
        keys += await memory.most_keys(missing, self.query, size) if missing else 0
        await computation.weigh(cost.of_figures(counts, self.query, len(whens), size, keys))
        for amounts in known.values():
            await computation.run(sums.merge, amounts)
        kept = True
        instants = self.as_known_at, self.as_accepted_at
        async with aclosing(memory.readings_of_each(missing, *instants, counts)) as pieces:
            async for readings in pieces:
                name, of_one = readings[0].authority, FigureSums(measures, whens, self.query)
                await computation.run(of_one.add, readings)
                readings.clear()
                await computation.run(sums.merge, of_one)
                kept = kept and memory.amounts.keep(question, states, {name: of_one})
                await computation.let_others()


class FigureParameters(OfAuthority, OfATime, AsKnown, BrokenDown, Counted):
    """What determines a figure."""


def wanted(question: Counted, measure: Measure) -> FigureRequest:
    """What a question about a measure asks, but for its time. Problems are noted in the question."""
    question.rests_on = owners_of(measure)
    return FigureRequest(
        measure,
        AUTHORITY.of(question),
        question.known_at,
        AsKnown.as_accepted_at.of(question),
        FigureQuery(question.dimensions(measure), question.filters(measure), question.scope),
    )


@router.get(
    "/v1/measures/{measure}",
    dependencies=[READING],
    summary="One measure as at a date or over a period, as known at an instant",
    responses=responses(EXAMPLE, schema=schemas.FIGURE),
    openapi_extra=FigureParameters.documented(),
)
async def get_measure(request: Request, measure: MeasureName) -> Response:
    """The figure, rounded half up. Rows and total are each rounded once, from their exact amounts: of a count
    these add up, and stand beside a figure that is shown rounded (`exact`). Where figures as shown do not add up,
    `rounding` says so.
    """
    declaration = declared(measure)
    question = FigureParameters(request)
    requested, when = wanted(question, declaration), question.when(declaration)
    question.raise_if_invalid()
    beside = [item for name in getattr(declaration, "also", ()) if isinstance(item := MEASURES[name], Count)]
    async with computing(request) as computation:
        result, *others = await requested.work_out(computation, [when], beside)
        await refuse_nothing(computation, requested, result)
        with_it = list(zip(beside, others, strict=True))
        return await computation.run(_answer, question, requested, when, result, with_it)


def _answer(
    question: FigureParameters,
    requested: FigureRequest,
    when: When,
    result: Figures,
    with_it: Sequence[tuple[Count, Figures]],
) -> Response:
    """The answer with a figure, and with the counts beside it."""
    measure = requested.measure
    units = {"value": measure.unit, "total": measure.unit}
    units |= {name: item.unit for item, _ in with_it for name in (item.name, f"total_{item.name}")}
    body = requested.facts() | time_of(measure, when) | requested.instants() | {"by": list(requested.query.by)}
    body["rows"] = [
        dict(zip(requested.query.by, key, strict=True))
        | all_told({"value": value} | {item.name: of.rows[key][0] for item, of in with_it}, units)
        | exactly(measure, value)
        | marked(measure, value, "mark")
        for key, (value,) in result.sorted_rows()
    ]
    total = result.totals[0]
    totals = {"total": total} | {f"total_{item.name}": of.totals[0] for item, of in with_it}
    body |= all_told(totals, units) | marked(measure, total, "total_mark")
    body |= exactly(measure, total) | rounding(measure, body["rows"], body["total"])
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
    """Raises a 404 problem where nothing was known of the authority, which is not 0."""
    if not await is_known(computation, requested, result):
        raise no_such_authority(requested.authority, requested.as_known_at, requested.as_accepted_at)
