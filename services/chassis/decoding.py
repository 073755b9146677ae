"""Decoding: from a record of Kafka to its event, or to what is wrong with it.

Invariant: whatever a record holds, it becomes an event or a rejected record; nothing is raised.
"""

import asyncio
import re
from collections.abc import Sequence

from aiokafka import ConsumerRecord

from contracts.catalogue import TOPIC_OF_TYPE
from contracts.envelope import Event, decode_record
from contracts.refusal import Fault, Refused
from contracts.values import AUTHORITY_PATTERN, LARGEST_SEQUENCE
from services.chassis.dead_letter_form import RejectedRecord
from services.chassis.dead_letter_limit import Owner
from services.chassis.logs import get_log, without_details

log = get_log(__name__)

DECODED_AT_ONCE = 50
"""Records that are decoded (in a millisecond or two) before other tasks get a turn."""

_authority = re.compile(AUTHORITY_PATTERN)


def owner_of(record: ConsumerRecord) -> Owner:
    """The authority that a record names in its headers or else in its key; None if neither can be read."""
    named = [value for name, value in record.headers if name == "ce_authority"]
    for content in (*named, (record.key or b"").partition(b":")[0]):
        text = (content or b"").decode("ascii", "replace")
        if _authority.fullmatch(text):
            return text
    return None


def sequence_of(record: ConsumerRecord) -> int | None:
    """The position in its owner's journal that a record names; None if it cannot be read."""
    for name, value in record.headers:
        if name == "ce_sequence" and re.fullmatch(rb"[1-9][0-9]{0,18}", value or b""):
            sequence = int(value or b"")
            return sequence if sequence <= LARGEST_SEQUENCE else None
    return None


def event_taken_in(headers: Sequence[tuple[str, bytes | None]], value: bytes | None, topic: str) -> Event:
    """The event of a record, as every consumer takes it in. Raises Refused if no consumer would."""
    event = decode_record(headers, value)
    envelope = event.envelope
    missing = [name for name in ("acceptedtime", "sequence") if getattr(envelope, name) is None]
    if missing:
        raise Refused(*(Fault(f"ce_{name}", "is missing", "what the accepting service stamps") for name in missing))
    if TOPIC_OF_TYPE[envelope.type].name != topic:
        raise Refused(Fault("ce_type", f"does not stand on {topic}", TOPIC_OF_TYPE[envelope.type].name, envelope.type))
    return event


async def decode_records(
    records: Sequence[ConsumerRecord],
) -> tuple[list[tuple[ConsumerRecord, Event]], list[RejectedRecord]]:
    """The events in records, and the records that hold no event. Other tasks get their turn meanwhile."""
    good: list[tuple[ConsumerRecord, Event]] = []
    bad: list[RejectedRecord] = []
    for index, record in enumerate(records):
        if index % DECODED_AT_ONCE == DECODED_AT_ONCE - 1:
            await asyncio.sleep(0)
        decoded = decoded_event(record)
        if isinstance(decoded, RejectedRecord):
            bad.append(decoded)
        else:
            good.append((record, decoded))
    return good, bad


def decoded_event(record: ConsumerRecord) -> Event | RejectedRecord:
    """The event in a record. Whatever is wrong with it becomes the reason of its dead letter."""
    try:
        return event_taken_in(record.headers, record.value, record.topic)
    except Refused as refusal:
        return RejectedRecord(record, "contract", str(refusal), 1)
    except Exception as error:
        log.error("a record cannot be decoded", topic=record.topic, offset=record.offset, exc_info=error)
        return RejectedRecord(record, "decoding", in_words(error), 1)


def in_words(error: Exception) -> str:
    return f"{type(error).__name__}: {without_details(str(error))}"
