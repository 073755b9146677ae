"""Requests as they come in: what stands in them, and what makes two events the same."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from contracts.refusal import Refused
from services.chassis.cloud_events import BATCH, STRUCTURED, Incoming, Parsed, read_request
from services.chassis.journal import fingerprint
from tests.unit.chassis.as_read import parsed

NOW = datetime(2023, 11, 1, 12, tzinfo=UTC)
EVENT: dict[str, Any] = {
    "specversion": "1.0",
    "id": "E-1",
    "source": "/coventry/hr",
    "type": "uk.workforce.post.changed.v1",
    "subject": "post/P-1",
    "time": "2023-10-31T08:00:00Z",
    "authority": "331",
    "data": {"effective_from": "2023-10-01", "funded_fte": 0.5, "team": "assessment"},
}


def structured(event: Mapping[str, Any]) -> Incoming:
    """The event of a request in structured mode."""
    (incoming,) = read_request({"content-type": STRUCTURED}, json.dumps(event).encode(), 10, NOW)
    return incoming


def print_of(**changed: Any) -> bytes:
    """The fingerprint of EVENT with these attributes changed; None takes one away."""
    event = {name: value for name, value in (EVENT | changed).items() if value is not None}
    return fingerprint(parsed(structured(event)))


def binary(headers: Mapping[str, str], body: bytes) -> Incoming:
    """The event of a request in binary mode."""
    stated = {"content-type": "application/json"} | {f"ce-{name}": value for name, value in headers.items()}
    (incoming,) = read_request(stated, body, 10, NOW)
    return incoming


@pytest.mark.parametrize(
    "alike",
    [
        {"time": "2023-10-31T09:00:00+01:00"},
        {"time": "2023-10-31T08:00:00.000Z"},
        {"data": {"team": "assessment", "funded_fte": 0.50, "effective_from": "2023-10-01"}},
        {"data": EVENT["data"] | {"grade": None}},
        {"datacontenttype": "application/json"},
    ],
)
def test_an_event_written_otherwise_has_the_same_fingerprint(alike: dict[str, Any]) -> None:
    assert print_of(**alike) == print_of()


@pytest.mark.parametrize(
    "other",
    [
        {"type": "uk.workforce.post.closed.v1", "data": {"closed_on": "2023-10-01"}},
        {"source": "/coventry/payroll"},
        {"subject": "post/P-2"},
        {"time": "2023-10-31T08:00:01Z"},
        {"time": None},
        {"sourcesequence": "0"},
        {"supersedes": "E-0"},
        {"voids": "E-0", "data": {"because": "duplicate"}},
        {"data": EVENT["data"] | {"funded_fte": 0.6}},
        {"data": EVENT["data"] | {"grade": "grade-9"}},
    ],
)
def test_an_event_that_states_something_else_has_another_fingerprint(other: dict[str, Any]) -> None:
    assert print_of(**other) != print_of()


def test_a_sourcesequence_is_a_number_however_it_is_written() -> None:
    assert print_of(sourcesequence="0017") == print_of(sourcesequence="17")
    assert print_of(sourcesequence="17") != print_of(sourcesequence="18")
    incoming = parsed(structured(EVENT | {"sourcesequence": "0017"}))
    assert incoming.event.envelope.sourcesequence == "17"


def test_the_fingerprint_of_an_event_without_a_sourcesequence_is_what_it_was_before_there_was_one() -> None:
    # Journals hold it: with another, an event sent again would be a conflict.
    assert print_of().hex() == "b2638b3cc64866cc40248990fe91a2e3475701ba3d89ebb89c76df6e1deb8bd1"


def test_without_a_time_the_moment_of_arrival_is_recorded_and_left_out_of_the_fingerprint() -> None:
    event = {name: value for name, value in EVENT.items() if name != "time"}
    incoming = parsed(structured(event))
    assert incoming.event.envelope.time == NOW
    assert incoming.stated_time is None
    new_year = datetime(2024, 1, 1, tzinfo=UTC)
    (later,) = read_request({"content-type": STRUCTURED}, json.dumps(event).encode(), 10, new_year)
    assert fingerprint(parsed(later)) == fingerprint(incoming)


def test_headers_of_binary_mode_are_percent_decoded() -> None:
    attributes = {name: value for name, value in EVENT.items() if name != "data"}
    headers = attributes | {"source": "%2Fcoventry%2Fhr", "time": "2023-10-31T09%3A00%3A00%2B01%3A00"}
    assert fingerprint(parsed(binary(headers, json.dumps(EVENT["data"]).encode()))) == print_of()


def test_content_types_may_have_parameters_and_capitals() -> None:
    given = {"content-type": "Application/CloudEvents+JSON; charset=utf-8"}
    (incoming,) = read_request(given, json.dumps(EVENT).encode(), 10, NOW)
    assert parsed(incoming).event.envelope.id == EVENT["id"]


@pytest.mark.parametrize("attribute", ["data", "source", "unknown"])
def test_however_deep_an_event_is_nested_it_is_refused_and_no_more(attribute: str) -> None:
    attributes = json.dumps({name: value for name, value in EVENT.items() if name != attribute})
    for depth in range(700, 1001):
        nested = "[" * depth + "]" * depth
        body = f'[{attributes[:-1]}, "{attribute}": {nested}}}]'.encode()
        assert refused_fields(body) != set()


def refused_fields(body: bytes) -> set[str]:
    """The fields with faults in a batch of one event, or of the batch as a whole."""
    try:
        (incoming,) = read_request({"content-type": BATCH}, body, 10, NOW)
    except Refused as refused:
        return {fault.field for fault in refused.faults}
    return set() if isinstance(incoming, Parsed) else {fault.field for fault in incoming.refusal.faults}


def test_an_empty_batch_holds_no_event() -> None:
    assert list(read_request({"content-type": BATCH}, b"[]", 10, NOW)) == []
