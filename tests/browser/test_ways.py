"""The ways of people through the pages: from a figure to its events and back, to files, to paper, signing in."""

import csv
import io
import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import openpyxl
import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, expect

from services.chassis.authentication import Right, new_key
from tests.browser.pages import STATE, new_context
from tests.parts import PostgreSQL, Service

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_from_the_overview_to_the_event_behind_a_figure_and_back(site: str, context: BrowserContext) -> None:
    page = await context.new_page()
    await page.goto(f"{site}/?{STATE}")
    row = page.get_by_role("row", name="Senior practitioner")
    await row.get_by_role("link").nth(1).click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Vacancies")
    await expect(page.get_by_text("Only role Senior practitioner")).to_be_visible()
    await page.get_by_role("link", name="Post P-0209").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Post P-0209")
    await expect(page.get_by_text("/demonstration/hr-system").first).to_be_visible()
    await page.get_by_role("link", name="Back to the figure").click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Vacancies")


async def test_from_one_row_of_a_flow_to_a_worker_and_back_to_the_same_row(site: str, context: BrowserContext) -> None:
    page = await context.new_page()
    await page.goto(f"{site}/figures/leavers?{STATE}&from=2022-11-01&to=2023-10-31&leaving_reason=retired")
    await expect(page.get_by_text("Only leaving reason Retired")).to_be_visible()
    await page.get_by_role("link", name="Worker W-").first.click()
    await page.get_by_role("link", name="Back to the figure").click()
    await expect(page.get_by_text("From 1 November 2022 to 31 October 2023")).to_be_visible()
    await expect(page.get_by_text("Only leaving reason Retired")).to_be_visible()


async def test_the_first_page_says_the_council_s_table(site: str, context: BrowserContext) -> None:
    page = await context.new_page()
    await page.goto(f"{site}/?{STATE}&compare_with=2022-10-31")
    cells = await page.get_by_role("row", name="All roles").get_by_role("cell").all_inner_texts()
    # Establishment, vacancies, agency cover and uncovered vacancies: now, then, and the change.
    assert cells[3:9] == ["22.5", "52.0", "−29.5", "22.0", "29.0", "−7.0"]


async def test_another_date_is_chosen_in_the_form_and_stands_in_the_address(site: str, context: BrowserContext) -> None:
    page = await context.new_page()
    await page.goto(f"{site}/?{STATE}")
    await page.get_by_label("As at", exact=True).fill("2022-10-31")
    await page.get_by_role("button", name="Show").click()
    await expect(page.get_by_role("row", name="All roles").get_by_role("cell").nth(3)).to_have_text("52.0")
    assert "as_at=2022-10-31" in page.url


async def test_without_a_state_the_page_takes_that_of_the_newest_record(site: str, context: BrowserContext) -> None:
    page = await context.new_page()
    await page.goto(site)
    assert page.url == f"{site}/?authority=331&as_at=2024-03-28"


async def test_the_files_of_a_page_say_what_it_says(site: str, context: BrowserContext) -> None:
    page = await context.new_page()
    await page.goto(f"{site}/?{STATE}")
    await page.get_by_text("Take these figures as files").click()
    line = page.get_by_role("listitem").filter(has_text="Vacancies by role")
    addresses = {
        name: await line.get_by_role("link", name=name).get_attribute("href") for name in ("CSV", "Excel workbook")
    }
    async with httpx.AsyncClient(base_url=site, timeout=60) as client:
        as_csv = (await client.get(str(addresses["CSV"]))).text
        as_workbook = (await client.get(str(addresses["Excel workbook"]))).content
    rows = {row["role"]: float(row["value"]) for row in csv.DictReader(io.StringIO(as_csv.lstrip("\ufeff")))}
    assert {role: rows[role] for role in ("social-worker", "advanced-social-worker")} == {
        "social-worker": 8.5,
        "advanced-social-worker": 12.0,
    }
    sheet = openpyxl.load_workbook(io.BytesIO(as_workbook))["data"]
    table = {row[0]: row[1] for row in sheet.iter_rows(values_only=True)}
    assert table["social-worker"] == 8.5


async def test_a_trend_says_what_the_council_did_and_leads_to_who_announced_it(
    site: str, context: BrowserContext
) -> None:
    page = await context.new_page()
    await page.goto(f"{site}/trend?{STATE}")
    await expect(page.get_by_role("listitem").filter(has_text="Retention payment")).to_have_text(
        "Retention payment, 1 April 2023 to 31 March 2024"
    )
    await page.get_by_role("link", name="Retention payment").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Initiative retention-payment-2023")


@pytest.mark.parametrize(("suffix", "begins"), [("svg", b"<svg "), ("png", b"\x89PNG")])
async def test_a_chart_can_be_taken(site: str, suffix: str, begins: bytes) -> None:
    async with httpx.AsyncClient(base_url=site, timeout=60) as client:
        answer = await client.get(f"/charts/trend.{suffix}?{STATE}&measure=vacancies&from=2022-11-01")
    assert answer.content.startswith(begins)


async def test_on_paper_the_table_is_there_and_what_one_clicks_is_not(
    site: str, context: BrowserContext, tmp_path: Path
) -> None:
    page = await context.new_page()
    await page.goto(f"{site}/?{STATE}")
    await page.emulate_media(media="print")
    await expect(page.get_by_role("table")).to_be_visible()
    await expect(page.get_by_role("button", name="Show")).to_be_hidden()
    await expect(page.get_by_role("navigation")).to_be_hidden()
    # The design system would write the whole address behind each figure.
    behind = await page.evaluate("[...document.querySelectorAll('a')].map(a => getComputedStyle(a, '::after').content)")
    assert {text for text in behind if "(" in text} == set()
    paper = await page.pdf(path=tmp_path / "overview.pdf", format="A4", landscape=True)
    assert paper.startswith(b"%PDF")


# --- signing in -------------------------------------------------------------------------------------------------------

READER, FEEDER = new_key("reader", "331", (Right.READ,)), new_key("feeder", "331", (Right.FEED,))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def closed(site: str, postgres: PostgreSQL, parts_folder: Path) -> AsyncIterator[str]:
    """Metrics with keys, of which nothing is known."""
    keys = [key.model_dump(mode="json") for _, key in (READER, FEEDER)]
    settings = {"database_url": postgres.create("closed"), "kafka_servers": "127.0.0.1:1", "api_keys": json.dumps(keys)}
    service = Service("metrics", parts_folder / "closed.log", settings)
    service.start()
    try:
        service.process.wait_until(lambda: answers(service.url), "answers", 120)
        yield service.url
    finally:
        service.stop()


def answers(url: str) -> bool:
    """Whether the pages are there."""
    try:
        return httpx.get(f"{url}/sign-in", timeout=60).status_code == 200
    except httpx.TransportError:
        return False


KEY_OF = {"reader": READER[0], "feeder": FEEDER[0]}


async def test_whoever_has_no_key_is_asked_for_one_and_then_sees_the_page(closed: str, browser: Browser) -> None:
    context = await new_context(browser)
    page = await context.new_page()
    await page.goto(f"{closed}/trend?{STATE}")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    await page.get_by_label("Key").fill(KEY_OF["reader"])
    await page.get_by_role("button", name="Sign in").click()
    await expect(page).to_have_url(f"{closed}/trend?{STATE}")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Nothing is known of this authority")
    cookies = {cookie["name"]: cookie for cookie in await context.cookies()}
    assert cookies["workforce_session"]["httpOnly"]
    assert cookies["workforce_session"]["sameSite"] == "Strict"
    assert KEY_OF["reader"] not in cookies["workforce_session"]["value"]
    await page.get_by_role("link", name="Sign out").click()
    await page.get_by_role("button", name="Sign out").click()
    await page.goto(f"{closed}/trend?{STATE}")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    await context.close()


@pytest.mark.parametrize("key", ["nonsense", KEY_OF["feeder"]], ids=["unknown", "without the right to read"])
async def test_a_key_that_may_not_read_is_refused_on_the_page(closed: str, browser: Browser, key: str) -> None:
    context = await new_context(browser)
    page = await context.new_page()
    await page.goto(f"{closed}/sign-in")
    await page.get_by_label("Key").fill(key)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("alert")).to_contain_text("This key is not known, or has no right to read figures")
    assert "workforce_session" not in {cookie["name"] for cookie in await context.cookies()}
    await context.close()


async def test_a_form_that_another_site_sends_is_refused(closed: str) -> None:
    async with httpx.AsyncClient(base_url=closed, timeout=60) as client:
        answer = await client.post("/sign-in", data={"key": KEY_OF["reader"], "then": "/", "token": "made-up"})
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


async def test_after_signing_in_nobody_is_led_to_another_site(closed: str, browser: Browser) -> None:
    context = await new_context(browser)
    page = await context.new_page()
    await page.goto(f"{closed}/sign-in?then=https://elsewhere.example/")
    await page.get_by_label("Key").fill(KEY_OF["reader"])
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_load_state()
    assert page.url.startswith(closed)
    await context.close()


async def test_a_session_that_was_tampered_with_is_none(closed: str) -> None:
    async with httpx.AsyncClient(base_url=closed, timeout=60, cookies={"workforce_session": "331.331.331"}) as client:
        answer = await client.get(f"/?{STATE}")
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in?then=")
