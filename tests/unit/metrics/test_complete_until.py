"""What a question says of completeness: what was so before anything was read, and of a pinned report nothing later."""

import json
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import Request

from services.chassis.query import INSTANT, Parameter
from services.metrics.api.parameters import AsKnown
from services.metrics.api.query import AskedQuery
from services.metrics.api.responses import answer

NOON = datetime(2023, 11, 30, 12, tzinfo=UTC)
LATER = datetime(2023, 11, 30, 13, tzinfo=UTC)
ANSWER: Any = ({"total": 1}, (["total"], [[1]]))


class TwoReports(AskedQuery):
    """Pinned by two acceptances."""

    from_accepted = Parameter("from_accepted", "", INSTANT)
    to_accepted = Parameter("to_accepted", "", INSTANT)


def asked(query: str, watermarks: Any, model: type[AskedQuery] = AsKnown) -> AskedQuery:
    """A question to a process that knows these watermarks."""
    app = SimpleNamespace(state=SimpleNamespace(runtime=SimpleNamespace(watermarks=watermarks)))
    return model(Request({"type": "http", "query_string": query.encode(), "headers": [], "app": app}))


def told(query: str, complete_until: datetime | None, model: type[AskedQuery] = AsKnown) -> Any:
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
def test_a_pinned_report_is_told_of_nothing_accepted_later(query: str, model: type[AskedQuery], expected: str) -> None:
    assert told(query, NOON, model) == expected
