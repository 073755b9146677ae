"""Progression and retention payments: what panels decided, who progressed, and what was due and paid, by role.

Invariant: everything is about the twelve months up to the date, whatever the panel and the scheme.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import Request, Response

from contracts.codes import PanelDecision
from services.metrics.pages.blocks import Chart, chart_at, choices, drawn
from services.metrics.pages.charts import Bar, size_of_bars, stacked_bars
from services.metrics.pages.page import Page, PageQuery, in_navigation, opened
from services.metrics.pages.rendering import render, words

PATH = "/progression"
PANELS_CHART = "/charts/panels"
in_navigation("Progression", PATH)

PANELS = "panel,panel_kind,decision"
OF_PROGRESSION = (
    "panel-candidates",
    "panel-successes",
    "progressed-fte",
    "promotions",
    "time-in-role-before-promotion",
)
OF_PAYMENTS = ("retention-payments-due", "retention-payment-cost", "retention-payments-made", "retention-payments-paid")
FUNDING = "progression-funding-used"


async def progression(request: Request) -> Response:
    """The page."""
    page = await opened(request, PageQuery(request))
    counted = await page.ask_together(*(_by_role(page, name) for name in (*OF_PROGRESSION, *OF_PAYMENTS)))
    progressed, paid = counted[: len(OF_PROGRESSION)], counted[len(OF_PROGRESSION) :]
    panels = await _panels(page)
    context = {
        "choices": await choices(page, "role", "team"),
        "panels": panels,
        "decisions": decisions_of(panels),
        "decided": decided(panels),
        "chart_of_panels": _chart(page, panels),
        "progressed": progressed,
        "progressed_roles": roles_in(progressed),
        "paid": paid,
        "paid_roles": roles_in(paid),
        "funding": await _funding(page),
        "academy": await _academy(page),
    }
    return render("progression.html", page.context("Progression and retention payments", **context))


async def _panels(page: Page) -> dict[str, Any]:
    parameters = {"as_at": page.as_at, "by": PANELS, **page.narrowed}
    return (await page.ask("/v1/measures/panel-candidates", **parameters)).body


async def _by_role(page: Page, name: str) -> dict[str, Any]:
    """A measure with its rows, by role."""
    parameters = {"as_at": page.as_at, "by": "role", **page.narrowed}
    answer = (await page.ask(f"/v1/measures/{name}", **parameters)).body
    return answer | {"by_role": {row["role"]: row["value"] for row in answer["rows"]}}


async def _funding(page: Page) -> dict[str, Any] | None:
    """How much of what the pathway funds was used; None where it funds nothing (in these months, or this authority)."""
    answer = await page.ask_if_any(f"/v1/measures/{FUNDING}", as_at=page.as_at)
    return None if answer is None or answer.body["total"] is None else answer.body


async def _academy(page: Page) -> dict[str, Any]:
    """How long members of the academy took to progress: of all who have by the date."""
    return dict((await page.ask("/v1/academy/cohorts", as_at=page.as_at)).body["over_all"])


def roles_in(answers: Sequence[Mapping[str, Any]]) -> list[str | None]:
    """The roles for which anything is counted."""
    roles = {role for answer in answers for role, value in answer["by_role"].items() if value}
    return sorted(roles, key=lambda role: (role is None, role or ""))


def decisions_of(panels: Mapping[str, Any]) -> list[str]:
    """What panels decided, in the order of the codes."""
    taken = {row["decision"] for row in panels["rows"] if row["value"]}
    return [str(decision) for decision in PanelDecision if decision in taken]


def decided(panels: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each panel with the number of candidates by decision."""
    rows: dict[tuple[str, str], dict[str, float]] = {}
    for row in panels["rows"]:
        if row["value"]:
            rows.setdefault((row["panel"], row["panel_kind"]), {})[row["decision"]] = row["value"]
    return [{"panel": panel, "kind": kind, "counts": counts} for (panel, kind), counts in rows.items()]


def headline(panels: Mapping[str, Any]) -> str:
    """On how many candidates panels decided."""
    count, total = len({row["panel"] for row in panels["rows"] if row["value"]}), panels["total"] or 0
    if not total:
        return "No panel decided in these twelve months"
    return f"{count} panel{'' if count == 1 else 's'} decided on {total:g} candidate{'' if total == 1 else 's'}"


def _chart(page: Page, panels: Mapping[str, Any]) -> Chart | None:
    rows = decided(panels)
    if not rows:
        return None
    about = "Bar chart of the table below: candidates of each panel by what was decided."
    return chart_at(page, PANELS_CHART, headline(panels), about, size=size_of_bars(len(rows) + 1))


async def chart(request: Request, format: str) -> Response:
    """What panels decided, as SVG or PNG."""
    page = await opened(request, PageQuery(request))
    panels = await _panels(page)
    kinds = decisions_of(panels)
    rows = [Bar(row["panel"], [row["counts"].get(kind) for kind in kinds]) for row in decided(panels)]
    return drawn(stacked_bars(rows, [words(kind) for kind in kinds]), headline(panels), format)
