"""Pages: how soon the first byte of each comes, how large it is, and how soon Chromium has drawn its largest part.

Invariant: every page of the navigation is asked, once with ten years of an authority's staffing and once with the
demonstration authority's six, which have something for every page. England's overview stands beside them.
"""

import asyncio
import shutil
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

import httpx
import psutil
from playwright.async_api import Browser, async_playwright
from rich.console import Console
from rich.progress import track
from rich.table import Table

from services.metrics.pages.page import NAVIGATION
from services.metrics.pages.router import pages_router
from tests.benchmark.seeding import DEMONSTRATION

TEN_YEARS = "201"
AS_AT = "2023-10-31"
DRAWN = 3
"""How often Chromium draws each page."""
LARGEST_PART = """
    () => new Promise(resolve => {
        new PerformanceObserver(list => resolve(list.getEntries().at(-1).startTime))
            .observe({type: "largest-contentful-paint", buffered: true});
    })
"""


@dataclass(frozen=True, slots=True)
class Timing:
    """What was measured of one page: seconds to the first byte, of processor time of the service for one, bytes,
    milliseconds to its largest part.
    """

    first_bytes: list[float]
    processor: float
    size: int
    largest_part: float


async def pages(
    service: str, process: psutil.Process, console: Console, calls: int, names: Sequence[str] | None
) -> None:
    """Print how the pages do, all or those of these names. Raises ValueError where one does not answer."""
    pages_router()
    states = {
        "ten years of an authority": f"authority={TEN_YEARS}&as_at={AS_AT}",
        "the demonstration authority": f"authority={DEMONSTRATION}&as_at={AS_AT}",
    }
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        for name, state in states.items():
            asked = {
                link.name: await _asked(service, process, f"{link.path}?{state}", chromium, calls)
                for link in track(NAVIGATION, name, console=console)
                if names is None or link.name in names
            }
            _print(f"pages of {name}, {calls} times each", asked, console)
        if names is None or "Overview" in names:
            england = await _asked(service, process, f"/?authority=all&as_at={AS_AT}", chromium, calls)
            _print("the overview of England", {"Overview": england}, console)
        await chromium.close()


async def _asked(service: str, process: psutil.Process, address: str, chromium: Browser, calls: int) -> Timing:
    first_bytes, size = [], 0
    async with httpx.AsyncClient(base_url=service, timeout=120, follow_redirects=True) as client:
        (await client.get(address)).raise_for_status()
        before = sum(process.cpu_times()[:2])
        for _ in range(calls):
            began = time.perf_counter()
            async with client.stream("GET", address) as answer:
                first_bytes.append(time.perf_counter() - began)
                size = len(await answer.aread())
        processor = (sum(process.cpu_times()[:2]) - before) / calls
    parts = [await _largest_part(chromium, f"{service}{address}") for _ in range(DRAWN)]
    return Timing(sorted(first_bytes), processor, size, statistics.median(parts))


async def _largest_part(chromium: Browser, address: str) -> float:
    page = await chromium.new_page()
    try:
        await page.goto(address, wait_until="load")
        return float(await asyncio.wait_for(page.evaluate(LARGEST_PART), 30))
    finally:
        await page.close()


def _print(title: str, asked: dict[str, Timing], console: Console) -> None:
    table = Table("page", "first byte p50 ms", "p95 ms", "processor ms", "kB", "largest part ms", title=title)
    for name, one in asked.items():
        p95 = one.first_bytes[int(0.95 * len(one.first_bytes))]
        table.add_row(
            name,
            f"{1000 * statistics.median(one.first_bytes):.0f}",
            f"{1000 * p95:.0f}",
            f"{1000 * one.processor:.0f}",
            f"{one.size / 1000:.0f}",
            f"{one.largest_part:.0f}",
        )
    console.print(table)
