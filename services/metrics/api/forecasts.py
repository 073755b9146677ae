"""Forecasts of vacancies, what a change would make of them, and how earlier forecasts did.

Invariant: an answer states the assumptions with the values they were given; asked again, it has the same digits.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from fastapi import APIRouter, Request, Response

from contracts.codes import Role
from contracts.envelope import Event
from services.chassis.authentication import READING
from services.metrics.api.computing import Computation, computing
from services.metrics.api.forecast_answers import (
    BACK_TEST,
    BACK_TEST_EXAMPLE,
    DEFINITION,
    FORECAST,
    FORECAST_EXAMPLE,
    as_forecast,
    as_score,
    back_test_lines,
    forecast_lines,
)
from services.metrics.api.parameters import KNOWN, ONE_AUTHORITY, Parameter, documented
from services.metrics.api.query import QueryReader, no_such_authority, said
from services.metrics.api.responses import answer, pinned, responses
from services.metrics.forecasting.back_test import MOST_ORIGINS, Compared, back_test, score, scores
from services.metrics.forecasting.forecast import LONGEST, Forecast, forecast, roles
from services.metrics.forecasting.simulation import Change
from services.metrics.forecasting.what_if import is_usual, what_would_act
from services.metrics.pauses import with_pauses
from services.metrics.read_models import cost
from services.metrics.read_models.authorities import ALL
from services.metrics.reasons import Reason
from services.metrics.snapshot.snapshot import Snapshot, known

router = APIRouter(tags=["forecasts"], dependencies=[READING])

USUAL_LENGTH = 12
MOST_PEOPLE = 1000
"""Entrants a year, and conversions, that can be asked for."""
LONGEST_NUMBER = 40
"""Characters of a number."""
MOST_POINTS = 100
"""Percentage points a year by which turnover can be moved."""

MONTHS = Parameter(
    "months",
    "For how many months ahead.",
    {"type": "integer", "minimum": 1, "maximum": LONGEST, "default": USUAL_LENGTH},
    12,
)
BY_ROLE = Parameter(
    "by",
    "A forecast for each role beside the one for all posts. Each is made by itself: they do not add up.",
    {"type": "string", "enum": ["role"]},
)
WHAT_IF = (
    Parameter(
        "intake",
        "What if the academy took in so many in a year, instead of the usual number. Those whose entry is already "
        "known count towards it.",
        {"type": "integer", "minimum": 0, "maximum": MOST_PEOPLE},
    ),
    Parameter(
        "turnover_lower_by",
        "What if turnover were lower by so many percentage points a year; higher where negative.",
        {"type": "number", "minimum": -MOST_POINTS, "maximum": MOST_POINTS},
    ),
    Parameter(
        "conversions",
        "What if so many agency workers (FTE) were employed over the months asked for, instead of the usual number.",
        {"type": "integer", "minimum": 0, "maximum": MOST_PEOPLE},
    ),
)
_OWN = (MONTHS, BY_ROLE, *WHAT_IF)
_TEST_OWN = (MONTHS, Parameter("role", "Only posts of this role.", {"type": "string", "enum": list(Role)}))


@dataclass(frozen=True, slots=True)
class _Asked:
    """Of which authority, date and instants a forecast is asked, and for how long."""

    authority: str
    as_at: date
    as_known_at: datetime
    as_accepted_at: datetime | None
    months: int

    def facts(self) -> dict[str, Any]:
        accepted = {} if self.as_accepted_at is None else {"as_accepted_at": said(self.as_accepted_at)}
        instants = {"as_known_at": said(self.as_known_at)} | accepted
        return {"authority": self.authority, "as_at": self.as_at.isoformat()} | instants | {"months": self.months}


def _asked(question: QueryReader) -> _Asked:
    authority = question.authority()
    if authority == ALL:
        question.fault("authority", "is every authority", "one authority, as 331", ALL)
    as_known_at = question.as_known_at()
    as_at = question.past_day("as_at")
    months = question.whole("months", 1, LONGEST, USUAL_LENGTH)
    return _Asked(authority, as_at, as_known_at, question.instant("as_accepted_at"), months)


async def _snapshot(computation: Computation, asked: _Asked) -> Snapshot:
    """The authority's snapshot. Raises a 404 problem where nothing is known of it."""
    snapshot = await computation.memory.authorities.snapshot(asked.authority, asked.as_known_at, asked.as_accepted_at)
    if not snapshot.standing:
        raise no_such_authority(asked.authority, asked.as_known_at, asked.as_accepted_at)
    return snapshot


def _points(text: str) -> float | None:
    try:
        value = Decimal(text) if len(text) < LONGEST_NUMBER else None
    except InvalidOperation:
        return None
    return float(value) if value is not None and value.is_finite() and abs(value) <= MOST_POINTS else None


def _change(question: QueryReader) -> tuple[Change, dict[str, Any]]:
    """What if: the change, and what of it was given."""
    given: dict[str, Any] = {
        name: question.whole(name, 0, MOST_PEOPLE, 0)
        for name in ("intake", "conversions")
        if question.text(name) is not None
    }
    points = question.read("turnover_lower_by", _points, f"a number from -{MOST_POINTS} to {MOST_POINTS}")
    given |= {} if points is None else {"turnover_lower_by": points}
    return Change(**given), given


@router.get(
    "/v1/forecasts/vacancies",
    summary="Vacancies in the months to come, and what a change would make of them",
    responses=responses(FORECAST_EXAMPLE, schema=FORECAST),
    openapi_extra=documented("as_at", *KNOWN, also=(ONE_AUTHORITY, *_OWN)),
)
async def get_forecast(request: Request) -> Response:
    """Vacancies a whole number of months after a date (month ends after a month end), with 80% and 95% intervals.

    `known` is what follows from the events alone. `leavers` (all), `hires` and `progressed` (FTE of vacancies filled;
    of a role, moves into it are among the hires) are expected in the month. As at the day of `as_known_at`, where
    nothing is said: of an earlier date everything recorded since counts as known.

    A change is played with the same random numbers, so that `difference` is its own doing. `acts_from` says from which
    date on each change makes a difference by itself (null: none, as it is what is expected anyway, or, of a role, as it
    does nothing there); what cannot act within the months asked for is refused, with how many months would show it. An
    intake fills vacancies on entry as far as entrants did so in the year before (posts that are established for them
    were never vacant), and otherwise a year later. Conversions are shared out among roles as the vacancies
    of the date are; turnover is moved by as many points in every role.
    """
    question = QueryReader(request, "authority", "as_at", *KNOWN, also=_OWN)
    asked = _asked(question)
    by = [question.choice("by", ["role"], "role")] if question.text("by") is not None else []
    change, given = _change(question)
    question.raise_if_invalid()
    async with computing(request) as computation:
        size = await computation.memory.size(asked.authority)
        groups = (len(Role) if by else 0) + 1
        # Each change is played by itself too; one without effect is looked for in the longest forecast besides.
        played = groups * (1 + len(given)) + (2 * len(given) if given else 0)
        await computation.weigh(cost.of_forecast(size, asked.months, played))
        snapshot = await _snapshot(computation, asked)
        return await computation.run(_answer, question, asked, by, change, given, snapshot)


def _answer(
    question: QueryReader, asked: _Asked, by: Sequence[str], change: Change, given: dict[str, Any], snapshot: Snapshot
) -> Response:
    """The answer with the forecasts."""
    made = _forecasts(snapshot, asked, change if given else None, by)
    _refuse_what_cannot_act(question, asked, snapshot, change, made[0])
    body: dict[str, Any] = {"forecast": "vacancies", "definition": DEFINITION, "unit": "FTE"} | asked.facts()
    body |= {"by": list(by)} | ({"what_if": given} if given else {})
    body["rows"] = [{"role": item.role} | as_forecast(item) for item in made[1:]]
    body |= {"total": as_forecast(made[0]), "links": {"pinned": pinned(question)}}
    return answer(question, body, forecast_lines(body))


def _refuse_what_cannot_act(
    question: QueryReader, asked: _Asked, snapshot: Snapshot, change: Change, made: Forecast
) -> None:
    """Raises a 422 problem for changes of which nothing could be seen in the months asked for."""
    for name, alone in change.each_alone():
        if made.acts[name] is None and not is_usual(name, change, made, asked.months):
            expected = what_would_act(snapshot, asked.as_at, asked.months, name, alone, made)
            question.fault(name, f"cannot act within {asked.months} months", expected, question.text(name))
    question.raise_if_invalid()


def _forecasts(snapshot: Snapshot, asked: _Asked, change: Change | None, by: Sequence[str]) -> list[Forecast]:
    """The forecast of all posts, then, where asked for, those of the roles."""
    groups: list[Role | None] = [None, *(roles(snapshot, asked.as_at, asked.months) if by else ())]
    return [forecast(snapshot, asked.as_at, asked.months, role, change) for role in with_pauses(groups)]


@router.get(
    "/v1/forecasts/vacancies/back-test",
    summary="How forecasts made at earlier month ends did",
    responses=responses(BACK_TEST_EXAMPLE, schema=BACK_TEST),
    openapi_extra=documented("as_at", *KNOWN, also=(ONE_AUTHORITY, *_TEST_OWN)),
)
async def get_back_test(request: Request) -> Response:
    """Forecasts as they would have been made at every month end (as known then), beside what came up to `as_at`.

    The last five years of month ends are tested. `coverage_80` is the share of what came that lay within the 80%
    interval. The naive forecast is that vacancies stay as they are. Errors of origins next to each other are alike: 40
    forecasts say less than 40 independent ones would.
    """
    question = QueryReader(request, "authority", "as_at", *KNOWN, also=_TEST_OWN)
    asked = _asked(question)
    role = question.read("role", lambda text: text if text in set(Role) else None, f"one of {', '.join(Role)}")
    question.raise_if_invalid()
    # What came is known up to then; beyond it there are plans.
    asked = replace(asked, as_at=min(asked.as_at, asked.as_known_at.date()))
    async with computing(request) as computation:
        memory = computation.memory
        size = await memory.size(asked.authority)
        await computation.weigh(cost.of_back_test(size, asked.months, MOST_ORIGINS))
        snapshot = await _snapshot(computation, asked)
        events = await memory.authorities.events(asked.authority)
        return await computation.run(_answer_with_test, question, asked, role, snapshot, events)


def _answer_with_test(
    question: QueryReader, asked: _Asked, role: str | None, snapshot: Snapshot, all_events: Sequence[Event]
) -> Response:
    """The answer with the scores."""
    events = known(all_events, asked.as_known_at, asked.as_accepted_at)
    of_role = None if role is None else Role(role)
    compared = snapshot.kept(
        ("back-test", asked.as_at, asked.months, of_role),
        lambda: back_test(events, snapshot, asked.as_at, asked.months, of_role),
    )
    body: dict[str, Any] = {"forecast": "vacancies", "unit": "FTE"} | asked.facts()
    body |= {} if role is None else {"role": role}
    body |= {
        "first_origin": compared[0].origin.isoformat() if compared else None,
        "last_origin": compared[-1].origin.isoformat() if compared else None,
        "rows": [{"months_ahead": length} | as_score(found) for length, found in scores(compared, _length).items()],
        "total": as_score(score(compared)) if compared else None,
        # A score is a mean over forecasts: of none there is none.
        **({} if compared else {"reason": Reason.NO_DENOMINATOR}),
        "links": {"pinned": pinned(question)},
    }
    return answer(question, body, back_test_lines(body))


def _length(compared: Compared) -> int:
    return compared.length
