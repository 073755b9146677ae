"""HTTP in: how a feed's files are to be read, as the council writes it down.

Invariant: a mapping that cannot be applied is refused with all that is wrong; each that was put is kept.
"""

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from contracts.envelope import format_instant
from services.chassis.authentication import FEEDING, Right
from services.chassis.documentation import WITH_A_BODY, json_answer, record, refusals
from services.chassis.problems import Problem
from services.chassis.runtime import runtime_of
from services.people import handlers
from services.people.api.parameters import COUNT, INSTANT, REFUSED, TEXT, FeedName, OfOneAuthority, allowed
from services.people.mapping.refusal import MappingFault, MappingRefused

YAML = "application/yaml"
LARGEST = 1_000_000
PUT = record({"authority": TEXT, "feed": TEXT, "version": COUNT, "put_at": INSTANT, "sha256": TEXT})
EXAMPLE = {
    "authority": "331",
    "feed": "hr",
    "version": 1,
    "put_at": "2023-10-31T18:00:00Z",
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
}
MAPPING = {
    "type": "object",
    "description": "A mapping file; its own schema: services/people/mapping/mapping.schema.json",
}
BODY = {"requestBody": {"required": True, "content": {YAML: {"schema": MAPPING}}}}


router = APIRouter(tags=["extracts"], dependencies=[FEEDING])


@router.put(
    "/v1/feeds/{feed}/mapping",
    summary="Say what the files of a feed mean",
    responses=REFUSED | WITH_A_BODY | {200: json_answer("It applies from now on.", PUT, EXAMPLE)},
    openapi_extra=OfOneAuthority.documented() | BODY,
)
async def put_mapping(request: Request, feed: FeedName) -> JSONResponse:
    """It applies to what is sent from then on; the same once more changes nothing."""
    question = OfOneAuthority(request)
    caller = allowed(request, Right.FEED, question.authority)
    question.raise_if_invalid()
    runtime = runtime_of(request)
    async with runtime.bodies.reading(request, LARGEST, "a mapping is a few pages long") as body:
        try:
            text = body.decode("utf-8-sig")
            put = await handlers.put_mapping(runtime, question.authority or "", feed, text, caller.name)
        except UnicodeDecodeError:
            raise _refused(MappingFault("mapping", "is not UTF-8", "a YAML text in UTF-8")) from None
        except MappingRefused as refusal:
            raise _refused(*refusal.faults) from None
    return JSONResponse(
        {
            "authority": question.authority,
            "feed": feed,
            "version": put["version"],
            "put_at": format_instant(put["put_at"]),
            "sha256": put["sha256"],
        }
    )


@router.get(
    "/v1/feeds/{feed}/mapping",
    summary="What the files of a feed mean",
    response_class=Response,
    responses=REFUSED
    | refusals({404: "There is no mapping of that feed yet."})
    | {200: {"description": "As it was put.", "content": {YAML: {"schema": MAPPING}}}},
    openapi_extra=OfOneAuthority.documented(),
)
async def get_mapping(request: Request, feed: FeedName) -> Response:
    """The newest one, as it was put."""
    question = OfOneAuthority(request)
    allowed(request, Right.FEED, question.authority)
    question.raise_if_invalid()
    found = await handlers.newest_mapping(runtime_of(request), question.authority or "", feed)
    return Response(found["content"], media_type=YAML)


def _refused(*faults: MappingFault) -> Problem:
    told = [
        {"field": fault.path if fault.line is None else f"line {fault.line}, {fault.path}"}
        | {"problem": fault.problem, "expected": fault.expected}
        | ({} if fault.value is None else {"value": fault.value})
        for fault in faults
    ]
    detail = "; ".join(str(fault) for fault in faults)
    return Problem(422, "mapping-refused", "The mapping cannot be applied", detail, faults=told)
