"""The envelope: CloudEvents 1.0 attributes around an event's data, and how both stand in a Kafka record.

Invariant: `decode(encode(event)) == event`; nothing outside a contract ever becomes an Event.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from contracts.catalogue import EVENT_MODELS, TOPIC_OF_TYPE
from contracts.events.base import EventData, Withdrawal
from contracts.near_names import near_first
from contracts.refusal import MOST_FAULTS, Fault, Refused, refused_by, shown
from contracts.values import AuthorityCode, Instant, Sequence64

EventId = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$",
        description="Identifies the event within its authority and source; sent again unchanged when the event is sent "
        "again. Two systems may number their events alike.",
    ),
]
Source = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9/._:-]{1,200}$",
        description="The system that recorded the event, as a URI reference.",
        examples=["/coventry/hr"],
    ),
]
Subject = Annotated[
    str,
    Field(pattern=r"^[a-z][a-z-]{0,30}/[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", examples=["worker/W-0001"]),
]
SourceSequence = Annotated[
    str,
    Field(
        pattern=r"^[0-9]{1,18}$",
        description="Which of the events that one source recorded at one `time` is the later: the one with the higher "
        "whole number. Of one source, an event that states it is later than one that does not.",
        examples=["17"],
    ),
    AfterValidator(lambda digits: str(int(digits))),
]
"""A whole number as text. Systems that write 0017 mean 17, and it stands as 17 everywhere behind the door."""

LARGEST_DATA = 65_536
"""Bytes of one event's data as JSON. The largest that a contract lets pass is far below."""

MOST_ATTRIBUTES = 40
"""Attributes of one event before it is looked at more closely."""

STAMPED_BY_SERVICE = ("acceptedtime", "sequence", "provenance")
"""Attributes that the accepting service sets; a feed that sends one is refused."""


DROPPED = frozenset({
    "authclaims", "authid", "authtype", "b3", "baggage", "causationid", "correlationid", "datacategory",
    "dataclassification", "dataref", "dataregulation", "deprecated", "deprecationfrom", "deprecationmigration",
    "deprecationsunset", "expiration", "expirytime", "partitionkey", "pubsubname", "recordedtime", "sampledrate",
    "sequencetype", "severitynumber", "severitytext", "spanid", "topic", "traceid", "traceparent", "tracestate",
})  # fmt: skip
"""Attributes that are taken, whatever they hold, and dropped: those of tracing and routing, and the other extensions
that CloudEvents documents. They say how an event came, nothing of what it states. Any other unknown one is refused: it
may be one of ours, misspelt, or name a person."""

DROPPED_OF_BROKERS = (
    "aeg", "amqp", "aws", "azure", "camel", "confluent", "dapr", "gcp", "google", "iodebezium", "jms", "kafka",
    "knative", "mqtt", "nats", "pulsar", "rabbitmq", "redpanda", "solace",
)  # fmt: skip
"""What the attributes begin with that brokers and their bridges add, as `knativearrivaltime` and `kafkaoffset`."""

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
"""May stand before any body: what some systems write before UTF-8."""


class Envelope(BaseModel):
    """The CloudEvents attributes of an event. `time` is when the authority recorded it: never an effective date."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    specversion: Literal["1.0"] = "1.0"
    id: EventId
    source: Source
    type: str
    subject: Subject
    time: Instant
    datacontenttype: Literal["application/json"] = "application/json"
    dataschema: str | None = Field(default=None, max_length=300)
    authority: AuthorityCode
    supersedes: EventId | None = Field(
        default=None, description="This event replaces that one (same type and subject)."
    )
    supersedessource: Source | None = Field(
        default=None, description="The source of the event that this one supersedes; its own where it is left out."
    )
    voids: EventId | None = Field(default=None, description="That event never happened (same type and subject).")
    voidssource: Source | None = Field(
        default=None, description="The source of the event that this one voids; its own where it is left out."
    )
    sourcesequence: SourceSequence | None = None
    acceptedtime: Instant | None = Field(default=None, description="When the service accepted it. Set by the service.")
    sequence: Sequence64 | None = Field(
        default=None, description="Place in the accepting service's journal, from 1 without gaps. Set by the service."
    )
    provenance: str | None = Field(
        default=None,
        pattern=r"^[ -~]{1,200}$",
        description="The request, or the feed file and row, that brought it. Set by the service.",
    )

    @model_validator(mode="after")
    def _refers_to_one_other_event(self) -> Self:
        if self.supersedes is not None and self.voids is not None:
            raise ValueError("an event supersedes another or voids it, not both")
        if self.supersedes is self.voids is self.supersedessource is self.voidssource is None:
            return self
        for name in ("supersedes", "voids"):
            source: str | None = getattr(self, f"{name}source")
            if getattr(self, name) is None and source is not None:
                raise ValueError(f"an event that states {name}source also states {name}, the id of the event it means")
        if self.referred == (self.source, self.id):
            raise ValueError("an event cannot supersede or void itself")
        return self

    @property
    def referred(self) -> tuple[str, str] | None:
        """Source and id of the event that this one supersedes or voids."""
        referred = self.supersedes or self.voids
        return None if referred is None else (self.referred_source or self.source, referred)

    @property
    def referred_source(self) -> str | None:
        """The source of the event that this one supersedes or voids, as it is stated."""
        return self.supersedessource or self.voidssource


Identity = tuple[str, str, str]
"""Type, source and id: which of an authority's events one is. Source and id are the identity in CloudEvents. The
type is added because one source may send different types to different services, and no service knows which ids
another one has taken."""


def named(source: str, id: str) -> str:
    """An event in a sentence or a cell. Neither a source nor an id holds a `#`."""
    return f"{source}#{id}"


def identifier_of(subject: str) -> str:
    """What stands behind the slash of a subject."""
    return subject.partition("/")[2]


@dataclass(frozen=True, slots=True)
class Event:
    """An event that keeps its contract. `body` is its data as JSON bytes, `data` the same as a model."""

    envelope: Envelope
    data: EventData | Withdrawal
    body: bytes

    @property
    def identity(self) -> Identity:
        """Which event of its authority it is."""
        return self.envelope.type, self.envelope.source, self.envelope.id

    @property
    def referred(self) -> Identity | None:
        """Which event of its authority it supersedes or voids."""
        referred = self.envelope.referred
        return None if referred is None else (self.envelope.type, *referred)

    @property
    def name(self) -> str:
        """What it is called in a sentence or a cell: its source and id, as `/coventry/hr#17`."""
        return named(self.envelope.source, self.envelope.id)

    @property
    def identifier(self) -> str:
        """What it is about, within its kind of subject."""
        return identifier_of(self.envelope.subject)

    @property
    def topic(self) -> str:
        """The topic it stands on."""
        return TOPIC_OF_TYPE[self.envelope.type].name

    @property
    def key(self) -> bytes:
        """The Kafka key: authority and subject."""
        return f"{self.envelope.authority}:{self.envelope.subject}".encode()


_ADAPTERS: dict[str, TypeAdapter[EventData]] = {name: TypeAdapter(model) for name, model in EVENT_MODELS.items()}
_WITHDRAWAL: TypeAdapter[Withdrawal] = TypeAdapter(Withdrawal)
_ATTRIBUTES = frozenset(Envelope.model_fields)
_ENVELOPE_FIELDS = tuple(name for name in Envelope.model_fields if name not in STAMPED_BY_SERVICE)


def parse_envelope(attributes: Mapping[str, Any]) -> Envelope:
    """The envelope of these attributes, whose values are all strings. One that is null is one left out, and those of
    tracing and brokers are dropped (`DROPPED`).

    Raises Refused with every fault: unknown attributes by name, wrong ones with value and what would be right.
    """
    if len(attributes) > MOST_ATTRIBUTES:
        raise Refused(Fault("event", f"has {len(attributes)} attributes", f"some of {', '.join(_ENVELOPE_FIELDS)}"))
    attributes = {
        name: value
        for name, value in attributes.items()
        if value is not None and (name in _ATTRIBUTES or not _is_dropped(name))
    }
    if _is_json(attributes.get("datacontenttype")):
        attributes["datacontenttype"] = "application/json"
    not_text = [
        Fault(name, "is not a string", "a JSON string", shown(value) if name in Envelope.model_fields else None)
        for name, value in attributes.items()
        if not isinstance(value, str)
    ]
    if not_text:
        raise Refused(*not_text)
    # pydantic would read a bare number as seconds since 1970.
    not_instants = [
        Fault(name, "is not an instant", "a date and a time with its offset, as 2023-10-31T08:00:00Z", shown(value))
        for name in ("time", "acceptedtime")
        if (value := attributes.get(name)) is not None and value[10:11] not in ("T", "t")
    ]
    if not_instants:
        raise Refused(*not_instants)
    try:
        envelope = Envelope.model_validate_strings(attributes)
    except ValidationError as error:
        raise refused_by(error, "", _ENVELOPE_FIELDS) from None
    model = EVENT_MODELS.get(envelope.type)
    if model is None:
        expected = near_first(envelope.type, EVENT_MODELS, f"one of {', '.join(EVENT_MODELS)}")
        raise Refused(Fault("type", "is not a known event type", expected, envelope.type))
    kind, _, _ = envelope.subject.partition("/")
    if kind != model.subject_kind:
        expected = f"{model.subject_kind}/<identifier>"
        raise Refused(Fault("subject", f"is not the subject of {envelope.type}", expected, envelope.subject))
    return envelope


def _is_dropped(name: str) -> bool:
    return name in DROPPED or (name.startswith(DROPPED_OF_BROKERS) and name.isascii() and name.isalnum())


def _is_json(content_type: object) -> bool:
    """Whether a content type is that of JSON, whatever its parameters."""
    return isinstance(content_type, str) and content_type.partition(";")[0].strip().lower() == "application/json"


def parse_data(envelope: Envelope, body: bytes) -> EventData | Withdrawal:
    """The data of an event, from JSON bytes. Raises Refused with every fault, fields prefixed `data.`."""
    if len(body) > LARGEST_DATA:
        raise Refused(Fault("data", f"is {len(body)} bytes long", f"at most {LARGEST_DATA} bytes"))
    if envelope.voids is not None:
        adapter: TypeAdapter[Any] = _WITHDRAWAL
        model: type[BaseModel] = Withdrawal
    else:
        adapter, model = _ADAPTERS[envelope.type], EVENT_MODELS[envelope.type]
    try:
        data: EventData | Withdrawal = adapter.validate_json(body.removeprefix(BYTE_ORDER_MARK))
    except ValidationError as error:
        raise refused_by(error, "data.", tuple(model.model_fields)) from None
    return data


def parse_event(attributes: Mapping[str, Any], body: bytes) -> Event:
    """An event from its attributes and the JSON bytes of its data, both checked. Raises Refused."""
    envelope = parse_envelope(attributes)
    return Event(envelope, parse_data(envelope, body), body)


def canonical_body(data: EventData | Withdrawal) -> bytes:
    """The one way a service writes an event's data: JSON, fields in the contract's order, absent ones left out."""
    return data.model_dump_json(exclude_none=True).encode()


def kafka_headers(envelope: Envelope) -> list[tuple[str, bytes]]:
    """The headers of a record in CloudEvents binary mode: `ce_` before each attribute that is set."""
    attributes = envelope.model_dump(mode="json", exclude_none=True, exclude={"datacontenttype"})
    return [("content-type", b"application/json")] + [
        (f"ce_{name}", str(value).encode()) for name, value in attributes.items()
    ]


def decode_record(headers: Sequence[tuple[str, bytes | None]], value: bytes | None) -> Event:
    """The event in a Kafka record in CloudEvents binary mode. Raises Refused for a record that is none.

    A header without a value counts as left out.
    """
    if value is None:
        raise Refused(Fault("data", "is empty (a tombstone)", "a JSON object"))
    stated = [(name[3:], content) for name, content in headers if name.startswith("ce_") and content is not None]
    if len(dict(stated)) < len(stated):
        twice = {name for name, count in Counter(name for name, _ in stated).items() if count > 1}
        raise Refused(
            *(
                Fault(shown(f"ce_{name}"), "stands there more than once", "one value")
                for name in sorted(twice)[:MOST_FAULTS]
            )
        )
    try:
        attributes = {name: content.decode() for name, content in stated}
    except UnicodeDecodeError:
        raise Refused(Fault("headers", "are not UTF-8", "CloudEvents attributes as UTF-8 text")) from None
    if "specversion" not in attributes:
        raise Refused(Fault("ce_specversion", "is missing", "a record in CloudEvents binary mode, specversion 1.0"))
    return parse_event(attributes, value)


def as_consumers_take_it(event: Event) -> Event:
    """The event as it stands once its record was written and read. Raises Refused where a reader would.

    Every service that accepts an event asks this first, so the door and every consumer decide alike. An envelope is not
    read again: it is written as the values that it holds, and each of those reads as itself. (An instant is kept in
    UTC, and was checked in UTC.) Data is written in the one way of services, and that is what every reader checks.
    """
    body = canonical_body(event.data)
    if body == event.body:
        return event  # it was written so, and read
    return Event(event.envelope, parse_data(event.envelope, body), body)


def read_json(text: bytes, field: str, expected: str) -> Any:
    """A value from JSON in UTF-8. Raises Refused, naming `field` and what is expected, for anything else."""
    try:
        return json.loads(text.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise Refused(Fault(field, f"is not JSON: {error}", expected)) from None


def format_instant(instant: datetime) -> str:
    """An instant as it stands in answers: RFC 3339 in UTC, with Z."""
    return instant.isoformat().replace("+00:00", "Z")
