"""Forecasts of vacancies, what a change would make of them, and how earlier forecasts did.

Invariant: an answer states its assumptions with their values. The same question again gives the same digits.
"""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from fastapi import APIRouter, Request, Response

from contracts.codes import Role
from contracts.envelope import Event
from services.chassis.authentication import READING
from services.chassis.query import Kind, Parameter, choice, whole, word
from services.metrics.api.computing import computing
from services.metrics.api.examples.forecasts import BACK_TEST_EXAMPLE, FORECAST_EXAMPLE
from services.metrics.api.forecast_answers import (
    BACK_TEST,
    FORECAST,
    as_forecast,
    as_score,
    back_test_lines,
    forecast_lines,
)
from services.metrics.api.known import snapshot_of_known
from services.metrics.api.parameters import OfADay
from services.metrics.api.responses import answer, pinned, responses
from services.metrics.forecasting.back_test import MOST_ORIGINS, Compared, back_test, score, scores
from services.metrics.forecasting.forecast import DEFINITION, LONGEST, Forecast, forecast, roles
from services.metrics.forecasting.simulation import Change
from services.metrics.forecasting.what_if import is_usual, what_would_act
from services.metrics.pauses import with_pauses
from services.metrics.read_models import cost
from services.metrics.reasons import Reason
from services.metrics.snapshot.snapshot import Snapshot, known

router = APIRouter(tags=["forecasts"], dependencies=[READING])

USUAL_LENGTH = 12
MOST_PEOPLE = 1000
"""Entrants a year, and conversions, that can be asked for."""
LONGEST_NUMBER = 40
"""Characters of a number."""
MOST_POINTS = 100
"""The most percentage points a year by which turnover can be changed."""

MONTHS = Parameter("months", "For how many months ahead.", whole(1, LONGEST, USUAL_LENGTH), 12)


def _points(text: str) -> float | None:
    try:
        value = Decimal(text) if len(text) < LONGEST_NUMBER else None
    except InvalidOperation:
        return None
    return float(value) if value is not None and value.is_finite() and abs(value) <= MOST_POINTS else None


POINTS_A_YEAR: Kind[float | None] = Kind(
    {"type": "number", "minimum": -MOST_POINTS, "maximum": MOST_POINTS},
    f"a number from -{MOST_POINTS} to {MOST_POINTS}",
    _points,
    None,
)


class _OfMonths(OfADay):
    """Authority, date, instants and number of months of a forecast."""

    months = MONTHS

    def facts(self) -> dict[str, Any]:
        """What answers say of it."""
        return {"authority": self.authority} | super().facts() | {"months": self.months}


class ForecastParameters(_OfMonths):
    """Which forecast is asked for, and the changes of a what-if."""

    by = Parameter(
        "by",
        "A forecast for each role beside the one for all posts. Each is made by itself: they do not add up.",
        word(["role"], None),
    )
    intake = Parameter(
        "intake",
        "What if the academy took in so many in a year, instead of the usual number. Those whose entry is already "
        "known count towards it.",
        whole(0, MOST_PEOPLE, None),
    )
    turnover_lower_by = Parameter(
        "turnover_lower_by",
        "What if turnover were lower by so many percentage points a year; higher where negative.",
        POINTS_A_YEAR,
    )
    conversions = Parameter(
        "conversions",
        "What if so many agency workers (FTE) were employed over the months asked for, instead of the usual number.",
        whole(0, MOST_PEOPLE, None),
    )

    def what_if(self) -> dict[str, Any]:
        """What of the change was given."""
        given = {name: self.values.get(name) for name in ("intake", "conversions", "turnover_lower_by")}
        return {name: value for name, value in given.items() if value is not None}


class BackTestParameters(_OfMonths):
    """Which back-test is asked for."""

    role = Parameter("role", "Only posts of this role.", choice(Role, None))


@router.get(
    "/v1/forecasts/vacancies",
    summary="Vacancies in the months to come, and what a change would make of them",
    responses=responses(FORECAST_EXAMPLE, schema=FORECAST),
    openapi_extra=ForecastParameters.documented(),
)
async def get_forecast(request: Request) -> Response:
    """Vacancies a whole number of months after a date (month ends after a month end), with 80% and 95% intervals.

    `known` is what follows from the events alone. `leavers` (all), `hires` and `progressed` (FTE of vacancies
    filled; for a role, moves into it are among the hires) are expected in the month. Without `as_at` the forecast is
    as at the day of `as_known_at`. For an earlier date everything recorded since then counts as known.

    A what-if uses the same random numbers, so `difference` comes from the change alone.
    - `acts_from` says from which date on each change makes a difference by itself. It is null if there is none: the
      change is what is expected anyway, or does nothing in this role.
    - A change that cannot act within the months asked for is refused, with how many months would show it.
    - An intake fills vacancies on entry as far as entrants did so in the year before (posts established for them
      were never vacant). The rest fills them a year later.
    - Conversions are shared out among roles like the vacancies of the date. Turnover changes by the same number of
      points in every role.
    """
    question = ForecastParameters(request)
    question.raise_if_invalid()
    given = question.what_if()
    async with computing(request) as computation:
        size = await computation.read_cache.size(question.authority)
        groups = (len(Role) if question.by else 0) + 1
        # Each change is played by itself too; one without effect is looked for in the longest forecast besides.
        played = groups * (1 + len(given)) + (2 * len(given) if given else 0)
        await computation.weigh(cost.of_forecast(size, question.months, played))
        snapshot = await snapshot_of_known(computation, *question.report)
        return await computation.run(_answer, question, given, snapshot)


def _answer(question: ForecastParameters, given: dict[str, Any], snapshot: Snapshot) -> Response:
    """The answer with the forecasts."""
    change = Change(**given)
    made = _forecasts(snapshot, question, change if given else None)
    _refuse_what_cannot_act(question, snapshot, change, made[0])
    body: dict[str, Any] = {"forecast": "vacancies", "definition": DEFINITION, "unit": "FTE"} | question.facts()
    body |= {"by": [question.by] if question.by else []} | ({"what_if": given} if given else {})
    body["rows"] = [{"role": item.role} | as_forecast(item) for item in made[1:]]
    body |= {"total": as_forecast(made[0]), "links": {"pinned": pinned(question)}}
    return answer(question, body, forecast_lines(body))


def _refuse_what_cannot_act(question: ForecastParameters, snapshot: Snapshot, change: Change, made: Forecast) -> None:
    """Raises a 422 problem for changes that would make no difference in the months asked for."""
    months = question.months
    for name, alone in change.each_alone():
        if made.acts[name] is None and not is_usual(name, change, made, months):
            expected = what_would_act(snapshot, question.day, months, name, alone, made)
            question.fault(name, f"cannot act within {months} months", expected, question.text(name))
    question.raise_if_invalid()


def _forecasts(snapshot: Snapshot, question: ForecastParameters, change: Change | None) -> list[Forecast]:
    """The forecast of all posts and then, if asked for, those of the roles."""
    day, months = question.day, question.months
    groups: list[Role | None] = [None, *(roles(snapshot, day, months) if question.by else ())]
    return [forecast(snapshot, day, months, role, change) for role in with_pauses(groups)]


@router.get(
    "/v1/forecasts/vacancies/back-test",
    summary="How forecasts made at earlier month ends did",
    responses=responses(BACK_TEST_EXAMPLE, schema=BACK_TEST),
    openapi_extra=BackTestParameters.documented(),
)
async def get_back_test(request: Request) -> Response:
    """Forecasts as they would have been made at every month end (as known then), beside what really came, up to
    `as_at`.

    The last five years of month ends are tested. `coverage_80` is the share of what came that lay within the 80%
    interval. The naive forecast is that vacancies stay as they are. Forecasts made in neighbouring months have
    similar errors, so 40 of them say less than 40 independent ones would.
    """
    question = BackTestParameters(request)
    question.raise_if_invalid()
    async with computing(request) as computation:
        read_cache = computation.read_cache
        size = await read_cache.size(question.authority)
        await computation.weigh(cost.of_back_test(size, question.months, MOST_ORIGINS))
        snapshot = await snapshot_of_known(computation, *question.report)
        events = await read_cache.authorities.events(question.authority)
        return await computation.run(_answer_with_test, question, snapshot, events)


def _answer_with_test(question: BackTestParameters, snapshot: Snapshot, all_events: Sequence[Event]) -> Response:
    """The answer with the scores."""
    events = known(all_events, question.known_at, question.as_accepted_at)
    day, months, role = question.day, question.months, question.role
    compared = snapshot.kept(("back-test", day, months, role), lambda: back_test(events, snapshot, day, months, role))
    body: dict[str, Any] = {"forecast": "vacancies", "unit": "FTE"} | question.facts()
    body |= {} if role is None else {"role": role}
    body |= {
        "first_origin": compared[0].origin.isoformat() if compared else None,
        "last_origin": compared[-1].origin.isoformat() if compared else None,
        "rows": [
            {"months_ahead": length} | as_score(of_length) for length, of_length in scores(compared, _length).items()
        ],
        "total": as_score(score(compared)) if compared else None,
        # A score is a mean over forecasts: of none there is none.
        **({} if compared else {"reason": Reason.NO_DENOMINATOR}),
        "links": {"pinned": pinned(question)},
    }
    return answer(question, body, back_test_lines(body))


def _length(compared: Compared) -> int:
    return compared.length
