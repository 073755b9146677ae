"""Survival over HTTP: how long the academy's members stay, or all who came.

Invariant: those still in post at the date are censored. They count neither as leavers nor as staying for good.
"""

import math
from collections.abc import Iterable
from enum import StrEnum
from fractions import Fraction
from typing import Any

from fastapi import APIRouter, Request, Response

from services.chassis.authentication import READING
from services.chassis.query import Parameter, choice, word
from services.metrics.academy.length_of_service import Followed, Of, durations, in_groups, members_of, spells_of
from services.metrics.academy.outcomes import DAYS_OF_A_YEAR
from services.metrics.api import schemas
from services.metrics.api.academy import (
    COHORTS,
    cohort_named,
    snapshot_of,
)
from services.metrics.api.computing import computing
from services.metrics.api.examples.academy import SURVIVAL_EXAMPLE
from services.metrics.api.parameters import FIRST, LAST, SCOPE, Filtered, OfADay, of_dimensions
from services.metrics.api.responses import answer, pinned, responses
from services.metrics.api.tables import survival_lines
from services.metrics.measures.catalogue import MEASURES, dimensions_of
from services.metrics.pauses import with_pauses
from services.metrics.reasons import Reason
from services.metrics.snapshot.employment import Scope
from services.metrics.snapshot.snapshot import Snapshot
from services.metrics.statistics.survival import CONFIDENCE, Curve, Step, kaplan_meier

router = APIRouter(tags=["survival"], dependencies=[READING])


class Points(StrEnum):
    """The points of the curve: at every length of service that somebody has by the date, or after each month."""

    DAYS = "days"
    MONTHS = "months"


OF = Parameter(
    "of",
    "Whose length of service. `spells`: every run of days in service of the scope that began by the date, from its "
    "first day; a person who returns has two. `academy-members`: from their start in the cohort, in any post.",
    choice(Of, Of.SPELLS),
    "academy-members",
)
POINTS = Parameter(
    "points",
    "`days`: a point for every number of days after which somebody left or is still in post; `months`: one for every "
    "month (a twelfth of 365.25 days), with what happened since the point before.",
    choice(Points, Points.MONTHS),
    "months",
)
STARTERS = MEASURES["starters"]
BY = Parameter(
    "by",
    "A dimension of the first day: a curve for each of its values beside that of all.",
    word(dimensions_of(STARTERS), None),
    "route",
)


class _Followed(Filtered):
    """Who is followed: those who began in a period, in posts of a scope, of some values of dimensions."""

    first = FIRST
    last = LAST
    scope = SCOPE
    only = of_dimensions(dimensions_of(STARTERS))


class SurvivalParameters(OfADay, _Followed):
    """Whose length of service is looked at, and at which points the curve is told."""

    of = OF
    cohorts = COHORTS
    points = POINTS
    by = BY

    def check(self) -> None:
        """Refuse `cohorts` for spells, and a scope for academy members: they are followed in any post."""
        super().check()
        if self.of is Of.SPELLS and self.text("cohorts") is not None:
            self.fault("cohorts", "does not go with of=spells", "cohort, or of=academy-members beside it")
        if self.of is Of.ACADEMY_MEMBERS and self.scope is not Scope.ALL:
            expected = "all: they are followed in any post"
            self.fault("scope", "does not go with of=academy-members", expected, self.scope)


MONTH = DAYS_OF_A_YEAR / 12
DEFINITION = (
    "Kaplan-Meier: the share still in post after so many days; those in post at the date are censored. 95% band by "
    "Greenwood's formula on the log(-log) scale. At risk: those who served at least so long."
)
SOURCE = "Kaplan and Meier 1958; Kalbfleisch and Prentice 1980"
PLACES = 6
"""Decimals of a survival that is shown."""


@router.get(
    "/v1/survival",
    summary="How long people stay: Kaplan-Meier over length of service",
    responses=responses(SURVIVAL_EXAMPLE | {"source": SOURCE, "definition": DEFINITION}, schema=schemas.SURVIVAL),
    openapi_extra=SurvivalParameters.documented(),
)
async def get_survival(request: Request) -> Response:
    """The share still in post by length of service, with its 95% band and the number at risk.

    `from` and `to` select those who began in a period (either may be left out), dimensions those whose first day fits.
    Among people who came before records began, only those who stayed are known: `from` leaves them out. For academy
    members, `cohort` selects one cohort, `cohorts` the completed or the running ones. With `by` there are `rows`, a
    curve for each value; a file has only their points.
    """
    question = SurvivalParameters(request)
    question.raise_if_invalid()
    async with computing(request) as computation:
        snapshot = await snapshot_of(computation, question)
        return await computation.run(_answer, question, snapshot)


def _answer(question: SurvivalParameters, snapshot: Snapshot) -> Response:
    """The answer with a curve."""
    of, which, scope, day = question.of, question.cohorts, question.scope, question.day
    began, where = (question.first, question.last), question.filters(STARTERS)
    if "cohort" in where:
        cohort_named(snapshot, where["cohort"])
    body: dict[str, Any] = {"of": of} | ({"cohorts": which} if of is Of.ACADEMY_MEMBERS else {})
    body |= {"where": where} if where else {}
    body |= {name: day.isoformat() for name, day in zip(("from", "to"), began, strict=True) if day is not None}
    body |= {"definition": DEFINITION, "source": SOURCE, "confidence": CONFIDENCE}
    body |= {"authority": question.authority, "scope": scope} | question.facts()
    followed = list(members_of(snapshot, which, day) if of is Of.ACADEMY_MEMBERS else spells_of(snapshot, scope))

    def curve(of_group: Iterable[Followed]) -> dict[str, Any]:
        return as_curve(kaplan_meier(durations(of_group, began, where, day)), question.points)

    body |= curve(followed)
    if (by := question.by) is not None:
        rows = [{by: value} | curve(group) for value, group in with_pauses(in_groups(followed, by).items())]
        body |= {"by": [by], "rows": [row for row in rows if row["count"]]}
    body["links"] = {"pinned": pinned(question)}
    return answer(question, body, survival_lines(body))


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
    rows, steps, index = [], curve.steps, 0
    for month in range(math.ceil(curve.longest / MONTH) + 1 if steps else 0):
        days, before = month * MONTH, index
        whole = math.floor(days)
        while index < len(steps) and steps[index].days <= whole:
            index += 1
        since = steps[before:index]
        left, censored = sum(step.left for step in since), sum(step.censored for step in since)
        rows.append({"months": month} | _point(days, curve.at(days), curve.at_risk(days), left, censored))
    return rows


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
