"""What is asked of the API for dashboards, and which rows its answers become.

Invariant: no figure is worked out here. A row holds what an answer says, digit by digit.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from services.metrics.reporting.store import Row
from services.metrics.snapshot.amounts import months_later

NOT_STATED = "not-stated"
"""In the place of a value of a dimension that no event states, as the API takes it."""
ALL_COHORTS = "all"
NOW = date.max
"""In the place of a day as known at whose end something is told: as known when it is written. PostgreSQL: infinity."""
MONTHS_OF_COHORTS, YEARS_OF_COHORTS = 13, 9
QUARTERS_OF_QUALITY = 4
"""As known at the ends of so many quarters the findings are told. Each takes all that was known by then together."""


@dataclass(frozen=True, slots=True)
class Monthly:
    """A measure month by month, for the authority as a whole or by one dimension."""

    measure: str
    dimension: str | None = None

    @property
    def path(self) -> str:
        """Its route."""
        return f"/v1/measures/{self.measure}/series"


MONTHLY = (
    *(
        Monthly(measure)
        for measure in (
            "vacancies",
            "uncovered-vacancies",
            "vacancy-rate",
            "starters",
            "leavers",
            "turnover-rate",
            "turnover-rate-headcount",
            "crude-turnover",
            "stability-index",
            "retention-of-starters",
            "agency",
            "agency-cover",
            "agency-worker-rate",
            "agency-cost",
            "agency-conversions",
        )
    ),
    *(Monthly(measure, "role") for measure in ("starters", "leavers", "turnover-rate", "agency", "agency-cost")),
    *(Monthly(measure, "team") for measure in ("starters", "leavers", "turnover-rate", "agency", "agency-cost")),
    *(Monthly("leavers", dimension) for dimension in ("leaving_reason", "destination")),
    Monthly("leavers", "length_of_service"),
    Monthly("uncovered-vacancies-by-age", "age"),
    Monthly("agency-by-tenure", "tenure"),
    Monthly("agency-headcount", "cover_reason"),
    Monthly("agency-cost", "agency"),
)


def monthly_rows(question: Monthly, series: Mapping[str, Any]) -> Iterator[Row]:
    """The rows of a series, for months that are over and not stale. What is always 0 is left out."""
    kept = [
        (index, date.fromisoformat(period["to"]))
        for index, period in enumerate(series["periods"])
        if not period.get("stale") and not period.get("provisional")
    ]
    if question.dimension is None:
        charted = series.get("control_chart", {}).get("points") or [{}] * len(series["periods"])
        yield from _points(question, "", kept, series["totals"], series.get("reasons"), charted)
        return
    for row in series["rows"]:
        if any(row["values"][index] for index, _ in kept):
            member = NOT_STATED if row[question.dimension] is None else str(row[question.dimension])
            yield from _points(question, member, kept, row["values"], row.get("reasons"), None)


def _points(
    question: Monthly,
    member: str,
    kept: Sequence[tuple[int, date]],
    values: Sequence[Decimal | None],
    reasons: Sequence[str | None] | None,
    charted: Sequence[Mapping[str, Any]] | None,
) -> Iterator[Row]:
    for index, month_end in kept:
        reason = None if reasons is None else reasons[index]
        point = {} if charted is None else charted[index] or {}
        limits = point.get("lower"), point.get("centre"), point.get("upper")
        of_what = question.measure, question.dimension or "", member, month_end
        yield *of_what, values[index], reason, *limits, list(point.get("rules", ()))


def last_month(monthly: Iterable[Row]) -> date | None:
    """The last day that every measure reaches; other questions are as at that day. None if there is no row."""
    last: dict[str, date] = {}
    for measure, _, _, month_end, *_ in monthly:
        last[measure] = max(last.get(measure, month_end), month_end)
    return min(last.values(), default=None)


def days_of_cohorts(last: date) -> list[date]:
    """As at the ends of which months cohorts are told: those of a year, and the same month's of years before."""
    return [
        *(month_end(last, -months) for months in range(MONTHS_OF_COHORTS)),
        *(month_end(last, -12 * years) for years in range(2, YEARS_OF_COHORTS + 1)),
    ]


def quarter_ends(last: date) -> list[date]:
    """The ends of the quarters that were over by the end of a month, the latest first."""
    months = last.month % 3
    return [month_end(last, -months - 3 * quarters) for quarters in range(QUARTERS_OF_QUALITY)]


def month_end(day: date, months: int) -> date:
    """The last day of the month so many months from that of a day."""
    return months_later(day.replace(day=1), months + 1) - timedelta(days=1)


OF_A_COHORT = (
    "started",
    "passed",
    "progressed",
    "left",
    "in_post",
    "progressed_share",
    "retention",
    "mean_service_years",
)


def cohort_rows(answer: Mapping[str, Any]) -> Iterator[Row]:
    """The cohorts, and all of them together."""
    as_at = date.fromisoformat(answer["as_at"])
    for row in answer["rows"]:
        days = _day(row["entry_on"]), _day(row["completes_on"])
        yield row["cohort"], *days, row["completed"], as_at, *(row[name] for name in OF_A_COHORT)
    if answer["rows"]:
        of_all = answer["over_all"]
        yield ALL_COHORTS, None, None, True, as_at, *(of_all[name] for name in OF_A_COHORT)


def survival_rows(answer: Mapping[str, Any]) -> Iterator[Row]:
    """The points of a survival curve."""
    for point in answer["points"]:
        of_it = (point[name] for name in ("months", "at_risk", "survival", "lower", "upper"))
        yield *of_it, date.fromisoformat(answer["as_at"])


def finding_rows(answer: Mapping[str, Any], known_on: date) -> Iterator[Row]:
    """How many findings each check has, for checks that have any."""
    for row in answer["summary"]:
        if row["findings"]:
            yield *(row[name] for name in ("check", "title", "severity", "findings")), known_on


def lateness_rows(answer: Mapping[str, Any], known_on: date) -> Iterator[Row]:
    """How late events of each type are recorded."""
    for row in answer["lateness"]:
        yield *(row[name] for name in ("type", "events", "late", "median_days_late")), known_on


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
