"""SQL of the benchmarks: releases, their figures, what differs between two of them.

Invariant: a release is written whole, once, in one transaction, and never changed.
"""

from collections.abc import Sequence
from datetime import date

import asyncpg

from services.chassis.database import Reads
from services.metrics.benchmarks.published import Figure, Level, LoadedRelease
from services.metrics.benchmarks.release import Release

ADD_RELEASE = """
    INSERT INTO benchmark_release (name, published, sha256, rows, years, source, left_out)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (name) DO NOTHING
    RETURNING name
"""

LIST_RELEASES = """
    SELECT name, published, loaded_at, sha256, rows, years, source, left_out
    FROM benchmark_release
    ORDER BY published DESC, name
"""

FIND_FIGURES = """
    SELECT year, level, code, name, region, measure, value, mark
    FROM benchmark_figure
    WHERE release = $1 AND measure = $2 AND year = ANY ($3)
    ORDER BY year, level, code
"""

# To 1 decimal, as DfE shows rates: a release that prints more decimals than another has revised nothing by that.
REVISIONS = """
    SELECT
        coalesce(older.year, newer.year) AS year,
        coalesce(older.level, newer.level) AS level,
        coalesce(older.code, newer.code) AS code,
        coalesce(newer.name, older.name) AS name,
        older.value AS older_value,
        older.mark AS older_mark,
        newer.value AS newer_value,
        newer.mark AS newer_mark,
        older.code IS NOT NULL AS in_older,
        newer.code IS NOT NULL AS in_newer,
        round(older.value, 1) IS DISTINCT FROM round(newer.value, 1)
        OR older.mark IS DISTINCT FROM newer.mark AS differs
    FROM (SELECT * FROM benchmark_figure WHERE release = $1 AND measure = $3) AS older
    FULL JOIN (SELECT * FROM benchmark_figure WHERE release = $2 AND measure = $3) AS newer
        ON older.year = newer.year AND older.level = newer.level AND older.code = newer.code
"""

COUNT_REVISIONS = f"""
    SELECT
        count(*) FILTER (WHERE in_older AND in_newer) AS compared,
        count(*) FILTER (WHERE in_older AND in_newer AND differs) AS changed,
        count(*) FILTER (WHERE NOT in_newer) AS only_in_older,
        count(*) FILTER (WHERE NOT in_older) AS only_in_newer
    FROM ({REVISIONS}) AS row
"""  # noqa: S608 - put together from constants

LIST_REVISIONS = f"""
    SELECT year, level, code, name, older_value, older_mark, newer_value, newer_mark
    FROM ({REVISIONS}) AS row
    WHERE in_older AND in_newer AND differs
    ORDER BY year DESC, level, code
    LIMIT $4 OFFSET $5
"""  # noqa: S608 - put together from constants

FIGURE_FIELDS = Figure._fields


async def add_release(
    pool: asyncpg.Pool, name: str, published: date, sha256: str, source: str, release: Release
) -> bool:
    """Write a release with all its figures; False, with nothing written, where there is one of this name."""
    async with pool.acquire() as connection, connection.transaction():
        about = (name, published, sha256, release.rows, list(release.years), source, list(release.left_out))
        if await connection.fetchval(ADD_RELEASE, *about) is None:
            return False
        await connection.copy_records_to_table(
            "benchmark_figure",
            records=((name, *figure) for figure in release.figures),
            columns=("release", *FIGURE_FIELDS),
        )
        return True


async def list_releases(pool: Reads) -> list[LoadedRelease]:
    """Every release, the one published last first."""
    return [
        LoadedRelease(**dict(row) | {"years": tuple(row["years"]), "left_out": tuple(row["left_out"])})
        for row in await pool.fetch(LIST_RELEASES)
    ]


async def find_figures(pool: Reads, release: str, measure: str, years: Sequence[int]) -> list[Figure]:
    """What a release says of a measure in these years: every place it has."""
    rows = await pool.fetch(FIND_FIGURES, release, measure, list(years))
    return [Figure(**dict(row) | {"level": Level(row["level"])}) for row in rows]


async def count_revisions(pool: Reads, older: str, newer: str, measure: str) -> asyncpg.Record:
    """How many rows of a measure two releases share, how many of those differ, and how many only one of them has."""
    (counts,) = await pool.fetch(COUNT_REVISIONS, older, newer, measure)
    return counts


async def list_revisions(
    pool: Reads, older: str, newer: str, measure: str, limit: int, offset: int
) -> list[asyncpg.Record]:
    """The rows of a measure that two releases share and that differ, the last year first."""
    rows: list[asyncpg.Record] = await pool.fetch(LIST_REVISIONS, older, newer, measure, limit, offset)
    return rows
