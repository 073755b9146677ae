"""Survival over HTTP: how long people stay, of the academy's members or of all who came.

Invariant: those still in post at the date are censored, never counted as leavers nor as staying for good.
"""

import math
from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from fractions import Fraction
from typing import Any, NamedTuple

from fastapi import APIRouter, Request, Response

from services.chassis.authentication import READING
from services.metrics.academy.outcomes import DAYS_OF_A_YEAR, Which, cohorts_as_at, members
from services.metrics.api import schemas
from services.metrics.api.academy import (
    COHORTS,
    NAMES,
    AcademyRequest,
    asked,
    cohort_named,
    snapshot_of,
    which_cohorts,
)
from services.metrics.api.computing import computing
from services.metrics.api.files import Lines
from services.metrics.api.parameters import ONE_AUTHORITY, Parameter, documented
from services.metrics.api.query import QueryReader
from services.metrics.api.responses import answer, pinned, responses
from services.metrics.measures.catalogue import MEASURES, dimensions_of
from services.metrics.reasons import Reason
from services.metrics.snapshot.employment import Scope, Spell
from services.metrics.snapshot.snapshot import Snapshot
from services.metrics.statistics.survival import CONFIDENCE, Curve, Duration, Step, kaplan_meier
from services.metrics.timelines.dimensions import NOTHING_STATED, OF_POSTS

router = APIRouter(tags=["survival"], dependencies=[READING])


class Of(StrEnum):
    """Whose length of service is looked at."""

    SPELLS = "spells"
    ACADEMY_MEMBERS = "academy-members"


class Points(StrEnum):
    """Where the curve is told: at every length of service that matters, or after each month."""

    DAYS = "days"
    MONTHS = "months"


OF = Parameter(
    "of",
    "Whose length of service: `spells` (every run of days in service of the scope that began by the date, from its "
    "first day; a person who returns has two) or `academy-members` (from their start in the cohort, in any post).",
    {"type": "string", "enum": list(Of), "default": Of.SPELLS.value},
    "academy-members",
)
POINTS = Parameter(
    "points",
    "`days`: a point for every number of days after which somebody left or is still in post; `months`: one for every "
    "month (a twelfth of 365.25 days), with what happened since the point before.",
    {"type": "string", "enum": list(Points), "default": Points.MONTHS.value},
    "months",
)
STARTERS = MEASURES["starters"]
_NAMES = (*NAMES, "from", "to", "scope", *dimensions_of(STARTERS))
_ALSO = (OF, COHORTS, POINTS)

MONTH = DAYS_OF_A_YEAR / 12
DEFINITION = (
    "Kaplan-Meier: the share still in post after so many days; those in post at the date are censored. 95% band by "
    "Greenwood's formula on the log(-log) scale. At risk: those who served at least so long."
)
SOURCE = "Kaplan and Meier 1958; Kalbfleisch and Prentice 1980"
PLACES = 6
"""Decimals of a survival that is shown."""

EXAMPLE = {
    "of": "academy-members",
    "cohorts": "completed",
    "authority": "331",
    "scope": "all",
    "as_at": "2023-11-30",
    "as_known_at": "2023-11-30T17:00:00Z",
    "count": 190,
    "left": 66,
    "in_post": 124,
    "median_days": None,
    "at_risk_by_year": [{"years": 0, "at_risk": 190}, {"years": 1, "at_risk": 159}],
    "points": [
        {
            "months": 12,
            "days": 365.25,
            "at_risk": 159,
            "left": 4,
            "censored": 0,
            "survival": 0.836842,
            "lower": 0.776163,
            "upper": 0.882314,
        }
    ],
    "links": {},
}


@router.get(
    "/v1/survival",
    summary="How long people stay: Kaplan-Meier over length of service",
    responses=responses(EXAMPLE, schema=schemas.SURVIVAL),
    openapi_extra=documented(*_NAMES, also=[ONE_AUTHORITY, *_ALSO]),
)
async def get_survival(request: Request) -> Response:
    """The share still in post by length of service, with its 95% band and the number at risk.

    `from` and `to` take those who began in a period (either may be left out), dimensions those whose first day fits.
    Of people who came before records began only those are known who stayed: `from` leaves them out. Of academy members,
    `cohort` takes one cohort, `cohorts` the completed or the running ones.
    """
    question = QueryReader(request, *_NAMES, also=_ALSO)
    requested, which, scope = asked(question), which_cohorts(question), question.scope()
    of = Of(question.choice("of", list(Of), Of.SPELLS))
    points = Points(question.choice("points", list(Points), Points.MONTHS))
    began, where = (question.day("from"), question.day("to")), question.filters(STARTERS)
    if of is Of.SPELLS and question.text("cohorts") is not None:
        question.fault("cohorts", "does not go with of=spells", "cohort, or of=academy-members beside it")
    if of is Of.ACADEMY_MEMBERS and scope is not Scope.ALL:
        question.fault("scope", "does not go with of=academy-members", "all: they are followed in any post", scope)
    question.raise_if_invalid()
    async with computing(request) as computation:
        snapshot = await snapshot_of(computation, requested)
        return await computation.run(_answer, question, requested, (of, which, scope, points), began, where, snapshot)


def _answer(
    question: QueryReader,
    requested: AcademyRequest,
    choices: tuple[Of, Which, Scope, Points],
    began: tuple[date | None, date | None],
    where: Mapping[str, Any],
    snapshot: Snapshot,
) -> Response:
    """The answer with a curve."""
    of, which, scope, points = choices
    if "cohort" in where:
        cohort_named(snapshot, where["cohort"])
    body: dict[str, Any] = {"of": of} | ({"cohorts": which} if of is Of.ACADEMY_MEMBERS else {})
    body |= {"where": where} if where else {}
    body |= {name: day.isoformat() for name, day in zip(("from", "to"), began, strict=True) if day is not None}
    body |= {"definition": DEFINITION, "source": SOURCE, "confidence": CONFIDENCE}
    body |= {"authority": requested.authority, "scope": scope} | requested.facts()
    followed = _members(snapshot, which, requested.as_at) if of is Of.ACADEMY_MEMBERS else _spells(snapshot, scope)
    body |= as_curve(kaplan_meier(_durations(followed, began, where, requested.as_at)), points)
    body["links"] = {"pinned": pinned(question)}
    return answer(question, body, _lines(body))


class Followed(NamedTuple):
    """Somebody whose length of service is looked at, from the day it is counted from."""

    since: date
    spell: Spell
    cohort: str | None

    def dimension(self, name: str) -> Any:
        """A dimension on the first day: of the main post, or of how the person came."""
        if name == "cohort":
            return self.cohort
        if name in OF_POSTS:
            service = self.spell.at(self.since)
            return getattr(NOTHING_STATED if service is None else service.place, name)
        return getattr(self.spell.start, name)


def _members(snapshot: Snapshot, which: Which, as_at: date) -> Iterable[Followed]:
    names = {cohort.cohort for cohort in cohorts_as_at(snapshot, as_at, which)}
    of_cohorts = (member for member in members(snapshot) if member.cohort in names)
    return (Followed(member.started_on, member.spell, member.cohort) for member in of_cohorts)


def _spells(snapshot: Snapshot, scope: Scope) -> Iterable[Followed]:
    return (Followed(spell.since, spell, spell.start.cohort) for spell in snapshot.spells(scope))


def _durations(
    followed: Iterable[Followed],
    began: tuple[date | None, date | None],
    where: Mapping[str, Any],
    as_at: date,
) -> Iterable[Duration]:
    """How long each was there by the date, of those who began in a period and whose first day fits."""
    first, last = began[0] or date.min, min(began[1] or as_at, as_at)
    for one in followed:
        if first <= one.since <= last and all(one.dimension(name) == value for name, value in where.items()):
            until = one.spell.until
            yield Duration((min(until, as_at) - one.since).days, until <= as_at)


def as_curve(curve: Curve, points: Points) -> dict[str, Any]:
    """A curve as answers show it."""
    left = sum(step.left for step in curve.steps)
    years = range(math.floor(curve.longest / DAYS_OF_A_YEAR) + 1)
    return {
        "count": curve.count,
        "left": left,
        "in_post": curve.count - left,
        "median_days": curve.median,
        "median_years": None if curve.median is None else round(float(curve.median / DAYS_OF_A_YEAR), 2),
        **_why(curve),
        "at_risk_by_year": [{"years": year, "at_risk": curve.at_risk(year * DAYS_OF_A_YEAR)} for year in years],
        "points": _by_day(curve) if points is Points.DAYS else _by_month(curve),
    }


def _why(curve: Curve) -> dict[str, Reason]:
    """Why there is no median: more than half are still there, or there is nobody."""
    if curve.median is not None:
        return {}
    return {"reason": Reason.NOT_YET if curve.count else Reason.NO_DENOMINATOR}


def _by_day(curve: Curve) -> list[dict[str, Any]]:
    return [_point(step.days, step, step.at_risk, step.left, step.censored) for step in curve.steps]


def _by_month(curve: Curve) -> list[dict[str, Any]]:
    """A point after each month, up to the first after which nobody is at risk any more."""
    found, steps, place = [], curve.steps, 0
    for month in range(math.ceil(curve.longest / MONTH) + 1 if steps else 0):
        days, before = month * MONTH, place
        while place < len(steps) and steps[place].days <= days:
            place += 1
        since = steps[before:place]
        left, censored = sum(step.left for step in since), sum(step.censored for step in since)
        found.append({"months": month} | _point(days, curve.at(days), curve.at_risk(days), left, censored))
    return found


def _point(days: Fraction | int, step: Step | None, at_risk: int, left: int, censored: int) -> dict[str, Any]:
    survival, lower, upper = (Fraction(1), 1.0, 1.0) if step is None else step[4:]
    return {
        "days": days if isinstance(days, int) else float(days),
        "at_risk": at_risk,
        "left": left,
        "censored": censored,
        "survival": round(float(survival), PLACES),
        "lower": None if lower is None else round(lower, PLACES),
        "upper": None if upper is None else round(upper, PLACES),
        # Greenwood's formula divides by those who are left.
        **({"reason": Reason.NO_DENOMINATOR} if lower is None or upper is None else {}),
    }


def _lines(body: dict[str, Any]) -> Lines:
    """The curve as a table: a line a point."""
    names = list(body["points"][0]) if body["points"] else list(_point(0, None, 0, 0, 0))
    names = [*(name for name in names if name != "reason"), "reason"]
    return names, ([point.get(name) for name in names] for point in body["points"])
