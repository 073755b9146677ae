"""Up to when an answer is complete: what events answer says it, and says never more than is so.

Invariant: an event is held back by the lock that its consumer needs, so nothing here waits for luck.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
import pytest_asyncio

from services.metrics.ingest.queue import lock_authorities
from tests.integration.arrival import complete
from tests.integration.benchmarks import NEWER
from tests.integration.feed import Feed, post_established
from tests.integration.test_costly_questions import COSTLY, OF_PUBLISHED_FIGURES_ALONE
from tests.integration.year import sent
from tests.parts import EmbeddedBroker, PostgreSQL, RealSystem
from tests.unit.benchmarks.small_release import file_of

AUTHORITY = "331"
SECONDS = 120.0
ESTABLISHMENT = f"/v1/measures/establishment?authority={AUTHORITY}&as_at=2023-10-31"
CHANGES = f"/v1/changes?authority={AUTHORITY}&measure=establishment&as_at=2023-10-31&from_known=2023-01-01T00:00:00Z"
WITHOUT_TABLES = {"/v1/subjects/{kind}/{identifier}"}
"""Routes that know no CSV."""
OF_RATES = {"/v1/measures/{measure}/explanation": f"/v1/measures/turnover-rate/explanation?authority={AUTHORITY}"}


@pytest.fixture(scope="module")
def alone(postgres: PostgreSQL, parts_folder: Path) -> Iterator[RealSystem]:
    """The three services of these tests alone: one of them is started again."""
    folder = parts_folder / "complete-until"
    broker = EmbeddedBroker(folder / "broker.log")
    broker.start()
    system = RealSystem(postgres, broker, folder)
    try:
        system.start()
        yield system
    finally:
        system.stop()
        broker.stop()


@pytest_asyncio.fixture(scope="module")
async def metrics(alone: RealSystem) -> Feed:
    """Metrics, when a year and a release have come in, and it can say that it is complete."""
    metrics = await sent(alone, AUTHORITY)
    load_release(metrics)
    eventually(lambda: metrics.get(ESTABLISHMENT).json()["complete_until"] is not None)
    return metrics


def load_release(metrics: Feed) -> None:
    release = {"release": "2025", "published": "2026-02-26"}
    csv, body = {"content-type": "text/csv"}, file_of(*NEWER)
    address = f"{metrics.url}/v1/benchmarks/releases"
    loaded = httpx.post(address, params=release, content=body, headers=csv, timeout=SECONDS, trust_env=False)
    assert loaded.status_code == 201


def eventually(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not is_so():
        assert time.monotonic() < deadline, f"not so within {SECONDS} seconds"
        time.sleep(0.05)


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def until(answer: httpx.Response) -> datetime:
    """Up to when an answer is complete, by its body and by its header."""
    assert answer.status_code == 200, answer.text
    told: str = answer.json()["complete_until"]
    assert answer.headers["complete-until"] == told
    return instant(told)


def in_full(metrics: Feed, path: str) -> datetime:
    """Up to when the answer to a question is complete."""
    return until(metrics.get(path))


def held(metrics: Feed, path: str, answer: httpx.Response) -> httpx.Response:
    """What is answered to whoever holds an answer already."""
    headers = {"if-none-match": answer.headers["etag"]}
    return httpx.get(metrics.url + path, headers=headers, timeout=SECONDS, trust_env=False)


@asynccontextmanager
async def held_back(system: RealSystem, event: Any) -> AsyncIterator[datetime]:
    """While this lasts an event is accepted and published, and does not get into metrics; gives when it was accepted.

    Begins when its owner's watermark has been heard, which tells that there is one event more.
    """
    connection = await asyncpg.connect(system.databases["metrics"])
    journal = await asyncpg.connect(system.databases["recruitment"])
    try:
        async with connection.transaction():
            await lock_authorities(connection, {AUTHORITY})
            assert Feed(system.recruitment.url).structured(event).status_code == 202
            accepted: datetime = await journal.fetchval(
                "SELECT accepted_at FROM journal WHERE event_id = $1", event.get_id()
            )
            deadline = time.monotonic() + SECONDS
            heard = "SELECT min(heard_until) > $1 FROM expected WHERE owner = 'recruitment'"
            while not await connection.fetchval(heard, accepted):
                assert time.monotonic() < deadline, f"no watermark after {accepted} within {SECONDS} seconds"
                await asyncio.sleep(0.05)
            yield accepted
    finally:
        await connection.close()
        await journal.close()


@pytest.mark.parametrize("path", [*COSTLY.values(), *OF_RATES.values()])
def test_whatever_events_answer_says_up_to_when_it_is_complete(metrics: Feed, path: str) -> None:
    before = in_full(metrics, ESTABLISHMENT)
    answer = metrics.get(path)
    assert before <= in_full(metrics, path) <= datetime.now(UTC)
    again = held(metrics, path, answer)
    assert again.status_code == 304
    assert instant(again.headers["complete-until"]) >= before


@pytest.mark.parametrize("route", [route for route in COSTLY if route not in WITHOUT_TABLES])
def test_csv_says_it_in_a_header(metrics: Feed, route: str) -> None:
    before = in_full(metrics, ESTABLISHMENT)
    answer = metrics.get(COSTLY[route], "text/csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert instant(answer.headers["complete-until"]) >= before


def test_the_documentation_says_which_answers_say_it(metrics: Feed) -> None:
    paths = metrics.get("/openapi.json").json()["paths"]
    for route in COSTLY:
        responses = paths[route]["get"]["responses"]
        assert "Complete-Until" in responses["200"]["headers"]
        assert "Complete-Until" in responses["304"]["headers"]
        content = responses["200"]["content"]["application/json"]
        assert "complete_until" in content["schema"]["required"]
        assert content["schema"]["properties"]["complete_until"]["type"] == ["string", "null"]
        assert "complete_until" in content["example"]
    for route in (*OF_PUBLISHED_FIGURES_ALONE, "/v1/measures", "/v1/quality/checks"):
        assert "Complete-Until" not in paths[route]["get"]["responses"]["200"]["headers"]


@pytest.mark.parametrize(
    "path", ["/v1/measures", "/v1/quality/checks", "/v1/benchmarks/releases",
             f"/v1/benchmarks/turnover-rate/series?authority={AUTHORITY}"]
)  # fmt: skip
def test_what_hangs_on_no_event_does_not_say_it(metrics: Feed, path: str) -> None:
    answer = metrics.get(path)
    assert answer.status_code == 200
    assert "complete_until" not in answer.json()
    assert "complete-until" not in answer.headers


async def test_no_answer_claims_an_event_that_has_not_arrived_and_a_pinned_one_waits_for_it(
    alone: RealSystem, metrics: Feed, new: str
) -> None:
    before = metrics.get(ESTABLISHMENT).json()["total"]
    async with held_back(alone, post_established(new, new)) as accepted:
        pin = accepted.isoformat().replace("+00:00", "Z")
        pinned = f"{ESTABLISHMENT}&as_known_at=2023-12-31T00:00:00Z&as_accepted_at={pin}"
        # A second and more after the watermark: what is judged once a second has been judged.
        for _ in range(15):
            for path in (ESTABLISHMENT, pinned, f"{CHANGES}&from_accepted={pin}&to_accepted={pin}"):
                assert in_full(metrics, path) <= accepted
            assert metrics.get(ESTABLISHMENT).json()["total"] == before
            await asyncio.sleep(0.1)
        assert in_full(metrics, pinned) < accepted
    report = complete(metrics, pinned)
    assert report.json()["total"] == before + 1
    assert in_full(metrics, pinned) == accepted
    eventually(lambda: in_full(metrics, ESTABLISHMENT) > accepted)
    assert metrics.get(pinned).content == report.content


def test_what_is_pinned_by_acceptance_is_told_of_nothing_later(metrics: Feed) -> None:
    early, late, far = "2023-12-31T00:00:00Z", "2024-01-31T00:00:00Z", "2099-01-01T00:00:00Z"
    assert in_full(metrics, f"{ESTABLISHMENT}&as_accepted_at={far}") <= datetime.now(UTC)
    assert in_full(metrics, f"{CHANGES}&from_accepted={late}&to_accepted={early}") == instant(late)


@pytest.mark.parametrize(
    "path",
    [
        ESTABLISHMENT,
        f"{ESTABLISHMENT}&as_known_at=2023-12-31T00:00:00Z",
        CHANGES,
        f"{CHANGES}&to_known=2023-12-31T00:00:00Z&to_accepted=2024-01-31T00:00:00Z",
    ],
)
def test_what_is_not_pinned_keeps_its_tag_while_that_moves_on(metrics: Feed, path: str) -> None:
    before = metrics.get(path)
    assert until(before) > instant("2024-01-31T00:00:00Z")
    eventually(lambda: in_full(metrics, path) > until(before))
    again = held(metrics, path, before)
    assert (again.status_code, again.headers["etag"]) == (304, before.headers["etag"])
    assert instant(again.headers["complete-until"]) > until(before)


def test_a_new_process_says_no_less_than_the_one_before_from_its_first_answer_on(
    alone: RealSystem, metrics: Feed
) -> None:
    before = in_full(metrics, ESTABLISHMENT)
    alone.metrics.kill()
    alone.metrics.start()
    alone.metrics.process.wait_until(lambda: _answers(metrics), "answers", SECONDS)
    assert in_full(metrics, ESTABLISHMENT) >= before


def _answers(metrics: Feed) -> bool:
    try:
        return metrics.get("/v1/benchmarks/releases").status_code == 200
    except httpx.TransportError:
        return False
