"""HTTP out: the register of persons.

Invariant: before anything about a person is answered, the audit trail says who asked, about whom, when, and why.
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
from services.people.api.parameters import REFUSED, OfOneAuthority, people_of
from services.people.api.schemas import ENTRY, ERASED, EXPORT, PERSON, TEXT
from services.people.register.store import PersonStated

Worker = Annotated[
    str,
    Path(description="The worker's id, as events and figures have it.", pattern=TOKEN_PATTERN, examples=["P-ABCD"]),
]
READING = Depends(Needs(Right.PERSONS, f"This key has no right to read the register of persons ({Right.PERSONS})."))
ERASING = Depends(Needs(Right.ERASE, f"This key has no right to erase persons ({Right.ERASE})."))

NOT_THERE = refusals({404: "Nothing is held on such a person."})
REASON_PATTERN = r"^\S[^\x00-\x1f]{2,299}$"


class WithReason(OfOneAuthority):
    """The authority, and the reason for asking."""

    reason = Parameter(
        "reason",
        "Why; it stands in the audit trail.",
        matching(REASON_PATTERN, "why it is asked, in 3 to 300 characters", ""),
        "registration number for the statutory return",
        required=True,
    )

    def asked(self, right: Right, about: str) -> tuple[str, str, str, str]:
        """Who asks, the authority, whom or what it is about, and the reason. Raises a 403 or 422 problem."""
        return self.raise_unless_allowed(right).name, self.authority, about, self.reason


class SearchParameters(WithReason):
    """Whom to look for."""

    reference = Parameter(
        "reference",
        "The staff number in the source, however it is padded.",
        matching(r"^[^\x00-\x1f]{1,64}$", "a staff number of at most 64 characters", ""),
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
    """The worker's ids for a staff number: one, unless feeds pad the number in different ways."""
    question = SearchParameters(request)
    asked = question.asked(Right.PERSONS, question.reference)
    workers = await handlers.search_persons(runtime_of(request), people_of(request), *asked)
    return JSONResponse({"workers": workers})


@router.get(
    "/v1/persons/{worker}",
    summary="What is known of a person now",
    dependencies=[READING],
    responses=REFUSED | NOT_THERE | {200: json_answer("The person.", PERSON)},
    openapi_extra=WithReason.documented(),
)
async def get_person(request: Request, worker: Worker) -> JSONResponse:
    """The newest details from all feeds together. If two feeds differ, the later one counts."""
    asked = WithReason(request).asked(Right.PERSONS, worker)
    person, statements = await handlers.read_person(runtime_of(request), people_of(request), "read", *asked)
    return JsonAnswer(_person(person, statements))


@router.get(
    "/v1/persons/{worker}/export",
    summary="All that is held on a person",
    dependencies=[READING],
    responses=REFUSED | NOT_THERE | {200: json_answer("Everything, for the person.", EXPORT)},
    openapi_extra=WithReason.documented(),
)
async def export_person(request: Request, worker: Worker) -> JSONResponse:
    """For subject access: every detail, who stated it and since when, and everybody who has read it."""
    asked, runtime = WithReason(request).asked(Right.PERSONS, worker), runtime_of(request)
    person, statements = await handlers.read_person(runtime, people_of(request), "export", *asked)
    audit = await handlers.audit_of_person(runtime, person["authority"], worker)
    history = [
        {"feed": one.feed, "file": one.kind, "known_from": format_instant(one.known_from), "details": one.details}
        for one in statements
    ]
    return JsonAnswer({**_person(person, statements), "history": history, "audit": [_entry(row) for row in audit]})


@router.delete(
    "/v1/persons/{worker}",
    summary="Erase a person",
    dependencies=[ERASING],
    responses=REFUSED | NOT_THERE | {200: json_answer("Nothing is held any more.", ERASED)},
    openapi_extra=WithReason.documented(),
)
async def erase_person(request: Request, worker: Worker) -> JSONResponse:
    """Destroys the person's key. The register forgets the person and later files add nothing; the figures stay."""
    question = WithReason(request)
    erased_at = await handlers.erase_person(runtime_of(request), *question.asked(Right.ERASE, worker))
    told = {"authority": question.authority, "worker": worker, "erased_at": format_instant(erased_at)}
    return JSONResponse(told)


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
    question.raise_unless_allowed(Right.PERSONS)
    rows = await handlers.audit_after(runtime_of(request), question.authority, question.behind, question.limit)
    return JsonAnswer({"entries": [_entry(row) for row in rows]})


def _person(person: asyncpg.Record, statements: list[PersonStated]) -> dict[str, Any]:
    details: dict[str, str] = {}
    for one in statements:
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
