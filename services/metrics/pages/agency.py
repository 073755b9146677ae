"""Agency: how many agency workers there are, what they cover, for how long, what they cost, and who was taken on."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from fastapi import Request, Response

from services.chassis.query import Parameter, word
from services.metrics.api.asking import Answered
from services.metrics.api.parameters import NOT_STATED
from services.metrics.measures.catalogue import MEASURES
from services.metrics.measures.dimensions import Tenure
from services.metrics.pages.blocks import Cell, chart_at, drawn
from services.metrics.pages.charts import Bar, Line, bars, lines, size_of_bars
from services.metrics.pages.marks import initiatives, marked
from services.metrics.pages.page import OF_POSTS, Page, in_navigation, opened
from services.metrics.pages.period import PeriodQuery, beginning, first_day, period
from services.metrics.pages.rendering import by_name, day, figure, render, words

PATH = "/agency"
TREND_CHART, COST_CHART, TENURE_CHART = "/charts/agency", "/charts/agency-cost", "/charts/agency-tenure"
TENURE = "agency-by-tenure"
in_navigation("Agency", PATH)

BY = {"role": "Role", "team": "Team", "cover_reason": "Reason", "agency": "Agency"}
"""By what agency workers are told apart."""
OF_POSTS_ALONE = {"agency": "FTE", "agency-cover": "FTE covering vacancies"}
"""Columns that there are by role and team, and their headings; no feed says which FTE is of which agency."""
OF_ASSIGNMENTS = {
    "agency-headcount": "Assignments",
    "mean-agency-tenure": "Mean months here",
    "agency-weeks": "Weeks",
    "agency-cost": "Cost",
    "agency-conversions": "Converted",
}
"""Columns that there are by everything."""
OF_A_PERIOD = ("agency-weeks", "agency-cost", "agency-conversions")
"""What is of the time since the first day; the rest is as at the date."""
MEAN = "mean-agency-tenure"
NO_FILTER: Mapping[str, str] = {}
RATES = ("agency-worker-rate", "vacancy-agency-cover-rate")
OVER_TIME = (("agency", "Agency workers"), ("agency-cover", "Covering vacancies"), ("vacancies", "Vacancies"))
YEARS_SHOWN = 2
MOST_BARS = 20
ABOUT_TREND = (
    "Line chart of agency workers, those who cover vacancies, and vacancies, month by month; the same numbers are \
in the table below."
)
ABOUT_TENURE = "Bar chart of the assignments by how long they have run; the same numbers are in the table below."
ABOUT_COST = "Bar chart of what agency workers cost; the same numbers are in the table below."


class AgencyQuery(PeriodQuery):
    """The dimension by which the page is split."""

    by = Parameter("by", "By what agency workers are told apart.", word(list(BY), "role"))


async def agency(request: Request) -> Response:
    """The page."""
    page = await opened(request, query := AgencyQuery(request))
    context = {
        **await beginning(page, query, BY, query.by),
        "rates": [(await page.ask(f"/v1/measures/{name}", as_at=page.as_at, **page.narrowed)).body for name in RATES],
        **await _broken_down(page, query),
        **await _over_time(page),
        **await _tenure(page, query),
    }
    return render("agency.html", page.context("Agency workers", **context))


async def _broken_down(page: Page, query: AgencyQuery) -> dict[str, Any]:
    """How many there are, and what they cost, of each role, team, reason or agency."""
    columns = (OF_POSTS_ALONE if query.by in OF_POSTS else {}) | OF_ASSIGNMENTS
    answers = {name: await ask_measure(page, query, name) for name in columns}
    rows = rows_of({name: answer.body for name, answer in answers.items()}, query.by)
    cost = answers["agency-cost"].body
    return {
        "headings": list(columns.values()),
        "rows": [(row, [cell(page, query, *each, row.only(query.by)) for each in row.amounts]) for row in rows],
        "totals": {name: cell(page, query, name, answer.body["total"]) for name, answer in answers.items()},
        "files": [(columns[name], answer.body["links"]["pinned"]) for name, answer in answers.items()],
        "cost_chart": chart_at(
            page,
            COST_CHART,
            headline_of_cost(cost, query.by, first_day(page, query)),
            ABOUT_COST,
            size=size_of_bars(len(dearest(cost, query.by))),
            from_=first_day(page, query),
            by=query.by,
        ),
    }


async def _over_time(page: Page) -> dict[str, Any]:
    """Agency workers beside vacancies, month by month, and what the council did meanwhile."""
    answers = [(name, (await series(page, measure)).body) for measure, name in OVER_TIME]
    days = days_of(answers[0][1])
    bodies = [body for _, body in answers]
    return {
        "days": days,
        "initiatives": await initiatives(page, days[0], days[-1]),
        "over_time": bodies,
        "of_time": [name for name, _ in answers],
        "time_files": [(name, body["links"]["pinned"]) for name, body in answers],
        "trend_chart": chart_at(page, TREND_CHART, headline(bodies), ABOUT_TREND),
    }


async def _tenure(page: Page, query: AgencyQuery) -> dict[str, Any]:
    """For how long the assignments have run."""
    tenure = (await by_tenure(page)).body
    return {
        "tenures": [
            (words(band), cell(page, query, TENURE, amount, {"tenure": band})) for band, amount in bands_of(tenure)
        ],
        "tenure": tenure,
        "tenure_file": tenure["links"]["pinned"],
        "tenure_chart": chart_at(
            page, TENURE_CHART, headline_of_tenure(tenure), ABOUT_TENURE, size=size_of_bars(len(Tenure))
        ),
    }


async def trend_chart(request: Request, format: str) -> Response:
    """The chart of agency workers and vacancies over time."""
    page = await opened(request, PeriodQuery(request))
    answers = [(await series(page, name)).body for name, _ in OVER_TIME]
    drawing = [Line(title, answer["totals"]) for (_, title), answer in zip(OVER_TIME, answers, strict=True)]
    days = days_of(answers[0])
    return drawn(lines(days, drawing, await marked(page, days[0], days[-1])), headline(answers), format)


async def cost_chart(request: Request, format: str) -> Response:
    """The chart of the cost."""
    page = await opened(request, query := AgencyQuery(request))
    cost = (await ask_measure(page, query, "agency-cost")).body
    rows = [Bar(words(row[query.by]), [row["value"]], figure(row["value"], "GBP")) for row in dearest(cost, query.by)]
    return drawn(bars(rows), headline_of_cost(cost, query.by, first_day(page, query)), format)


async def tenure_chart(request: Request, format: str) -> Response:
    """The chart of how long agency workers have been here."""
    page = await opened(request, PeriodQuery(request))
    tenure = (await by_tenure(page)).body
    rows = [Bar(words(band), [amount], figure(amount, tenure["unit"])) for band, amount in bands_of(tenure)]
    return drawn(bars(rows), headline_of_tenure(tenure), format)


async def by_tenure(page: Page) -> Answered:
    """The assignments that run, by how long they have run."""
    return await page.ask(f"/v1/measures/{TENURE}", as_at=page.as_at, by="tenure", **page.narrowed)


async def ask_measure(page: Page, query: AgencyQuery, measure: str) -> Answered:
    """A measure of agency workers, split by the dimension."""
    when: Mapping[str, date] = period(page, query) if measure in OF_A_PERIOD else {"as_at": page.as_at}
    return await page.ask(f"/v1/measures/{measure}", by=query.by, **when, **page.narrowed)


async def series(page: Page, measure: str) -> Answered:
    """A stock month by month, two years back."""
    first = date(page.as_at.year - YEARS_SHOWN, page.as_at.month, 1)
    return await page.ask(f"/v1/measures/{measure}/series", from_=first, to=page.as_at, **page.narrowed)


def days_of(series: Mapping[str, Any]) -> list[date]:
    """The days of a series of stocks."""
    return [date.fromisoformat(period["as_at"]) for period in series["periods"]]


class Row(NamedTuple):
    """The amounts of each measure for one value of a dimension."""

    value: str | None
    amounts: Sequence[tuple[str, float | None]]

    def only(self, by: str) -> dict[str, str]:
        """The filter that leaves only this value."""
        return {by: NOT_STATED if self.value is None else self.value}


def rows_of(answers: Mapping[str, Mapping[str, Any]], by: str) -> list[Row]:
    """A row for each value of a dimension that has any amount."""
    values = {name: {row[by]: row["value"] for row in answer["rows"]} for name, answer in answers.items()}
    named = {value for by_value in values.values() for value, amount in by_value.items() if amount}
    in_order = sorted(named, key=by_name)
    # Of a mean of nothing there is no figure, which is not 0.
    return [
        Row(value, [(name, by_value.get(value, None if name == MEAN else 0)) for name, by_value in values.items()])
        for value in in_order
    ]


def cell(
    page: Page, query: AgencyQuery, measure: str, value: float | None, only: Mapping[str, str] = NO_FILTER
) -> Cell:
    """A figure with the address of what is behind it."""
    when = {"from": first_day(page, query), "to": page.as_at} if measure in OF_A_PERIOD else {}
    return Cell(value, MEASURES[measure].unit, page.there(f"/figures/{measure}", **when, **only), "none runs")


def headline(series: Sequence[Mapping[str, Any]]) -> str:
    """What became of agency workers, and how many of them cover vacancies, in a sentence."""
    of_all, covering = series[0]["totals"], series[1]["totals"]
    known = [value for value in of_all if value is not None]
    if not known or not any(known):
        return "There was no agency worker in these months"
    first, last = known[0], known[-1]
    moved = "fell" if last < first else "rose" if last > first else "stayed"
    way = f"from {figure(first)} to {figure(last)} FTE" if moved != "stayed" else f"at {figure(last)} FTE"
    return f"Agency workers {moved} {way} in two years; {figure(covering[-1])} cover vacancies"


def dearest(cost: Mapping[str, Any], by: str) -> list[dict[str, Any]]:
    """The rows that cost something, the dearest first, as many as a chart holds."""
    rows = sorted(cost["rows"], key=lambda row: (-(row["value"] or 0), str(row[by])))
    return [row for row in rows if row["value"]][:MOST_BARS]


def headline_of_cost(cost: Mapping[str, Any], by: str, first: date) -> str:
    """What agency workers cost since a day, and where most of it went, in a sentence."""
    rows = dearest(cost, by)
    if not rows:
        return "No cost of agency workers is known: their assignments have no hourly rate"
    most = rows[0]
    of_it = f"most for {words(most[by])} ({figure(most['value'], 'GBP')})"
    return f"Agency workers cost {figure(cost['total'], 'GBP')} since {day(first)}, {of_it}"


def bands_of(tenure: Mapping[str, Any]) -> list[tuple[str, float]]:
    """How many assignments have run for how long, the shortest first."""
    values = {row["tenure"]: row["value"] for row in tenure["rows"]}
    return [(band.value, values.get(band, 0)) for band in Tenure]


def headline_of_tenure(tenure: Mapping[str, Any]) -> str:
    """How many agency workers have been here for long, in a sentence."""
    if not tenure["total"]:
        return "No assignment runs on this date"
    fte_of_band = dict(bands_of(tenure))
    long = fte_of_band[Tenure.FROM_12_TO_24_MONTHS] + fte_of_band[Tenure.OVER_24_MONTHS]
    return (
        f"Of {figure(tenure['total'], tenure['unit'])} assignments {figure(long, tenure['unit'])} have run for over 12 "
        f"months, {figure(fte_of_band[Tenure.OVER_24_MONTHS], tenure['unit'])} for over 24"
    )
