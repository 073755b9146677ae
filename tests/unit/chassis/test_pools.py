"""Connections of a pool: whoever gets one finds nothing that the one before left open."""

import asyncpg
import pytest

from services.chassis.database import connect_pool


@pytest.mark.filterwarnings("ignore")
async def test_a_transaction_that_was_left_open_is_undone_when_the_connection_is_given_back(
    address_of_tables: str,
) -> None:
    pool = await connect_pool(address_of_tables, 1)
    try:
        async with pool.acquire() as connection:
            await connection.execute("CREATE TABLE left_open (number integer)")
            await connection.execute("BEGIN")
            await connection.execute("INSERT INTO left_open VALUES (1)")
        async with pool.acquire() as connection:
            assert await connection.fetchval("SELECT count(*) FROM left_open") == 0
            # A transaction of its own begins, so none was open.
            async with connection.transaction():
                await connection.execute("DROP TABLE left_open")
    finally:
        await pool.close()


async def test_a_connection_whose_statement_failed_answers_the_next_one(address_of_tables: str) -> None:
    pool = await connect_pool(address_of_tables, 1)
    try:
        with pytest.raises(asyncpg.PostgresError):
            async with pool.acquire() as connection, connection.transaction():
                await connection.execute("SELECT 1 / 0")
        assert await pool.fetchval("SELECT 1") == 1
    finally:
        await pool.close()
