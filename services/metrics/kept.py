"""The database of what no event brings back: what others published, and reports; beside the one that a rebuild drops.

Invariant: code that gets the pool finds the tables there, and every release read by the reader of this version.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
from fastapi import Request

from services.chassis.cancelling import within
from services.chassis.database import lacks_tables, migrate, nothing_to_reset

CONNECTIONS = 4
"""Few ask for what is in it at a time; none is kept open while nobody does."""
CLOSE_SECONDS = 5.0


class KeptDatabase:
    """The connections to it, made and set up when they are first asked for: metrics does all else without it."""

    def __init__(
        self,
        url: str | None,
        beside: str,
        migrations: tuple[Path, ...],
        when_set_up: Callable[[asyncpg.Pool], Awaitable[None]],
    ) -> None:
        """`url` is where it is: postgresql://…; with None it is the one that metrics has, `beside`."""
        self.is_apart = url is not None and url != beside
        self._url = url or beside
        self._migrations = migrations
        self._when_set_up = when_set_up
        self._pool: asyncpg.Pool | None = None
        self._is_set_up = False
        self._busy = asyncio.Lock()

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[asyncpg.Pool]:
        """The pool. Raises what `why_not_now` knows while the database is away."""
        try:
            yield await self._ready()
        except asyncpg.PostgresError as error:
            # It was dropped and made again, say: the next one who asks sets it up again.
            self._is_set_up = self._is_set_up and not lacks_tables(error)
            raise

    async def close(self) -> None:
        """Give the connections back."""
        if self._pool is not None:
            await within(CLOSE_SECONDS, self._pool.close(), "closing the connections to a database of what is kept")

    async def _ready(self) -> asyncpg.Pool:
        async with self._busy:
            if self._pool is None:
                self._pool = await asyncpg.create_pool(
                    self._url,
                    min_size=0,
                    max_size=CONNECTIONS,
                    command_timeout=60,
                    timeout=10,
                    reset=nothing_to_reset,
                )
            if not self._is_set_up:
                await migrate(self._pool, self._migrations)
                await self._when_set_up(self._pool)
                self._is_set_up = True
            return self._pool


def kept_database_of(request: Request) -> KeptDatabase:
    """The one that this application was made with."""
    database: KeptDatabase = request.app.state.kept
    return database
