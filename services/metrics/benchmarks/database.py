"""The database of what others published: a journal of files beside metrics' own database, which a rebuild drops.

Invariant: whoever gets the pool finds the tables there, and every release read by the reader of this version.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg

from services.chassis.database import lacks_tables, migrate
from services.metrics.benchmarks import store

MIGRATIONS = Path(__file__).parent / "migrations"
CONNECTIONS = 4
"""Few ask for benchmarks at a time; none is kept open while nobody does."""
CLOSE_SECONDS = 5.0


class BenchmarksDatabase:
    """The connections to it, made and set up when they are first asked for: metrics does all else without it."""

    def __init__(self, url: str | None, beside: str) -> None:
        """`url` is where it is: postgresql://…; with None it is the one that metrics has, `beside`."""
        self.is_apart = url is not None and url != beside
        self._url = url or beside
        self._pool: asyncpg.Pool | None = None
        self._is_set_up = False
        self._busy = asyncio.Lock()

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[asyncpg.Pool]:
        """The pool. Raises what `why_not_now` knows while the database is away."""
        try:
            yield await self._ready()
        except asyncpg.PostgresError as error:
            # It was dropped and made anew, say: the next one who asks sets it up again.
            self._is_set_up = self._is_set_up and not lacks_tables(error)
            raise

    async def close(self) -> None:
        """Give the connections back."""
        if self._pool is not None:
            try:
                await asyncio.wait_for(self._pool.close(), CLOSE_SECONDS)
            except TimeoutError:
                self._pool.terminate()

    async def _ready(self) -> asyncpg.Pool:
        async with self._busy:
            if self._pool is None:
                self._pool = await asyncpg.create_pool(
                    self._url, min_size=0, max_size=CONNECTIONS, command_timeout=60, timeout=10
                )
            if not self._is_set_up:
                await migrate(self._pool, (MIGRATIONS,))
                await store.read_again(self._pool)
                self._is_set_up = True
            return self._pool
