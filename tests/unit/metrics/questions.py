"""Requests that nobody sent: what the API reads of a question, without a service around it."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import Request

from services.chassis.authentication import LOOPBACK_CALLER, Caller
from services.chassis.problems import Problem
from services.metrics.api.parameters import FIGURE, PAGE
from services.metrics.api.query import QueryReader

NOW = datetime(2024, 4, 2, 12, tzinfo=UTC)
COMPLETE = datetime(2024, 4, 2, 11, 59, tzinfo=UTC)


def question(
    asked: str = "",
    *names: str,
    caller: Caller = LOOPBACK_CALLER,
    path: str = "/v1/measures/vacancies",
    **headers: str,
) -> QueryReader:
    """A question that was asked on 2 April 2024 at noon; without `names` it can have all that figures have."""
    runtime = SimpleNamespace(watermarks=SimpleNamespace(complete_until=COMPLETE))
    scope: dict[str, Any] = {
        "type": "http",
        "method": "GET",
        "path": path,
        "query_string": asked.encode(),
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
        "server": ("127.0.0.1", 80),
        "app": SimpleNamespace(state=SimpleNamespace(runtime=runtime)),
        "caller": caller,
    }
    found = QueryReader(Request(scope), *(names or (*FIGURE, *PAGE)))
    found.now = NOW
    return found


def faults(of: QueryReader) -> list[tuple[str, str, str]]:
    """What was wrong with a question: fields, problems, and what would be right."""
    with pytest.raises(Problem) as refused:
        of.raise_if_invalid()
    assert refused.value.status == 422
    return [(fault["field"], fault["problem"], fault["expected"]) for fault in refused.value.body["faults"]]
