"""What is wrong is a page for a browser, and problem details for a program; both say the same."""

from collections.abc import AsyncIterator

import asyncpg
import httpx
import pytest
import pytest_asyncio
from fastapi import Request

from services.chassis.authentication import Right, authenticated_caller, new_key
from services.chassis.problems import Problem
from services.metrics import app as metrics
from services.metrics.api.asking import ask
from services.metrics.pages.page import PageRoute

DATABASE = "postgresql://postgres@/nothing"
BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
PROBLEM = "application/problem+json"
KEY, ENTRY = new_key("reader", "331", (Right.READ,))


async def breaks() -> None:
    raise RuntimeError("what nobody thought of")


async def away() -> None:
    raise asyncpg.CannotConnectNowError("starting up")


async def crowded() -> None:
    raise Problem(429, "too-many", "Too many questions at once", "Ask again.", headers={"Retry-After": "5"})


async def of_crowded(request: Request) -> None:
    await ask(request, authenticated_caller(request), "/crowded")


@pytest_asyncio.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = metrics.create(metrics.ServiceSettings(database_url=DATABASE))
    app.add_api_route("/breaks", breaks)
    app.add_api_route("/away", away)
    app.add_api_route("/crowded", crowded)
    app.router.add_api_route("/crowded-itself", crowded, route_class_override=PageRoute)
    app.router.add_api_route("/of-crowded", of_crowded, route_class_override=PageRoute)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url="http://service"
    ) as client:
        yield client


@pytest.mark.parametrize(
    ("method", "path", "status", "title"),
    [
        ("GET", "/nowhere", 404, "There is no such page"),
        ("GET", "/v1/nowhere", 404, "There is no such page"),
        ("GET", "/assets/0/nothing.css", 404, "There is no such file"),
        ("POST", "/trend", 405, "This address takes nothing"),
        ("GET", "/breaks", 500, "The service failed"),
        ("GET", "/away", 503, "Not available at the moment"),
        ("POST", "/sign-in", 403, "The form was not taken"),
    ],
)
async def test_a_browser_gets_a_page_and_a_program_problem_details(
    client: httpx.AsyncClient, method: str, path: str, status: int, title: str
) -> None:
    page = await client.request(method, path, headers=BROWSER)
    assert (page.status_code, page.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert f'<h1 class="govuk-heading-l">{title}</h1>' in page.text
    assert 'href="/trend"' in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    for accept in ("*/*", "application/json", PROBLEM):
        told = await client.request(method, path, headers={"accept": accept})
        assert (told.status_code, told.headers["content-type"]) == (status, PROBLEM)
        assert told.json()["title"] in (title, "Not Found", "Method Not Allowed")
        assert [page.headers.get(name) for name in ("allow", "retry-after")] == [
            told.headers.get(name) for name in ("allow", "retry-after")
        ]


@pytest.mark.parametrize("path", ["/of-crowded", "/crowded-itself"])
async def test_a_page_whose_question_must_wait_says_how_long(client: httpx.AsyncClient, path: str) -> None:
    page = await client.get(path, headers=BROWSER)
    assert (page.status_code, page.headers["retry-after"]) == (429, "5")
    assert '<h1 class="govuk-heading-l">Too many questions at once</h1>' in page.text


async def test_what_nobody_thought_of_tells_a_browser_nothing_of_it(client: httpx.AsyncClient) -> None:
    page = await client.get("/breaks", headers=BROWSER)
    assert "what nobody thought of" not in page.text


async def test_an_address_that_does_not_exist_is_repeated_as_text_alone(client: httpx.AsyncClient) -> None:
    page = await client.get("/<script>alert(1)</script>", headers=BROWSER)
    assert page.status_code == 404
    assert "<script>alert" not in page.text


async def test_where_keys_are_needed_whoever_has_none_is_led_to_sign_in_and_a_program_told() -> None:
    app = metrics.create(metrics.ServiceSettings(database_url=DATABASE, api_keys=(ENTRY,)))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service") as client:
        led = await client.get("/nowhere?a=b", headers=BROWSER)
        assert (led.status_code, led.headers["location"]) == (303, "/sign-in?then=%2Fnowhere%3Fa%3Db")
        told = await client.get("/nowhere")
        assert (told.status_code, told.headers["content-type"]) == (401, PROBLEM)
        # Of the API whoever looks with a browser can still give the key as the password of Basic.
        api = await client.get("/v1/measures", headers=BROWSER)
        assert api.status_code == 401
        assert api.headers.get_list("www-authenticate") == ["Bearer", 'Basic realm="workforce", charset="UTF-8"']
