"""Reports: figures kept under a name, opened again as they were known then, and compared.

Invariant: the API's own routes make, open and compare reports. The address of an opened report states its instants, so
every page it leads to is as known then.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from urllib.parse import parse_qsl

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from contracts.envelope import format_instant
from services.chassis.authentication import Right
from services.chassis.query import FLAG, Parameter, read_date, whole
from services.metrics.api.asking import NotAnswered, send
from services.metrics.api.parameters import MOST_OFFSET
from services.metrics.pages.forms import Fields, field_text, page_with_form, read_form
from services.metrics.pages.overview import COLUMNS, TILES, same_day_last_year
from services.metrics.pages.page import Page, PageQuery, elsewhere, in_navigation, opened
from services.metrics.pages.rendering import render, words
from services.metrics.pages.reported import INSTANTS, of_words, page_behind, tables_of, time_words
from services.metrics.reports.figures import Question, is_series
from services.metrics.snapshot.amounts import months_later

PATH = "/reports"
ONE, TAKE_AWAY, COMPARISON = "/reports/{report}", "/reports/{report}/take-away", "/reports/{report}/comparison"
in_navigation("Reports", PATH)
ROWS = 50
OF_TREND = 24
"""Months of a trend that is kept."""

SETS = {
    "vacancies": ("Vacancy table", "Establishment, vacancies, agency cover and uncovered vacancies by role"),
    "rates": ("Rates", "Vacancies, agency workers, turnover and caseload"),
    "retention": ("Leavers and starters", "Of the twelve months up to the date, by reason and by route"),
    "academy": ("Academy", "What became of each cohort"),
    "agency": ("Agency", "Agency workers by role, and what they cost in twelve months by why they were needed"),
    "trend": ("Trend of vacancies", f"{OF_TREND} months up to the date"),
}
"""What can be kept together: its name, and what is in it."""


class ReportsQuery(PageQuery):
    """Which page of the list."""

    offset = Parameter("offset", "How many reports to pass over.", whole(0, MOST_OFFSET, 0))


class ComparisonQuery(PageQuery):
    """The report to compare with."""

    earlier = Parameter("earlier", "The number of the report before it.", whole(1, 2**31 - 1, None), required=True)
    every = Parameter("every", "Whether figures that are the same in both are shown, too.", FLAG)


# --- the list, and what a report is made of ---------------------------------------------------------------------------


async def reports(request: Request) -> Response:
    """The list, and the form that makes a report."""
    page = await opened(request, query := ReportsQuery(request))
    return await _listed(page, query.offset)


async def keep(request: Request) -> Response:
    """Make a report, and open it."""
    page = await opened(request, ReportsQuery(request))
    fields = await read_form(request)
    as_at, chosen = read_date(field_text(fields, "as_at")), [name for name in SETS if name in fields.get("sets", ())]
    faults = [] if as_at else [_fault("as_at", "Say which date the figures are for, as 2023-10-31")]
    faults += [] if chosen else [_fault("sets", "Choose what to keep")]
    if as_at is None or faults:
        return await _listed(page, 0, fields, faults, 422)
    questions = [each for name in chosen for each in questions_of(name, as_at, page.narrowed)]
    content = {"name": field_text(fields, "name"), "questions": [str(each) for each in questions]}
    content |= {name: format_instant(at) for name in INSTANTS if (at := getattr(page.query, name)) is not None}
    try:
        made = await send(request, page.caller, "POST", "/v1/reports", content, authority=page.authority)
    except NotAnswered as refused:
        if refused.status not in (409, 422):
            raise
        return await _listed(page, 0, fields, _faults(refused.problem, questions), refused.status)
    return RedirectResponse(page.there(f"{PATH}/{made['report']}"), 303)


def questions_of(name: str, as_at: date, narrowed: Mapping[str, str | None]) -> list[Question]:
    """The questions that can be kept together, for a date."""
    at = {"as_at": as_at.isoformat()}
    year = {"from": (same_day_last_year(as_at) + timedelta(days=1)).isoformat(), "to": as_at.isoformat()}
    since = {"from": months_later(as_at, -OF_TREND).isoformat(), "to": as_at.isoformat()}
    parameters_of_set: dict[str, list[tuple[str, dict[str, str]]]] = {
        "vacancies": [(f"/v1/measures/{measure}", at | {"by": "role"}) for measure, _ in COLUMNS],
        "rates": [(f"/v1/measures/{measure}", at) for measure, *_ in TILES],
        "retention": [
            ("/v1/measures/leavers", year | {"by": "leaving_reason"}),
            ("/v1/measures/starters", year | {"by": "route"}),
        ],
        "academy": [("/v1/academy/cohorts", at)],
        "agency": [
            ("/v1/measures/agency", at | {"by": "role"}),
            ("/v1/measures/agency-cost", year | {"by": "cover_reason"}),
        ],
        "trend": [("/v1/measures/vacancies/series", since)],
    }
    kept = {} if name == "academy" else {each: value for each, value in narrowed.items() if value is not None}
    return [Question(path, tuple((parameters | kept).items())) for path, parameters in parameters_of_set[name]]


async def _listed(
    page: Page,
    offset: int,
    fields: Fields | None = None,
    faults: Sequence[dict[str, str]] = (),
    status: int = 200,
) -> Response:
    answer = await page.ask("/v1/reports", limit=ROWS, offset=offset, as_known_at=None, as_accepted_at=None)
    given = fields or {}
    context = page.context(
        "Reports",
        listed=answer.body,
        sets=[{"value": name, "text": text, "hint": {"text": hint}} for name, (text, hint) in SETS.items()],
        chosen=given.get("sets", ["vacancies", "rates"]) if fields is None else given.get("sets", []),
        name=field_text(given, "name"),
        as_at=field_text(given, "as_at") or page.as_at.isoformat(),
        faults=faults,
        pages=page.turning(offset, ROWS, answer.body["count"]),
        of_figures=False,
    )
    return page_with_form(page.request, "reports.html", context, status)


def _faults(problem: Mapping[str, Any], questions: Sequence[Question]) -> list[dict[str, str]]:
    """What the API found wrong, as the form calls it."""
    if "faults" not in problem:
        return [_fault("name", str(problem["detail"]))]
    faults = []
    for fault in problem["faults"]:
        _, name, *path = fault["field"].split(".")
        if name == "name":
            faults.append(_fault("name", "Give the report a name of 3 to 100 characters"))
        else:
            about = questions[int(path[0])].title if path else "What to keep"
            what = f"{words(path[1]).lower()} " if len(path) > 1 else ""
            faults.append(_fault("sets", f"{about}: {what}{fault['problem']}, {fault['expected']}"))
    return faults


def _fault(field: str, text: str) -> dict[str, str]:
    return {"href": f"#{field}", "text": text, "field": field}


# --- one, and two -----------------------------------------------------------------------------------------------------


async def report(request: Request, report: int) -> Response:
    """One report, opened."""
    page = await opened(request, PageQuery(request))
    answer = (await page.ask(f"/v1/reports/{report}", as_known_at=None, as_accepted_at=None)).body
    _lead_to_its_instants(page, answer)
    listed = await page.ask("/v1/reports", limit=1000, as_known_at=None, as_accepted_at=None)
    context = page.context(
        answer["name"],
        report=answer,
        tables=tables_of(answer),
        others=[
            {"value": str(row["report"]), "text": row["name"]} for row in listed.body["rows"] if row["report"] != report
        ],
        may_take_away=page.caller.may(Right.OPERATE, page.authority),
        **_ages(answer),
    )
    return render("report.html", context)


async def comparison(request: Request, report: int) -> Response:
    """Two reports, figure by figure."""
    page = await opened(request, query := ComparisonQuery(request))
    parameters = {"earlier": query.earlier, "as_known_at": None, "as_accepted_at": None}
    answer = (await page.ask(f"/v1/reports/{report}/comparison", **parameters)).body
    sides = [answer[name] | {"authority": page.authority} for name in ("earlier", "later")]
    both = [each for each in answer["questions"] if each["earlier"] is not None and each["later"] is not None]
    shown = [_compared(page, question, *sides, every=query.every) for question in both]
    context = page.context(
        "Two reports",
        answer=answer,
        questions=[question for question in shown if question["rows"]],
        other=page.here(every=None if query.every else "true", earlier=query.earlier),
        every=query.every,
        # What one of them does not ask is no difference between them: it is named, and its figures stand in the other.
        alone={
            name: list(dict.fromkeys(each["title"] for each in answer["questions"] if each[missing] is None))
            for name, missing in (("earlier", "later"), ("later", "earlier"))
        },
        differing=sum(1 for question in both for figure in question["figures"] if figure.get("difference") != 0),
        count=sum(len(question["figures"]) for question in both),
        of_figures=False,
    )
    return render("comparison.html", context)


async def take_away(request: Request, report: int) -> Response:
    """The page that asks whether to take a report away."""
    page = await opened(request, PageQuery(request))
    answer = (await page.ask(f"/v1/reports/{report}", as_known_at=None, as_accepted_at=None)).body
    title = f"Take away “{answer['name']}”?"
    return page_with_form(request, "take-away.html", page.context(title, report=answer, of_figures=False))


async def taken_away(request: Request, report: int) -> Response:
    """Take a report away, and go back to the list."""
    page = await opened(request, PageQuery(request))
    await read_form(request)
    await send(request, page.caller, "DELETE", f"/v1/reports/{report}", authority=page.authority)
    return RedirectResponse(page.there(PATH, as_known_at=None, as_accepted_at=None), 303)


def _lead_to_its_instants(page: Page, answer: Mapping[str, Any]) -> None:
    """Raises Instead while the address does not say the report's instants: every page from here is as known then."""
    instants = {name: answer[name] for name in INSTANTS}
    if page.known != instants:
        raise elsewhere(page.here(**instants))


def _ages(answer: Mapping[str, Any]) -> dict[str, Any]:
    """How old is what the report knew of, for the foot of the page."""
    ages = [each["answer"] for each in answer["answers"] if "answer" in each]
    return {
        "of_figures": bool(ages),
        "recorded_until": max((age["recorded_until"] or "" for age in ages), default="") or None,
        "complete_until": min((age["complete_until"] or "" for age in ages), default="") or None,
        "stale": any(age["stale"] for age in ages),
    }


def _compared(
    page: Page,
    question: Mapping[str, Any],
    earlier: Mapping[str, Any],
    later: Mapping[str, Any],
    *,
    every: bool,
) -> dict[str, Any]:
    """A question of two reports as a table."""
    measured = Question.read(question["later"])
    by_time = measured is not None and is_series(measured)
    several = len({figure["title"] for figure in question["figures"]}) > 1
    rows = []
    for figure in question["figures"]:
        if figure.get("difference") == 0 and not every:
            continue
        sides = [
            None if (side := figure[name]) is None else {"value": side["value"], "address": _page_of(side, report)}
            for name, report in (("earlier", earlier), ("later", later))
        ]
        heading = of_words(tuple(figure["where"].items()))
        time = time_words((figure["later"] or figure["earlier"])["time"]) if by_time else None
        words_of_it = [figure["title"] if several else None, time, heading if not time or figure["where"] else None]
        figure_of = {"heading": ", ".join(each for each in words_of_it if each), "unit": figure["unit"] or "FTE"}
        rows.append(figure_of | {"sides": sides, "difference": figure.get("difference")})
    times = {time_words(side["time"]): None for name in ("earlier", "later") for side in _sides(question, name)}
    under = "" if by_time else " and ".join(times)
    changes = _changes(page, question, earlier, later)
    return {"title": question["title"], "under": under, "rows": rows, "changes": changes}


def _sides(question: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    return [figure[name] for figure in question["figures"] if figure[name] is not None]


def _changes(
    page: Page, question: Mapping[str, Any], earlier: Mapping[str, Any], later: Mapping[str, Any]
) -> str | None:
    """The page of what changed between two reports, event by event: of what is counted at one date."""
    measured = Question.read(question["later"] or "")
    if "changes" not in question or measured is None or "as_at" not in measured.time:
        return None
    instants = {"known_then": earlier["as_known_at"], "as_known_at": later["as_known_at"], "as_accepted_at": None}
    return page.there("/changes", measure=measured.path.split("/")[3], as_at=measured.time["as_at"], **instants)


def _page_of(side: Mapping[str, Any], report: Mapping[str, Any]) -> str | None:
    link = side.get("explanation")
    if link is None:
        return None
    path, _, query = link.partition("?")
    return page_behind(Question(path, tuple(parse_qsl(query))), side["time"], report)
