"""Overview: the scrutiny board's vacancy table, the rates behind it, and what changed since the last report."""

from datetime import date, timedelta
from typing import Any

from fastapi import Request, Response

from services.metrics.pages.page import NAVIGATION, Link, Page, PageQuery, opened
from services.metrics.pages.rendering import page

PATH = "/"
NAVIGATION.append(Link("Overview", PATH))

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
MONTHS_OF_TREND = 24
CENSUS = "census"


async def overview(request: Request) -> Response:
    """The first page."""
    found = await opened(request, PageQuery(request))
    if isinstance(found, Response):
        return found
    compare_with = found.query.compare_with or same_day_last_year(found.as_at)
    context = found.context(
        "Overview",
        compare_with=compare_with,
        table=await vacancy_table(found, compare_with),
        tiles=[await tile(found, *each) for each in TILES],
        reported=await since_reported(found),
    )
    return page("overview.html", found.context("Overview") | context)


def same_day_last_year(day: date) -> date:
    """The date to compare with where nobody said one."""
    return date(day.year - 1, day.month, 28 if (day.month, day.day) == (2, 29) else day.day)


async def vacancy_table(found: Page, compare_with: date) -> dict[str, Any]:
    """The table: a row for each role with posts on either date, and the totals."""
    now, before = {}, {}
    for measure, _ in COLUMNS:
        path = f"/v1/measures/{measure}"
        now[measure] = await found.ask(path, as_at=found.as_at, by="role", **found.narrowed)
        before[measure] = await found.ask(path, as_at=compare_with, by="role", **found.narrowed)
    values = {
        (when, measure): {row["role"]: row["value"] for row in answer.body["rows"]}
        for when, answers in (("now", now), ("before", before))
        for measure, answer in answers.items()
    }
    roles = sorted({role for by_role in values.values() for role, value in by_role.items() if value})
    return {
        "columns": COLUMNS,
        "roles": [
            {
                "role": role,
                "cells": [
                    _cell(values["now", name].get(role, 0.0), values["before", name].get(role, 0.0))
                    for name, _ in COLUMNS
                ],
            }
            for role in roles
        ],
        "totals": [_cell(now[name].body["total"], before[name].body["total"]) for name, _ in COLUMNS],
        "files": [(title, now[name].body["links"]["pinned"]) for name, title in COLUMNS],
        "rounding": next((answer.body["rounding"] for answer in now.values() if "rounding" in answer.body), None),
    }


def _cell(now: float | None, before: float | None) -> dict[str, float | None]:
    change = None if now is None or before is None else round(now - before, 1)
    return {"now": now, "before": before, "change": change}


async def tile(found: Page, measure: str, *behind: tuple[str, str]) -> dict[str, Any]:
    """A rate with the counts behind it, what its control chart says, and the range of the neighbours."""
    path = f"/v1/measures/{measure}"
    rate = await found.ask(path, **_time(measure, found.as_at))
    counts = [
        (words, (await found.ask(f"/v1/measures/{name}", scope=CENSUS, **_time(name, found.as_at))).body)
        for name, words in behind
    ]
    return {
        "rate": rate.body,
        "counts": counts,
        "direction": await direction(found, measure),
        "published": await published(found, measure),
    }


def _time(measure: str, day: date) -> dict[str, str]:
    """A date for a stock; the year that ends on it for what happens over time."""
    if measure in ("turnover-rate", "leavers-fte"):
        return {"from_": (same_day_last_year(day) + timedelta(days=1)).isoformat(), "to": day.isoformat()}
    return {"as_at": day.isoformat()}


async def direction(found: Page, measure: str) -> dict[str, Any] | None:
    """What the rules of the control chart say of the latest month; None where there is no chart."""
    first = date(found.as_at.year - MONTHS_OF_TREND // 12, found.as_at.month, 1)
    series = await found.ask_if_any(f"/v1/measures/{measure}/series", from_=first, to=found.as_at)
    chart = None if series is None else series.body.get("control_chart")
    if not series or not chart:
        return None
    points = [(value, point) for value, point in zip(series.body["totals"], chart["points"], strict=True) if point]
    if not points or points[-1][0] is None or points[-1][1].get("centre") is None:
        return None
    value, point = points[-1]
    side = "above" if value > point["centre"] else "below"
    return {"rules": point["rules"], "side": side, "centre": point["centre"]}


async def published(found: Page, measure: str) -> dict[str, Any] | None:
    """The range of the statistical neighbours as DfE published it; None where no release is loaded."""
    answer = await found.ask_if_any(f"/v1/benchmarks/{measure}", as_known_at=None, as_accepted_at=None)
    return None if answer is None else answer.body


async def since_reported(found: Page) -> dict[str, Any] | None:
    """The vacancies of this date as they were known on it, where that is not what is known now."""
    if found.known["as_known_at"] is not None:
        return None
    known_then = f"{found.as_at.isoformat()}T23:59:59Z"
    given = {"as_at": found.as_at, "as_known_at": known_then, **found.narrowed}
    answer = await found.ask_if_any("/v1/measures/vacancies", **given)
    return None if answer is None else {"known_at": known_then, "total": answer.body["total"]}
