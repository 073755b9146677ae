"""Requests that nobody sent: what the API reads of a question, without a service around it."""

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, TypeVar

import pytest
from fastapi import Request

from services.chassis.authentication import LOOPBACK_CALLER, Caller
from services.chassis.problems import Problem
from services.chassis.query import QueryModel
from services.metrics.api.parameters import AUTHORITY, AsKnown, BrokenDown, Counted, OfATime, OfAuthority, Paged
from services.metrics.figures.age import Age

NOW = datetime(2024, 4, 2, 12, tzinfo=UTC)
COMPLETE = datetime(2024, 4, 2, 11, 59, tzinfo=UTC)


class EveryParameter(OfAuthority, OfATime, AsKnown, BrokenDown, Counted, Paged):
    """All that figures and their parts can be asked for; of whom may be left unsaid here."""

    authority = replace(AUTHORITY, required=False)


Model = TypeVar("Model", bound=QueryModel)


def question(
    asked: str = "", caller: Caller = LOOPBACK_CALLER, path: str = "/v1/measures/vacancies", **headers: str
) -> EveryParameter:
    """A question that was asked on 2 April 2024 at noon, which can have all that figures have."""
    return question_of(EveryParameter, asked, caller, path, **headers)


def question_of(
    model: type[Model],
    asked: str = "",
    caller: Caller = LOOPBACK_CALLER,
    path: str = "/v1/measures/vacancies",
    **headers: str,
) -> Model:
    """The same of another model."""
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
    question = model(Request(scope))
    question.now = NOW
    return question


def faults(of: QueryModel) -> list[tuple[str, str, str]]:
    """What was wrong with a question: fields, problems, and what would be right."""
    with pytest.raises(Problem) as refused:
        of.raise_if_invalid()
    assert refused.value.status == 422
    return [(fault["field"], fault["problem"], fault["expected"]) for fault in refused.value.body["faults"]]


def recorded(instant: datetime) -> Age:
    """What is known of an authority of which both services were told something last at that instant."""
    return Age(instant, {"recruitment": instant, "retention": instant})
