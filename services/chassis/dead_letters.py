"""Dead letters: records that could not be taken in. They are kept as they came, to be looked at and sent again.

Invariant: body, key and headers of a record that is sent again are those it came with, byte for byte. (Only what is not
UTF-8 in the name of a header stands there as `\\xff`.)

Command line: `python -m services.chassis.dead_letters --help`.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.errors import (
    KafkaError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
    UnknownTopicOrPartitionError,
)

from contracts.catalogue import EVENT_TOPICS, METRICS, RECRUITMENT, RETENTION, dead_letter_topic

# So that no record on the topic keeps the others from being read, and no topic is made by being asked for.
from services.chassis import kafka_records, topics  # noqa: F401
from services.chassis.dead_letter_form import (
    Headers,
    RejectedRecord,
    dead_letter,
    fingerprint,
    letter_of,
    passthrough_parser,
    where_and_why,
)
from services.chassis.logs import get_log
from services.chassis.partitions import by_authority

log = get_log(__name__)

ROOM = (1_000_000, 100_000, 0)
"""How many bytes of the record a dead letter keeps. The first is below a broker's default limit of 1,048,588 for a
record with its headers. The others are tried if the broker takes less; 0 is for a record that cannot be written as
it came."""

ORIGINAL_SECONDS = 10.0
"""How long to wait for the original of a record that was cut."""


class DeadLetters:
    """The dead-letter topic of one service, as its consumer writes it."""

    def __init__(self, service: str, kafka_servers: str, idempotent: bool) -> None:
        self._service = service
        self._topic = dead_letter_topic(service).name
        self._servers = kafka_servers
        self._idempotent = idempotent
        self._producer: AIOKafkaProducer | None = None

    async def put(self, item: RejectedRecord) -> None:
        """Write the dead letter of one record, and wait until Kafka has it. Raises KafkaError.

        If Kafka refuses it for its size or content, it is written again with less of the record.
        """
        for room in ROOM:
            try:
                producer = await self._started_producer()
                letter = dead_letter(item, self._service, room)
                await producer.send_and_wait(self._topic, value=letter.value, key=letter.key, headers=letter.headers)
                break
            except Exception as error:
                # A producer whose broker lost its data does not recover, nor an idempotent one of which a record was
                # refused; the next try starts with a new one.
                await self.close()
                if not (room and _is_of_what_came(error)):
                    raise
                log.warning("a dead letter is cut", room=room, cause=type(error).__name__)
        record = item.record
        log.warning(
            "record rejected", topic=record.topic, partition=record.partition, offset=record.offset, cause=item.cause
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


def _is_of_what_came(error: Exception) -> bool:
    """Whether it may help to keep less of the record: it is too large for this broker, or cannot be written at all."""
    return isinstance(error, MessageSizeTooLargeError | RecordListTooLargeError) or not isinstance(
        error, KafkaError | OSError
    )


async def read_dead_letters(service: str, kafka_servers: str) -> AsyncIterator[ConsumerRecord]:
    """Every dead letter of a service, oldest first, up to the end of the topic now."""
    topic = dead_letter_topic(service)
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka_servers, enable_auto_commit=False, auto_offset_reset="earliest")
    await consumer.start()
    try:
        if topic.name not in await consumer.topics():
            return
        partitions = [TopicPartition(topic.name, number) for number in range(topic.partitions)]
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        await consumer.seek_to_beginning(*partitions)
        for partition in partitions:
            while await consumer.position(partition) < ends[partition]:
                for records in (await consumer.getmany(partition, timeout_ms=1000, max_records=100)).values():
                    for record in records:
                        yield record
    finally:
        await consumer.stop()


class Listed(NamedTuple):
    """A dead letter as it is listed, without its content: its identity, where the record was, and why it was
    rejected.
    """

    letter: str
    about: dict[str, str]


async def every_letter(service: str, kafka_servers: str) -> dict[int, Listed]:
    """The dead letters of a service by their offsets on its topic, oldest first."""
    records = read_dead_letters(service, kafka_servers)
    return {record.offset: Listed(letter_of(record), where_and_why(record)) async for record in records}


def each_once(every: Mapping[int, Listed]) -> dict[int, Listed]:
    """One letter for each record. If a record was rejected several times, the last letter, which gives the present
    reason.
    """
    last = {listed.letter: offset for offset, listed in every.items()}
    return {offset: every[offset] for offset in sorted(last.values())}


async def list_dead_letters(service: str, kafka_servers: str) -> dict[int, dict[str, str]]:
    """The dead letters of a service, each record once, oldest first: where it was and why, by offset on that topic."""
    once = each_once(await every_letter(service, kafka_servers))
    return {offset: listed.about for offset, listed in once.items()}


async def find_dead_letter(service: str, kafka_servers: str, offset: int) -> ConsumerRecord | None:
    """The dead letter at an offset, whole; None where there is none."""
    async for record in read_dead_letters(service, kafka_servers):
        if record.offset == offset:
            return record
    return None


class NotSentAgain(Exception):
    """Raised if some dead letters cannot be put back. `sent` says how many others were sent.

    `reasons` gives the reason of each, by offset on the dead-letter topic.
    """

    def __init__(self, sent: int, reasons: dict[int, str]) -> None:
        super().__init__("; ".join(f"offset {offset}: {reason}" for offset, reason in sorted(reasons.items())))
        self.sent = sent
        self.reasons = reasons


class _Unsendable(Exception):
    """Raised for one dead letter that cannot be put back; says why."""


async def send_again(service: str, kafka_servers: str, offsets: set[int] | None) -> int:
    """Put dead letters (all, or those at these offsets of the dead-letter topic) back on their topics. Returns how
    many.

    A record that was sent again earlier and taken in is known by source and id: sending it once more changes nothing.
    Raises NotSentAgain, after all others were sent, if some are cut or were put there by somebody else.
    """
    producer = AIOKafkaProducer(
        bootstrap_servers=kafka_servers, acks="all", max_request_size=2 * ROOM[0], partitioner=by_authority
    )
    await producer.start()
    sent = 0
    refused = dict.fromkeys(offsets or (), "there is no such record")
    try:
        async for record in read_dead_letters(service, kafka_servers):
            refused.pop(record.offset, None)
            if offsets is None or record.offset in offsets:
                try:
                    topic, original = await _to_send(record, kafka_servers)
                except _Unsendable as reason:
                    refused[record.offset] = str(reason)
                    continue
                await producer.send_and_wait(
                    topic, value=original.value, key=original.key, headers=list(passthrough_parser(original))
                )
                sent += 1
    finally:
        await producer.stop()
    if refused:
        raise NotSentAgain(sent, refused)
    return sent


async def send(kafka_servers: str, topic: str, key: bytes, value: bytes, headers: Headers) -> None:
    """Put a record in the place of a dead letter on a topic of events. Raises KafkaError."""
    producer = AIOKafkaProducer(bootstrap_servers=kafka_servers, acks="all", max_request_size=2 * ROOM[0])
    await producer.start()
    try:
        await producer.send_and_wait(topic, value=value, key=key, headers=list(headers))
    finally:
        await producer.stop()


async def _to_send(record: ConsumerRecord, kafka_servers: str) -> tuple[str, ConsumerRecord]:
    """The topic a dead letter goes back to, and the record to put there. Raises _Unsendable."""
    about = where_and_why(record)
    topic = about.get("topic", "")
    if topic not in (known.name for known in EVENT_TOPICS):
        raise _Unsendable("its headers do not say from which topic of events it came: no service put it there")
    if "empty" in about:
        raise _Unsendable("it had neither key nor body, and can never be taken in")
    if "cut" not in about:
        return topic, record
    where = f"{topic}, partition {about.get('partition')}, offset {about.get('offset')}"
    try:
        original = await _read_one(kafka_servers, topic, int(about["partition"]), int(about["offset"]))
    except (KeyError, ValueError):
        original = None
    if original is None or fingerprint(original) != about.get("original-sha256"):
        raise _Unsendable(f"it was too large to be kept whole, and its original no longer stands at {where}")
    return topic, original


async def _read_one(kafka_servers: str, topic: str, number: int, offset: int) -> ConsumerRecord | None:
    """The record at an offset of a partition; None if it is no longer there."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=kafka_servers,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        request_timeout_ms=int(ORIGINAL_SECONDS * 1000),
    )
    await consumer.start()
    try:
        partition = TopicPartition(topic, number)
        consumer.assign([partition])
        first, end = await consumer.beginning_offsets([partition]), await consumer.end_offsets([partition])
        if not first[partition] <= offset < end[partition]:
            return None
        consumer.seek(partition, offset)
        fetched = await consumer.getmany(partition, timeout_ms=int(ORIGINAL_SECONDS * 1000), max_records=1)
        records: list[ConsumerRecord] = fetched.get(partition, [])
        return records[0] if records and records[0].offset == offset else None
    except (KafkaTimeoutError, UnknownTopicOrPartitionError):
        return None
    finally:
        await consumer.stop()


async def _show(service: str, kafka_servers: str) -> int:
    letters = await list_dead_letters(service, kafka_servers)
    for offset, about in letters.items():
        sys.stdout.write(f"{offset}\t{_in_a_line(about)}\n")
    sys.stdout.write(f"{len(letters)} dead letters of {service}\n")
    return 0


def _in_a_line(about: dict[str, str]) -> str:
    """What is known of a dead letter: when, from where, cause, reason. What is not ASCII stands as `\\xe9`."""
    if not about:
        return "?\t?\t?\tno service put it there: it has no headers of a dead letter"
    where = f"{about.get('topic', '?')}[{about.get('partition', '?')}]@{about.get('offset', '?')}"
    words = (about.get("at", "?"), where, about.get("cause", "?"), about.get("reason", "?"))
    cut = f" (cut; {about['cut']})" if "cut" in about else ""
    return "\t".join(word.encode("unicode_escape").decode() for word in words) + cut.encode("unicode_escape").decode()


def main(arguments: list[str] | None = None) -> int:
    """List the dead letters of a service, or send them again."""
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
    except NotSentAgain as refused:
        sys.stdout.write(f"{refused.sent} records sent again\n")
        for offset, reason in sorted(refused.reasons.items()):
            sys.stderr.write(f"the record at offset {offset} was not sent again: {reason}\n")
        return 1
    except KafkaError as error:
        sys.stderr.write(f"Kafka at {given.kafka_servers} did not answer: {error}\n")
        return 1
    sys.stdout.write(f"{sent} records sent again\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
