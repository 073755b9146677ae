"""Holding the journal, so that requests wait, and telling who waits in PostgreSQL.

Invariant: what is waited for is asked of PostgreSQL; nothing here takes a fixed time.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

PATIENCE_SECONDS = 60.0

BLOCKED = """
    WITH RECURSIVE blocked AS (
        SELECT pid FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid))
        UNION
        SELECT others.pid
        FROM blocked, pg_stat_activity AS others
        WHERE blocked.pid = ANY (pg_blocking_pids(others.pid))
    )
    SELECT pid FROM blocked
"""


@asynccontextmanager
async def journal_held(address: str) -> AsyncIterator[asyncpg.Connection]:
    """The journal's head is locked until this connection rolls back or is closed."""
    holder = await asyncpg.connect(address)
    try:
        await holder.execute("BEGIN")
        await holder.execute("UPDATE journal_head SET clock = clock")
        yield holder
    finally:
        await holder.close()


async def blocked(pool: asyncpg.Pool, by: asyncpg.Connection, how_many: int = 1) -> list[int]:
    """The processes of PostgreSQL that wait for this connection, or for one that does, once there are so many."""
    # Asked on another connection: within a transaction PostgreSQL tells of the processes as they were at first.
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            rows = await pool.fetch(BLOCKED, by.get_server_pid())
            if len(rows) >= how_many:
                return [row["pid"] for row in rows]
            await asyncio.sleep(0.005)
