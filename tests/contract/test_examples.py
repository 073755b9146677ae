"""The examples: real events as a feed would send them, which every reader may use as its test data."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from contracts.catalogue import EVENT_MODELS
from contracts.envelope import STAMPED_BY_SERVICE, Envelope, Event, decode_record, kafka_headers, parse_event
from contracts.events.base import Withdrawal

CONTRACTS = Path(__file__).parents[2] / "contracts"
EXAMPLES = sorted(CONTRACTS.glob("examples/*/*.json"))
CHECKED = FormatChecker(("date",))


def named(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def read(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text())
    return document


def parsed(path: Path) -> Event:
    document = read(path)
    body = json.dumps(document.pop("data")).encode()
    return parse_event(document, body)


def test_every_event_type_has_an_example() -> None:
    assert {path.parent.name for path in EXAMPLES} == set(EVENT_MODELS)


@pytest.mark.parametrize("path", EXAMPLES, ids=named)
def test_an_example_is_an_event_of_the_type_its_folder_names(path: Path) -> None:
    event = parsed(path)
    assert event.envelope.type == path.parent.name
    assert event.envelope.id.startswith("evt-")
    assert event.envelope.authority == "331"
    assert isinstance(event.data, Withdrawal if event.envelope.voids else EVENT_MODELS[path.parent.name])


@pytest.mark.parametrize("path", EXAMPLES, ids=named)
def test_an_example_keeps_the_published_schemas(path: Path) -> None:
    document = read(path)
    data = document.pop("data")
    envelope_schema = json.loads((CONTRACTS / "generated/envelope.json").read_text())
    data_schema = json.loads((CONTRACTS / f"generated/events/{path.parent.name}.json").read_text())
    assert list(Draft202012Validator(envelope_schema).iter_errors(document)) == []
    assert list(Draft202012Validator(data_schema, format_checker=CHECKED).iter_errors(data)) == []


@pytest.mark.parametrize("path", EXAMPLES, ids=named)
def test_an_example_leaves_to_the_service_what_the_service_sets(path: Path) -> None:
    assert [name for name in STAMPED_BY_SERVICE if name in read(path)] == []


@pytest.mark.parametrize("path", EXAMPLES, ids=named)
def test_an_example_comes_out_of_a_kafka_record_as_it_went_in(path: Path) -> None:
    event = parsed(path)
    assert decode_record(kafka_headers(event.envelope), event.body) == event


def test_what_a_service_stamps_comes_out_of_a_kafka_record_too() -> None:
    document = read(CONTRACTS / "examples/uk.workforce.worker.started.v1/newly-qualified-social-worker.json")
    body = json.dumps(document.pop("data")).encode()
    stamps = {"acceptedtime": "2022-08-30T10:20:01.5Z", "sequence": "17", "provenance": "feed 2022-08-30, row 4"}
    event = parse_event({**document, **stamps}, body)
    headers = dict(kafka_headers(event.envelope))
    assert headers["content-type"] == b"application/json"
    assert headers["ce_time"] == b"2022-08-30T10:20:00Z"
    assert headers["ce_acceptedtime"] == b"2022-08-30T10:20:01.500000Z"
    assert headers["ce_sequence"] == b"17"
    assert "ce_voids" not in headers
    assert decode_record(list(headers.items()), body) == event


def test_the_examples_show_a_correction_and_a_withdrawal() -> None:
    events = [parsed(path) for path in EXAMPLES]
    assert {event.envelope.supersedes for event in events if event.envelope.supersedes} == {
        "evt-worker-0714-started",
        "evt-worker-0488-left",
        "evt-worker-0502-left",
    }
    assert {str(event.data) for event in events if event.envelope.voids} == {
        "because=<WithdrawalReason.CANCELLED: 'cancelled'>",
        "because=<WithdrawalReason.ENTERED_IN_ERROR: 'entered-in-error'>",
    }


def test_every_field_of_every_contract_stands_in_some_example() -> None:
    seen: dict[str, set[str]] = {name: set() for name in EVENT_MODELS}
    attributes: set[str] = set()
    for path in EXAMPLES:
        document = read(path)
        seen[path.parent.name] |= document.pop("data").keys()
        attributes |= document.keys()
    missing = {name: EVENT_MODELS[name].model_fields.keys() - fields for name, fields in seen.items()}
    assert {name: fields for name, fields in missing.items() if fields} == {}
    assert Envelope.model_fields.keys() - attributes == set(STAMPED_BY_SERVICE)
