"""The pages there are, in the states that tests look at, and what is asked of each."""

from dataclasses import dataclass
from typing import Any

from playwright.async_api import Page

STATE = "authority=331&as_at=2023-10-31"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
"""What axe-core calls WCAG 2.2 AA."""


@dataclass(frozen=True, slots=True)
class Looked:
    """One page in one state: its address, and the status that it is answered with."""

    name: str
    address: str
    status: int = 200


PAGES = (
    Looked("overview", f"/?{STATE}"),
    Looked("overview of the census, narrowed down", f"/?{STATE}&scope=census&role=social-worker"),
    Looked("overview as known then", f"/?{STATE}&as_known_at=2023-11-01T00:00:00Z"),
    Looked("overview long after the newest record", "/?authority=331&as_at=2026-06-30"),
    Looked("trend", f"/trend?{STATE}"),
    Looked("trend split by role", f"/trend?{STATE}&by=role"),
    Looked("trend of a rate over periods", f"/trend?{STATE}&measure=turnover-rate"),
    Looked("changes", f"/changes?{STATE}"),
    Looked("what is behind a stock", f"/figures/vacancies?{STATE}"),
    Looked("what is behind a rate", f"/figures/vacancy-rate?{STATE}"),
    Looked("what is behind a flow", f"/figures/leavers?{STATE}&from=2022-11-01&to=2023-10-31"),
    Looked("a post", f"/subjects/post/P-0131?{STATE}&measure=vacancies"),
    Looked("a worker", f"/subjects/worker/W-0127?{STATE}"),
    Looked("signing in where no key is needed", "/sign-in"),
    Looked("an authority unknown", "/?authority=999&as_at=2023-10-31", 404),
    Looked("a state that cannot be read", "/?authority=331&as_at=yesterday", 422),
    Looked("no such figure", f"/figures/happiness?{STATE}", 404),
)
NAMES = [page.name for page in PAGES]


async def violations(page: Page, axe: str) -> list[str]:
    """What axe-core finds on a page, a line each: the rule, what it is about, and where."""
    await page.evaluate(axe)
    found: dict[str, Any] = await page.evaluate(
        "rules => axe.run(document, {runOnly: {type: 'tag', values: rules}})", RULES
    )
    return [
        f"{item['id']}: {item['help']} ({', '.join(str(node['target'][0]) for node in item['nodes'][:3])})"
        for item in found["violations"]
    ]


async def sideways(page: Page) -> int:
    """By how many pixels the page, not a part of it, scrolls sideways."""
    found: int = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return found
