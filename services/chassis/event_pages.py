"""The page and the document that list the events on Kafka.

Invariant: both are made from `contracts/` alone, so they say exactly what the services check.
"""

import re
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, JSONResponse
from jinja2 import Environment, FileSystemLoader, select_autoescape
from markupsafe import Markup, escape

from contracts.asyncapi import asyncapi_document
from contracts.catalogue import ALL_TOPICS
from contracts.envelope import Envelope
from contracts.events.base import EventData
from services.chassis.documentation import json_answer

TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=select_autoescape(), trim_blocks=True
)


def as_html(text: str) -> Markup:
    """The text of a docstring as HTML, with words between backticks as code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped before


TEMPLATES.filters["as_html"] = as_html


def event_pages_router(service: str) -> APIRouter:
    """Routes /asyncapi (for people) and /asyncapi.json (AsyncAPI 3.0)."""
    router = APIRouter(tags=["events"])

    @router.get("/asyncapi", summary="The events on Kafka, for people", response_class=HTMLResponse)
    async def page() -> HTMLResponse:
        """Topics, who writes and reads them, and every event field by field."""
        return HTMLResponse(_page(service))

    @router.get(
        "/asyncapi.json",
        summary="The events on Kafka, for machines",
        responses={200: json_answer("An AsyncAPI 3.0 document.", {"type": "object", "required": ["asyncapi"]})},
    )
    async def document() -> JSONResponse:
        """The same as an AsyncAPI document, for tools that read one."""
        return JSONResponse(_document())

    return router


@cache
def _document() -> dict[str, Any]:
    return asyncapi_document()


@cache
def _page(service: str) -> str:
    topics = [
        {
            "name": topic.name,
            "purpose": topic.purpose,
            "writers": topic.written_by,
            "readers": topic.readers,
            "partitions": topic.partitions,
            "events": [_described(event) for event in topic.events],
        }
        for topic in ALL_TOPICS
    ]
    return TEMPLATES.get_template("asyncapi.html").render(
        service=service, topics=topics, attributes=_fields(Envelope.model_json_schema())
    )


def _described(event: type[EventData]) -> dict[str, Any]:
    return {
        "type": event.event_type,
        "subject_kind": event.subject_kind,
        "meaning": _meaning(event),
        "fields": _fields(event.model_json_schema()),
    }


def _fields(schema: dict[str, Any]) -> list[dict[str, Any]]:
    definitions, needed = schema.get("$defs", {}), schema.get("required", [])
    return [
        {"name": name, "required": name in needed, "holds": _holds(field, definitions)}
        for name, field in schema["properties"].items()
    ]


def _meaning(event: type[EventData]) -> str:
    """An event's docstring, without the sentence on its subject, which the page shows beside it."""
    return (event.__doc__ or "").partition("Subject:")[0].strip()


def _holds(field: dict[str, Any], definitions: dict[str, Any]) -> str:
    """What a field holds, in words, from its JSON Schema."""
    if "$ref" in field:
        return _holds(definitions[field["$ref"].rsplit("/", 1)[-1]], definitions)
    if "anyOf" in field:
        return " or ".join(_holds(choice, definitions) for choice in field["anyOf"] if choice.get("type") != "null")
    if "enum" in field:
        return f"one of {', '.join(str(value) for value in field['enum'])}"
    if field.get("type") == "array":
        return f"a list, each {_holds(field['items'], definitions)}"
    words = [field.get("format", field.get("type", "a value"))]
    lowest = field.get("minimum", field.get("exclusiveMinimum"))
    if lowest is not None and "maximum" in field:
        words.append(f"{'above' if 'exclusiveMinimum' in field else 'from'} {lowest} to {field['maximum']}")
    if "description" in field and field.get("type") != "object":
        words.append(f"({field['description']})")
    return " ".join(words)
