"""What the OpenAPI document says about `POST /v1/events`: every event type, the schema of its data, all three modes.

Invariant: the schemas are those of `contracts/`. So no event that fits the document is refused for its form.
"""

from contracts.catalogue import topics_owned_by
from contracts.envelope import STAMPED_BY_SERVICE
from contracts.events.base import EventData, Withdrawal
from contracts.schemas import NEEDS, attributes, definitions
from contracts.values import INSTANT_PATTERN, TOKEN_PATTERN, Contract
from services.chassis.cloud_events import BATCH, BINARY, STRUCTURED
from services.chassis.documentation import REFERENCE, WITH_A_BODY, Document, json_answer, record, refusals, several

_NEEDED = ("specversion", "id", "source", "type", "subject", "authority")
"""Attributes that a feed must state. If `time` is left out, it is the moment of arrival."""

_FAULTS = several({"$ref": REFERENCE.format(model="Fault")})
_NOTES = {"notes": several({"type": "string"})}
_TAKEN = {"id": {"type": "string"}, "source": {"type": "string"}, "status": {"enum": ["accepted", "already-known"]}}
_ACCEPTED = record(_TAKEN | {"accepted_at": {"type": "string", "format": "date-time"}}, _NOTES)
_REJECTED = record(
    {
        "id": {"type": ["string", "null"]},
        "source": {"type": ["string", "null"]},
        "status": {"const": "rejected"},
        "faults": _FAULTS,
    },
    {"faults_left_out": {"type": "integer", "minimum": 1, "description": "How many faults more there are."}},
)


def intake_schemas(service: str) -> dict[str, Document]:
    """The schemas that the document of a service's intake refers to, by name."""
    models = _models(service)
    kinds = {f"{model.__name__}Event": _event(model) for model in models}
    named = {model.event_type: REFERENCE.format(model=f"{model.__name__}Event") for model in models}
    any_event = {
        "description": "A CloudEvent 1.0 in structured form, told apart by its type.",
        "oneOf": [{"$ref": reference} for reference in named.values()],
        "discriminator": {"propertyName": "type", "mapping": named},
    }
    shared = {"Accepted": _ACCEPTED, "Rejected": _REJECTED, "Event": any_event}
    return definitions((*models, Withdrawal), REFERENCE) | kinds | shared


def _models(service: str) -> list[type[EventData]]:
    return [event for topic in topics_owned_by(service) for event in topic.events]


def _stated() -> dict[str, Document]:
    """The attributes that a feed may state, with their schemas."""
    known = attributes()
    stated = {name: schema for name, schema in known.items() if name not in STAMPED_BY_SERVICE}
    stated["provenance"] = known["provenance"] | {
        "description": "The feed, file and row that it came from. Only callers with the right `attest` may send it."
    }
    stated["time"] |= {
        "pattern": INSTANT_PATTERN,
        "description": "When the authority recorded it, not later than now. If it is left out, the moment of arrival; "
        "all events of a request then share it, so state `sourcesequence` where one of them is the later.",
    }
    return stated


def _event(model: type[EventData]) -> Document:
    """An event of one type: with its data, or with `voids` and a withdrawal."""
    subject = {"type": "string", "pattern": f"^{model.subject_kind}/{TOKEN_PATTERN[1:]}"}
    stated = _stated() | {"type": {"const": model.event_type}, "subject": subject}

    def form(data: type[Contract], left_out: str, also: tuple[str, ...] = ()) -> Document:
        needed = {name: stated[name] for name in (*_NEEDED, *also)}
        needed["data"] = {"$ref": REFERENCE.format(model=data.__name__)}
        allowed = {name: schema for name, schema in stated.items() if name not in (left_out, f"{left_out}source")}
        return record(needed, allowed) | {
            "dependentRequired": {name: [other] for name, other in NEEDS.items() if name in allowed}
        }

    return {"oneOf": [form(model, "voids"), form(Withdrawal, "supersedes", ("voids",))]}


def _headers(service: str) -> list[Document]:
    """The attributes of binary mode, as header parameters."""
    stated = _stated() | {"type": {"enum": [model.event_type for model in _models(service)]}}
    stated.pop("datacontenttype")
    return [
        {
            "name": f"ce-{name}",
            "in": "header",
            "required": False,
            "description": f"In binary mode ({BINARY}) the attribute `{name}`"
            f"{', which is needed then' if name in _NEEDED else ''}; passed over in the other modes.",
            "schema": schema,
        }
        for name, schema in stated.items()
    ]


def intake_operation(service: str) -> Document:
    """What the intake adds to its operation in OpenAPI."""
    event = {"$ref": REFERENCE.format(model="Event")}
    models: list[type[Contract]] = [*_models(service), Withdrawal]
    data = [{"$ref": REFERENCE.format(model=model.__name__)} for model in models]
    accepted, rejected = ({"$ref": REFERENCE.format(model=name)} for name in ("Accepted", "Rejected"))
    results = record({"results": several(accepted)})
    mixed = record(
        {"title": {"type": "string"}, "detail": {"type": "string"}, "results": several({"anyOf": [accepted, rejected]})}
    )
    answers = {
        200: json_answer("Already known: the same event was accepted before.", accepted),
        202: json_answer("Accepted: it will not be lost. Of a batch: every event was.", {"anyOf": [accepted, results]}),
        207: json_answer("Of a batch, some were accepted and some rejected: see each result.", mixed),
    } | refusals(
        {
            400: "The request cannot be read.",
            401: "No key, or an unknown one.",
            403: "The key has no right to send events, or none of this authority.",
            409: "The id stands for another event of its source.",
            422: "Rejected: what was wrong, where, and what would be right.",
            503: "The database cannot be reached, or too much is sent at once: send the request again.",
        }
    )
    answers |= WITH_A_BODY
    return {
        "parameters": _headers(service),
        "requestBody": {
            "required": True,
            "description": "One event in structured or binary mode, or a batch of them; plain, or as gzip or deflate. "
            "An attribute that is null is one left out; those of tracing and brokers (`traceparent`, `partitionkey`, "
            "`knative…`, `kafka…`) are dropped.",
            "content": {
                STRUCTURED: {"schema": event},
                BATCH: {"schema": several(event)},
                BINARY: {"schema": {"anyOf": data}},
            },
        },
        "responses": {str(status): response for status, response in answers.items()},
    }
