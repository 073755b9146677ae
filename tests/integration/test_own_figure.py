"""Our own figure beside DfE's: what is asked of whoever computes it, and how it is answered.

Invariant: the computation is the test's own, so that what is expected hangs on nothing else.
"""

import asyncio
import csv
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal

import httpx
import pytest_asyncio

from services.chassis.runtime import Runtime
from services.chassis.service import create_service
from services.metrics.app import PARTS, ServiceSettings
from services.metrics.benchmarks.api import benchmarks_router
from tests.integration.benchmarks import OLDER
from tests.parts import PostgreSQL, free_port
from tests.unit.benchmarks.small_release import file_of

KNOWN = datetime(2022, 11, 30, 12, tzinfo=UTC)
ASKED = "authority=331&year=2022&as_known_at=2022-11-30T12:00:00Z"


async def computed(
    runtime: Runtime, *, measure: str, authority: str, year: int, as_known_at: datetime
) -> Decimal | None:
    """Turnover of Coventry alone; nobody is absent, for nobody is in post."""
    assert (authority, year, as_known_at) == ("331", 2022, KNOWN)
    assert await runtime.pool.fetchval("SELECT 1") == 1
    if measure == "turnover-rate":
        return Decimal("17.95")
    return None


@pytest_asyncio.fixture(scope="module")
async def metrics(postgres: PostgreSQL) -> AsyncIterator[httpx.AsyncClient]:
    """Metrics in this process, with the release 2022 and a way to compute our own figure."""
    settings = ServiceSettings(
        database_url=postgres.create("own_figure"),
        kafka_servers=f"127.0.0.1:{free_port()}",
        kafka_idempotent_producer=False,
    )
    app = create_service(
        PARTS, settings, title="Metrics", description="", routers=(benchmarks_router({}, own_figure=computed),)
    )
    runtime: Runtime = app.state.runtime
    await runtime.start()
    try:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://metrics") as client:
            deadline = time.monotonic() + 60
            while not runtime.database_reachable:
                assert time.monotonic() < deadline, "the database was not there within 60 seconds"
                await asyncio.sleep(0.05)
            query = "release=2022&published=2023-02-23"
            headers = {"content-type": "text/csv"}
            answer = await client.post(f"/v1/benchmarks/releases?{query}", content=file_of(*OLDER), headers=headers)
            assert answer.status_code == 201
            yield client
    finally:
        await runtime.stop()


async def test_our_own_figure_stands_beside_with_both_its_times(metrics: httpx.AsyncClient) -> None:
    answer = (await metrics.get(f"/v1/benchmarks/turnover-rate?{ASKED}")).json()
    assert answer["ours"] == {"value": 18.0, "as_at": "2022-09-30", "as_known_at": "2022-11-30T12:00:00Z"}
    assert answer["differences"][-1] == (
        "Ours counts posts with a CSWW role, what happened in the twelve months up to 2022-09-30, as known at "
        "2022-11-30T12:00:00Z; DfE counts what the authority returned in that year's census, as it stood when the "
        "release was made."
    )


async def test_a_rate_with_nothing_to_divide_by_is_null(metrics: httpx.AsyncClient) -> None:
    answer = (await metrics.get(f"/v1/benchmarks/absence-rate?{ASKED}")).json()
    assert answer["ours"] == {"value": None, "as_at": "2022-09-30", "as_known_at": "2022-11-30T12:00:00Z"}


async def test_it_has_a_line_of_its_own_in_csv(metrics: httpx.AsyncClient) -> None:
    answer = await metrics.get(f"/v1/benchmarks/turnover-rate?{ASKED}", headers={"accept": "text/csv"})
    lines = list(csv.DictReader(answer.text.splitlines()))
    assert [line["place"] for line in lines] == ["authority", "region", "england", "ours"]
    ours = lines[-1]
    assert (ours["code"], ours["value"], ours["as_at"]) == ("331", "18.0", "2022-09-30")
    assert [line["as_known_at"] for line in lines] == ["", "", "", "2022-11-30T12:00:00Z"]


async def test_the_instant_is_read_and_documented(metrics: httpx.AsyncClient) -> None:
    answer = await metrics.get("/v1/benchmarks/turnover-rate?authority=331&as_known_at=2022-11-30")
    (fault,) = answer.json()["faults"]
    assert (fault["field"], fault["expected"]) == (
        "as_known_at",
        "an instant with its offset, as 2023-11-30T12:00:00Z",
    )
    document = (await metrics.get("/openapi.json")).json()
    parameters = document["paths"]["/v1/benchmarks/{measure}"]["get"]["parameters"]
    assert [item["name"] for item in parameters][-1] == "as_known_at"
