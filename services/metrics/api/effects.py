"""What events would do to the figures, asked before anybody sends them.

Invariant: nothing is stored; the figures after are those that would stand, had the doors accepted these events.
"""

from collections.abc import Iterator, Sequence
from typing import Any, cast

from fastapi import APIRouter, Request, Response

from contracts.refusal import Refused
from contracts.values import EARLIEST_DATE
from services.chassis.authentication import READING
from services.chassis.cloud_events import BATCH, STRUCTURED, Incoming, read_request
from services.chassis.documentation import REFERENCE, WITH_A_BODY, record, refusals, several
from services.chassis.intake import unreadable
from services.chassis.query import Parameter
from services.chassis.query import several as several_of
from services.chassis.runtime import runtime_of
from services.metrics.api import schemas
from services.metrics.api.arriving import Arriving, arriving
from services.metrics.api.computing import Computation, computing
from services.metrics.api.parameters import MONTHS, SCOPE, OfADay
from services.metrics.api.query import AskedQuery
from services.metrics.api.responses import answer, responses
from services.metrics.api.tables import effect_lines
from services.metrics.api.telling import time_of, told
from services.metrics.figures.changes import FigureChange, Report, figure_changes
from services.metrics.figures.periods import when_at
from services.metrics.figures.reading import FigureQuery, Reading
from services.metrics.measures.catalogue import MEASURES, counts_of
from services.metrics.measures.declaration import Count, Measure, When, exact
from services.metrics.quality.effect import STOCKS
from services.metrics.read_models import cost
from services.metrics.reasons import Reason, Value
from services.metrics.settings import ServiceSettings
from services.metrics.snapshot.amounts import ONE
from services.metrics.snapshot.snapshot import Snapshot, known

router = APIRouter(tags=["effects"], dependencies=[READING])

VALUES_OF_AN_EVENT = 50
"""Values in a question for each event that it may hold: honest ones have about twenty, and a question has ten times as
many events as a batch for the doors."""
MOST_REJECTED = 100
"""Events that would be rejected, of which is told why."""


class _OfMeasures(AskedQuery):
    """Of which measures."""

    scope = SCOPE
    months = MONTHS
    measure = Parameter(
        "measure",
        "Which measures; who and what stands where (vacancies, in post, agency and its cover) if left out. Repeat, or "
        "join by commas.",
        several_of(
            {"type": "string", "enum": list(MEASURES)},
            f"one or more of {', '.join(MEASURES)}",
            MEASURES.__contains__,
            problem="is not a measure",
        ),
        ["vacancies"],
    )


class EffectsParameters(OfADay, _OfMeasures):
    """As at which date, known when, and of which measures."""

    def whens(self) -> list[tuple[Measure, When]]:
        """The measures, each with its time."""
        measures: Sequence[Measure] = [MEASURES[name] for name in self.measure] or STOCKS
        return [(measure, when_at(measure, self.day, EARLIEST_DATE, self.months)) for measure in measures]


_FIGURE = record({"value": schemas.NUMBER}, {"exact": schemas.EXACT} | schemas.WHY)
_REJECTED = record(
    {
        "position": schemas.WHOLE | {"description": "Which event of the batch, from 0 on."},
        "id": schemas.or_null(schemas.TEXT),
        "source": schemas.or_null(schemas.TEXT),
        "faults": several({"$ref": REFERENCE.format(model="Fault")}),
    },
    {"faults_left_out": {"type": "integer", "minimum": 1, "description": "How many faults more there are."}},
)
EFFECTS = record(
    {"authority": schemas.AUTHORITY, "as_at": schemas.DATE, "scope": schemas.SCOPE}
    | schemas.KNOWN
    | {
        "events": record(dict.fromkeys(("sent", "new", "already_known", "rejected"), schemas.WHOLE)),
        "figures": several(
            record(
                {"measure": {"enum": list(MEASURES)}, "title": schemas.TEXT, "unit": schemas.UNIT}
                | {"before": _FIGURE, "after": _FIGURE},
                {"difference": schemas.EXACT | {"description": "After minus before, of a count."}} | schemas.TIME,
            )
        ),
        "rejected": several(_REJECTED),
    },
    schemas.ACCEPTED,
)
EXAMPLE: dict[str, Any] = {
    "authority": "331",
    "as_at": "2023-10-31",
    "as_known_at": "2023-11-30T12:00:00Z",
    "scope": "all",
    "events": {"sent": 3, "new": 1, "already_known": 1, "rejected": 1},
    "figures": [
        {
            "measure": "vacancies",
            "title": "Vacancies",
            "unit": "FTE",
            "as_at": "2023-10-31",
            "before": {"value": 22.5, "exact": "22.5"},
            "after": {"value": 23.5, "exact": "23.5"},
            "difference": "1",
        }
    ],
    "rejected": [
        {
            "position": 2,
            "id": "post-4",
            "source": "/coventry/hr",
            "faults": [
                {
                    "field": "data.funded_fte",
                    "problem": "is not as the contract says",
                    "expected": "a number of at most 1",
                    "value": "1.5",
                }
            ],
        }
    ],
}
BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "Events as recruitment and retention take them, of either or both, all of the authority that is "
        "asked for; plain, or as gzip or deflate.",
        "content": {
            BATCH: {"schema": several({"description": "A CloudEvent."})},
            STRUCTURED: {"schema": {"type": "object"}},
        },
    }
}
ANSWERS = WITH_A_BODY | refusals({400: "The request cannot be read."}) | responses(EXAMPLE, schema=EFFECTS)
for _status in (304, 404):
    # Nobody holds an answer to what was sent, and of an authority of which nothing is known yet there is one.
    ANSWERS.pop(_status)


@router.post(
    "/v1/effects",
    summary="What events would do to the figures, were they accepted",
    responses=ANSWERS,
    openapi_extra=EffectsParameters.documented() | BODY,
)
async def post_effects(request: Request) -> Response:
    """Measures as at a date as they are, and as they would be with these events. Nothing is stored. An event that would
    be rejected at the doors is told, and does not count; nor does one that is known already.
    """
    question = EffectsParameters(request)
    question.raise_if_invalid()
    runtime = runtime_of(request)
    settings = cast(ServiceSettings, runtime.settings)
    async with runtime.bodies.reading(request, settings.largest_request_bytes, "ask of fewer events at once") as body:
        try:
            incoming = read_request(
                request.headers, body, settings.largest_effects_batch, question.now, VALUES_OF_AN_EVENT
            )
        except Refused as refusal:
            raise unreadable(refusal) from None
        async with computing(request) as computation:
            return await _effects(computation, question, incoming)


async def _effects(computation: Computation, question: EffectsParameters, incoming: Iterator[Incoming]) -> Response:
    """The answer to a question about these events."""
    memory, authority, wanted = computation.memory, question.authority, question.whens()
    counts = sum(len(counts_of(measure)) for measure, _ in wanted)
    await computation.weigh(cost.of_parts(counts, await memory.size(authority), 2))
    report = authority, question.known_at, question.as_accepted_at
    batch = await computation.run(
        arriving, incoming, await memory.authorities.events(authority), authority, question.now
    )
    await computation.weigh(cost.of_arriving(len(batch.new), counts))
    before = await memory.authorities.snapshot(*report)

    def compared() -> Sequence[FigureChange]:
        after = Snapshot([*before.events, *known(batch.new, question.known_at)], before)
        return figure_changes(
            wanted, _report(question, before), _report(question, after), FigureQuery(scope=question.scope)
        )

    return await computation.run(_answer, question, batch, await computation.run(compared))


def _report(question: EffectsParameters, snapshot: Snapshot) -> Report:
    return Report(Reading(question.authority, question.known_at, lambda: snapshot), snapshot.events)


def _answer(question: EffectsParameters, batch: Arriving, changes: Sequence[FigureChange]) -> Response:
    body: dict[str, Any] = {"authority": question.authority} | question.facts() | {"scope": question.scope}
    body["events"] = batch.counted()
    whens = dict(question.whens())
    body["figures"] = [_as_figure(change, whens[change.measure]) for change in changes]
    body["rejected"] = [rejected.as_json() for rejected in batch.rejected[:MOST_REJECTED]]
    return answer(question, body, effect_lines(body))


def _as_figure(change: FigureChange, when: When) -> dict[str, Any]:
    measure, before, after = change
    figure: dict[str, Any] = {"measure": measure.name, "title": measure.title, "unit": measure.unit}
    figure |= time_of(measure, when) | {"before": _side(measure, before), "after": _side(measure, after)}
    if isinstance(measure, Count) and not isinstance(before, Reason) and not isinstance(after, Reason):
        figure["difference"] = exact(int((after - before) * ONE))
    return figure


def _side(measure: Measure, value: Value) -> dict[str, Any]:
    """A figure as it is shown, and of a count exactly."""
    of_a_count = isinstance(measure, Count) and not isinstance(value, Reason)
    return told("value", value, measure.unit) | ({"exact": exact(int(value * ONE))} if of_a_count else {})
