"""One running system that knows every example, each as the records of an authority of its own."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest_asyncio

from tests.integration.fed import metrics_that_was_fed
from tests.integration.feed import Feed
from tests.parts import PostgreSQL
from tests.worked.examples import AUTHORITIES, EXAMPLES

"""How long the examples may take to come in, on a slow machine; usually a few seconds."""


def _cloud_events() -> list[dict[str, Any]]:
    return [
        {**example.attributes(index, AUTHORITIES[example.title]), "data": fact.data}
        for example in EXAMPLES
        if example.not_over_http is None
        for index, fact in enumerate(example.facts)
    ]


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def metrics(postgres: PostgreSQL, parts_folder: Path) -> AsyncIterator[Feed]:
    """Who answers, when all that the examples state has gone through the doors and counts."""
    async with metrics_that_was_fed(postgres, parts_folder / "worked", _cloud_events()) as metrics:
        yield metrics
