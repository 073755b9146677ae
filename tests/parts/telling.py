"""What a test must not do: it lets names get into a database, and into a log. Run by `test_invented` alone."""

import asyncio
from pathlib import Path

import asyncpg

from tests.invented import ADALIND, QUILLON
from tests.parts import PostgreSQL


def test_that_leaves_names_behind(postgres: PostgreSQL, parts_folder: Path) -> None:
    (parts_folder / "service.log").write_text(f"row 7: {ADALIND.surname} is not a number\n")
    asyncio.run(tell(postgres.create("telling")))


async def tell(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute("CREATE TABLE note (text text)")
    await connection.execute("INSERT INTO note VALUES ($1)", QUILLON.registration)
    await connection.close()
