"""CloudEvents 1.0 over HTTP in structured, binary and batch mode: from a request to its events.

Invariant: one bad event of a batch never hides the others. Each comes out as parsed or as rejected, in order. Every
consumer takes in what comes out as parsed.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from contracts.envelope import (
    STAMPED_BY_SERVICE,
    Envelope,
    Event,
    as_consumers_take_it,
    format_instant,
    parse_event,
    read_json,
)
from contracts.refusal import MOST_FAULTS, Fault, Refused, shown
from services.chassis.bodies import charset_of, media_type

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
BINARY = "application/json"
ACCEPTED_TYPES = (STRUCTURED, BATCH, BINARY)
NULL = "null"
"""What the SDK for JavaScript writes into a header for an attribute that is null."""
OPTIONAL = {name for name, field in Envelope.model_fields.items() if field.default is None} | {"time"}
"""Attributes that a feed can leave out. Only for these the text `null` counts as missing: an id may be called
`null`."""
CHARSETS = ("utf-8", "utf8", "us-ascii")

VALUES_OF_AN_EVENT = 200
"""The most JSON values in a request, for each event that it may hold; real events have about twenty. In memory a
value takes about a hundred bytes, however short it was on the way."""
FEWEST_VALUES = 20_000
"""So many values are allowed in any request, because one event can name very many subjects."""
DEEPEST = 20
"""How deep lists and objects may be nested in one event; those of the contracts have three levels."""


_written = json.JSONEncoder(separators=(",", ":")).encode
"""As services write data: what came as they write it need not be read a second time."""

Claimed = tuple[str | None, str | None]
"""The id and the source that an event states, even if everything else in it is wrong."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """An event of a request that is as its contract says.

    `stated_time` is `time` as the feed stated it; None if the feed left it out and the moment of arrival was taken.
    """

    event: Event
    stated_time: datetime | None


@dataclass(frozen=True, slots=True)
class Rejected:
    """Something that was sent as an event, and why it is not one."""

    claimed: Claimed
    refusal: Refused


Incoming = Parsed | Rejected
"""One event of a request."""


def read_request(
    headers: Mapping[str, str],
    body: bytes,
    largest_batch: int,
    now: datetime,
    values_of_an_event: int = VALUES_OF_AN_EVENT,
    *,
    attests: bool = False,
) -> Iterator[Incoming]:
    """The events of one request, in order; each is checked when the iterator reaches it. An event without `time`
    gets `now`. `attests` says whether the sender may state where an event came from.

    Raises Refused at once if the request as a whole cannot be read: wrong content type, not JSON, too many events.
    """
    kind, charset = media_type(headers.get("content-type")), charset_of(headers.get("content-type"))
    if charset not in CHARSETS:
        raise Refused(Fault("Content-Type", "names another charset than UTF-8", "JSON in UTF-8", shown(charset)))
    if kind in (STRUCTURED, BATCH):
        _count_values(body, max(FEWEST_VALUES, values_of_an_event * largest_batch))
    if kind == STRUCTURED:
        item = read_json(body, "body", "a JSON object")
        if not isinstance(item, dict):
            raise Refused(Fault("body", f"is a JSON {type(item).__name__}", "a JSON object"))
        return iter([_item(item, now, attests)])
    if kind == BATCH:
        return (_item(item, now, attests) for item in _batch(body, largest_batch))
    if kind == BINARY and "ce-specversion" in headers:
        try:
            return iter([_incoming(_attributes(headers), body, now, attests)])
        except Refused as refusal:
            return iter([Rejected((headers.get("ce-id"), headers.get("ce-source")), refusal)])
    if kind == BINARY:
        fault = Fault(
            "ce-specversion", "is missing", f"CloudEvents headers beside {BINARY}, or content type {STRUCTURED}"
        )
    else:
        fault = Fault("Content-Type", "is not one of CloudEvents", f"one of {', '.join(ACCEPTED_TYPES)}", kind or None)
    raise Refused(fault)


def _count_values(body: bytes, most: int) -> None:
    # Before it is read. Each value but the first of its list or object has a comma before it; those in text count, too.
    values = body.count(b",") + body.count(b"[") + body.count(b"{")
    if values > most:
        raise Refused(Fault("body", f"holds about {values:,} values", f"at most {most:,} in one request"))


def _nested_too_deeply(value: object) -> bool:
    level = [value]
    for _ in range(DEEPEST + 1):
        nested = [outer for outer in level if isinstance(outer, dict | list)]
        if not nested:
            return False
        level = [inner for outer in nested for inner in (outer.values() if isinstance(outer, dict) else outer)]
    return True


def _attributes(headers: Mapping[str, str]) -> dict[str, Any]:
    """The attributes of an event in binary mode. Raises Refused if a header is there twice, or is not text."""
    stated = [(name, value) for name, value in headers.items() if name.startswith("ce-")]
    twice = sorted(name for name, count in Counter(name for name, _ in stated).items() if count > 1)
    if twice:
        raise Refused(*(Fault(shown(name), "stands there more than once", "one value") for name in twice[:MOST_FAULTS]))
    attributes = {name[3:]: _as_text(name, value) for name, value in stated}
    return {name: value for name, value in attributes.items() if value != NULL or name not in OPTIONAL}


def _as_text(name: str, value: str) -> str:
    """A header's value: without its quotes, then percent-decoded once (CloudEvents HTTP binding)."""
    quoted = re.fullmatch(r'"((?:[^"\\]|\\.)*)"', value)
    if quoted is not None:
        value = re.sub(r"\\(.)", r"\1", quoted[1])
    try:
        return unquote(value, errors="strict")
    except UnicodeDecodeError:
        raise Refused(Fault(shown(name), "is not UTF-8", "UTF-8, each byte beyond ASCII as %C3")) from None


def _batch(body: bytes, largest_batch: int) -> list[Any]:
    items = read_json(body, "body", "a JSON array of CloudEvents")
    if not isinstance(items, list):
        raise Refused(Fault("body", f"is a JSON {type(items).__name__}", "a JSON array of CloudEvents"))
    if len(items) > largest_batch:
        raise Refused(Fault("body", f"holds {len(items)} events", f"at most {largest_batch} events in one request"))
    return items


def _item(item: object, now: datetime, attests: bool) -> Incoming:
    if not isinstance(item, dict):
        fault = Fault("event", f"is a JSON {type(item).__name__}", "a CloudEvent as a JSON object")
        return Rejected((None, None), Refused(fault))
    if _nested_too_deeply(item):
        fault = Fault("event", "is nested too deeply", "data as flat as its contract")
        return Rejected(_claimed(item), Refused(fault))
    return _structured(item, now, attests)


def _structured(item: dict[str, Any], now: datetime, attests: bool) -> Incoming:
    attributes = {name: value for name, value in item.items() if name != "data" and value is not None}
    claimed = _claimed(item)
    if "data_base64" in attributes:
        return Rejected(claimed, Refused(Fault("data_base64", "is not accepted", "JSON in `data`")))
    if "data" not in item:
        return Rejected(claimed, Refused(Fault("data", "is missing", "a JSON object")))
    return _incoming(attributes, _written(item["data"]).encode(), now, attests)


def _claimed(attributes: Mapping[str, Any]) -> Claimed:
    id, source = attributes.get("id"), attributes.get("source")
    return id if isinstance(id, str) else None, source if isinstance(source, str) else None


def _incoming(attributes: dict[str, Any], body: bytes, now: datetime, attests: bool) -> Incoming:
    claimed = _claimed(attributes)
    stamped = tuple(name for name in STAMPED_BY_SERVICE if name != "provenance" or not attests)
    faults = [Fault(name, "is set by the service", "to leave it out") for name in stamped if name in attributes]
    if faults:
        return Rejected(claimed, Refused(*faults))
    try:
        timed = attributes if "time" in attributes else attributes | {"time": format_instant(now)}
        event = as_consumers_take_it(parse_event(timed, body))
    except Refused as refusal:
        return Rejected(claimed, refusal)
    return Parsed(event, event.envelope.time if "time" in attributes else None)
