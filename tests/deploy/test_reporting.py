"""The roles of PostgreSQL: each service has its own database alone, and who reads reports reads nothing else.

Invariant: every refusal is PostgreSQL's own.
"""

from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from services.chassis.database import migrate
from services.chassis.runtime import CHASSIS_MIGRATIONS
from services.metrics.app import SPEC
from tests.deploy.production import Production
from tests.parts import PostgreSQL

PASSWORDS = {
    "recruitment": "RECRUITMENT_DATABASE_PASSWORD",
    "retention": "RETENTION_DATABASE_PASSWORD",
    "metrics": "METRICS_DATABASE_PASSWORD",
    "grafana": "GRAFANA_DATABASE_PASSWORD",
}


async def connect(production: Production, role: str, database: str) -> asyncpg.Connection:
    """A connection as one of the roles, with its password."""
    password = production.variables[PASSWORDS[role]]
    return await asyncpg.connect(production.database_url(role, password, database))


@pytest.mark.parametrize("table", ["inbox", "journal", "occupancy", "cover", "staffing", "initiative", "migration"])
async def test_who_reads_reports_reads_no_table(production: Production, table: str) -> None:
    connection = await connect(production, "grafana", "metrics")
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied"):
        await connection.fetch(f"SELECT * FROM public.{table}")
    await connection.close()


async def test_who_reads_reports_can_call_what_is_in_reporting(production: Production) -> None:
    connection = await connect(production, "grafana", "metrics")
    rows = await connection.fetch(
        "SELECT role, vacancies FROM reporting.stock('331', '2022-10-31', now()) ORDER BY role"
    )
    assert [(row["role"], float(row["vacancies"])) for row in rows] == [
        ("advanced-social-worker", 0.25),
        ("social-worker", 1.0),
        ("team-manager", 1.0),
    ]
    await connection.close()


async def test_the_reports_run_with_the_rights_of_metrics_for_nobody_but_their_readers(production: Production) -> None:
    superuser = await asyncpg.connect(production.postgresql.url("metrics"))
    reports = await superuser.fetch(
        "SELECT proname, prosecdef, provolatile::text, proconfig, pg_get_userbyid(proowner) AS owner, oid FROM pg_proc "
        "WHERE pronamespace = 'reporting'::regnamespace ORDER BY proname"
    )
    # Whose tables they read is settled: what a caller has of the same names is not looked at.
    settled = (True, "s", ["search_path=pg_catalog, pg_temp"], "metrics")
    assert [(row["proname"], *list(row)[1:5]) for row in reports] == [
        ("detailed_stock", *settled),
        ("initiatives", *settled),
        ("month_ends", *settled),
        ("monthly_stock", *settled),
        ("stock", *settled),
    ]
    for role, may in (("grafana", True), ("workforce_reporting", True), ("recruitment", False), ("retention", False)):
        asked = "SELECT bool_and(has_function_privilege($1, oid, 'EXECUTE')) FROM unnest($2::oid[]) AS oid"
        assert await superuser.fetchval(asked, role, [row["oid"] for row in reports]) is may, role
        assert await superuser.fetchval("SELECT has_schema_privilege($1, 'reporting', 'USAGE')", role) is may, role
    await superuser.close()


@pytest.mark.parametrize(
    ("from_date", "to_date", "months"),
    [
        ("2022-05-31", "2022-07-30", ["2022-05-31", "2022-06-30"]),
        ("2022-05-01", "2022-07-31", ["2022-05-31", "2022-06-30", "2022-07-31"]),
        ("2023-12-31", "2024-02-29", ["2023-12-31", "2024-01-31", "2024-02-29"]),
        ("2022-05-02", "2022-05-30", []),
    ],
)
async def test_the_months_are_those_that_end_between_the_dates(
    production: Production, from_date: str, to_date: str, months: list[str]
) -> None:
    connection = await connect(production, "grafana", "metrics")
    rows = await connection.fetch(
        f"SELECT DISTINCT as_at FROM reporting.monthly_stock('331', '{from_date}', '{to_date}', now()) ORDER BY 1"
    )
    await connection.close()
    assert [row["as_at"].isoformat() for row in rows] == months


async def test_who_reads_reports_writes_nothing(production: Production) -> None:
    connection = await connect(production, "grafana", "metrics")
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        await connection.execute("CREATE TABLE public.mine (x integer)")
    await connection.execute("SET default_transaction_read_only = off")
    for schema in ("public", "reporting"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied"):
            await connection.execute(f"CREATE TABLE {schema}.mine (x integer)")
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied"):
        await connection.execute("CREATE TEMPORARY TABLE staffing (authority text)")
    await connection.close()


@pytest.mark.parametrize(
    ("role", "database"),
    [
        ("grafana", "recruitment"),
        ("grafana", "retention"),
        ("grafana", "postgres"),
        ("recruitment", "metrics"),
        ("retention", "recruitment"),
        ("metrics", "retention"),
        ("metrics", "postgres"),
    ],
)
async def test_a_role_cannot_connect_to_the_database_of_another(
    production: Production, role: str, database: str
) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied for database"):
        await connect(production, role, database)


@pytest.mark.parametrize("role", ["recruitment", "retention", "metrics"])
async def test_a_service_owns_its_own_database_and_nothing_of_the_server(production: Production, role: str) -> None:
    connection = await connect(production, role, role)
    owner = await connection.fetchval("SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = $1", role)
    rights = await connection.fetchrow(
        "SELECT rolsuper, rolcreaterole, rolcreatedb, rolbypassrls FROM pg_roles WHERE rolname = current_user"
    )
    assert owner == role
    assert rights is not None
    assert list(rights) == [False, False, False, False]
    await connection.close()


@pytest.mark.parametrize("role", ["recruitment", "retention", "metrics", "grafana"])
async def test_a_wrong_password_lets_nobody_in(production: Production, role: str) -> None:
    database = "metrics" if role == "grafana" else role
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(production.database_url(role, "postgres", database))


async def test_a_backup_that_is_restored_gives_the_same_figures_to_the_same_reader(
    production: Production, tmp_path: Path
) -> None:
    copy = str(tmp_path / "metrics.dump")
    asked = "SELECT * FROM reporting.stock('331', '2022-10-31', '2022-10-31T12:00:00Z') ORDER BY role"
    superuser = await asyncpg.connect(production.postgresql.create("restored"))
    # As databases.sql has made the one that a backup is restored into.
    await superuser.execute("ALTER DATABASE restored OWNER TO metrics")
    await superuser.close()
    for program, *options in (
        ("pg_dump", "--format", "custom", "--file", copy, "metrics"),
        ("pg_restore", "--clean", "--if-exists", "--exit-on-error", "--dbname", "restored", copy),
    ):
        done = production.postgresql_program(program, *options)
        assert done.returncode == 0, done.stderr
    figures = []
    for database in ("metrics", "restored"):
        connection = await connect(production, "grafana", database)
        figures.append(await connection.fetch(asked))
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch("SELECT * FROM public.inbox")
        await connection.close()
    production.postgresql.drop("restored")
    assert len(figures[0]) == 3
    assert figures[0] == figures[1]


async def test_the_databases_are_not_made_without_every_password(production: Production) -> None:
    done = production.psql(production.initialising_script(), {})
    assert done.returncode != 0
    assert "syntax error" in done.stderr


async def test_metrics_migrates_where_it_may_make_no_role(postgres: PostgreSQL, database: str) -> None:
    name = urlsplit(database).path.removeprefix("/")
    superuser = await asyncpg.connect(database)
    await superuser.execute(f'CREATE ROLE "owner_{name}" LOGIN')
    await superuser.execute(f'ALTER DATABASE "{name}" OWNER TO "owner_{name}"')
    pool = await asyncpg.create_pool(database, user=f"owner_{name}", min_size=1, max_size=1)
    assert SPEC.migrations is not None
    await migrate(pool, (CHASSIS_MIGRATIONS, SPEC.migrations))
    rows = await pool.fetch("SELECT * FROM reporting.stock('331', '2022-10-31', now())")
    await pool.close()
    await superuser.execute(f'REASSIGN OWNED BY "owner_{name}" TO postgres')
    await superuser.execute(f'DROP ROLE "owner_{name}"')
    await superuser.close()
    assert rows == []
