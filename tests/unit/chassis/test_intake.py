"""What the door answers: which events are turned away by what they state, and how much of their faults is told.

Invariant: the moment at which a request came is given, so that the very second of a limit can be asked about.
"""

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from contracts.refusal import Fault, Refused
from services.chassis.authentication import Caller, Right
from services.chassis.cloud_events import BATCH, STRUCTURED, Incoming, read_request
from services.chassis.intake import Answer, _batch_answer, _refusal, _single_answer, _tell_accepted, unreadable
from services.chassis.problems import faults_as_json
from services.chassis.telemetry import Telemetry
from tests.delivery.feed import Stated, post_established, stated
from tests.unit.chassis.as_read import parsed, rejected
from tests.unit.chassis.journals import incoming

NOON = datetime(2023, 11, 1, 12, tzinfo=UTC)
FEED = Caller(name="HR system", authority="331", rights=(Right.FEED,))
LEFT = {"left_on": "2023-10-31", "reason": "resignation", "destination": "other"}


def refusal(event: Stated, caller: Caller = FEED, now: datetime = NOON) -> tuple[str, str] | None:
    """By which reason an event is turned away, and the field that it names."""
    (item,) = incoming(event)
    refusal = _refusal(item.event, "recruitment", caller, now)
    return None if refusal is None else (refusal[0], refusal[1].field)


@pytest.mark.parametrize(
    ("ahead", "refused"),
    [
        (timedelta(minutes=5), None),
        (timedelta(minutes=5, microseconds=1), ("future", "time")),
        (timedelta(0), None),
        (timedelta(days=-1), None),
    ],
)
def test_a_feeds_clock_may_be_five_minutes_ahead(ahead: timedelta, refused: tuple[str, str] | None) -> None:
    event = post_established("P-1", "331") | {"time": (NOON + ahead).isoformat()}
    assert refusal(event) == refused


@pytest.mark.parametrize(
    ("authority", "rights", "refused"),
    [
        ("331", (Right.FEED,), None),
        ("*", (Right.FEED,), None),
        ("332", (Right.FEED,), ("authority", "authority")),
        ("331", (Right.READ, Right.OPERATE), ("authority", "authority")),
        ("*", (Right.READ,), ("authority", "authority")),
    ],
)
def test_who_may_feed_an_authority(authority: str, rights: tuple[Right, ...], refused: tuple[str, str] | None) -> None:
    assert refusal(post_established("P-1", "331"), Caller(name="x", authority=authority, rights=rights)) == refused


def test_what_belongs_to_another_service_is_told_so_before_anything_else_of_it() -> None:
    leaver = stated("L-1", "worker.left", "worker/W-1", "332", LEFT, time="2099-01-01T00:00:00Z")
    assert refusal(leaver) == ("other-service", "type")


def refused(count: int, left_out: int = 0) -> Answer:
    """The answer to an event with so many faults, and more that are not told."""
    told = faults_as_json(Refused(*[Fault("data.f", "is not", "so")] * count, left_out=left_out))
    return Answer("e-1", "/hr", "rejected", 422, told)


def accepted() -> Answer:
    return Answer("e-2", "/hr", "accepted", 202, {"accepted_at": "2023-11-01T12:00:00Z"})


def body(answer: Any) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(bytes(answer.body))
    return body


def test_after_five_hundred_faults_of_a_batch_the_first_of_each_event_is_told() -> None:
    told = body(_batch_answer([refused(20)] * 24 + [refused(19), refused(20), refused(20), refused(1), accepted()]))
    results = told["results"]
    # 24 times 20, and 19: of the next one all are told, as 499 were; and of those behind it one.
    assert [len(result["faults"]) for result in results[:-1]] == [20] * 24 + [19, 20, 1, 1]
    assert [result.get("faults_left_out") for result in results[24:-1]] == [None, None, 19, None]


def test_faults_that_were_left_out_before_are_counted_with_those_that_are_left_out_here() -> None:
    results = body(_batch_answer([refused(20)] * 25 + [refused(20, left_out=3)]))["results"]
    assert results[-1]["faults_left_out"] == 19 + 3


@pytest.mark.parametrize(
    ("answers", "status", "title"),
    [
        ([accepted(), accepted()], 202, None),
        ([accepted(), refused(1)], 207, "1 of 2 events were rejected"),
        ([refused(1), refused(1)], 422, "2 of 2 events were rejected"),
        ([], 202, None),
    ],
    ids=["all", "some", "none", "empty"],
)
def test_a_batch_is_answered_by_what_became_of_its_events(
    answers: list[Answer], status: int, title: str | None
) -> None:
    answer = _batch_answer(answers)
    assert (answer.status_code, body(answer).get("title")) == (status, title)
    assert len(body(answer)["results"]) == len(answers)


@pytest.mark.parametrize(("status", "kind"), [(403, "not-allowed"), (409, "event-conflict"), (422, "event-refused")])
def test_one_event_that_is_rejected_is_answered_with_the_kind_of_its_problem(status: int, kind: str) -> None:
    told = faults_as_json(Refused(Fault("time", "is in the future", "not later than now")))
    answer = _single_answer(Answer("e-1", "/hr", "rejected", status, told))
    document = body(answer)
    assert (answer.status_code, document["type"]) == (status, f"urn:workforce:problem:{kind}")
    assert (document["detail"], document["id"], document["source"]) == ("time: is in the future", "e-1", "/hr")


@pytest.mark.parametrize(
    ("field", "status"), [("Content-Type", 415), ("ce-specversion", 415), ("body", 400), ("ce-id", 400)]
)
def test_a_request_that_cannot_be_read_is_answered_by_what_is_wrong_with_it(field: str, status: int) -> None:
    assert unreadable(Refused(Fault(field, "is wrong", "right"))).status == status


@pytest.mark.parametrize(
    ("headers", "field", "right"),
    [
        ({"content-type": "application/xml"}, "Content-Type", "one of application/cloudevents+json"),
        ({"content-type": "text/plain", "ce-specversion": "1.0"}, "Content-Type", "one of application/cloudevents"),
        ({}, "Content-Type", "one of application/cloudevents+json"),
        ({"content-type": "application/json"}, "ce-specversion", "CloudEvents headers beside application/json"),
    ],
    ids=["another", "another beside the headers of an event", "none", "an event's without its headers"],
)
def test_what_is_no_event_by_its_headers_is_told_how_one_comes(headers: dict[str, str], field: str, right: str) -> None:
    with pytest.raises(Refused) as refused:
        read_request(headers, b"{}", 1, NOON)
    (fault,) = refused.value.faults
    assert fault.field == field
    assert fault.expected.startswith(right)


@pytest.mark.parametrize(
    ("kind", "content", "problem"),
    [
        (STRUCTURED, b"[]", "is a JSON list"),
        (STRUCTURED, b'"x"', "is a JSON str"),
        (STRUCTURED, b"{", "is not JSON"),
        (BATCH, b"{}", "is a JSON dict"),
        (BATCH, b"[", "is not JSON"),
    ],
)
def test_a_body_that_is_no_event_is_told_what_it_is(kind: str, content: bytes, problem: str) -> None:
    with pytest.raises(Refused) as refused:
        read(content, kind)
    (fault,) = refused.value.faults
    right = "a JSON array of CloudEvents" if kind == BATCH else "a JSON object"
    assert (fault.field, fault.problem.partition(":")[0], fault.expected) == ("body", problem, right)


@pytest.mark.parametrize(
    ("item", "field", "problem", "named"),
    [
        (17, "event", "is a JSON int", False),
        (["x"], "event", "is a JSON list", False),
        ({"data_base64": "e30=", "data": {}}, "data_base64", "is not accepted", True),
        ({"type": "uk.workforce.post.closed.v1"}, "data", "is missing", True),
        ({"data": {}, "sequence": "1"}, "sequence", "is set by the service", True),
    ],
    ids=["a number", "a list", "binary data", "no data", "what the service sets"],
)
def test_what_is_no_event_in_a_batch_is_refused_beside_the_others(
    item: Any, field: str, problem: str, named: bool
) -> None:
    id_and_source = {"id": "E-1", "source": "/hr"} if named else {}
    item = item | id_and_source if named else item
    right, beside = read(json.dumps([post_established("P-1", "331"), item]).encode())
    assert parsed(right).event.envelope.id == "P-1"
    wrong = rejected(beside)
    (fault,) = wrong.refusal.faults
    assert (fault.field, fault.problem) == (field, problem)
    assert wrong.claimed == (("E-1", "/hr") if named else (None, None))


# --- how much a request may hold --------------------------------------------------------------------------------------


def read(content: bytes, kind: str = BATCH, largest_batch: int = 2) -> list[Incoming]:
    return list(read_request({"content-type": kind}, content, largest_batch, NOON))


def test_a_batch_holds_as_many_events_as_it_may() -> None:
    assert len(read(b"[{},{}]")) == 2
    with pytest.raises(Refused, match="holds 3 events"):
        read(b"[{},{},{}]")


@pytest.mark.parametrize("kind", [BATCH, STRUCTURED])
def test_a_request_holds_as_many_values_as_it_may(kind: str) -> None:
    """Twenty thousand in any request; with room for more events two hundred for each."""
    inside = b"[" + b"," * 19_999
    with pytest.raises(Refused) as refused:
        read(inside, kind)
    assert "values" not in str(refused.value)
    with pytest.raises(Refused, match="holds about 20,001 values"):
        read(inside + b",", kind)
    with pytest.raises(Refused) as refused:
        read(b"[" + b"," * 20_199, kind, largest_batch=101)
    assert "values" not in str(refused.value)
    with pytest.raises(Refused, match="holds about 20,201 values"):
        read(b"[" + b"," * 20_200, kind, largest_batch=101)


@pytest.mark.parametrize(("depth", "problem"), [(20, "is not the name of"), (21, "is nested too deeply")])
def test_an_event_is_nested_as_deeply_as_it_may_be(depth: int, problem: str) -> None:
    # The event itself is the first level, its data the second.
    data: object = 1
    for _ in range(depth - 1):
        data = [data]
    (item,) = read(json.dumps(post_established("P-1", "331") | {"data": data}).encode(), STRUCTURED)
    assert ("nested too deeply" in str(rejected(item).refusal)) is (problem == "is nested too deeply")


def test_null_in_a_header_is_nothing_for_what_can_be_left_out_and_a_text_for_what_cannot() -> None:
    event = post_established("P-1", "331") | {"id": "null", "supersedes": "null", "time": "null"}
    headers = {f"ce-{name}": value for name, value in event.items() if name != "data"}
    content = json.dumps(event["data"]).encode()
    (item,) = read_request(headers | {"content-type": "application/json"}, content, 1, NOON)
    envelope = parsed(item).event.envelope
    assert (envelope.id, envelope.supersedes, envelope.time) == ("null", None, NOON)
    assert parsed(item).stated_time is None


def test_a_line_of_the_log_names_up_to_a_hundred_events_that_were_accepted_together() -> None:
    events = [item.event for item in incoming(*(post_established(f"P-{number}", "331") for number in range(203)))]
    ids = [event.envelope.id for event in events]
    telemetry = Telemetry()
    with capture_logs() as logs:
        _tell_accepted(
            cast(Any, SimpleNamespace(telemetry=telemetry)),
            [(event, number < 2) for number, event in enumerate(events)],
        )
    assert [line.get("event_ids", line.get("event_id")) for line in logs] == [ids[2:102], ids[102:202], ids[202]]
    assert {(line["event"], line["authority"], line["type"]) for line in logs} == {
        ("accepted", "331", "uk.workforce.post.established.v1")
    }
    counted = {
        sample.name: sample.value
        for counter in (telemetry.accepted, telemetry.already_known)
        for metric in counter.collect()
        for sample in metric.samples
        if sample.name.endswith("_total")
    }
    assert sorted(counted.values()) == [2, 201]
