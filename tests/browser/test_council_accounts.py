"""Signing in by an account of the council's, in a real browser: to another site and back."""

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from services.chassis.authentication import Right, new_key
from tests.browser.pages import STATE, new_context, violations
from tests.browser.test_ways import answers
from tests.parts import PostgreSQL, Service, free_port
from tests.unit.metrics.pages.provider import CLIENT, CLIENT_SECRET, Provider, running

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    """Another site than the pages', to a browser: they are at 127.0.0.1, and it is at localhost."""
    provider = Provider()
    provider.host, provider.shows_a_page = "localhost", True
    with running(provider):
        yield provider


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def closed(provider: Provider, postgres: PostgreSQL, parts_folder: Path) -> AsyncIterator[str]:
    """Metrics with that provider, of which nothing is known."""
    port = free_port()
    told = {"issuer": provider.issuer, "client_id": CLIENT, "client_secret": CLIENT_SECRET}
    told |= {"address": f"http://127.0.0.1:{port}"}
    groups = [{"group": "workforce-team", "authority": "331", "rights": ["read"]}]
    _, entry = new_key("reader", "331", (Right.READ,))
    settings = {
        "database_url": postgres.create("accounts"),
        "kafka_servers": "127.0.0.1:1",
        "api_keys": json.dumps([entry.model_dump(mode="json")]),
        "openid_connect": json.dumps(told | {"groups": groups}),
    }
    service = Service("metrics", parts_folder / "accounts.log", settings, port=port)
    service.start()
    try:
        service.process.wait_until(lambda: answers(service.url), "answers", 120)
        yield service.url
    finally:
        service.stop()


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without"])
async def test_whoever_signs_in_there_comes_back_to_the_page_that_was_asked_for(
    closed: str, browser: Browser, axe: str, javascript: bool
) -> None:
    context = await new_context(browser, with_scripts=javascript)
    page = await context.new_page()
    await page.goto(f"{closed}/trend?{STATE}")
    if javascript:
        assert await violations(page, axe) == []
    await page.get_by_role("button", name="Sign in with your council's account").click()
    await page.get_by_role("link", name="Go on as somebody of the council").click()
    await page.wait_for_url(f"{closed}/trend?{STATE}")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Nothing is known of this authority")
    assert {cookie["name"] for cookie in await context.cookies(closed)} >= {"workforce_session"}
    await page.get_by_role("link", name="Sign out").click()
    await page.get_by_role("button", name="Sign out").click()
    await page.goto(f"{closed}/trend?{STATE}")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    await context.close()


async def test_whoever_is_in_no_group_is_told_so(
    closed: str, browser: Browser, provider: Provider, axe: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provider, "groups", ["finance"])
    context = await new_context(browser)
    page = await context.new_page()
    await page.goto(f"{closed}/sign-in")
    await page.get_by_role("button", name="Sign in with your council's account").click()
    await page.get_by_role("link", name="Go on as somebody of the council").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("You could not be signed in")
    await expect(page.get_by_text("You are in no group that may read figures here")).to_be_visible()
    assert await violations(page, axe) == []
    await context.close()
