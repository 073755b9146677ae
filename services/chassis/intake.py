"""The door of a publishing service: `POST /v1/events` takes CloudEvents and answers for each one.

Invariant: an event is answered `accepted` only after the transaction that put it into the journal has committed.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from contracts.catalogue import TOPIC_OF_TYPE, topics_owned_by
from contracts.envelope import Event, format_instant
from contracts.refusal import Fault, Refused
from services.chassis import journal
from services.chassis.authentication import Caller, Right
from services.chassis.cloud_events import BATCH, Incoming, media_type, read_request
from services.chassis.intake_document import intake_operation
from services.chassis.journal import Accepted, Conflict
from services.chassis.logs import get_log
from services.chassis.problems import JsonAnswer, Problem, faults_as_json
from services.chassis.runtime import Runtime, calling, runtime_of

log = get_log(__name__)

CLOCK_SKEW = timedelta(minutes=5)
"""How far ahead of ours a feed's clock may be."""

KINDS_OF_REFUSAL = {
    403: ("not-allowed", "This key may not feed this authority"),
    409: ("event-conflict", "The event does not fit what was accepted before"),
    422: ("event-refused", "The event is not as its contract says"),
}
"""The problem's kind and title, by the status of the answer to one event."""

Notes = Callable[[Runtime, list[Event]], Awaitable[dict[tuple[str, str], list[str]]]]
"""What a service wants to tell the sender about events it accepted, by (authority, event id)."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the sender is told about one event."""

    event_id: str | None
    status: str
    http_status: int
    body: dict[str, Any]


def intake_router(service: str, notes: Notes) -> APIRouter:
    """The routes by which a service takes in events. `notes` adds remarks on events that were accepted."""
    router = APIRouter(tags=["events"])

    @router.post("/v1/events", status_code=202, summary="Send events", openapi_extra=intake_operation(service))
    async def post_events(request: Request) -> JSONResponse:
        runtime = runtime_of(request)
        caller = calling(request)
        if Right.FEED not in caller.rights:
            raise Problem(403, "not-allowed", "Not allowed", f"This key has no right to send events ({Right.FEED}).")
        now = datetime.now(UTC)
        body = await read_body(request, runtime.settings.largest_request_bytes, "send several batches")
        try:
            incoming = read_request(request.headers, body, runtime.settings.largest_batch, now)
        except Refused as refusal:
            runtime.telemetry.rejected.labels("unreadable-request").inc()
            raise _unreadable(refusal) from None
        answers = await accept(runtime, service, caller, incoming, notes, now)
        if media_type(request.headers.get("content-type")) == BATCH:
            return _batch_answer(answers)
        return _single_answer(answers[0])

    return router


async def accept(
    runtime: Runtime, service: str, caller: Caller, incoming: list[Incoming], notes: Notes, now: datetime
) -> list[Answer]:
    """Check each event, put those that pass into the journal in one transaction, and answer for each, in order."""
    refusals = {index: _refusal(item, service, caller, now) for index, item in enumerate(incoming)}
    passed = [index for index, refusal in refusals.items() if refusal is None]
    outcomes: dict[int, journal.Outcome] = {}
    remarks: dict[tuple[str, str], list[str]] = {}
    if passed:
        pool = runtime.pool
        provenance = f"request {uuid4()}"
        async with pool.acquire() as connection, connection.transaction():
            found = await journal.append(connection, [incoming[index] for index in passed], provenance)
        outcomes = dict(zip(passed, found, strict=True))
        remarks = await notes(runtime, [_event(incoming[index]) for index in passed])
    return [
        _answer(runtime, item, refusals[index], outcomes.get(index), remarks) for index, item in enumerate(incoming)
    ]


def _event(item: Incoming) -> Event:
    assert item.event is not None  # noqa: S101  (a refusal was returned for those without)
    return item.event


def _refusal(item: Incoming, service: str, caller: Caller, now: datetime) -> tuple[str, Refused] | None:
    """Why an event is turned away at the door: a reason for the metrics, and the faults for the sender."""
    if item.refusal is not None:
        return "contract", item.refusal
    envelope = _event(item).envelope
    owner = TOPIC_OF_TYPE[envelope.type].owner
    if owner != service:
        accepted = ", ".join(event.event_type for topic in topics_owned_by(service) for event in topic.events)
        expected = f"to send it to {owner}; {service} accepts {accepted}"
        return "other-service", Refused(Fault("type", f"belongs to {owner}", expected, envelope.type))
    if not caller.may(Right.FEED, envelope.authority):
        fault = Fault("authority", "is not one this key may feed", f"authority {caller.authority}", envelope.authority)
        return "authority", Refused(fault)
    if envelope.time > now + CLOCK_SKEW:
        expected = "when the authority recorded it, not later than now; a date to come belongs into the data"
        return "future", Refused(Fault("time", "is in the future", expected, format_instant(envelope.time)))
    return None


def _answer(
    runtime: Runtime,
    item: Incoming,
    refusal: tuple[str, Refused] | None,
    outcome: journal.Outcome | None,
    remarks: dict[tuple[str, str], list[str]],
) -> Answer:
    telemetry = runtime.telemetry
    if refusal is not None:
        reason, refused = refusal
        telemetry.rejected.labels(reason).inc()
        http_status = 403 if reason == "authority" else 422
        return Answer(item.claimed_id, "rejected", http_status, {"faults": faults_as_json(refused.faults)})
    event = _event(item)
    if isinstance(outcome, Conflict):
        telemetry.rejected.labels("conflict").inc()
        return Answer(event.envelope.id, "rejected", 409, {"faults": faults_as_json((outcome.fault,))})
    assert isinstance(outcome, Accepted)  # noqa: S101
    counter, status, http_status = (
        (telemetry.already_known, "already-known", 200) if outcome.known else (telemetry.accepted, "accepted", 202)
    )
    counter.labels(event.envelope.type).inc()
    found = list(remarks.get((event.envelope.authority, event.envelope.id), []))
    if outcome.refers_to is not None:
        found.append(f"event {outcome.refers_to} has not come yet: until it does, this one changes nothing of it")
    body: dict[str, Any] = {"accepted_at": format_instant(outcome.accepted_at)} | ({"notes": found} if found else {})
    if not outcome.known:
        log.info("accepted", event_id=event.envelope.id, authority=event.envelope.authority, type=event.envelope.type)
    return Answer(event.envelope.id, status, http_status, body)


def _single_answer(answer: Answer) -> JSONResponse:
    if answer.status != "rejected":
        return JsonAnswer({"id": answer.event_id, "status": answer.status, **answer.body}, answer.http_status)
    faults = answer.body["faults"]
    detail = "; ".join(f"{fault['field']}: {fault['problem']}" for fault in faults)
    kind, title = KINDS_OF_REFUSAL[answer.http_status]
    return Problem(answer.http_status, kind, title, detail, id=answer.event_id, faults=faults).answer()


def _batch_answer(answers: list[Answer]) -> JSONResponse:
    results = [{"id": answer.event_id, "status": answer.status, **answer.body} for answer in answers]
    rejected = sum(answer.status == "rejected" for answer in answers)
    if rejected == 0:
        return JsonAnswer({"results": results}, 202)
    title = f"{rejected} of {len(answers)} events were rejected"
    detail = "Every event not listed as rejected was accepted. Mend the rejected ones and send those again."
    if rejected < len(answers):
        return JsonAnswer({"title": title, "detail": detail, "results": results}, 207)
    return Problem(422, "batch-refused", title, "No event was accepted.", results=results).answer()


def _unreadable(refusal: Refused) -> Problem:
    status = 415 if refusal.faults[0].field in ("Content-Type", "ce-specversion") else 400
    faults = faults_as_json(refusal.faults)
    return Problem(status, "request-unreadable", "The request cannot be read", str(refusal), faults=faults)


async def read_body(request: Request, largest: int, advice: str) -> bytes:
    """The body of a request. Raises a 413 problem, which says what to do instead, above so many bytes."""
    chunks = bytearray()
    async for chunk in request.stream():
        chunks += chunk
        if len(chunks) > largest:
            raise Problem(413, "too-large", "The request is too large", f"At most {largest} bytes; {advice}.")
    return bytes(chunks)
