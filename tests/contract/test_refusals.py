"""What is refused: in words that name the field and say what would be right, and give nothing personal away."""

import json
from typing import Any

import pytest
from pydantic import BaseModel

from contracts.catalogue import EVENT_MODELS
from contracts.envelope import Envelope, Event, parse_data, parse_envelope, parse_event
from contracts.events.base import Withdrawal
from contracts.refusal import Fault, Refused, and_more, shown

ENVELOPE = {
    "specversion": "1.0",
    "id": "evt-1",
    "source": "/coventry/hr",
    "type": "uk.workforce.worker.started.v1",
    "subject": "worker/W-1",
    "time": "2023-10-31T08:00:00Z",
    "authority": "331",
}
DATA = {"started_on": "2023-10-02", "post": "P-1", "fte": 1, "origin": "other", "route": "direct"}
PERSONAL = "Zebedee-Quill"


def parse(attributes: dict[str, Any] | None = None, data: dict[str, Any] | None = None) -> Event:
    return parse_event({**ENVELOPE, **(attributes or {})}, json.dumps({**DATA, **(data or {})}).encode())


def refused(attributes: dict[str, Any] | None = None, data: dict[str, Any] | None = None) -> tuple[Fault, ...]:
    with pytest.raises(Refused) as refusal:
        parse(attributes, data)
    return refusal.value.faults


def test_the_event_that_the_others_are_changed_from_is_taken() -> None:
    assert parse().key == b"331:worker/W-1"


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"surname": PERSONAL}, "data.surname"),
        ({"person": {"surname": PERSONAL}}, "data.person"),
        ({"names": [PERSONAL]}, "data.names"),
        ({"fte": {"surname": PERSONAL}}, "data.fte"),
        ({"fte": [{"surname": PERSONAL}]}, "data.fte"),
        ({"post": [PERSONAL]}, "data.post"),
    ],
)
def test_an_unknown_field_is_refused_by_its_name_and_its_value_is_not_repeated(
    data: dict[str, Any], field: str
) -> None:
    (fault,) = refused(data=data)
    assert fault.field == field
    assert PERSONAL not in str(fault)
    assert PERSONAL not in repr(fault)


def test_an_unknown_attribute_is_refused_by_its_name_and_its_value_is_not_repeated() -> None:
    (fault,) = refused({"surname": PERSONAL})
    assert fault.field == "surname"
    assert fault.problem == "is not a field of this contract"
    assert PERSONAL not in repr(fault)


@pytest.mark.parametrize("body", [f'"{PERSONAL}"', f'["{PERSONAL}"]', f'{{"surname": "{PERSONAL}"', PERSONAL])
def test_data_that_is_no_json_object_is_refused_and_not_repeated(body: str) -> None:
    with pytest.raises(Refused) as refusal:
        parse_event(ENVELOPE, body.encode())
    (fault,) = refusal.value.faults
    assert fault.field == "data"
    assert fault.expected == "a JSON object"
    assert PERSONAL not in repr(fault)
    assert refusal.value.__cause__ is None


def test_every_fault_is_told_at_once() -> None:
    assert [fault.field for fault in refused(data={"fte": 2, "surname": "X", "origin": "elsewhere"})] == [
        "data.fte",
        "data.origin",
        "data.surname",
    ]


def test_a_missing_field_is_named() -> None:
    with pytest.raises(Refused) as refusal:
        parse_event(ENVELOPE, b'{"started_on": "2023-10-02", "post": "P-1", "fte": 1, "origin": "other"}')
    assert [str(fault) for fault in refusal.value.faults] == ["data.route: is missing; right would be: a value for it"]


def test_an_event_that_voids_another_says_why_and_nothing_else() -> None:
    envelope = parse_envelope({**ENVELOPE, "voids": "evt-0"})
    assert parse_data(envelope, b'{"because": "duplicate"}') == Withdrawal.model_validate_json(
        '{"because": "duplicate"}'
    )
    with pytest.raises(Refused) as refusal:
        parse_data(envelope, json.dumps(DATA).encode())
    assert {fault.field for fault in refusal.value.faults} == {"data.because", *(f"data.{name}" for name in DATA)}


@pytest.mark.parametrize("model", [Envelope, Withdrawal, *EVENT_MODELS.values()])
def test_no_refusal_shows_a_regular_expression_or_speaks_of_input(model: type[BaseModel]) -> None:
    wrongs: tuple[object, ...] = ("?!", "", "x" * 400, 5, None, True, [], {}, -1, 1e9)
    for name in model.model_fields:
        for wrong in wrongs:
            for told in _told(model, name, wrong):
                assert "^[" not in told
                assert "nput should" not in told


def _told(model: type[BaseModel], name: str, wrong: object) -> list[str]:
    event_type = getattr(model, "event_type", ENVELOPE["type"])
    kind = EVENT_MODELS[event_type].subject_kind
    attributes: dict[str, Any] = {**ENVELOPE, "type": event_type, "subject": f"{kind}/X-1"}
    attributes |= {name: wrong} if model is Envelope else {"voids": "evt-0"} if model is Withdrawal else {}
    try:
        parse_event(attributes, json.dumps({} if model is Envelope else {name: wrong}).encode())
    except Refused as refusal:
        return [str(fault) for fault in refusal.faults]
    return []


def test_data_of_a_hundred_thousand_unknown_fields_is_refused_in_a_few_words() -> None:
    faults = refused(data={f"unknown_{number}": number for number in range(100_000)})
    assert [fault.field for fault in faults] == ["data"]
    assert "at most 65536 bytes" in str(faults[0])


@pytest.mark.parametrize(("unknown", "told", "left_out"), [(1, 1, 0), (20, 20, 0), (21, 20, 1), (1_500, 20, 1_480)])
def test_no_more_than_twenty_faults_are_told_and_how_many_others_there_are(
    unknown: int, told: int, left_out: int
) -> None:
    with pytest.raises(Refused) as refusal:
        parse(data={f"unknown_{number}": number for number in range(unknown)})
    assert [fault.field for fault in refusal.value.faults] == [f"data.unknown_{number}" for number in range(told)]
    assert refusal.value.left_out == left_out
    assert str(refusal.value).count("; ") == 2 * told - 1 + (left_out > 0)
    assert str(refusal.value).endswith("; and 1,480 more") is (left_out == 1_480)


def test_how_many_are_left_out_is_told_where_there_are_any() -> None:
    assert and_more(0) == []
    assert and_more(1) == ["and 1 more"]
    assert and_more(12_345) == ["and 12,345 more"]


def test_a_value_is_shown_up_to_eighty_characters_and_a_longer_one_cut() -> None:
    assert shown("x" * 80) == "x" * 80
    assert shown("x" * 81) == "x" * 77 + "..."
    assert shown(1.5) == "1.5"
    assert shown(None) == "None"
    (fault,) = refused(data={"post": "?" * 81})
    assert fault.value == "?" * 77 + "..."
    (fault,) = refused(data={"u" * 81: 1})
    assert fault.field == "data." + "u" * 77 + "..."


def test_a_fault_says_what_and_where_what_came_and_what_would_be_right() -> None:
    assert (
        str(Fault("data.fte", "is wrong", "a number", "x")) == "data.fte: is wrong (came: x); right would be: a number"
    )
    assert str(Fault("data.fte", "is missing", "a value")) == "data.fte: is missing; right would be: a value"
    assert str(Fault("data.fte", "is wrong", "a number", "")) == "data.fte: is wrong (came: ); right would be: a number"
    two = Refused(Fault("a", "is b", "c"), Fault("d", "is e", "f"), left_out=3)
    assert str(two) == "a: is b; right would be: c; d: is e; right would be: f; and 3 more"
    assert (two.left_out, Refused(Fault("a", "is b", "c")).left_out) == (3, 0)
