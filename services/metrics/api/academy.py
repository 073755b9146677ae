"""The Social Work Academy over HTTP: what became of each cohort, and of each of its members.

Invariant: every figure here can be asked for its members (`outcome=`), and there are as many as the figure says.
"""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

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
from services.metrics.api.parameters import OfADay, Paged, no_such_authority, said
from services.metrics.api.query import KNOWN
from services.metrics.api.responses import answer, page_links, pinned, responses
from services.metrics.api.tables import cohort_lines, member_lines
from services.metrics.api.telling import all_told
from services.metrics.ingest import store
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
    """Of which authority, as at which date, as known when."""

    cohorts = COHORTS


class MembersParameters(OfADay, Paged):
    """The same of the members of a cohort, and which of them."""

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
}
DEFINITIONS = {
    outcome.name: {"title": outcome.title, "definition": outcome.definition, "source": OWN} for outcome in OUTCOMES
} | {name: {"title": title, "definition": text, "source": source} for name, (title, text, source) in RATIOS.items()}
"""How each figure is defined, by its name."""

_OF_ALL = {
    "started": 190,
    "passed": 158,
    "failed": 4,
    "deferred": 8,
    "in_the_year": 0,
    "left": 66,
    "left_during": 28,
    "left_after": 38,
    "progressed": 158,
    "in_post": 124,
    "progressed_share": 83.2,
    "retention": 65.3,
    "mean_service_years": 2.8,
    "mean_service_years_of_all": 2.3,
}
EXAMPLE: dict[str, Any] = {
    "authority": "331",
    "cohorts": "completed",
    "as_at": "2023-11-30",
    "as_known_at": "2023-11-30T17:00:00Z",
    "count": 17,
    "rows": [
        {
            "cohort": "cohort-01",
            "entry_on": "2018-07-16",
            "completes_on": "2019-07-16",
            "completed": True,
            "academy_team": "academy-team-1",
            "places": 16,
            "started": 11,
            "passed": 9,
            "failed": 0,
            "deferred": 1,
            "in_the_year": 0,
            "left": 3,
            "left_during": 1,
            "left_after": 2,
            "progressed": 9,
            "in_post": 8,
            "progressed_share": 81.8,
            "retention": 72.7,
            "mean_service_years": 5.4,
            "mean_service_years_of_all": 4.6,
        }
    ],
    "over_all": _OF_ALL,
    "definitions": {"retention": DEFINITIONS["retention"]},
    "links": {
        "pinned": "/v1/academy/cohorts?authority=331&cohorts=completed&as_at=2023-11-30"
        "&as_known_at=2023-11-30T17:00:00Z&as_accepted_at=2023-11-30T17:00:00Z",
        "members": "/v1/academy/cohorts/all?authority=331&cohorts=completed&as_at=2023-11-30"
        "&as_known_at=2023-11-30T17:00:00Z&as_accepted_at=2023-11-30T17:00:00Z",
        "survival": "/v1/survival?authority=331&cohorts=completed&as_at=2023-11-30"
        "&as_known_at=2023-11-30T17:00:00Z&as_accepted_at=2023-11-30T17:00:00Z&of=academy-members",
    },
}
MEMBERS_EXAMPLE = {
    "authority": "331",
    "cohort": "cohort-01",
    "as_at": "2023-11-30",
    "as_known_at": "2023-11-30T17:00:00Z",
    "outcome": "started",
    "definition": COUNTED["started"].definition,
    "figures": {name: value for name, value in EXAMPLE["rows"][0].items() if name in _OF_ALL},
    "count": 11,
    "limit": 1,
    "offset": 0,
    "members": [
        {
            "worker": "W-0007",
            "cohort": "cohort-01",
            "started_on": "2018-07-16",
            "passed_on": "2019-07-08",
            "failed_on": None,
            "deferred_on": None,
            "progressed_on": "2019-07-22",
            "left_on": None,
            "reason": None,
            "destination": None,
            "service_days": 1963,
            "outcomes": ["started", "passed", "progressed", "in_post"],
            "events": "/v1/subjects/worker/W-0007?authority=331",
        }
    ],
    "links": {
        "pinned": "/v1/academy/cohorts/cohort-01?authority=331&as_at=2023-11-30&limit=1"
        "&as_known_at=2023-11-30T17:00:00Z&as_accepted_at=2023-11-30T17:00:00Z"
    },
}


async def snapshot_of(computation: Computation, question: OfADay) -> Snapshot:
    """The snapshot that answers, members worked out.

    Raises a 404 problem where nothing was known of the authority, and a 422 problem where it costs too much.
    """
    memory, report = computation.memory, (question.authority, question.known_at, question.as_accepted_at)
    if not await store.has_events(memory.readers, *report):
        raise no_such_authority(*report)
    await computation.weigh(cost.of_parts(1, await memory.size(question.authority), 1))
    snapshot = await memory.authorities.snapshot(*report)
    # The snapshot keeps them.
    await computation.run(members, snapshot)
    return snapshot


def cohort_named(snapshot: Snapshot, name: str) -> Cohort:
    """The cohort of that name. Raises a 404 problem that lists those there are."""
    known = cohorts(snapshot)
    if name not in known:
        detail = f"{name[:80]!r} is no cohort that is known of. There are {len(known)}."
        raise Problem(404, "no-such-cohort", "There is no such cohort", detail, cohorts=list(known))
    return known[name]


@router.get(
    "/v1/academy/cohorts",
    summary="What became of the academy's cohorts, each and over all",
    responses=responses(EXAMPLE, schema=schemas.COHORTS),
    openapi_extra=AcademyParameters.documented(),
)
async def list_cohorts(request: Request) -> Response:
    """Each cohort in the order of entry with its outcomes as at a date, and those over all the cohorts listed.

    Beside the figures stands how each is defined. `/v1/academy/cohorts/{cohort}?outcome=…` names the members who make
    up one.
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
    """Every figure of some members as it is shown: people whole, percentages and years to 1 decimal, half up."""
    return {name: of_cohorts.count(name) for name in COUNTED} | all_told(
        {
            "progressed_share": of_cohorts.share("progressed"),
            "retention": of_cohorts.share("in_post"),
            "mean_service_years": of_cohorts.mean_service("in_post"),
            "mean_service_years_of_all": of_cohorts.mean_service("started"),
        },
        dict.fromkeys(("progressed_share", "retention"), Unit.PERCENT)
        | dict.fromkeys(("mean_service_years", "mean_service_years_of_all"), Unit.YEARS),
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
    """Members by their pseudonyms, in the order of start: when they passed, failed, were deferred, progressed and left,
    as far as it had happened by the date, and which figures they make up. `cohorts` says more of `all`.
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
    """A member as answers show it. Its events are linked as known when the question was, where it says when."""
    member, leaving = known.member, known.leaving
    instants = [f"&{name}={said(instant)}" for name in KNOWN if (instant := question.values.get(name)) is not None]
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
