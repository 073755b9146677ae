"""Signing in by the council's own accounts, against a small provider: who is let in, and who is not."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import pytest_asyncio
from joserfc.jwk import RSAKey
from pydantic import ValidationError

from services.chassis.authentication import Right, new_key
from services.metrics import app as metrics
from tests.unit.metrics.pages.provider import CLIENT, CLIENT_SECRET, Provider, running

REPOSITORY = Path(__file__).parents[4]
DATABASE = "postgresql://postgres@/nothing"
KEY, ENTRY = new_key("reader", "332", (Right.READ,))
FILE = "/v1/measures?format=csv"
ADDRESS = "http://figures.council.example"
THEN = "/trend?authority=331&as_at=2023-10-31"
GROUPS = [
    {"group": "workforce-team", "authority": "331", "rights": ["read"]},
    {"group": "operators", "authority": "*", "rights": ["read", "operate"]},
]


@pytest.fixture
def provider() -> Iterator[Provider]:
    with running(Provider()) as provider:
        yield provider


def accounts(provider: Provider) -> dict[str, Any]:
    """The setting that lets people sign in with the provider's accounts."""
    client = {"client_id": CLIENT, "client_secret": CLIENT_SECRET}
    return {"issuer": provider.issuer, **client, "address": ADDRESS, "groups": GROUPS}


def settings(provider: Provider, **other: Any) -> metrics.ServiceSettings:
    return metrics.ServiceSettings(
        database_url=DATABASE,
        api_keys=(ENTRY,),
        openid_connect=accounts(provider) | other,
        session_secret="s" * 32,
    )


def browser(settings: metrics.ServiceSettings) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(metrics.create(settings)), base_url=ADDRESS)


@pytest_asyncio.fixture
async def client(provider: Provider) -> AsyncIterator[httpx.AsyncClient]:
    async with browser(settings(provider)) as client:
        yield client


async def there(client: httpx.AsyncClient) -> str:
    """Go to the provider and sign in; gives the address to which one is sent back."""
    away = await client.get("/sign-in/openid-connect", params={"then": THEN})
    assert away.status_code == 303, away.text
    async with httpx.AsyncClient(timeout=60, trust_env=False) as outside:
        back = await outside.get(away.headers["location"])
    assert back.status_code == 302
    return back.headers["location"]


async def signed_in(client: httpx.AsyncClient) -> httpx.Response:
    return await client.get(await there(client))


def refused(answer: httpx.Response, client: httpx.AsyncClient, why: str, status: int = 403) -> None:
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert "You could not be signed in" in answer.text
    assert why.replace("'", "&#39;") in answer.text
    assert "workforce_session" not in client.cookies


# --- who is let in ----------------------------------------------------------------------------------------------------


async def test_whoever_is_in_a_group_is_let_in_and_goes_on_to_the_page_that_was_asked_for(
    client: httpx.AsyncClient,
) -> None:
    asked = await client.get("/sign-in", params={"then": THEN})
    assert "Sign in with your council&#39;s account" in asked.text
    answer = await signed_in(client)
    # Not a redirect: the cookie of the session is a strict one.
    assert answer.status_code == 200
    escaped = THEN.replace("&", "&amp;")
    assert f'<meta http-equiv="refresh" content="0; url={escaped}">' in answer.text
    assert f'href="{escaped}">Go on to the figures' in answer.text
    cookies = answer.headers.get_list("set-cookie")
    session = next(cookie for cookie in cookies if cookie.startswith("workforce_session="))
    assert "HttpOnly" in session
    assert "SameSite=strict" in session
    assert f"Max-Age={8 * 60 * 60}" in session
    assert (await client.get(FILE)).status_code == 200


async def test_they_may_what_their_group_may(client: httpx.AsyncClient) -> None:
    await signed_in(client)
    told = (await client.get("/v1/reports?authority=332")).json()
    assert told["detail"] == "This key may not read figures of authority 332."


@pytest.mark.parametrize(("groups", "may"), [(["others", "operators"], True), ("operators", True), (["others"], False)])
async def test_of_their_groups_the_first_that_the_settings_name_counts(
    provider: Provider, client: httpx.AsyncClient, groups: list[str] | str, may: bool
) -> None:
    provider.groups = groups
    answer = await signed_in(client)
    assert (answer.status_code, "workforce_session" in client.cookies) == ((200, True) if may else (403, False))


async def test_groups_can_stand_in_another_claim(provider: Provider) -> None:
    provider.claims = {"groups": None, "roles": ["workforce-team"]}
    async with browser(settings(provider, groups_claim="roles")) as client:
        assert (await signed_in(client)).status_code == 200


async def test_a_provider_that_took_a_new_key_is_asked_for_its_keys_again(
    provider: Provider, client: httpx.AsyncClient
) -> None:
    assert (await signed_in(client)).status_code == 200
    provider.keys = [RSAKey.generate_key(2048, {"kid": "two", "use": "sig", "alg": "RS256"})]
    provider.signs = provider.keys[0]
    assert (await signed_in(client)).status_code == 200


async def test_a_session_ends_when_the_settings_name_its_group_no_more(
    provider: Provider, client: httpx.AsyncClient
) -> None:
    await signed_in(client)
    cookies = dict(client.cookies)
    async with browser(settings(provider, groups=GROUPS[1:])) as client:
        client.cookies.update(cookies)
        assert (await client.get(FILE)).status_code == 401
    async with browser(settings(provider)) as client:
        client.cookies.update(cookies)
        assert (await client.get(FILE)).status_code == 200


async def test_keys_still_work_for_the_api(client: httpx.AsyncClient) -> None:
    assert (await client.get(FILE, headers={"authorization": f"Bearer {KEY}"})).status_code == 200
    assert (await client.get(FILE)).status_code == 401


# --- who is not -------------------------------------------------------------------------------------------------------

WRONG: dict[str, dict[str, Any]] = {
    "another nonce": {"nonce": "of another sign-in"},
    "no nonce": {"nonce": None},
    "another audience": {"aud": "another service"},
    "no audience": {"aud": None},
    "another issuer": {"iss": "https://elsewhere.example"},
    "expired": {"exp": int(time.time()) - 3600},
    "no end": {"exp": None},
    "nobody": {"sub": None},
}


@pytest.mark.parametrize("claims", WRONG.values(), ids=WRONG)
async def test_a_token_that_is_not_right_lets_nobody_in(
    provider: Provider, client: httpx.AsyncClient, claims: dict[str, Any]
) -> None:
    provider.claims = claims
    refused(await signed_in(client), client, "was not for this sign-in, is too old, or was not signed by it")


@pytest.mark.parametrize("offered", [["RS256"], ["none", "RS256"], ["none"]], ids="+".join)
async def test_a_token_that_nobody_signed_lets_nobody_in(
    provider: Provider, client: httpx.AsyncClient, offered: list[str]
) -> None:
    provider.signs, provider.algorithms = None, offered
    refused(await signed_in(client), client, "was not signed by it")


async def test_a_token_that_another_signed_lets_nobody_in(provider: Provider, client: httpx.AsyncClient) -> None:
    provider.signs = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})
    refused(await signed_in(client), client, "was not signed by it")


@pytest.mark.parametrize("text", ["", "nonsense", "a.b.c"])
async def test_what_is_no_token_lets_nobody_in(provider: Provider, client: httpx.AsyncClient, text: str) -> None:
    provider.signs = text
    refused(await signed_in(client), client, "was not signed by it")


async def test_a_code_counts_once(client: httpx.AsyncClient) -> None:
    address = await there(client)
    way = client.cookies["workforce_way"]
    assert (await client.get(address)).status_code == 200
    client.cookies.clear()
    refused(await client.get(address), client, "or was finished already")
    # Also for who kept what the browser forgot.
    client.cookies.set("workforce_way", way)
    refused(await client.get(address), client, "did not accept the request")


async def test_a_state_that_was_tampered_with_lets_nobody_in(client: httpx.AsyncClient) -> None:
    address = await there(client)
    refused(await client.get(f"{address}x"), client, "in another window or browser")


async def test_what_another_browser_began_lets_nobody_in(provider: Provider, client: httpx.AsyncClient) -> None:
    address = await there(client)
    async with browser(settings(provider)) as other:
        refused(await other.get(address), other, "in another window or browser")


async def test_what_the_browser_keeps_cannot_be_made_up(client: httpx.AsyncClient) -> None:
    address = await there(client)
    client.cookies.clear()
    client.cookies.set("workforce_way", "eyJ0aGVuIjoiLyJ9.aaaaaa.bbbb")
    refused(await client.get(address), client, "in another window or browser")


async def test_whoever_the_provider_does_not_let_in_is_told(client: httpx.AsyncClient) -> None:
    await there(client)
    answer = await client.get("/sign-in/openid-connect/back?error=access_denied&state=x&error_description=<b>no</b>")
    refused(answer, client, "Your council's sign-in did not let you in")
    assert "<b>" not in answer.text


async def test_while_the_provider_is_away_whoever_would_sign_in_is_told(provider: Provider) -> None:
    told = settings(provider, issuer="http://127.0.0.1:1")
    async with browser(told) as client:
        refused(await client.get("/sign-in/openid-connect"), client, "cannot be reached at the moment", 503)


async def test_where_no_provider_is_set_there_is_no_such_way() -> None:
    told = metrics.ServiceSettings(database_url=DATABASE, api_keys=(ENTRY,))
    async with browser(told) as client:
        for path in ("/sign-in/openid-connect", "/sign-in/openid-connect/back?code=1&state=2"):
            assert (await client.get(path)).status_code == 404
        assert "account" not in (await client.get("/sign-in")).text


async def test_after_signing_in_nobody_is_led_to_another_site(provider: Provider, client: httpx.AsyncClient) -> None:
    away = await client.get("/sign-in/openid-connect", params={"then": "https://elsewhere.example/"})
    async with httpx.AsyncClient(timeout=60, trust_env=False) as outside:
        back = (await outside.get(away.headers["location"])).headers["location"]
    assert urlsplit(back).netloc == urlsplit(ADDRESS).netloc
    assert "elsewhere" not in (await client.get(back)).text


# --- signing out ------------------------------------------------------------------------------------------------------


async def signed_out(client: httpx.AsyncClient) -> httpx.Response:
    form = await client.get("/sign-out")
    token = re.findall(r'name="token" value="([^"]+)"', form.text)[0]
    answer = await client.post("/sign-out", data={"token": token})
    assert "workforce_session" not in client.cookies
    assert (await client.get(FILE)).status_code == 401
    return answer


@pytest.mark.parametrize(
    ("told", "led_to"),
    [
        ("https://login.council.example/logout", "https://login.council.example/logout?client_id=workforce"),
        ("https://login.council.example/?p=out", "https://login.council.example/?p=out&amp;client_id=workforce"),
    ],
)
async def test_whoever_signs_out_is_led_to_where_the_council_signs_them_out(
    provider: Provider, client: httpx.AsyncClient, told: str, led_to: str
) -> None:
    provider.ends_sessions_at = told
    await signed_in(client)
    answer = await signed_out(client)
    # Not a redirect: the policy of the pages lets no form lead to another site.
    assert answer.status_code == 200
    assert f'<meta http-equiv="refresh" content="0; url={led_to}">' in answer.text
    assert f'href="{led_to}">Sign out of your council' in answer.text


@pytest.mark.parametrize("told", [None, "javascript:alert(1)", "http://login.council.example/logout"])
async def test_where_the_council_tells_of_no_place_to_sign_out_one_is_told_to_do_it_there(
    provider: Provider, client: httpx.AsyncClient, told: str | None
) -> None:
    provider.ends_sessions_at = told
    await signed_in(client)
    answer = await signed_out(client)
    assert answer.status_code == 200
    assert "You may still be signed in with your council" in answer.text
    assert "refresh" not in answer.text
    assert "council.example/logout" not in answer.text


async def test_whoever_signed_in_with_a_key_is_led_back_to_signing_in(
    provider: Provider, client: httpx.AsyncClient
) -> None:
    provider.ends_sessions_at = "https://login.council.example/logout"
    form = await client.get("/sign-in")
    token = re.findall(r'name="token" value="([^"]+)"', form.text)[0]
    await client.post("/sign-in", data={"key": KEY, "token": token, "then": "/"})
    answer = await signed_out(client)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")


# --- the setting ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("other", "wrong"),
    [
        ({"issuer": "http://login.council.example"}, "openid_connect.issuer"),
        ({"address": "figures.council.example"}, "openid_connect.address"),
        ({"groups": []}, "openid_connect.groups"),
        ({"groups": [GROUPS[0], GROUPS[1], GROUPS[0] | {"authority": "332"}]}, "openid_connect.groups"),
        ({"groups": [{"group": "a", "authority": "331", "rights": ["feed"]}]}, "openid_connect.groups.0.rights"),
        (
            {"groups": [{"group": "a", "authority": "everywhere", "rights": ["read"]}]},
            "openid_connect.groups.0.authority",
        ),
        ({"scope": "profile"}, "openid_connect.scope"),
        ({"client_id": ""}, "openid_connect.client_id"),
        ({"pkce": False}, "openid_connect.pkce"),
    ],
)
def test_a_setting_that_cannot_be_right_is_refused_by_name(other: dict[str, Any], wrong: str) -> None:
    provider = Provider()
    provider.issuer = "https://login.council.example"
    with pytest.raises(ValidationError) as refusal:
        settings(provider, **other)
    assert ".".join(map(str, refusal.value.errors()[0]["loc"])) == wrong


def test_without_keys_there_is_nobody_to_sign_in() -> None:
    provider = Provider()
    provider.issuer = "https://login.council.example"
    told = settings(provider).openid_connect
    with pytest.raises(ValidationError, match="needs api_keys"):
        metrics.ServiceSettings(database_url=DATABASE, openid_connect=told)


def test_the_setting_is_json_and_may_be_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKFORCE_OPENID_CONNECT", "")
    assert metrics.ServiceSettings(database_url=DATABASE).openid_connect is None
    monkeypatch.setenv("WORKFORCE_OPENID_CONNECT", "{")
    with pytest.raises(ValidationError, match="is not JSON"):
        metrics.ServiceSettings(database_url=DATABASE)


# --- what it costs who does not use it --------------------------------------------------------------------------------

LOADED = """
import json, sys
from services.metrics.app import ServiceSettings, create
create(ServiceSettings())
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules} & {"authlib", "cryptography", "joserfc"})))
"""


@pytest.mark.parametrize("uses_accounts", [True, False])
def test_its_libraries_are_loaded_only_where_people_sign_in_so(provider: Provider, uses_accounts: bool) -> None:
    keys = json.dumps([ENTRY.model_dump(mode="json")])
    environment = {"WORKFORCE_DATABASE_URL": DATABASE, "WORKFORCE_API_KEYS": keys}
    if uses_accounts:
        environment["WORKFORCE_OPENID_CONNECT"] = json.dumps(accounts(provider))
        environment["WORKFORCE_SESSION_SECRET"] = "s" * 32
    printed = subprocess.run(
        [sys.executable, "-c", LOADED],
        env={"PATH": os.environ["PATH"], **environment},
        cwd=REPOSITORY,
        capture_output=True,
        check=True,
        timeout=120,
    ).stdout
    assert json.loads(printed) == (["authlib", "cryptography", "joserfc"] if uses_accounts else [])
