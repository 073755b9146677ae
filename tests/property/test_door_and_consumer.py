"""One predicate decides what is an event: what the door accepts every consumer takes in, unchanged.

Invariant: every request goes the whole way that an event goes: request, row of the journal, record, event again.
"""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

import asyncpg
from hypothesis import example, given
from hypothesis import strategies as st

from contracts.envelope import Event, canonical_body, decode_record, kafka_headers
from services.chassis.cloud_events import BATCH, STRUCTURED, Incoming, Rejected, read_request
from services.chassis.journal import APPEND, Entry, _columns
from services.chassis.stored_events import envelope_of
from tests.unit.chassis.as_read import parsed

NOW = datetime(2023, 11, 1, 12, 0, 0, 123456, tzinfo=UTC)
EXAMPLES = [
    json.loads(path.read_text()) for path in sorted((Path(__file__).parents[2] / "contracts/examples").glob("*/*.json"))
]
JOURNALED = [name.strip() for name in APPEND.partition("(")[2].partition(")")[0].split(",")]
"""The columns of the journal, as the door fills them."""

EDGE_INSTANTS = [
    "1948-01-01T00:00:00+01:00",
    "1948-01-01T00:00:00Z",
    "1948-01-01T00:00:00-23:59",
    "1947-12-31T23:30:00-01:00",
    "2099-12-31T23:59:59.999999Z",
    "2099-12-31T23:59:59-01:00",
    "2100-01-01T00:30:00+01:00",
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59",
    "2023-10-31T24:00:00Z",
    "2016-12-31T23:59:60Z",
    "2023-10-31T08:00:00.1234567Z",
    "2023-10-31T08:00:00.999999999Z",
    "2023-10-31T08:00:00,5Z",
    "2023-10-31T08:00:00+01:00:30",
    "2023-10-31T08:00:00-00:00",
    "2023-10-31T08:00Z",
    "2023-10-31t08:00:00z",
    "2023-10-31T08:00:00+0100",
    "2023-10-31T08:00:00+24:00",
    "٢٠٢٣-10-31T08:00:00Z",
    "2023-10-31T08:00:00Z\u0000",
    " 2023-10-31T08:00:00Z",
    "2023-10-31T08:00:00",
    "2023-02-29T08:00:00Z",
]
EDGE_VALUES: list[Any] = [
    None, True, 0, 1, -0.0, 1e-6, 1e-7, 0.1, 0.30000000000000004, 1.0, 998.999999, 999.0, 1e22, 10**30, 366, 365.5,
    "1948-01-01", "2099-12-31", "1947-12-31", "2100-01-01", "2023-02-29", "٢٠٢٣-01-01", "0", "1e2", "",
    "\u0000", "P-1\u0000", "P-1\n", "ünïcode", "\ud800", "a" * 64, "a" * 65, "P-1", "duty", [], {}, ["P-1"],
]  # fmt: skip

EARLIEST, LATEST = datetime.fromisoformat("1947-12-30"), datetime.fromisoformat("2100-01-02")
instants = st.sampled_from(EDGE_INSTANTS) | st.datetimes(EARLIEST, LATEST, timezones=st.timezones()).map(
    datetime.isoformat
)
words = st.sampled_from(["E-1", "a", "A" * 128, "A" * 129, "a\u0000", "a\n", "é", "", "\ud800", "-", "9.:_-"])


@st.composite
def stated_events(draw: st.DrawFn) -> dict[str, Any]:
    """An event of any type, of which a few attributes or values are others, and perhaps wrong."""
    event = json.loads(json.dumps(draw(st.sampled_from(EXAMPLES))))
    if draw(st.booleans()):
        event["time"] = draw(instants)
    for name in draw(st.lists(st.sampled_from(["id", "source", "supersedes", "voids", "dataschema"]), max_size=1)):
        event[name] = draw(words)
    for name in draw(st.lists(st.sampled_from(sorted(event["data"])), max_size=2)):
        event["data"][name] = draw(st.sampled_from(EDGE_VALUES))
    return cast(dict[str, Any], event)


def taken_in(incoming: Incoming, position: int) -> Event:
    """The event as a consumer has it, when the door put it into the journal at this position and it was published."""
    values = [column[0] for column in _columns([(position, Entry(parsed(incoming).event, b"", "request 12"))], NOW)]
    row = dict(zip(JOURNALED, values, strict=True))
    row["sequence"] = row["position"]
    return decode_record(kafka_headers(envelope_of(cast(asyncpg.Record, row))), str(row["body"]).encode())


def assert_every_consumer_takes_in(incoming: Iterable[Incoming]) -> None:
    """What is accepted comes out of Kafka as it was accepted, stamped."""
    for position, item in enumerate(incoming, 1):
        if isinstance(item, Rejected):
            assert item.refusal.faults
            continue
        events = taken_in(item, position)
        stamps = {"acceptedtime": NOW, "sequence": str(position), "provenance": "request 12", "dataschema": None}
        assert events.envelope == item.event.envelope.model_copy(update=stamps)
        assert events.data == item.event.data
        assert events.body == item.event.body == canonical_body(item.event.data)
        assert b"\x00" not in events.body
        assert b"\\u0000" not in events.body


@given(stated_events())
@example(EXAMPLES[0] | {"time": "1948-01-01T00:00:00+01:00"})
def test_what_is_accepted_in_structured_mode(event: dict[str, Any]) -> None:
    assert_every_consumer_takes_in(read_request({"content-type": STRUCTURED}, json.dumps(event).encode(), 10, NOW))


@given(stated_events())
@example(EXAMPLES[0] | {"time": "1948-01-01T00:00:00+01:00"})
def test_what_is_accepted_in_binary_mode(event: dict[str, Any]) -> None:
    headers = {
        f"ce-{name}": quote(value.encode("utf-8", "surrogatepass"))
        for name, value in event.items()
        if name not in ("data", "datacontenttype")
    }
    body = json.dumps(event["data"]).encode()
    assert_every_consumer_takes_in(read_request({"content-type": "application/json"} | headers, body, 10, NOW))


@given(st.lists(stated_events(), max_size=5))
def test_what_is_accepted_in_batch_mode(events: list[dict[str, Any]]) -> None:
    assert_every_consumer_takes_in(read_request({"content-type": BATCH}, json.dumps(events).encode(), 10, NOW))


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_a_body_that_is_anything_is_an_event_or_refused(body: bytes) -> None:
    attributes = {f"ce-{name}": value for name, value in EXAMPLES[0].items() if name not in ("data", "datacontenttype")}
    assert_every_consumer_takes_in(read_request({"content-type": "application/json"} | attributes, body, 10, NOW))
