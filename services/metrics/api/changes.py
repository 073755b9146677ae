"""What changed between two reports.

Invariant: both reports are asked for the same measures of the same dates; only what was known differs.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from fastapi import APIRouter, Request, Response

from contracts.envelope import named
from services.chassis.authentication import READING
from services.metrics.api import schemas
from services.metrics.api.computing import computing
from services.metrics.api.explanations import as_event
from services.metrics.api.files import Lines
from services.metrics.api.parameters import INSTANT, ONE_AUTHORITY, PAGE, PERIOD, Parameter, documented
from services.metrics.api.query import QueryReader, said
from services.metrics.api.responses import answer, page_links, pinned, responses
from services.metrics.api.telling import time_of, told
from services.metrics.figures.attribution import Attribution, Moved
from services.metrics.figures.changes import FigureChange, PartChange, Report, figure_changes, part_changes
from services.metrics.figures.figures import FigureQuery
from services.metrics.measures.catalogue import MEASURES, counts_of
from services.metrics.measures.declaration import Count, Measure, When, exact
from services.metrics.measures.dimensions import EVERY_DIMENSION
from services.metrics.pauses import pause
from services.metrics.read_models import cost
from services.metrics.snapshot.snapshot import known

router = APIRouter(tags=["changes"], dependencies=[READING])

OWN = (
    Parameter("from_known", "As known at this instant in the first report.", INSTANT, "2023-10-31T17:00:00Z", True),
    Parameter("to_known", "As known at this instant in the second report; now if left out.", INSTANT),
    Parameter("from_accepted", "What had been accepted by then, in the first report; everything if left out.", INSTANT),
    Parameter("to_accepted", "What had been accepted by then, in the second report; everything if left out.", INSTANT),
    Parameter(
        "measure",
        "Which measures; every one if left out. Repeat, or join by commas.",
        {"type": "array", "items": {"type": "string", "enum": list(MEASURES)}},
        ["vacancies"],
    ),
)
NAMES = ("authority", *PERIOD, "scope", "months", *PAGE)

EXAMPLE = {
    "authority": "331",
    "from_known": "2023-10-31T17:00:00Z",
    "to_known": "2023-11-30T17:00:00Z",
    "figures": [
        {"measure": "vacancies", "unit": "FTE", "as_at": "2023-10-31", "before": 21.5, "after": 22.5, "difference": "1"}
    ],
    "count": 1,
    "changes": [
        {
            "measure": "vacancies",
            "subjects": ["post/P-0412"],
            "role": "social-worker",
            "before": "0",
            "after": "1",
            "difference": "1",
            "events": [
                {
                    "id": "demo-005860",
                    "type": "uk.workforce.worker.left.v1",
                    "subject": "worker/W-0211",
                    "effect": "1",
                }
            ],
        }
    ],
}


@router.get(
    "/v1/changes",
    summary="What changed between two reports, figure by figure, event by event",
    responses=responses(EXAMPLE, schema=schemas.CHANGES),
    openapi_extra=documented(*NAMES, also=[ONE_AUTHORITY, *OWN]),
)
async def get_changes(request: Request) -> Response:
    """Each figure that differs between two instants, the parts by which it differs, and for each part the events that
    moved it, with their effects, which add up to its difference. A rate differs by its counts.
    What was recorded for days that were still to come counts in both reports; `planned` says so.
    """
    question = QueryReader(request, *NAMES, also=OWN)
    authority = question.one_authority()
    query = FigureQuery(scope=question.scope())
    from_known = question.instant("from_known", needed=True)
    to_known = question.instant("to_known") or question.now
    accepted = question.instant("from_accepted"), question.instant("to_accepted")
    wanted = _wanted(question)
    limit, offset = question.page()
    question.raise_if_invalid()
    assert from_known is not None  # noqa: S101  (settled)
    instants = list(zip((from_known, to_known), accepted, strict=True))
    async with computing(request) as computation:
        memory = computation.memory
        counts = sum(len(counts_of(measure)) for measure, _ in wanted)
        await computation.weigh(cost.of_parts(counts, await memory.size(authority), len(instants)))
        readings = [await memory.reading(authority, *known_at) for known_at in instants]
        events = await memory.authorities.events(authority)

        def compared() -> tuple[list[dict[str, Any]], list[PartChange], list[tuple[int, int]]]:
            before, after = (
                Report(reading, known(events, *known_at)) for reading, known_at in zip(readings, instants, strict=True)
            )
            attribution = Attribution(before.events, after.events, query)
            moved, changes = _compare(wanted, before, after, query, attribution)
            shown_of_them = changes[offset : offset + limit]
            return moved, changes, [attribution.steps(change.key) for change in shown_of_them]

        moved, changes, steps = await computation.run(compared)
        await computation.weigh(cost.of_effects(steps))
        return await computation.run(_answer, question, authority, query, instants, moved, changes)


def _answer(
    question: QueryReader,
    authority: str,
    query: FigureQuery,
    instants: Sequence[tuple[datetime, datetime | None]],
    moved: list[dict[str, Any]],
    changes: Sequence[PartChange],
) -> Response:
    (from_known, from_accepted), (to_known, to_accepted) = instants
    accepted, (limit, offset) = (from_accepted, to_accepted), question.page()
    body: dict[str, Any] = {"authority": authority, "scope": query.scope}
    body |= {"from_known": said(from_known), "to_known": said(to_known)}
    for name, instant in zip(("from_accepted", "to_accepted"), accepted, strict=True):
        body |= {} if instant is None else {name: said(instant)}
    body["figures"] = moved
    body |= {"count": len(changes), "limit": limit, "offset": offset}
    body["changes"] = [_as_change(change) for change in changes[offset : offset + limit]]
    both = _both_pinned(question)
    body["links"] = {"pinned": pinned(question, **both)} | page_links(question, len(changes), limit, offset, **both)
    passing = ("links",) if question.text("to_known") else ("links", "to_known")
    return answer(question, body, _lines(body, _wanted(question)), passing=passing)


def _both_pinned(question: QueryReader) -> dict[str, Any]:
    """What pins both reports in place of the two instants of other questions."""
    now = said(question.now)
    given = {name: question.text(name) or now for name in ("to_known", "from_accepted", "to_accepted")}
    return {"as_known_at": None, "as_accepted_at": None, **given}


def _wanted(question: QueryReader) -> list[tuple[Measure, When]]:
    """The measures asked for, each with its time. Of all measures, those that the period does not fit are left out."""
    names = question.several("measure")
    for name in names:
        if name not in MEASURES:
            question.fault("measure", "is not a measure", f"one or more of {', '.join(MEASURES)}", name)
    chosen = [MEASURES[name] for name in names if name in MEASURES] or list(MEASURES.values())
    return question.whens(chosen, leave_out=not names)


def _compare(
    wanted: Sequence[tuple[Measure, When]], before: Report, after: Report, query: FigureQuery, attribution: Attribution
) -> tuple[list[dict[str, Any]], list[PartChange]]:
    figures: list[dict[str, Any]] = []
    changes: list[PartChange] = []
    whens = dict(wanted)
    for change in figure_changes(wanted, before, after, query):
        pause()
        measure, when = change.measure, whens[change.measure]
        is_count = isinstance(measure, Count)
        parts = part_changes(measure, when, before, after, query, attribution) if isinstance(measure, Count) else []
        changes += parts
        if change.before != change.after or parts:
            difference = {"difference": exact(sum(part.difference for part in parts))} if is_count else {}
            figures.append(_as_figure(change, when, before, after) | difference)
    return figures, changes


def _as_figure(change: FigureChange, when: When, before: Report, after: Report) -> dict[str, Any]:
    """A figure in both reports; `planned` says in which days counted that were still to come as known then."""
    measure, ends = change.measure, max(when.as_at, when.last)
    found: dict[str, Any] = {"measure": measure.name, "unit": measure.unit} | time_of(measure, when)
    for name, value in (("before", change.before), ("after", change.after)):
        found |= told(name, value, measure.unit)
        if "reason" in found:
            found[f"{name}_reason"] = found.pop("reason")
    if ends > before.reading.as_known_at.date():
        found["planned"] = "both" if ends > after.reading.as_known_at.date() else "before"
    return found


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
    found = as_event(moved.event) | {"effect": exact(moved.effect)}
    return found | ({"others": moved.others} if moved.others else {})


def _lines(body: dict[str, Any], wanted: Sequence[tuple[Measure, When]]) -> Lines:
    """The changes as a table: one line a part, with every dimension that a part of what was asked for can have."""
    of_any = {name for measure, _ in wanted for counted in counts_of(measure) for name in counted.dimensions}
    dimensions, own = [name for name in EVERY_DIMENSION if name in of_any], ("before", "after", "difference")
    lines = (
        [change["measure"], " ".join(change["subjects"])]
        + [change.get(name) for name in dimensions]
        + [Decimal(change[name]) for name in own]
        + [" ".join(named(event["source"], event["id"]) for event in change["events"])]
        + [" ".join(event["effect"] for event in change["events"])]
        for change in body["changes"]
    )
    return ["measure", "subjects", *dimensions, *own, "events", "effects"], lines
