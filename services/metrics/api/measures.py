"""Figures: every measure at a date or over a period, and as a series.

Invariant: an answer states everything that determined it: measure, definition, authority, scope, both times,
dimensions.
"""

from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from contracts.near_names import meant
from services.chassis.authentication import READING
from services.chassis.problems import Problem
from services.metrics.api import schemas
from services.metrics.api.adding_up import exactly, rounding
from services.metrics.api.computing import Computation, computing
from services.metrics.api.examples.figures import FIGURE_EXAMPLE
from services.metrics.api.examples.lists import MEASURES_EXAMPLE
from services.metrics.api.figure_json import (
    described,
    figures_json,
    marked,
    time_of,
)
from services.metrics.api.known import refuse_unknown
from services.metrics.api.parameters import (
    AUTHORITY,
    AsKnown,
    BrokenDown,
    Counted,
    OfATime,
    OfAuthority,
    instants_json,
)
from services.metrics.api.query import ReadQuery
from services.metrics.api.responses import answer, list_responses, pinned, responses
from services.metrics.api.tables import figure_lines, measure_lines
from services.metrics.figures.figures import Figures, FigureSums
from services.metrics.figures.reading import FigureQuery, needs_snapshot
from services.metrics.measures.bands import BANDS, of_median
from services.metrics.measures.catalogue import MEASURES, counts_of, dimensions_of, owners_of
from services.metrics.measures.declaration import Count, Measure, When
from services.metrics.measures.dimensions import EVERY_DIMENSION
from services.metrics.read_models import cost
from services.metrics.read_models.authorities import ALL
from services.metrics.reasons import Reason
from services.metrics.statistics.control_chart import RULES

router = APIRouter(tags=["measures"])

MeasureName = Annotated[str, Path(description="What is counted.", json_schema_extra={"enum": list(MEASURES)})]


@router.get(
    "/v1/measures",
    summary="Every measure, its definition and its source",
    responses=list_responses(MEASURES_EXAMPLE, schemas.MEASURES_LISTED),
    openapi_extra=ReadQuery.documented(),
)
async def list_measures(request: Request) -> Response:
    """All measures, and what they can be broken down by."""
    question = ReadQuery(request)
    question.raise_if_invalid()
    body = {
        "measures": [described(measure) | {"dimensions": dimensions_of(measure)} for measure in MEASURES.values()],
        "dimensions": [{"dimension": name, "meaning": each.meaning} for name, each in EVERY_DIMENSION.items()],
        "control_chart_rules": [{"rule": name, "meaning": meaning} for name, meaning in RULES.items()],
    }
    return answer(question, body, measure_lines(body))


def declared(name: str) -> Measure:
    """The measure of that name. Raises a 404 problem that lists all measures, those that may be meant first."""
    measure = MEASURES.get(name)
    if measure is None:
        detail = f"{name[:80]!r} is not a measure. {meant(name, MEASURES)} /v1/measures lists and defines all."
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
        """The instant known and, if the report is pinned, the instant accepted."""
        return instants_json(self.as_known_at, self.as_accepted_at)

    async def add_up(self, computation: Computation, whens: Sequence[When], beside: Sequence[Count] = ()) -> FigureSums:
        """Its sums at some times, and those of the counts beside it. Raises a problem if they cost too much."""
        measures = (self.measure, *beside)
        counts = [counted for measure in measures for counted in counts_of(measure)]
        sums = FigureSums(measures, whens, self.query)
        if self.authority == ALL and (self.as_accepted_at is not None or needs_snapshot(counts, self.query)):
            await self._add_each(computation, sums, measures, counts, whens)
        else:
            read_cache = computation.read_cache
            size = await read_cache.size_of_figures(self.authority, counts, self.query, self.as_accepted_at is not None)
            keys = await read_cache.most_keys(self.authority, self.query, size)
            await computation.weigh(cost.of_figures(counts, self.query, len(whens), size, keys))
            instants = self.as_known_at, self.as_accepted_at
            async with aclosing(read_cache.readings(self.authority, *instants, counts, self.query)) as pieces:
                async for readings in pieces:
                    await computation.run(sums.add, readings)
                    # Not held while others have their turn, nor while the next is made.
                    readings.clear()
                    await computation.let_others()
        return sums

    async def _add_each(
        self,
        computation: Computation,
        sums: FigureSums,
        measures: Sequence[Measure],
        counts: Sequence[Count],
        whens: Sequence[When],
    ) -> None:
        """Add every authority, one after another. For those that have not changed since the last time, what was kept
        is added.
        """
        read_cache = computation.read_cache
        where = frozenset((self.query.where or {}).items())
        request = tuple(measure.name for measure in measures), tuple(whens), self.query.by, where, self.query.scope
        question = (*request, self.as_accepted_at)
        states = await read_cache.states(self.as_known_at)
        known = read_cache.amounts.of(question, states)
        missing = [name for name in states if name not in known]
        size = await read_cache.size_of_figures(missing, counts, self.query, self.as_accepted_at is not None)
        keys = len(set[object]().union(*(amounts.keys for amounts in known.values())))
        keys += await read_cache.most_keys(missing, self.query, size) if missing else 0
        await computation.weigh(cost.of_figures(counts, self.query, len(whens), size, keys))
        for amounts in known.values():
            await computation.run(sums.merge, amounts)
        kept = True
        instants = self.as_known_at, self.as_accepted_at
        async with aclosing(read_cache.readings_of_each(missing, *instants, counts)) as pieces:
            async for readings in pieces:
                name, of_one = readings[0].authority, FigureSums(measures, whens, self.query)
                await computation.run(of_one.add, readings)
                readings.clear()
                await computation.run(sums.merge, of_one)
                kept = kept and read_cache.amounts.keep(question, states, {name: of_one})
                await computation.let_others()


class FigureParameters(OfAuthority, OfATime, AsKnown, BrokenDown, Counted):
    """What determines a figure."""


def request_of(question: Counted, measure: Measure) -> FigureRequest:
    """What a question about a measure asks for, without its time. Problems are noted in the question."""
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
    responses=responses(FIGURE_EXAMPLE, schema=schemas.FIGURE),
    openapi_extra=FigureParameters.documented(),
)
async def get_measure(request: Request, measure: MeasureName) -> Response:
    """The figure, rounded half up. Rows and total are each rounded once, from their exact amounts. The exact amounts
    of a count add up; they stand beside rounded figures (`exact`). If rounded figures do not add up, `rounding` says
    so.
    """
    declaration = declared(measure)
    question = FigureParameters(request)
    requested, when = request_of(question, declaration), question.when(declaration)
    question.raise_if_invalid()
    beside = [item for name in getattr(declaration, "also", ()) if isinstance(item := MEASURES[name], Count)]
    async with computing(request) as computation:
        sums = await requested.add_up(computation, [when], beside)

        def make(result: Figures) -> Response:
            with_it = [(each, sums.figures(each)) for each in beside]
            return _answer(question, requested, when, result, with_it)

        return await answered(computation, requested, sums, make)


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
        | figures_json({"value": value} | {item.name: of.rows[key][0] for item, of in with_it}, units)
        | exactly(measure, value)
        | marked(measure, value, "mark")
        for key, (value,) in result.sorted_rows()
    ]
    total = result.totals[0]
    totals = {"total": total} | {f"total_{item.name}": of.totals[0] for item, of in with_it}
    body |= figures_json(totals, units) | marked(measure, total, "total_mark")
    body |= exactly(measure, total) | rounding(measure, body["rows"], body["total"])
    body |= _median(measure, requested.query.by, result)
    body["links"] = {"pinned": pinned(question)}
    if requested.authority != ALL:
        body["links"]["explanation"] = pinned(question, f"{question.request.url.path}/explanation", by=None)
    return answer(question, body, figure_lines(body))


def _median(measure: Measure, by: Sequence[str], result: Figures) -> dict[str, str | None]:
    """In which band the median lies, of a count that is broken down by bands alone."""
    if not isinstance(measure, Count) or len(by) != 1 or by[0] not in BANDS or isinstance(result.totals[0], Reason):
        return {}
    amounts = {key[0]: value for key, (value,) in result.rows.items() if not isinstance(value, Reason)}
    return {"median_in": of_median(by[0], amounts)}


async def answered(
    computation: Computation, requested: FigureRequest, sums: FigureSums, make: Callable[[Figures], Response]
) -> Response:
    """The answer that is made of the figures. Raises a 404 problem if nothing was known of the authority."""

    def work() -> tuple[Figures, Response]:
        result = sums.figures(requested.measure)
        return result, make(result)

    # At once, for each way into a thread and back takes as long as many an answer does.
    result, response = await computation.run(work)
    if not tells_of_known(requested, result):
        await refuse_unknown(computation, requested.authority, requested.as_known_at, requested.as_accepted_at)
    return response


def tells_of_known(requested: FigureRequest, result: Figures) -> bool:
    """Whether the figures alone show that something was known of the authority. If not, it is still to be asked."""
    return requested.authority == ALL or result.tell_anything
