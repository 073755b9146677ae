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
ROLES = ("recruitment", "retention", "metrics", "people", "grafana", "workforce_reporting")
CONNECT = {
    "recruitment": {"recruitment"},
    "retention": {"retention"},
    "metrics": {"metrics", "grafana"},
    "people": {"people"},
    "benchmarks": {"metrics"},
    "postgres": set[str](),
    "template1": set[str](),
}
"""Who may connect to which database."""


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


async def as_superuser(production: Production, database: str, query: str, *arguments: object) -> list[asyncpg.Record]:
    """What the superuser finds in a database."""
    connection = await asyncpg.connect(production.postgresql.url(database))
    try:
        return list(await connection.fetch(query, *arguments))
    finally:
        await connection.close()


async def language_of(production: Production, database: str) -> tuple[object, ...]:
    """Whose a database is, how it writes text, and how it orders it."""
    (row,) = await as_superuser(
        production,
        "postgres",
        "SELECT pg_get_userbyid(datdba), pg_encoding_to_char(encoding), datlocprovider::text, datlocale, datcollate, "
        "datctype FROM pg_database WHERE datname = $1",
        database,
    )
    return tuple(row)


async def who_sees_public(production: Production, database: str) -> set[str]:
    """Which roles, but the owner of the database, may look into its schema public, or make something in it."""
    rows = await as_superuser(
        production,
        database,
        "SELECT rolname FROM pg_roles WHERE rolname = ANY ($1) AND (has_schema_privilege(rolname, 'public', 'USAGE')"
        " OR has_schema_privilege(rolname, 'public', 'CREATE'))",
        list(ROLES),
    )
    return {row["rolname"] for row in rows} - {"metrics"}


@pytest.mark.parametrize("database", CONNECT)
async def test_a_database_is_reached_by_its_own_role_alone(server: Production, database: str) -> None:
    assert {role for role in ROLES[:5] if await may_connect(server, role, database)} == CONNECT[database]


@pytest.mark.parametrize("database", ["recruitment", "retention", "metrics", "people", "benchmarks"])
async def test_text_is_in_unicode_and_stands_in_order_of_code_points(server: Production, database: str) -> None:
    owner = "metrics" if database == "benchmarks" else database
    assert await language_of(server, database) == (owner, "UTF8", "b", "C.UTF-8", "C", "C")


async def test_what_each_role_may_do_beyond_its_database(server: Production) -> None:
    rows = await as_superuser(
        server,
        "postgres",
        "SELECT rolname, rolcanlogin, rolconnlimit, rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication"
        " OR rolbypassrls FROM pg_roles WHERE rolname = ANY ($1)",
        list(ROLES),
    )
    # Grafana's connections leave the services theirs.
    assert {tuple(row) for row in rows} == {
        ("recruitment", True, -1, False),
        ("retention", True, -1, False),
        ("metrics", True, -1, False),
        ("people", True, -1, False),
        ("grafana", True, 20, False),
        ("workforce_reporting", False, -1, False),
    }
    members = await as_superuser(
        server,
        "postgres",
        "SELECT roleid::regrole::text, member::regrole::text FROM pg_auth_members"
        " WHERE member::regrole::text = ANY ($1)",
        list(ROLES),
    )
    assert [tuple(row) for row in members] == [("workforce_reporting", "grafana")]


async def test_grafana_reads_only_and_gives_up_after_half_a_minute(server: Production) -> None:
    connection = await asyncpg.connect(server.database_url("grafana", "none", "metrics"))
    assert await connection.fetchval("SHOW statement_timeout") == "30s"
    assert await connection.fetchval("SHOW default_transaction_read_only") == "on"
    await connection.close()


async def test_nobody_but_metrics_sees_the_tables_of_metrics(server: Production) -> None:
    assert await who_sees_public(server, "metrics") == set()


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
    assert {role for role in ROLES[:5] if await may_connect(server, role, "metrics")} == CONNECT["metrics"]
    assert await language_of(server, "metrics") == ("metrics", "UTF8", "b", "C.UTF-8", "C", "C")
    assert await who_sees_public(server, "metrics") == set()


async def test_a_server_of_version_0_2_0_gets_the_role_and_the_databases_that_it_lacks(server: Production) -> None:
    for database in ("benchmarks", "people"):
        server.postgresql.drop(database)
    await as_superuser(server, "postgres", "DROP ROLE people")
    script = SCRIPTS / "from_0_2_0.sql"

    refused = server.psql(script, {})
    assert refused.returncode != 0
    assert await as_superuser(server, "postgres", "SELECT FROM pg_roles WHERE rolname = 'people'") == []

    done = server.psql(script, server.compose["services"]["postgresql"]["environment"])

    assert done.returncode == 0, done.stderr
    for database, owner in (("benchmarks", "metrics"), ("people", "people")):
        assert {role for role in ROLES[:5] if await may_connect(server, role, database)} == CONNECT[database]
        assert await language_of(server, database) == (owner, "UTF8", "b", "C.UTF-8", "C", "C")
    (role,) = await as_superuser(
        server,
        "postgres",
        "SELECT rolcanlogin, rolsuper, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = 'people'",
    )
    assert tuple(role) == (True, False, False, False)
