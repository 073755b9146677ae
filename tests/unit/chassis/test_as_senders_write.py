"""CloudEvents as senders really write them: with nulls, with what tracers and brokers add, in quotes, with marks.

Invariant: every such event is the event it would be without; what may be one of our attributes misspelt is refused.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers

from contracts.envelope import DROPPED, DROPPED_OF_BROKERS, Event, decode_record, kafka_headers
from contracts.refusal import Fault, Refused
from services.chassis.cloud_events import BATCH, BINARY, STRUCTURED, Incoming, Parsed, read_request
from services.chassis.journal import fingerprint
from tests.unit.chassis.as_read import parsed, rejected
from tests.unit.chassis.test_cloud_events import EVENT, NOW

ATTRIBUTES = {name: value for name, value in EVENT.items() if name != "data"}
BODY = json.dumps(EVENT["data"]).encode()
MARK = b"\xef\xbb\xbf"
OPTIONAL = ["supersedes", "supersedessource", "voids", "voidssource", "sourcesequence", "dataschema", "datacontenttype"]


def structured(body: bytes, content_type: str = STRUCTURED) -> Incoming:
    """The event of a request in structured mode."""
    (incoming,) = read_request(Headers({"content-type": content_type}), body, 10, NOW)
    return incoming


def batch(event: Mapping[str, Any]) -> Incoming:
    """The event of a request in batch mode."""
    (incoming,) = read_request(Headers({"content-type": BATCH}), json.dumps([event]).encode(), 10, NOW)
    return incoming


def binary(
    headers: Mapping[str, str] | None = None,
    body: bytes = BODY,
    content_type: str = BINARY,
    again: Iterable[tuple[str, str]] = (),
) -> Incoming:
    """The event of a request in binary mode, with these headers instead or besides, and some once more."""
    stated = [(f"ce-{name}", value) for name, value in (ATTRIBUTES | dict(headers or {})).items()]
    raw = [
        (name.encode(), value.encode("latin-1")) for name, value in [("content-type", content_type), *stated, *again]
    ]
    (incoming,) = read_request(Headers(raw=raw), body, 10, NOW)
    return incoming


def from_kafka(*more: tuple[str, bytes | None], body: bytes = BODY) -> Event:
    """The event of a record with these headers besides."""
    return decode_record([*((f"ce_{name}", str(value).encode()) for name, value in ATTRIBUTES.items()), *more], body)


def is_plain(incoming: Incoming) -> bool:
    """Whether it is the event as it is without any of this."""
    return fingerprint(parsed(incoming)) == fingerprint(parsed(structured(json.dumps(EVENT).encode())))


def faults(incoming: Incoming) -> tuple[Fault, ...]:
    """Why an event was refused."""
    return rejected(incoming).refusal.faults


@pytest.mark.parametrize("name", [*OPTIONAL, "acceptedtime", "sequence", "provenance", "data_base64", "anything"])
def test_an_attribute_that_is_null_is_one_left_out(name: str) -> None:
    assert is_plain(structured(json.dumps(EVENT | {name: None}).encode()))
    assert is_plain(batch(EVENT | {name: None}))
    assert from_kafka((f"ce_{name}", None)) == from_kafka()


def test_a_time_that_is_null_is_the_moment_of_arrival() -> None:
    incoming = parsed(structured(json.dumps(EVENT | {"time": None}).encode()))
    assert (incoming.event.envelope.time, incoming.stated_time) == (NOW, None)


@pytest.mark.parametrize("name", OPTIONAL[:-1])
def test_a_null_that_an_sdk_wrote_as_text_into_a_header_is_one_left_out(name: str) -> None:
    assert is_plain(binary({name: "null"}))


def test_an_attribute_that_is_needed_is_missing_when_it_is_null() -> None:
    (fault,) = faults(structured(json.dumps(EVENT | {"subject": None}).encode()))
    assert (fault.field, fault.problem) == ("subject", "is missing")


@pytest.mark.parametrize(
    "name",
    [
        *("traceparent", "tracestate", "baggage", "partitionkey", "sampledrate", "correlationid", "expirytime"),
        *("knativearrivaltime", "knativehistory", "kafkaoffset", "kafkapartition", "iodebeziumop", "awsregion"),
    ],
)
@pytest.mark.parametrize("value", ["00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", 42, True])
def test_what_tracers_and_brokers_add_is_taken_and_dropped(name: str, value: object) -> None:
    event = EVENT | {name: value}
    for taken in (structured(json.dumps(event).encode()), batch(event), binary({name: quote(str(value))})):
        assert is_plain(taken)
        headers = kafka_headers(parsed(taken).event.envelope)
        assert name.encode() not in b"".join(key.encode() for key, _ in headers)
    assert from_kafka((f"ce_{name}", str(value).encode())) == from_kafka()


def test_what_is_dropped_is_none_of_ours_and_no_field_of_our_data() -> None:
    assert DROPPED.isdisjoint({*EVENT, *OPTIONAL, "acceptedtime", "sequence", "provenance", "team", "role", "grade"})
    assert not [name for name in (*EVENT, *OPTIONAL) if name.startswith(DROPPED_OF_BROKERS)]


@pytest.mark.parametrize(
    "name",
    [
        *("supercedes", "supersede", "void", "sourceSequence", "sourcesequense", "suject", "authorithy", "surname"),
        *("trace_parent", "tracparent", "kafka_offset", "kafka-offset", "team", "effectivefrom"),
    ],
)
def test_any_other_attribute_is_refused_by_its_name_as_one_of_ours_may_be_meant(name: str) -> None:
    (fault,) = faults(structured(json.dumps(EVENT | {name: "x"}).encode()))
    assert (fault.field, fault.value) == (name, None)
    assert "supersedes" in fault.expected
    with pytest.raises(Refused, match="is not a field of this contract"):
        from_kafka((f"ce_{name}", b"x"))


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "application/json; charset=utf-8", 'Application/JSON ;charset="UTF-8"; x=y'],
)
def test_content_types_may_have_parameters(content_type: str) -> None:
    assert is_plain(binary(content_type=content_type))
    assert is_plain(structured(json.dumps(EVENT | {"datacontenttype": content_type}).encode()))
    parameters = content_type.partition(";")[2]
    assert is_plain(structured(json.dumps(EVENT).encode(), f"{STRUCTURED};{parameters}"))


@pytest.mark.parametrize("mode", [STRUCTURED, BATCH, BINARY])
def test_another_charset_is_refused_by_its_name(mode: str) -> None:
    headers = Headers({"content-type": f"{mode}; charset=ISO-8859-1", "ce-specversion": "1.0"})
    with pytest.raises(Refused) as refusal:
        read_request(headers, b"{}", 10, NOW)
    (fault,) = refusal.value.faults
    assert (fault.field, fault.value) == ("Content-Type", "iso-8859-1")


@given(st.text(st.characters(max_codepoint=255, exclude_characters="\r\n")))
def test_whatever_stands_in_a_content_type_is_read_or_refused(parameters: str) -> None:
    headers = Headers(raw=[(b"content-type", f"{STRUCTURED}; charset{parameters}".encode("latin-1"))])
    refused: tuple[Fault, ...] = ()
    try:
        (incoming,) = read_request(headers, json.dumps(EVENT).encode(), 10, NOW)
    except Refused as refusal:
        refused = refusal.faults
    assert [fault.field for fault in refused] == ["Content-Type"] if refused else is_plain(incoming)


@given(st.text(st.characters(max_codepoint=255)), st.sampled_from(["id", "source", "supersedes", "dataschema"]))
def test_whatever_stands_in_a_header_is_read_or_refused(value: str, name: str) -> None:
    raw = [(f"ce-{key}".encode(), str(stated).encode()) for key, stated in ATTRIBUTES.items() if key != name]
    raw += [(b"content-type", BINARY.encode()), (f"ce-{name}".encode(), value.encode("latin-1"))]
    (incoming,) = read_request(Headers(raw=raw), BODY, 10, NOW)
    assert isinstance(incoming, Parsed) or faults(incoming)


def test_data_of_another_type_is_refused() -> None:
    (fault,) = faults(structured(json.dumps(EVENT | {"datacontenttype": "application/xml"}).encode()))
    assert (fault.field, fault.value) == ("datacontenttype", "application/xml")


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("source", "%2Fcoventry%2Fhr"),
        ("source", "/coventry/h%72"),
        ("id", '"E-1"'),
        ("subject", '"post/P\\-1"'),
        ("time", '"2023-10-31T08%3A00:00Z"'),
        ("authority", "%33%33%31"),
    ],
)
def test_headers_are_taken_out_of_their_quotes_and_percent_decoded(name: str, written: str) -> None:
    assert is_plain(binary({name: written}))


@pytest.mark.parametrize(
    ("name", "written", "field"),
    [
        ("id", "E%252D1", "id"),
        ("id", '"E-1', "id"),
        ("source", "%FF", "ce-source"),
        ("dataschema", "urn:%E9", "ce-dataschema"),
    ],
)
def test_a_header_is_decoded_once_and_as_utf_8(name: str, written: str, field: str) -> None:
    (fault,) = faults(binary({name: written}))
    assert fault.field == field


def test_a_header_that_stands_there_twice_is_refused() -> None:
    (fault,) = faults(binary(again=[("ce-supersedes", "E-0"), ("ce-supersedes", "E-9")]))
    assert (fault.field, fault.problem) == ("ce-supersedes", "stands there more than once")


def test_a_byte_order_mark_may_stand_before_any_body() -> None:
    assert is_plain(structured(MARK + json.dumps(EVENT).encode()))
    (of_batch,) = read_request(Headers({"content-type": BATCH}), MARK + json.dumps([EVENT]).encode(), 10, NOW)
    assert is_plain(of_batch)
    assert is_plain(binary(body=MARK + BODY))
    assert from_kafka(body=MARK + BODY).data == from_kafka().data


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32"])
def test_json_that_is_not_utf_8_is_refused_in_every_mode(encoding: str) -> None:
    for content_type, written in ((STRUCTURED, EVENT), (BATCH, [EVENT])):
        with pytest.raises(Refused):
            read_request(Headers({"content-type": content_type}), json.dumps(written).encode(encoding), 10, NOW)
    assert faults(binary(body=json.dumps(EVENT["data"]).encode(encoding)))
    with pytest.raises(Refused):
        from_kafka(body=json.dumps(EVENT["data"]).encode(encoding))
