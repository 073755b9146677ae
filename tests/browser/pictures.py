"""`python -m tests.browser.pictures` takes the pictures of README.md: pages of the demonstration authority.

Invariant: what they show came in through the services' own feeds; each is small enough to be kept in the repository.
"""

import asyncio
import io
import shutil
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.async_api import async_playwright

from deploy.demonstration import history
from deploy.embedded.postgresql import PostgreSQL
from tests.browser.conftest import ARGUMENTS, CHROMIUM
from tests.browser.pages import STATE
from tests.integration.fed import metrics_that_was_fed

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"
PICTURES = {"overview.png": f"/?{STATE}", "trend.png": f"/trend?{STATE}&measure=vacancies&from=2021-10-01"}
SCREEN = {"width": 1100, "height": 1240}
COLOURS = 64
"""Enough for pages, and a third of the bytes."""


async def take(site: str) -> None:
    """Take every picture of a site."""
    FOLDER.mkdir(exist_ok=True)
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=shutil.which(CHROMIUM), args=list(ARGUMENTS))
        page = await chromium.new_page(viewport=SCREEN, locale="en-GB")  # type: ignore[arg-type]
        for name, address in PICTURES.items():
            await page.goto(f"{site}{address}", wait_until="networkidle")
            taken = Image.open(io.BytesIO(await page.screenshot()))
            taken.quantize(COLOURS).save(FOLDER / name, optimize=True)
        await chromium.close()


async def main() -> int:
    """Feed a system of its own, and take the pictures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        postgres = PostgreSQL(folder / "postgresql", folder / "postgresql.log")
        postgres.start()
        try:
            async with metrics_that_was_fed(postgres, folder, history()) as metrics:
                await take(metrics.url)
        finally:
            postgres.stop()
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
