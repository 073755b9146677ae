"""What a caller is told when something is wrong: problem details, each part as long as it may be."""

import json
import re
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from contracts.refusal import Fault, Refused
from services.chassis.problems import (
    LONGEST,
    LONGEST_DETAIL,
    LONGEST_ECHO,
    JsonAnswer,
    Problem,
    beginning,
    faults_as_json,
    in_words,
    install_problem_answers,
    not_as_described,
    not_available,
)


def test_as_much_is_told_as_can_be_read() -> None:
    assert LONGEST == {"field": 200, "problem": 500, "expected": 4000, "value": 100}
    assert (LONGEST_DETAIL, LONGEST_ECHO) == (10_000, 200)


def test_a_text_that_is_too_long_ends_in_an_ellipsis_within_its_length() -> None:
    assert beginning("abcdef", 6) == "abcdef"
    assert beginning("abcdefg", 6) == "abc..."
    assert beginning("", 6) == ""


@pytest.mark.parametrize(("length", "told"), [(10_000, "x" * 10_000), (10_001, "x" * 9997 + "...")])
def test_a_detail_is_told_up_to_its_length(length: int, told: str) -> None:
    assert Problem(400, "x", "X", "x" * length).body["detail"] == told


def test_each_part_of_a_fault_is_told_up_to_its_length() -> None:
    refusal = Refused(Fault("f" * 201, "p" * 501, "e" * 4001, "v" * 101))
    ((fault),) = faults_as_json(refusal)["faults"]
    assert {name: len(text) for name, text in fault.items()} == LONGEST
    assert all(text.endswith("...") for text in fault.values())


def test_what_came_is_left_out_where_it_may_be_personal() -> None:
    assert faults_as_json(Refused(Fault("f", "p", "e"))) == {
        "faults": [{"field": "f", "problem": "p", "expected": "e"}]
    }


def test_a_problem_has_the_members_of_rfc_9457_and_its_own() -> None:
    problem = Problem(409, "not-sent-again", "Not every record", "offset 1", headers={"Retry-After": "2"}, sent=3)
    answer = problem.answer()
    assert json.loads(bytes(answer.body)) == {
        "type": "urn:workforce:problem:not-sent-again",
        "title": "Not every record",
        "status": 409,
        "detail": "offset 1",
        "sent": 3,
    }
    assert (answer.status_code, answer.media_type, answer.headers["retry-after"]) == (
        409,
        "application/problem+json",
        "2",
    )


@pytest.mark.parametrize(("count", "told", "left_out"), [(20, 20, None), (21, 20, 1)])
def test_twenty_faults_are_told_and_the_others_counted(count: int, told: int, left_out: int | None) -> None:
    fault = {"field": "f", "problem": "p", "expected": "e"}
    body = Problem(422, "x", "X", "as it was", faults=[fault] * count).body
    assert (len(body["faults"]), body.get("faults_left_out")) == (told, left_out)
    assert body["detail"] == ("as it was" if left_out is None else "; ".join(["f p: e"] * 20 + ["and 1 more"]))
    more = Problem(422, "x", "X", "d", faults=[fault] * count, faults_left_out=5).body
    assert more["faults_left_out"] == 5 + (left_out or 0)


def test_faults_in_words_say_what_is_wrong_where_and_what_would_be_right() -> None:
    faults = [{"field": "as_at", "problem": "is not a date", "expected": "a date as 2023-10-31"}]
    assert in_words(faults, 0) == "as_at is not a date: a date as 2023-10-31"
    assert in_words(faults, 2) == "as_at is not a date: a date as 2023-10-31; and 2 more"


def test_a_parameter_is_named_without_where_it_came_from() -> None:
    errors: list[dict[str, Any]] = [
        {"type": "missing", "loc": ("query", "authority"), "msg": "", "input": None},
        {"type": "int_parsing", "loc": ("query", "top", 0), "msg": "a whole number", "input": "x" * 90},
    ]
    body = not_as_described(errors).body
    assert body["status"] == 422
    assert body["faults"] == [
        {"field": "authority", "problem": "is missing", "expected": "a value for it"},
        {"field": "top.0", "problem": "cannot be read", "expected": "a whole number", "value": "x" * 80},
    ]


def test_what_is_away_is_told_with_when_to_come_again() -> None:
    problem = not_available("Kafka cannot be reached")
    assert (problem.status, problem.headers) == (503, {"Retry-After": "5"})
    assert problem.body["detail"].startswith("Kafka cannot be reached. Send the request again in a few seconds")


def test_text_that_is_no_unicode_can_be_repeated() -> None:
    assert bytes(JsonAnswer({"id": "\ud800é"}).body) == b'{"id":"\\ud800\\u00e9"}'


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> httpx.AsyncClient:
    """An application with a route of two methods, one of which can fail."""
    monkeypatch.setattr("services.chassis.problems.log", SimpleNamespace(error=lambda *_, **__: None))
    app = FastAPI()
    install_problem_answers(app)

    @app.get("/posts")
    async def read(number: int = 0) -> dict[str, int]:
        return {"number": 1 // number}

    @app.post("/posts")
    async def write() -> None:
        raise Problem(409, "x", "X", "conflicts")

    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://service")


@pytest.mark.parametrize(
    ("method", "path", "status", "detail"),
    [
        ("GET", "/nothing", 404, "GET /nothing: Not Found"),
        ("GET", "/" + "x" * 300, 404, "GET /" + "x" * 192 + "...: Not Found"),
        ("DELETE", "/posts", 405, "DELETE /posts: Method Not Allowed"),
        ("POST", "/posts", 409, "conflicts"),
        ("GET", "/posts?number=0", 500, "The service failed on this request; its log has the cause."),
        ("GET", "/posts?number=one", 422, None),
    ],
    ids=["unknown", "long", "method", "problem", "failure", "parameter"],
)
async def test_every_error_is_answered_with_problem_details(
    asked: httpx.AsyncClient, method: str, path: str, status: int, detail: str | None
) -> None:
    answer = await asked.request(method, path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    body = answer.json()
    assert body["status"] == status
    assert detail is None or body["detail"] == detail
    assert re.fullmatch("urn:workforce:problem:[a-z-]+", body["type"])
    assert body["title"] in (
        "Not Found",
        "Method Not Allowed",
        "X",
        "The service failed",
        "The request is not as described",
    )


async def test_of_a_method_that_is_not_taken_it_is_told_which_are(asked: httpx.AsyncClient) -> None:
    assert (await asked.delete("/posts")).headers["allow"] == "GET, HEAD, POST"
