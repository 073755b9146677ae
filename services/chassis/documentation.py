"""What the OpenAPI documents of all services have in common: how refusals look, headers of answers, shared schemas.

Invariant: every answer that is problem details has the one schema of them, whichever route documents it.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from fastapi import FastAPI

from contracts.refusal import MOST_FAULTS
from services.chassis.problems import MEDIA_TYPE

Document = dict[str, Any]
Answers = dict[int | str, Document]
"""What a route may answer, by status, in the form of OpenAPI."""

REFERENCE = "#/components/schemas/{model}"

FAULT: Document = {
    "type": "object",
    "description": "One thing that is wrong.",
    "required": ["field", "problem", "expected"],
    "properties": {
        "field": {"type": "string", "description": "Where: a parameter, an attribute, or a dotted path into the body."},
        "problem": {"type": "string", "description": "What is wrong with it."},
        "expected": {"type": "string", "description": "What would be right."},
        "value": {"type": "string", "description": "What came, shortened; left out where it may be personal."},
    },
    "additionalProperties": False,
}
PROBLEM: Document = {
    "type": "object",
    "description": "Problem details (RFC 9457). Some kinds have further members.",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "pattern": "^urn:workforce:problem:[a-z-]+$", "description": "The kind of problem."},
        "title": {"type": "string", "description": "The kind in words."},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "description": "What was wrong with this request."},
        "faults": {
            "type": "array",
            "minItems": 1,
            "maxItems": MOST_FAULTS,
            "items": {"$ref": REFERENCE.format(model="Fault")},
        },
        "faults_left_out": {"type": "integer", "minimum": 1, "description": "How many faults more there are."},
        "cost": {"type": "integer", "minimum": 0, "description": "Of `too-costly`: steps that it would take."},
        "most": {"type": "integer", "minimum": 0, "description": "Of `too-costly`: steps that one question may take."},
    },
}

_HEADERS: dict[int, Document] = {
    401: {
        "WWW-Authenticate": {
            "required": True,
            "description": "Twice: a key can be sent as Bearer, or as the password of Basic.",
            "schema": {"type": "string", "pattern": "^(Bearer|Basic realm=)"},
        }
    },
    **{
        status: {"Retry-After": {"required": True, "description": "Seconds.", "schema": {"type": "string"}}}
        for status in (429, 503)
    },
}


def refusals(descriptions: Mapping[int, str]) -> Answers:
    """Answers that are problem details: what each status means here."""
    return {
        status: {"description": description, "content": {MEDIA_TYPE: {}}}
        | ({"headers": _HEADERS[status]} if status in _HEADERS else {})
        for status, description in descriptions.items()
    }


EVERYWHERE = refusals(
    {
        408: "The request came too slowly.",
        414: "Path and query are too long, or have too many parameters.",
        431: "The headers are too large, or too many.",
        503: "Too much is asked at once, or something that is needed cannot be reached: ask again.",
    }
)
"""What every route may answer."""
KEY_NEEDED = EVERYWHERE | refusals({401: "No key, or an unknown one."})
"""What every route that needs a key may answer."""
WITH_A_BODY = refusals(
    {
        413: "Too many bytes in one request, compressed or when it is decoded.",
        415: "Not a content type, or a content encoding (gzip, deflate), that is taken here.",
        429: "This key sends too much at once: send it again.",
    }
)
"""What every route that reads a body may answer."""


def json_answer(description: str, schema: Mapping[str, Any], example: Any = None) -> Document:
    """An answer in JSON."""
    return {"description": description, "content": {"application/json": json_content(schema, example)}}


def json_content(schema: Mapping[str, Any], example: Any = None) -> Document:
    """What an answer in JSON looks like, with an example where there is one."""
    return {"schema": dict(schema)} | ({} if example is None else {"example": _replaced(example, None, _NULL)})


_NULL = "\0null"
"""Takes the place of null in an example until the document is made, because the framework leaves out members that
are null."""


def _replaced(value: Any, old: Any, new: Any) -> Any:
    """JSON with one value in place of another."""
    if isinstance(value, Mapping):
        return {name: _replaced(member, old, new) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [_replaced(item, old, new) for item in value]
    return new if value == old else value


def record(required: Mapping[str, Any], optional: Mapping[str, Any] | None = None) -> Document:
    """The schema of an object with these members and no others."""
    return {
        "type": "object",
        "required": list(required),
        "properties": {**required, **(optional or {})},
        "additionalProperties": False,
    }


def several(items: Mapping[str, Any]) -> Document:
    """The schema of a list."""
    return {"type": "array", "items": dict(items)}


def complete_document(app: FastAPI, schemas: Mapping[str, Document]) -> None:
    """Add `schemas`, which the application's OpenAPI document refers to, and the schema of problem details."""
    plain = app.openapi

    def document() -> Document:
        if app.openapi_schema is None:
            completed = plain()
            shared = {"Fault": FAULT, "Problem": PROBLEM, **schemas}
            completed.setdefault("components", {}).setdefault("schemas", {}).update(shared)
            for content in _contents(completed):
                if MEDIA_TYPE in content:
                    content[MEDIA_TYPE] = {"schema": {"$ref": REFERENCE.format(model="Problem")}}
                for described in content.values():
                    described |= (
                        {"example": _replaced(described["example"], _NULL, None)} if "example" in described else {}
                    )
        return plain()

    app.openapi = document  # type: ignore[method-assign]


def _contents(document: Document) -> Iterable[Document]:
    """The contents of every documented answer."""
    for operations in document["paths"].values():
        for operation in operations.values():
            for answer in operation["responses"].values():
                yield answer.get("content", {})
