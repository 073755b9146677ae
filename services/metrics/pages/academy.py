"""Academy: what became of each cohort, how long members stay, and which members each figure counts.

Invariant: members are followed in whatever post they hold, so filters and scope do not apply to this page. It says so.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from fastapi import Request, Response

from services.chassis.query import Parameter, choice, whole, word
from services.metrics.academy.outcomes import COUNTED, OUTCOMES, Which
from services.metrics.api.parameters import MOST_OFFSET
from services.metrics.pages.blocks import Chart, chart_at, drawn
from services.metrics.pages.curves import MONTHS_OF_A_YEAR, survival_curve
from services.metrics.pages.page import Page, PageQuery, in_navigation, opened
from services.metrics.pages.rendering import figure, render, words
from services.metrics.pages.retention import curve_of, share
from services.metrics.pages.shades import Shaded, heat_map, size_of_shades
from services.metrics.read_models.authorities import ALL

PATH = "/academy"
MEMBERS_PATH = "/academy/{cohort}"
SURVIVAL_CHART, MONTHS_CHART = "/charts/academy-survival", "/charts/academy-months"
in_navigation("Academy", PATH)

EVERY_MONTHS = 3
"""Months between two columns of the heat map."""
MOST_COLUMNS = 24
ROWS = 50
SHOWN = ("started", "in_the_year", "passed", "failed", "progressed", "left_during", "left_after", "in_post")
"""The figures of the cohort table that count members, each of which can be asked for its members."""
COHORTS = {Which.ALL: "All cohorts", Which.COMPLETED: "Completed cohorts", Which.RUNNING: "Cohorts in their year"}


class AcademyQuery(PageQuery):
    """Which cohorts."""

    cohorts = Parameter("cohorts", "Which cohorts.", choice(Which, Which.ALL))


class MembersQuery(AcademyQuery):
    """Which members of a cohort."""

    outcome = Parameter("outcome", "Only those who make up this figure.", word(list(COUNTED), "started"))
    offset = Parameter("offset", "How many members to pass over.", whole(0, MOST_OFFSET, 0))


async def academy(request: Request) -> Response:
    """The page."""
    page = await opened(request, query := AcademyQuery(request))
    parameters = {"as_at": page.as_at, "cohorts": query.cohorts}
    answer = (await page.ask("/v1/academy/cohorts", **parameters)).body
    survived = await _survived(page, query)
    return render(
        "academy.html",
        page.context(
            "Academy",
            query=query,
            which=[{"value": "" if which is Which.ALL else which, "text": text} for which, text in COHORTS.items()],
            answer=answer,
            outcomes=[(name, COUNTED[name].title) for name in SHOWN],
            members=lambda cohort, outcome: members_at(page, query, cohort, outcome),
            survived=survived,
            survival_chart=_survival_chart(page, query, survived),
            columns=month_columns(survived),
            months=[shaded(row) for row in survived["rows"]],
            months_chart=_months_chart(page, query, survived),
        ),
    )


async def members(request: Request, cohort: str) -> Response:
    """The members of a cohort, or of all, who make up one figure."""
    page = await opened(request, query := MembersQuery(request))
    parameters = {"as_at": page.as_at, "cohorts": query.cohorts, "outcome": query.outcome}
    path = f"/v1/academy/cohorts/{quote(cohort)}"
    answer = (await page.ask(path, **parameters, limit=ROWS, offset=query.offset)).body
    title = COUNTED[query.outcome].title
    whose = COHORTS[query.cohorts] if cohort == ALL else words(cohort)
    return render(
        "members.html",
        page.context(
            f"{whose}: {title.lower().replace('asye', 'ASYE')}",
            query=query,
            answer=answer,
            outcomes=[{"value": outcome.name, "text": outcome.title} for outcome in OUTCOMES],
            came_from={
                "cohort": None if cohort == ALL else cohort,
                "outcome": query.outcome,
                **{name: request.query_params.get(name) for name in ("cohorts", "offset")},
            },
            back=page.there(PATH, cohorts=request.query_params.get("cohorts")),
            pages=page.turning(query.offset, ROWS, answer["count"]),
        ),
    )


def members_at(page: Page, query: AcademyQuery, cohort: str | None, outcome: str) -> str:
    """The page of the members of a cohort (of all cohorts, if none is given) who make up a figure."""
    cohorts = None if query.cohorts is Which.ALL else query.cohorts
    return page.there(f"{PATH}/{quote(cohort or ALL)}", cohorts=cohorts, outcome=outcome)


# --- how long members stay --------------------------------------------------------------------------------------------


async def _survived(page: Page, query: AcademyQuery) -> dict[str, Any]:
    """How long members stay: of all, and of each cohort."""
    parameters = {"as_at": page.as_at, "cohorts": query.cohorts, "of": "academy-members", "by": "cohort"}
    return (await page.ask("/v1/survival", **parameters)).body


def survival_headline(survived: Mapping[str, Any]) -> str:
    """The share of members still there after each of the first years."""
    points = {point["months"]: point for point in survived["points"]}
    parts = [
        f"{kept:.0f}% after {years} year{'s' if years > 1 else ''}"
        for years in (1, 2, 3)
        if (kept := share(points.get(years * MONTHS_OF_A_YEAR))) is not None
    ]
    if not parts:
        return "No member has been there for a year yet"
    return f"Members still in post: {', '.join(parts)}"


def _survival_chart(page: Page, query: AcademyQuery, survived: Mapping[str, Any]) -> Chart | None:
    if not survived["count"]:
        return None
    about = "Survival curve with its 95% band; the same numbers are in the table below."
    note = "The shaded band is the 95% confidence band. At risk: members who had been there for so long."
    cohorts = query.request.query_params.get("cohorts")
    return chart_at(page, SURVIVAL_CHART, survival_headline(survived), about, note=note, cohorts=cohorts)


async def survival_chart(request: Request, format: str) -> Response:
    """How long members stay, as SVG or PNG."""
    page = await opened(request, query := AcademyQuery(request))
    survived = await _survived(page, query)
    at_risk = [(each["years"], each["at_risk"]) for each in survived["at_risk_by_year"]]
    return drawn(survival_curve(curve_of("In post", survived), at_risk), survival_headline(survived), format)


# --- cohort by months -------------------------------------------------------------------------------------------------


def month_columns(survived: Mapping[str, Any]) -> list[int]:
    """The months that the heat map has a column for: every third, as far as any cohort came."""
    longest = max((len(row["points"]) - 1 for row in survived["rows"]), default=0)
    every = EVERY_MONTHS * max(1, -(-longest // (EVERY_MONTHS * MOST_COLUMNS)))
    return list(range(0, longest + 1, every))


def shaded(row: Mapping[str, Any]) -> dict[str, Any]:
    """A cohort with the share (of 1) of its members in post after each month, as far as it came."""
    return {
        "cohort": row["cohort"],
        "count": row["count"],
        "shares": {point["months"]: point["survival"] for point in row["points"] if point["at_risk"]},
    }


def months_headline(survived: Mapping[str, Any]) -> str:
    """The cohorts that kept the fewest and the most of their members for a year."""
    after_a_year = [
        (kept, words(row["cohort"]))
        for row in survived["rows"]
        for point in row["points"]
        if point["months"] == MONTHS_OF_A_YEAR and (kept := share(point)) is not None
    ]
    if not after_a_year:
        return "No cohort has been there for a year yet"
    (least, worst), (most, best) = min(after_a_year), max(after_a_year)
    return f"After a year cohorts had kept from {figure(least, '%')} ({worst}) to {figure(most, '%')} ({best})"


def _months_chart(page: Page, query: AcademyQuery, survived: Mapping[str, Any]) -> Chart | None:
    if not survived["rows"]:
        return None
    about = "Heat map of the table below: the darker, the more members were still in post."
    note = "Percent of each cohort's members still in post, by months since they started."
    cohorts, size = query.request.query_params.get("cohorts"), size_of_shades(len(survived["rows"]))
    return chart_at(page, MONTHS_CHART, months_headline(survived), about, size=size, note=note, cohorts=cohorts)


async def months_chart(request: Request, format: str) -> Response:
    """The share of each cohort in post, month by month, as SVG or PNG."""
    page = await opened(request, query := AcademyQuery(request))
    survived = await _survived(page, query)
    columns = month_columns(survived)
    rows = [shaded(row) for row in survived["rows"]]
    shades = [Shaded(words(row["cohort"]), [row["shares"].get(month) for month in columns]) for row in rows]
    return drawn(heat_map(shades, [str(month) for month in columns]), months_headline(survived), format)
