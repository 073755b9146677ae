"""The pages of a system that the demonstration authority came into, and Debian's Chromium.

Invariant: the browser reaches this machine alone: whatever a page asks of elsewhere fails the test.
"""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, async_playwright

from deploy.demonstration import history
from tests import npm
from tests.integration.fed import metrics_that_was_fed
from tests.missing import without
from tests.parts import PostgreSQL

CHROMIUM = "chromium"
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def site(postgres: PostgreSQL, parts_folder: Path) -> AsyncIterator[str]:
    """The address of metrics, when the demonstration authority's history has come in."""
    async with metrics_that_was_fed(postgres, parts_folder / "browser", history()) as metrics:
        yield metrics.url


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Chromium, started once."""
    executable = shutil.which(CHROMIUM)
    if executable is None:
        without("Chromium is not on this machine (Debian: chromium)")
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=executable, args=list(ARGUMENTS))
        yield chromium
        await chromium.close()


@pytest_asyncio.fixture(loop_scope="session")
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A browser of one's own: without cookies of others."""
    context = await browser.new_context()
    yield context
    await context.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """The script of axe-core."""
    reason = npm.why_not()
    if reason is not None:
        without(f"No axe-core: {reason}")
    return (npm.fetch(Path(__file__).parent, "axe-core") / "axe-core" / "axe.min.js").read_text()
