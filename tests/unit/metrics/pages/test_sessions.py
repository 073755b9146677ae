"""A session reads what its key may read, pages and files alike, and does nothing else; it ends with the key."""

import re

import httpx
import pytest

from services.chassis.authentication import ApiKey, Right, new_key
from services.metrics import app as metrics

DATABASE = "postgresql://postgres@/nothing"
SIGNED_WITH = "a secret of thirty-two characters, at least"
KEY, ENTRY = new_key("reader", "331", (Right.READ,))
OTHER_KEY, OTHER = new_key("another", "332", (Right.READ,))
FILE = "/v1/measures?format=csv"


def browser(*keys: ApiKey) -> httpx.AsyncClient:
    app = metrics.create(metrics.ServiceSettings(database_url=DATABASE, api_keys=keys, session_secret=SIGNED_WITH))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service")


async def signed_in(client: httpx.AsyncClient, key: str = KEY) -> httpx.Response:
    form = await client.get("/sign-in")
    token = re.findall(r'name="token" value="([^"]+)"', form.text)[0]
    return await client.post("/sign-in", data={"key": key, "token": token, "then": "/trend"})


async def test_whoever_signed_in_can_take_the_files_that_pages_link_to() -> None:
    async with browser(ENTRY) as client:
        assert (await client.get(FILE)).status_code == 401
        answer = await signed_in(client)
        assert (answer.status_code, answer.headers["location"]) == (303, "/trend")
        taken = await client.get(FILE)
        assert (taken.status_code, taken.headers["content-type"]) == (200, "text/csv; charset=utf-8")
        assert (await client.head(FILE)).status_code == 200


async def test_a_session_sends_nothing_to_the_api() -> None:
    async with browser(ENTRY) as client:
        await signed_in(client)
        for method, path in (("POST", "/v1/reports?authority=331"), ("DELETE", "/v1/reports/1?authority=331")):
            assert (await client.request(method, path, json={})).status_code == 401


async def test_beside_a_key_that_is_not_known_a_session_does_not_count() -> None:
    async with browser(ENTRY) as client:
        await signed_in(client)
        assert (await client.get(FILE, headers={"authorization": "Bearer guessed"})).status_code == 401


async def test_a_page_too_shows_nothing_beside_a_key_that_is_not_known() -> None:
    async with browser(ENTRY) as client:
        await signed_in(client)
        answer = await client.get("/quality/dead-letters", headers={"authorization": "Bearer guessed"})
        assert answer.status_code == 401
        assert "shows a key that is not known" in answer.text
        # Neither is it a way round to whoever may not read any more.
        known = await client.get("/trend?authority=332", headers={"authorization": f"Bearer {KEY}"})
        assert known.status_code == 403


async def test_a_session_ends_with_its_key() -> None:
    async with browser(ENTRY, OTHER) as client:
        await signed_in(client)
        cookies = dict(client.cookies)
    async with browser(OTHER) as client:
        client.cookies.update(cookies)
        assert (await client.get(FILE)).status_code == 401
    async with browser(ENTRY) as client:
        client.cookies.update(cookies)
        assert (await client.get(FILE)).status_code == 200


async def test_a_session_ends_when_its_key_may_not_read_any_more() -> None:
    async with browser(ENTRY) as client:
        await signed_in(client)
        cookies = dict(client.cookies)
    async with browser(ENTRY.model_copy(update={"rights": (Right.FEED,)})) as client:
        client.cookies.update(cookies)
        assert (await client.get(FILE)).status_code == 401
        assert (await client.get("/trend")).headers["location"] == "/sign-in?then=%2Ftrend"


async def test_a_session_ends_after_some_hours(monkeypatch: pytest.MonkeyPatch) -> None:
    async with browser(ENTRY) as client:
        await signed_in(client)
        monkeypatch.setattr("services.metrics.pages.signing_in.SESSION_SECONDS", -1)
        assert (await client.get(FILE)).status_code == 401
        led = await client.get("/trend")
        assert (led.status_code, led.headers["location"]) == (303, "/sign-in?then=%2Ftrend")


@pytest.mark.parametrize("cookie", ["", "x", "WyJrZXkiLCJ4Il0.aaaaaa.bbbb", "\xe9", "null"])
async def test_what_is_no_session_of_ours_is_none(cookie: str) -> None:
    async with browser(ENTRY) as client:
        headers = {b"cookie": b"workforce_session=" + cookie.encode("latin-1")}
        assert (await client.get(FILE, headers=headers)).status_code == 401


async def test_a_session_that_was_signed_with_another_secret_is_none() -> None:
    async with browser(ENTRY) as client:
        await signed_in(client)
        cookies = dict(client.cookies)
    settings = metrics.ServiceSettings(database_url=DATABASE, api_keys=(ENTRY,), session_secret=SIGNED_WITH[::-1])
    app = metrics.create(settings)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://service", cookies=cookies
    ) as client:
        assert (await client.get(FILE)).status_code == 401
