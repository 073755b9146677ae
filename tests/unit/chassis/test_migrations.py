"""Migrations: each once, in order, and never changed afterwards.

Invariant: the database is a real one, fresh for each test.
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from services.chassis.database import MigrationRefused, connect_pool, migrate


@pytest_asyncio.fixture
async def pool(database: str) -> AsyncIterator[asyncpg.Pool]:
    pool = await connect_pool(database, 4)
    yield pool
    await pool.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The migrations of a service: a table, and then a column of it."""
    folder = tmp_path / "recruitment" / "migrations"
    folder.mkdir(parents=True)
    (folder / "0001_post.sql").write_text("CREATE TABLE post (name text); INSERT INTO post VALUES ('P-1');")
    (folder / "0002_fte.sql").write_text("ALTER TABLE post ADD COLUMN fte numeric; UPDATE post SET fte = 1;")
    return folder


async def test_each_runs_once_and_in_order(pool: asyncpg.Pool, folder: Path) -> None:
    await migrate(pool, (folder,))
    await migrate(pool, (folder,))
    assert [tuple(row) for row in await pool.fetch("SELECT * FROM post")] == [("P-1", 1)]
    done = [row["name"] for row in await pool.fetch("SELECT name FROM migration ORDER BY applied_at, name")]
    assert done == ["recruitment/0001_post.sql", "recruitment/0002_fte.sql"]


async def test_one_that_comes_later_runs_alone(pool: asyncpg.Pool, folder: Path) -> None:
    await migrate(pool, (folder,))
    (folder / "0003_more.sql").write_text("INSERT INTO post VALUES ('P-2', 0.5);")
    await migrate(pool, (folder,))
    assert await pool.fetchval("SELECT count(*) FROM post") == 2


async def test_the_folders_run_one_after_the_other(pool: asyncpg.Pool, folder: Path, tmp_path: Path) -> None:
    chassis = tmp_path / "chassis" / "migrations"
    chassis.mkdir(parents=True)
    (chassis / "0001_journal.sql").write_text("CREATE TABLE journal (position bigint);")
    (folder / "0003_view.sql").write_text("CREATE VIEW latest AS SELECT max(position) FROM journal;")
    await migrate(pool, (chassis, folder))
    assert await pool.fetchval("SELECT count(*) FROM migration") == 4


async def test_one_that_was_changed_after_it_ran_is_refused_by_name(pool: asyncpg.Pool, folder: Path) -> None:
    await migrate(pool, (folder,))
    (folder / "0001_post.sql").write_text("CREATE TABLE post (name text NOT NULL);")
    (folder / "0003_more.sql").write_text("INSERT INTO post VALUES ('P-2', 0.5);")
    with pytest.raises(MigrationRefused, match=r"recruitment/0001_post\.sql was changed after it ran"):
        await migrate(pool, (folder,))
    assert await pool.fetchval("SELECT count(*) FROM post") == 1


async def test_one_that_fails_leaves_nothing_behind(pool: asyncpg.Pool, folder: Path) -> None:
    (folder / "0003_wrong.sql").write_text("INSERT INTO nowhere VALUES (1);")
    with pytest.raises(asyncpg.UndefinedTableError):
        await migrate(pool, (folder,))
    assert await pool.fetchval("SELECT to_regclass('post')") is None
    (folder / "0003_wrong.sql").unlink()
    await migrate(pool, (folder,))
    assert await pool.fetchval("SELECT count(*) FROM post") == 1


async def test_of_services_that_start_at_once_one_runs_them(database: str, folder: Path) -> None:
    (folder / "0003_slow.sql").write_text("SELECT pg_sleep(0.2); INSERT INTO post VALUES ('P-2', 0.5);")
    pools = await asyncio.gather(*(connect_pool(database, 2) for _ in range(4)))
    await asyncio.gather(*(migrate(pool, (folder,)) for pool in pools))
    assert await pools[0].fetchval("SELECT count(*) FROM post") == 2
    await asyncio.gather(*(pool.close() for pool in pools))
