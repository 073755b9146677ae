"""One PostgreSQL database for the unit tests that need tables, emptied before each.

Invariant: whoever asks for `pool` finds a service's database as it is before the first event.
"""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio

from services.chassis.database import connect_pool, migrate
from services.chassis.runtime import CHASSIS_MIGRATIONS
from services.metrics import app
from tests.parts import PostgreSQL

METRICS_MIGRATIONS = Path(app.__file__).parent / "migrations"

EMPTY = """
    TRUNCATE journal, inbox, reading, expected, dead_letter_event, relay_log_end, relay_count, relay_again,
        derivation_queue, occupancy, cover, staffing, staffing_version, staffing_change, feed, dead_letter,
        dead_letter_action;
    UPDATE journal_head SET position = 0, clock = '-infinity';
    UPDATE relay_progress SET position = 0;
"""


@pytest.fixture(scope="session")
def address_of_tables(postgres: PostgreSQL) -> Iterator[str]:
    """The address of that database."""
    name = f"chassis_{uuid4().hex[:12]}"
    yield postgres.create(name)
    postgres.drop(name)


@pytest_asyncio.fixture(scope="session")
async def tables_of_metrics(address_of_tables: str) -> AsyncIterator[asyncpg.Pool]:
    """The tables of the chassis and of metrics."""
    pool = await connect_pool(address_of_tables, 8)
    await migrate(pool, (CHASSIS_MIGRATIONS, METRICS_MIGRATIONS))
    yield pool
    await pool.close()


@pytest_asyncio.fixture
async def pool(tables_of_metrics: asyncpg.Pool) -> asyncpg.Pool:
    """The same, empty."""
    await tables_of_metrics.execute(EMPTY)
    return tables_of_metrics
