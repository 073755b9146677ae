"""The pages there are, in the states that tests look at, and what is asked of each."""

from dataclasses import dataclass
from typing import Any

from playwright.async_api import Browser, BrowserContext, Page

STATE = "authority=331&as_at=2023-10-31"
EARLY = "authority=331&as_at=2020-11-30"
PATIENCE_MILLISECONDS = 120_000
"""Within which what is expected must be seen, on however busy a machine."""
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
"""What axe-core calls WCAG 2.2 AA."""


@dataclass(frozen=True, slots=True)
class Looked:
    """One page in one state: its address, and the status that it is answered with.

    `compares` where it is looked at in the metrics in which a release of DfE's is loaded.
    """

    name: str
    address: str
    status: int = 200
    compares: bool = False


PAGES = (
    Looked("overview", f"/?{STATE}"),
    Looked("overview of the census, narrowed down", f"/?{STATE}&scope=census&role=social-worker"),
    Looked("overview as known then", f"/?{STATE}&as_known_at=2023-11-01T00:00:00Z"),
    Looked("overview long after the newest record", "/?authority=331&as_at=2026-06-30"),
    Looked("overview of all authorities", "/?authority=all&as_at=2023-10-31"),
    Looked("trend", f"/trend?{STATE}"),
    Looked("trend of all authorities by role", "/trend?authority=all&as_at=2023-10-31&by=role"),
    Looked("trend split by role", f"/trend?{STATE}&by=role"),
    Looked("trend of leavers by why they left", f"/trend?{STATE}&measure=leavers&by=leaving_reason"),
    Looked("trend of a rate over periods", f"/trend?{STATE}&measure=turnover-rate"),
    Looked("retention", f"/retention?{STATE}"),
    Looked("retention where nobody left", f"/retention?{STATE}&role=head-of-service&since=2023-10-01"),
    Looked("academy", f"/academy?{STATE}&role=social-worker"),
    Looked("academy before the first cohort", "/academy?authority=331&as_at=2018-07-02"),
    Looked("members of a cohort", f"/academy/cohort-01?{STATE}&outcome=left"),
    Looked("posts", f"/posts?{STATE}"),
    Looked("posts of a role vacant for long", f"/posts?{STATE}&role=social-worker&open_months=12"),
    Looked("posts of a team in which none is vacant", f"/posts?{STATE}&team=nowhere"),
    Looked("recruitment", "/recruitment?authority=331&as_at=2023-07-31"),
    Looked("recruitment by route, of a team", f"/recruitment?{STATE}&by=route&team=nowhere"),
    Looked("agency workers", f"/agency?{STATE}"),
    Looked("agency workers by reason of cover", f"/agency?{STATE}&by=cover_reason&from=2023-04-01"),
    Looked("agency workers where there are none", "/agency?authority=331&as_at=2015-10-31&by=agency"),
    Looked("caseload over a limit", "/caseload?authority=331&as_at=2023-09-30&above=18"),
    Looked("caseload long after it was counted", f"/caseload?{STATE}"),
    Looked("data quality", f"/quality?{STATE}"),
    Looked("data quality of what is entered late", f"/quality?{STATE}&check=late-entry"),
    Looked("data quality where nothing moves a figure", f"/quality?{STATE}&severity=moves-a-figure"),
    Looked("dead letters", f"/quality/dead-letters?{STATE}"),
    Looked("progression", "/progression?authority=331&as_at=2024-03-28"),
    Looked("progression of a role of which nobody progressed", f"/progression?{STATE}&role=head-of-service"),
    Looked("compare", f"/compare?{STATE}&measure=turnover-rate&role=social-worker", compares=True),
    Looked("compare where nothing is published", f"/compare?{STATE}"),
    Looked("forecast", f"/forecast?{STATE}"),
    Looked("forecast with a change that cannot act", f"/forecast?{STATE}&conversions=12&intake=60&team=duty"),
    Looked("forecast of a role with its back-test", f"/forecast?{EARLY}&role=social-worker&back_test=true"),
    Looked("reports", f"/reports?{STATE}"),
    Looked(
        "reports as known then, narrowed down", f"/reports?{STATE}&as_known_at=2023-11-01T00:00:00Z&role=social-worker"
    ),
    Looked("a report", f"/reports/1?{STATE}"),
    Looked("two reports", f"/reports/2/comparison?{STATE}&earlier=1"),
    Looked("two reports, every figure", f"/reports/2/comparison?{STATE}&earlier=1&every=true"),
    Looked("taking a report away", f"/reports/1/take-away?{STATE}"),
    Looked("no such report", f"/reports/999?{STATE}", 404),
    Looked("changes", f"/changes?{STATE}"),
    Looked("what is behind a stock", f"/figures/vacancies?{STATE}"),
    Looked("what is behind a rate", f"/figures/vacancy-rate?{STATE}"),
    Looked(
        "what is behind one row of a flow",
        f"/figures/leavers?{STATE}&from=2022-11-01&to=2023-10-31&leaving_reason=retired",
    ),
    Looked("a post", f"/subjects/post/P-0131?{STATE}&measure=vacancies"),
    Looked("a worker", f"/subjects/worker/W-0127?{STATE}"),
    Looked("signing in where no key is needed", "/sign-in"),
    Looked("an authority unknown", "/?authority=999&as_at=2023-10-31", 404),
    Looked("a state that cannot be read", "/?authority=331&as_at=yesterday", 422),
    Looked("no such address", "/nowhere", 404),
    Looked("no such figure", f"/figures/happiness?{STATE}", 404),
)
NAMES = [page.name for page in PAGES]


async def new_context(browser: Browser, *, with_scripts: bool = True) -> BrowserContext:
    """A browser without cookies of others, that waits for a busy machine as long as `expect` does."""
    context = await browser.new_context(java_script_enabled=with_scripts)
    context.set_default_timeout(PATIENCE_MILLISECONDS)
    return context


async def violations(page: Page, axe: str) -> list[str]:
    """What axe-core finds on a page, a line each: the rule, what it is about, and where."""
    await page.wait_for_load_state("load")
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
    await page.wait_for_load_state("load")
    found: int = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return found
