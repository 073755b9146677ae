"""Kafka in: metrics reads every topic of the catalogue."""

from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.annotations import KafkaMessage

from contracts.catalogue import METRICS, topics_read_by
from services.chassis.delivery import passthrough_parser, skip_decoding
from services.chassis.runtime import Runtime
from services.metrics.ingest import handlers


def subscribe(broker: KafkaBroker, runtime: Runtime) -> None:
    """Declare what metrics consumes, with every delivery option."""

    @broker.subscriber(
        *(topic.name for topic in topics_read_by(METRICS)),
        group_id=METRICS,
        auto_offset_reset="earliest",
        ack_policy=AckPolicy.NACK_ON_ERROR,
        batch=True,
        max_records=5000,
        batch_timeout_ms=20,
        max_poll_interval_ms=600_000,
        session_timeout_ms=6000,
        heartbeat_interval_ms=2000,
        listener=runtime.readings,
        parser=passthrough_parser,
        decoder=skip_decoding,
    )
    async def take_in(message: KafkaMessage) -> None:
        await runtime.take_in(message, handlers.TakeInEvents(runtime))
