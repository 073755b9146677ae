"""Watermarks and requests to publish again: what they may hold, on Kafka and back."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from contracts.refusal import Refused
from contracts.watermark import RepublishRequest, TopicMark, Watermark, decode, encode

MARK = {"count": 3, "log_position": 7, "log_ends": [2, 0, 1]}
WATERMARK = {
    "owner": "recruitment",
    "position": 9,
    "head": 10,
    "until": "2023-10-31T08:00:00Z",
    "topics": {"workforce.posts": MARK},
}
REQUEST = {"reader": "metrics", "topic": "workforce.posts", "after": 3, "up_to": 9}
LARGEST = 2**63 - 1
BEYOND = "a number below 9223372036854775808"


def told(kind: type[Any], message: object) -> list[tuple[str, str]]:
    """The fields of a message that are refused, and what would be right."""
    with pytest.raises(Refused) as refusal:
        decode(kind, json.dumps(message).encode())
    return [(fault.field, fault.expected) for fault in refusal.value.faults]


def with_mark(**more: Any) -> dict[str, Any]:
    """The watermark with a mark of other values."""
    return WATERMARK | {"topics": {"workforce.posts": MARK | more}}


def test_a_watermark_comes_out_of_a_record_as_it_went_in() -> None:
    mark = TopicMark(count=3, log_position=7, log_ends=(2, 0, 1))
    until = datetime(2023, 10, 31, 8, tzinfo=UTC)
    watermark = Watermark(owner="recruitment", position=9, head=10, until=until, topics={"workforce.posts": mark})
    assert json.loads(encode(watermark)) == WATERMARK
    assert decode(Watermark, encode(watermark)) == watermark
    request = RepublishRequest(reader="metrics", topic="workforce.posts", after=3, up_to=9)
    assert json.loads(encode(request)) == REQUEST
    assert decode(RepublishRequest, encode(request)) == request


@pytest.mark.parametrize("position", [0, 1, LARGEST])
def test_positions_and_counts_go_from_nothing_to_the_largest_of_the_database(position: int) -> None:
    for name in ("position", "head"):
        assert getattr(decode(Watermark, json.dumps(WATERMARK | {name: position}).encode()), name) == position
    for name in ("after", "up_to"):
        assert getattr(decode(RepublishRequest, json.dumps(REQUEST | {name: position}).encode()), name) == position
    stated = with_mark(count=position, log_position=position, log_ends=[position])
    mark = decode(Watermark, json.dumps(stated).encode()).topics["workforce.posts"]
    assert mark == TopicMark(count=position, log_position=position, log_ends=(position,))


def test_a_position_below_nothing_or_beyond_the_database_is_refused() -> None:
    for name in ("position", "head"):
        assert told(Watermark, WATERMARK | {name: -1}) == [(name, "a number of at least 0")]
        assert told(Watermark, WATERMARK | {name: LARGEST + 1}) == [(name, BEYOND)]
    for name in ("after", "up_to"):
        assert told(RepublishRequest, REQUEST | {name: -1}) == [(name, "a number of at least 0")]
        assert told(RepublishRequest, REQUEST | {name: LARGEST + 1}) == [(name, BEYOND)]
    for name in ("count", "log_position"):
        assert told(Watermark, with_mark(**{name: -1})) == [
            (f"topics.workforce.posts.{name}", "a number of at least 0")
        ]
        assert len(told(Watermark, with_mark(**{name: LARGEST + 1}))) == 1
    assert told(Watermark, with_mark(log_ends=[0, -1])) == [
        ("topics.workforce.posts.log_ends.1", "a number of at least 0")
    ]
    assert len(told(Watermark, with_mark(log_ends=[LARGEST + 1]))) == 1


def test_of_a_topic_ten_thousand_partitions_are_told_at_most() -> None:
    assert len(decode(Watermark, json.dumps(with_mark(log_ends=[0] * 10_000)).encode()).topics) == 1
    assert [field for field, _ in told(Watermark, with_mark(log_ends=[0] * 10_001))] == [
        "topics.workforce.posts.log_ends"
    ]


def test_names_have_an_end() -> None:
    assert decode(RepublishRequest, json.dumps(REQUEST | {"reader": "a" * 100}).encode()).reader == "a" * 100
    assert told(RepublishRequest, REQUEST | {"reader": "a" * 101}) == [("reader", "at most 100 characters")]
    assert told(RepublishRequest, REQUEST | {"topic": "a" * 201}) == [("topic", "at most 200 characters")]


@pytest.mark.parametrize("name", ["owner", "position", "head", "until", "topics"])
def test_a_watermark_has_all_its_fields(name: str) -> None:
    assert told(Watermark, {other: value for other, value in WATERMARK.items() if other != name}) == [
        (name, "a value for it")
    ]


@pytest.mark.parametrize("name", ["reader", "topic", "after", "up_to"])
def test_a_request_has_all_its_fields(name: str) -> None:
    assert told(RepublishRequest, {other: value for other, value in REQUEST.items() if other != name}) == [
        (name, "a value for it")
    ]


def test_a_field_that_nobody_knows_is_refused() -> None:
    assert [field for field, _ in told(Watermark, WATERMARK | {"age": 1})] == ["age"]
    assert [field for field, _ in told(Watermark, with_mark(age=1))] == ["topics.workforce.posts.age"]
    assert [field for field, _ in told(RepublishRequest, REQUEST | {"age": 1})] == ["age"]


def test_an_instant_without_an_offset_is_none() -> None:
    assert [field for field, _ in told(Watermark, WATERMARK | {"until": "2023-10-31T08:00:00"})] == ["until"]


@pytest.mark.parametrize(
    "topic", ["workforce.post", "workforce.recruitment.watermarks", "workforce.metrics.dead-letter"]
)
def test_a_topic_that_carries_no_events_is_none_of_a_watermark_or_a_request(topic: str) -> None:
    ((field, right),) = told(Watermark, WATERMARK | {"topics": {"workforce.posts": MARK, topic: MARK}})
    assert (field, right) == (
        "topic",
        "one of workforce.agency-cover, workforce.hiring, workforce.leavers, workforce.policies, workforce.posts, "
        "workforce.progression-panels, workforce.working-life",
    )
    assert told(RepublishRequest, REQUEST | {"topic": topic}) == [(field, right)]


@pytest.mark.parametrize("kind", [Watermark, RepublishRequest])
@pytest.mark.parametrize("value", [None, b"", b"{", b"[]"])
def test_a_record_that_holds_no_message_is_refused(kind: type[Any], value: bytes | None) -> None:
    with pytest.raises(Refused) as refusal:
        decode(kind, value)
    assert [(fault.field, fault.expected) for fault in refusal.value.faults] == [("event", "a JSON object")]
