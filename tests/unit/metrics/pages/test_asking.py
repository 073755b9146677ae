"""What a page does with what the API does not answer: it leaves that out, or says why, and fails for nothing else."""

from datetime import date
from typing import Any

import httpx
import pytest
from fastapi import Request

from services.chassis.authentication import Caller, Right
from services.chassis.problems import Problem
from services.metrics import app as metrics
from services.metrics.api.asking import NotAnswered
from services.metrics.api.computing import too_costly
from services.metrics.pages.page import Page, PageQuery, in_full

SERIES = "/v1/measures/turnover-rate/series"


def asked_by_reader(query: str) -> Request:
    """A request for a page, of somebody who may read authority 331."""
    caller = Caller(name="reader", authority="331", rights=(Right.READ,))
    scope = {"type": "http", "path": "/", "query_string": query.encode(), "headers": [], "caller": caller}
    return Request(scope)


def page_refused(monkeypatch: pytest.MonkeyPatch, status: int, problem: Any) -> Page:
    """A page of whose questions each is refused so."""

    async def refuse(*_: Any, **__: Any) -> None:
        raise NotAnswered(status, problem, {})

    monkeypatch.setattr("services.metrics.pages.page.ask", refuse)
    request = asked_by_reader("authority=331&as_at=2023-10-31")
    return Page(request, PageQuery(request), "331", date(2023, 10, 31))


@pytest.mark.parametrize("kind", ["no-such-authority", "request-refused"])
async def test_what_there_is_no_answer_to_is_left_out_silently(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    found = page_refused(monkeypatch, 404 if kind == "no-such-authority" else 422, {"type": f"urn:problem:{kind}"})
    assert await found.ask_if_any(SERIES) is None
    assert found.left_out == []


async def test_what_would_cost_too_much_is_left_out_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    found = page_refused(monkeypatch, 422, too_costly(9, 8).body)
    assert await found.ask_if_any(SERIES) is None
    assert await found.ask_if_any("/v1/quality") is None
    assert found.left_out == ["Turnover rate (CSWW, FTE)", "Quality"]


async def test_whatever_else_fails_fails_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    found = page_refused(monkeypatch, 503, {"type": "urn:problem:not-now"})
    with pytest.raises(NotAnswered):
        await found.ask_if_any(SERIES)


@pytest.mark.parametrize(("as_at", "is_taken"), [("1953-12-31", False), ("1954-01-01", True)])
def test_a_date_before_which_there_is_nothing_to_compare_with_is_refused_by_its_own_name(
    as_at: str, is_taken: bool
) -> None:
    query = PageQuery(asked_by_reader(f"authority=331&as_at={as_at}"))
    if is_taken:
        query.raise_if_invalid()
        return
    with pytest.raises(Problem) as refusal:
        query.raise_if_invalid()
    (fault,) = refusal.value.body["faults"]
    assert (fault["field"], fault["value"]) == ("as_at", "1953-12-31")
    assert fault["expected"].startswith("a date from 1954-01-01 on")


@pytest.mark.parametrize(
    ("name", "value", "taken"),
    [
        ("as_known_at", "2023-11-30", "2023-11-30T23:59:59Z"),
        ("known_then", "2023-11-30", "2023-11-30T23:59:59Z"),
        ("as_known_at", "2023-11-30T12:00:00+01:00", "2023-11-30T12:00:00+01:00"),
        ("as_known_at", "2023-11-31", "2023-11-31"),
        ("as_at", "2023-11-30", "2023-11-30"),
    ],
)
def test_a_day_as_known_at_is_its_end(name: str, value: str, taken: str) -> None:
    assert in_full(name, value) == taken


async def test_a_page_of_a_day_as_known_at_is_at_the_address_of_its_end() -> None:
    app = metrics.create(metrics.ServiceSettings(database_url="postgresql://postgres@/nothing"))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service") as client:
        answer = await client.get("/posts?authority=331&as_at=2023-10-31&as_known_at=2023-11-30&role=")
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        "/posts?authority=331&as_at=2023-10-31&as_known_at=2023-11-30T23%3A59%3A59Z",
    )
