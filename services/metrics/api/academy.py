"""The Social Work Academy over HTTP: what became of each cohort, and of each of its members.

Invariant: for every figure here the members behind it can be asked for (`outcome=`), and there are as many as the
figure says.
"""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from contracts.envelope import format_instant
from contracts.near_names import meant
from services.chassis.authentication import READING
from services.chassis.problems import Problem
from services.chassis.query import Parameter, choice, word
from services.metrics.academy.outcomes import (
    COUNTED,
    OUTCOMES,
    Cohort,
    Known,
    Outcomes,
    Which,
    cohorts,
    cohorts_as_at,
    members,
    outcomes,
)
from services.metrics.api import schemas
from services.metrics.api.computing import Computation, computing
from services.metrics.api.examples.academy import COHORTS_EXAMPLE, MEMBERS_EXAMPLE
from services.metrics.api.figure_json import figures_json
from services.metrics.api.known import snapshot_of_known
from services.metrics.api.parameters import OfADay, Paged
from services.metrics.api.query import KNOWN
from services.metrics.api.responses import answer, page_links, pinned, responses
from services.metrics.api.tables import cohort_lines, member_lines
from services.metrics.measures.declaration import BOARD, OWN, Unit
from services.metrics.pauses import with_pauses
from services.metrics.read_models import cost
from services.metrics.read_models.authorities import ALL
from services.metrics.snapshot.snapshot import Snapshot

router = APIRouter(tags=["academy"], dependencies=[READING])

COHORTS = Parameter(
    "cohorts",
    "Which cohorts, of those that had entered by the date: `all`, those `completed` (their assessed and supported year "
    "was over; the council's paper counts these), or those `running`.",
    choice(Which, Which.ALL),
    "completed",
)


class AcademyParameters(OfADay):
    """Authority, date, and instant known."""

    cohorts = COHORTS


class MembersParameters(OfADay, Paged):
    """The same for the members of a cohort, and which of them."""

    cohorts = COHORTS
    outcome = Parameter(
        "outcome",
        "Only the members who make up this figure.",
        word(list(COUNTED), "started"),
        "left_during",
    )


RATIOS = {
    "progressed_share": ("Share who progressed", "100 x progressed / started.", BOARD),
    "retention": ("Retention of the academy", "100 x in post / started.", BOARD),
    "mean_service_years": (
        "Mean length of service of those in post",
        "Of those in post: from their start to the date, in years of 365.25 days.",
        BOARD,
    ),
    "mean_service_years_of_all": (
        "Mean length of service of all members",
        "Of all who started: from their start to leaving or, of those in post, to the date, in years of 365.25 days.",
        OWN,
    ),
    "mean_days_to_progress": (
        "Mean days to progress",
        "Of those who progressed: days from their start to the first on which their main post was of a service area.",
        OWN,
    ),
}
DEFINITIONS = {
    outcome.name: {"title": outcome.title, "definition": outcome.definition, "source": OWN} for outcome in OUTCOMES
} | {name: {"title": title, "definition": text, "source": source} for name, (title, text, source) in RATIOS.items()}
"""How each figure is defined, by its name."""


async def snapshot_of(computation: Computation, question: OfADay) -> Snapshot:
    """The snapshot that answers, members worked out.

    Raises a 404 problem if nothing was known of the authority, and a 422 problem if it costs too much.
    """
    await computation.weigh(cost.of_parts(1, await computation.read_cache.size(question.authority), 1))
    snapshot = await snapshot_of_known(computation, *question.report)
    # The snapshot keeps them.
    await computation.run(members, snapshot)
    return snapshot


def cohort_named(snapshot: Snapshot, name: str) -> Cohort:
    """The cohort of that name. Raises a 404 problem that lists those there are."""
    known = cohorts(snapshot)
    if name not in known:
        detail = f"{name[:80]!r} is no cohort that is known of. {meant(name, known)}"
        raise Problem(404, "no-such-cohort", "There is no such cohort", detail, cohorts=list(known))
    return known[name]


@router.get(
    "/v1/academy/cohorts",
    summary="What became of the academy's cohorts, each and over all",
    responses=responses(
        COHORTS_EXAMPLE | {"definitions": {"retention": DEFINITIONS["retention"]}}, schema=schemas.COHORTS
    ),
    openapi_extra=AcademyParameters.documented(),
)
async def list_cohorts(request: Request) -> Response:
    """Each cohort, in the order of entry, with its outcomes as at a date, and the outcomes over all listed cohorts.

    `definitions` says how each figure is defined. `/v1/academy/cohorts/{cohort}?outcome=…` lists the members behind
    a figure.
    """
    question = AcademyParameters(request)
    question.raise_if_invalid()
    async with computing(request) as computation:
        snapshot = await snapshot_of(computation, question)
        return await computation.run(_answer, question, snapshot)


def _answer(question: AcademyParameters, snapshot: Snapshot) -> Response:
    """The answer with the cohorts."""
    rows, over_all = _of_cohorts(snapshot, question.day, question.cohorts)
    body: dict[str, Any] = {"authority": question.authority, "cohorts": question.cohorts} | question.facts()
    body |= {"count": len(rows), "rows": rows, "over_all": over_all, "definitions": DEFINITIONS}
    body["links"] = {
        "pinned": pinned(question),
        "members": pinned(question, f"{question.request.url.path}/{ALL}"),
        "survival": pinned(question, "/v1/survival", of="academy-members"),
    }
    return answer(question, body, cohort_lines(body, DEFINITIONS))


def _of_cohorts(snapshot: Snapshot, as_at: date, which: Which) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    known = cohorts_as_at(snapshot, as_at, which)
    rows = [
        _as_cohort(cohort, as_at) | figures(outcomes(snapshot, [cohort.cohort], as_at)) for cohort in with_pauses(known)
    ]
    return rows, figures(outcomes(snapshot, [cohort.cohort for cohort in known], as_at))


def _as_cohort(cohort: Cohort, as_at: date) -> dict[str, Any]:
    return {
        "cohort": cohort.cohort,
        "entry_on": _day(cohort.entry_on),
        "completes_on": _day(cohort.completes_on),
        "completed": cohort.is_completed(as_at),
        "academy_team": cohort.academy_team,
        "places": cohort.places,
    }


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def figures(of_cohorts: Outcomes) -> dict[str, Any]:
    """Every figure of some members as it is shown: people whole, percentages, years and days to 1 decimal, half up."""
    return {name: of_cohorts.count(name) for name in COUNTED} | figures_json(
        {
            "progressed_share": of_cohorts.share("progressed"),
            "retention": of_cohorts.share("in_post"),
            "mean_service_years": of_cohorts.mean_service("in_post"),
            "mean_service_years_of_all": of_cohorts.mean_service("started"),
            "mean_days_to_progress": of_cohorts.mean_days_to_progress(),
        },
        dict.fromkeys(("progressed_share", "retention"), Unit.PERCENT)
        | dict.fromkeys(("mean_service_years", "mean_service_years_of_all"), Unit.YEARS)
        | {"mean_days_to_progress": Unit.DAYS},
    )


@router.get(
    "/v1/academy/cohorts/{cohort}",
    summary="The members of one cohort, or of all, and what is known of each",
    responses=responses(MEMBERS_EXAMPLE, schema=schemas.MEMBERS),
    openapi_extra=MembersParameters.documented(),
)
async def get_cohort(
    request: Request,
    cohort: Annotated[str, Path(description="The cohort; `all` for every one.", examples=["cohort-01"])],
) -> Response:
    """Members by their pseudonyms, in the order of start: when they passed, failed, were deferred, progressed and
    left (as far as that had happened by the date), and which figures they count in. For `all`, `cohorts` says which
    cohorts.
    """
    question = MembersParameters(request)
    question.raise_if_invalid()
    async with computing(request) as computation:
        snapshot = await snapshot_of(computation, question)
        return await computation.run(_answer_of_cohort, question, cohort, snapshot)


def _answer_of_cohort(question: MembersParameters, cohort: str, snapshot: Snapshot) -> Response:
    """The answer with the members of a cohort."""
    (limit, offset), day, outcome = question.page(), question.day, question.outcome
    body: dict[str, Any] = {"authority": question.authority}
    if cohort == ALL:
        body |= {"cohort": ALL, "cohorts": question.cohorts}
    else:
        body |= _as_cohort(cohort_named(snapshot, cohort), day)
    names = [name for name, *_ in cohorts_as_at(snapshot, day, question.cohorts) if cohort in (ALL, name)]
    of_cohort = outcomes(snapshot, names, day)
    listed = of_cohort.members(outcome)
    body |= question.facts() | {"outcome": outcome, "definition": COUNTED[outcome].definition}
    body |= {"figures": figures(of_cohort), "count": len(listed), "limit": limit, "offset": offset}
    body["members"] = [_as_member(known, question) for known in listed[offset : offset + limit]]
    body["links"] = {"pinned": pinned(question)} | page_links(question, len(listed), limit, offset)
    return answer(question, body, member_lines(body))


def _as_member(known: Known, question: MembersParameters) -> dict[str, Any]:
    """A member as answers show it. The link to its events has the same instant known as the question, if it states
    one.
    """
    member, leaving = known.member, known.leaving
    instants = [
        f"&{name}={format_instant(instant)}" for name in KNOWN if (instant := question.values.get(name)) is not None
    ]
    return {
        "worker": member.person,
        "cohort": member.cohort,
        "started_on": member.started_on.isoformat(),
        "passed_on": _day(known.passed_on),
        "failed_on": _day(known.failed_on),
        "deferred_on": _day(known.deferred_on),
        "progressed_on": _day(known.progressed_on),
        "left_on": _day(known.left_on),
        "reason": None if leaving is None else leaving.reason,
        "destination": None if leaving is None else leaving.destination,
        "service_days": known.service.days,
        "outcomes": [outcome.name for outcome in OUTCOMES if outcome.counts(known)],
        "events": f"/v1/subjects/worker/{member.person}?authority={question.authority}{''.join(instants)}",
    }
