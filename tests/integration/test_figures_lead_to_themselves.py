"""A figure on a page leads to the same figure, explained: whatever the page was narrowed down to.

Invariant: what is compared is what people read.
"""

import html
import re

import httpx
import pytest

from tests.integration.feed import Feed

STATE = "authority=331&as_at=2023-09-30"
LINKED = re.compile(r'href="(/figures/[^"]+)">([^<]+)</a>')
EXPLAINED = re.compile(r'<p class="workforce-tile__figure">([^<]+)</p>')
COLUMNS = re.compile(r'<th scope="col"[^>]*>([^<]+)</th>')
NARROWED = ["", "&role=social-worker", "&team=duty&scope=census", "&as_known_at=2023-10-01T00:00:00Z"]


@pytest.mark.parametrize("narrowed", NARROWED)
@pytest.mark.parametrize("path", ["/", "/trend"])
async def test_each_figure_leads_to_itself(demonstration: Feed, path: str, narrowed: str) -> None:
    async with httpx.AsyncClient(base_url=demonstration.url, timeout=120, trust_env=False) as client:
        page = (await client.get(f"{path}?{STATE}{narrowed}")).raise_for_status().text
        shown = {html.unescape(address): text for address, text in LINKED.findall(page)}
        assert len(shown) > 3
        explained = {}
        for address in shown:
            (explained[address],) = EXPLAINED.findall((await client.get(address)).raise_for_status().text)
    assert explained == shown


@pytest.mark.parametrize(
    ("figure", "day"),
    [
        ("vacancies?authority=331&as_at=2023-09-30", "Unchanged since"),
        ("leavers?authority=331&as_at=2023-09-30&from=2022-10-01&to=2023-09-30", "On, or from"),
    ],
)
async def test_what_is_behind_a_count_says_what_its_days_are(demonstration: Feed, figure: str, day: str) -> None:
    async with httpx.AsyncClient(base_url=demonstration.url, timeout=120, trust_env=False) as client:
        page = (await client.get(f"/figures/{figure}")).raise_for_status().text
    assert COLUMNS.findall(page) == ["About", "Role", "Team", day, "Amount"]
