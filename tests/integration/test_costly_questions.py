"""Questions that would cost too much: every route that computes refuses them alike, before anything is worked out."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from services.chassis.authentication import Right, new_key
from services.chassis.database import connect_pool, migrate
from services.chassis.runtime import CHASSIS_MIGRATIONS
from tests.integration.benchmarks import NEWER
from tests.integration.test_stock_columns import METRICS_MIGRATIONS, half_a_starter, post, take_in
from tests.parts import PostgreSQL, Service, free_port
from tests.unit.benchmarks.small_release import file_of

COSTLY = {
    "/v1/measures/{measure}": "/v1/measures/vacancies?authority=331",
    "/v1/measures/{measure}/series": "/v1/measures/vacancies/series?authority=331&from=2020-01-01&to=2023-12-31",
    "/v1/measures/{measure}/explanation": "/v1/measures/vacancies/explanation?authority=331",
    "/v1/subjects/{kind}/{identifier}": "/v1/subjects/post/P-1?authority=331",
    "/v1/changes": "/v1/changes?authority=331&from_known=2023-01-01T00:00:00Z",
    "/v1/academy/cohorts": "/v1/academy/cohorts?authority=331",
    "/v1/academy/cohorts/{cohort}": "/v1/academy/cohorts/all?authority=331",
    "/v1/survival": "/v1/survival?authority=331",
    "/v1/vacant-posts": "/v1/vacant-posts?authority=331",
    "/v1/quality": "/v1/quality?authority=331",
    "/v1/forecasts/vacancies": "/v1/forecasts/vacancies?authority=331",
    "/v1/forecasts/vacancies/back-test": "/v1/forecasts/vacancies/back-test?authority=331",
    "/v1/benchmarks/{measure}": "/v1/benchmarks/turnover-rate?authority=331&year=2022",
}
"""A question for each route, by its path in the documentation."""
OF_PUBLISHED_FIGURES_ALONE = {
    "/v1/benchmarks/{measure}/series",
    "/v1/benchmarks/neighbours",
    "/v1/benchmarks/releases",
    "/v1/benchmarks/revisions",
}
"""Routes that read what DfE published, a page or a place at a time: they take their turns, and cost next to nothing."""
OF_FEEDS = {"/v1/feeds", "/v1/initiatives"}
"""So do those that read what each feed sent, and what a council announced."""

OF_REPORTS = {"/v1/reports", "/v1/reports/{report}", "/v1/reports/{report}/comparison"}
"""A report asks its questions by their own routes: each of them costs, and takes its turn."""


@pytest.fixture(scope="module")
def miserly(postgres: PostgreSQL, parts_folder: Path) -> Iterator[httpx.Client]:
    """Metrics with two posts and a release, in which no question may cost more than a step."""
    database = postgres.create("miserly")
    asyncio.run(_fill(database))
    key, entry = new_key("analyst", "*", tuple(Right))
    told = {
        "database_url": database,
        "kafka_servers": f"127.0.0.1:{free_port()}",
        "api_keys": json.dumps([entry.model_dump(mode="json")]),
        "largest_question": 1,
    }
    metrics = Service("metrics", parts_folder / "miserly.log", told)
    try:
        metrics.start()
        headers = {"authorization": f"Bearer {key}"}
        with httpx.Client(base_url=metrics.url, headers=headers, timeout=60, trust_env=False) as client:
            metrics.process.wait_until(lambda: _has_its_database(client), "answers with its database", 120)
            release = {"release": "2025", "published": "2026-02-26"}
            csv = {"content-type": "text/csv"}
            loaded = client.post("/v1/benchmarks/releases", params=release, content=file_of(*NEWER), headers=csv)
            assert loaded.status_code == 201
            yield client
    finally:
        metrics.stop()


async def _fill(database: str) -> None:
    pool = await connect_pool(database, 2)
    await migrate(pool, (CHASSIS_MIGRATIONS, METRICS_MIGRATIONS))
    await take_in(pool, post(1), post(2), half_a_starter(1))
    await pool.close()


def _has_its_database(client: httpx.Client) -> bool:
    try:
        return client.get("/v1/benchmarks/releases").status_code == 200
    except httpx.TransportError:
        return False


@pytest.mark.parametrize("route", COSTLY)
def test_every_route_that_computes_refuses_what_costs_too_much(miserly: httpx.Client, route: str) -> None:
    refused = miserly.get(COSTLY[route])
    assert refused.status_code == 422
    assert refused.headers["content-type"] == "application/problem+json"
    problem = refused.json()
    assert problem["type"] == "urn:workforce:problem:too-costly"
    assert problem["cost"] > problem["most"] == 1
    assert "WORKFORCE_LARGEST_QUESTION" in problem["detail"]


def test_every_documented_route_of_figures_is_among_them_and_says_so(miserly: httpx.Client) -> None:
    document = miserly.get("/openapi.json").json()
    answers = {
        path: operation["responses"]
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if method == "get" and path.startswith("/v1/")
    }
    in_turn = {path for path, responses in answers.items() if "429" in responses}
    listing = {"/v1/measures", "/v1/quality/checks", "/v1/dead-letters", "/v1/dead-letters/{offset}", "/v1/replays"}
    assert in_turn == COSTLY.keys() | OF_PUBLISHED_FIGURES_ALONE | OF_FEEDS | OF_REPORTS == answers.keys() - listing
    for path in in_turn:
        assert "too-costly" in answers[path]["422"]["description"]
        assert "Retry-After" in answers[path]["429"]["headers"]
