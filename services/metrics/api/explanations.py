"""What a figure is made of, down to the events and to where each came from.

Invariant: the amounts of the parts add up to the figure, exactly; an answer names pseudonyms, never persons.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from contracts.catalogue import EVENT_MODELS
from contracts.envelope import Event, format_instant
from contracts.in_force import order_of_recording
from contracts.near_names import near_first
from contracts.values import EARLIEST_DATE
from services.chassis.authentication import READING
from services.chassis.problems import Problem
from services.metrics.api import schemas
from services.metrics.api.computing import computing
from services.metrics.api.examples.figures import EXPLANATION_EXAMPLE, SUBJECT_EXAMPLE
from services.metrics.api.figure_json import figure_json, marked, time_of
from services.metrics.api.formats import Format
from services.metrics.api.measures import (
    FigureRequest,
    MeasureName,
    answered,
    declared,
    request_of,
)
from services.metrics.api.parameters import AsKnown, Counted, OfATime, OfOneAuthority, Paged
from services.metrics.api.query import KNOWN
from services.metrics.api.responses import answer, page_links, pinned, responses
from services.metrics.api.tables import event_lines, part_lines, term_lines
from services.metrics.figures.explanation import Explained, explain
from services.metrics.figures.figures import Figures, FigureSums
from services.metrics.figures.reading import Reading
from services.metrics.measures.catalogue import counts_of
from services.metrics.measures.declaration import Count, Kind, Rate, When, exact
from services.metrics.read_models import cost
from services.metrics.reasons import Reason, Value
from services.metrics.snapshot.amounts import ONE
from services.metrics.snapshot.employment import Scope
from services.metrics.snapshot.snapshot import Snapshot, known

router = APIRouter(tags=["explanations"], dependencies=[READING])


class ExplanationParameters(OfOneAuthority, OfATime, AsKnown, Counted, Paged):
    """What determines the explained figure, and which page of its parts."""


SUBJECT_KINDS = sorted({model.subject_kind for model in EVENT_MODELS.values()})
"""What events are about."""
SUBJECT_KIND, IDENTIFIER = "^[a-z][a-z-]{0,30}$", "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"


class SubjectParameters(OfOneAuthority, AsKnown, Paged):
    """Whose events are figure_json, and how many."""

    def check(self) -> None:
        """The path is read with the query, so that everything wrong with both is reported at once."""
        super().check()
        for name, pattern, expected in (
            ("kind", SUBJECT_KIND, "small letters and hyphens, at most 31, as worker"),
            ("identifier", IDENTIFIER, "letters, digits, dots, underscores and hyphens, at most 64, as W-0001"),
        ):
            text = self.request.path_params[name]
            if re.fullmatch(pattern, text) is None:
                self.fault(name, "cannot be read", expected, text)


@router.get(
    "/v1/measures/{measure}/explanation",
    summary="What one figure is made of",
    responses=responses(EXPLANATION_EXAMPLE, schema=schemas.EXPLANATION),
    openapi_extra=ExplanationParameters.documented(),
)
async def get_explanation(request: Request, measure: MeasureName) -> Response:
    """The posts, workers and assignments that make up a figure, each with its amount; for a rate, its counts.

    To explain one row of a table, give the values of its dimensions (role=social-worker, for example).
    `/v1/subjects/…` gives the events of every subject.
    """
    declaration = declared(measure)
    question = ExplanationParameters(request)
    requested, when = request_of(question, declaration), question.when(declaration)
    question.raise_if_invalid()
    async with computing(request) as computation:
        read_cache = computation.read_cache
        counts = counts_of(declaration)
        # Once for the figure, and once for its parts.
        await computation.weigh(cost.of_parts(2 * len(counts), await read_cache.size(requested.authority), 1))
        reading = await read_cache.reading(requested.authority, requested.as_known_at, requested.as_accepted_at)
        sums = FigureSums([declaration], [when], replace(requested.query, scope=_scope(requested)))
        await computation.run(sums.add, [reading])
        return await answered(computation, requested, sums, partial(_answer, question, requested, when, reading, sums))


def _answer(
    question: ExplanationParameters,
    requested: FigureRequest,
    when: When,
    reading: Reading,
    sums: FigureSums,
    result: Figures,
) -> Response:
    """The answer with the parts of a count, or the terms of a rate."""
    measure, (limit, offset) = requested.measure, question.page()
    body = requested.facts() | time_of(measure, when) | requested.instants()
    total = result.totals[0]
    body |= figure_json("total", total, measure.unit) | marked(measure, total, "total_mark")
    if isinstance(measure, Rate):
        body["terms"] = _terms(question, measure, sums, when, requested)
        body["links"] = {"pinned": pinned(question)}
        # The links of the terms say the instant at which they were made.
        terms = [(term["measure"], term["side"], term["sign"], term["exact"]) for term in body["terms"]]
        return answer(question, body, term_lines(body), passing=("links", "terms"), lasting_too=terms)
    # Of a figure that there is not there are no parts.
    parts = [] if isinstance(total, Reason) else explain(measure, reading, when, requested.query)
    body |= {"exact": _exactly(total), "count": len(parts), "limit": limit, "offset": offset}
    shown_parts = [] if question.format is not Format.JSON else parts[offset : offset + limit]
    body["parts"] = [as_part(part) for part in shown_parts]
    body["links"] = {
        "pinned": pinned(question),
        # One template for all parts: `subject` is any of their subjects, as it stands.
        "events_of_subject": pinned(question, "/v1/subjects/{subject}", ("authority", *KNOWN)),
    } | page_links(question, len(parts), limit, offset)
    return answer(question, body, part_lines(parts, measure.dimensions))


def _exactly(value: Value) -> str | None:
    """A count to the last millionth; None if there is none."""
    return None if isinstance(value, Reason) else exact(int(value * ONE))


def as_part(part: Explained) -> dict[str, Any]:
    """One part as answers show it."""
    body: dict[str, Any] = {
        "amount": exact(part.amount),
        "since": part.since.isoformat(),
        "until": None if part.until is None else part.until.isoformat(),
        "subjects": list(part.subjects),
        **part.dimensions,
    }
    if part.made_of:
        body["made_of"] = [
            {"subject": item.subject, "as": item.counts_as, "amount": exact(item.amount)} for item in part.made_of
        ]
    return body


def _scope(requested: FigureRequest) -> Scope:
    """The scope in which the counts of a measure are counted."""
    return requested.measure.scope or requested.query.scope


def _terms(
    question: ExplanationParameters, rate: Rate, sums: FigureSums, when: When, requested: FigureRequest
) -> list[dict[str, Any]]:
    """The counts a rate is made of, each with the link that explains it."""
    scope, where = _scope(requested), requested.query.where or {}
    explained = []
    for side, terms in (("numerator", rate.numerator), ("denominator", rate.denominator)):
        for term in terms:
            counted = declared(term.measure)
            assert isinstance(counted, Count)  # noqa: S101
            amount = sums.figures(counted).totals[0]
            not_of_term = [name for name in where if name not in counted.dimensions]
            time: dict[str, Any] = {"from": when.first, "to": when.last}
            if counted.kind is Kind.STOCK:
                time = {"as_at": when.as_at, "from": None, "to": None}
            elif when.first < EARLIEST_DATE:
                # The year up to a date so early began before the dates that can be asked for.
                time = {"as_at": when.as_at, "from": None, "to": None}
            elif counted.all_time:
                time["as_at"] = when.as_at
            path = f"/v1/measures/{counted.name}/explanation"
            link = pinned(
                question, path, scope=scope, census_year=None, financial_year=None, months=when.months, limit=None,
                offset=None, **({"as_at": None} | time), **dict.fromkeys(not_of_term),
            )  # fmt: skip
            explained.append(
                {
                    "measure": counted.name,
                    "title": counted.title,
                    "side": side,
                    "sign": term.sign,
                    "exact": _exactly(amount),
                    "unit": counted.unit,
                    "explanation": link,
                }
                | ({"reason": amount} if isinstance(amount, Reason) else {})
            )
    return explained


@router.get(
    "/v1/subjects/{kind}/{identifier}",
    summary="The events of one post, worker or assignment",
    responses=responses(SUBJECT_EXAMPLE, schema=schemas.SUBJECT),
    openapi_extra=SubjectParameters.documented(),
)
async def get_subject(
    request: Request,
    kind: Annotated[
        str,
        Path(
            description="post, worker, cover, and so on.",
            examples=["worker"],
            json_schema_extra={"pattern": SUBJECT_KIND},
        ),
    ],
    identifier: Annotated[
        str,
        Path(
            description="The pseudonymous identifier.", examples=["W-0001"], json_schema_extra={"pattern": IDENTIFIER}
        ),
    ],
) -> Response:
    """Every known event of the subject: whether it is in force, when it was recorded and accepted, and the request or
    file that brought it. A worker whose numbers were merged is one person: the events of all numbers are given.
    """
    question = SubjectParameters(request)
    question.raise_if_invalid()
    authority = question.authority
    async with computing(request) as computation:
        authorities = computation.read_cache.authorities
        await computation.weigh(cost.of_snapshot(await computation.read_cache.size(authority)))
        snapshot = await authorities.snapshot(authority, question.known_at, question.as_accepted_at)
        events = await authorities.events(authority)
        return await computation.run(_answer_of_subject, question, (kind, identifier), snapshot, events)


def _answer_of_subject(
    question: SubjectParameters,
    subject: tuple[str, str],
    snapshot: Snapshot,
    all_events: Sequence[Event],
) -> Response:
    (kind, identifier), (limit, offset) = subject, question.page()
    events = known(all_events, question.known_at, question.as_accepted_at)
    numbers = snapshot.numbers(snapshot.person(identifier)) if kind == "worker" else [identifier]
    subjects = {f"{kind}/{number}" for number in numbers}
    of_it = sorted((event for event in events if event.envelope.subject in subjects), key=order_of_recording)
    if not of_it:
        known_at = format_instant(question.known_at)
        detail = f"No event of {kind}/{identifier} in authority {question.authority} was known at {known_at}."
        if kind not in SUBJECT_KINDS:
            right = near_first(kind, SUBJECT_KINDS, f"one of {', '.join(SUBJECT_KINDS)}")
            detail += f" There are no events of a {kind}; right would be: {right}."
        raise Problem(404, "no-such-subject", "Nothing is known of it", detail)
    body: dict[str, Any] = {"subject": f"{kind}/{identifier}", "authority": question.authority} | question.instants()
    body |= {"numbers": numbers} if kind == "worker" else {}
    body |= {"count": len(of_it), "limit": limit, "offset": offset}
    body["events"] = as_events(of_it[offset : offset + limit], snapshot)
    body["links"] = {"pinned": pinned(question)} | page_links(question, len(of_it), limit, offset)
    return answer(question, body, event_lines(body))


def as_events(events: Sequence[Event], snapshot: Snapshot) -> list[dict[str, Any]]:
    """Events as answers show them, with whether each is in force in a snapshot."""
    in_force = {event.identity for event in snapshot.in_force}
    return [as_event(event) | {"in_force": event.identity in in_force} for event in events]


def as_event(event: Event) -> dict[str, Any]:
    """One event as answers show it."""
    envelope = event.envelope
    body: dict[str, Any] = {
        "id": envelope.id,
        "type": envelope.type,
        "subject": envelope.subject,
        "recorded": format_instant(envelope.time),
        "accepted": None if envelope.acceptedtime is None else format_instant(envelope.acceptedtime),
        "source": envelope.source,
        "provenance": envelope.provenance,
    }
    for name in ("sourcesequence", "supersedes", "supersedessource", "voids", "voidssource"):
        value = getattr(envelope, name)
        body |= {} if value is None else {name: value}
    return body | {"data": event.data.model_dump(mode="json", exclude_none=True)}
