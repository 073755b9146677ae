"""SQL of the benchmarks: files as they were loaded, the figures of releases, what differs between two of them.

Invariant: a file is written whole, once, in one transaction, with what was read of it, and never changed.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import asyncpg

from contracts.refusal import Refused
from services.chassis.database import Connection, Reads
from services.chassis.logs import get_log
from services.metrics.benchmarks.published import JOINT, Figure, Level, LoadedRelease, Rows
from services.metrics.benchmarks.release import READ_BY, Release, read_release

log = get_log(__name__)

RELEASE, NEIGHBOURS = "release", "neighbours"
"""The kinds of files."""

ADD_FILE = """
    INSERT INTO published_file (kind, name, published, sha256, source, body)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (kind, name) DO NOTHING
    RETURNING name
"""

LIST_FILES = """
    SELECT name, published, loaded_at, sha256, source, body
    FROM published_file
    WHERE kind = $1
    ORDER BY published DESC, loaded_at DESC, name
"""

ADD_READING = """
    INSERT INTO published_release (name, read_by, rows, years, left_out, measures)
    VALUES ($1, $2, $3, $4, $5, $6)
"""

TAKE_READING_AWAY = "DELETE FROM published_release WHERE name = $1"

READ_BY_ANOTHER = """
    SELECT published_file.name, published_file.body
    FROM published_file
    LEFT JOIN published_release USING (name)
    WHERE published_file.kind = 'release' AND published_release.read_by IS DISTINCT FROM $1
    ORDER BY published_file.name
    FOR UPDATE OF published_file
"""

LIST_RELEASES = """
    SELECT name, published, loaded_at, sha256, rows, years, source, left_out, measures
    FROM published_file
    JOIN published_release USING (name)
    WHERE kind = 'release'
    ORDER BY published DESC, name
"""

FIND_FIGURES = """
    SELECT year, level, code, name, region, measure, value, mark
    FROM published_figure
    WHERE release = $1 AND measure = $2 AND year = ANY ($3)
    ORDER BY year, level, code
"""

WHERE_THERE_ARE_ROWS = f"""
    SELECT release, authority, array_agg(year ORDER BY year) AS years
    FROM (
        SELECT release, year, unnest(string_to_array(code, '{JOINT}')) AS authority
        FROM published_figure
        WHERE measure = $1 AND level = 'local-authority'
    ) AS row
    GROUP BY release, authority
"""  # noqa: S608 - put together from constants

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
    FROM (SELECT * FROM published_figure WHERE release = $1 AND measure = $3) AS older
    FULL JOIN (SELECT * FROM published_figure WHERE release = $2 AND measure = $3) AS newer
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


@dataclass(frozen=True, slots=True)
class LoadedFile:
    """A file as it was loaded. `published` is the day its publisher published it."""

    name: str
    published: date
    loaded_at: datetime
    sha256: str
    source: str
    body: bytes


async def add_file(
    pool: asyncpg.Pool, kind: str, file: LoadedFile, release: Release | None = None
) -> LoadedFile | None:
    """Write a file; a release with all its figures. Returns None, with nothing written, if there is one of this
    name.
    """
    async with pool.acquire() as connection, connection.transaction():
        about = (kind, file.name, file.published, file.sha256, file.source, file.body)
        if await connection.fetchval(ADD_FILE, *about) is None:
            return None
        if release is not None:
            await _add_reading(connection, file.name, release)
    return await find_file(pool, kind, file.name)


async def read_again(pool: asyncpg.Pool) -> None:
    """Read every release again that was not read by the present reader, because more of its columns are known now."""
    async with pool.acquire() as connection, connection.transaction():
        for row in await connection.fetch(READ_BY_ANOTHER, READ_BY):
            try:
                release = await asyncio.to_thread(read_release, row["body"])
            except Refused as refused:
                log.error("a release can no longer be read", release=row["name"], reason=str(refused))
                continue
            await connection.execute(TAKE_READING_AWAY, row["name"])
            await _add_reading(connection, row["name"], release)
            log.info("a release was read again", release=row["name"], measures=len(release.measures))


async def _add_reading(connection: Connection, name: str, release: Release) -> None:
    lists = (list(release.years), list(release.left_out), list(release.measures))
    await connection.execute(ADD_READING, name, READ_BY, release.rows, *lists)
    await connection.copy_records_to_table(
        "published_figure",
        records=((name, *figure) for figure in release.figures),
        columns=("release", *FIGURE_FIELDS),
    )


async def list_files(pool: Reads, kind: str) -> list[LoadedFile]:
    """Every file of a kind, the one published last first."""
    return [LoadedFile(**dict(row)) for row in await pool.fetch(LIST_FILES, kind)]


async def find_file(pool: Reads, kind: str, name: str) -> LoadedFile | None:
    """The file of this name, where there is one."""
    return next((file for file in await list_files(pool, kind) if file.name == name), None)


async def list_releases(pool: Reads) -> list[LoadedRelease]:
    """Every release, the one published last first."""
    lists = ("years", "left_out", "measures")
    return [
        LoadedRelease(**dict(row) | {name: tuple(row[name]) for name in lists})
        for row in await pool.fetch(LIST_RELEASES)
    ]


async def find_rows(pool: Reads, measure: str) -> Rows:
    """Which authorities have a row of a measure, for which years, in which release."""
    rows: Rows = {}
    for row in await pool.fetch(WHERE_THERE_ARE_ROWS, measure):
        rows.setdefault(row["release"], {})[row["authority"]] = tuple(row["years"])
    return rows


async def find_figures(pool: Reads, release: str, measure: str, years: Sequence[int]) -> list[Figure]:
    """What a release says of a measure in these years: every area it has."""
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
