"""Overview: the scrutiny board's vacancy table, the rates behind it, and what changed since the last report."""

from datetime import date, timedelta
from typing import Any

from fastapi import Request, Response

from services.metrics.api.parameters import NOT_STATED
from services.metrics.pages.blocks import choices
from services.metrics.pages.page import OfAllQuery, Page, in_navigation, opened
from services.metrics.pages.rendering import render
from services.metrics.snapshot.employment import Scope

PATH = "/"
in_navigation("Overview", PATH, of_all=True)

COLUMNS = (
    ("establishment", "Establishment"),
    ("vacancies", "Vacancies"),
    ("agency-cover", "Agency cover"),
    ("uncovered-vacancies", "Uncovered"),
)
"""The measures of the vacancy table, and their headings."""

TILES: tuple[tuple[str, tuple[str, str], tuple[str, str]], ...] = (
    ("vacancy-rate", ("vacancies", "vacant"), ("in-post", "in post")),
    ("agency-worker-rate", ("agency", "agency workers"), ("in-post", "in post")),
    ("turnover-rate", ("leavers-fte", "left in the year"), ("in-post", "in post at its end")),
    ("average-caseload", ("cases", "cases"), ("case-holders-fte", "case holders")),
)
"""Rates, and the two counts behind each with what they are of."""
QUICK_OF_ALL = ("vacancy-rate", "agency-worker-rate")
"""Those of them that are summed from what is in memory: of all authorities the others take long."""
MONTHS_OF_TREND = 24


async def overview(request: Request) -> Response:
    """The first page."""
    page = await opened(request, OfAllQuery(request))
    compare_with = page.query.compare_with or same_day_last_year(page.as_at)
    shown = [each for each in TILES if each[0] in QUICK_OF_ALL or not page.is_of_all]
    options = await choices(page, "team", "role")
    table = await vacancy_table(page, compare_with)
    tiles = await page.ask_together(*(tile(page, *each) for each in shown))
    reported = await since_reported(page)
    context = page.context(
        "Overview",
        choices=options,
        compare_with=compare_with,
        table=table,
        tiles=tiles,
        reported=reported,
        feeds=table["feeds"],
        more_feeds=table["more_feeds"],
    )
    return render("overview.html", context)


def same_day_last_year(day: date) -> date:
    """The date to compare with by default."""
    return date(day.year - 1, day.month, 28 if (day.month, day.day) == (2, 29) else day.day)


async def vacancy_table(page: Page, compare_with: date) -> dict[str, Any]:
    """The table: a row for each role with posts on either date, and the totals."""
    names = [name for name, _ in COLUMNS]
    answers = await page.ask_together(
        *(
            page.ask(f"/v1/measures/{name}", as_at=day, by="role", **page.narrowed)
            for day in (page.as_at, compare_with)
            for name in names
        )
    )
    now, before = dict(zip(names, answers, strict=False)), dict(zip(names, answers[len(names) :], strict=True))
    values = {
        (when, measure): {row["role"]: row["value"] for row in answer.body["rows"]}
        for when, answers in (("now", now), ("before", before))
        for measure, answer in answers.items()
    }
    roles = {role for by_role in values.values() for role, value in by_role.items() if value}
    return {
        "columns": COLUMNS,
        "roles": [
            {
                "role": role,
                "only": NOT_STATED if role is None else role,
                "cells": [
                    _cell(values["now", name].get(role, 0.0), values["before", name].get(role, 0.0))
                    for name, _ in COLUMNS
                ],
            }
            for role in sorted(roles, key=lambda role: (role is None, str(role)))
        ],
        **{name: now[names[0]].body[name] for name in ("feeds", "more_feeds", "scope")},
        "totals": [_cell(now[name].body["total"], before[name].body["total"]) for name, _ in COLUMNS],
        "files": [(title, now[name].body["links"]["pinned"]) for name, title in COLUMNS],
        "rounding": next((answer.body["rounding"] for answer in now.values() if "rounding" in answer.body), None),
    }


def _cell(now: float | None, before: float | None) -> dict[str, float | None]:
    change = None if now is None or before is None else round(now - before, 1)
    return {"now": now, "before": before, "change": change}


async def tile(page: Page, measure: str, *behind: tuple[str, str]) -> dict[str, Any]:
    """A rate with the counts behind it, what its control chart says, and the range of the neighbours."""
    only = {name: value for name, value in page.narrowed.items() if name != "scope"}
    rate, *counts = await page.ask_together(
        page.ask(f"/v1/measures/{measure}", **_time(measure, page.as_at), **only),
        *(
            page.ask(f"/v1/measures/{name}", scope=Scope.CENSUS, **_time(name, page.as_at), **only)
            for name, _ in behind
        ),
    )
    direction_in_words = await direction(page, measure)
    # DfE publishes rates of whole authorities.
    of_others = await published(page, measure) if not any(only.values()) else None
    return {
        "rate": rate.body,
        "counts": [(words, count.body) for (_, words), count in zip(behind, counts, strict=True)],
        "direction": direction_in_words,
        "published": of_others,
    }


def _time(measure: str, day: date) -> dict[str, str]:
    """A date for a stock; the year that ends on it for what happens over time."""
    if measure in ("turnover-rate", "leavers-fte"):
        return {"from_": (same_day_last_year(day) + timedelta(days=1)).isoformat(), "to": day.isoformat()}
    return {"as_at": day.isoformat()}


async def direction(page: Page, measure: str) -> dict[str, Any] | None:
    """What the rules of the control chart say of the latest month; None if there is no chart."""
    first = date(page.as_at.year - MONTHS_OF_TREND // 12, page.as_at.month, 1)
    series = await page.ask_if_any(
        f"/v1/measures/{measure}/series", from_=first, to=page.as_at, **(page.narrowed | {"scope": None})
    )
    chart = None if series is None else series.body.get("control_chart")
    if not series or not chart:
        return None
    points = [(value, point) for value, point in zip(series.body["totals"], chart["points"], strict=True) if point]
    if not points or points[-1][0] is None or points[-1][1].get("centre") is None:
        return None
    value, point = points[-1]
    side = "above" if value > point["centre"] else "below"
    return {"rules": point["rules"], "side": side, "centre": point["centre"]}


async def published(page: Page, measure: str) -> dict[str, Any] | None:
    """The range of the statistical neighbours as DfE published it; None if no release is loaded."""
    answer = await page.ask_if_any(f"/v1/benchmarks/{measure}", as_known_at=None, as_accepted_at=None)
    return None if answer is None else answer.body


async def since_reported(page: Page) -> dict[str, Any] | None:
    """The vacancies of this date as they were known on it, if they differ from what is known now."""
    if page.known["as_known_at"] is not None or page.is_of_all:
        return None
    known_then = f"{page.as_at.isoformat()}T23:59:59Z"
    given = {"as_at": page.as_at, "as_known_at": known_then, **page.narrowed}
    answer = await page.ask_if_any("/v1/measures/vacancies", **given)
    return None if answer is None else {"known_at": known_then, "total": answer.body["total"]}
