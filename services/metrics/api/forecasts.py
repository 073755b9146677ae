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
from services.metrics.api import schemas
from services.metrics.api.computing import Computation, computing
from services.metrics.api.files import Lines
from services.metrics.api.parameters import KNOWN, ONE_AUTHORITY, Parameter, documented
from services.metrics.api.query import QueryReader, no_such_authority, said
from services.metrics.api.responses import answer, pinned, responses
from services.metrics.forecasting import rates as present
from services.metrics.forecasting.back_test import MOST_ORIGINS, Compared, Score, back_test, score, scores
from services.metrics.forecasting.forecast import LEVELS, LONGEST, Forecast, Month, forecast, one_decimal, roles
from services.metrics.forecasting.simulation import PATHS, Change
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

DEFINITION = (
    "Vacancies (FTE, per post never below 0, summed) at each date: what is known of posts, leavers, starters and moves "
    "to come, plus leavers and less hires and progression from the academy not yet known, at the rates of the last "
    "twelve months. Posts are established and closed as known, and no others. Intervals are of "
    f"{PATHS} simulated courses, widened by how far such forecasts went wrong in the two years before."
)

_EXAMPLE_MONTH = {
    "as_at": "2023-11-30",
    "expected": 22.9,
    "interval_80": [17.1, 28.8],
    "interval_95": [14.2, 32.0],
    "known": 22.0,
    "leavers": 6.1,
    "hires": 5.2,
    "progressed": 0.0,
}
EXAMPLE = {
    "forecast": "vacancies",
    "definition": DEFINITION,
    "unit": "FTE",
    "authority": "331",
    "as_at": "2023-10-31",
    "as_known_at": "2023-11-30T12:00:00Z",
    "months": 1,
    "by": [],
    "what_if": {"conversions": 6},
    "rows": [],
    "total": {
        "vacancies": 22.5,
        "acts_from": {"conversions": "2023-11-30"},
        "months": [
            _EXAMPLE_MONTH
            | {
                "what_if": {
                    "expected": 17.4,
                    "interval_80": [11.6, 23.3],
                    "interval_95": [8.7, 26.5],
                    "difference": -5.5,
                }
            }
        ],
        "assumptions": [
            {"assumption": "turnover", "value": 17.4, "unit": "% a year", "meaning": "Leavers per FTE in post."}
        ],
    },
    "links": {},
}
TEST_EXAMPLE = {
    "forecast": "vacancies",
    "unit": "FTE",
    "authority": "331",
    "as_at": "2024-03-31",
    "as_known_at": "2024-04-30T12:00:00Z",
    "months": 12,
    "first_origin": "2020-10-31",
    "last_origin": "2024-02-29",
    "rows": [
        {
            "months_ahead": 1,
            "forecasts": 41,
            "coverage_80": 78.0,
            "coverage_95": 87.8,
            "mean_absolute_error": 2.8,
            "naive_mean_absolute_error": 4.1,
            "bias": 1.1,
        }
    ],
    "total": {},
    "links": {},
}


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
    if not snapshot.events:
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
    responses=responses(EXAMPLE),
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
    body["rows"] = [{"role": item.role} | _shown(item) for item in made[1:]]
    body |= {"total": _shown(made[0]), "links": {"pinned": pinned(question)}}
    return answer(question, body, _lines(body))


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


def _shown(made: Forecast) -> dict[str, Any]:
    months = [_month(month) for month in made.months]
    for shown, before, after in zip(months, made.months, made.changed or (), strict=False):
        difference = one_decimal(after.expected - before.expected)
        shown["what_if"] = {name: value for name, value in _month(after).items() if name not in ("as_at", "known")}
        shown["what_if"]["difference"] = difference
    acts = {name: None if day is None else day.isoformat() for name, day in made.acts.items()}
    found: dict[str, Any] = {"vacancies": one_decimal(made.vacancies)} | ({"acts_from": acts} if acts else {})
    return found | {"months": months, "assumptions": _assumptions(made)}


def _month(month: Month) -> dict[str, Any]:
    found: dict[str, Any] = {"as_at": month.as_at.isoformat(), "expected": one_decimal(month.expected)}
    for level in LEVELS:
        found[f"interval_{level}"] = [one_decimal(end) for end in month.intervals[level]]
    for name in ("known", "leavers", "hires", "progressed"):
        found[name] = one_decimal(getattr(month, name))
    return found


def _assumptions(made: Forecast) -> list[dict[str, Any]]:
    """What was assumed, with the values estimated from the authority's own history."""
    rates, came = made.rates, made.academy
    last = f"over the last {rates.months} months"
    shrunk = ", with some of the whole authority's where the role is small" if made.role is not None else ""
    rows: list[tuple[str, float, str, str]] = [
        ("history", rates.months, "months", f"Months that present rates are of (at most {present.LOOKED_BACK})."),
        ("turnover", 1200 * rates.turnover.monthly, "% a year", f"FTE of leavers per FTE in post, {last}{shrunk}."),
        ("opening", 100 * rates.opening, "%", f"Of the FTE of leavers, what left a vacancy, {last}."),
        (
            "filling",
            100 * rates.filling.monthly,
            "% a month",
            f"Share of vacant FTE filled, by any way, {last}{shrunk}.",
        ),
        ("hires", rates.hires, "FTE a year", f"Of that by starters, {last}; conversions among them."),
        ("conversions", rates.conversions, "FTE a year", f"Of that by agency workers employed, {last}."),
        ("intake", came.usual_intake, "people a year", "Entrants of the academy in the year up to the date."),
        ("entrants-fill", rates.entrants_fill, "FTE each", "Vacancies that an entrant fills on the first day."),
        ("due", sum(came.due), "people", "Now in academy posts, with a year that is over within the months asked for."),
        ("progression", 100 * made.progression, "%", "Share of them who go to a service area."),
        ("relieved", rates.relieved, "FTE each", "Vacancies that each of those closes, in the last two years."),
        ("dispersion", made.dispersion, "times", "Width of the intervals over that which chance alone would give."),
    ]
    if made.role is not None:
        moving = (1200 * rates.moving_out.monthly, "% a year", f"Vacancies left by moves per FTE in post, {last}.")
        rows.insert(3, ("moving-out", *moving))
    return [
        {"assumption": name, "value": one_decimal(value), "unit": unit, "meaning": meaning}
        for name, value, unit, meaning in rows
    ]


def _lines(body: dict[str, Any]) -> Lines:
    """The forecast as a table: one line a group and month; the line of all posts has no role."""
    ends = [f"{end}_{level}" for level in LEVELS for end in ("low", "high")]
    plain = ["expected", *ends, "leavers", "hires", "progressed"]
    heading = ["role", "month", "known", *plain]
    heading += [f"what_if_{name}" for name in (*plain, "difference")] if "what_if" in body else []
    lines = []
    for row in (*body["rows"], body["total"]):
        for month in row["months"]:
            line = [row.get("role"), month["as_at"], month["known"]]
            line += _cells(month)
            line += [*_cells(month["what_if"]), month["what_if"]["difference"]] if "what_if" in month else []
            lines.append(line)
    return heading, lines


def _cells(month: dict[str, Any]) -> list[float]:
    ends = [end for level in LEVELS for end in month[f"interval_{level}"]]
    return [month["expected"], *ends, month["leavers"], month["hires"], month["progressed"]]


@router.get(
    "/v1/forecasts/vacancies/back-test",
    summary="How forecasts made at earlier month ends did",
    responses=responses(TEST_EXAMPLE, schema=schemas.BACK_TEST),
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
        "rows": [{"months_ahead": length} | _scored(found) for length, found in scores(compared, _length).items()],
        "total": _scored(score(compared)) if compared else None,
        # A score is a mean over forecasts: of none there is none.
        **({} if compared else {"reason": Reason.NO_DENOMINATOR}),
        "links": {"pinned": pinned(question)},
    }
    return answer(question, body, _test_lines(body))


def _length(compared: Compared) -> int:
    return compared.length


def _scored(found: Score) -> dict[str, Any]:
    coverage = {f"coverage_{level}": one_decimal(found.coverage[level]) for level in LEVELS}
    errors = ("mean_absolute_error", "naive_mean_absolute_error", "bias")
    return {"forecasts": found.forecasts} | coverage | {name: one_decimal(getattr(found, name)) for name in errors}


def _test_lines(body: dict[str, Any]) -> Lines:
    """The back-test as a table: one line for each length. That of all lengths stands beside what it is."""
    own = list(body["rows"][0]) if body["rows"] else ["months_ahead"]
    return own, ([row[name] for name in own] for row in body["rows"])
