"""The page of events in words: what a field holds, whether it is needed, and what an event means."""

from typing import Any

import pytest

from contracts.events.agency_cover import CoverStarted
from contracts.events.hiring import WorkerMerged
from services.chassis.documentation import EVERYWHERE, KEY_NEEDED, WITH_A_BODY, refusals
from services.chassis.event_pages import _described, _fields, _holds, as_html

DEFINITIONS: dict[str, Any] = {"Role": {"type": "string", "enum": ["social-worker", "team-manager"]}}


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ({"type": "string"}, "string"),
        ({"type": "string", "format": "date"}, "date"),
        ({}, "a value"),
        ({"$ref": "#/$defs/Role"}, "one of social-worker, team-manager"),
        ({"anyOf": [{"$ref": "#/$defs/Role"}, {"type": "null"}]}, "one of social-worker, team-manager"),
        ({"anyOf": [{"type": "string"}, {"type": "integer"}]}, "string or integer"),
        ({"type": "array", "items": {"type": "string"}}, "a list, each string"),
        ({"type": "number", "minimum": 0, "maximum": 1}, "number from 0 to 1"),
        ({"type": "number", "exclusiveMinimum": 0, "maximum": 1}, "number above 0 to 1"),
        ({"type": "number", "minimum": 0}, "number"),
        ({"type": "string", "description": "A slug."}, "string (A slug.)"),
        ({"type": "object", "description": "An object."}, "object"),
    ],
    ids=str,
)
def test_what_a_field_holds_is_told_in_words(field: dict[str, Any], words: str) -> None:
    assert _holds(field, DEFINITIONS) == words


def test_a_field_is_needed_where_its_contract_says_so() -> None:
    schema = {"properties": {"post": {"type": "string"}, "role": {"type": "string"}}, "required": ["post"]}
    assert [(field["name"], field["required"]) for field in _fields(schema)] == [("post", True), ("role", False)]
    cover = {field["name"]: field["required"] for field in _fields(CoverStarted.model_json_schema())}
    assert (cover["started_on"], cover["agency_worker"], cover["post"], cover["hourly_rate"]) == (
        True,
        True,
        False,
        False,
    )


def test_an_event_is_described_without_the_sentence_on_its_subject() -> None:
    told = _described(WorkerMerged)
    assert (told["type"], told["subject_kind"]) == ("uk.workforce.worker.merged.v1", "worker")
    assert told["meaning"] == "One person had two numbers: all events of `duplicate` are this worker's."
    assert [field["name"] for field in told["fields"]] == ["duplicate"]


def test_what_stands_between_backticks_is_code_and_nothing_else_is_markup() -> None:
    assert as_html("`a<b` & c") == "<code>a&lt;b</code> &amp; c"


def test_answers_that_ask_to_come_again_say_that_they_tell_when() -> None:
    told = refusals({401: "no key", 403: "no right", 429: "too much", 503: "away"})
    headers = {status: list(answer.get("headers", {})) for status, answer in told.items()}
    assert headers == {401: ["WWW-Authenticate"], 403: [], 429: ["Retry-After"], 503: ["Retry-After"]}
    assert set(WITH_A_BODY) == {413, 415, 429}
    assert set(EVERYWHERE) == {408, 414, 431, 503}
    assert set(KEY_NEEDED) == {401, 408, 414, 431, 503}
