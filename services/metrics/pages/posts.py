"""Posts: which are vacant, team by team and one by one, for how long, and who covers them."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import Request, Response

from services.chassis.query import Parameter, whole
from services.metrics.api.asking import Answered
from services.metrics.api.parameters import LONGEST_WAIT, MOST_OFFSET
from services.metrics.figures.vacant_posts import OVER_MONTHS
from services.metrics.measures.dimensions import VacancyAge
from services.metrics.pages.blocks import chart_at, choices, drawn
from services.metrics.pages.charts import Bar, size_of_bars, stacked_bars
from services.metrics.pages.page import Page, PageQuery, in_navigation, opened
from services.metrics.pages.rendering import figure, render, words

PATH = "/posts"
CHART = "/charts/posts"
in_navigation("Posts", PATH)

ROWS = 30
MOST_BARS = 20
"""Teams in the chart, those with most vacant; all are in the table."""
KEY = ("Under 3 months", "3 to 6", "6 to 9", "9 to 12", "Over 12")
"""How the chart names the ages, which are in its order."""
OPEN_FOR = (("", "However long"), *((str(months), f"Over {months} months") for months in OVER_MONTHS))
ABOUT = (
    "Bar chart of the vacant FTE of each team by how long it has been open; the same numbers are in the table below."
)


class PostsQuery(PageQuery):
    """How long the posts have been vacant, and which page of them."""

    open_months = Parameter("open_months", "Only posts vacant for so many full months.", whole(0, LONGEST_WAIT, 0))
    offset = Parameter("offset", "How many posts to pass over.", whole(0, MOST_OFFSET, 0))


async def posts(request: Request) -> Response:
    """The page."""
    page = await opened(request, query := PostsQuery(request))
    ages = await ask_measure(page, "vacancies-by-age", "age")
    context = {
        "query": query,
        "choices": await choices(page, "team", "role"),
        "open_for": [{"value": value, "text": text} for value, text in OPEN_FOR],
        **await _one_by_one(page, query),
        **await _by_age(page, ages),
        **await _by_team(page, ages),
    }
    return render("posts.html", page.context("Vacant posts", **context))


async def _one_by_one(page: Page, query: PostsQuery) -> dict[str, Any]:
    """The vacant posts, a page of them, and what is vacant in all."""
    listed = await vacant(page, limit=ROWS, offset=query.offset, open_months=query.open_months or None)
    in_all = await vacant(page, limit=1) if query.open_months else listed
    return {
        "listed": listed.body,
        "totals": in_all.body["totals"],
        "over": OVER_MONTHS,
        "pages": page.turning(query.offset, ROWS, listed.body["count"]),
    }


async def _by_age(page: Page, ages: Answered) -> dict[str, Any]:
    """What is vacant and what of it is uncovered, by how long it has been open."""
    uncovered = await ask_measure(page, "uncovered-vacancies-by-age", "age")
    return {
        "bands": [(age, words(age)) for age in VacancyAge],
        "all_ages": by_age(ages.body),
        "uncovered_ages": by_age(uncovered.body),
        "of_ages": [ages.body, uncovered.body],
        "files_of_ages": [
            ("Vacant", ages.body["links"]["pinned"]),
            ("Uncovered", uncovered.body["links"]["pinned"]),
        ],
    }


async def _by_team(page: Page, in_all: Answered) -> dict[str, Any]:
    """The same of each team."""
    ages = await ask_measure(page, "vacancies-by-age", "team,age")
    vacancies, uncovered = [await ask_measure(page, name, "team") for name in ("vacancies", "uncovered-vacancies")]
    teams = teams_of(ages.body, vacancies.body, uncovered.body)
    return {
        "teams": teams,
        "all_teams": [vacancies.body["total"], uncovered.body["total"]],
        "files": [
            ("Vacant by age", ages.body["links"]["pinned"]),
            ("Vacant", vacancies.body["links"]["pinned"]),
            ("Uncovered", uncovered.body["links"]["pinned"]),
        ],
        "chart": chart_at(
            page,
            CHART,
            headline(teams, in_all.body),
            ABOUT,
            size=size_of_bars(len(teams[:MOST_BARS]) + 1),
            note=f"The {MOST_BARS} teams with most; the table has all." if len(teams) > MOST_BARS else "",
        ),
    }


async def chart(request: Request, format: str) -> Response:
    """The chart of the teams."""
    page = await opened(request, PageQuery(request))
    ages, in_all = [(await ask_measure(page, "vacancies-by-age", by)).body for by in ("team,age", "age")]
    teams = teams_of(ages, (await ask_measure(page, "vacancies", "team")).body)
    rows = [Bar(words(team["team"]), [team["ages"].get(age) for age in VacancyAge]) for team in teams[:MOST_BARS]]
    return drawn(stacked_bars(rows, KEY), headline(teams, in_all), format)


async def vacant(page: Page, **given: Any) -> Answered:
    """The vacant posts one by one."""
    return await page.ask("/v1/vacant-posts", as_at=page.as_at, **page.narrowed, **given)


async def ask_measure(page: Page, measure: str, by: str) -> Answered:
    """A measure of vacancies, broken down."""
    return await page.ask(f"/v1/measures/{measure}", as_at=page.as_at, by=by, **page.narrowed)


def teams_of(
    ages: Mapping[str, Any], vacancies: Mapping[str, Any], uncovered: Mapping[str, Any] | None = None
) -> list[dict[str, Any]]:
    """The teams with vacant posts, those with the most first: what is vacant, by its age, and what is uncovered."""
    by_age: dict[str | None, dict[str, float]] = {}
    for row in ages["rows"]:
        by_age.setdefault(row["team"], {})[row["age"]] = row["value"]
    left = {row["team"]: row["value"] for row in uncovered["rows"]} if uncovered else {}
    teams = [
        {
            "team": row["team"],
            "vacant": row["value"],
            "uncovered": left.get(row["team"], 0.0),
            "ages": by_age.get(row["team"], {}),
        }
        for row in vacancies["rows"]
        if row["value"]
    ]
    return sorted(teams, key=lambda team: (-team["vacant"], str(team["team"])))


def by_age(ages: Mapping[str, Any]) -> dict[str, float]:
    """How much is vacant at each age."""
    return {row["age"]: row["value"] for row in ages["rows"]}


def headline(teams: Sequence[Mapping[str, Any]], ages: Mapping[str, Any]) -> str:
    """What the chart shows, in a sentence: how much is vacant, where most of it is, and how much has long been so."""
    if not teams:
        return "No post is vacant"
    most = teams[0]
    text = f"{figure(ages['total'])} FTE are vacant, most in {words(most['team'])} ({figure(most['vacant'])})"
    old = by_age(ages).get(VacancyAge.OVER_12_MONTHS)
    return f"{text}; {figure(old)} for over 12 months" if old else f"{text}; nothing for over 12 months"
