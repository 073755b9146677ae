"""However much is wrong with a request, the answer is short: twenty faults, and the number of the others.

Invariant: what is counted is bytes of answers, and memory as Python counts it.
"""

import json
import re
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi import Request

from contracts.refusal import Fault, Refused
from services.chassis.bodies import SMALL_BODY, read_model
from services.chassis.cloud_events import BATCH, STRUCTURED, Incoming, read_request
from services.chassis.dead_letter_routes import SendAgain
from services.chassis.intake import Answer, _batch_answer, _single_answer
from services.chassis.problems import Problem, faults_as_json
from services.chassis.query import QueryModel
from tests.unit.chassis.as_read import parsed, rejected

NOW = datetime(2023, 11, 30, 12, tzinfo=UTC)
EVENT: dict[str, Any] = {
    "specversion": "1.0", "id": "e-1", "source": "/coventry/hr", "type": "uk.workforce.post.closed.v1",
    "subject": "post/P-1", "authority": "331", "data": {"closed_on": "2023-10-31"},
}  # fmt: skip


def request(query: str = "", content_type: str = "application/json") -> Request:
    """A request for nothing in particular."""
    headers = [(b"content-type", content_type.encode())]
    return Request({"type": "http", "query_string": query.encode(), "headers": headers})


def body_of(problem: Problem) -> dict[str, Any]:
    """What the sender reads."""
    body: dict[str, Any] = json.loads(bytes(problem.answer().body))
    return body


def asked(query: str) -> Problem:
    """The refusal of a question without any parameter."""
    with pytest.raises(Problem) as refused:
        QueryModel(request(query)).raise_if_invalid()
    return refused.value


def sent_again(offsets: list[object]) -> Problem:
    """The refusal of such offsets."""
    with pytest.raises(Problem) as refused:
        read_model(request(), json.dumps({"offsets": offsets}).encode(), SendAgain)
    return refused.value


def event_refused(data: dict[str, Any]) -> Refused:
    """The refusal of an event with this data."""
    (incoming,) = read_request({"content-type": STRUCTURED}, json.dumps(EVENT | {"data": data}).encode(), 10, NOW)
    return rejected(incoming).refusal


@pytest.mark.parametrize(
    ("refused", "left_out"),
    [
        (lambda: asked("&".join(f"p{number}=1" for number in range(50))), 30),
        (lambda: sent_again(["no"] * 4000), 3980),
        (lambda: Problem(422, "x", "x", "x", **faults_as_json(event_refused({f"f{n}": n for n in range(1000)}))), 981),
        (lambda: Problem(422, "x", "x", "x", faults=[{"field": "f", "problem": "p", "expected": "e"}] * 21), 1),
        (lambda: Problem(422, "x", "x", "x", **faults_as_json(Refused(*[Fault("f", "p", "e")] * 40, left_out=2))), 22),
    ],
    ids=["query", "body", "event", "problem", "refusal"],
)
def test_twenty_faults_are_told_and_how_many_more_there_are(refused: Callable[[], Problem], left_out: int) -> None:
    body = body_of(refused())
    assert (len(body["faults"]), body["faults_left_out"]) == (20, left_out)


def test_where_twenty_faults_or_fewer_are_wrong_nothing_is_said_of_others() -> None:
    assert "faults_left_out" not in body_of(asked("&".join(f"p{number}=1" for number in range(20))))
    assert "more" not in str(event_refused({f"f{number}": 1 for number in range(19)}))


def test_the_detail_says_in_words_how_many_more_there_are() -> None:
    assert body_of(sent_again(["no"] * 4000))["detail"].endswith(
        '; and 3,980 more; send it as application/json, as {"offsets": [12]}'
    )
    assert body_of(asked("&".join(f"p{number}=1" for number in range(21))))["detail"].endswith("; and 1 more")
    assert str(event_refused({f"f{number}": 1 for number in range(1000)})).endswith("; and 981 more")
    rejected = Answer("e-1", "/hr", "rejected", 422, faults_as_json(Refused(*[Fault("data.f", "is not", "so")] * 23)))
    assert json.loads(bytes(_single_answer(rejected).body))["detail"].endswith("data.f: is not; and 3 more")


LONG = "x" * 100_000
ALL_LONG = dict.fromkeys(("field", "problem", "expected", "value"), LONG)


@pytest.mark.parametrize(
    "refused",
    [
        lambda: asked(f"{LONG}=1"),
        lambda: asked("&".join(f"{LONG}{number}={LONG}" for number in range(5))),
        lambda: sent_again([LONG[:60_000]]),
        lambda: Problem(422, "x", "x", LONG, faults=[ALL_LONG] * 30),
        lambda: Problem(422, "x", "x", "x", **faults_as_json(event_refused({LONG[:60_000]: LONG[:100]}))),
        lambda: Problem(422, "x", "x", "x", **faults_as_json(event_refused({"closed_on": LONG}))),
    ],
)  # fmt: skip
def test_what_came_is_repeated_in_part_only(refused: Callable[[], Problem]) -> None:
    assert len(bytes(refused().answer().body)) < 120_000


def test_of_a_batch_of_faults_every_event_is_told_one_and_the_answer_stays_short() -> None:
    body = json.dumps([{"id": LONG[:5000], "data": {f"f{number}": 1}} for number in range(1000)]).encode()
    answers = [answer_to(item) for item in read_request({"content-type": BATCH}, body, 1000, NOW)]
    document = json.loads(bytes(_batch_answer(answers).body))
    assert len(json.dumps(document)) < 600_000
    assert all(result["faults"] for result in document["results"])
    first, last = document["results"][0], document["results"][-1]
    assert len(first["faults"]) == len(last["faults"]) + last["faults_left_out"] > 1


def answer_to(item: Incoming) -> Answer:
    """The answer to an event that its contract refuses."""
    return Answer("e-1", "/hr", "rejected", 422, faults_as_json(rejected(item).refusal))


@pytest.mark.parametrize(
    "body",
    [b'{"offsets":[' + b'"a",' * 16_000 + b"1]}", b'{"offsets":[' + b"[]," * 21_000 + b"1]}", b'{"a":' * 13_000],
    ids=["text", "lists", "nested"],
)
def test_refusing_the_largest_small_body_takes_bounded_memory(body: bytes) -> None:
    assert len(body) <= SMALL_BODY
    tracemalloc.start()
    with pytest.raises(Problem):
        read_model(request(), body, SendAgain)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 40_000_000


@pytest.mark.parametrize(
    "body",
    [
        b"[" + b"{}," * 2_600_000 + b"{}]",
        b"[" + b"[]," * 2_600_000 + b"1]",
        b'[{"data":{' + b'"a":1,' * 1_300_000 + b'"b":1}}]',
        b"[" * 8_000_000,
        b"[" + b"1," * 3_900_000 + b"1]",
    ],
    ids=["objects", "lists", "members", "nested", "numbers"],
)
@pytest.mark.parametrize("kind", [BATCH, STRUCTURED])
def test_json_of_very_many_values_is_refused_without_being_read(kind: str, body: bytes) -> None:
    tracemalloc.start()
    with pytest.raises(Refused, match="holds about"):
        read_request({"content-type": kind}, body, 1000, NOW)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000


def test_an_event_nested_too_deeply_does_not_hide_its_neighbours() -> None:
    deep: object = 1
    for _ in range(25):
        deep = [deep]
    items = list(read_request({"content-type": BATCH}, json.dumps([EVENT | {"data": deep}, EVENT]).encode(), 10, NOW))
    deepest = rejected(items[0])
    assert (str(deepest.refusal).split(";")[0], deepest.claimed) == (
        "event: is nested too deeply",
        ("e-1", "/coventry/hr"),
    )
    assert parsed(items[1]).event.envelope.id == "e-1"


@pytest.mark.parametrize(
    ("body", "field", "expected"),
    [
        (b"{}", "body.offsets", "a value for it"),
        (b"[12]", "body", "a JSON object"),
        (b'{"offset": [12]}', "body.offsets", "a value for it"),
        (b'{"offsets": 12}', "body.offsets", "a list"),
        (b'{"offsets": []}', "body.offsets", "a list with at least 1 in it"),
        (b'{"offsets": ["12"]}', "body.offsets.0", "a whole number, without quotes"),
        (b'{"offsets": [-1]}', "body.offsets.0", "a number of at least 0"),
    ],
)
def test_a_body_that_is_not_as_described_is_answered_with_one_that_is(body: bytes, field: str, expected: str) -> None:
    with pytest.raises(Problem) as refused:
        read_model(request(), body, SendAgain)
    document = body_of(refused.value)
    assert (document["faults"][0]["field"], document["faults"][0]["expected"]) == (field, expected)
    assert document["detail"].endswith('send it as application/json, as {"offsets": [12]}')
    assert document["example"] == {"offsets": [12]}
    assert read_model(request(), json.dumps(document["example"]).encode(), SendAgain).offsets == [12]


def test_a_body_that_is_no_json_or_not_said_to_be_is_answered_with_one_that_is() -> None:
    for content_type, body in (("application/json", b"nope"), ("text/plain", b"{}")):
        with pytest.raises(Problem, match=re.escape('send it as application/json, as {"offsets": [12]}.')):
            read_model(request(content_type=content_type), body, SendAgain)
