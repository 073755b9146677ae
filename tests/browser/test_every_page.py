"""Every page, in every state: what must hold of all of them.

Each is opened once for all that is looked at on it, and once without JavaScript: whatever a test does to it, the next
one must not mind.
"""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, Request, Response, ViewportSize

from tests.browser.pages import NAMES, PAGES, Looked, new_context, sideways, violations

WIDTHS = {"phone": 360, "tablet": 768, "wide screen": 1440, "screen of 1,280 at 400%": 320}

INSTANT = re.compile(r"\d{4}-\d\d-\d\dT[0-9:.]+Z")
"""What is known now differs from one moment to the next."""

SCREENSHOTS = Path(__file__).parents[2] / ".screenshots"
"""Where the pictures of the last run are."""

pytestmark = pytest.mark.asyncio(loop_scope="session")


@dataclass(frozen=True, slots=True)
class Shown:
    """A page in one state, as it is shown."""

    looked: Looked
    url: str
    page: Page
    response: Response


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def usual(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A browser as people have it."""
    context = await new_context(browser)
    yield context
    await context.close()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def without_scripts(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A browser without JavaScript."""
    context = await new_context(browser, with_scripts=False)
    yield context
    await context.close()


@pytest_asyncio.fixture(scope="module", loop_scope="session", params=PAGES, ids=NAMES)
async def shown(
    request: pytest.FixtureRequest, site: str, comparing: str, usual: BrowserContext
) -> AsyncIterator[Shown]:
    """A page, opened; nothing of it came from elsewhere, and no script of it failed."""
    looked: Looked = request.param
    where = comparing if looked.compares else site
    page = await usual.new_page()
    await page.set_viewport_size(SCREEN)
    strange: list[str] = []

    def note(request: Request) -> None:
        strange.extend([] if request.url.startswith((where, "data:")) else [request.url])

    page.on("request", note)
    page.on("pageerror", lambda error: strange.append(str(error)))
    response = await page.goto(f"{where}{looked.address}", wait_until="load")
    assert response is not None
    assert strange == []
    yield Shown(looked, f"{where}{looked.address}", page, response)
    await page.close()


SCREEN: ViewportSize = {"width": 1280, "height": 900}


async def test_a_picture_of_it_is_kept_for_a_person_to_look_through(shown: Shown) -> None:
    path = SCREENSHOTS / f"{shown.looked.name.replace(' ', '-').replace(',', '')}.png"
    await shown.page.screenshot(path=path, full_page=True)
    assert path.stat().st_size > 0


async def test_whoever_asks_is_told_what_the_page_may_do(shown: Shown) -> None:
    assert shown.response.status == shown.looked.status
    policy = shown.response.headers["content-security-policy"]
    text = await shown.response.text()
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy
    assert "<script>" not in text
    assert " style=" not in text
    assert " onclick=" not in text


async def test_it_says_the_same_without_javascript(shown: Shown, without_scripts: BrowserContext) -> None:
    page = await without_scripts.new_page()
    await page.goto(shown.url)
    heading = await page.locator("h1").inner_text()
    text = await page.locator("main").inner_text()
    await page.close()
    assert heading == await shown.page.locator("h1").inner_text()
    assert INSTANT.sub("", text) == INSTANT.sub("", await shown.page.locator("main").inner_text())


async def test_the_keyboard_reaches_and_leaves_everything(shown: Shown) -> None:
    # A field for a date has a stop for each part of it, so there are more stops than elements. Past the last one the
    # page is left, and at its body then. Where the page put the focus itself, the stops begin at the top again.
    page = shown.page
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


async def test_axe_core_finds_nothing_on_it(shown: Shown, axe: str) -> None:
    # The tests' own script is evaluated, which the page's policy would not allow a page.
    assert await violations(shown.page, axe) == []


async def test_it_does_not_scroll_sideways_at_any_width_nor_zoomed(shown: Shown) -> None:
    # The last: what a page shows at a width it goes on showing until its scripts have heard of another.
    for width in WIDTHS.values():
        await shown.page.set_viewport_size({"width": width, "height": 900})
        assert (width, await sideways(shown.page)) == (width, 0)
