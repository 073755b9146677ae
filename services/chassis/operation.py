"""Routes for those who operate a service: its health and its metrics. (Dead letters: `dead_letter_routes.py`.)

Invariant: answers without a key name no person and no record.
"""

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from contracts.envelope import format_instant
from services.chassis.documentation import json_answer, record, several
from services.chassis.runtime import runtime_of

health_router = APIRouter(tags=["operation"])

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


@health_router.get("/", summary="Where to look", include_in_schema=False)
async def root(request: Request) -> JSONResponse:
    """Links to what is worth a look, for people who have only the address."""
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
    """503 only if a new process would help: all it needs is there, records wait, and none is taken in."""
    reason = runtime_of(request).health.stalled()
    return JSONResponse({"live": reason is None, "reason": reason}, 200 if reason is None else 503)


@health_router.get(
    "/health/ready",
    summary="Can the service do its work now?",
    responses={200: json_answer("It can.", READY), 503: json_answer("It cannot, for these reasons.", READY)},
)
async def ready(request: Request) -> JSONResponse:
    """503, with the reasons, while the service cannot answer, or knows that events are missing."""
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
