"""Every attribute of an event, written down by hand: what it may hold, what is refused and with which words.

Invariant: attributes are changed one at a time on an event that is taken.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from contracts import schemas
from contracts.envelope import (
    DROPPED,
    DROPPED_OF_BROKERS,
    LARGEST_DATA,
    MOST_ATTRIBUTES,
    Envelope,
    Event,
    as_consumers_take_it,
    decode_record,
    format_instant,
    kafka_headers,
    named,
    parse_data,
    parse_envelope,
    parse_event,
    read_json,
)
from contracts.refusal import Fault, Refused
from tests.contract.every_field import EVENT_TYPES

WORKER_LEFT = "uk.workforce.worker.left.v1"
STATED = {
    "specversion": "1.0",
    "id": "evt-1",
    "source": "/coventry/hr",
    "type": WORKER_LEFT,
    "subject": "worker/W-1",
    "time": "2023-10-31T08:00:00Z",
    "authority": "331",
}
DATA = b'{"left_on":"2023-09-30","reason":"retired","destination":"not-known"}'
BECAUSE = b'{"because":"cancelled"}'

ID = "1 to 128 letters, digits, dots, underscores, colons and hyphens, the first a letter or digit"
SOURCE = "1 to 200 letters, digits, slashes, dots, underscores, colons and hyphens, as /coventry/hr"
SUBJECT = "what it is about, a slash and its identifier, as worker/W-0001"
INSTANT = "a date and a time with its offset, as 2023-10-31T08:00:00Z"
YEARS = "an instant from 1948-01-01 and before 2100-01-01, in UTC too"
REFERRED = "the id of an event"
NUMBER = "a whole number from 0 on, of at most 18 digits"
PLACE = "a whole number from 1 on"
NO_IDS = ("", "-a", ".a", ":a", "evt 1", "evt/1", "evt#1", "evt-1\n", "é", "a" * 129)
NO_SOURCES = ("", "the payroll", "/a#b", "/é", "/a\n", "a" * 201)


def attributes(more: Mapping[str, object] | None = None) -> dict[str, Any]:
    """The attributes of the event, with these instead or besides."""
    return STATED | dict(more or {})


def faults(stated: Mapping[str, Any]) -> list[Fault]:
    """Why an event with these attributes is refused."""
    with pytest.raises(Refused) as refusal:
        parse_envelope(stated)
    return list(refusal.value.faults)


def event(more: Mapping[str, object] | None = None, body: bytes = DATA) -> Event:
    """The event with these attributes instead or besides."""
    return parse_event(attributes(more), body)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("specversion", ["1.0"]),
        ("id", ["a", "Z", "0", "evt-1", "9.:_-", "a" * 128]),
        ("source", ["a", "/", "/coventry/hr", "urn:coventry:hr_1.2-3", "a" * 200]),
        ("type", [WORKER_LEFT]),
        ("subject", ["worker/a", "worker/0", f"worker/{'a' * 64}", "worker/W-1._9"]),
        ("datacontenttype", ["application/json"]),
        ("dataschema", ["", "https://example.org/schema", "x" * 300]),
        ("authority", ["000", "331", "999"]),
        ("supersedes", ["a", "evt-0", "a" * 128]),
        ("voids", ["a", "evt-0", "a" * 128]),
        ("sourcesequence", ["0", "1", "9" * 18]),
        ("sequence", ["1", "9", "9223372036854775807"]),
        ("provenance", [" ", "~", "request 12", "x" * 200]),
    ],
)
def test_a_value_that_an_attribute_may_hold_is_kept_as_it_came(name: str, values: list[str]) -> None:
    for value in values:
        assert getattr(parse_envelope(attributes({name: value})), name) == value


@pytest.mark.parametrize(
    ("name", "values", "right"),
    [
        ("specversion", ["0.3", "1", "1.0.2", ""], "'1.0'"),
        ("id", NO_IDS, ID),
        ("source", NO_SOURCES, SOURCE),
        ("subject", ["", "W-1", "worker/", "/W-1", "worker/-W", "Worker/W-1", "worker/W 1", "1/W-1"], SUBJECT),
        ("subject", [f"worker/{'a' * 65}", f"{'a' * 32}/W-1", "worker/W-1\n", "worker/W/1"], SUBJECT),
        ("dataschema", ["x" * 301], "at most 300 characters"),
        ("datacontenttype", ["text/json", "application/xml", "application/json2"], "'application/json'"),
        ("authority", ["", "33", "3310", "E08000026", "٣٣١", "331\n"], "the authority's three-digit code, as 331"),
        ("supersedes", NO_IDS, REFERRED),
        ("voids", NO_IDS, REFERRED),
        ("sourcesequence", ["", "-1", "1.0", "+1", "1" * 19, "١", "1\n"], NUMBER),
        ("sequence", ["", "0", "01", "-1", "1.0", "1" * 20], PLACE),
        ("sequence", ["9223372036854775808"], "a whole number from 1 to 9223372036854775807"),
        ("provenance", ["", "x" * 201, "é", "a\nb", "\x7f"], "1 to 200 printable ASCII characters"),
        ("time", ["", "2023-10-31", "1698739200", "2023-10-31 08:00:00Z", "31.10.2023T08:00Z"], INSTANT),
        ("time", ["2023-10-31T08:00:00", "2023-02-29T08:00:00Z", "2023-10-31T25:00:00Z"], INSTANT),
        ("time", ["1947-12-31T23:59:59.999999Z", "2100-01-01T00:00:00Z", "0001-01-01T00:00:00Z"], YEARS),
        ("time", ["1948-01-01T00:59:59+01:00", "2099-12-31T23:30:00-00:30", "2100-01-01T00:30:00+01:00"], YEARS),
        ("acceptedtime", ["2023-10-31", "1698739200"], INSTANT),
    ],
)
def test_a_value_that_an_attribute_may_not_hold_is_refused_with_what_would_be_right(
    name: str, values: list[str], right: str
) -> None:
    for value in values:
        (fault,) = faults(attributes({name: value}))
        assert (fault.field, fault.expected) == (name, right)
        assert fault.value == (value if len(value) <= 80 else value[:77] + "...")


@pytest.mark.parametrize(
    ("name", "of", "right"),
    [
        ("supersedessource", "supersedes", "the source of the event that it supersedes"),
        ("voidssource", "voids", "the source of the event that it voids"),
    ],
)
def test_the_source_of_another_event_is_a_source_and_stands_beside_its_id(name: str, of: str, right: str) -> None:
    for value in ("a", "/payroll", "a" * 200):
        assert getattr(parse_envelope(attributes({of: "evt-0", name: value})), name) == value
    for value in NO_SOURCES:
        (fault,) = faults(attributes({of: "evt-0", name: value}))
        assert (fault.field, fault.expected) == (name, right)
    (alone,) = faults(attributes({name: "/payroll"}))
    assert (alone.field, alone.expected) == (
        "event",
        f"an event that states {name} also states {of}, the id of the event it means",
    )
    other = {"supersedes": "voids", "voids": "supersedes"}[of]
    assert faults(attributes({name: "/payroll", other: "evt-0"})) == [alone]


@pytest.mark.parametrize("name", ["id", "source", "type", "subject", "time", "authority"])
def test_an_attribute_that_is_needed_is_missing_where_it_is_left_out_or_null(name: str) -> None:
    without = {other: value for other, value in STATED.items() if other != name}
    for stated in (without, without | {name: None}):
        assert faults(stated) == [Fault(name, "is missing", "a value for it")]


@pytest.mark.parametrize(
    "name",
    [
        *("specversion", "datacontenttype", "dataschema", "supersedes", "supersedessource", "voids", "voidssource"),
        *("sourcesequence", "acceptedtime", "sequence", "provenance"),
    ],
)
def test_any_other_attribute_may_be_left_out_or_null(name: str) -> None:
    without = parse_envelope({other: value for other, value in STATED.items() if other != name})
    assert without == parse_envelope(attributes({name: None}))
    usual = {"specversion": "1.0", "datacontenttype": "application/json"}
    assert getattr(without, name) == usual.get(name)


@pytest.mark.parametrize("name", [*STATED, "voids", "sequence", "provenance", "surname"])
def test_an_attribute_is_text(name: str) -> None:
    for value in (1, 1.5, True, ["a"], {"a": "b"}):
        (fault,) = faults(attributes({name: value}))
        assert (fault.field, fault.problem, fault.expected) == (name, "is not a string", "a JSON string")
        assert fault.value == (None if name == "surname" else repr(value))


# --- what one attribute says beside another ---------------------------------------------------------------------------


def test_an_event_replaces_another_or_voids_it_and_never_itself() -> None:
    (both,) = faults(attributes({"supersedes": "evt-0", "voids": "evt-0"}))
    assert (both.field, both.expected) == ("event", "an event supersedes another or voids it, not both")
    for reference in ("supersedes", "voids"):
        for stated in ({}, {f"{reference}source": "/coventry/hr"}):
            (itself,) = faults(attributes({reference: "evt-1", **stated}))
            assert (itself.field, itself.expected) == ("event", "an event cannot supersede or void itself")
        # Another source's event of that number is another event.
        other = {reference: "evt-1", f"{reference}source": "/payroll"}
        assert parse_envelope(attributes(other)).referred == ("/payroll", "evt-1")
        assert parse_envelope(attributes({reference: "evt-0"})).referred == ("/coventry/hr", "evt-0")
    assert parse_envelope(STATED).referred is None


def test_an_event_is_known_by_its_type_source_and_id_and_stands_under_its_authority_and_subject() -> None:
    parsed = event({"supersedes": "evt-0", "supersedessource": "/payroll"})
    assert parsed.identity == (WORKER_LEFT, "/coventry/hr", "evt-1")
    assert parsed.referred == (WORKER_LEFT, "/payroll", "evt-0")
    assert event().referred is None
    assert parsed.name == named("/coventry/hr", "evt-1") == "/coventry/hr#evt-1"
    assert parsed.topic == "workforce.leavers"
    assert parsed.key == b"331:worker/W-1"


@pytest.mark.parametrize(("written", "meant"), [("0", "0"), ("00", "0"), ("0017", "17"), ("017", "17"), ("100", "100")])
def test_a_place_among_a_sources_events_is_a_whole_number_however_many_zeros_stand_before_it(
    written: str, meant: str
) -> None:
    assert parse_envelope(attributes({"sourcesequence": written})).sourcesequence == meant


@pytest.mark.parametrize(
    ("written", "in_utc"),
    [
        ("2023-10-31T08:00:00Z", datetime(2023, 10, 31, 8, tzinfo=UTC)),
        ("2023-10-31t08:00:00z", datetime(2023, 10, 31, 8, tzinfo=UTC)),
        ("2023-10-31T00:30:00+01:00", datetime(2023, 10, 30, 23, 30, tzinfo=UTC)),
        ("2024-02-29T23:30:00-00:30", datetime(2024, 3, 1, tzinfo=UTC)),
        ("2023-10-31T08:00:00.123456Z", datetime(2023, 10, 31, 8, 0, 0, 123456, tzinfo=UTC)),
        ("1948-01-01T00:00:00Z", datetime(1948, 1, 1, tzinfo=UTC)),
        ("1948-01-01T01:00:00+01:00", datetime(1948, 1, 1, tzinfo=UTC)),
        ("2099-12-31T23:59:59.999999Z", datetime(2099, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)),
    ],
)
def test_a_time_is_kept_in_utc(written: str, in_utc: datetime) -> None:
    envelope = parse_envelope(attributes({"time": written, "acceptedtime": written}))
    assert envelope.time == envelope.acceptedtime == in_utc
    assert envelope.time.tzinfo is UTC


@pytest.mark.parametrize(
    "written", ["application/json; charset=utf-8", "Application/JSON", " application/json ;a=b", "application/json;"]
)
def test_a_content_type_is_that_of_json_whatever_stands_beside_it(written: str) -> None:
    assert parse_envelope(attributes({"datacontenttype": written})).datacontenttype == "application/json"


def test_an_unknown_type_is_told_which_there_are() -> None:
    (fault,) = faults(attributes({"type": "uk.workforce.worker.vanished.v1"}))
    assert (fault.field, fault.problem, fault.value) == (
        "type", "is not a known event type", "uk.workforce.worker.vanished.v1",
    )  # fmt: skip
    near, _, listed = fault.expected.partition("; ")
    assert near.startswith("perhaps uk.workforce.worker.")
    assert listed.startswith("one of uk.workforce.post.established.v1, uk.workforce.post.changed.v1, ")
    assert len(listed.split(", ")) == len(EVENT_TYPES)


# --- what tracers, brokers and careless systems add -------------------------------------------------------------------


def test_what_is_dropped_is_what_cloudevents_documents_and_what_brokers_add() -> None:
    documented = """
        authclaims authid authtype b3 baggage causationid correlationid datacategory dataclassification dataref
        dataregulation deprecated deprecationfrom deprecationmigration deprecationsunset expiration expirytime
        partitionkey pubsubname recordedtime sampledrate sequencetype severitynumber severitytext spanid topic traceid
        traceparent tracestate
    """
    brokers = """
        aeg amqp aws azure camel confluent dapr gcp google iodebezium jms kafka knative mqtt nats pulsar rabbitmq
        redpanda solace
    """
    assert set(documented.split()) == DROPPED
    assert tuple(brokers.split()) == DROPPED_OF_BROKERS


def test_what_is_dropped_may_hold_anything_and_changes_nothing() -> None:
    plain = parse_envelope(STATED)
    for name in ("traceparent", "topic", "kafka", "kafkaoffset", "aws1"):
        for value in ("", "x" * 10_000, 1, True, [1], {"a": None}):
            assert parse_envelope(attributes({name: value})) == plain


@pytest.mark.parametrize("name", ["traceParent", "topics", "mytopic", "mykafka", "kafka_offset", "kafka-x", "kafkaé"])
def test_what_only_looks_like_it_is_refused(name: str) -> None:
    (fault,) = faults(attributes({name: "x"}))
    assert (fault.field, fault.problem) == (name, "is not a field of this contract")
    assert fault.expected == (
        "one of specversion, id, source, type, subject, time, datacontenttype, dataschema, authority, supersedes, "
        "supersedessource, voids, voidssource, sourcesequence, or leave it out"
    )


def test_forty_attributes_are_looked_at_and_no_more() -> None:
    assert MOST_ATTRIBUTES == 40
    dropped = {f"kafka{number}": "x" for number in range(33)}
    assert len(attributes(dropped)) == 40
    assert parse_envelope(attributes(dropped)) == parse_envelope(STATED)
    (fault,) = faults(attributes(dropped | {"kafka": None}))
    assert (fault.field, fault.problem) == ("event", "has 41 attributes")
    assert fault.expected.startswith("some of specversion, id, source, type, subject, time, ")


# --- data -------------------------------------------------------------------------------------------------------------


def test_data_may_be_sixty_four_kibibytes_long_and_no_longer() -> None:
    assert LARGEST_DATA == 65_536
    longest = DATA + b" " * (65_536 - len(DATA))
    assert event(body=longest).data == event().data
    with pytest.raises(Refused) as refusal:
        event(body=longest + b" ")
    assert refusal.value.faults == (Fault("data", "is 65537 bytes long", "at most 65536 bytes"),)


def test_a_byte_order_mark_may_stand_before_data() -> None:
    marked = b"\xef\xbb\xbf" + DATA
    assert event(body=marked).data == event().data
    assert parse_data(parse_envelope(attributes({"voids": "evt-0"})), b"\xef\xbb\xbf" + BECAUSE)
    assert read_json(b"\xef\xbb\xbf[1]", "body", "a list") == [1]
    with pytest.raises(Refused) as refusal:
        event(body=b"\xef\xbb\xbf" + marked)
    assert [fault.field for fault in refusal.value.faults] == ["data"]


def test_what_is_no_json_is_told_with_what_was_expected() -> None:
    for text in (b"{", b"\xff", b"[" * 100_000):
        with pytest.raises(Refused) as refusal:
            read_json(text, "body", "a JSON object")
        (fault,) = refusal.value.faults
        assert (fault.field, fault.expected) == ("body", "a JSON object")
        assert fault.problem.startswith("is not JSON: ")


def test_instants_in_answers_end_with_z() -> None:
    assert format_instant(datetime(2023, 10, 31, 8, 0, 0, 5, tzinfo=UTC)) == "2023-10-31T08:00:00.000005Z"
    summer_time = timezone(timedelta(hours=1))
    assert format_instant(datetime(2023, 7, 1, 8, tzinfo=summer_time)) == "2023-07-01T08:00:00+01:00"


# --- on Kafka ---------------------------------------------------------------------------------------------------------


def test_a_record_has_a_header_for_each_attribute_that_has_a_value() -> None:
    parsed = event(
        {
            "supersedes": "evt-0",
            "supersedessource": "/payroll",
            "sourcesequence": "0017",
            "acceptedtime": "2023-10-31T08:00:01Z",
            "sequence": "9",
            "provenance": "request 1",
        }
    )
    assert kafka_headers(parsed.envelope) == [
        ("content-type", b"application/json"),
        ("ce_specversion", b"1.0"),
        ("ce_id", b"evt-1"),
        ("ce_source", b"/coventry/hr"),
        ("ce_type", b"uk.workforce.worker.left.v1"),
        ("ce_subject", b"worker/W-1"),
        ("ce_time", b"2023-10-31T08:00:00Z"),
        ("ce_authority", b"331"),
        ("ce_supersedes", b"evt-0"),
        ("ce_supersedessource", b"/payroll"),
        ("ce_sourcesequence", b"17"),
        ("ce_acceptedtime", b"2023-10-31T08:00:01Z"),
        ("ce_sequence", b"9"),
        ("ce_provenance", b"request 1"),
    ]
    assert decode_record(kafka_headers(parsed.envelope), parsed.body) == parsed


def test_a_header_that_stands_twice_is_refused_by_its_name_and_others_are_not_looked_at() -> None:
    headers: list[tuple[str, bytes | None]] = [*kafka_headers(event().envelope)]
    strange: list[tuple[str, bytes | None]] = [("id", b"x"), ("id", b"y"), ("ce-id", b"\xff"), ("ce_id", None)]
    assert decode_record(headers + strange, DATA) == event()
    with pytest.raises(Refused) as refusal:
        decode_record([*headers, ("ce_time", b"x"), ("ce_id", b"evt-1")], DATA)
    assert refusal.value.faults == (
        Fault("ce_id", "stands there more than once", "one value"),
        Fault("ce_time", "stands there more than once", "one value"),
    )
    many = [(f"ce_a{number:02}", b"x") for number in range(21)]
    with pytest.raises(Refused) as refusal:
        decode_record([*many, *many], DATA)
    assert [fault.field for fault in refusal.value.faults] == [f"ce_a{number:02}" for number in range(20)]


@pytest.mark.parametrize(
    ("headers", "value", "fault"),
    [
        ([], None, Fault("data", "is empty (a tombstone)", "a JSON object")),
        (kafka_headers(parse_envelope(STATED)), b"", Fault("data", "is not JSON", "a JSON object")),
        (
            [("ce_id", b"evt-1"), ("ce_specversion", None)],
            b"{}",
            Fault("ce_specversion", "is missing", "a record in CloudEvents binary mode, specversion 1.0"),
        ),
        (
            [("ce_specversion", b"1.0"), ("ce_id", b"\xff")],
            b"{}",
            Fault("headers", "are not UTF-8", "CloudEvents attributes as UTF-8 text"),
        ),
    ],
)
def test_a_record_that_is_no_event_is_told_why(
    headers: list[tuple[str, bytes | None]], value: bytes | None, fault: Fault
) -> None:
    with pytest.raises(Refused) as refusal:
        decode_record(headers, value)
    assert refusal.value.faults == (fault,)


def test_an_event_as_consumers_take_it_has_no_stamps_and_one_way_of_being_written() -> None:
    loosely = b'{ "destination": "not-known", "left_on": "2023-09-30", "reason": "retired" }'
    taken = as_consumers_take_it(event({"time": "2023-10-31T09:00:00+01:00"}, loosely))
    assert taken == event()
    assert taken.body == DATA
    assert (taken.envelope.acceptedtime, taken.envelope.sequence, taken.envelope.provenance) == (None, None, None)


# --- as it is published -----------------------------------------------------------------------------------------------


def test_the_published_schema_of_attributes_has_the_same_rules_between_them() -> None:
    validator = Draft202012Validator(schemas.envelope_schema())

    def takes(**more: str) -> bool:
        return validator.is_valid(attributes(more))

    assert takes()
    assert takes(supersedes="evt-0", supersedessource="/payroll")
    assert takes(voids="evt-0", voidssource="/payroll")
    assert not takes(supersedes="evt-0", voids="evt-0")
    assert not takes(supersedessource="/payroll")
    assert not takes(voidssource="/payroll", supersedes="evt-0")
    assert not takes(surname="Quill")
    assert not takes(type="uk.workforce.worker.vanished.v1")
    for name in STATED:
        assert not validator.is_valid({other: value for other, value in STATED.items() if other != name})


def test_the_attributes_that_a_feed_leaves_out_are_those_that_the_service_sets() -> None:
    assert set(Envelope.model_fields) - {"acceptedtime", "sequence", "provenance"} == {
        "specversion", "id", "source", "type", "subject", "time", "datacontenttype", "dataschema", "authority",
        "supersedes", "supersedessource", "voids", "voidssource", "sourcesequence",
    }  # fmt: skip
    assert json.loads(json.dumps(schemas.envelope_schema()))["description"].endswith(
        "A feed leaves out acceptedtime, sequence, provenance."
    )
