"""What a figure is made of, down to the events and to where each came from.

Invariant: the amounts of the parts add up to the figure, exactly; an answer names pseudonyms, never persons.
"""

import re
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from contracts.envelope import Event
from contracts.standing import order_of_recording
from services.chassis.authentication import READING
from services.chassis.problems import Problem
from services.metrics.api import schemas
from services.metrics.api.computing import computing
from services.metrics.api.formats import Format
from services.metrics.api.measures import (
    EXAMPLE as FIGURE_EXAMPLE,
)
from services.metrics.api.measures import (
    FigureRequest,
    MeasureName,
    declared,
    refuse_nothing,
    wanted,
)
from services.metrics.api.parameters import AsKnown, Counted, OfATime, OfOneAuthority, Paged, said
from services.metrics.api.query import KNOWN
from services.metrics.api.responses import answer, page_links, pinned, responses
from services.metrics.api.tables import event_lines, part_lines, term_lines
from services.metrics.api.telling import marked, time_of, told
from services.metrics.figures.explanation import Explained, explain
from services.metrics.figures.figures import Figures, figures
from services.metrics.figures.reading import FigureQuery, Reading, narrowed
from services.metrics.measures.catalogue import counts_of
from services.metrics.measures.declaration import Count, Kind, Rate, When, exact
from services.metrics.read_models import cost
from services.metrics.reasons import Reason, Value
from services.metrics.snapshot.amounts import ONE
from services.metrics.snapshot.snapshot import Snapshot, known

router = APIRouter(tags=["explanations"], dependencies=[READING])

EXAMPLE = {
    **{name: value for name, value in FIGURE_EXAMPLE.items() if name not in ("by", "rows", "total", "links")},
    "as_at": "2023-10-31",
    "as_known_at": "2023-11-30T12:00:00Z",
    "total": 22.5,
    "exact": "22.5",
    "count": 21,
    "limit": 1,
    "offset": 0,
    "parts": [
        {
            "amount": "0.5",
            "since": "2023-02-14",
            "until": None,
            "subjects": ["post/P-0412"],
            "role": "social-worker",
            "made_of": [
                {"subject": "post/P-0412", "as": "establishment", "amount": "1"},
                {"subject": "worker/W-0211", "as": "in-post", "amount": "0.5"},
            ],
        }
    ],
    "links": {
        "pinned": "/v1/measures/vacancies/explanation?authority=331&as_at=2023-10-31&limit=1"
        "&as_known_at=2023-11-30T12:00:00Z&as_accepted_at=2023-11-30T12:00:00Z",
        "events_of_subject": "/v1/subjects/{subject}?authority=331&as_known_at=2023-11-30T12:00:00Z"
        "&as_accepted_at=2023-11-30T12:00:00Z",
    },
}
SUBJECT_EXAMPLE = {
    "subject": "worker/W-0211",
    "authority": "331",
    "as_known_at": "2023-11-30T12:00:00Z",
    "numbers": ["W-0211"],
    "count": 1,
    "limit": 100,
    "offset": 0,
    "events": [
        {
            "id": "demo-000412",
            "type": "uk.workforce.worker.started.v1",
            "subject": "worker/W-0211",
            "stands": True,
            "recorded": "2023-02-10T09:31:00Z",
            "accepted": "2023-02-10T20:00:01Z",
            "source": "/coventry/hr",
            "provenance": "request 5f0c4a1e",
            "data": {"started_on": "2023-02-14", "post": "P-0412", "fte": 0.5},
        }
    ],
    "links": {
        "pinned": "/v1/subjects/worker/W-0211?authority=331"
        "&as_known_at=2023-11-30T12:00:00Z&as_accepted_at=2023-11-30T12:00:00Z"
    },
}


class ExplanationParameters(OfOneAuthority, OfATime, AsKnown, Counted, Paged):
    """What determines a figure that is explained, and how much of it is told."""


SUBJECT_KIND, IDENTIFIER = "^[a-z][a-z-]{0,30}$", "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"


class SubjectParameters(OfOneAuthority, AsKnown, Paged):
    """Whose events are told, and how many."""

    def check(self) -> None:
        """The path is read with the query, so that all that is wrong with both is told at once."""
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
    responses=responses(EXAMPLE, schema=schemas.EXPLANATION),
    openapi_extra=ExplanationParameters.documented(),
)
async def get_explanation(request: Request, measure: MeasureName) -> Response:
    """The posts, workers and assignments that make up a figure, each with its amount; of a rate, its counts.

    Give the values of dimensions (role=social-worker, say) to have one row of a table explained. Every subject can be
    asked for its events at `/v1/subjects/…`.
    """
    declaration = declared(measure)
    question = ExplanationParameters(request)
    requested, when = wanted(question, declaration), question.when(declaration)
    question.raise_if_invalid()
    async with computing(request) as computation:
        memory = computation.memory
        counts = counts_of(declaration)
        # Once for the figure, and once for its parts.
        await computation.weigh(cost.of_parts(2 * len(counts), await memory.size(requested.authority), 1))
        reading = await memory.reading(requested.authority, requested.as_known_at, requested.as_accepted_at)
        result = await computation.run(figures, declaration, [reading], [when], requested.query)
        await refuse_nothing(computation, requested, result)
        return await computation.run(_answer, question, requested, when, reading, result)


def _answer(
    question: ExplanationParameters,
    requested: FigureRequest,
    when: When,
    reading: Reading,
    result: Figures,
) -> Response:
    """The answer with the parts of a count, or the terms of a rate."""
    measure, (limit, offset) = requested.measure, question.page()
    body = requested.facts() | time_of(measure, when) | requested.instants()
    total = result.totals[0]
    body |= told("total", total, measure.unit) | marked(measure, total, "total_mark")
    if isinstance(measure, Rate):
        body["terms"] = _terms(question, measure, reading, when, requested)
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
    """A count to its last millionth; None where there is none."""
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


def _terms(
    question: ExplanationParameters, rate: Rate, reading: Reading, when: When, requested: FigureRequest
) -> list[dict[str, Any]]:
    """The counts a rate is made of, each with the link that explains it."""
    scope = rate.scope or requested.query.scope
    query = FigureQuery((), requested.query.where, scope)
    explained = []
    for side, terms in (("numerator", rate.numerator), ("denominator", rate.denominator)):
        for term in terms:
            counted = declared(term.measure)
            assert isinstance(counted, Count)  # noqa: S101
            amount = figures(counted, [reading], [when], narrowed(query, counted)).totals[0]
            not_of_term = [name for name in query.where or {} if name not in counted.dimensions]
            time: dict[str, Any] = {"from": when.first, "to": when.last}
            if counted.kind is Kind.STOCK:
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
    """Every event known of it, whether it stands, when it was recorded and accepted, and the request or file that
    brought it. A worker whose numbers were merged is one person: the events of all numbers are given.
    """
    question = SubjectParameters(request)
    question.raise_if_invalid()
    authority = question.authority
    async with computing(request) as computation:
        authorities = computation.memory.authorities
        await computation.weigh(cost.of_snapshot(await computation.memory.size(authority)))
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
        detail = (
            f"No event of {kind}/{identifier} in authority {question.authority} was known at {said(question.known_at)}."
        )
        raise Problem(404, "no-such-subject", "Nothing is known of it", detail)
    body: dict[str, Any] = {"subject": f"{kind}/{identifier}", "authority": question.authority} | question.instants()
    body |= {"numbers": numbers} if kind == "worker" else {}
    body |= {"count": len(of_it), "limit": limit, "offset": offset}
    body["events"] = as_events(of_it[offset : offset + limit], snapshot)
    body["links"] = {"pinned": pinned(question)} | page_links(question, len(of_it), limit, offset)
    return answer(question, body, event_lines(body))


def as_events(events: Sequence[Event], snapshot: Snapshot) -> list[dict[str, Any]]:
    """Events as answers show them, with whether each stands in a snapshot."""
    standing = {event.identity for event in snapshot.standing}
    return [as_event(event) | {"stands": event.identity in standing} for event in events]


def as_event(event: Event) -> dict[str, Any]:
    """One event as answers show it."""
    envelope = event.envelope
    body: dict[str, Any] = {
        "id": envelope.id,
        "type": envelope.type,
        "subject": envelope.subject,
        "recorded": said(envelope.time),
        "accepted": None if envelope.acceptedtime is None else said(envelope.acceptedtime),
        "source": envelope.source,
        "provenance": envelope.provenance,
    }
    for name in ("sourcesequence", "supersedes", "supersedessource", "voids", "voidssource"):
        value = getattr(envelope, name)
        body |= {} if value is None else {name: value}
    return body | {"data": event.data.model_dump(mode="json", exclude_none=True)}
