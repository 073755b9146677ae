"""What is answered to those who operate a service: its health by status and in words, and its dead letters.

Invariant: the service is asked over HTTP; what it would tell is given to it; every answer is as is documented.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest
from aiokafka import ConsumerRecord
from aiokafka.errors import KafkaConnectionError
from jsonschema import Draft202012Validator

from services.chassis.dead_letter_form import RejectedRecord, dead_letter
from services.chassis.dead_letters import NotSentAgain
from services.chassis.health import Readiness
from services.chassis.runtime import Runtime
from services.retention import app as retention

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


class Operated:
    """Retention, on this machine alone, so that nobody needs a key."""

    def __init__(self) -> None:
        app = retention.create(retention.ServiceSettings(database_url="postgresql://postgres@/nothing"))
        self.runtime: Runtime = app.state.runtime
        self.done: list[tuple[Any, ...]] = []
        self.runtime._pool = cast(Any, Kept(self.done))
        self.document = app.openapi()
        hooks = {"response": [self._is_as_documented]}
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://service", event_hooks=hooks
        )

    async def _is_as_documented(self, answer: httpx.Response) -> None:
        await answer.aread()
        operation = self.document["paths"][answer.url.path][answer.request.method.lower()]
        documented = operation["responses"][str(answer.status_code)]["content"]
        media_type = answer.headers["content-type"].partition(";")[0]
        if media_type.endswith("json"):
            schema = documented[media_type]["schema"] | {"components": self.document["components"]}
            Draft202012Validator(schema).validate(answer.json())
        assert media_type in documented

    def says(self, readiness: Readiness, stalled: str | None = None) -> None:
        """What its health is."""
        health = SimpleNamespace(readiness=lambda: readiness, stalled=lambda: stalled)
        self.runtime.health = cast(Any, health)


class Kept:
    """A database in which nothing was done with any letter; what is done is noted."""

    def __init__(self, done: list[tuple[Any, ...]]) -> None:
        self.done = done

    async def fetch(self, *_: Any) -> list[Any]:
        return []

    async def execute(self, _: str, letters: list[str], *what: Any) -> None:
        self.done.append((len(letters), *what))

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator["Kept"]:
        yield self

    transaction = acquire


@pytest.fixture
def service() -> Operated:
    return Operated()


async def test_where_there_is_no_reason_against_it_a_service_is_ready_whatever_is_remarked(service: Operated) -> None:
    service.says(Readiness([], ["2 events of workforce.hiring became dead letters: see /v1/dead-letters"], NOON))
    answer = await service.client.get("/health/ready")
    assert (answer.status_code, answer.json()) == (
        200,
        {
            "ready": True,
            "reasons": [],
            "remarks": ["2 events of workforce.hiring became dead letters: see /v1/dead-letters"],
            "complete_until": "2026-03-02T12:00:00Z",
            "records_behind": 0,
        },
    )


async def test_with_a_reason_against_it_it_is_not(service: Operated) -> None:
    service.says(Readiness(["PostgreSQL's disk is full"], [], None))
    answer = await service.client.get("/health/ready")
    body = answer.json()
    assert (answer.status_code, body["ready"], body["reasons"]) == (503, False, ["PostgreSQL's disk is full"])
    assert body["complete_until"] is None


@pytest.mark.parametrize(
    ("reason", "status"), [(None, 200), ("records wait and none was taken in for 60 seconds", 503)]
)
async def test_a_service_is_alive_unless_it_should_be_started_again(
    service: Operated, reason: str | None, status: int
) -> None:
    service.says(Readiness(["PostgreSQL's disk is full"], [], None), stalled=reason)
    answer = await service.client.get("/health/live")
    assert (answer.status_code, answer.json()) == (status, {"live": reason is None, "reason": reason})


async def test_metrics_are_told_in_the_text_format_of_prometheus(service: Operated) -> None:
    service.runtime.telemetry.journal_position.set(7)
    answer = await service.client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    assert "workforce_journal_position 7.0" in answer.text.splitlines()


def letter(offset: int, authority: str, index: int) -> ConsumerRecord:
    """A dead letter of a starter whose body would name somebody, and who stood at this place."""
    came = ConsumerRecord(
        "workforce.hiring", 3, index, 0, 0, f"{authority}:worker/W-1".encode(), b'{"surname": "?"}', None, 0, 0, ()
    )
    made = dead_letter(RejectedRecord(came, "contract", "data.surname: is not known", 1), "retention", 1_000_000)
    headers = tuple(made.headers)
    return ConsumerRecord("retention.dead-letter", 0, offset, 0, 0, made.key, made.value, None, 0, 0, headers)


async def test_dead_letters_are_listed_with_why_and_without_key_and_body(
    service: Operated, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    async def read(*of: str) -> AsyncIterator[ConsumerRecord]:
        asked.extend(of)
        # The first was read, and rejected, twice.
        for record in (letter(4, "331", 12), letter(5, "332", 13), letter(6, "331", 12)):
            yield record

    monkeypatch.setattr("services.chassis.dead_letters.read_dead_letters", read)
    answer = await service.client.get("/v1/dead-letters")
    assert answer.status_code == 200, answer.text
    records = answer.json()["records"]
    assert answer.status_code == 200
    assert asked == ["retention", "127.0.0.1:9092"]
    assert [record["offset"] for record in records] == [5, 6]
    assert records[0].keys() == {"offset", "about", "state", "history"}
    assert (records[0]["state"], records[0]["history"]) == ("open", [])
    assert (
        records[0]["about"].items()
        >= {
            "topic": "workforce.hiring",
            "partition": "3",
            "offset": "13",
            "consumer": "retention",
            "cause": "contract",
            "reason": "data.surname: is not known",
        }.items()
    )
    assert "W-1" not in answer.text
    assert '\\"surname\\"' not in answer.text


def _there(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two letters, at the offsets 5 and 6."""

    async def read(*_: str) -> AsyncIterator[ConsumerRecord]:
        for record in (letter(5, "332", 13), letter(6, "331", 12)):
            yield record

    monkeypatch.setattr("services.chassis.dead_letters.read_dead_letters", read)


async def test_what_is_sent_again_is_what_was_asked_for_each_once(
    service: Operated, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    async def send(*of: Any) -> int:
        asked.extend(of)
        return 2

    _there(monkeypatch)
    monkeypatch.setattr("services.chassis.dead_letter_routes.send_again", send)
    answer = await service.client.post("/v1/dead-letters/send-again", json={"offsets": [6, 5, 6]})
    assert (answer.status_code, answer.json()) == (202, {"sent": 2})
    assert asked == ["retention", "127.0.0.1:9092", {5, 6}]
    assert service.done == [(2, "sent-again", "loopback", None)]


async def test_what_cannot_be_sent_again_is_told_beside_how_many_were(
    service: Operated, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def send(*_: Any) -> int:
        raise NotSentAgain(1, {7: "there is no such record"})

    _there(monkeypatch)
    monkeypatch.setattr("services.chassis.dead_letter_routes.send_again", send)
    answer = await service.client.post("/v1/dead-letters/send-again", json={"offsets": [6, 7]})
    assert service.done == [(1, "sent-again", "loopback", None)]
    body = answer.json()
    assert (answer.status_code, body["sent"], body["detail"]) == (409, 1, "offset 7: there is no such record")
    assert body["type"] == "urn:workforce:problem:not-sent-again"


@pytest.mark.parametrize("asked", ["list", "send"])
async def test_while_kafka_is_away_it_is_told_so(
    service: Operated, monkeypatch: pytest.MonkeyPatch, asked: str
) -> None:
    async def read(*_: Any) -> AsyncIterator[ConsumerRecord]:
        raise KafkaConnectionError
        yield

    async def send(*_: Any) -> int:
        raise KafkaConnectionError

    monkeypatch.setattr("services.chassis.dead_letters.read_dead_letters", read)
    monkeypatch.setattr("services.chassis.dead_letter_routes.send_again", send)
    answer = (
        await service.client.get("/v1/dead-letters")
        if asked == "list"
        else await service.client.post("/v1/dead-letters/send-again", json={"offsets": [6]})
    )
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert answer.json()["detail"].startswith("Kafka cannot be reached.")
