"""The scripts of deploy/postgresql, run as the runbook says, on a server that databases.sql has set up.

Invariant: the server is one of its own: what these scripts drop is nobody else's.
"""

from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from tests.deploy.compose import REPOSITORY
from tests.deploy.production import Production

SCRIPTS = REPOSITORY / "deploy" / "postgresql"


@pytest.fixture(scope="module")
def server(parts_folder: Path) -> Iterator[Production]:
    """A new server with its databases, and nothing besides."""
    folder = parts_folder / "databases"
    folder.mkdir()
    production = Production(folder, "331")
    production.postgresql.start()
    try:
        done = production.psql(
            production.initialising_script(), production.compose["services"]["postgresql"]["environment"]
        )
        assert done.returncode == 0, done.stderr
        yield production
    finally:
        production.postgresql.stop()


async def may_connect(production: Production, role: str, database: str) -> bool:
    """Whether a role may connect to a database, which it needs no password for here."""
    try:
        connection = await asyncpg.connect(production.database_url(role, "none", database))
    except asyncpg.InsufficientPrivilegeError:
        return False
    await connection.close()
    return True


async def test_metrics_has_two_databases_and_nobody_else_the_second(server: Production) -> None:
    assert await may_connect(server, "metrics", "metrics")
    assert await may_connect(server, "metrics", "benchmarks")
    for role in ("recruitment", "retention", "grafana"):
        assert not await may_connect(server, role, "benchmarks")


async def test_building_metrics_anew_leaves_what_dfe_published_alone(server: Production) -> None:
    for database in ("metrics", "benchmarks"):
        connection = await asyncpg.connect(server.database_url("metrics", "none", database))
        await connection.execute("CREATE SCHEMA here CREATE TABLE something (what text)")
        await connection.close()

    done = server.psql(SCRIPTS / "metrics_anew.sql", {})

    assert done.returncode == 0, done.stderr
    left = {}
    for database in ("metrics", "benchmarks"):
        connection = await asyncpg.connect(server.database_url("metrics", "none", database))
        left[database] = await connection.fetchval("SELECT to_regclass('here.something') IS NOT NULL")
        await connection.close()
    assert left == {"metrics": False, "benchmarks": True}
    assert await may_connect(server, "grafana", "metrics")
    assert not await may_connect(server, "retention", "metrics")


async def test_a_server_of_version_0_2_0_gets_the_database_it_lacks(server: Production) -> None:
    server.postgresql.drop("benchmarks")

    done = server.psql(SCRIPTS / "benchmarks.sql", {})

    assert done.returncode == 0, done.stderr
    assert await may_connect(server, "metrics", "benchmarks")
    assert not await may_connect(server, "grafana", "benchmarks")
