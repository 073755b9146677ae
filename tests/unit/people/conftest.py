"""The tables of people, and a file in them."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest_asyncio

from services.chassis.database import connect_pool, migrate
from services.people import app
from tests.parts import PostgreSQL

FILE = """
    INSERT INTO delivered_file (
        authority, feed, kind, mapping_version, as_at, recorded_at, sha256, header, form, rows, accepted_by, confirmed,
        state, taken_in_at
    )
    VALUES ('331', 'hr', 'posts', 1, '2023-10-31', now(), '', '{}', '', 1, '', false, $1,
            clock_timestamp() - make_interval(secs => $2))
    RETURNING id
"""


@pytest_asyncio.fixture
async def pool(postgres: PostgreSQL) -> AsyncIterator[asyncpg.Pool]:
    """The tables of people."""
    name = f"people_{uuid4().hex[:12]}"
    pool = await connect_pool(postgres.create(name), 2)
    try:
        await migrate(pool, (Path(app.__file__).parent / "migrations",))
        yield pool
    finally:
        await pool.close()
        postgres.drop(name)
