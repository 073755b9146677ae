"""HTTP in and out: named reports.

Invariant: a report is questions and two instants. The routes that answer everybody answer its figures again each time,
as known and accepted then. A digest from when it was made tells whether they are the same.
"""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import JSONResponse

from services.chassis.authentication import READING, Right, authenticated_caller
from services.chassis.bodies import SMALL_BODY, read_model
from services.chassis.documentation import WITH_A_BODY, json_answer, refusals
from services.chassis.logs import get_log
from services.chassis.problems import Problem
from services.chassis.query import Parameter, QueryModel, whole
from services.chassis.runtime import runtime_of
from services.metrics.api import report_answers as answers
from services.metrics.api import report_schemas as schemas
from services.metrics.api.asking import NotAnswered, ask
from services.metrics.api.examples import reports as examples
from services.metrics.api.parameters import ONE_AUTHORITY, OfOneAuthority, Paged, instants_json
from services.metrics.api.query import ReadQuery
from services.metrics.api.report_answers import Answer
from services.metrics.api.report_schemas import NewReport
from services.metrics.api.responses import answer, page_links, pinned, responses
from services.metrics.kept import kept_database_of
from services.metrics.reports import store
from services.metrics.reports.figures import Question, digest_of, figures_of
from services.metrics.reports.store import Kept, KeptQuestion, New

log = get_log(__name__)

MOST_REPORTS = 1000
"""Reports of one authority: anybody who may read figures can make one."""
router = APIRouter(tags=["reports"], dependencies=[READING])

Number = Annotated[int, Path(ge=1, le=2**31 - 1, description="As /v1/reports lists it.", examples=[1])]


class OfReports(OfOneAuthority):
    """The authority."""


class ToChange(QueryModel):
    """The authority of a request whose answer cannot be had as a file."""

    authority = ONE_AUTHORITY


class ListParameters(OfOneAuthority, Paged):
    """The authority, and which of its reports."""


class ComparisonParameters(OfOneAuthority):
    """The report to compare with."""

    earlier = Parameter("earlier", "The number of the report before it.", whole(1, 2**31 - 1, None), 1, required=True)


@router.post(
    "/v1/reports",
    status_code=201,
    summary="Make a report",
    responses=WITH_A_BODY
    | refusals(
        {
            400: "The body cannot be read.",
            403: "The key may not read this authority.",
            404: "Nothing is known of the authority.",
            409: "The authority has a report of this name, or has as many reports as are allowed.",
            422: "What is sent is not as described: which question, what of it, and what would be right.",
        }
    )
    | {201: json_answer("It is made.", schemas.MADE, examples.MADE_EXAMPLE)},
    openapi_extra=ToChange.documented() | schemas.BODY,
)
async def post_report(request: Request) -> JSONResponse:
    """A name, and questions: paths of figures, series, cohorts or survival with their parameters, without authority and
    instants.

    Each question is asked before the report is made. If no instants are given, they are as known and as accepted now. A
    report never changes. Who made it is kept.
    """
    question = ToChange(request)
    question.raise_if_invalid()
    async with runtime_of(request).bodies.reading(request, SMALL_BODY, "ask fewer questions") as body:
        given = read_model(request, body, NewReport)
    questions_put = answers.questions_of(given)
    known_at, accepted_at = answers.instants_of(given, question.now)
    kept = kept_database_of(request)
    async with kept.opened() as pool:
        if await store.count(pool, question.authority) >= MOST_REPORTS:
            detail = f"Authority {question.authority} has {MOST_REPORTS:,} reports. Take away what nobody needs."
            raise Problem(409, "too-many-reports", "There are too many reports", detail)
    answered = await _ask_all(request, question.authority, instants_json(known_at, accepted_at), questions_put)
    answers.refuse_what_was_refused(answered)
    made_by = authenticated_caller(request).name
    questions = [KeptQuestion(str(each.question), digest_of(each.figures)) for each in answered]
    async with kept.opened() as pool:
        new = New(question.authority, given.name, made_by, known_at, accepted_at, questions)
        number = await store.add(pool, new)
        if number is None:
            detail = (
                f"Authority {question.authority} has a report {given.name!r}, whatever its capitals and spaces. Give "
                "this one another name."
            )
            raise Problem(409, "name-taken", "There is a report of this name", detail)
        stored = await store.find(pool, question.authority, number)
    assert stored is not None  # noqa: S101  (it was just written)
    log.info("a report was made", authority=question.authority, report=number, by=made_by)
    body_of_it = answers.as_listed(question.authority, stored[0], len(questions))
    return JSONResponse(body_of_it | {"remarks": answers.remarks(kept)}, 201)


@router.get(
    "/v1/reports",
    summary="The reports of an authority",
    responses=responses(examples.LIST_EXAMPLE, schema=schemas.LISTED, of_events=False),
    openapi_extra=ListParameters.documented(),
)
async def get_reports(request: Request) -> Response:
    """Each with its name, who made it and when, and its two instants; the one made last comes first."""
    question = ListParameters(request)
    question.raise_if_invalid()
    limit, offset = question.page()
    async with kept_database_of(request).opened() as pool:
        count = await store.count(pool, question.authority)
        stored = await store.list_some(pool, question.authority, limit, offset)
    body: dict[str, Any] = {"authority": question.authority, "count": count, "limit": limit, "offset": offset}
    body["rows"] = [answers.as_listed(question.authority, report, questions) for report, questions in stored]
    body["links"] = {"pinned": pinned(question)} | page_links(question, count, limit, offset)
    return answer(question, body, answers.list_lines(body["rows"]))


@router.get(
    "/v1/reports/{report}",
    summary="A report, with its figures as they were known and accepted when it was made",
    responses=responses(examples.REPORT_EXAMPLE, schema=schemas.REPORT, of_events=False),
    openapi_extra=OfReports.documented(),
)
async def get_report(request: Request, report: Number) -> Response:
    """The answer to each question, as its own route gives it.

    `as_made` says whether its figures are those from when the report was made. They differ if something that had been
    accepted had not arrived yet, or if a definition has been mended since. A question that cannot be answered any more
    tells its `problem`; the others are answered.
    """
    question = OfReports(request)
    question.raise_if_invalid()
    kept, answered = await _opened(request, question, report)
    body = answers.as_opened(question.authority, kept, answered)
    body["links"] = {"pinned": pinned(question)}
    digests = [digest_of(each.figures) for each in answered]
    return answer(question, body, answers.figure_lines(answered), passing=("links", "answers"), lasting_too=digests)


@router.get(
    "/v1/reports/{report}/comparison",
    summary="A report beside an earlier one, figure by figure",
    responses=responses(examples.COMPARISON_EXAMPLE, schema=schemas.COMPARISON, of_events=False),
    openapi_extra=ComparisonParameters.documented(),
)
async def get_comparison(request: Request, report: Number) -> Response:
    """Questions that ask the same, of whatever time, stand beside each other.

    If one of the reports lacks a question, that side is null. If both are of one time, `changes` tells event by event
    why their figures differ.
    """
    question = ComparisonParameters(request)
    question.raise_if_invalid()
    assert question.earlier is not None  # noqa: S101  (required)
    earlier = await _opened(request, question, question.earlier)
    later = await _opened(request, question, report)
    body = answers.as_comparison(question.authority, earlier, later)
    body["links"] = {"pinned": pinned(question)}
    return answer(question, body, answers.comparison_lines(body))


@router.delete(
    "/v1/reports/{report}",
    summary="Take a report away",
    responses=refusals(
        {
            403: "The key has no right to operate for this authority.",
            404: "The authority has no such report.",
            422: "A parameter is not as described.",
        }
    )
    | {200: json_answer("It is taken away.", schemas.TAKEN_AWAY)},
    openapi_extra=ToChange.documented(),
)
async def delete_report(request: Request, report: Number) -> JSONResponse:
    """Needs a key with the right `operate` for this authority. Its number is not given again."""
    question = ToChange(request)
    caller = authenticated_caller(request)
    question.raise_if_invalid()
    if not caller.may(Right.OPERATE, question.authority):
        detail = f"To take a report away needs the right `{Right.OPERATE}` for authority {question.authority}."
        raise Problem(403, "not-allowed", "Not allowed", detail)
    async with kept_database_of(request).opened() as pool:
        if not await store.take_away(pool, question.authority, report):
            raise _no_such_report(question.authority, report)
    log.info("a report was taken away", authority=question.authority, report=report, by=caller.name)
    return JSONResponse({"authority": question.authority, "report": report})


async def _opened(request: Request, question: ReadQuery, number: int) -> tuple[Kept, list[Answer]]:
    """A report, and what its questions are answered now. Raises a 404 problem."""
    authority: str = question.values["authority"]
    async with kept_database_of(request).opened() as pool:
        stored = await store.find(pool, authority, number)
    if stored is None:
        raise _no_such_report(authority, number)
    kept, questions = stored
    readable = [read for each in questions if (read := Question.read(each.question)) is not None]
    answered = await _ask_all(request, authority, answers.instants_as_json(kept), readable)
    then = [each.figures for each in questions]
    return kept, [each.judged(digest) for each, digest in zip(answered, then, strict=True)]


async def _ask_all(
    request: Request, authority: str, instants: dict[str, str], questions: Sequence[Question]
) -> list[Answer]:
    """The answers to questions, one after another, each in its turn. Raises problems that will pass."""
    answered = []
    for each in questions:
        given = dict(each.parameters) | {"authority": authority} | instants
        try:
            answer = await ask(request, authenticated_caller(request), each.path, **given)
        except NotAnswered as refused:
            if refused.status not in (404, 422):
                raise _passed_on(refused) from None
            answered.append(Answer(each, {}, [], dict(refused.problem)))
        else:
            answered.append(Answer(each, answer.body, figures_of(each, answer.body)))
    return answered


def _passed_on(refused: NotAnswered) -> Problem:
    problem = dict(refused.problem)
    kind = str(problem["type"]).rsplit(":", 1)[-1]
    return Problem(refused.status, kind, problem["title"], problem["detail"], headers=dict(refused.headers))


def _no_such_report(authority: str, number: int) -> Problem:
    detail = f"Authority {authority} has no report {number}: GET /v1/reports lists them."
    return Problem(404, "no-such-report", "There is no such report", detail)
