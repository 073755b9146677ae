"""The schema reporting of a system, when what the API answers is written down in it.

Invariant: it is read with the rights of a dashboard's role, and nobody else's.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from tests.integration.feed import Feed

SECONDS = 240.0

WRITTEN_DOWN = """
    SELECT count(*) > 0 AND bool_and(coalesce(reported.state LIKE version || '/' || arrived || '/%', false))
    FROM staffing_version
    CROSS JOIN LATERAL (
        SELECT max(arrival) AS arrived FROM inbox WHERE inbox.authority = staffing_version.authority
    ) AS newest
    LEFT JOIN reporting.reported USING (authority)
"""


async def until_written_down(system: Feed) -> None:
    """Wait until figures of all that arrived are written down."""
    connection = await asyncpg.connect(system.database)
    try:
        deadline = time.monotonic() + SECONDS
        while not await connection.fetchval(WRITTEN_DOWN):
            assert time.monotonic() < deadline, f"figures are not written down after {SECONDS} seconds"
            await asyncio.sleep(0.1)
    finally:
        await connection.close()


@asynccontextmanager
async def read_as_dashboards_do(system: Feed) -> AsyncIterator[asyncpg.Connection]:
    """A connection that may do what the role of dashboards may."""
    connection = await asyncpg.connect(system.database)
    try:
        await connection.execute("SET ROLE workforce_reporting")
        yield connection
    finally:
        await connection.close()
