"""The database of a service: its pool of connections, and its numbered migrations.

Invariant: a migration runs once, in order, in one transaction, by one process at a time, and never changes afterwards.
"""

import hashlib
from pathlib import Path
from typing import Any, Protocol

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from services.chassis.logs import get_log

log = get_log(__name__)

Connection = asyncpg.Connection | PoolConnectionProxy
"""A connection, opened alone or taken from the pool."""


class Reads(Protocol):
    """What can be read from: a pool, a connection, or a part of a pool that readers may use."""

    async def fetch(self, query: str, *args: Any) -> list[asyncpg.Record]:
        """The rows of a query."""

    async def fetchval(self, query: str, *args: Any) -> Any:
        """The first value of its first row."""


MIGRATION_LOCK = 7_231_001
"""Advisory lock held while migrations run."""

CREATE_REGISTER = """
    CREATE TABLE IF NOT EXISTS migration (
        name text PRIMARY KEY,
        sha256 text NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT now()
    )
"""

UNREACHABLE = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InvalidCatalogNameError,
)
"""Errors that say PostgreSQL cannot be reached now: worth trying again, and no fault of the data."""


class MigrationRefused(Exception):
    """Raised when a migration that ran already has been changed since."""


async def connect_pool(url: str, connections: int) -> asyncpg.Pool:
    """A pool of connections. Raises one of UNREACHABLE while PostgreSQL is not there."""
    return await asyncpg.create_pool(url, min_size=1, max_size=connections, command_timeout=300, timeout=10)


async def migrate(pool: asyncpg.Pool, folders: tuple[Path, ...]) -> None:
    """Run the migrations of these folders (`NNNN_name.sql`) that have not run yet, folder by folder, in order."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1)", MIGRATION_LOCK)
        await connection.execute(CREATE_REGISTER)
        done = {row["name"]: row["sha256"] for row in await connection.fetch("SELECT name, sha256 FROM migration")}
        for path in (path for folder in folders for path in sorted(folder.glob("*.sql"))):
            name, text = f"{path.parent.parent.name}/{path.name}", path.read_text(encoding="utf-8")
            digest = hashlib.sha256(text.encode()).hexdigest()
            if name not in done:
                await connection.execute(text)
                await connection.execute("INSERT INTO migration (name, sha256) VALUES ($1, $2)", name, digest)
                log.info("migration applied", migration=name)
            elif done[name] != digest:
                raise MigrationRefused(f"migration {name} was changed after it ran; put the change into a new one")
