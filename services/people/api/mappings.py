"""HTTP in: how a feed's files are to be read, as the council writes it down.

Invariant: a mapping that cannot be applied is refused, with everything that is wrong in it. Every accepted one is
kept.
"""

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from contracts.envelope import format_instant
from services.chassis.authentication import FEEDING, Right
from services.chassis.documentation import WITH_A_BODY, json_answer, refusals
from services.chassis.problems import Problem
from services.chassis.runtime import runtime_of
from services.people import handlers
from services.people.api.examples import MAPPING_EXAMPLE
from services.people.api.parameters import REFUSED, FeedName, OfOneAuthority
from services.people.api.schemas import MAPPING_PUT
from services.people.mapping.refusal import MappingFault, MappingRefused

YAML = "application/yaml"
LARGEST = 1_000_000
MAPPING = {
    "type": "object",
    "description": "A mapping file; its own schema: services/people/mapping/mapping.schema.json",
}
BODY = {"requestBody": {"required": True, "content": {YAML: {"schema": MAPPING}}}}


router = APIRouter(tags=["extracts"], dependencies=[FEEDING])


@router.put(
    "/v1/feeds/{feed}/mapping",
    summary="Say what the files of a feed mean",
    responses=REFUSED | WITH_A_BODY | {200: json_answer("It applies from now on.", MAPPING_PUT, MAPPING_EXAMPLE)},
    openapi_extra=OfOneAuthority.documented() | BODY,
)
async def put_mapping(request: Request, feed: FeedName) -> JSONResponse:
    """The mapping applies to files sent from then on. Sending the same mapping again changes nothing."""
    question = OfOneAuthority(request)
    caller = question.raise_unless_allowed(Right.FEED)
    runtime = runtime_of(request)
    async with runtime.bodies.reading(request, LARGEST, "a mapping is a few pages long") as body:
        try:
            text = body.decode("utf-8-sig")
            put = await handlers.put_mapping(runtime, question.authority, feed, text, caller.name)
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
    question.raise_unless_allowed(Right.FEED)
    newest = await handlers.newest_mapping(runtime_of(request), question.authority, feed)
    return Response(newest["content"], media_type=YAML)


def _refused(*faults: MappingFault) -> Problem:
    described = [
        {"field": fault.path if fault.line is None else f"line {fault.line}, {fault.path}"}
        | {"problem": fault.problem, "expected": fault.expected}
        | ({} if fault.value is None else {"value": fault.value})
        for fault in faults
    ]
    detail = "; ".join(str(fault) for fault in faults)
    return Problem(422, "mapping-refused", "The mapping cannot be applied", detail, faults=described)
