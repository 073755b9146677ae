"""What callers are told while PostgreSQL is away, and that nothing needs a restart when it is back.

Invariant: this server is of this module alone: stopping it disturbs nobody.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.feed import Feed, post_established, problem
from tests.parts import EmbeddedBroker, PostgreSQL, Service


@pytest.fixture(scope="module")
def server(parts_folder: Path) -> Iterator[PostgreSQL]:
    server = PostgreSQL(parts_folder / "stopped" / "postgresql", parts_folder / "stopped" / "postgresql.log")
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="module")
def service(server: PostgreSQL, parts_folder: Path) -> Iterator[Service]:
    broker = EmbeddedBroker(parts_folder / "stopped" / "broker.log")
    broker.start()
    told = {
        "database_url": server.create("recruitment"),
        "kafka_servers": broker.servers,
        "kafka_idempotent_producer": broker.idempotent,
    }
    service = Service("recruitment", parts_folder / "stopped" / "recruitment.log", told)
    try:
        yield service
    finally:
        service.stop()
        broker.stop()


def test_a_service_answers_before_during_and_after_an_absence_of_postgresql(
    server: PostgreSQL, service: Service, new: str
) -> None:
    feed = Feed(service.url)
    server.stop()
    service.start()
    service.process.wait_until(feed.reachable, "answers", 120)
    assert_it_says_what_is_missing(feed, post=f"{new}-0")

    server.start()
    service.wait_until_ready()
    assert feed.structured(post_established(f"{new}-1", new)).status_code == 202

    server.stop()
    service.process.wait_until(lambda: not service.ready(), "is not ready", 120)
    assert_it_says_what_is_missing(feed, post=f"{new}-2")

    server.start()
    process = service.process.pid
    service.wait_until_ready()
    assert service.process.pid == process
    assert feed.structured(post_established(f"{new}-1", new)).status_code == 200
    assert feed.structured(post_established(f"{new}-2", new)).status_code == 202


def assert_it_says_what_is_missing(feed: Feed, post: str) -> None:
    """Alive, not ready, and every request that needs the database answered with what to do."""
    for answer in (
        feed.structured(post_established(post, post)),
        feed.get("/v1/posts/fallen-vacant?authority=331"),
    ):
        assert "PostgreSQL cannot be reached. Send the request again" in problem(answer, 503)["detail"]
        assert answer.headers["retry-after"] == "5"
    assert feed.get("/health/live").status_code == 200
    ready = feed.get("/health/ready")
    assert ready.status_code == 503
    assert ready.json()["ready"] is False
    assert "PostgreSQL" in ready.json()["reasons"][0]
