"""What a test feeds the system: CloudEvents as an HR system sends them, and records put straight onto a topic.

Invariant: every event states its own `time`, so that what is derived from it is the same whenever the test runs.
"""

import asyncio
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
from aiokafka import AIOKafkaProducer

from contracts.envelope import Event, kafka_headers, parse_event
from tests.parts import Broker, Service

Stated = dict[str, Any]
"""An event in structured mode, as a feed states it."""

RECORDED = "2023-11-01T09:00:00Z"
ACCEPTED = "2023-11-01T09:00:01Z"
LARGEST_REQUEST = 1_200_000
"""Bytes: a producer that leaves it to the broker what is too large."""
BATCH = {"content-type": "application/cloudevents-batch+json"}


def stated(id: str, type: str, subject: str, authority: str, data: dict[str, Any], **attributes: str) -> Stated:
    """An event of `uk.workforce.<type>.v1`; `attributes` are `time`, `supersedes` or `voids`."""
    return {
        "specversion": "1.0",
        "id": id,
        "source": "/hr",
        "type": f"uk.workforce.{type}.v1",
        "subject": subject,
        "time": RECORDED,
        "authority": authority,
        "data": data,
        **attributes,
    }


def post_established(post: str, authority: str, funded_fte: float = 1) -> Stated:
    """A social worker's post, funded from 2020 on; the id of the event is the post's."""
    data = {
        "effective_from": "2020-01-01",
        "role": "social-worker",
        "funded_fte": funded_fte,
        "team": "assessment",
        "service_area": "help-and-protection",
    }
    return stated(post, "post.established", f"post/{post}", authority, data)


def decoded(event: Stated, sequence: int) -> Event:
    """The event as metrics gets it: stamped with its position in the owner's journal."""
    attributes = {name: value for name, value in event.items() if name != "data"}
    stamps = {"acceptedtime": ACCEPTED, "sequence": str(sequence), "provenance": "request test"}
    return parse_event(attributes | stamps, json.dumps(event["data"]).encode())


async def send(service: Service, events: Sequence[Stated]) -> list[str]:
    """Send events to a service as one batch; gives its answers, `accepted` or `already-known`."""
    async with httpx.AsyncClient(timeout=60, trust_env=False) as client:
        answer = await client.post(f"{service.url}/v1/events", content=json.dumps(events), headers=BATCH)
    assert answer.status_code == httpx.codes.ACCEPTED, answer.text
    return [result["status"] for result in answer.json()["results"]]


@dataclass(frozen=True)
class Record:
    """A record as it stands on a topic, of partition 0 here."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]

    def with_header(self, name: str, value: bytes | None) -> "Record":
        """The same record with one header put in the place of the one of that name."""
        headers = tuple((known, value if known == name else held) for known, held in self.headers)
        return Record(self.topic, self.key, self.value, headers)

    def without_headers(self, *names: str) -> "Record":
        """The same record without these headers."""
        return Record(self.topic, self.key, self.value, tuple(item for item in self.headers if item[0] not in names))


def record_of(event: Stated, sequence: int = 1) -> Record:
    """The record that the relay would publish for an event."""
    made = decoded(event, sequence)
    return Record(made.topic, made.key, made.body, tuple(kafka_headers(made.envelope)))


async def put_on_topic(broker: Broker, records: Iterable[Record], partition: int = 0) -> list[int]:
    """Put records straight onto one partition of their topics, in order; gives their offsets."""
    producer = AIOKafkaProducer(
        bootstrap_servers=broker.servers, acks="all", max_batch_size=1, max_request_size=LARGEST_REQUEST
    )
    async with producer:
        futures = [
            await producer.send(record.topic, record.value, record.key, partition, headers=list(record.headers))
            for record in records
        ]
        return [acknowledged.offset for acknowledged in await asyncio.gather(*futures)]
