"""Every page, in every state: what must hold of all of them."""

import re

import httpx
import pytest
from playwright.async_api import BrowserContext, Page, Request, Response

from tests.browser.pages import NAMES, PAGES, Looked, sideways, violations

WIDTHS = {"phone": 360, "tablet": 768, "wide screen": 1440, "screen of 1,280 at 400%": 320}

INSTANT = re.compile(r"\d{4}-\d\d-\d\dT[0-9:.]+Z")
"""What is known now differs from one moment to the next."""

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def opened(context: BrowserContext, site: str, looked: Looked, width: int = 1280) -> tuple[Page, Response]:
    """A page, opened; nothing of it came from elsewhere, and no script of it failed."""
    page = await context.new_page()
    await page.set_viewport_size({"width": width, "height": 900})
    strange: list[str] = []

    def note(request: Request) -> None:
        strange.extend([] if request.url.startswith((site, "data:")) else [request.url])

    page.on("request", note)
    page.on("pageerror", lambda error: strange.append(str(error)))
    response = await page.goto(f"{site}{looked.address}", wait_until="load")
    assert response is not None
    assert strange == []
    return page, response


@pytest.mark.parametrize("looked", PAGES, ids=NAMES)
async def test_axe_core_finds_nothing_on_it(site: str, context: BrowserContext, axe: str, looked: Looked) -> None:
    # The tests' own script is evaluated, which the page's policy would not allow a page.
    page, response = await opened(context, site, looked)
    assert response.status == looked.status
    assert await violations(page, axe) == []


@pytest.mark.parametrize("looked", PAGES, ids=NAMES)
async def test_it_does_not_scroll_sideways_at_any_width_nor_zoomed(
    site: str, context: BrowserContext, looked: Looked
) -> None:
    page, _ = await opened(context, site, looked)
    for width in WIDTHS.values():
        await page.set_viewport_size({"width": width, "height": 900})
        assert (width, await sideways(page)) == (width, 0)


@pytest.mark.parametrize("looked", PAGES, ids=NAMES)
async def test_it_says_the_same_without_javascript(site: str, context: BrowserContext, looked: Looked) -> None:
    browser = context.browser
    assert browser is not None
    without = await browser.new_context(java_script_enabled=False)
    try:
        page, _ = await opened(without, site, looked)
        heading = await page.locator("h1").inner_text()
        text = await page.locator("main").inner_text()
    finally:
        await without.close()
    page, _ = await opened(context, site, looked)
    assert heading == await page.locator("h1").inner_text()
    assert INSTANT.sub("", text) == INSTANT.sub("", await page.locator("main").inner_text())


@pytest.mark.parametrize("looked", PAGES, ids=NAMES)
async def test_the_keyboard_reaches_and_leaves_everything(site: str, context: BrowserContext, looked: Looked) -> None:
    page, _ = await opened(context, site, looked)
    # A field for a date has a stop for each part of it, so there are more stops than elements. Past the last one the
    # page is left, and at its body then. Where the page put the focus itself, the stops begin at the top again.
    reachable: int = await page.evaluate(REACHABLE)
    at = ""
    for _ in range(STOPS_OF_AN_ELEMENT * reachable + STOPS_BESIDE):
        await page.keyboard.press("Tab")
        at = await page.evaluate(MARK_FOCUSED)
        if at == "BODY" and await page.evaluate(REACHED) == reachable:
            break
    assert await page.evaluate(REACHED) == reachable
    assert at == "BODY"


STOPS_OF_AN_ELEMENT, STOPS_BESIDE = 4, 20
REACHED = "document.querySelectorAll('[data-reached]').length"
REACHABLE = """
    [...document.querySelectorAll('a[href], button, input, select, summary, [tabindex="0"]')]
        .filter(each => each.type !== 'hidden' && each.checkVisibility({contentVisibilityAuto: true})).length
"""
MARK_FOCUSED = """
    (() => {
        const each = document.activeElement;
        if (each.tagName !== 'BODY') each.dataset.reached = 'yes';
        return each.tagName;
    })()
"""


@pytest.mark.parametrize("looked", PAGES, ids=NAMES)
async def test_whoever_asks_with_a_program_is_told_what_a_page_may_do(site: str, looked: Looked) -> None:
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"{site}{looked.address}")
    assert answer.status_code == looked.status
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy
    assert "<script>" not in answer.text
    assert " style=" not in answer.text
    assert " onclick=" not in answer.text
