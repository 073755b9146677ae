"""The connections that readers may use: only part of the pool, so that taking in events never waits for them.

Invariant: however many read, at least half of the pool's connections are left to the consumer.
"""

from asyncio import Semaphore
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from services.chassis.database import Connection


class Readers:
    """A pool as readers see it."""

    def __init__(self, pool: asyncpg.Pool, connections: int) -> None:
        """`connections` is the size of the pool: readers have half of it, and at least one."""
        self._pool = pool
        self._slots = Semaphore(max(1, connections // 2))

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[Connection]:
        """A connection. A task that holds one must not ask for another."""
        async with self._slots, self._pool.acquire() as connection:
            yield connection

    async def fetch(self, query: str, *args: Any) -> list[asyncpg.Record]:
        """The rows of a query."""
        async with self.acquire() as connection:
            rows: list[asyncpg.Record] = await connection.fetch(query, *args)
            return rows

    async def fetchval(self, query: str, *args: Any) -> Any:
        """The first value of the first row."""
        async with self.acquire() as connection:
            return await connection.fetchval(query, *args)
