"""The way of a report: kept from the overview, opened again, beside another one, taken away."""

import csv
import io

import httpx
import openpyxl
import pytest
from playwright.async_api import BrowserContext, Page, expect

from tests.browser.pages import STATE, sideways, violations

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def kept(page: Page, site: str, name: str, state: str = STATE) -> None:
    """Keep the vacancy table and the rates as a report, from the page of reports; it is open then."""
    await page.goto(f"{site}/reports?{state}")
    await page.get_by_label("Name").fill(name)
    await page.get_by_role("button", name="Keep as a report").click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text(name)


async def test_what_the_overview_shows_is_kept_and_each_figure_of_it_leads_to_its_posts(
    site: str, context: BrowserContext
) -> None:
    page = await context.new_page()
    await page.goto(f"{site}/?{STATE}")
    await page.get_by_role("link", name="Keep these figures as a report").click()
    await page.get_by_label("Name").fill("Scrutiny board, kept from the overview")
    await page.get_by_role("button", name="Keep as a report").click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Scrutiny board, kept from the overview")
    # Establishment, vacancies, agency cover, uncovered vacancies.
    row = page.get_by_role("row", name="All")
    await expect(row.get_by_role("cell").nth(1)).to_have_text("22.5")
    await expect(row.get_by_role("cell").nth(2)).to_have_text("22.0")
    await page.get_by_role("row", name="Senior practitioner").get_by_role("link").nth(1).click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Vacancies")
    await expect(page.get_by_role("link", name="Post P-0209")).to_be_visible()
    assert "as_accepted_at=" in page.url


async def test_without_a_name_nothing_is_kept_and_the_form_says_what_is_wrong(
    site: str, context: BrowserContext, axe: str
) -> None:
    page = await context.new_page()
    await page.goto(f"{site}/reports?{STATE}")
    await page.get_by_label("Vacancy table").uncheck()
    await page.get_by_label("Academy").check()
    await page.get_by_role("button", name="Keep as a report").click()
    alert = page.get_by_role("alert")
    await expect(alert).to_contain_text("Give the report a name of 3 to 100 characters")
    # What was chosen stays chosen.
    await expect(page.get_by_label("Academy")).to_be_checked()
    await expect(page.get_by_label("Vacancy table")).not_to_be_checked()
    assert await violations(page, axe) == []


async def test_two_reports_stand_beside_each_other_and_can_be_taken_as_files(
    site: str, context: BrowserContext, axe: str
) -> None:
    page = await context.new_page()
    then, name = f"{STATE}&as_known_at=2023-10-31T23:59:59Z", "As known on the day"
    await kept(page, site, name, then)
    await kept(page, site, "As known now")
    assert await violations(page, axe) == []
    await page.get_by_label("Compare with").select_option(label=name)
    await page.get_by_role("button", name="Compare").click()
    table = page.get_by_role("table", name="Vacancies, 31 October 2023", exact=True)
    row = table.get_by_role("row", name="All")
    # The council's paper was printed when 24.5 were known: later entries made it 22.5.
    await expect(row.get_by_role("cell")).to_have_text(["24.5", "22.5", "−2.0"])
    assert await violations(page, axe) == []
    await expect(page.get_by_role("table", name="Establishment, 31 October 2023", exact=True)).to_have_count(0)
    await page.get_by_role("link", name="Show all").click()
    await expect(page.get_by_role("table", name="Establishment, 31 October 2023", exact=True)).to_be_visible()
    await page.set_viewport_size({"width": 320, "height": 900})
    assert await sideways(page) == 0
    addresses = [
        str(await page.get_by_role("link", name=name).last.get_attribute("href")) for name in ("CSV", "Excel workbook")
    ]
    async with httpx.AsyncClient(base_url=site, timeout=60) as client:
        as_csv, as_workbook = [await client.get(address) for address in addresses]
    lines = list(csv.DictReader(io.StringIO(as_csv.text.lstrip("\ufeff"))))
    total = [line for line in lines if line["figure"] == "vacancies" and not line["of"]]
    assert [(line["earlier"], line["later"], line["difference"]) for line in total] == [("24.5", "22.5", "-2")]
    sheet = openpyxl.load_workbook(io.BytesIO(as_workbook.content))["data"]
    rows = list(sheet.iter_rows(values_only=True))
    assert ("vacancies", None, 24.5, 22.5, -2) in [(row[0], row[2] or None, *row[4:7]) for row in rows]


async def test_a_report_is_taken_away_after_a_question(site: str, context: BrowserContext, axe: str) -> None:
    page = await context.new_page()
    await kept(page, site, "To be taken away")
    await page.get_by_role("link", name="Take this report away").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Take away “To be taken away”?")
    assert await violations(page, axe) == []
    await page.get_by_role("button", name="Take it away").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Reports")
    await expect(page.get_by_role("link", name="To be taken away")).to_have_count(0)


async def test_a_report_that_another_site_would_make_is_refused(site: str) -> None:
    form = {"name": "Of another site", "as_at": "2023-10-31", "sets": "rates", "token": "made-up"}
    async with httpx.AsyncClient(base_url=site, timeout=60) as client:
        answer = await client.post(f"/reports?{STATE}", data=form)
        listed = (await client.get("/v1/reports?authority=331")).json()
    assert answer.status_code == 403
    assert "Of another site" not in [row["name"] for row in listed["rows"]]
