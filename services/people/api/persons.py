"""HTTP out: the register of persons.

Invariant: what is told of a person stands in the audit trail before it is told: who asked, of whom, when, and why.
"""

from typing import Annotated, Any

import asyncpg
from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import JSONResponse

from contracts.envelope import format_instant
from contracts.values import TOKEN_PATTERN
from services.chassis.authentication import Needs, Right
from services.chassis.documentation import json_answer, record, refusals, several
from services.chassis.problems import JsonAnswer
from services.chassis.query import Parameter, matching, whole
from services.chassis.runtime import runtime_of
from services.people import handlers
from services.people.api.parameters import COUNT, INSTANT, REFUSED, TEXT, OfOneAuthority, allowed, or_null, people_of
from services.people.register.store import Told

Worker = Annotated[
    str,
    Path(description="The worker's id, as events and figures have it.", pattern=TOKEN_PATTERN, examples=["P-ABCD"]),
]
READING = Depends(Needs(Right.PERSONS, f"This key has no right to read the register of persons ({Right.PERSONS})."))
ERASING = Depends(Needs(Right.ERASE, f"This key has no right to erase persons ({Right.ERASE})."))

DETAILS = {"type": "object", "additionalProperties": TEXT, "description": "Name, date of birth and so on, as written."}
TOLD = record({"feed": TEXT, "file": TEXT, "known_from": INSTANT, "details": DETAILS})
PERSON = record(
    {
        "authority": TEXT,
        "worker": TEXT,
        "first_known_at": INSTANT,
        "erased_at": or_null(INSTANT),
        "details": {**DETAILS, "description": "As known now, of all feeds together."},
    }
)
ENTRY = record(
    {
        "position": COUNT,
        "at": INSTANT,
        "caller": TEXT,
        "action": {"enum": ["read", "search", "export", "erase"]},
        "authority": TEXT,
        "worker": or_null(TEXT),
        "reason": or_null(TEXT),
    }
)
EXPORT = record({**PERSON["properties"], "history": several(TOLD), "audit": several(ENTRY)})
ERASED = record({"authority": TEXT, "worker": TEXT, "erased_at": INSTANT})
NOT_THERE = refusals({404: "Nothing is held on such a person."})
REASON_PATTERN = r"^\S[^\x00-\x1f]{2,299}$"


class WithReason(OfOneAuthority):
    """Of which authority, and why it is asked."""

    reason = Parameter(
        "reason",
        "Why; it stands in the audit trail.",
        matching(REASON_PATTERN, "why it is asked, in 3 to 300 characters", None),
        "registration number for the statutory return",
        required=True,
    )


class SearchParameters(WithReason):
    """Whom to look for."""

    reference = Parameter(
        "reference",
        "The staff number in the source, however it is padded.",
        matching(r"^[^\x00-\x1f]{1,64}$", "a staff number of at most 64 characters", None),
        "004711",
        required=True,
    )


class AuditParameters(OfOneAuthority):
    """Which part of the audit trail."""

    behind = Parameter("after", "Only entries behind this position.", whole(0, 10**11 - 1, 0))
    limit = Parameter("limit", "Most entries of one answer.", whole(1, 10_000, 1000))


router = APIRouter(tags=["persons"])


@router.get(
    "/v1/persons",
    summary="Who has a staff number",
    dependencies=[READING],
    responses=REFUSED | {200: json_answer("The ids.", record({"workers": several(TEXT)}), {"workers": ["P-ABCD"]})},
    openapi_extra=SearchParameters.documented(),
)
async def search_persons(request: Request) -> JSONResponse:
    """The worker's ids of a staff number: one, unless feeds pad theirs in different ways."""
    question = SearchParameters(request)
    caller = allowed(request, Right.PERSONS, question.authority)
    question.raise_if_invalid()
    of = (question.authority or "", question.reference or "", question.reason or "")
    return JSONResponse(
        {"workers": await handlers.search_persons(runtime_of(request), people_of(request), caller.name, *of)}
    )


@router.get(
    "/v1/persons/{worker}",
    summary="What is known of a person now",
    dependencies=[READING],
    responses=REFUSED | NOT_THERE | {200: json_answer("The person.", PERSON)},
    openapi_extra=WithReason.documented(),
)
async def get_person(request: Request, worker: Worker) -> JSONResponse:
    """The newest that each feed said, together: of two, what was said later."""
    question = WithReason(request)
    caller = allowed(request, Right.PERSONS, question.authority)
    question.raise_if_invalid()
    of = (question.authority or "", worker, question.reason or "")
    person, told = await handlers.read_person(runtime_of(request), people_of(request), caller.name, "read", *of)
    return JsonAnswer(_person(person, told))


@router.get(
    "/v1/persons/{worker}/export",
    summary="All that is held on a person",
    dependencies=[READING],
    responses=REFUSED | NOT_THERE | {200: json_answer("Everything, for the person.", EXPORT)},
    openapi_extra=WithReason.documented(),
)
async def export_person(request: Request, worker: Worker) -> JSONResponse:
    """For subject access: every detail, by whom and since when, and everybody who has read it."""
    question = WithReason(request)
    caller = allowed(request, Right.PERSONS, question.authority)
    question.raise_if_invalid()
    runtime, of = runtime_of(request), (question.authority or "", worker, question.reason or "")
    person, told = await handlers.read_person(runtime, people_of(request), caller.name, "export", *of)
    audit = await handlers.audit_of_person(runtime, question.authority or "", worker)
    history = [
        {"feed": one.feed, "file": one.kind, "known_from": format_instant(one.known_from), "details": one.details}
        for one in told
    ]
    return JsonAnswer({**_person(person, told), "history": history, "audit": [_entry(row) for row in audit]})


@router.delete(
    "/v1/persons/{worker}",
    summary="Erase a person",
    dependencies=[ERASING],
    responses=REFUSED | {200: json_answer("Nothing is held any more.", ERASED)},
    openapi_extra=WithReason.documented(),
)
async def erase_person(request: Request, worker: Worker) -> JSONResponse:
    """The person's key is destroyed: the register forgets, the figures stay, and later files add nothing to it."""
    question = WithReason(request)
    caller = allowed(request, Right.ERASE, question.authority)
    question.raise_if_invalid()
    of = (question.authority or "", worker, question.reason or "")
    erased_at = await handlers.erase_person(runtime_of(request), caller.name, *of)
    return JSONResponse({"authority": of[0], "worker": worker, "erased_at": format_instant(erased_at)})


@router.get(
    "/v1/audit",
    summary="Who read or erased whom, when and why",
    dependencies=[READING],
    responses=REFUSED | {200: json_answer("In order.", record({"entries": several(ENTRY)}))},
    openapi_extra=AuditParameters.documented(),
)
async def get_audit(request: Request) -> JSONResponse:
    """Only ever added to."""
    question = AuditParameters(request)
    allowed(request, Right.PERSONS, question.authority)
    question.raise_if_invalid()
    of = (question.authority or "", question.behind, question.limit)
    rows = await handlers.audit_after(runtime_of(request), *of)
    return JsonAnswer({"entries": [_entry(row) for row in rows]})


def _person(person: asyncpg.Record, told: list[Told]) -> dict[str, Any]:
    details: dict[str, str] = {}
    for one in told:
        details |= one.details
    erased_at = person["erased_at"]
    return {
        "authority": person["authority"],
        "worker": person["worker"],
        "first_known_at": format_instant(person["first_known_at"]),
        "erased_at": None if erased_at is None else format_instant(erased_at),
        "details": details,
    }


def _entry(row: asyncpg.Record) -> dict[str, Any]:
    return {**dict(row), "at": format_instant(row["at"])}
