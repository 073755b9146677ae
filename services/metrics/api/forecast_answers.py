"""How forecasts, and how well earlier ones did, look in JSON and CSV, with their schemas and examples.

Invariant: each figure is shown to one decimal, rounded once; the table has the figures of the JSON and no others.
"""

from typing import Any

from contracts.codes import Role
from services.chassis.documentation import record, several
from services.metrics.api import schemas
from services.metrics.api.files import Lines
from services.metrics.api.schemas import AUTHORITY, DATE, INSTANT, TEXT, WHOLE, Schema, or_null
from services.metrics.forecasting import rates as present
from services.metrics.forecasting.back_test import Score
from services.metrics.forecasting.forecast import LEVELS, LONGEST, Forecast, Month, one_decimal
from services.metrics.measures.declaration import Unit

_NUMBER: Schema = {"type": "number"}
_INTERVAL: Schema = {"type": "array", "items": _NUMBER, "minItems": 2, "maxItems": 2}
_EXPECTED = {"expected": _NUMBER} | {f"interval_{level}": _INTERVAL for level in LEVELS}
_FLOWS = dict.fromkeys(("leavers", "hires", "progressed"), _NUMBER)
_CHANGES = ("intake", "turnover_lower_by", "conversions")
_MONTH = record(
    {"as_at": DATE} | _EXPECTED | {"known": _NUMBER} | _FLOWS,
    {"what_if": record(_EXPECTED | _FLOWS | {"difference": _NUMBER})},
)
_ASSUMPTION = record({"assumption": TEXT, "value": _NUMBER, "unit": TEXT, "meaning": TEXT})
_FORECAST = {
    "vacancies": _NUMBER,
    "months": several(_MONTH),
    "assumptions": several(_ASSUMPTION),
}
_ACTS_FROM = {"acts_from": record({}, dict.fromkeys(_CHANGES, or_null(DATE)))}
_ROLE: Schema = {"enum": list(Role)}
_FACTS: dict[str, Schema] = {
    "forecast": {"const": "vacancies"},
    "unit": {"const": Unit.FTE},
    "authority": AUTHORITY,
    "as_at": DATE,
    "as_known_at": INSTANT,
    **schemas.AGE,
    "months": {"type": "integer", "minimum": 1, "maximum": LONGEST},
}
FORECAST = record(
    _FACTS
    | {"definition": TEXT, "by": several({"const": "role"}), "links": schemas.links()}
    | {"rows": several(record({"role": _ROLE} | _FORECAST, _ACTS_FROM)), "total": record(_FORECAST, _ACTS_FROM)},
    schemas.ACCEPTED | {"what_if": record({}, dict.fromkeys(_CHANGES, _NUMBER))},
)
_SCORES = {"forecasts": WHOLE} | dict.fromkeys(
    (*(f"coverage_{level}" for level in LEVELS), "mean_absolute_error", "naive_mean_absolute_error", "bias"), _NUMBER
)
BACK_TEST = record(
    _FACTS
    | {"first_origin": or_null(DATE), "last_origin": or_null(DATE), "links": schemas.links()}
    | {"rows": several(record({"months_ahead": WHOLE} | _SCORES)), "total": or_null(record(_SCORES))},
    schemas.ACCEPTED | {"role": _ROLE} | schemas.WHY,
)


def as_forecast(made: Forecast) -> dict[str, Any]:
    months = [_month(month) for month in made.months]
    for shown, before, after in zip(months, made.months, made.changed or (), strict=False):
        difference = one_decimal(after.expected - before.expected)
        shown["what_if"] = {name: value for name, value in _month(after).items() if name not in ("as_at", "known")}
        shown["what_if"]["difference"] = difference
    acts = {name: None if day is None else day.isoformat() for name, day in made.acts.items()}
    body: dict[str, Any] = {"vacancies": one_decimal(made.vacancies)} | ({"acts_from": acts} if acts else {})
    return body | {"months": months, "assumptions": _assumptions(made)}


def _month(month: Month) -> dict[str, Any]:
    body: dict[str, Any] = {"as_at": month.as_at.isoformat(), "expected": one_decimal(month.expected)}
    for level in LEVELS:
        body[f"interval_{level}"] = [one_decimal(end) for end in month.intervals[level]]
    for name in ("known", "leavers", "hires", "progressed"):
        body[name] = one_decimal(getattr(month, name))
    return body


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


def forecast_lines(body: dict[str, Any]) -> Lines:
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


def as_score(score: Score) -> dict[str, Any]:
    coverage = {f"coverage_{level}": one_decimal(score.coverage[level]) for level in LEVELS}
    errors = ("mean_absolute_error", "naive_mean_absolute_error", "bias")
    return {"forecasts": score.forecasts} | coverage | {name: one_decimal(getattr(score, name)) for name in errors}


def back_test_lines(body: dict[str, Any]) -> Lines:
    """The back-test as a table: one line for each length. That of all lengths stands beside what it is."""
    own = list(body["rows"][0]) if body["rows"] else ["months_ahead"]
    return own, ([row[name] for name in own] for row in body["rows"])
