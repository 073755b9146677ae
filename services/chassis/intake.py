"""The door of a publishing service: `POST /v1/events` takes CloudEvents and answers for each one.

Invariant: an event is answered `accepted` only after the transaction that put it into the journal has committed.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from uuid import uuid4

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from contracts.catalogue import TOPIC_OF_TYPE, topics_owned_by
from contracts.envelope import Envelope, Event, format_instant
from contracts.refusal import Fault, Refused, and_more
from services.chassis import journal
from services.chassis.authentication import FEEDING, Caller, Right, authenticated_caller
from services.chassis.bodies import media_type
from services.chassis.cloud_events import BATCH, Claimed, Incoming, Parsed, Rejected, read_request
from services.chassis.intake_document import intake_operation
from services.chassis.journal import Accepted, Conflict
from services.chassis.logs import get_log
from services.chassis.problems import LONGEST_ECHO, JsonAnswer, Problem, beginning, faults_as_json
from services.chassis.remarks import LookedUpTogether, Notes, Remarks
from services.chassis.runtime import SMALL_REQUEST, Runtime, runtime_of

log = get_log(__name__)

CLOCK_SKEW = timedelta(minutes=5)
"""How far ahead of ours a feed's clock may be."""

CHECKED_AT_ONCE = 100
"""Events of a batch that are checked (for some milliseconds) before other tasks get a turn."""

IDS_OF_A_LINE = 100
"""Most ids of accepted events in one line of the log."""

MOST_FAULTS_OF_A_BATCH = 500
"""Once so many faults of a batch are listed, only the first fault of each further event is."""

KINDS_OF_REFUSAL = {
    403: ("not-allowed", "This key may not feed this authority"),
    409: ("event-conflict", "The event does not fit what was accepted before"),
    422: ("event-refused", "The event is not as its contract says"),
}
"""The problem's kind and title, by the status of the answer to one event."""


@dataclass(frozen=True, slots=True)
class TurnedAway:
    """An event that is not accepted: `reason` for the metrics, the faults for the sender."""

    reason: str
    claimed: Claimed
    refusal: Refused


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to the sender about one event."""

    event_id: str | None
    source: str | None
    status: str
    http_status: int
    body: dict[str, Any]


def intake_router(service: str, notes: Notes) -> APIRouter:
    """The routes by which a service takes in events. `notes` adds remarks on events that were accepted."""
    router = APIRouter(tags=["events"], dependencies=[FEEDING])
    notes_together = LookedUpTogether(notes)

    @router.post("/v1/events", status_code=202, summary="Send events", openapi_extra=intake_operation(service))
    async def post_events(request: Request) -> JSONResponse:
        """Takes one event or a batch. An event answered `accepted` will not be lost; if it is sent again, the answer
        is `already-known`.
        """
        runtime = runtime_of(request)
        caller = authenticated_caller(request)
        now = datetime.now(UTC)
        largest = runtime.settings.largest_request_bytes
        async with (
            runtime.bodies.reading(request, largest, "send several batches") as body,
            _turn(runtime, caller, body),
        ):
            attests = Right.ATTEST in caller.rights
            try:
                incoming = read_request(request.headers, body, runtime.settings.largest_batch, now, attests=attests)
            except Refused as refusal:
                runtime.telemetry.rejected.labels("unreadable-request").inc()
                raise unreadable(refusal) from None
            answers = await accept(runtime, service, caller, await _checked(incoming), notes_together, now)
        if media_type(request.headers.get("content-type")) == BATCH:
            return _batch_answer(answers)
        return _single_answer(answers[0])

    return router


def _turn(runtime: Runtime, caller: Caller, body: bytes) -> AbstractAsyncContextManager[None]:
    """The turn of a request to be checked. A small request does not wait."""
    return nullcontext() if len(body) <= SMALL_REQUEST else runtime.large_requests.slot(caller.name)


async def _checked(incoming: Iterator[Incoming]) -> list[Incoming]:
    """The events of a request, checked. Other tasks get a turn in between."""
    checked: list[Incoming] = []
    while some := list(islice(incoming, CHECKED_AT_ONCE)):
        checked += some
        await asyncio.sleep(0)
    return checked


async def accept(
    runtime: Runtime, service: str, caller: Caller, incoming: list[Incoming], notes: Notes, now: datetime
) -> list[Answer]:
    """Check each event, put those that pass into the journal in one transaction, and return an answer for each, in
    order.
    """
    checked = [_at_the_door(item, service, caller, now) for item in incoming]
    passed = [item for item in checked if isinstance(item, Parsed)]
    outcomes: Sequence[journal.Outcome] = ()
    remarks: Remarks = {}
    if passed:
        outcomes = await runtime.journal.append(caller.name, journal.entries(passed, f"request {uuid4()}"))
        taken = [
            (item.event, outcome.known)
            for item, outcome in zip(passed, outcomes, strict=True)
            if isinstance(outcome, Accepted)
        ]
        _tell_accepted(runtime, taken)
        remarks = await notes(runtime, [event for event, _ in taken]) if taken else {}
    of_passed = iter(outcomes)
    return [
        _answer(runtime, item.event, next(of_passed), remarks)
        if isinstance(item, Parsed)
        else _answer_turned_away(runtime, item)
        for item in checked
    ]


def _tell_accepted(runtime: Runtime, taken: Iterable[tuple[Event, bool]]) -> None:
    """Count and log the events of a request that were accepted; those that were known are counted."""
    alike: defaultdict[tuple[str, str, str, bool], list[str]] = defaultdict(list)
    for event, known in taken:
        envelope = event.envelope
        alike[envelope.type, envelope.source, envelope.authority, known].append(envelope.id)
    for (kind, source, authority, known), ids in alike.items():
        counter = runtime.telemetry.already_known if known else runtime.telemetry.accepted
        counter.labels(kind).inc(len(ids))
        for begin in range(0, 0 if known else len(ids), IDS_OF_A_LINE):
            some = ids[begin : begin + IDS_OF_A_LINE]
            of_them = {"event_id": some[0]} if len(some) == 1 else {"event_ids": some}
            log.info("accepted", **of_them, source=source, authority=authority, type=kind)


def _at_the_door(item: Incoming, service: str, caller: Caller, now: datetime) -> Parsed | TurnedAway:
    """An event that passes, or why it is turned away."""
    if isinstance(item, Rejected):
        return TurnedAway("contract", item.claimed, item.refusal)
    refusal = _refusal(item.event, service, caller, now)
    if refusal is None:
        return item
    (reason, fault), envelope = refusal, item.event.envelope
    return TurnedAway(reason, (envelope.id, envelope.source), Refused(fault))


def _refusal(event: Event, service: str, caller: Caller, now: datetime) -> tuple[str, Fault] | None:
    """Why an event that is as its contract says is refused all the same."""
    envelope = event.envelope
    owner = TOPIC_OF_TYPE[envelope.type].owner
    if owner != service:
        accepted = ", ".join(event.event_type for topic in topics_owned_by(service) for event in topic.events)
        expected = f"to send it to {owner}; {service} accepts {accepted}"
        return "other-service", Fault("type", f"belongs to {owner}", expected, envelope.type)
    if not caller.may(Right.FEED, envelope.authority):
        expected = f"authority {caller.authority}"
        return "authority", Fault("authority", "is not one this key may feed", expected, envelope.authority)
    early = recorded_to_come(envelope, now)
    return None if early is None else ("future", early)


def recorded_to_come(envelope: Envelope, now: datetime) -> Fault | None:
    """Why an event is refused that claims to have been recorded later than now; None if it does not."""
    if envelope.time <= now + CLOCK_SKEW:
        return None
    expected = "when the authority recorded it, not later than now; a future date belongs in the data"
    return Fault("time", "is in the future", expected, format_instant(envelope.time))


def _answer_turned_away(runtime: Runtime, item: TurnedAway) -> Answer:
    runtime.telemetry.rejected.labels(item.reason).inc()
    http_status = 403 if item.reason == "authority" else 422
    id, source = (None if text is None else beginning(text, LONGEST_ECHO) for text in item.claimed)
    return Answer(id, source, "rejected", http_status, faults_as_json(item.refusal))


def _answer(runtime: Runtime, event: Event, outcome: journal.Outcome, remarks: Remarks) -> Answer:
    envelope = event.envelope
    if isinstance(outcome, Conflict):
        runtime.telemetry.rejected.labels("conflict").inc()
        return Answer(envelope.id, envelope.source, "rejected", 409, faults_as_json(Refused(outcome.fault)))
    status, http_status = ("already-known", 200) if outcome.known else ("accepted", 202)
    notes = list(remarks.get((envelope.authority, event.identity), []))
    if outcome.refers_to is not None:
        notes.append(f"event {outcome.refers_to} has not come yet: until it does, this one changes nothing of it")
    body: dict[str, Any] = {"accepted_at": format_instant(outcome.accepted_at)} | ({"notes": notes} if notes else {})
    return Answer(envelope.id, envelope.source, status, http_status, body)


def _single_answer(answer: Answer) -> JSONResponse:
    if answer.status != "rejected":
        return JsonAnswer(_named(answer) | answer.body, answer.http_status)
    problems = [f"{fault['field']}: {fault['problem']}" for fault in answer.body["faults"]]
    detail = "; ".join([*problems, *and_more(answer.body.get("faults_left_out", 0))])
    kind, title = KINDS_OF_REFUSAL[answer.http_status]
    id, source = answer.event_id, answer.source
    return Problem(answer.http_status, kind, title, detail, id=id, source=source, **answer.body).answer()


def _named(answer: Answer) -> dict[str, Any]:
    return {"id": answer.event_id, "source": answer.source, "status": answer.status}


def _batch_answer(answers: list[Answer]) -> JSONResponse:
    results = _results(answers)
    rejected = sum(answer.status == "rejected" for answer in answers)
    if rejected == 0:
        return JsonAnswer({"results": results}, 202)
    title = f"{rejected} of {len(answers)} events were rejected"
    detail = "Every event not listed as rejected was accepted. Mend the rejected ones and send those again."
    if rejected < len(answers):
        return JsonAnswer({"title": title, "detail": detail, "results": results}, 207)
    return Problem(422, "batch-refused", title, "No event was accepted.", results=results).answer()


def _results(answers: list[Answer]) -> list[dict[str, Any]]:
    """The answers about each event of a batch. If very many are wrong, only the first fault of the later ones is
    listed.
    """
    results, faults_written = [], 0
    for answer in answers:
        body = answer.body
        if "faults" in body:
            faults = body["faults"] if faults_written < MOST_FAULTS_OF_A_BATCH else body["faults"][:1]
            left_out = body.get("faults_left_out", 0) + len(body["faults"]) - len(faults)
            body = {"faults": faults} | ({"faults_left_out": left_out} if left_out else {})
            faults_written += len(faults)
        results.append(_named(answer) | body)
    return results


def unreadable(refusal: Refused) -> Problem:
    """The answer to a request that cannot be read as events at all."""
    status = 415 if refusal.faults[0].field in ("Content-Type", "ce-specversion") else 400
    title, faults = "The request cannot be read", faults_as_json(refusal)
    return Problem(status, "request-unreadable", title, str(refusal), **faults)
