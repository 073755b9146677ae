"""The answers to rows as they are kept: one for all that follow one another and were known, read again one by one."""

import asyncpg
import pytest

from services.people import store
from services.people.comparing import Status
from services.people.store import RowAnswer
from services.people.taking_in import already_known
from tests.unit.people.conftest import FILE

KNOWN = Status.ALREADY_KNOWN


def test_rows_that_follow_one_another_have_one_answer() -> None:
    assert list(already_known([9, 3, 2, 5, 10])) == [
        RowAnswer(2, KNOWN, last=3),
        RowAnswer(5, KNOWN, last=5),
        RowAnswer(9, KNOWN, last=10),
    ]
    assert list(already_known([])) == []


@pytest.mark.parametrize(
    ("after", "most", "status", "told"),
    [
        (0, 10, None, "2k 3k 4k 5a 7k 9k 10k 11r"),
        (0, 3, None, "2k 3k 4k"),
        (3, 3, None, "4k 5a 7k"),
        (4, 2, None, "5a 7k"),
        (7, 10, None, "9k 10k 11r"),
        (9, 1, None, "10k"),
        (11, 10, None, ""),
        (2**31 - 1, 10_000, None, ""),
        (2, 3, KNOWN, "3k 4k 7k"),
        (0, 10, Status.REJECTED, "11r"),
    ],
)
async def test_the_answers_to_rows_are_read_from_any_row_on(
    pool: asyncpg.Pool, after: int, most: int, status: str | None, told: str
) -> None:
    async with pool.acquire() as connection:
        file = await connection.fetchval(FILE, "taken-in", 0.0)
        other = await connection.fetchval(FILE, "taken-in", 0.0)
        await store.write_rows(connection, other, already_known(range(1, 100)))
        await store.write_rows(connection, file, already_known([2, 3, 4, 7, 9, 10]))
        of_their_own = [RowAnswer(5, Status.ACCEPTED), RowAnswer(11, Status.REJECTED, b"why")]
        await store.write_rows(connection, file, of_their_own)
    rows = await pool.fetch(store.ROWS_OF_FILE, file, after, most, status)
    letters = {KNOWN: "k", Status.ACCEPTED: "a", Status.REJECTED: "r"}
    assert " ".join(f"{row['row']}{letters[row['status']]}" for row in rows) == told
    assert [row["sealed_answer"] for row in rows if row["status"] == Status.REJECTED] == [b"why"] * told.count("r")
