"""The AsyncAPI document: every topic with its messages, who sends them and who receives them.

Invariant: it is derived from the models and the catalogue, the same each time.
"""

from collections.abc import Iterable, Mapping

from pydantic import BaseModel

from contracts.catalogue import (
    ALL_TOPICS,
    DEAD_LETTER,
    EVENT_MODELS,
    METRICS,
    RECRUITMENT,
    REPUBLISH_REQUEST,
    RETENTION,
    WATERMARK,
    Topic,
)
from contracts.events.base import EventData, Withdrawal
from contracts.schemas import NEEDS, RECORD_KEY, Document, definitions, envelope_schema
from contracts.values import AUTHORITY_PATTERN, TOKEN_PATTERN
from contracts.watermark import RepublishRequest, Watermark

Examples = Mapping[str, Mapping[str, Document]]
"""Events in structured form, by event type and name."""

MILLISECONDS_PER_DAY = 86_400_000
KAFKA_BINDING = "0.5.0"


def asyncapi_document(examples: Examples | None = None) -> Document:
    """The AsyncAPI 3.0 document of all topics, with the examples given, if any."""
    models: list[type[BaseModel]] = [*EVENT_MODELS.values(), Withdrawal, Watermark, RepublishRequest]
    shared = definitions(models, "#/components/schemas/{model}")
    messages = {name: _message(model, (examples or {}).get(name, {})) for name, model in EVENT_MODELS.items()}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Workforce events",
            "version": "1.0.0",
            "description": "A children's social work workforce, as CloudEvents 1.0 in binary mode on Kafka.",
            "tags": [
                {"name": service, "description": f"What {service} sends and receives."}
                for service in (METRICS, RECRUITMENT, RETENTION)
            ],
        },
        "defaultContentType": "application/json",
        "channels": {topic.name: _channel(topic) for topic in ALL_TOPICS},
        "operations": dict(operation for topic in ALL_TOPICS for operation in _operations(topic)),
        "components": {
            "messages": {**messages, **_OTHER_MESSAGES},
            "schemas": {**shared, "CloudEventHeaders": _headers_schema()},
        },
    }


_DEAD_LETTER: Document = {
    "name": "dead-letter",
    "title": "A dead letter",
    "summary": "Body, key and headers as they came, with headers that say where it stood and why it was rejected.",
    "contentType": "application/octet-stream",
    "headers": {"type": "object"},
    "payload": {"description": "The bytes of the record, whatever they are."},
}


_OTHER_MESSAGES: dict[str, Document] = {
    DEAD_LETTER: _DEAD_LETTER,
    WATERMARK: {
        "name": WATERMARK,
        "title": "A watermark",
        "summary": "Up to where the topics of an owner are whole. Only the newest record counts.",
        "contentType": "application/json",
        "payload": {"$ref": "#/components/schemas/Watermark"},
    },
    REPUBLISH_REQUEST: {
        "name": REPUBLISH_REQUEST,
        "title": "A request to publish again",
        "summary": "A reader that has read a topic from its beginning still misses events of it.",
        "contentType": "application/json",
        "payload": {"$ref": "#/components/schemas/RepublishRequest"},
    },
}


def _message_names(topic: Topic) -> tuple[str, ...]:
    return tuple(event.event_type for event in topic.events) or (topic.carries,)


def _channel(topic: Topic) -> Document:
    retention = -1 if topic.retention_days is None else topic.retention_days * MILLISECONDS_PER_DAY
    return {
        "address": topic.name,
        "description": f"{topic.purpose} Written by {' and '.join(topic.written_by)}, and nobody else.",
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in _message_names(topic)},
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": topic.partitions,
                "topicConfiguration": {"cleanup.policy": ["delete"], "retention.ms": retention},
                "bindingVersion": KAFKA_BINDING,
            }
        },
    }


def _operations(topic: Topic) -> Iterable[tuple[str, Document]]:
    # An AsyncAPI document speaks of one application; this one of three, told apart by their tags.
    for writer in topic.written_by:
        yield f"{writer}.sends.{topic.name}", _operation(topic, "send", writer)
    for reader in topic.readers:
        received = _operation(topic, "receive", reader)
        # Watermarks and requests are read by every process, without a consumer group.
        group = {"groupId": {"type": "string", "enum": [reader]}, "bindingVersion": KAFKA_BINDING}
        yield (
            f"{reader}.receives.{topic.name}",
            {**received, "bindings": {"kafka": group}} if topic.events else received,
        )


def _operation(topic: Topic, action: str, service: str) -> Document:
    channel = f"#/channels/{topic.name}"
    return {
        "action": action,
        "description": f"{service.capitalize()} {action}s these records. {topic.purpose}",
        "channel": {"$ref": channel},
        "tags": [{"name": service}],
        "messages": [{"$ref": f"{channel}/messages/{name}"} for name in _message_names(topic)],
    }


def _message(event: type[EventData], examples: Mapping[str, Document]) -> Document:
    name = event.event_type
    subject = f"{event.subject_kind}/{TOKEN_PATTERN[1:]}"
    own_headers = {"ce_type": {"const": name}, "ce_subject": {"pattern": f"^{subject}"}}
    return {
        "name": name,
        "title": event.__name__,
        "summary": (event.__doc__ or "").split("\n\n")[0],
        "contentType": "application/json",
        "headers": {
            "type": "object",
            "allOf": [
                {"$ref": "#/components/schemas/CloudEventHeaders"},
                {"type": "object", "properties": own_headers},
            ],
        },
        "payload": {
            "oneOf": [
                {"$ref": f"#/components/schemas/{event.__name__}"},
                {"$ref": "#/components/schemas/Withdrawal"},
            ]
        },
        "bindings": {
            "kafka": {
                "key": {
                    "type": "string",
                    "pattern": f"{AUTHORITY_PATTERN.rstrip('$')}:{subject}",
                    "description": f"{RECORD_KEY}: what concerns one subject stays in order. "
                    "The authority alone says which partition.",
                },
                "bindingVersion": KAFKA_BINDING,
            }
        },
        "examples": [_message_example(title, document) for title, document in sorted(examples.items())],
    }


def _message_example(title: str, document: Document) -> Document:
    attributes = {f"ce_{name}": value for name, value in document.items() if name not in ("data", "datacontenttype")}
    return {
        "name": title,
        "headers": {"content-type": "application/json", **attributes},
        "payload": document["data"],
    }


def _headers_schema() -> Document:
    envelope = envelope_schema()
    attributes = {f"ce_{name}": schema for name, schema in envelope["properties"].items() if name != "datacontenttype"}
    return {
        "type": "object",
        "description": "CloudEvents 1.0 in binary mode: each attribute that has a value is a header.",
        "properties": {"content-type": {"const": "application/json"}, **attributes},
        "required": ["content-type", *(f"ce_{name}" for name in envelope["required"])],
        "dependentRequired": {f"ce_{name}": [f"ce_{other}"] for name, other in NEEDS.items()},
    }
