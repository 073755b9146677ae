"""What every service's consumer is made of: one subscriber in batches, with every delivery option.

Invariant: Kafka is told of a batch only after its handler has returned, and a consumer begins at the beginning.
"""

from collections.abc import Callable

from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.annotations import KafkaMessage

from contracts.catalogue import topics_read_by
from services.chassis.delivery import TakeIn, passthrough_parser, skip_decoding
from services.chassis.partitions import ASSIGNORS, ASSIGNORS_OF_ONE
from services.chassis.runtime import Runtime


def consume(
    broker: KafkaBroker,
    runtime: Runtime,
    handler: Callable[[], TakeIn],
    *,
    max_records: int = 1000,
    batch_timeout_ms: int = 50,
) -> None:
    """Have a service read its topics of the catalogue. `handler` is asked for with each batch."""
    service, shares = runtime.spec.name, runtime.settings.kafka_idempotent_producer

    @broker.subscriber(
        *(topic.name for topic in topics_read_by(service)),
        group_id=service,
        auto_offset_reset="earliest",
        ack_policy=AckPolicy.NACK_ON_ERROR,
        batch=True,
        max_records=max_records,
        batch_timeout_ms=batch_timeout_ms,
        partition_assignment_strategy=ASSIGNORS if shares else ASSIGNORS_OF_ONE,
        max_poll_interval_ms=600_000,
        session_timeout_ms=6000,
        heartbeat_interval_ms=2000,
        listener=runtime.readings,
        parser=passthrough_parser,
        decoder=skip_decoding,
    )
    async def take_in(message: KafkaMessage) -> None:
        await runtime.take_in(message, handler())
