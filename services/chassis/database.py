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
    """Something that can be queried: a pool, a connection, or the part of a pool that readers may use."""

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

CLASSES_OF_DATA = frozenset({"21", "22", "23", "54"})
"""Classes of SQLSTATE that blame what was given to PostgreSQL: cardinality, data, integrity, a limit of a statement.

Every other class blames the server, the database or the rights of this service: the same event can succeed later."""

_IN_WORDS = {
    "08": "PostgreSQL cannot be reached",
    "25006": "PostgreSQL takes no writes (read-only)",
    "25P03": "PostgreSQL ended a transaction that was idle",
    "28": "PostgreSQL does not let this service in (its name or password)",
    "3D000": "the database does not exist",
    "3F": "the database lacks a schema of this service",
    "40": "PostgreSQL rolled the transaction back for another's sake",
    "42501": "PostgreSQL refuses this service a right it needs",
    "42703": "the database lacks a column of this service",
    "42883": "the database lacks a function of this service",
    "42P01": "the database lacks a table of this service",
    "53": "PostgreSQL is short of resources",
    "53100": "PostgreSQL's disk is full",
    "53200": "PostgreSQL is out of memory",
    "53300": "PostgreSQL has too many connections",
    "53400": "PostgreSQL has reached a limit of its configuration",
    "55": "PostgreSQL is not in a state to do that",
    "55P03": "another holds a lock in PostgreSQL",
    "57": "PostgreSQL was told to stop what it did",
    "57014": "PostgreSQL cancelled a statement (it took too long, or somebody asked for it)",
    "57P01": "PostgreSQL is being shut down, or somebody ended the connection",
    "57P02": "PostgreSQL recovers from a crash",
    "57P03": "PostgreSQL is starting up or shutting down",
    "57P04": "the database was dropped",
    "58": "PostgreSQL cannot read or write its files",
    "F0": "PostgreSQL's configuration is faulty",
    "XX": "PostgreSQL failed inside",
    "XX001": "PostgreSQL found its data corrupted",
    "XX002": "PostgreSQL found an index corrupted",
}
"""What is wrong, in words, by SQLSTATE or its class."""

MISSING = ("3F000", "42703", "42883", "42P01")
"""SQLSTATEs that say that something is missing which migrations make: the database was made again, and they must run
again."""


def why_not_now(error: BaseException) -> str | None:
    """Why PostgreSQL cannot do it now, in words; None if the fault is in the data or in our code.

    Consumers, derivation and answers over HTTP all ask this one function whether to wait.
    """
    if isinstance(error, asyncpg.PostgresError):
        state = error.sqlstate or ""
        if state[:2] in CLASSES_OF_DATA:
            return None
        known = _IN_WORDS.get(state) or _IN_WORDS.get(state[:2])
        return known or f"PostgreSQL cannot do this now ({type(error).__name__}, SQLSTATE {state})"
    if isinstance(error, OSError | TimeoutError | asyncpg.InterfaceError | asyncpg.InternalClientError):
        return _IN_WORDS["08"]
    return None


def lacks_tables(error: BaseException | None) -> bool:
    """Whether running the migrations may help: the database may have been dropped and made again."""
    return isinstance(error, asyncpg.PostgresError) and error.sqlstate in MISSING


class MigrationRefused(Exception):
    """Raised if a migration has changed since it ran."""


async def connect_pool(url: str, connections: int, *, plans_each_time: bool = False) -> asyncpg.Pool:
    """A pool of connections. While PostgreSQL is away it raises an error that `why_not_now` recognises.

    `plans_each_time` is for tables that are queried while they grow from empty. A cached plan from when a table was
    small reads the whole table, until PostgreSQL analyses it about a minute later.
    """
    settings = {"plan_cache_mode": "force_custom_plan"} if plans_each_time else None
    return await asyncpg.create_pool(
        url,
        min_size=1,
        max_size=connections,
        command_timeout=300,
        timeout=10,
        server_settings=settings,
        reset=nothing_to_reset,
    )


async def nothing_to_reset(_: asyncpg.Connection) -> None:
    """The reset between two uses of a connection. asyncpg has already ended any transaction that was still open.

    Nothing is ever set, locked or listened to in a session, and a real reset would take as long as a query.
    """


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
