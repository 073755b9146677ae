"""Who may send what, and read what, where keys are set.

Invariant: the services here have no Kafka: what a key lets in does not hang on it.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import httpx
import pytest

from services.chassis.authentication import Right, new_key
from tests.integration.feed import Feed, fault, post_established, problem, worker_started
from tests.parts import PostgreSQL, Service, free_port

CALLERS = {
    "HR system": ("331", Right.FEED),
    "analyst": ("331", Right.READ),
    "neighbour": ("332", Right.FEED),
    "neighbouring analyst": ("332", Right.READ),
    "consortium": ("*", Right.FEED),
    "local operator": ("331", Right.OPERATE),
    "operator": ("*", Right.OPERATE),
}


@dataclass(frozen=True)
class Guarded:
    """Recruitment and metrics with keys."""

    recruitment: Service
    metrics: Service
    keys: dict[str, str]
    database: str

    def feed(self, caller: str | None) -> Feed:
        """Recruitment, called by one of CALLERS, or without a key."""
        return Feed(self.recruitment.url, None if caller is None else self.keys[caller])

    def figures(self, caller: str | None) -> Feed:
        """Metrics, called by one of CALLERS, or without a key."""
        return Feed(self.metrics.url, None if caller is None else self.keys[caller])


@pytest.fixture(scope="module")
def guarded(postgres: PostgreSQL, parts_folder: Path) -> Iterator[Guarded]:
    made = {name: new_key(name, authority, (right,)) for name, (authority, right) in CALLERS.items()}
    told = {
        "api_keys": json.dumps([entry.model_dump(mode="json") for _, entry in made.values()]),
        "kafka_servers": f"127.0.0.1:{free_port()}",
        "kafka_idempotent_producer": False,
    }
    databases = {name: postgres.create(f"guarded_{name}") for name in ("recruitment", "metrics")}
    recruitment, metrics = (
        Service(name, parts_folder / f"guarded-{name}.log", {"database_url": url, **told})
        for name, url in databases.items()
    )
    keys = {name: key for name, (key, _) in made.items()}
    guarded = Guarded(recruitment, metrics, keys, databases["recruitment"])
    try:
        recruitment.start()
        metrics.start()
        recruitment.wait_until_ready()
        # Without Kafka metrics is never ready; its database is there when it knows that an authority is not.
        figures = guarded.figures("analyst")
        path = "/v1/measures/vacancies?authority=331"
        metrics.process.wait_until(
            lambda: figures.reachable() and figures.get(path).status_code == 404, "has its database", 120
        )
        yield guarded
    finally:
        recruitment.stop()
        metrics.stop()


def test_without_a_key_nothing_is_taken_and_nothing_read(guarded: Guarded, new: str) -> None:
    for answer in (
        guarded.feed(None).structured(post_established(new, new)),
        guarded.feed(None).get("/v1/posts/fallen-vacant?authority=331"),
        guarded.figures(None).get("/v1/measures"),
        guarded.figures(None).get("/v1/measures/vacancies?authority=331"),
        guarded.figures(None).get("/v1/measures/nonsense"),
        Feed(guarded.metrics.url, "guessed").get("/v1/measures"),
    ):
        refusal = problem(answer, 401)
        assert "Authorization: Bearer" in refusal["detail"]
        # Programs offer what they find: Excel and browsers look for Basic, and then ask for user and password.
        offered = answer.headers.get_list("www-authenticate")
        assert offered == ["Bearer", 'Basic realm="workforce", charset="UTF-8"']


@pytest.mark.parametrize("user", ["", "anybody", "Zoë"])
def test_a_key_is_a_password_of_any_user(guarded: Guarded, user: str) -> None:
    def ask(caller: str, authority: str) -> int:
        path = f"{guarded.metrics.url}/v1/measures/vacancies.csv?authority={authority}"
        return httpx.get(path, auth=(user, guarded.keys[caller]), timeout=60, trust_env=False).status_code

    # 404: it may ask, but nothing is known.
    assert (ask("analyst", "331"), ask("analyst", "332"), ask("HR system", "331")) == (404, 403, 403)


def test_health_metrics_and_documentation_need_no_key(guarded: Guarded) -> None:
    for path in ("/health/live", "/health/ready", "/metrics", "/docs", "/openapi.json", "/asyncapi", "/asyncapi.json"):
        assert guarded.feed(None).get(path).status_code == 200


def test_a_key_feeds_its_own_authority_and_no_other(guarded: Guarded, new: str) -> None:
    event = post_established(new, new)
    refused = fault(guarded.feed("neighbour").structured(event), 403)
    assert refused == {
        "field": "authority",
        "problem": "is not one this key may feed",
        "value": "331",
        "expected": "authority 332",
    }
    assert guarded.feed("HR system").structured(event).status_code == 202
    assert guarded.feed("consortium").structured(event).status_code == 200


def test_of_a_batch_a_key_feeds_what_is_of_its_authority(guarded: Guarded, new: str) -> None:
    own, other = post_established(new, new), post_established(new, new, authority="332")
    answer = guarded.feed("HR system").batch(own, other)
    assert answer.status_code == 207
    assert [result["status"] for result in answer.json()["results"]] == ["accepted", "rejected"]
    assert guarded.feed("neighbour").structured(other).status_code == 202


def test_a_key_to_read_does_not_feed_and_a_key_to_feed_does_not_read(guarded: Guarded, new: str) -> None:
    refused = problem(guarded.feed("analyst").structured(post_established(new, new)), 403)
    assert refused["detail"] == "This key has no right to send events (feed)."
    vacant, vacancies = "/v1/posts/fallen-vacant?authority=331", "/v1/measures/vacancies?authority=331"
    problem(guarded.feed("HR system").get(vacant), 403)
    problem(guarded.figures("HR system").get(vacancies), 403)
    problem(guarded.figures("neighbouring analyst").get(vacancies), 403)
    assert guarded.feed("analyst").get(vacant).status_code == 200


def test_which_posts_fell_vacant_is_told_to_who_may_read_of_the_authority_alone(guarded: Guarded) -> None:
    vacant = "/v1/posts/fallen-vacant?authority="
    for caller, own, other in (("analyst", "331", "332"), ("neighbouring analyst", "332", "331")):
        assert guarded.feed(caller).get(vacant + own).json()["authority"] == own
        refused = problem(guarded.feed(caller).get(vacant + other), 403)
        assert (refused["title"], refused["detail"]) == ("Not allowed", f"This key may not read of authority {other}.")


@pytest.mark.parametrize("authority", ["332", "all", "000"])
@pytest.mark.parametrize(
    "path",
    [
        "measures/vacancies?",
        "measures/vacancies?as_accepted_at=2023-10-31T00:00:00Z&",
        "measures/vacancies/series?from=2023-10-01&to=2023-10-31&",
        "measures/vacancies/explanation?",
        "measures/turnover-rate/explanation?",
        "subjects/worker/W-1?",
        "changes?from_known=2023-10-31T00:00:00Z&",
    ],
)
def test_a_key_of_one_authority_reads_nothing_of_another_nor_of_all(
    guarded: Guarded, path: str, authority: str
) -> None:
    asked = f"/v1/{path}authority={authority}"
    assert authority in problem(guarded.figures("analyst").get(asked), 403)["detail"]
    problem(guarded.figures("HR system").get(asked), 403)
    problem(guarded.figures(None).get(asked), 401)
    # Of two authorities in one request neither is read.
    twice = guarded.figures("analyst").get(f"/v1/{path}authority=331&authority={authority}")
    assert twice.status_code in (403, 422)
    assert guarded.figures("analyst").get(f"/v1/{path}authority=331").status_code in (200, 404)


async def test_a_key_stands_neither_in_a_log_nor_in_the_database(guarded: Guarded, new: str) -> None:
    assert guarded.feed("HR system").structured(worker_started(new, new)).status_code == 202
    logs = guarded.recruitment.process.log.read_text() + guarded.metrics.process.log.read_text()
    connection = await asyncpg.connect(guarded.database)
    tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    rows = [str(row) for table in tables for row in await connection.fetch(f'SELECT * FROM "{table["tablename"]}"')]
    await connection.close()
    assert any(new in row for row in rows)
    for key in guarded.keys.values():
        assert key not in logs
        assert not any(key in row for row in rows)


@pytest.mark.parametrize(
    ("caller", "status"),
    [(None, 401), ("analyst", 403), ("consortium", 403), ("local operator", 403), ("operator", 503)],
)
def test_dead_letters_are_for_operators_of_all_authorities_only(
    guarded: Guarded, caller: str | None, status: int
) -> None:
    # There is no Kafka here: who may ask is told so.
    answer = guarded.figures(caller).get("/v1/dead-letters")
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    if caller is not None:
        headers = {"authorization": f"Bearer {guarded.keys[caller]}"}
        address = f"{guarded.metrics.url}/v1/dead-letters/send-again"
        again = httpx.post(address, json={"offsets": [0]}, headers=headers, timeout=60, trust_env=False)
        assert again.status_code == status
