"""What changed between two reports.

Invariant: both reports are asked for the same measures of the same dates; only what was known differs.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from fastapi import APIRouter, Request, Response

from contracts.envelope import format_instant
from services.chassis.authentication import READING
from services.chassis.query import INSTANT, Parameter, several
from services.metrics.api import schemas
from services.metrics.api.computing import computing
from services.metrics.api.examples.figures import CHANGES_EXAMPLE
from services.metrics.api.explanations import as_event
from services.metrics.api.figure_json import figure_json, time_of
from services.metrics.api.parameters import ABOVE, MONTHS, SCOPE, OfATime, OfOneAuthority, Paged
from services.metrics.api.query import ReadQuery
from services.metrics.api.responses import answer, page_links, pinned, responses
from services.metrics.api.tables import change_lines
from services.metrics.figures.attribution import Attribution, Moved
from services.metrics.figures.changes import FigureDifference, PartChange, Report, differences
from services.metrics.figures.reading import FigureQuery
from services.metrics.measures.catalogue import MEASURES, counts_of
from services.metrics.measures.declaration import Count, Measure, When, exact
from services.metrics.read_models import cost
from services.metrics.snapshot.snapshot import known

router = APIRouter(tags=["changes"], dependencies=[READING])


class _OfAMeasure(ReadQuery):
    """What of the measures counts."""

    scope = SCOPE
    months = MONTHS
    above = ABOVE


class ChangesParameters(OfOneAuthority, OfATime, _OfAMeasure, Paged):
    """What determines two reports: the same measures of the same dates, known at two instants."""

    from_known = Parameter(
        "from_known", "As known at this instant in the first report.", INSTANT, "2023-10-31T17:00:00Z", required=True
    )
    to_known = Parameter("to_known", "As known at this instant in the second report; now if left out.", INSTANT)
    from_accepted = Parameter(
        "from_accepted", "What had been accepted by then, in the first report; everything if left out.", INSTANT
    )
    to_accepted = Parameter(
        "to_accepted", "What had been accepted by then, in the second report; everything if left out.", INSTANT
    )
    measure = Parameter(
        "measure",
        "Which measures; every one if left out. Repeat, or join by commas.",
        several(
            {"type": "string", "enum": list(MEASURES)},
            f"one or more of {', '.join(MEASURES)}",
            MEASURES.__contains__,
            problem="is not a measure",
        ),
        ["vacancies"],
    )

    def instants(self) -> list[tuple[datetime, datetime | None]]:
        """As known when, and as accepted when, of each report."""
        assert self.from_known is not None  # noqa: S101  (required)
        return [(self.from_known, self.from_accepted), (self.to_known or self.now, self.to_accepted)]

    def measures(self) -> list[tuple[Measure, When]]:
        """The measures asked for, each with its time. If all measures are asked for, those that the period does not
        fit are left out.
        """
        chosen = [MEASURES[name] for name in self.measure] or list(MEASURES.values())
        return self.whens(chosen, leave_out=not self.measure)


@router.get(
    "/v1/changes",
    summary="What changed between two reports, figure by figure, event by event",
    responses=responses(CHANGES_EXAMPLE, schema=schemas.CHANGES),
    openapi_extra=ChangesParameters.documented(),
)
async def get_changes(request: Request) -> Response:
    """Each figure that differs between two instants, the parts by which it differs, and for each part the events
    that moved it. The effects of the events add up to the difference of the part. A rate differs by its counts. What
    was recorded for days to come counts in both reports; `planned` says so.
    """
    question = ChangesParameters(request)
    measures = question.measures()
    question.raise_if_invalid()
    query, instants, (limit, offset) = FigureQuery(scope=question.scope), question.instants(), question.page()
    authority = question.authority
    async with computing(request) as computation:
        read_cache = computation.read_cache
        counts = sum(len(counts_of(measure)) for measure, _ in measures)
        await computation.weigh(cost.of_parts(counts, await read_cache.size(authority), len(instants)))
        readings = [await read_cache.reading(authority, *known_at) for known_at in instants]
        events = await read_cache.authorities.events(authority)

        def compared() -> tuple[list[FigureDifference], list[tuple[int, int]]]:
            before, after = (
                Report(reading, known(events, *known_at)) for reading, known_at in zip(readings, instants, strict=True)
            )
            attribution = Attribution(before.events, after.events, query)
            differing = differences(measures, before, after, query, attribution)
            return differing, [attribution.steps(change.key) for change in _parts(differing)[offset : offset + limit]]

        figures, steps = await computation.run(compared)
        await computation.weigh(cost.of_effects(steps))
        return await computation.run(_answer, question, figures)


def _parts(figures: Sequence[FigureDifference]) -> list[PartChange]:
    return [part for difference in figures for part in difference.parts]


def _answer(question: ChangesParameters, figures: Sequence[FigureDifference]) -> Response:
    (from_known, from_accepted), (to_known, to_accepted) = question.instants()
    accepted, (limit, offset), changes = (from_accepted, to_accepted), question.page(), _parts(figures)
    body: dict[str, Any] = {"authority": question.authority, "scope": question.scope}
    body |= {"from_known": format_instant(from_known), "to_known": format_instant(to_known)}
    for name, instant in zip(("from_accepted", "to_accepted"), accepted, strict=True):
        body |= {} if instant is None else {name: format_instant(instant)}
    known_on = from_known.date(), to_known.date()
    body["figures"] = [_as_figure(difference, *known_on) for difference in figures]
    body |= {"count": len(changes), "limit": limit, "offset": offset}
    body["changes"] = [_as_change(change) for change in changes[offset : offset + limit]]
    both = _both_pinned(question)
    body["links"] = {"pinned": pinned(question, **both)} | page_links(question, len(changes), limit, offset, **both)
    passing = ("links",) if question.text("to_known") else ("links", "to_known")
    return answer(question, body, change_lines(body, question.measures()), passing=passing)


def _both_pinned(question: ChangesParameters) -> dict[str, Any]:
    """The parameters that pin both reports, in place of the two instants of other questions."""
    now = format_instant(question.now)
    given = {name: question.text(name) or now for name in ("to_known", "from_accepted", "to_accepted")}
    return {"as_known_at": None, "as_accepted_at": None, **given}


def _as_figure(difference: FigureDifference, before: date, after: date) -> dict[str, Any]:
    """A figure in both reports, known on these days. `planned` says in which of them days to come counted."""
    change, when, parts = difference
    measure, ends = change.measure, max(when.as_at, when.last)
    body: dict[str, Any] = {"measure": measure.name, "unit": measure.unit} | time_of(measure, when)
    for name, value in (("before", change.before), ("after", change.after)):
        body |= figure_json(name, value, measure.unit)
        if "reason" in body:
            body[f"{name}_reason"] = body.pop("reason")
    if ends > before:
        body["planned"] = "both" if ends > after else "before"
    return body | ({"difference": exact(sum(part.difference for part in parts))} if isinstance(measure, Count) else {})


def _as_change(change: PartChange) -> dict[str, Any]:
    return {
        "measure": change.measure.name,
        "subjects": list(change.subjects),
        **change.dimensions,
        "before": exact(change.before),
        "after": exact(change.after),
        "difference": exact(change.difference),
        "events": [_as_moved(moved) for moved in change.moved_by],
    }


def _as_moved(moved: Moved) -> dict[str, Any]:
    body = as_event(moved.event) | {"effect": exact(moved.effect)}
    return body | ({"others": moved.others} if moved.others else {})
