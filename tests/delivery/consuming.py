"""A consumer without Kafka: the failure policy as it is, and around it stand-ins that note what they are told.

Invariant: that real ones do it, test_bad_records shows.
"""

from collections.abc import Sequence
from typing import Any, cast

from aiokafka import ConsumerRecord, TopicPartition
from faststream.kafka.message import KafkaMessage

from contracts.envelope import Event, kafka_headers
from services.chassis.dead_letter_form import RejectedRecord
from services.chassis.dead_letters import DeadLetters
from services.chassis.delivery import Delivery, OnDeadLetter
from services.chassis.settings import DeliverySettings
from services.chassis.telemetry import Telemetry
from tests.delivery.feed import decoded, post_established

POSTS = "workforce.posts"
ZERO, ONE = TopicPartition(POSTS, 0), TopicPartition(POSTS, 1)


class NotedConsumer:
    """Notes which partitions are paused and where they are sent back to."""

    def __init__(self, assigned: Sequence[TopicPartition] = (ZERO, ONE)) -> None:
        self.assigned = set(assigned)
        self.paused: set[TopicPartition] = set()
        self.sought: dict[TopicPartition, int] = {}

    def assignment(self) -> set[TopicPartition]:
        return self.assigned

    def highwater(self, _: TopicPartition) -> None:
        return None

    def pause(self, partition: TopicPartition) -> None:
        self.paused.add(partition)

    def seek(self, partition: TopicPartition, offset: int) -> None:
        self.sought[partition] = offset

    @property
    def _subscription(self) -> Any:
        class _State:
            subscription = type("_", (), {"assignment": type("_", (), {"state_value": lambda *_: None})()})()

        return _State()


class KeptDeadLetters(DeadLetters):
    """Keeps what becomes a dead letter; the first tries fail with these errors."""

    def __init__(self, *errors: Exception) -> None:
        super().__init__("metrics", "127.0.0.1:1", idempotent=False)
        self.errors = list(errors)
        self.kept: list[tuple[TopicPartition, int, str]] = []

    async def put(self, item: RejectedRecord) -> None:
        if self.errors:
            raise self.errors.pop(0)
        record = item.record
        self.kept.append((TopicPartition(record.topic, record.partition), record.offset, item.cause))


class Consuming:
    """A delivery with everything it told; `in_a_row` bad records halt a partition."""

    def __init__(self, in_a_row: int = 4, on_dead_letter: OnDeadLetter | None = None, *errors: Exception) -> None:
        settings = DeliverySettings(
            attempts=2, backoff_seconds=0.001, longest_backoff_seconds=0.002, dead_letters_in_a_row=in_a_row
        )
        self.dead_letters = KeptDeadLetters(*errors)
        self.telemetry = Telemetry()
        self.delivery = Delivery(settings, self.dead_letters, self.telemetry, on_dead_letter)
        self.consumer = NotedConsumer()
        self.taken: list[str] = []

    async def deliver(self, *records: ConsumerRecord) -> None:
        async def take_in(events: list[Event], far_behind: bool) -> None:
            self.taken += [event.envelope.id for event in events]

        class Message:
            raw_message = records
            consumer = self.consumer

        await self.delivery.deliver(cast(KafkaMessage, Message()), take_in)

    def metric(self, name: str) -> float:
        """The sum of a metric over its labels."""
        return sum(
            sample.value
            for metric in self.telemetry.registry.collect()
            for sample in metric.samples
            if sample.name == name
        )


def good(partition: TopicPartition, offset: int, authority: str = "301") -> ConsumerRecord:
    """A record that keeps its contract; the event's id is where it stands."""
    event = decoded(post_established(f"P-{partition.partition}-{offset}", authority), offset + 1)
    return of(partition, offset, event.key, event.body, kafka_headers(event.envelope))


def bad(partition: TopicPartition, offset: int, authority: str | None) -> ConsumerRecord:
    """A record of an authority, or of nobody, that is not an event."""
    headers = [] if authority is None else [("ce_authority", authority.encode()), ("ce_sequence", b"7")]
    return of(partition, offset, None, b"{not json", headers)


def of(
    partition: TopicPartition, offset: int, key: bytes | None, value: bytes, headers: Sequence[Any]
) -> ConsumerRecord:
    return ConsumerRecord(partition.topic, partition.partition, offset, 0, 0, key, value, None, 0, 0, tuple(headers))
