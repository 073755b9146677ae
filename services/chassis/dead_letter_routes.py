"""Routes for those who look after dead letters: list, show, mend, send again, dismiss.

Invariant: every route needs a key with the right to operate for all authorities. What was done, by whom and when, is
kept for ever. Bodies are shown one at a time, never in a list.
"""

import base64
import json
from collections.abc import Collection
from typing import Annotated, Any

from aiokafka import ConsumerRecord
from aiokafka.errors import KafkaError
from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from contracts.catalogue import EVENT_TOPICS
from contracts.envelope import format_instant
from contracts.refusal import Refused
from contracts.values import WHOLE
from services.chassis import dead_letter_actions as actions
from services.chassis.authentication import OPERATING, authenticated_caller
from services.chassis.bodies import SMALL_BODY, read_model
from services.chassis.dead_letter_actions import Action, Done
from services.chassis.dead_letter_form import letter_of, passthrough_parser, where_and_why
from services.chassis.dead_letters import (
    Listed,
    NotSentAgain,
    each_once,
    every_letter,
    find_dead_letter,
    send,
    send_again,
)
from services.chassis.decoding import event_taken_in
from services.chassis.documentation import WITH_A_BODY, Document, json_answer, record, refusals, several
from services.chassis.problems import JsonAnswer, Problem, faults_as_json, not_available
from services.chassis.query import QueryModel
from services.chassis.runtime import Runtime, runtime_of


async def no_parameters(request: Request) -> None:
    """A dependency of a route without parameters. Raises a 422 problem if a request has some, because they would be
    ignored.
    """
    QueryModel(request).raise_if_invalid()


router = APIRouter(tags=["operation"], dependencies=[OPERATING, Depends(no_parameters)])

LARGEST_MENDED = 1_000_000
"""The largest request to mend a letter, in bytes; a record is smaller."""
MENDED_FROM = "mended-from"
"""The header of a mended record that says which letter of which service it replaces."""
STATES = ["open", *(action for action in Action if action is not Action.SHOWN)]

Offset = Annotated[int, Field(ge=0), WHOLE]
OffsetInPath = Annotated[int, Path(ge=0, le=2**63 - 1, description="As /v1/dead-letters lists it.", examples=[12])]
Reason = Annotated[
    str,
    Field(
        min_length=3,
        max_length=500,
        description="Why, for those who look at it later. Name no person in it.",
        examples=["Sent twice: the right one is /coventry/hr#17"],
    ),
]


class SendAgain(BaseModel):
    """Which records to put back on their topics."""

    model_config = ConfigDict(extra="forbid", strict=True)

    offsets: Annotated[
        list[Offset],
        Field(min_length=1, description="Offsets as /v1/dead-letters lists them.", examples=[[12]]),
    ]


class Dismiss(SendAgain):
    """Which letters need nothing more, and why."""

    reason: Reason


class Mend(BaseModel):
    """What takes the place of a dead letter."""

    model_config = ConfigDict(extra="forbid", strict=True)

    reason: Reason
    data: Annotated[
        dict[str, Any] | None,
        Field(description="The whole data of the event; as it came if left out.", examples=[{"left_on": "2023-10-27"}]),
    ] = None
    headers: Annotated[
        dict[str, str | None],
        Field(
            max_length=40,
            description="Headers that are to be others, as ce_subject; null takes one away. The rest stay.",
            examples=[{"ce_subject": "worker/W-1"}],
        ),
    ] = Field(default_factory=dict)


ABOUT: Document = {
    "type": "object",
    "description": "Topic, partition, offset, consumer, cause, reason, attempts, at; of a record that was cut also "
    "what is kept. Empty where no service put it there.",
    "additionalProperties": {"type": "string"},
}
_TEXT_OR_NULL = {"type": ["string", "null"]}
HISTORY = several(
    record(
        {
            "action": {"enum": list(Action)},
            "by": {"type": "string", "description": "The name of the key."},
            "at": {"type": "string", "format": "date-time"},
        },
        {"reason": {"type": "string"}},
    )
)
_LETTER = {
    "offset": {"type": "integer", "minimum": 0},
    "about": ABOUT,
    "state": {"enum": STATES, "description": "What was done with it last; `open` where nothing was."},
    "history": HISTORY,
}
DEAD_LETTERS = record({"records": several(record(_LETTER))})
_CONTENT = record(
    {"text": _TEXT_OR_NULL, "base64": _TEXT_OR_NULL},
) | {"description": "As text, or, where it is not UTF-8, in base64; both null where there is none."}
DEAD_LETTER = record(
    _LETTER
    | {"key": _CONTENT, "headers": several(record({"name": {"type": "string"}, "content": _CONTENT}))}
    | {"body": _CONTENT}
)
SENT = record({"sent": {"type": "integer", "minimum": 0, "description": "How many records were put back."}})
DISMISSED = record({"dismissed": {"type": "integer", "minimum": 0}})
OPERATED = refusals(
    {
        403: "The key has no right to operate for all authorities.",
        422: "There is a parameter: these routes take none.",
        503: "Kafka or the database cannot be reached: ask again.",
    }
)
NOT_THERE = refusals({404: "There is no such letter."})
NO_BODY = refusals({400: "The body cannot be read.", 415: "The body is not said to be JSON."})


def _wants(model: type[BaseModel]) -> Document:
    content = {"application/json": {"schema": model.model_json_schema(ref_template="#/components/schemas/{model}")}}
    return {"requestBody": {"required": True, "content": content}}


@router.get(
    "/v1/dead-letters",
    summary="Records that this service could not take in",
    responses=OPERATED | {200: json_answer("The records.", DEAD_LETTERS)},
)
async def get_dead_letters(request: Request) -> JSONResponse:
    """Each record once, oldest first: its offset on the dead-letter topic, where it was, why it could not be taken
    in, and what was done with it since.
    """
    runtime = runtime_of(request)
    once = each_once(await _every_letter(runtime))
    done = await actions.read(runtime.pool, [listed.letter for listed in once.values()])
    return JsonAnswer(
        {"records": [_as_listed(offset, listed, done.get(listed.letter, [])) for offset, listed in once.items()]}
    )


@router.get(
    "/v1/dead-letters/{offset:int}",
    summary="One of them as it came, with its body",
    responses=OPERATED | NOT_THERE | {200: json_answer("The record.", DEAD_LETTER)},
)
async def get_dead_letter(request: Request, offset: OffsetInPath) -> JSONResponse:
    """Key, headers and body. They may hold anything, even names of persons. That it was shown, and to whom, is kept."""
    runtime = runtime_of(request)
    kept = await _letter_at(runtime, offset)
    listed = Listed(letter_of(kept), where_and_why(kept))
    async with runtime.pool.acquire() as connection, connection.transaction():
        await actions.add(connection, [listed.letter], Action.SHOWN, authenticated_caller(request).name)
        done = await actions.read(connection, [listed.letter])
    headers = [{"name": name, "content": _content(content)} for name, content in passthrough_parser(kept)]
    body = _as_listed(offset, listed, done[listed.letter]) | {"key": _content(kept.key), "headers": headers}
    return JsonAnswer(body | {"body": _content(kept.value)})


@router.post(
    "/v1/dead-letters/send-again",
    status_code=202,
    summary="Put dead letters on the topics they came from again",
    responses=OPERATED
    | WITH_A_BODY
    | NO_BODY
    | refusals(
        {
            409: "Some are not there, were cut and lost their originals, or no service put them there: which, and why. "
            "The others were put back.",
            422: "No offsets are given, or something else beside them; or there is a parameter.",
        }
    )
    | {202: json_answer("They were put back.", SENT)},
    openapi_extra=_wants(SendAgain),
)
async def send_dead_letters_again(request: Request) -> JSONResponse:
    """Do this after the cause is mended. A record that was taken in meanwhile is known by its source and id, and
    changes nothing.
    """
    runtime, caller = runtime_of(request), authenticated_caller(request)
    async with runtime.bodies.reading(request, SMALL_BODY, "send several requests") as body:
        given = read_model(request, body, SendAgain)
    every, offsets = await _every_letter(runtime), set(given.offsets)
    async with runtime.pool.acquire() as connection, connection.transaction():
        refused: NotSentAgain | None = None
        try:
            sent = await send_again(runtime.spec.name, runtime.settings.kafka_servers, offsets)
        except NotSentAgain as error:
            sent, refused = error.sent, error
        except KafkaError:
            raise not_available("Kafka cannot be reached") from None
        done = offsets - (refused.reasons.keys() if refused else set())
        names = [every[offset].letter for offset in sorted(done) if offset in every]
        await actions.add(connection, names, Action.SENT_AGAIN, caller.name)
    if refused is not None:
        title = "Not every record can be sent again"
        raise Problem(409, "not-sent-again", title, str(refused), sent=sent)
    return JSONResponse({"sent": sent}, 202)


@router.post(
    "/v1/dead-letters/dismiss",
    summary="Say of dead letters that they need nothing more",
    responses=OPERATED
    | WITH_A_BODY
    | NO_BODY
    | NOT_THERE
    | refusals({422: "No offsets or no reason are given, or something else beside them; or there is a parameter."})
    | {200: json_answer("They are dismissed.", DISMISSED)},
    openapi_extra=_wants(Dismiss),
)
async def dismiss_dead_letters(request: Request) -> JSONResponse:
    """They stay on their topic and in the list, and no longer count as open. If one of them does not exist, none is
    dismissed.
    """
    runtime, caller = runtime_of(request), authenticated_caller(request)
    async with runtime.bodies.reading(request, SMALL_BODY, "send several requests") as body:
        given = read_model(request, body, Dismiss)
    every = await _every_letter(runtime)
    for offset in given.offsets:
        if offset not in every:
            raise _no_such_letter(offset)
    names = sorted({every[offset].letter for offset in given.offsets})
    async with runtime.pool.acquire() as connection, connection.transaction():
        await actions.add(connection, names, Action.DISMISSED, caller.name, given.reason)
    return JSONResponse({"dismissed": len(names)})


@router.post(
    "/v1/dead-letters/{offset:int}/mend",
    status_code=202,
    summary="Put a mended record in the place of a dead letter",
    responses=OPERATED
    | WITH_A_BODY
    | NO_BODY
    | NOT_THERE
    | refusals(
        {
            409: "No service put it there, so nobody knows where it belongs.",
            422: "The request is not as described; or what is mended would be rejected again: why.",
        }
    )
    | {202: json_answer("It was put on its topic.", SENT)},
    openapi_extra=_wants(Mend),
)
async def mend_dead_letter(request: Request, offset: OffsetInPath) -> JSONResponse:
    """Sends a new record with other data or headers, checked as every consumer will check it. Its header
    `mended-from` says which letter it replaces. The letter stays, and says who mended it.
    """
    runtime, caller = runtime_of(request), authenticated_caller(request)
    async with runtime.bodies.reading(request, LARGEST_MENDED, "a record is smaller") as body:
        given = read_model(request, body, Mend)
    kept = await _letter_at(runtime, offset)
    topic = where_and_why(kept).get("topic", "")
    if topic not in (known.name for known in EVENT_TOPICS):
        detail = "Its headers do not say from which topic of events it came: no service put it there."
        raise Problem(409, "not-mended", "It cannot be mended", detail)
    value = kept.value if given.data is None else json.dumps(given.data).encode()
    headers = _mended_headers(kept, given.headers)
    try:
        event = event_taken_in(headers, value, topic)
    except Refused as refusal:
        title = "The mended record would be rejected again"
        raise Problem(422, "request-refused", title, str(refusal), **faults_as_json(refusal)) from None
    trace = f"{runtime.spec.name}:{offset}:{letter_of(kept)}".encode()
    async with runtime.pool.acquire() as connection, connection.transaction():
        try:
            servers = runtime.settings.kafka_servers
            await send(servers, topic, event.key, event.body, [*headers, (MENDED_FROM, trace)])
        except KafkaError:
            raise not_available("Kafka cannot be reached") from None
        await actions.add(connection, [letter_of(kept)], Action.MENDED, caller.name, given.reason)
    return JSONResponse({"sent": 1}, 202)


def _mended_headers(kept: ConsumerRecord, others: dict[str, str | None]) -> list[tuple[str, bytes | None]]:
    stay = [(name, content) for name, content in passthrough_parser(kept) if name not in {*others, MENDED_FROM}]
    return stay + [(name, text.encode()) for name, text in others.items() if text is not None]


async def _every_letter(runtime: Runtime) -> dict[int, Listed]:
    """The letters of this service. Raises a 503 problem while Kafka is away."""
    try:
        return await every_letter(runtime.spec.name, runtime.settings.kafka_servers)
    except KafkaError:
        raise not_available("Kafka cannot be reached") from None


async def _letter_at(runtime: Runtime, offset: int) -> ConsumerRecord:
    """One of them, whole. Raises a 404 problem where there is none, 503 while Kafka is away."""
    try:
        kept = await find_dead_letter(runtime.spec.name, runtime.settings.kafka_servers, offset)
    except KafkaError:
        raise not_available("Kafka cannot be reached") from None
    if kept is None:
        raise _no_such_letter(offset)
    return kept


def _no_such_letter(offset: int) -> Problem:
    detail = f"There is no letter at offset {offset}: GET /v1/dead-letters lists them."
    return Problem(404, "no-such-letter", "There is no such letter", detail)


def _as_listed(offset: int, listed: Listed, history: Collection[Done]) -> dict[str, Any]:
    actions_done = [
        {"action": done.action, "by": done.by_whom, "at": format_instant(done.at)}
        | ({} if done.reason is None else {"reason": done.reason})
        for done in history
    ]
    return {"offset": offset, "about": listed.about, "state": actions.state_of(history), "history": actions_done}


def _content(content: bytes | None) -> dict[str, str | None]:
    """Bytes as JSON can hold them."""
    if content is None:
        return {"text": None, "base64": None}
    try:
        return {"text": content.decode(), "base64": None}
    except UnicodeDecodeError:
        return {"text": None, "base64": base64.b64encode(content).decode()}
