"""How every service consumes Kafka: one subscriber that reads batches, with all delivery options.

Invariant: a batch is committed to Kafka only after its handler has returned, and a new consumer begins at the
beginning.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from aiokafka import ConsumerRecord
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.annotations import KafkaMessage

from contracts.catalogue import topics_read_by
from services.chassis.delivery import TakeIn
from services.chassis.gathering import LONGEST_FETCH_MILLISECONDS, gather
from services.chassis.partitions import ASSIGNORS, ASSIGNORS_OF_ONE
from services.chassis.runtime import Runtime

FETCHED_OF_A_PARTITION, FETCHED_AT_ONCE = 512 * 1024, 4 * 1024 * 1024
"""Bytes that are fetched ahead of what is taken in: of each partition, and by one request to Kafka. By aiokafka's own
settings a backlog on some dozens of partitions takes 50 MB."""


def consume(
    broker: KafkaBroker,
    runtime: Runtime,
    handler: Callable[[], TakeIn],
    *,
    max_records: int = 1000,
    batch_timeout_ms: int = 50,
) -> None:
    """Have a service read its topics of the catalogue. `handler` is called for each batch to get the handler."""
    service, shares = runtime.spec.name, runtime.settings.kafka_idempotent_producer

    subscriber = broker.subscriber(
        *(topic.name for topic in topics_read_by(service)),
        group_id=service,
        auto_offset_reset="earliest",
        ack_policy=AckPolicy.NACK_ON_ERROR,
        batch=True,
        max_records=max_records,
        batch_timeout_ms=batch_timeout_ms,
        partition_assignment_strategy=ASSIGNORS if shares else ASSIGNORS_OF_ONE,
        fetch_max_bytes=FETCHED_AT_ONCE,
        max_partition_fetch_bytes=FETCHED_OF_A_PARTITION,
        fetch_max_wait_ms=LONGEST_FETCH_MILLISECONDS,
        max_poll_interval_ms=600_000,
        session_timeout_ms=6000,
        heartbeat_interval_ms=2000,
        listener=runtime.readings,
        parser=passthrough_parser,
        decoder=skip_decoding,
    )

    async def next_records(consumer: Any) -> tuple[ConsumerRecord, ...]:
        runtime.records_in_hand = False
        records = await gather(consumer, batch_timeout_ms, max_records, runtime.hold_records)
        runtime.records_in_hand = runtime.records_in_hand and bool(records)
        return records

    # FastStream's own takes what was fetched ahead, and sleeps for a while if there is nothing.
    subscriber.get_msg = next_records  # type: ignore[method-assign]

    @subscriber
    async def take_in(message: KafkaMessage) -> None:
        await runtime.take_in(message, handler())


class _Undecoded:
    """Takes the place of a batch in FastStream's own parser, which would fail the whole batch on one header that is
    not text.
    """

    topic = ""
    value = b""
    headers: tuple[tuple[str, bytes], ...] = ()
    offset = 0
    timestamp = 0


async def passthrough_parser(records: Any, parse: Callable[[Any], Awaitable[Any]]) -> Any:
    """FastStream parser: the message of a batch, with its records untouched."""
    message = await parse((_Undecoded(),))
    message.raw_message = records
    return message


async def skip_decoding(_: Any) -> None:
    """FastStream decoder that decodes nothing: each record is decoded separately later."""
