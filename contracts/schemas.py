"""The JSON Schemas of events and envelopes, and the catalogue as a document: what is compared with what was published.

Invariant: all of it is derived from the models and the catalogue, the same each time.
"""

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from contracts import codes
from contracts.catalogue import (
    ALL_TOPICS,
    EVENT_MODELS,
)
from contracts.envelope import STAMPED_BY_SERVICE, Envelope
from contracts.events.base import EventData, Withdrawal

Document = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
RECORD_KEY = "{authority}:{subject}"

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
    """The catalogue, and the numbers that the census gives the codes, as the compatibility checker compares them."""
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
