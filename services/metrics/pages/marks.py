"""What the council did to fill its posts and to keep its people, for a chart to mark and a page to list."""

from datetime import date, timedelta
from typing import NamedTuple
from urllib.parse import quote

from services.metrics.api.parameters import MOST_ROWS
from services.metrics.pages.charts import Marked
from services.metrics.pages.page import Page
from services.metrics.pages.rendering import day
from services.metrics.read_models.authorities import ALL


class Initiative(NamedTuple):
    """One of them: from which day on, the first day on which it no longer ran, and the page of its events."""

    title: str
    starts_on: date
    ends_on: date | None
    address: str

    @property
    def days(self) -> str:
        """When it ran, in words."""
        if self.ends_on is None:
            return f"from {day(self.starts_on)}"
        last = self.ends_on - timedelta(days=1)
        return f"on {day(last)}" if last == self.starts_on else f"{day(self.starts_on)} to {day(last)}"


async def initiatives(page: Page, first: date, last: date) -> list[Initiative]:
    """Those that began between two days, both included, the earliest first; none for all authorities together."""
    if page.authority == ALL:
        return []
    answer = await page.ask("/v1/initiatives", from_=first, to=last, limit=MOST_ROWS)
    known = [
        Initiative(
            row["title"],
            date.fromisoformat(row["starts_on"]),
            None if row["ends_on"] is None else date.fromisoformat(row["ends_on"]),
            page.there(f"/subjects/initiative/{quote(row['initiative'])}"),
        )
        for row in answer.body["rows"]
    ]
    return [each for each in known if first <= each.starts_on <= last]


async def marked(page: Page, first: date, last: date) -> list[Marked]:
    """The same for a chart."""
    return [Marked(each.title, each.starts_on) for each in await initiatives(page, first, last)]
