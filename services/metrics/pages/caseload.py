"""Caseload: cases per worker, team by team, how they are spread over workers, and who holds more than a limit."""

from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

from fastapi import Request, Response

from services.metrics.api.asking import Answered
from services.metrics.api.parameters import ABOVE, NOT_STATED
from services.metrics.measures.catalogue import MEASURES
from services.metrics.measures.dimensions import Caseload
from services.metrics.pages.blocks import Cell, chart_at, choices, drawn
from services.metrics.pages.charts import Bar, bars, size_of_bars
from services.metrics.pages.page import Page, PageQuery, in_navigation, opened
from services.metrics.pages.rendering import by_name, figure, render, words
from services.metrics.snapshot.employment import Scope

PATH = "/caseload"
CHART, SPREAD_CHART = "/charts/caseload", "/charts/workers-by-caseload"
in_navigation("Caseload", PATH)

SHOWN = {"cases": "Cases", "case-holders-fte": "Case holders (FTE)", "average-caseload": "Cases for each FTE"}
"""Counts and the rate of them, which CSWW takes of posts of the census alone."""
RATE, SPREAD, OVER = "average-caseload", "workers-by-caseload", "workers-over-caseload"
YEARS_LOOKED_BACK = 2
MOST_BARS = 20
ABOUT_SPREAD = "Bar chart of the workers by how many cases they hold; the same numbers are in the table below."
ABOUT = "Bar chart of the cases for each full-time case holder, by team; the same numbers are in the table below."


class CaseloadQuery(PageQuery):
    """How many cases are too many."""

    above = ABOVE


async def caseload(request: Request) -> Response:
    """The page."""
    page = await opened(request, query := CaseloadQuery(request))
    by_team = await _by_team(page, query)
    is_counted = by_team["totals"][RATE].value is not None
    context = {
        "query": query,
        "choices": await choices(page, "team", "role"),
        "is_counted": is_counted,
        "last_counted": None if is_counted else await last_counted(page),
        "over": OVER,
        **by_team,
        **await _spread(page),
    }
    return render("caseload.html", page.context("Caseload", **context))


async def _by_team(page: Page, query: CaseloadQuery) -> dict[str, Any]:
    """Cases, who holds them, and who holds too many, of each team."""
    answers = {name: (await ask_measure(page, name)).body for name in SHOWN}
    answers[OVER] = (await ask_measure(page, OVER, above=query.above)).body
    headings = {**SHOWN, OVER: f"Workers with more than {query.above} cases"}
    teams = teams_of(answers)
    return {
        "headings": list(headings.values()),
        "teams": [
            (team.value, [cell(page, *each, {**only_of(each[0], query), **team.only}) for each in team.amounts])
            for team in teams
        ],
        "totals": {name: cell(page, name, body["total"], only_of(name, query)) for name, body in answers.items()},
        "files": [(headings[name], body["links"]["pinned"]) for name, body in answers.items()],
        "definition": answers[RATE]["definition"],
        "chart": chart_at(
            page,
            CHART,
            headline(answers[RATE]),
            ABOUT,
            size=size_of_bars(len(highest_first(answers[RATE]))),
            note=f"The {MOST_BARS} teams with most; the table has all." if len(teams) > MOST_BARS else "",
        ),
    }


async def _spread(page: Page) -> dict[str, Any]:
    """How many workers hold how many cases."""
    spread = (await ask_measure(page, SPREAD, "caseload")).body
    return {
        "spread": [(words(band), cell(page, SPREAD, amount, {"caseload": band})) for band, amount in bands_of(spread)],
        "of_spread": spread,
        "spread_file": spread["links"]["pinned"],
        "spread_chart": chart_at(
            page, SPREAD_CHART, headline_of_spread(spread), ABOUT_SPREAD, size=size_of_bars(len(Caseload))
        ),
    }


async def chart(request: Request, format: str) -> Response:
    """The chart of the teams."""
    page = await opened(request, PageQuery(request))
    rate = (await ask_measure(page, RATE)).body
    rows = [Bar(words(row["team"]), [row["value"]], figure(row["value"], rate["unit"])) for row in highest_first(rate)]
    return drawn(bars(rows), headline(rate), format)


async def spread_chart(request: Request, format: str) -> Response:
    """The chart of how cases are spread over workers."""
    page = await opened(request, PageQuery(request))
    spread = (await ask_measure(page, SPREAD, "caseload")).body
    rows = [Bar(words(band), [amount], figure(amount, spread["unit"])) for band, amount in bands_of(spread)]
    return drawn(bars(rows), headline_of_spread(spread), format)


async def ask_measure(page: Page, measure: str, by: str = "team", **more: Any) -> Answered:
    """A measure of caseload, split by a dimension, of posts of the census."""
    narrowed = {**page.narrowed, "scope": None if measure == RATE else Scope.CENSUS}
    return await page.ask(f"/v1/measures/{measure}", as_at=page.as_at, by=by, **narrowed, **more)


def only_of(measure: str, query: CaseloadQuery) -> dict[str, str]:
    """What else the address of a figure holds: the limit, if it has one."""
    return {"above": str(query.above)} if measure == OVER else {}


def bands_of(spread: Mapping[str, Any]) -> list[tuple[str, float]]:
    """How many workers hold how many cases, from no case upwards."""
    values = {row["caseload"]: row["value"] for row in spread["rows"]}
    return [(band.value, values.get(band, 0)) for band in Caseload]


def headline_of_spread(spread: Mapping[str, Any]) -> str:
    """The number of cases that most workers have, in a sentence."""
    if not spread["total"]:
        return "Cases were not counted"
    band, most = max(bands_of(spread), key=lambda item: item[1])
    return f"Of {figure(spread['total'], 'people')} workers {figure(most, 'people')} hold {words(band).lower()} cases"


async def last_counted(page: Page) -> date | None:
    """The last month end within two years for which cases were counted; None if there is none."""
    first = date(page.as_at.year - YEARS_LOOKED_BACK, page.as_at.month, 1)
    narrowed = {**page.narrowed, "scope": None}
    series = await page.ask(f"/v1/measures/{RATE}/series", from_=first, to=page.as_at, **narrowed)
    counted = zip(series.body["periods"], series.body["totals"], strict=True)
    days = [date.fromisoformat(period["as_at"]) for period, value in counted if value is not None]
    return days[-1] if days else None


class Team(NamedTuple):
    """A team, with the amount of each measure."""

    value: str | None
    amounts: list[tuple[str, float | None]]

    @property
    def only(self) -> dict[str, str]:
        """The filter that leaves only this team."""
        return {"team": NOT_STATED if self.value is None else self.value}


def teams_of(answers: Mapping[str, Mapping[str, Any]]) -> list[Team]:
    """The teams whose cases were counted, by name."""
    values = {name: {row["team"]: row["value"] for row in answer["rows"]} for name, answer in answers.items()}
    counted = {team for by_team in values.values() for team, value in by_team.items() if value}
    in_order = sorted(counted, key=by_name)
    return [Team(team, [(name, by_team.get(team)) for name, by_team in values.items()]) for team in in_order]


def cell(page: Page, measure: str, value: float | None, only: Mapping[str, str]) -> Cell:
    """A figure with the address of what is behind it."""
    scope = None if measure == RATE else Scope.CENSUS
    address = page.there(f"/figures/{measure}", **{"scope": scope, **only})
    return Cell(value, MEASURES[measure].unit, None if value is None else address)


def highest_first(rate: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The teams with the most cases for each case holder, as many as a chart holds."""
    rows = [row for row in rate["rows"] if row["value"]]
    return sorted(rows, key=lambda row: (-row["value"], str(row["team"])))[:MOST_BARS]


def headline(rate: Mapping[str, Any]) -> str:
    """How many cases a full-time case holder has, and where most, in a sentence."""
    if rate["total"] is None:
        return "Cases were not counted"
    text = f"{figure(rate['total'], rate['unit'])} cases for each full-time case holder"
    most = highest_first(rate)[:1]
    return text + "".join(f", most in {words(row['team'])} ({figure(row['value'], rate['unit'])})" for row in most)
