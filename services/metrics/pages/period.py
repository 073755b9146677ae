"""Pages of a period: from a day (by default a year back) to the date of the page."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from services.chassis.query import DAY, Parameter
from services.metrics.pages.blocks import choices
from services.metrics.pages.overview import same_day_last_year
from services.metrics.pages.page import Page, PageQuery


class PeriodQuery(PageQuery):
    """The first day of the period."""

    first = Parameter("from", "The first day of the period; a year back if left out.", DAY)


def first_day(page: Page, query: PeriodQuery) -> date:
    """The first day of the period. It is never after the date of the page, which a later address may have moved."""
    year = same_day_last_year(page.as_at) + timedelta(days=1)
    return year if query.first is None or query.first > page.as_at else query.first


def period(page: Page, query: PeriodQuery) -> dict[str, date]:
    """The period, as the API takes it."""
    return {"from_": first_day(page, query), "to": page.as_at}


async def beginning(page: Page, query: PeriodQuery, dimensions: Mapping[str, str], by: str) -> dict[str, Any]:
    """What a page of a period begins with that breaks figures down by one of some dimensions."""
    return {
        "query": query,
        "first": first_day(page, query),
        "choices": await choices(page, "team", "role"),
        "by": [{"value": value, "text": text} for value, text in dimensions.items()],
        "said_by": dimensions[by],
    }
