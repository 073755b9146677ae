"""What a page shows, what its CSV, its workbook, the API and its explanation say: the same figures."""

import csv
import html
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import openpyxl
import pytest
from playwright.async_api import BrowserContext

from services.metrics.pages.rendering import figure, words
from tests.browser.pages import STATE

pytestmark = pytest.mark.asyncio(loop_scope="session")


@dataclass(frozen=True, slots=True)
class Shown:
    """A column of a table, and where its figures stand in the files below it.

    `file` is which of those files, from 0 on; `key` the column there that names a row; `only` the values of others.
    A table that is not `whole` has further rows of the same name.
    """

    table: str
    column: str
    key: str
    unit: str = "FTE"
    file: int = 0
    value: str = "value"
    only: tuple[tuple[str, str], ...] = ()
    is_code: bool = False
    is_whole: bool = True

    def of(self, rows: Iterable[Mapping[str, Any]]) -> set[tuple[str, str]]:
        """What the column must show of each row; a row of nothing may be left out."""
        return {
            (
                str(row[self.key]) if self.is_code else words(row[self.key] or None),
                figure(float(row[self.value]), self.unit),
            )
            for row in rows
            if all(row[name] == value for name, value in self.only) and float(row[self.value] or 0)
        }

    def on_the_page(self, pairs: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
        """What it shows, without totals and rows of nothing."""
        return {(name, text) for name, text in pairs if not name.startswith("All") and text != figure(0, self.unit)}


SHOWN: dict[str, tuple[Shown, ...]] = {
    f"/posts?{STATE}": (
        Shown("teams-table", "Vacant", "team", file=1),
        Shown("teams-table", "Under 3 months", "team", only=(("age", "under-3-months"),)),
        Shown("ages-table", "Of these uncovered", "age", file=1),
        Shown("posts-table", "Agency cover", "post", value="agency_cover", is_code=True),
    ),
    f"/agency?{STATE}": (
        Shown("agency-table", "Cost", "role", "GBP", file=5),
        Shown("tenure-table", "Assignments", "tenure", "assignments"),
    ),
    "/recruitment?authority=331&as_at=2023-07-31": (
        Shown("stages-table", "Attended", "campaign", "count", only=(("stage", "attended"),), is_code=True),
        Shown("offers-table", "Accepted", "campaign", "count", only=(("stage", "accepted"),), is_code=True),
        Shown("fill-table", "Days to fill", "role", "days"),
    ),
    "/caseload?authority=331&as_at=2023-09-30&above=18": (
        Shown("caseload-table", "Cases for each FTE", "team", file=2),
        Shown("caseload-table", "Workers with more than 18 cases", "team", "people", file=3),
        Shown("spread-table", "Workers", "caseload", "people"),
    ),
    f"/quality?{STATE}": (
        Shown("feeds-table", "Events", "source", "count", value="events", is_code=True, is_whole=False),
    ),
}

READ_TABLE = """
    ([region, column]) => {
        const headings = [...region.querySelectorAll('thead th')].map(each => each.innerText);
        const place = headings.indexOf(column);
        const rows = [...region.querySelectorAll('tbody tr')];
        return rows.map(row => [row.cells[0].innerText, row.cells[place].innerText]);
    }
"""


@pytest.mark.parametrize("address", SHOWN)
async def test_a_table_its_files_and_the_api_say_the_same(site: str, context: BrowserContext, address: str) -> None:
    page = await context.new_page()
    await page.goto(f"{site}{address}")
    for shown in SHOWN[address]:
        region = page.locator(f"[aria-labelledby={shown.table}]")
        files = page.locator(f"[aria-labelledby={shown.table}] + p")
        file = str(await files.get_by_role("link", name="CSV").nth(shown.file).get_attribute("href"))
        pairs = await page.evaluate(READ_TABLE, [await region.element_handle(), shown.column])
        async with httpx.AsyncClient(base_url=site, timeout=60) as client:
            as_csv = (await client.get(file)).text
            as_workbook = (await client.get(file.replace("format=csv", "format=xlsx"))).content
            as_json = (await client.get(file.replace("&format=csv", ""))).json()
        expected = shown.of(csv.DictReader(io.StringIO(as_csv.lstrip("\ufeff"))))
        assert expected, shown
        found = shown.on_the_page(map(tuple, pairs))
        assert found == expected if shown.is_whole else found >= expected, shown
        sheet = list(openpyxl.load_workbook(io.BytesIO(as_workbook))["data"].iter_rows(values_only=True))
        assert shown.of(dict(zip(sheet[0], row, strict=True)) for row in sheet[1:]) == expected, shown
        assert shown.of(as_json["rows"]) == expected, shown


EXPLAINED = (
    f"/posts?{STATE}&role=team-manager",
    f"/agency?{STATE}&by=cover_reason&role=social-worker",
    "/recruitment?authority=331&as_at=2023-07-31",
    "/caseload?authority=331&as_at=2023-09-30&above=18&team=horizon",
)
LINKED_FIGURE = re.compile(r'href="(/figures/[^"]+)"[^>]*>\s*([^<]*\d[^<]*?)\s*<')
FIGURE_EXPLAINED = re.compile(r'workforce-tile__figure">\s*([^<]+?)\s*<')


@pytest.mark.parametrize("address", EXPLAINED)
async def test_the_figures_of_a_page_lead_to_pages_that_explain_the_same_figure(site: str, address: str) -> None:
    async with httpx.AsyncClient(base_url=site, timeout=60) as client:
        found = {(html.unescape(to), text) for to, text in LINKED_FIGURE.findall((await client.get(address)).text)}
        # Every third, to be quick: rows and months beside each other are alike.
        linked = sorted(found)[::3]
        explained = {to: FIGURE_EXPLAINED.findall((await client.get(to)).text) for to, _ in linked}
    assert linked
    assert [(to, text) for to, text in linked if explained[to] != [text]] == []


# Of 22.5 FTE 14.5 are vacant for less than three months, of 2.0 uncovered 1.0; of 48 assignments 20 have run for less
# than three months, 29 for less than six; of 289 workers 83 have up to 10 cases, 192 up to 15.
MEDIANS = {
    f"/posts?{STATE}": [("what is vacant", "Under 3 months"), ("what is uncovered", "Under 3 months")],
    f"/agency?{STATE}": [("these assignments", "3 to 6 months")],
    "/caseload?authority=331&as_at=2023-09-30&above=18": [("these workers", "11 to 15")],
}
SAID_OF_MEDIANS = re.compile(r"The median of ([^<]*) lies in “([^<]*)”\.")


@pytest.mark.parametrize("address", MEDIANS)
async def test_a_page_says_in_which_band_a_median_lies(site: str, address: str) -> None:
    async with httpx.AsyncClient(base_url=site, timeout=60) as client:
        assert SAID_OF_MEDIANS.findall((await client.get(address)).text) == MEDIANS[address]


@pytest.mark.parametrize("path", ["/", "/retention", "/agency"])
async def test_every_table_and_every_tile_of_a_page_of_two_populations_says_whom_it_counts(
    site: str, path: str
) -> None:
    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
        text = (await client.get(f"{site}{path}?{STATE}", headers={"accept": "text/html"})).text
    captions = re.findall(r"<caption.*?</caption>", text, re.DOTALL)
    tiles = re.findall(r'<li class="workforce-tile">.*?</li>', text, re.DOTALL)
    rates = re.search(r'id="rates-table".*?</table>', text, re.DOTALL)
    rows = [] if rates is None else re.findall(r"<tr.*?</tr>", rates[0], re.DOTALL)[1:]
    assert captions
    one_population = [each for each in captions if 'id="rates-table"' not in each]
    for each in [*one_population, *tiles, *rows]:
        assert re.search(r"Counts (all posts|posts of the CSWW census alone)", each), each
    assert "Counts posts of the CSWW census alone" in text
    assert "Counts all posts" in text
