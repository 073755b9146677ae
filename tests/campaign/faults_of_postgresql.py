"""Faults of PostgreSQL: killed, frozen, its connections ended or used up, a database read-only or made anew.

Invariant: what was committed is never taken away, but for metrics' own database, which can be derived again.
"""

import asyncio
from contextlib import suppress
from urllib.parse import unquote, urlsplit

import asyncpg

from contracts.catalogue import METRICS
from tests.campaign.faults_of_services import restarted
from tests.campaign.stage import End, Stage

POSTGRESQL = "postgresql"
AWAY = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""What is raised while PostgreSQL, or a connection, goes away."""
MORE_THAN_THE_LIMIT = 260
"""Connections that are tried for: the server's limit is 200."""
END_CONNECTIONS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()"
)


def killed(stage: Stage, part: str, seconds: float) -> End:
    """SIGKILL of all its processes; it recovers at the end."""
    away = stage.gone(POSTGRESQL)
    stage.postgres.kill()
    stage.note(f"PostgreSQL killed for {seconds:.1f} s")

    def again() -> None:
        stage.postgres.start()
        stage.back(away)

    return again


def frozen(stage: Stage, part: str, seconds: float) -> End:
    """SIGSTOP of all its processes, SIGCONT at the end."""
    stage.note(f"PostgreSQL frozen for {seconds:.1f} s")
    return stage.freeze(POSTGRESQL, stage.postgres.process)


def connections_ended(stage: Stage, part: str, seconds: float) -> End:
    """Every connection of the services is ended, again and again until the end."""
    stage.note(f"connections ended for {seconds:.1f} s")
    over = asyncio.Event()

    async def again_and_again() -> None:
        while not over.is_set():
            with suppress(*AWAY):
                for url in stage.system.databases.values():
                    await _as_administrator(stage, (END_CONNECTIONS, name_of(url)))
            with suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), 1.0)

    working = stage.background.begin(again_and_again())

    def enough() -> None:
        stage.background.run(_set(over))
        working.result(30)

    return enough


def read_only(stage: Stage, part: str, seconds: float) -> End:
    """A database that takes no writes for a while; at the end its connections are ended too, or not."""
    service = stage.random.choice(list(stage.system.databases))
    name = name_of(stage.system.databases[service])
    ends_connections = stage.random.random() < 0.5
    away = stage.gone(f"database of {service}")
    stage.background.run(
        _as_administrator(
            stage,
            (f'ALTER DATABASE "{name}" SET default_transaction_read_only = on',),
            (END_CONNECTIONS, name),
        )
    )
    how = "ended with its connections" if ends_connections else "its connections left as they are"
    stage.note(f"database of {service} read-only for {seconds:.1f} s, {how}")

    def writable() -> None:
        statements: list[tuple[str, ...]] = [(f'ALTER DATABASE "{name}" RESET default_transaction_read_only',)]
        if ends_connections:
            statements.append((END_CONNECTIONS, name))
        stage.background.run(_as_administrator(stage, *statements))
        stage.back(away)

    return writable


def emptied_while_stopped(stage: Stage, part: str, seconds: float) -> End:
    """Metrics' database is dropped and made anew while metrics is stopped, as whoever restores nothing would do."""
    stage.stop_replica()
    start = restarted(stage, METRICS, seconds)
    _make_anew(stage)
    return start


def emptied_while_running(stage: Stage, part: str, seconds: float) -> End:
    """Metrics' database is dropped and made anew under it. A restart that liveness asks for may mend that."""
    _make_anew(stage)
    return lambda: None


def connections_used_up(stage: Stage, part: str, seconds: float) -> End:
    """Others hold every connection there is, and those of the services are ended; given back at the end."""
    stage.note(f"connections used up for {seconds:.1f} s")
    held: list[asyncpg.Connection] = []
    over = asyncio.Event()
    url = stage.postgres.url("postgres")

    async def hold() -> None:
        while not over.is_set():
            with suppress(*AWAY):
                while len(held) < MORE_THAN_THE_LIMIT and not over.is_set():
                    held.append(await asyncpg.connect(url, timeout=5))
            if held and not over.is_set():
                with suppress(*AWAY):
                    for database in stage.system.databases.values():
                        await held[0].execute(
                            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                            f" WHERE datname = '{name_of(database)}'"
                        )
            with suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), 0.2)
        for connection in held:
            connection.terminate()

    away = stage.gone(f"{POSTGRESQL} connections")
    working = stage.background.begin(hold())

    def give_back() -> None:
        stage.background.run(_set(over))
        working.result(60)
        stage.back(away)

    return give_back


def name_of(url: str) -> str:
    """The database that an address names."""
    return unquote(urlsplit(url).path.lstrip("/"))


def _make_anew(stage: Stage) -> None:
    name = name_of(stage.system.databases[METRICS])
    away = stage.gone(f"database of {METRICS}")
    stage.postgres.drop(name)
    stage.postgres.create(name)
    stage.back(away)
    stage.note("metrics' database dropped and made anew")


async def _as_administrator(stage: Stage, *statements: tuple[str, ...]) -> None:
    connection = await asyncpg.connect(stage.postgres.url("postgres"), timeout=10)
    try:
        for statement, *values in statements:
            await connection.execute(statement, *values) if not values else await connection.fetch(statement, *values)
    finally:
        await connection.close(timeout=2)


async def _set(event: asyncio.Event) -> None:
    event.set()
