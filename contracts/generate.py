"""What is published of the contracts: JSON Schemas, the AsyncAPI document, the table of topics in README.md.

Invariant: all of it is derived from the models and the catalogue, the same each time; only `main` touches files.

    python -m contracts.generate            writes contracts/generated/ and the table in contracts/README.md
    python -m contracts.generate --check    writes nothing; exit status 1 when a file is not up to date
"""

import argparse
import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from contracts import codes
from contracts.catalogue import (
    ALL_TOPICS,
    DEAD_LETTER,
    DEAD_LETTER_TOPICS,
    EVENT_MODELS,
    EVENT_TOPICS,
    METRICS,
    RECRUITMENT,
    REPUBLISH_REQUEST,
    RETENTION,
    WATERMARK,
    Topic,
)
from contracts.envelope import STAMPED_BY_SERVICE, Envelope
from contracts.events.base import EventData, Withdrawal
from contracts.values import AUTHORITY_PATTERN, TOKEN_PATTERN
from contracts.watermark import RepublishRequest, Watermark

Document = dict[str, Any]
Examples = Mapping[str, Mapping[str, Document]]
"""Events in structured form, by event type and name."""

DIALECT = "https://json-schema.org/draft/2020-12/schema"
RECORD_KEY = "{authority}:{subject}"
COMMAND = "python -m contracts.generate"
TABLE_BEGINS = f"<!-- topics: from here on written by {COMMAND} -->"
TABLE_ENDS = "<!-- topics: up to here -->"
MILLISECONDS_PER_DAY = 86_400_000
KAFKA_BINDING = "0.5.0"

NEEDS = {"supersedessource": "supersedes", "voidssource": "voids"}
"""Attributes that mean something beside another only."""

CSWW_NUMBERS: dict[str, dict[str, int | str]] = {
    "OrgRole": {role.name.lower().replace("_", "-"): role.value for role in codes.CswwRole},
    "StartOrigin": {code.value: number for code, number in codes.CSWW_START_ORIGIN.items()},
    "LeaverDestination": {code.value: number for code, number in codes.CSWW_LEAVER_DESTINATION.items()},
    "ReasonLeave": {code.value: number for code, number in codes.CSWW_REASON_LEAVE.items()},
    "ReasonAbsence": {reason.name.lower().replace("_", "-"): reason.value for reason in codes.AbsenceReason},
}
"""What each code is in DfE's census (csww-return), by the census's name for the item."""


class _WithoutFieldTitles(GenerateJsonSchema):
    """pydantic's schemas without a title on each field, which would only repeat its name."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        """No field has a title."""
        return False


def definitions(models: Iterable[type[BaseModel]], reference: str) -> dict[str, Document]:
    """The JSON Schemas of models and of all they are made of, by name; `reference` says where `{model}` stands."""
    _, document = models_json_schema(
        [(model, "validation") for model in models], ref_template=reference, schema_generator=_WithoutFieldTitles
    )
    schemas: dict[str, Document] = document["$defs"]
    return schemas


def event_schema(event: type[EventData]) -> Document:
    """The JSON Schema (draft 2020-12) of the `data` of one event type: its model, or a withdrawal of such an event."""
    return {
        "$schema": DIALECT,
        "$id": f"urn:workforce:{event.event_type}",
        "title": event.event_type,
        "description": f"The data of {event.event_type}; a Withdrawal where the envelope carries `voids`.",
        "oneOf": [{"$ref": f"#/$defs/{event.__name__}"}, {"$ref": "#/$defs/Withdrawal"}],
        "$defs": definitions((event, Withdrawal), "#/$defs/{model}"),
    }


def attributes() -> dict[str, Document]:
    """The schema of each CloudEvents attribute. In an event they are all text, and one without a value is left out."""
    properties: dict[str, Document] = definitions((Envelope,), "#/$defs/{model}")["Envelope"]["properties"]
    for name, schema in properties.items():
        schema.pop("default", None)
        if "anyOf" in schema:
            value = next(choice for choice in schema.pop("anyOf") if choice != {"type": "null"})
            properties[name] = {**value, **schema}
    properties["type"]["enum"] = list(EVENT_MODELS)
    return properties


def envelope_schema() -> Document:
    """The JSON Schema of an event's attributes, all but its `data`."""
    required = [name for name, field in Envelope.model_fields.items() if field.is_required()]
    return {
        "$schema": DIALECT,
        "$id": "urn:workforce:envelope",
        "title": "Envelope",
        "description": f"{Envelope.__doc__} A feed leaves out {', '.join(STAMPED_BY_SERVICE)}.",
        "type": "object",
        "properties": attributes(),
        "required": ["specversion", *required],
        "additionalProperties": False,
        "allOf": [{"not": {"required": ["supersedes", "voids"]}}],
        "dependentRequired": {name: [other] for name, other in NEEDS.items()},
    }


def catalogue_document() -> Document:
    """The catalogue, and the census's numbers of the codes, as the compatibility checker compares them."""
    return {
        "key": RECORD_KEY,
        "topics": {
            topic.name: {
                "purpose": topic.purpose,
                "owner": topic.owner,
                "readers": list(topic.readers),
                "partitions": topic.partitions,
                "retention_days": topic.retention_days,
                "subject_kinds": {event.event_type: event.subject_kind for event in topic.events},
            }
            for topic in ALL_TOPICS
        },
        "csww": CSWW_NUMBERS,
    }


def published_contracts() -> dict[str, Document]:
    """Every document that the compatibility checker compares, by its path under contracts/generated."""
    schemas = {f"events/{name}.json": event_schema(model) for name, model in EVENT_MODELS.items()}
    return {"catalogue.json": catalogue_document(), "envelope.json": envelope_schema(), **schemas}


def asyncapi_document(examples: Examples | None = None) -> Document:
    """The AsyncAPI 3.0 document of all topics; with the examples given, where there are some."""
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


def topics_in_markdown() -> str:
    """The topics as a table and as a picture of who writes and reads which."""
    rows = [
        f"| `{topic.name}` | {topic.purpose} | {', '.join(topic.written_by)} "
        f"| {', '.join(topic.readers) or 'nobody'} "
        f"| {topic.partitions} | {_kept(topic)} |"
        for topic in ALL_TOPICS
    ]
    arrows = [
        f"    {topic.owner} --> {_node(topic)} --> {' & '.join(f'{name}_reads[{name}]' for name in topic.readers)}"
        for topic in EVENT_TOPICS
    ]
    aside = [f"    {topic.owner}_reads -.-> {_node(topic)}" for topic in DEAD_LETTER_TOPICS]
    types = [
        f"- `{topic.name}`: {', '.join(f'`{event.event_type}`' for event in topic.events)}" for topic in EVENT_TOPICS
    ]
    head = ["| topic | what stands on it | written by | read by | partitions | kept |", "|---|---|---|---|---|---|"]
    picture = ["```mermaid", "flowchart LR", *arrows, *aside, "```"]
    return "\n".join([*head, *rows, "", *picture, "", *types])


def _kept(topic: Topic) -> str:
    if topic.retention_days is None:
        return "for ever"
    return "1 day" if topic.retention_days == 1 else f"{topic.retention_days} days"


def _node(topic: Topic) -> str:
    return f"{topic.name.replace('.', '_').replace('-', '_')}([{topic.name}])"


def with_table(readme: str) -> str:
    """The README with its table of topics renewed. Raises ValueError where the markers are not there once each."""
    before, begins, rest = readme.partition(TABLE_BEGINS)
    _, ends, after = rest.partition(TABLE_ENDS)
    if not begins or not ends or TABLE_BEGINS in rest or TABLE_ENDS in after:
        raise ValueError(f"README.md must hold '{TABLE_BEGINS}' and after it '{TABLE_ENDS}', once each")
    return f"{before}{TABLE_BEGINS}\n{topics_in_markdown()}\n{TABLE_ENDS}{after}"


def as_text(document: Document) -> str:
    """A document as it stands in a file."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def wanted_files(readme: str, examples: Examples) -> dict[str, str]:
    """The text of every file this module keeps, by its path under contracts/."""
    documents = {**published_contracts(), "asyncapi.json": asyncapi_document(examples)}
    generated = {f"generated/{path}": as_text(document) for path, document in documents.items()}
    return {**generated, "README.md": with_table(readme)}


def main(arguments: list[str] | None = None, folder: Path = Path(__file__).parent) -> int:
    """Writes the files, or with --check says which are not up to date (exit status 1)."""
    parser = argparse.ArgumentParser(prog=COMMAND, description="Writes contracts/generated/ and the table of topics.")
    parser.add_argument("--check", action="store_true", help="write nothing, say what is not up to date")
    check: bool = parser.parse_args(arguments).check

    examples: dict[str, dict[str, Document]] = {}
    for file in sorted(folder.glob("examples/*/*.json")):
        examples.setdefault(file.parent.name, {})[file.stem] = json.loads(file.read_text())
    wanted = wanted_files((folder / "README.md").read_text(), examples)
    committed = {file.relative_to(folder).as_posix(): file.read_text() for file in folder.glob("generated/**/*.json")}
    committed["README.md"] = (folder / "README.md").read_text()

    stale = [path for path, text in wanted.items() if committed.get(path) != text]
    left_over = sorted(committed.keys() - wanted.keys())
    if check:
        for path in stale:
            print(f"contracts/{path} is not up to date: run `{COMMAND}`", file=sys.stderr)
        for path in left_over:
            print(f"contracts/{path} belongs to nothing any more: run `{COMMAND}`", file=sys.stderr)
        return 1 if stale or left_over else 0
    for path in stale:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(wanted[path])
    for path in left_over:
        (folder / path).unlink()
    print(f"{len(stale)} files written, {len(left_over)} removed, {len(wanted)} in all")
    return 0


if __name__ == "__main__":
    sys.exit(main())
