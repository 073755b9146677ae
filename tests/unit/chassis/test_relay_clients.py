"""How a relay begins, with which clients, and what becomes of it where they do not answer.

Invariant: no test waits for Kafka; what must end ends within a minute on any machine.
"""

import asyncio
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from typing import Any, cast

import asyncpg
import pytest
from aiokafka import TopicPartition

from contracts.catalogue import RECRUITMENT
from services.chassis import relay
from services.chassis.partitions import by_authority, by_whole_key
from services.chassis.relay import KafkaLogIsShorter
from services.chassis.settings import Settings
from services.chassis.telemetry import Telemetry
from tests.unit.chassis.journals import Publishing


class Made:
    """A client of Kafka that notes with what it was made, and does nothing."""

    def __init__(self, **settings: Any) -> None:
        self.settings = settings
        self.assigned: list[TopicPartition] = []

    def __getattr__(self, name: str) -> Any:
        return self._done

    async def _done(self, *_: Any) -> None:
        """As each of its methods does."""

    def assign(self, partitions: list[TopicPartition]) -> None:
        self.assigned = partitions


@pytest.mark.parametrize("idempotent", [True, False])
async def test_what_a_relay_sends_is_taken_by_every_copy_and_its_topics_are_kept_as_long_as_they_should_be(
    monkeypatch: pytest.MonkeyPatch, idempotent: bool
) -> None:
    for client in ("AIOKafkaProducer", "AIOKafkaAdminClient", "AIOKafkaConsumer"):
        monkeypatch.setattr(relay, client, Made)
    settings = Settings(
        database_url="postgresql:///unused", kafka_servers="kafka:9092", kafka_idempotent_producer=idempotent
    )
    kept: list[bool] = []

    async def keep(_: Any, *, retention_too: bool = False) -> dict[str, int]:
        kept.append(retention_too)
        return {}

    beginning = relay.Relay(RECRUITMENT, settings, Telemetry())
    monkeypatch.setattr(beginning._keeper, "keep", keep)
    async with AsyncExitStack() as stack:
        clients = cast(Any, await beginning._connect_to_kafka(stack, cast(asyncpg.Connection, None)))
    assert kept == [True]
    made = (clients.producer, clients.admin, clients.ends, clients.requests)
    assert {client.settings["bootstrap_servers"] for client in made} == {"kafka:9092"}
    assert {client.settings["request_timeout_ms"] for client in made} == {10_000}
    sends = clients.producer.settings
    assert (sends["acks"], sends["enable_idempotence"]) == ("all", idempotent)
    # The embedded broker counts a batch as one record.
    assert sends["max_batch_size"] == (65_536 if idempotent else 1)
    assert sends["partitioner"] is (by_authority if idempotent else by_whole_key)
    reads = clients.requests.settings
    assert (reads["enable_auto_commit"], reads["auto_offset_reset"]) == (False, "earliest")
    assert clients.requests.assigned == [TopicPartition("workforce.recruitment.requests", 0)]
    # Kafka answers a connection in order: a look at the logs would wait half a second behind the wait for records.
    assert clients.ends is not clients.requests
    assert not clients.ends.assigned


async def never(*_: Any, **__: Any) -> Any:
    """A client that met a broker which went away."""
    await asyncio.Event().wait()


async def ended_by(relaying: Coroutine[Any, Any, None]) -> BaseException | None:
    """The failure with which this ended, within a minute; None where it ended without one."""
    task = asyncio.create_task(relaying)
    done, _ = await asyncio.wait({task}, timeout=60)
    assert done
    return task.exception()


async def test_a_round_in_which_kafka_does_not_answer_ends(pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "LONGEST_ROUND_SECONDS", 0.01)
    async with pool.acquire() as connection:
        publishing = Publishing(connection)
        publishing.kafka.describe_topics = never  # type: ignore[method-assign]
        assert isinstance(await ended_by(publishing.relay._publish_for_ever(publishing.clients)), TimeoutError)


async def test_a_beginning_in_which_kafka_does_not_answer_ends(
    pool: asyncpg.Pool, address_of_tables: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "LONGEST_START_SECONDS", 0.01)
    beginning = relay.Relay(RECRUITMENT, Settings(database_url=address_of_tables), Telemetry())
    beginning._connect_to_kafka = never  # type: ignore[method-assign]
    assert isinstance(await ended_by(beginning._lead()), TimeoutError)


async def test_a_relay_begins_anew_after_any_failure_and_ends_when_it_is_told_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(relay, "BACKOFF_SECONDS", 0)
    relaying = relay.Relay(RECRUITMENT, Settings(database_url="postgresql:///unused"), Telemetry())
    failures = [KafkaLogIsShorter("lost"), ConnectionRefusedError(), ZeroDivisionError(), asyncio.CancelledError()]
    leads = asyncio.Event()

    async def lead() -> None:
        if failures:
            raise failures.pop(0)
        leads.set()
        await never()

    relaying._lead = lead  # type: ignore[method-assign]
    task = asyncio.create_task(relaying.run())
    await asyncio.wait_for(leads.wait(), 60)
    task.cancel()
    await asyncio.wait({task})
    assert task.cancelled()
