"""Watermarks and requests: how a reader learns what it must have, and asks for what it misses.

Invariant: what a watermark says of positions and counts stays true for ever: positions of a journal have no gaps, and
an event never changes its position. Only `log_position` and `log_ends` speak of Kafka's log, which can be lost.
"""

from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from contracts.catalogue import TOPIC_OF_TYPE
from contracts.refusal import Fault, Refused, refused_by
from contracts.values import Instant

Position = Annotated[int, Field(ge=0, lt=2**63, description="A position in the owner's journal; 0 before the first.")]
Count = Annotated[int, Field(ge=0, lt=2**63)]

TOPIC_NAMES = frozenset(topic.name for topic in TOPIC_OF_TYPE.values())


class TopicMark(BaseModel):
    """What a watermark says of one topic."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    count: Count = Field(description="How many events of this topic have a position up to the watermark's.")
    log_position: Position = Field(
        description="Kafka's log holds every event of this topic up to here. Below the watermark's position while a "
        "log that was lost is published again."
    )
    log_ends: tuple[Count, ...] = Field(
        max_length=10_000,
        description="The offset after the last of those records, partition by partition from 0: who has read up to "
        "all of these has read every event up to `log_position`.",
    )


class Watermark(BaseModel):
    """What an owner has published: every event it accepted before `until` has a position up to `position`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    owner: str
    position: Position
    head: Position = Field(description="The position of the newest event that was accepted.")
    until: Instant
    topics: dict[str, TopicMark]


class RepublishRequest(BaseModel):
    """A reader misses events of a topic: those after one position, up to another."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    reader: str = Field(max_length=100)
    topic: str = Field(max_length=200)
    after: Position
    up_to: Position


Message = TypeVar("Message", Watermark, RepublishRequest)


def encode(message: Watermark | RepublishRequest) -> bytes:
    """A message as the value of a Kafka record: JSON."""
    return message.model_dump_json().encode()


def decode(kind: type[Message], value: bytes | None) -> Message:
    """The message in a Kafka record. Raises Refused for a record that holds none, or names a topic that is none."""
    try:
        message = kind.model_validate_json(value or b"")
    except ValidationError as error:
        raise refused_by(error, "", tuple(kind.model_fields)) from None
    named = set(message.topics) if isinstance(message, Watermark) else {message.topic}
    if not named <= TOPIC_NAMES:
        raise Refused(Fault("topic", "is not a topic that carries events", f"one of {', '.join(sorted(TOPIC_NAMES))}"))
    return message
