"""The pages of a system that the demonstration authority came into, and Debian's Chromium.

Invariant: the browser reaches this machine alone: whatever a page asks of elsewhere fails the test.
"""

import json
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, async_playwright, expect

from deploy.demonstration import history
from tests import npm
from tests.browser.pages import PATIENCE_MILLISECONDS, new_context
from tests.integration.benchmarks import NEIGHBOURS, OLDER
from tests.integration.fed import metrics_that_was_fed
from tests.integration.feed import Feed
from tests.missing import without
from tests.parts import PostgreSQL, Service
from tests.unit.benchmarks.small_release import file_of

KEPT = [
    "/v1/measures/vacancies?as_at=2023-10-31&by=role",
    "/v1/measures/agency-cover?as_at=2023-10-31&by=role",
    "/v1/measures/turnover-rate?as_at=2023-10-31",
    "/v1/measures/leavers/series?from=2023-08-01&to=2023-10-31",
    "/v1/academy/cohorts?as_at=2023-10-31",
]
"""What those reports ask: a table, a rate, a trend, cohorts."""
CHROMIUM = "chromium"
expect.set_options(timeout=PATIENCE_MILLISECONDS)
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def fed(postgres: PostgreSQL, parts_folder: Path) -> AsyncIterator[Feed]:
    """Metrics, when the demonstration authority's history has come in."""
    async with metrics_that_was_fed(postgres, parts_folder / "browser", history()) as metrics:
        yield metrics


@pytest.fixture(scope="package")
def site(fed: Feed) -> str:
    """Its address, when two reports were made. Nothing that DfE published is loaded."""
    for number, known in enumerate(("2023-10-31T23:59:59Z", "2023-11-30T12:00:00Z"), 1):
        report = {"name": f"Board {number}", "questions": KEPT, "as_known_at": known}
        making = httpx.post(f"{fed.url}/v1/reports?authority=331", json=report, timeout=60, trust_env=False)
        assert making.json()["report"] == number, making.text
    return fed.url


@pytest.fixture(scope="package")
def comparing(fed: Feed, postgres: PostgreSQL, parts_folder: Path) -> Iterator[str]:
    """The address of another metrics with the same figures, where a release of DfE's is loaded."""
    settings = {
        "database_url": fed.database,
        "benchmarks_database_url": postgres.create("published"),
        "statistical_neighbours": json.dumps(NEIGHBOURS),
        "kafka_servers": "127.0.0.1:1",
    }
    service = Service("metrics", parts_folder / "comparing.log", settings)
    service.start()
    try:
        service.process.wait_until(lambda: has_loaded(service.url), "has loaded a release", 120)
        yield service.url
    finally:
        service.stop()


def has_loaded(url: str) -> bool:
    """Whether it takes in the release, or has it already."""
    try:
        answer = httpx.post(
            f"{url}/v1/benchmarks/releases?{RELEASE}", content=file_of(*OLDER), headers=AS_CSV, timeout=60
        )
    except httpx.TransportError:
        return False
    return answer.is_success


RELEASE, AS_CSV = "release=2022&published=2023-02-23", {"content-type": "text/csv"}


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
    context = await new_context(browser)
    yield context
    await context.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """The script of axe-core."""
    reason = npm.why_not()
    if reason is not None:
        without(f"No axe-core: {reason}")
    return (npm.fetch(Path(__file__).parent, "axe-core") / "axe-core" / "axe.min.js").read_text()
