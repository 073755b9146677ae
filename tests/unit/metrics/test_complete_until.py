"""What a question says of completeness: what was so before anything was read, and of a pinned report nothing later."""

import json
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import Request

from services.metrics.api.parameters import KNOWN
from services.metrics.api.query import QueryReader
from services.metrics.api.responses import answer

NOON = datetime(2023, 11, 30, 12, tzinfo=UTC)
LATER = datetime(2023, 11, 30, 13, tzinfo=UTC)
ANSWER: Any = ({"total": 1}, (["total"], [[1]]))
OF_CHANGES = ("from_known", "to_known", "from_accepted", "to_accepted")


def asked(query: str, watermarks: Any, *names: str) -> QueryReader:
    """A question with these parameters to a process that knows these watermarks."""
    app = SimpleNamespace(state=SimpleNamespace(runtime=SimpleNamespace(watermarks=watermarks)))
    return QueryReader(Request({"type": "http", "query_string": query.encode(), "headers": [], "app": app}), *names)


def told(query: str, complete_until: datetime | None, *names: str) -> Any:
    """What the answer says, and its header."""
    found = answer(asked(query, SimpleNamespace(complete_until=complete_until), *names), *ANSWER)
    body = json.loads(bytes(found.body))
    assert found.headers.get("complete-until") == body["complete_until"]
    return body["complete_until"]


def test_what_arrives_while_a_question_is_worked_out_is_not_claimed() -> None:
    watermarks = SimpleNamespace(complete_until=NOON)
    question = asked("", watermarks, *KNOWN)
    watermarks.complete_until = LATER
    assert json.loads(bytes(answer(question, *ANSWER).body))["complete_until"] == "2023-11-30T12:00:00Z"


def test_while_it_cannot_be_said_null_is() -> None:
    assert told("", None, *KNOWN) is None
    assert told("as_accepted_at=2023-11-30T12:00:00Z", None, *KNOWN) is None


@pytest.mark.parametrize(
    ("query", "names", "expected"),
    [
        ("as_known_at=2023-11-01T00:00:00Z", KNOWN, "2023-11-30T12:00:00Z"),
        ("as_accepted_at=2023-11-01T00:00:00Z", KNOWN, "2023-11-01T00:00:00Z"),
        ("as_accepted_at=2023-12-01T00:00:00Z", KNOWN, "2023-11-30T12:00:00Z"),
        ("to_accepted=2023-11-01T00:00:00Z", OF_CHANGES, "2023-11-30T12:00:00Z"),
        ("from_accepted=2023-10-01T00:00:00Z&to_accepted=2023-11-01T00:00:00Z", OF_CHANGES, "2023-11-01T00:00:00Z"),
        ("from_accepted=2023-11-02T00:00:00Z&to_accepted=2023-11-01T00:00:00Z", OF_CHANGES, "2023-11-02T00:00:00Z"),
        ("from_accepted=2023-11-02T00:00:00Z&to_accepted=2023-12-01T00:00:00Z", OF_CHANGES, "2023-11-30T12:00:00Z"),
    ],
)
def test_a_pinned_report_is_told_of_nothing_accepted_later(query: str, names: tuple[str, ...], expected: str) -> None:
    assert told(query, NOON, *names) == expected
