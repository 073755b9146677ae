"""A page that shows some rows of many leads to those before and after them, and from beyond the last to the last."""

from datetime import date
from types import SimpleNamespace
from typing import cast

import pytest
from fastapi import Request

from services.chassis.authentication import Caller, Right
from services.metrics.pages.page import Instead, Page, PageQuery

HERE = "/posts?authority=331&team=court"


def page_at(offset: int) -> Page:
    query = f"authority=331&team=court&offset={offset}"
    caller = Caller(name="reader", authority="331", rights=(Right.READ,))
    scope = {"type": "http", "path": "/posts", "query_string": query.encode(), "headers": [], "caller": caller}
    return Page(Request(scope), cast(PageQuery, SimpleNamespace()), "331", date(2023, 10, 31))


@pytest.mark.parametrize(
    ("offset", "count", "previous", "following"),
    [
        (0, 0, None, None),
        (0, 50, None, None),
        (0, 51, None, f"{HERE}&offset=50"),
        (50, 120, f"{HERE}&offset=0", f"{HERE}&offset=100"),
        (119, 120, f"{HERE}&offset=69", None),
    ],
)
def test_rows_lead_to_those_before_and_after(
    offset: int, count: int, previous: str | None, following: str | None
) -> None:
    assert page_at(offset).turning(offset, 50, count) == {"previous": previous, "next": following}


@pytest.mark.parametrize(
    ("offset", "count", "led_to"),
    [(50, 50, HERE), (1000, 120, f"{HERE}&offset=100"), (100, 100, f"{HERE}&offset=50"), (30, 0, HERE)],
)
def test_beyond_the_last_row_one_is_led_to_the_last(offset: int, count: int, led_to: str) -> None:
    with pytest.raises(Instead, match=f"^{led_to.replace('?', '[?]')}$"):
        page_at(offset).turning(offset, 50, count)
