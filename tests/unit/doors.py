"""The database of a publishing service, filled as its door and its consumer fill it: the journal and the inbox."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import asyncpg

from contracts.envelope import Event
from services.chassis import inbox, journal
from services.chassis.cloud_events import Parsed
from services.chassis.database import connect_pool, migrate
from services.chassis.runtime import CHASSIS_MIGRATIONS, Runtime
from tests.histories import at

ACCEPTED = at(date(2024, 3, 5))


@asynccontextmanager
async def door(database: str, migrations: Path | None = None) -> AsyncIterator[asyncpg.Pool]:
    """A fresh database of a service with these migrations of its own."""
    pool = await connect_pool(database, 2)
    await migrate(pool, (CHASSIS_MIGRATIONS, *([] if migrations is None else [migrations])))
    try:
        yield pool
    finally:
        await pool.close()


async def accepted(pool: asyncpg.Pool, *events: Event) -> list[journal.Outcome]:
    """Events as the door accepts them."""
    incoming = [Parsed(one, one.envelope.time) for one in events]
    async with pool.acquire() as connection, connection.transaction():
        return await journal.append(connection, journal.entries(incoming, "request 1"))


async def taken_in(pool: asyncpg.Pool, *events: Event) -> None:
    """Events as they come over Kafka, the first as that of position 1 of its owner, and so on."""
    stamped = [
        Event(one.envelope.model_copy(update={"acceptedtime": ACCEPTED, "sequence": str(index)}), one.data, one.body)
        for index, one in enumerate(events, 1)
    ]
    async with pool.acquire() as connection, connection.transaction():
        await inbox.take(connection, stamped)


def running(pool: "asyncpg.Pool | Listened") -> Runtime:
    """A service as its handlers ask it: for its database."""
    return cast(Runtime, SimpleNamespace(pool=pool))


class Listened:
    """A database that notes which queries it was asked."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self.asked: list[str] = []

    async def fetch(self, query: str, *given: object) -> list[asyncpg.Record]:
        """The rows of a query."""
        self.asked.append(query)
        return await self._pool.fetch(query, *given)
