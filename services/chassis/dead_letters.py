"""Dead letters: records that could not be taken in, kept as they came, to be looked at and sent again.

Invariant: body, key and headers of a record that is set aside, and sent again, are those it came with, byte for byte.

Command line: `python -m services.chassis.dead_letters --help`.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from contracts.catalogue import METRICS, RECRUITMENT, RETENTION, dead_letter_topic
from services.chassis.logs import get_log

log = get_log(__name__)

HEADER = "dead-letter-"
"""What the headers begin with that say where a record was and why it is here."""


@dataclass(frozen=True, slots=True)
class SetAside:
    """A record that cannot be taken in, and why. `cause` is a short code for metrics."""

    record: ConsumerRecord
    cause: str
    reason: str
    attempts: int


class DeadLetters:
    """The dead-letter topic of one service, as its consumer writes it."""

    def __init__(self, service: str, kafka_servers: str, idempotent: bool) -> None:
        self._service = service
        self._topic = dead_letter_topic(service).name
        self._servers = kafka_servers
        self._idempotent = idempotent
        self._producer: AIOKafkaProducer | None = None

    async def put(self, item: SetAside) -> None:
        """Set one record aside and wait until Kafka has it. Raises KafkaError."""
        record = item.record
        where = {
            "topic": record.topic,
            "partition": str(record.partition),
            "offset": str(record.offset),
            "consumer": self._service,
            "cause": item.cause,
            "reason": item.reason,
            "attempts": str(item.attempts),
            "at": datetime.now(UTC).isoformat(),
        }
        headers = [*record.headers, *((f"{HEADER}{name}", value.encode()) for name, value in where.items())]
        try:
            producer = await self._started_producer()
            await producer.send_and_wait(self._topic, value=record.value, key=record.key, headers=headers)
        except KafkaError:
            # A producer whose broker lost its data does not recover; the next try starts with a new one.
            await self.close()
            raise
        log.warning(
            "record set aside", topic=record.topic, partition=record.partition, offset=record.offset, cause=item.cause
        )

    async def close(self) -> None:
        """Let go of the connection to Kafka."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await producer.stop()

    async def _started_producer(self) -> AIOKafkaProducer:
        if self._producer is None:
            producer = AIOKafkaProducer(
                bootstrap_servers=self._servers, acks="all", enable_idempotence=self._idempotent
            )
            await producer.start()
            self._producer = producer
        return self._producer


async def read_dead_letters(service: str, kafka_servers: str) -> AsyncIterator[ConsumerRecord]:
    """Every record that a service set aside, oldest first, up to the end of the topic now."""
    topic = dead_letter_topic(service)
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka_servers, enable_auto_commit=False, auto_offset_reset="earliest")
    await consumer.start()
    try:
        if topic.name not in await consumer.topics():
            return
        places = [TopicPartition(topic.name, number) for number in range(topic.partitions)]
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        await consumer.seek_to_beginning(*places)
        for place in places:
            while await consumer.position(place) < ends[place]:
                for records in (await consumer.getmany(place, timeout_ms=1000, max_records=100)).values():
                    for record in records:
                        yield record
    finally:
        await consumer.stop()


def where_and_why(record: ConsumerRecord) -> dict[str, str]:
    """What the headers of a dead letter say of it: topic, partition, offset, consumer, cause, reason, attempts, at."""
    return {name.removeprefix(HEADER): value.decode() for name, value in record.headers if name.startswith(HEADER)}


async def send_again(service: str, kafka_servers: str, offsets: set[int] | None) -> int:
    """Put dead letters (all, or those at these offsets of the dead-letter topic) back on their topics; gives how many.

    A record that was sent again earlier and taken in is known by its id, so sending it once more changes nothing.
    """
    producer = AIOKafkaProducer(bootstrap_servers=kafka_servers, acks="all")
    await producer.start()
    sent = 0
    try:
        async for record in read_dead_letters(service, kafka_servers):
            if offsets is None or record.offset in offsets:
                headers = [(name, value) for name, value in record.headers if not name.startswith(HEADER)]
                topic = where_and_why(record)["topic"]
                await producer.send_and_wait(topic, value=record.value, key=record.key, headers=headers)
                sent += 1
    finally:
        await producer.stop()
    return sent


async def _show(service: str, kafka_servers: str) -> int:
    shown = 0
    async for record in read_dead_letters(service, kafka_servers):
        about = where_and_why(record)
        place = f"{about['topic']}[{about['partition']}]@{about['offset']}"
        sys.stdout.write(f"{record.offset}\t{about['at']}\t{place}\t{about['cause']}\t{about['reason']}\n")
        shown += 1
    sys.stdout.write(f"{shown} records set aside by {service}\n")
    return 0


def main(arguments: list[str] | None = None) -> int:
    """List what a service set aside, or send it again."""
    parser = argparse.ArgumentParser(
        prog="python -m services.chassis.dead_letters",
        description="Look at the records a service could not take in, or put them back on their topics.",
        epilog="example: python -m services.chassis.dead_letters send-again --service metrics --offset 12",
    )
    parser.add_argument("action", choices=["list", "send-again"])
    parser.add_argument("--service", required=True, choices=[RECRUITMENT, RETENTION, METRICS])
    parser.add_argument(
        "--offset", type=int, action="append", help="only this record, by the offset that list prints first; can repeat"
    )
    parser.add_argument(
        "--kafka-servers",
        default=os.environ.get("WORKFORCE_KAFKA_SERVERS", "127.0.0.1:9092"),
        help="host:port (default: WORKFORCE_KAFKA_SERVERS)",
    )
    given = parser.parse_args(arguments)
    try:
        if given.action == "list":
            return asyncio.run(_show(given.service, given.kafka_servers))
        sent = asyncio.run(send_again(given.service, given.kafka_servers, set(given.offset) if given.offset else None))
    except KafkaError as error:
        sys.stderr.write(f"Kafka at {given.kafka_servers} did not answer: {error}\n")
        return 1
    sys.stdout.write(f"{sent} records sent again\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
