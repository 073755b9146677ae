"""What events would do to the figures, asked before anybody sends them.

Invariant: nothing is stored. The figures afterwards are those that would follow if the doors had accepted these
events.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
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
from services.metrics.api.examples.figures import EFFECTS_EXAMPLE
from services.metrics.api.figure_json import figure_json, time_of
from services.metrics.api.parameters import ABOVE, MONTHS, SCOPE, OfADay
from services.metrics.api.query import ReadQuery
from services.metrics.api.responses import answer, responses
from services.metrics.api.tables import effect_lines
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
"""The most JSON values in a question, for each event that it may hold. Real events have about twenty. A question may
have ten times as many events as a batch for the doors."""
MOST_REJECTED = 100
"""The most rejected events that are listed with a reason."""


class _OfMeasures(ReadQuery):
    """Of which measures."""

    scope = SCOPE
    months = MONTHS
    above = ABOVE
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
        return [
            (measure, replace(when_at(measure, self.day, EARLIEST_DATE, self.months), above=self.above))
            for measure in measures
        ]


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
ANSWERS = WITH_A_BODY | refusals({400: "The request cannot be read."}) | responses(EFFECTS_EXAMPLE, schema=EFFECTS)
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
    """Measures as at a date, as they are and as they would be with these events. Nothing is stored. Events that
    would be rejected are listed, and do not count. Events that are known already do not count either.
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
    read_cache, authority, whens = computation.read_cache, question.authority, question.whens()
    counts = sum(len(counts_of(measure)) for measure, _ in whens)
    await computation.weigh(cost.of_parts(counts, await read_cache.size(authority), 2))
    report = authority, question.known_at, question.as_accepted_at
    batch = await computation.run(
        arriving, incoming, await read_cache.authorities.events(authority), authority, question.now
    )
    await computation.weigh(cost.of_arriving(len(batch.new), counts))
    before = await read_cache.authorities.snapshot(*report)

    def compared() -> Sequence[FigureChange]:
        after = Snapshot([*before.events, *known(batch.new, question.known_at)], before)
        return figure_changes(
            whens, _report(question, before), _report(question, after), FigureQuery(scope=question.scope)
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
    """A figure as it is shown; for a count the exact amount too."""
    of_a_count = isinstance(measure, Count) and not isinstance(value, Reason)
    return figure_json("value", value, measure.unit) | ({"exact": exact(int(value * ONE))} if of_a_count else {})
