"""Figures of the pages of staying, leaving and what is to come: the same on the page, in its files and from the API.

Invariant: every expectation is written by hand; it is looked for in four places.
"""

import csv
import io
import re
from dataclasses import dataclass, field
from typing import Any

import httpx
import openpyxl
import pytest
from playwright.async_api import BrowserContext, Page, expect

from tests.browser.pages import STATE

pytestmark = pytest.mark.asyncio(loop_scope="session")


@dataclass(frozen=True, slots=True)
class Told:
    """A figure: on which page, in which table and row it stands as what, and in which row and column of the file."""

    page: str
    table: str
    row: str
    shown: str
    column: str
    value: float
    where: dict[str, str] = field(default_factory=dict)
    compares: bool = False


FIGURES = {
    "leavers by reason": Told(
        f"/retention?{STATE}", "left-by-reason", "Resignation", "73", "value", 73, {"leaving_reason": "resignation"}
    ),
    "leavers by destination": Told(
        f"/retention?{STATE}", "left-by-destination", "Other English authority", "33", "value", 33,
        {"destination": "other-english-authority"},
    ),
    "survival by route": Told(
        f"/retention?{STATE}", "routes-table", "Agency conversion", "66.7%", "survival", 0.666667,
        {"route": "agency-conversion", "months": "12"},
    ),
    "cohorts": Told(
        f"/academy?{STATE}", "cohorts-table", "Cohort 01", "90.9%", "progressed_share", 90.9, {"cohort": "cohort-01"}
    ),
    "candidates of a panel": Told(
        "/progression?authority=331&as_at=2024-03-28", "panels-table", "PROGRESSION-2024-01", "20", "value", 20,
        {"panel": "PROGRESSION-2024-01", "decision": "successful"},
    ),
    "payments by role": Told(
        "/progression?authority=331&as_at=2024-03-28", "payments-table", "Social worker", "£393,000", "value", 393000,
        {"role": "social-worker"},
    ),
    "a published rate": Told(
        f"/compare?{STATE}&measure=turnover-rate", "areas-table", "Dudley", "12.5%", "value", 12.5,
        {"code": "332"}, compares=True,
    ),
    "the median of the neighbours": Told(
        f"/compare?{STATE}&measure=turnover-rate", "areas-table", "Median of the neighbours", "15.3%", "value", 15.3,
        {"area": "neighbours-median"}, compares=True,
    ),
    "a forecast": Told(
        f"/forecast?{STATE}&conversions=12", "months-table", "31 Oct 2024", "17.4", "what_if_expected", 17.4,
        {"month": "2024-10-31"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("told", FIGURES.values(), ids=FIGURES)
async def test_a_figure_is_the_same_on_the_page_in_its_files_and_from_the_api(
    site: str, comparing: str, context: BrowserContext, told: Told
) -> None:
    where = comparing if told.compares else site
    page = await context.new_page()
    await page.goto(f"{where}{told.page}")
    table = page.get_by_role("table").filter(has=page.locator(f"#{told.table}"))
    row = table.get_by_role("row").filter(has=page.get_by_role("rowheader", name=told.row, exact=True))
    assert told.shown in [text.strip() for text in await row.get_by_role("cell").all_inner_texts()]
    async with httpx.AsyncClient(base_url=where, timeout=60) as client:
        as_csv = (await client.get(await file_of(page, told.table, "CSV"))).text
        as_workbook = (await client.get(workbook := await file_of(page, told.table, "Excel workbook"))).content
        as_json = (await client.get(workbook.replace("format=xlsx", "format=json"))).json()
    assert float(the_row(list(csv.DictReader(io.StringIO(as_csv.lstrip("\ufeff")))), told)[told.column]) == told.value
    heading, *lines = openpyxl.load_workbook(io.BytesIO(as_workbook))["data"].iter_rows(values_only=True)
    assert the_row([dict(zip(heading, line, strict=True)) for line in lines], told)[told.column] == told.value
    assert told.value in numbers(as_json)


async def file_of(page: Page, table: str, name: str) -> str:
    """The address of the last file of that name under a table: where several make the table, that of the last."""
    links = page.locator(f".workforce-wide:has(#{table}) + p").get_by_role("link", name=name)
    return str(await links.last.get_attribute("href"))


def the_row(rows: list[dict[str, Any]], told: Told) -> dict[str, Any]:
    """The only row that is looked for."""
    (found,) = [
        row
        for row in rows
        if all(str(row[name]).removesuffix(" 00:00:00") == value for name, value in told.where.items())
    ]
    return found


def numbers(answer: Any) -> set[float]:
    """Every number in an answer of the API."""
    if isinstance(answer, dict):
        return set().union(*map(numbers, answer.values()))
    if isinstance(answer, list):
        return set().union(*map(numbers, answer))
    return {float(answer)} if isinstance(answer, int | float) else set()


async def test_from_a_cohort_s_figure_to_its_members_and_back(site: str, context: BrowserContext) -> None:
    page = await context.new_page()
    await page.goto(f"{site}/academy?{STATE}")
    await page.get_by_role("row", name="Cohort 03").get_by_role("link", name="3", exact=True).click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Cohort 03: left after the year")
    await expect(page.get_by_role("row")).to_have_count(1 + 3)
    await page.get_by_role("link", name="Worker W-").first.click()
    await expect(page.get_by_role("heading", level=2, name="Worker started")).to_be_visible()
    await page.get_by_role("link", name="Back to the figure").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Cohort 03: left after the year")
    await page.get_by_role("link", name="Back to the academy").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Social Work Academy")


async def test_a_change_that_cannot_act_says_when_it_could_and_leads_there(site: str, context: BrowserContext) -> None:
    page = await context.new_page()
    await page.goto(f"{site}/forecast?{STATE}")
    await page.get_by_label("Academy intake a year").fill("60")
    await page.get_by_role("button", name="Show").click()
    await expect(page.get_by_role("alert")).to_contain_text("look 13 months ahead or more")
    await page.get_by_role("link", name="Look 13 months ahead", exact=True).click()
    await expect(page).to_have_url(re.compile("months=13"))
    await expect(page.get_by_role("alert")).to_have_count(0)
    await expect(page.get_by_text("By academy intake a year: a difference from 30 November 2024 on")).to_be_visible()


async def test_the_rates_of_turnover_stand_beside_the_year_before(site: str, context: BrowserContext) -> None:
    page = await context.new_page()
    await page.goto(f"{site}/retention?{STATE}")
    row = page.get_by_role("row", name="Crude turnover (CIPD)")
    # 89 leavers in 365 days, 150,319 days in post: 100 x 89 / 411.8.
    assert await row.get_by_role("cell").all_inner_texts() == [
        "21.6%", "89 leavers, 150,319 days in post", "17.0%", "+4.6 points",
    ]  # fmt: skip
    await row.get_by_role("link", name="21.6%").click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Crude turnover (CIPD)")


async def test_of_a_role_without_posts_there_is_no_forecast_and_no_chart(site: str) -> None:
    async with httpx.AsyncClient(base_url=site, timeout=60) as client:
        page = await client.get(f"/forecast?{STATE}&role=not-stated")
        chart = await client.get(f"/charts/forecast.svg?{STATE}&role=not-stated")
    assert page.status_code == 200
    assert "No posts of this role are known" in page.text
    assert chart.status_code == 404


@pytest.mark.parametrize(
    "chart",
    [
        "leavers.svg?by=destination", "survival-by-route.svg?", "academy-survival.svg?", "academy-months.png?",
        "panels.svg?", "forecast.svg?months=24&turnover_lower_by=2",
    ],
)  # fmt: skip
async def test_every_chart_can_be_taken(site: str, chart: str) -> None:
    async with httpx.AsyncClient(base_url=site, timeout=60) as client:
        answer = await client.get(f"/charts/{chart}&{STATE}")
    assert answer.status_code == 200
    assert answer.content.startswith(b"\x89PNG" if ".png" in chart else b"<svg ")
    # Opened by itself it has its style, and may do nothing else.
    assert ("style-src 'unsafe-inline'" in answer.headers["content-security-policy"]) == (".svg" in chart)
