"""Routes for those who operate a service: its health, its metrics, its dead letters.

Invariant: what is told without a key names no person and no record; dead letters need a key with the right to
operate for all authorities, and is listed without its body.
"""

from typing import Annotated

from aiokafka.errors import KafkaError
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel, ConfigDict, Field

from contracts.envelope import format_instant
from contracts.values import WHOLE
from services.chassis.authentication import OPERATING
from services.chassis.bodies import SMALL_BODY, read_model
from services.chassis.dead_letters import NotSentAgain, list_dead_letters, send_again
from services.chassis.documentation import WITH_A_BODY, Document, json_answer, record, refusals, several
from services.chassis.problems import JsonAnswer, Problem, not_available
from services.chassis.query import QueryModel
from services.chassis.runtime import runtime_of


async def no_parameters(request: Request) -> None:
    """A dependency of a route that takes none. Raises a 422 problem for each there is: it would be passed over."""
    QueryModel(request).raise_if_invalid()


health_router = APIRouter(tags=["operation"])
dead_letters_router = APIRouter(tags=["operation"], dependencies=[OPERATING, Depends(no_parameters)])

LIVE = record({"live": {"type": "boolean"}, "reason": {"type": ["string", "null"]}})
READY = record(
    {
        "ready": {"type": "boolean"},
        "reasons": several({"type": "string"}),
        "remarks": several({"type": "string", "description": "What does not keep it from its work."}),
        "complete_until": {
            "type": ["string", "null"],
            "format": "date-time",
            "description": "All that the owners of what it reads accepted before has arrived, and was derived.",
        },
        "records_behind": {"type": "integer", "minimum": 0, "description": "As far as its consumers know."},
    }
)
DEAD_LETTERS = record(
    {
        "records": several(
            record(
                {
                    "offset": {"type": "integer", "minimum": 0},
                    "about": {
                        "type": "object",
                        "description": "Topic, partition, offset, consumer, cause, reason, attempts, at; of a record "
                        "that was cut also what is kept. Empty where no service put it there.",
                        "additionalProperties": {"type": "string"},
                    },
                }
            )
        )
    }
)
SENT = record({"sent": {"type": "integer", "minimum": 0, "description": "How many records were put back."}})
OPERATED = refusals(
    {
        403: "The key has no right to operate for all authorities.",
        422: "There is a parameter: these routes take none.",
        503: "Kafka cannot be reached: ask again.",
    }
)


class SendAgain(BaseModel):
    """Which records to put back on their topics."""

    model_config = ConfigDict(extra="forbid", strict=True)

    offsets: Annotated[
        list[Annotated[int, Field(ge=0), WHOLE]],
        Field(min_length=1, description="Offsets as /v1/dead-letters lists them.", examples=[[12]]),
    ]


WANTED: Document = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": SendAgain.model_json_schema()}},
    }
}


@health_router.get("/", summary="Where to look", include_in_schema=False)
async def root(request: Request) -> JSONResponse:
    """What is worth a look: for whoever has no more than the address."""
    spec = runtime_of(request).spec
    paths = {"documentation": "/docs", "events": "/asyncapi", "ready": "/health/ready", "metrics": "/metrics"}
    if not spec.on_kafka:
        del paths["events"]
    return JSONResponse({"service": spec.name, **paths})


@health_router.get(
    "/health/live",
    summary="Is the process alive, or should it be started again?",
    responses={200: json_answer("It is.", LIVE), 503: json_answer("It should be started again.", LIVE)},
)
async def live(request: Request) -> JSONResponse:
    """503 only for what a new process would mend: all it needs is there, records wait, and none is taken in."""
    reason = runtime_of(request).health.stalled()
    return JSONResponse({"live": reason is None, "reason": reason}, 200 if reason is None else 503)


@health_router.get(
    "/health/ready",
    summary="Can the service do its work now?",
    responses={200: json_answer("It can.", READY), 503: json_answer("It cannot, for these reasons.", READY)},
)
async def ready(request: Request) -> JSONResponse:
    """503, with the reasons, while it cannot answer, or knows that events are missing."""
    runtime = runtime_of(request)
    reasons, remarks, complete_until = runtime.health.readiness()
    body = {
        "ready": not reasons,
        "reasons": reasons,
        "remarks": remarks,
        "complete_until": None if complete_until is None else format_instant(complete_until),
        "records_behind": runtime.records_behind(),
    }
    return JSONResponse(body, 503 if reasons else 200)


@health_router.get("/metrics", summary="Metrics for Prometheus", response_class=PlainTextResponse)
async def metrics(request: Request) -> Response:
    """Requests, events, journal, lag: in the text format of Prometheus."""
    return Response(generate_latest(runtime_of(request).telemetry.registry), media_type=CONTENT_TYPE_LATEST)


@dead_letters_router.get(
    "/v1/dead-letters",
    summary="Records that this service could not take in",
    responses=OPERATED | {200: json_answer("The records.", DEAD_LETTERS)},
)
async def get_dead_letters(request: Request) -> JSONResponse:
    """Each once, oldest first: its offset on the dead-letter topic, where it was, and why it could not be taken in."""
    runtime = runtime_of(request)
    try:
        letters = await list_dead_letters(runtime.spec.name, runtime.settings.kafka_servers)
    except KafkaError:
        raise not_available("Kafka cannot be reached") from None
    return JsonAnswer({"records": [{"offset": offset, "about": about} for offset, about in letters.items()]})


@dead_letters_router.post(
    "/v1/dead-letters/send-again",
    status_code=202,
    summary="Put dead letters on the topics they came from again",
    responses=OPERATED
    | WITH_A_BODY
    | refusals(
        {
            400: "The body cannot be read.",
            409: "Some are not there, were cut and lost their originals, or no service put them there: which, and why. "
            "The others were put back.",
            415: "The body is not said to be JSON.",
            422: "No offsets are given, or something else beside them; or there is a parameter.",
        }
    )
    | {202: json_answer("They were put back.", SENT)},
    openapi_extra=WANTED,
)
async def send_dead_letters_again(request: Request) -> JSONResponse:
    """After the cause is mended. A record taken in meanwhile is known by its source and id, and changes nothing."""
    runtime = runtime_of(request)
    async with runtime.bodies.reading(request, SMALL_BODY, "send several requests") as body:
        wanted = read_model(request, body, SendAgain)
    try:
        sent = await send_again(runtime.spec.name, runtime.settings.kafka_servers, set(wanted.offsets))
    except NotSentAgain as refused:
        title = "Not every record can be sent again"
        raise Problem(409, "not-sent-again", title, str(refused), sent=refused.sent) from None
    except KafkaError:
        raise not_available("Kafka cannot be reached") from None
    return JSONResponse({"sent": sent}, 202)
