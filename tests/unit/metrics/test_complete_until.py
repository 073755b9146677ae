"""What a question says of completeness: what was so before anything was read, and of a pinned report nothing later."""

import json
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import Request

from services.chassis.query import INSTANT, Parameter
from services.metrics.api.parameters import AsKnown
from services.metrics.api.query import ALREADY_READ, ReadQuery
from services.metrics.api.responses import answer
from services.metrics.read_models.already_read import AlreadyRead

NOON = datetime(2023, 11, 30, 12, tzinfo=UTC)
LATER = datetime(2023, 11, 30, 13, tzinfo=UTC)
ANSWER: Any = ({"total": 1}, (["total"], [[1]]))


class TwoReports(ReadQuery):
    """Pinned by two acceptances."""

    from_accepted = Parameter("from_accepted", "", INSTANT)
    to_accepted = Parameter("to_accepted", "", INSTANT)


def asked(
    query: str, watermarks: Any, model: type[ReadQuery] = AsKnown, already: AlreadyRead | None = None
) -> ReadQuery:
    """A question to a process that knows these watermarks."""
    app = SimpleNamespace(state=SimpleNamespace(runtime=SimpleNamespace(watermarks=watermarks)))
    scope: dict[str, Any] = {"type": "http", "query_string": query.encode(), "headers": [], "app": app}
    return model(Request(scope | {ALREADY_READ: already}))


def told(query: str, complete_until: datetime | None, model: type[ReadQuery] = AsKnown) -> Any:
    """What the answer says, and its header."""
    response = answer(asked(query, SimpleNamespace(complete_until=complete_until), model), *ANSWER)
    body = json.loads(bytes(response.body))
    assert response.headers.get("complete-until") == body["complete_until"]
    return body["complete_until"]


def test_what_arrives_while_a_question_is_worked_out_is_not_claimed() -> None:
    watermarks = SimpleNamespace(complete_until=NOON)
    question = asked("", watermarks)
    watermarks.complete_until = LATER
    assert json.loads(bytes(answer(question, *ANSWER).body))["complete_until"] == "2023-11-30T12:00:00Z"


def test_a_later_question_of_a_page_claims_no_more_than_its_first_for_it_reads_nothing_anew() -> None:
    question = asked("", SimpleNamespace(complete_until=LATER), already=AlreadyRead(complete_until=NOON))
    assert json.loads(bytes(answer(question, *ANSWER).body))["complete_until"] == "2023-11-30T12:00:00Z"


def test_while_it_cannot_be_said_null_is() -> None:
    assert told("", None) is None
    assert told("as_accepted_at=2023-11-30T12:00:00Z", None) is None


@pytest.mark.parametrize(
    ("query", "model", "expected"),
    [
        ("as_known_at=2023-11-01T00:00:00Z", AsKnown, "2023-11-30T12:00:00Z"),
        ("as_accepted_at=2023-11-01T00:00:00Z", AsKnown, "2023-11-01T00:00:00Z"),
        ("as_accepted_at=2023-12-01T00:00:00Z", AsKnown, "2023-11-30T12:00:00Z"),
        ("to_accepted=2023-11-01T00:00:00Z", TwoReports, "2023-11-30T12:00:00Z"),
        ("from_accepted=2023-10-01T00:00:00Z&to_accepted=2023-11-01T00:00:00Z", TwoReports, "2023-11-01T00:00:00Z"),
        ("from_accepted=2023-11-02T00:00:00Z&to_accepted=2023-11-01T00:00:00Z", TwoReports, "2023-11-02T00:00:00Z"),
        ("from_accepted=2023-11-02T00:00:00Z&to_accepted=2023-12-01T00:00:00Z", TwoReports, "2023-11-30T12:00:00Z"),
    ],
)
def test_a_pinned_report_is_told_of_nothing_accepted_later(query: str, model: type[ReadQuery], expected: str) -> None:
    assert told(query, NOON, model) == expected
