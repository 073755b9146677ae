"""Recruitment: how far applications came, by route and campaign, and how long vacancies take to be filled."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from fastapi import Request, Response

from contracts.codes import ApplicationStage
from services.chassis.query import Parameter, word
from services.metrics.api.asking import Answered
from services.metrics.api.parameters import NOT_STATED
from services.metrics.pages.blocks import Cell, chart_at, drawn
from services.metrics.pages.charts import Bar, bars, size_of_bars
from services.metrics.pages.page import Page, in_navigation, opened
from services.metrics.pages.period import PeriodQuery, beginning, first_day, period
from services.metrics.pages.rendering import by_name, figure, render, words

PATH = "/recruitment"
CHART, FILL_CHART = "/charts/recruitment", "/charts/time-to-fill"
in_navigation("Recruitment", PATH)

ON_THE_WAY = tuple(
    stage for stage in ApplicationStage if stage not in (ApplicationStage.WITHDRAWN, ApplicationStage.REJECTED)
)
"""From interest to start, in their order."""
ENDED = (ApplicationStage.WITHDRAWN, ApplicationStage.REJECTED)
OFFERS = "offers-not-started"
WAITING = (ApplicationStage.OFFERED.value, ApplicationStage.ACCEPTED.value)
"""What stands between an offer and a start."""
BY = {"route": "Route", "campaign": "Campaign", "role": "Role"}
ABOUT = "Bar chart of the applications that reached each stage; the same numbers are in the table below."
ABOUT_FILL = "Bar chart of the mean days until a vacancy was filled, by role; the same numbers are in the table below."


class RecruitmentQuery(PeriodQuery):
    """The dimension by which applications are split."""

    by = Parameter("by", "By what applications are told apart.", word(list(BY), "campaign"))


async def recruitment(request: Request) -> Response:
    """The page."""
    page = await opened(request, query := RecruitmentQuery(request))
    context = {
        **await beginning(page, query, BY, query.by),
        **await _applications(page, query),
        **await _waiting(page, query),
        **await _filling(page, query),
    }
    return render("recruitment.html", page.context("Recruitment", **context))


async def _applications(page: Page, query: RecruitmentQuery) -> dict[str, Any]:
    """How far applications came in the period."""
    by_stage = (await ask_measure(page, query, "applications", f"stage,{query.by}")).body
    in_all = (await ask_measure(page, query, "applications", "stage")).body
    stages = stages_of(in_all)
    return {
        "stages": [words(stage) for stage in stages],
        "rows": [
            (
                row.value,
                [cell(page, query, *each, row.only(query.by)) for each in zip(stages, row.amounts, strict=True)],
            )
            for row in rows_of(by_stage, query.by, stages)
        ],
        "totals": [cell(page, query, stage, amount, {}) for stage, amount in reached(in_all).items()],
        "files": [
            (f"By {BY[query.by].lower()}", by_stage["links"]["pinned"]),
            ("All", in_all["links"]["pinned"]),
        ],
        "campaigns": (await ask_measure(page, query, "campaigns-opened", "route")).body,
        "chart": chart_at(
            page, CHART, headline(in_all), ABOUT, size=size_of_bars(len(stages)), from_=first_day(page, query)
        ),
    }


async def _waiting(page: Page, query: RecruitmentQuery) -> dict[str, Any]:
    """Who was offered a post and has not started, beside what is vacant."""
    waiting = (await offers(page, f"stage,{query.by}")).body
    vacancies = (await page.ask("/v1/measures/vacancies", as_at=page.as_at, **page.narrowed)).body
    rows = [
        (row, [cell_of_offers(page, *each, row.only(query.by)) for each in zip(WAITING, row.amounts, strict=True)])
        for row in rows_of(waiting, query.by, WAITING)
    ]
    return {
        "waiting": waiting,
        "waiting_rows": [(row.value, cells) for row, cells in rows],
        "vacancies": vacancies["total"],
    }


async def _filling(page: Page, query: RecruitmentQuery) -> dict[str, Any]:
    """How long vacancies had been open that were filled in the period."""
    fill = (await ask_measure(page, query, "time-to-fill", "role")).body
    return {
        "fill": fill,
        "fill_chart": chart_at(
            page,
            FILL_CHART,
            headline_of_filling(fill),
            ABOUT_FILL,
            size=size_of_bars(len(filled(fill))),
            from_=first_day(page, query),
        ),
    }


async def offers(page: Page, by: str) -> Answered:
    """The applications with an offer that have not led to a start."""
    return await page.ask(f"/v1/measures/{OFFERS}", as_at=page.as_at, by=by, **page.narrowed)


def cell_of_offers(page: Page, stage: str, amount: float, only: Mapping[str, str]) -> Cell:
    """How many wait at a stage, with the address of what is behind it."""
    return Cell(amount, "count", page.there(f"/figures/{OFFERS}", **{"stage": stage, **only}) if amount else None)


async def chart(request: Request, format: str) -> Response:
    """The chart of the stages."""
    page = await opened(request, query := PeriodQuery(request))
    answer = (await ask_measure(page, query, "applications", "stage")).body
    rows = [Bar(words(stage), [amount], figure(amount, "count")) for stage, amount in reached(answer).items()]
    return drawn(bars(rows), headline(answer), format)


async def fill_chart(request: Request, format: str) -> Response:
    """The chart of how long it takes to fill a vacancy."""
    page = await opened(request, query := PeriodQuery(request))
    answer = (await ask_measure(page, query, "time-to-fill", "role")).body
    rows = [Bar(words(row["role"]), [row["value"]], days_and_fte(row)) for row in filled(answer)]
    return drawn(bars(rows), headline_of_filling(answer), format)


def days_and_fte(row: Mapping[str, Any]) -> str:
    """How long it took, and for how much FTE, because the mean of a single vacancy says little."""
    return f"{figure(row['value'], 'days')} days ({figure(row['vacancies-filled'])} FTE)"


async def ask_measure(page: Page, query: PeriodQuery, measure: str, by: str) -> Answered:
    """A measure of the period, split by the dimension."""
    return await page.ask(f"/v1/measures/{measure}", by=by, **period(page, query), **page.narrowed)


def cell(page: Page, query: PeriodQuery, stage: str, amount: float, only: Mapping[str, str]) -> Cell:
    """How many applications reached a stage, with the address of what is behind it."""
    given = {"from": first_day(page, query), "to": page.as_at, "stage": stage, **only}
    return Cell(amount, "count", page.there("/figures/applications", **given) if amount else None)


def stages_of(answer: Mapping[str, Any]) -> list[str]:
    """The stages from interest to start, and how applications ended otherwise, if some did."""
    ended = [stage for stage in ENDED if any(row["stage"] == stage and row["value"] for row in answer["rows"])]
    return [*ON_THE_WAY, *ended]


def reached(answer: Mapping[str, Any]) -> dict[str, float]:
    """How many applications reached each stage."""
    values = {row["stage"]: row["value"] for row in answer["rows"]}
    return {stage: values.get(stage, 0) for stage in stages_of(answer)}


class Row(NamedTuple):
    """The applications of one value of a dimension, by stage."""

    value: str | None
    amounts: Sequence[float]

    def only(self, by: str) -> dict[str, str]:
        """The filter that leaves only this value."""
        return {by: NOT_STATED if self.value is None else self.value}


def rows_of(answer: Mapping[str, Any], by: str, stages: Sequence[str]) -> list[Row]:
    """A row for each route, campaign or role that has applications, by stage."""
    values: dict[str | None, dict[str, float]] = {}
    for row in answer["rows"]:
        values.setdefault(row[by], {})[row["stage"]] = row["value"]
    in_order = sorted(values.items(), key=lambda item: by_name(item[0]))
    return [Row(value, [of_it.get(stage, 0) for stage in stages]) for value, of_it in in_order if any(of_it.values())]


def headline(answer: Mapping[str, Any]) -> str:
    """From the first stage that any reached to the start, in a sentence."""
    amounts = {stage: amount for stage, amount in reached(answer).items() if amount and stage in ON_THE_WAY}
    if not amounts:
        return "No application is known of this period"
    first, amount = next(iter(amounts.items()))
    text = f"{figure(amount, 'count')} {words(first).lower()}"
    others = [
        f"{figure(reached(answer)[stage], 'count')} {words(stage).lower()}"
        for stage in (ApplicationStage.OFFERED, ApplicationStage.STARTED)
        if stage != first
    ]
    return ", ".join([text, *others])


def filled(answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The roles whose vacancies were filled, those that took longest first."""
    rows = [row for row in answer["rows"] if row["value"] is not None]
    return sorted(rows, key=lambda row: (-row["value"], str(row["role"])))


def headline_of_filling(answer: Mapping[str, Any]) -> str:
    """How long it takes to fill a vacancy, in a sentence."""
    if answer["total"] is None:
        return "No vacancy was filled in this period"
    text = f"A vacancy took {figure(answer['total'], 'days')} days to fill"
    longest = filled(answer)[:1]
    return text + "".join(f", longest for {words(row['role'])} ({figure(row['value'], 'days')})" for row in longest)
