"""What is done when Kafka's client does not take a dead letter: less of it is tried, or the error is told."""

from typing import Any

import pytest
from aiokafka import ConsumerRecord
from aiokafka.errors import KafkaConnectionError, MessageSizeTooLargeError, TopicAuthorizationFailedError

from services.chassis.dead_letter_form import RejectedRecord
from services.chassis.dead_letters import DeadLetters

RECORD = ConsumerRecord("workforce.posts", 0, 1, 0, 0, b"key", b"x" * 500_000, None, 0, 0, (("a", b"1"),))
ITEM = RejectedRecord(RECORD, "contract", "data: is not JSON", 1)


class Producer:
    """Takes records of so many bytes, and raises this error for larger ones."""

    def __init__(self, most: int, error: Exception) -> None:
        self.most, self.error = most, error
        self.taken: list[int] = []

    async def send_and_wait(self, topic: str, value: bytes | None, key: bytes | None, headers: Any) -> None:
        if len(value or b"") > self.most:
            raise self.error
        self.taken.append(len(value or b""))

    async def stop(self) -> None:
        self.stopped = True


class Writing(DeadLetters):
    """The dead letters of metrics, written by a stand-in."""

    def __init__(self, producer: Producer) -> None:
        super().__init__("metrics", "127.0.0.1:1", idempotent=False)
        self.producer = producer

    async def _started_producer(self) -> Any:
        return self.producer


@pytest.mark.parametrize(
    ("most", "error", "taken"),
    [
        (1_000_000, MessageSizeTooLargeError(), 500_000),
        (200_000, MessageSizeTooLargeError(), 99_985),
        (10, MessageSizeTooLargeError(), 0),
        (0, AssertionError("Need at least one: key or value"), 0),
        (0, UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed"), 0),
    ],
)
async def test_what_is_too_large_or_cannot_be_written_is_put_with_less_of_it(
    most: int, error: Exception, taken: int
) -> None:
    producer = Producer(most, error)
    await Writing(producer).put(ITEM)
    assert producer.taken == [taken]


@pytest.mark.parametrize("error", [KafkaConnectionError(), TopicAuthorizationFailedError(), ConnectionRefusedError()])
async def test_what_less_would_not_mend_is_told_at_once(error: Exception) -> None:
    producer = Producer(-1, error)
    with pytest.raises(type(error)):
        await Writing(producer).put(ITEM)


async def test_where_not_even_the_least_is_taken_the_record_is_not_let_go_of() -> None:
    producer = Producer(-1, MessageSizeTooLargeError())
    with pytest.raises(MessageSizeTooLargeError):
        await Writing(producer).put(ITEM)
    assert producer.taken == []
