"""What the OpenAPI documents say of every route alike, and what they say of events.

Invariant: what is asked is the real application of each service, without anything behind it.
"""

from collections.abc import Iterable, Iterator
from http import HTTPStatus
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from jsonschema import Draft202012Validator, FormatChecker

from tests.unit.chassis.test_pages import APPS, each_app

PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
OPEN_TO_ALL = {"/health/live", "/health/ready", "/metrics", "/asyncapi", "/asyncapi.json"}
CLOSED = {
    "specversion": "1.0",
    "id": "closed-1",
    "source": "/coventry/hr",
    "type": "uk.workforce.post.closed.v1",
    "subject": "post/P-1",
    "authority": "331",
    "data": {"closed_on": "2023-10-31"},
}
"""A post that recruitment is told is closed."""


@each_app
def test_every_refusal_is_problem_details_and_who_needs_a_key_is_told(app: FastAPI) -> None:
    for path, operations in app.openapi()["paths"].items():
        for operation in operations.values():
            answers = operation["responses"]
            refused = {status for status in answers if status.startswith("4")}
            assert all(answers[status]["content"] == PROBLEM for status in refused)
            assert ("401" in refused) == ("security" in operation) == (path not in OPEN_TO_ALL)


@each_app
def test_every_reference_leads_somewhere(app: FastAPI) -> None:
    document = app.openapi()
    names = {reference.removeprefix("#/components/schemas/") for reference in _references(document)}
    assert {"Problem", "Fault"} <= names <= set(document["components"]["schemas"])


@each_app
def test_every_status_that_is_documented_is_one_of_http(app: FastAPI) -> None:
    for operations in app.openapi()["paths"].values():
        statuses = {int(status) for operation in operations.values() for status in operation["responses"]}
        assert statuses <= set(HTTPStatus)


@pytest.mark.parametrize("service", ["recruitment", "retention"])
def test_what_who_sends_events_may_be_answered(service: str) -> None:
    answers = APPS[service].openapi()["paths"]["/v1/events"]["post"]["responses"]
    accepted, refused = {"200", "202", "207"}, {"400", "401", "403", "409", "413", "415", "422", "429"}
    assert set(answers) == accepted | refused | {"408", "414", "431", "503"}


@each_app
def test_what_who_operates_a_service_may_be_answered(app: FastAPI) -> None:
    paths, always = app.openapi()["paths"], {"401", "403", "408", "414", "422", "431", "503"}
    assert set(paths["/v1/dead-letters"]["get"]["responses"]) == always | {"200"}
    sent = set(paths["/v1/dead-letters/send-again"]["post"]["responses"])
    assert sent == always | {"202", "400", "409", "413", "415", "429"}


def _references(value: Any) -> set[str]:
    if isinstance(value, list):
        return set().union(*map(_references, value))
    if not isinstance(value, dict):
        return set()
    own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
    return own.union(*map(_references, value.values()))


@pytest.mark.parametrize(
    ("changed", "fits"),
    [
        ({}, True),
        ({"time": "2023-10-31T08:00:00+01:00"}, True),
        ({"supersedes": "closed-0"}, True),
        ({"sourcesequence": "17"}, True),
        ({"sourcesequence": "-17"}, False),
        ({"voids": "closed-0", "data": {"because": "duplicate"}}, True),
        ({"supersedes": "closed-0", "supersedessource": "/coventry/old-hr"}, True),
        ({"supersedessource": "/coventry/old-hr"}, False),
        ({"voids": "closed-0"}, False),
        ({"voids": "closed-0", "supersedes": "closed-0", "data": {"because": "duplicate"}}, False),
        ({"data": {"because": "duplicate"}}, False),
        ({"data": {"closed_on": "31/10/2023"}}, False),
        ({"subject": "worker/W-1"}, False),
        ({"type": "uk.workforce.worker.left.v1"}, False),
        ({"time": "2023-10-31"}, False),
        ({"time": "1023-10-31T08:00:00Z"}, False),
        ({"sequence": "1"}, False),
        ({"authority": "3311"}, False),
    ],
)
def test_an_event_fits_the_document_when_the_intake_would_take_it(changed: dict[str, Any], fits: bool) -> None:
    document = APPS["recruitment"].openapi()
    schema = {"$ref": "#/components/schemas/Event", "components": document["components"]}
    assert Draft202012Validator(schema).is_valid(CLOSED | changed) is fits


async def test_who_uses_a_wrong_method_is_told_every_right_one() -> None:
    transport = httpx.ASGITransport(APPS["metrics"])
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
        answer = await client.request("DELETE", "/v1/benchmarks/releases")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD, POST"
    assert answer.headers["content-type"] == "application/problem+json"


# --- queries ----------------------------------------------------------------------------------------------------------


def _routes(routes: Iterable[Any]) -> Iterator[APIRoute]:
    for route in routes:
        if isinstance(route, APIRoute):
            yield route
        elif (included := getattr(route, "original_router", None)) is not None:
            yield from _routes(included.routes)


@each_app
def test_no_route_has_its_query_read_by_the_framework(app: FastAPI) -> None:
    """It tells not all that is wrong, and passes over what is given twice: decision 0032."""
    routes = [*_routes(app.routes)]
    assert [route.path for route in routes if route.dependant.query_params] == []
    assert {"/health/ready", "/v1/dead-letters"} < {route.path for route in routes}


# --- examples ---------------------------------------------------------------------------------------------------------


@each_app
def test_every_example_is_as_its_schema_says(app: FastAPI) -> None:
    document = app.openapi()
    documented = [*_examples(document)]
    wrong = [
        f"{where}: {error.json_path} {error.message}"
        for where, schema, example in documented
        for error in Draft202012Validator(
            {**schema, "components": document["components"]}, format_checker=FormatChecker(("date",))
        ).iter_errors(example)
    ]
    assert wrong == []
    assert len({where for where, *_ in documented}) > 3


OPEN = {
    "/asyncapi.json": "a document of its own standard",
    "data": "of an event: its type says what it holds",
}
"""Objects of answers that may hold anything, by the path or the member, and why."""


@each_app
def test_every_object_of_an_answer_is_closed_or_says_what_its_values_are(app: FastAPI) -> None:
    answers = [
        (path, content["schema"])
        for path, operations in app.openapi()["paths"].items()
        for operation in operations.values()
        for answer in operation["responses"].values()
        for kind, content in answer.get("content", {}).items()
        if kind == "application/json"
    ]
    assert len(answers) > 3
    open_ones = {f"{path}: {member}" for path, schema in answers for member in _open_objects(path, schema)}
    assert open_ones == set()


def _open_objects(member: str, schema: dict[str, Any]) -> Iterator[str]:
    """The members whose objects may hold members that are not written down."""
    if "object" in str(schema.get("type")) and schema.get("additionalProperties", True) is True and member not in OPEN:
        yield member
    for name, of_it in schema.get("properties", {}).items():
        yield from _open_objects(name, of_it)
    within = [schema.get("items"), schema.get("additionalProperties")]
    for of_it in (*within, *schema.get("oneOf", ()), *schema.get("anyOf", ()), *schema.get("allOf", ())):
        if isinstance(of_it, dict):
            yield from _open_objects(member, of_it)


@each_app
def test_every_body_says_what_it_looks_like(app: FastAPI) -> None:
    bare = [where for where, content in _contents(app.openapi()) if not content.get("schema")]
    assert bare == []


def _examples(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], Any]]:
    """Every example of a parameter, a header or a body, with where it stands and the schema beside it."""
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            for parameter in operation.get("parameters", ()):
                yield from _beside(f"{method} {path} {parameter['name']}", parameter)
    for where, content in _contents(document):
        yield from _beside(where, content)


def _beside(where: str, documented: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], Any]]:
    schema = documented.get("schema", {})
    given = [documented["example"]] if "example" in documented else []
    given += [one["value"] for one in documented.get("examples", {}).values()]
    for example in (*given, *schema.get("examples", ())):
        yield where, schema, example


def _contents(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The body of every request and of every answer, in each media type."""
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            bodies = {"request": operation.get("requestBody", {}), **operation["responses"]}
            for name, body in bodies.items():
                for media_type, content in body.get("content", {}).items():
                    yield f"{method} {path} {name} {media_type}", content
