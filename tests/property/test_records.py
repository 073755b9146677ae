"""Whatever a Kafka record holds, decoding it gives an event or a refusal, and nothing else.

Invariant: a record that is refused can be kept and looked at: its dead letter can be written and read.
"""

import json
from typing import Any

import pytest
from aiokafka import ConsumerRecord
from aiokafka.record.default_records import DefaultRecordBatch, DefaultRecordBatchBuilder
from hypothesis import given
from hypothesis import strategies as st

from contracts.envelope import Event, decode_record, kafka_headers
from contracts.refusal import Refused
from services.chassis.dead_letter_form import RejectedRecord, dead_letter, passthrough_parser, where_and_why
from services.chassis.decoding import decoded_event
from tests.delivery.feed import decoded, post_established

GOOD = decoded(post_established("P-1", "331"), 7)
HEADERS = dict(kafka_headers(GOOD.envelope))
BODY = json.loads(GOOD.body)

DEEP = [b"[" * depth + b"]" * depth for depth in (200, 1000, 100_000)] + [b'{"a":' * 5000 + b"1" + b"}" * 5000]
BODIES = [
    b"", b"null", b"{}", b"[]", b"\xff\xfe", b"\x00", b'{"funded_fte": NaN}', b'{"funded_fte": Infinity}', b'"\\ud800"',
    b'{"funded_fte": ' + b"9" * 5000 + b"}", b'{"team": "\\u0000"}', b'{"team": "a", "team": "b"}', b"{" * 65_000,
    json.dumps(BODY | {"team": "a" * 300_000}).encode(), json.dumps(BODY | {"team": "\ud800"}).encode(), *DEEP,
]  # fmt: skip
VALUES = [
    b"", b"\x00", b"\xff\xfe", b"\xed\xa0\x80", b"1", b"0", b"-1", b"9" * 19, b"9" * 5000, "é".encode(), b"\n",
    "٧".encode(), b"1948-01-01T00:00:00+01:00", b"0001-01-01T00:00:00Z", b"9999-12-31T23:59:59-01:00", b"NaN",
    b" " * 70_000,
]  # fmt: skip
names = st.sampled_from(
    [*HEADERS, "ce_supersedes", "ce_voids", "ce_dataschema", "ce_", "ce_\x00", "CE_ID", "", "dead-letter-topic"]
)
contents = st.none() | st.sampled_from(VALUES) | st.sampled_from(list(HEADERS.values())) | st.binary(max_size=50)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5) | st.sampled_from([*BODY]), inner, max_size=3)
    ),
    max_leaves=8,
)
bodies = (
    st.none()
    | st.just(GOOD.body)
    | st.sampled_from(BODIES)
    | st.binary(max_size=300)
    | json_values.map(lambda value: json.dumps(value).encode())
    | st.dictionaries(st.sampled_from([*BODY]), json_values, max_size=2).map(
        lambda more: json.dumps(BODY | more).encode()
    )
)


@st.composite
def headers(draw: st.DrawFn) -> list[tuple[str, bytes | None]]:
    """The headers of a good record, of which some are left out, others, or there a second time."""
    left = {name: content for name, content in HEADERS.items() if name not in draw(st.lists(names, max_size=1))}
    changed: dict[str, Any] = left | draw(st.dictionaries(names, contents, max_size=2))
    again = draw(st.lists(st.tuples(names | st.text(max_size=5), contents), max_size=2))
    return [*changed.items(), *again]


def record(
    value: bytes | None, given: list[tuple[str, bytes | None]], key: bytes | None = b"331:post/P-1"
) -> ConsumerRecord:
    """A record of workforce.posts as aiokafka gives it."""
    return ConsumerRecord("workforce.posts", 0, 12, 0, 0, key, value, None, 0, 0, tuple(given))


@given(bodies, headers())
def test_a_record_is_an_event_or_refused(value: bytes | None, given_headers: list[tuple[str, bytes | None]]) -> None:
    try:
        decoded = decode_record(given_headers, value)
    except Refused as refused:
        decoded, faults = None, refused.faults
    if decoded is None:
        assert faults
    else:
        assert decoded == decode_record(kafka_headers(decoded.envelope), decoded.body)


@given(bodies, headers(), st.none() | st.binary(max_size=30))
def test_what_is_no_event_has_a_dead_letter_that_keeps_it_and_says_why(
    value: bytes | None, given_headers: list[tuple[str, bytes | None]], key: bytes | None
) -> None:
    came = record(value, given_headers, key)
    decoded = decoded_event(came)
    if isinstance(decoded, Event):
        return
    assert decoded.cause == "contract"
    kept = written_and_read(decoded)
    # Kafka's clients write no record that has neither key nor body.
    body = b"" if key is None and value is None else value
    assert (kept.key, kept.value, list(passthrough_parser(kept))) == (key, body, given_headers)
    about = where_and_why(kept)
    assert (about["topic"], about["offset"], about["cause"]) == ("workforce.posts", "12", "contract")
    assert about["reason"]


def test_headers_without_a_value_count_as_left_out() -> None:
    assert decode_record([*HEADERS.items(), ("ce_voids", None), ("ce_supersedes", None)], GOOD.body) == GOOD
    with pytest.raises(Refused, match="ce_specversion: is missing"):
        decode_record([*(HEADERS | {"ce_specversion": None}).items()], GOOD.body)


def test_an_attribute_that_stands_there_twice_is_refused() -> None:
    with pytest.raises(Refused, match="ce_id: stands there more than once"):
        decode_record([*HEADERS.items(), ("ce_id", b"another")], GOOD.body)


@pytest.mark.parametrize("sequence", [b"0", b"-1", b"9223372036854775808", b"9" * 19, "٧".encode(), b"1.0", b" 1"])
def test_a_sequence_that_postgresql_has_no_number_for_is_refused(sequence: bytes) -> None:
    with pytest.raises(Refused, match="sequence"):
        decode_record([*(HEADERS | {"ce_sequence": sequence}).items()], GOOD.body)


def test_an_error_that_nobody_foresaw_while_decoding_is_a_reason_to_reject(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> Event:
        raise AttributeError("'NoneType' object has no attribute 'decode'")

    monkeypatch.setattr("services.chassis.decoding.decode_record", fails)
    decoded = decoded_event(record(GOOD.body, list(HEADERS.items())))
    assert isinstance(decoded, RejectedRecord)
    assert (decoded.cause, decoded.attempts) == ("decoding", 1)
    assert decoded.reason == "AttributeError: 'NoneType' object has no attribute 'decode'"


def written_and_read(item: RejectedRecord) -> ConsumerRecord:
    """The dead letter as it comes out of a batch of records that Kafka holds."""
    letter = dead_letter(item, "metrics", 1_000_000)
    assert letter.key is not None or letter.value is not None
    builder = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, -1, 2_000_000)
    assert builder.append(0, 1, letter.key, letter.value, letter.headers) is not None
    (record,) = DefaultRecordBatch(bytes(builder.build()))
    return ConsumerRecord(
        "workforce.metrics.dead-letter", 0, 0, 1, 0, record.key, record.value, None, 0, 0, tuple(record.headers)
    )
