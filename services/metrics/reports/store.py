"""SQL of reports.

Invariant: a report is written whole, once, in one transaction, and never changed; a number is given once.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from services.chassis.database import Reads

TAKE_A_NUMBER = """
    INSERT INTO report_count (authority, made) VALUES ($1, 1)
    ON CONFLICT (authority) DO UPDATE SET made = report_count.made + 1
    RETURNING made
"""

NAMES = "SELECT name FROM report WHERE authority = $1"

ADD = """
    INSERT INTO report (authority, number, name, made_by, as_known_at, as_accepted_at)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (authority, name) DO NOTHING
    RETURNING made_at
"""

ADD_QUESTIONS = """
    INSERT INTO report_question (authority, number, position, question, figures)
    SELECT $1, $2, position, question, figures
    FROM unnest($3::text[], $4::text[]) WITH ORDINALITY AS asked (question, figures, position)
"""

COUNT = "SELECT count(*) FROM report WHERE authority = $1"

LIST = """
    SELECT number, name, made_by, made_at, as_known_at, as_accepted_at, (
        SELECT count(*) FROM report_question
        WHERE report_question.authority = $1 AND report_question.number = report.number
    ) AS questions
    FROM report
    WHERE authority = $1
    ORDER BY number DESC
    LIMIT $2 OFFSET $3
"""

FIND = """
    SELECT number, name, made_by, made_at, as_known_at, as_accepted_at
    FROM report
    WHERE authority = $1 AND number = $2
"""

QUESTIONS = """
    SELECT question, figures
    FROM report_question
    WHERE authority = $1 AND number = $2
    ORDER BY position
"""

TAKE_AWAY = "DELETE FROM report WHERE authority = $1 AND number = $2 RETURNING name"


@dataclass(frozen=True, slots=True)
class KeptQuestion:
    """What a report asks, and the digest of its figures when the report was made."""

    question: str
    figures: str


@dataclass(frozen=True, slots=True)
class Kept:
    """A report without its questions."""

    number: int
    name: str
    made_by: str
    made_at: datetime
    as_known_at: datetime
    as_accepted_at: datetime


@dataclass(frozen=True, slots=True)
class New:
    """A report that is to be made."""

    authority: str
    name: str
    made_by: str
    as_known_at: datetime
    as_accepted_at: datetime
    questions: Sequence[KeptQuestion]


def as_read(name: str) -> str:
    """A name as people read it: capitals, the kind and number of spaces, and ways to write a letter do not matter."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


async def add(pool: asyncpg.Pool, new: New) -> int | None:
    """Write a report, and give its number. If the authority has one whose name reads alike, write nothing: None.

    Taking a number keeps others of the authority waiting, so no two names that read alike are written at once.
    """
    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        try:
            number: int = await connection.fetchval(TAKE_A_NUMBER, new.authority)
            names = [row["name"] for row in await connection.fetch(NAMES, new.authority)]
            if any(as_read(name) == as_read(new.name) for name in names):
                await transaction.rollback()
                return None
            of_it = (new.name, new.made_by, new.as_known_at, new.as_accepted_at)
            if await connection.fetchval(ADD, new.authority, number, *of_it) is None:
                await transaction.rollback()
                return None
            texts = [question.question for question in new.questions]
            figures = [question.figures for question in new.questions]
            await connection.execute(ADD_QUESTIONS, new.authority, number, texts, figures)
        except BaseException:
            await transaction.rollback()
            raise
        await transaction.commit()
        return number


async def count(reads: Reads, authority: str) -> int:
    """How many reports an authority has."""
    count: int = await reads.fetchval(COUNT, authority)
    return count


async def list_some(reads: Reads, authority: str, limit: int, offset: int) -> list[tuple[Kept, int]]:
    """The reports of an authority, the newest first, each with how many questions it has."""
    rows = (dict(row) for row in await reads.fetch(LIST, authority, limit, offset))
    return [(Kept(**{name: row[name] for name in Kept.__slots__}), row["questions"]) for row in rows]


async def find(reads: Reads, authority: str, number: int) -> tuple[Kept, list[KeptQuestion]] | None:
    """A report with its questions; None if the authority has no report of this number."""
    reports = await reads.fetch(FIND, authority, number)
    questions = await reads.fetch(QUESTIONS, authority, number)
    return (Kept(**dict(reports[0])), [KeptQuestion(**dict(row)) for row in questions]) if reports else None


async def take_away(pool: asyncpg.Pool, authority: str, number: int) -> bool:
    """Delete a report, and say whether there was one."""
    return await pool.fetchval(TAKE_AWAY, authority, number) is not None
