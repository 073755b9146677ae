"""Kafka in: metrics reads every topic of the catalogue."""

from faststream.kafka import KafkaBroker

from services.chassis.consuming import consume
from services.chassis.runtime import Runtime
from services.metrics.ingest import handlers


def subscribe(broker: KafkaBroker, runtime: Runtime) -> None:
    """Declare what metrics consumes: more at a time, as it derives what it takes in."""
    consume(broker, runtime, lambda: handlers.TakeInEvents(runtime), max_records=5000, batch_timeout_ms=20)
