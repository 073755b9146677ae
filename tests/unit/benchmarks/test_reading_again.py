"""Releases that another version read are read again, by one process at a time, and nothing else is."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import date
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from services.metrics.benchmarks import MIGRATIONS
from services.metrics.benchmarks.release import READ_BY
from services.metrics.benchmarks.store import READ_BY_ANOTHER, read_again
from services.metrics.kept import KeptDatabase
from tests.parts import PostgreSQL
from tests.unit.benchmarks.small_release import authority, england, file_of
from tests.unit.chassis.test_two_at_once import excludes

RELEASE = file_of(england(), authority("331", "Coventry"))
ADD = "INSERT INTO published_file (kind, name, published, sha256, source, body) VALUES ($1, $2, $3, '', 'DfE', $4)"
COUNT = "SELECT count(*) FROM published_figure"


@pytest.fixture
def address(postgres: PostgreSQL) -> Iterator[str]:
    name = f"benchmarks_{uuid4().hex[:12]}"
    yield postgres.create(name)
    postgres.drop(name)


@pytest_asyncio.fixture
async def pool(address: str) -> AsyncIterator[asyncpg.Pool]:
    """Two releases with a reading of an older version, and neighbours of the name of one of them."""
    opened = KeptDatabase(address, address, (MIGRATIONS,), read_again)
    async with opened.opened() as pool:
        for kind, name, body in (
            ("release", "2022", RELEASE),
            ("release", "2023", RELEASE),
            ("neighbours", "2023", b"Neighbours of somebody"),
        ):
            await pool.execute(ADD, kind, name, date(2023, 2, 23), body)
        await read_again(pool)
        yield pool
    await opened.close()


async def read_by_an_older_version(pool: asyncpg.Pool) -> int:
    """How many figures there were; the older version has read none of them."""
    figures: int = await pool.fetchval(COUNT)
    await pool.execute("UPDATE published_release SET read_by = $1", READ_BY - 1)
    await pool.execute("DELETE FROM published_figure")
    return figures


async def test_what_an_older_version_read_is_read_again_and_neighbours_are_no_release(pool: asyncpg.Pool) -> None:
    figures = await read_by_an_older_version(pool)
    with capture_logs() as logs:
        await read_again(pool)
    assert figures == await pool.fetchval(COUNT) > 0
    assert [(line["event"], line["release"]) for line in logs] == [
        ("a release was read again", "2022"),
        ("a release was read again", "2023"),
    ]


async def test_who_reads_again_waits_for_another_who_does(pool: asyncpg.Pool) -> None:
    figures = await read_by_an_older_version(pool)
    assert await excludes(pool, lambda connection: connection.fetch(READ_BY_ANOTHER, READ_BY), lambda: read_again(pool))
    assert await pool.fetchval(COUNT) == figures
    assert await pool.fetchval("SELECT array_agg(read_by ORDER BY name) FROM published_release") == [READ_BY] * 2


async def test_two_who_ask_first_at_once_share_the_connections(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[asyncpg.Pool] = []
    create: Any = asyncpg.create_pool

    async def counted(*given: Any, **named: Any) -> asyncpg.Pool:
        await asyncio.sleep(0)
        made.append(await create(*given, **named))
        return made[-1]

    monkeypatch.setattr("services.metrics.kept.asyncpg.create_pool", counted)
    asked = KeptDatabase(address, address, (MIGRATIONS,), read_again)

    async def ask() -> asyncpg.Pool:
        async with asked.opened() as opened:
            return opened

    first, second = await asyncio.gather(ask(), ask())
    assert made == [first]
    assert second is first
    await asked.close()
