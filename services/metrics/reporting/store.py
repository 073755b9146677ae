"""SQL of what is written down for dashboards.

Invariant: one transaction replaces all that changed of an authority. Of two processes, the one that knows less writes
nothing.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import asyncpg

from services.metrics.ingest.feeds import OWNERS
from services.metrics.read_models.amounts import STATES

Row = tuple[Any, ...]
Rows = Mapping[str, Sequence[Row]]

OF_NOW = ("monthly_figure", "cohort", "survival")
"""Tables that are replaced whole. They are as known when they are written."""
OF_QUALITY = ("finding", "lateness")
"""Tables that are replaced for the days as known at which something else was found."""

KEPT = "SELECT authority, state FROM reporting.reported"

MONTHS = """
    SELECT date_trunc('month', min(month_end))::date AS first_day, max(month_end) AS last_day
    FROM reporting.month_ends($1)
"""

# By an index, for the services that take events in.
KNOWN_AT = """
    SELECT string_agg(known.events || '/' || known.arrived, ' ' ORDER BY owned.owner)
    FROM unnest($3::text[]) AS owned (owner)
    CROSS JOIN LATERAL (
        SELECT count(*) AS events, coalesce(max(arrival), 0) AS arrived
        FROM inbox
        WHERE inbox.authority = $1 AND inbox.owner = owned.owner AND recorded_at <= $2
    ) AS known
"""

QUALITY = "SELECT known_on, state FROM reporting.quality WHERE authority = $1"

BEGIN = """
    INSERT INTO reporting.reported VALUES ($1, $2, $3)
    ON CONFLICT (authority) DO UPDATE SET state = excluded.state, as_known_at = excluded.as_known_at
    WHERE reported.as_known_at < excluded.as_known_at
    RETURNING authority
"""

DELETE = {table: f"DELETE FROM reporting.{table} WHERE authority = $1" for table in OF_NOW}  # noqa: S608
DELETE_OF_DAYS = {
    table: f"DELETE FROM reporting.{table} WHERE authority = $1 AND NOT known_on = ANY ($2)"  # noqa: S608
    for table in (*OF_QUALITY, "quality")
}

ADD_QUALITY = "INSERT INTO reporting.quality VALUES ($1, $2, $3)"


async def states(pool: asyncpg.Pool, now: datetime) -> dict[str, str]:
    """By authority, what its figures follow from today: while it is the same, so are they."""
    rows = await pool.fetch(STATES, now, OWNERS)
    return {row["authority"]: f"{row['version']}/{row['arrived']}/{now:%Y-%m-%d}" for row in rows}


async def written(pool: asyncpg.Pool) -> dict[str, str]:
    """By authority, what the figures follow from that are written down."""
    return {row["authority"]: row["state"] for row in await pool.fetch(KEPT)}


async def months(pool: asyncpg.Pool, authority: str) -> tuple[date, date] | None:
    """The first and the last day of the months of which something is known; None if there is no month yet."""
    (row,) = await pool.fetch(MONTHS, authority)
    return None if row["first_day"] is None else (row["first_day"], row["last_day"])


async def state_known_at(pool: asyncpg.Pool, authority: str, instant: datetime) -> str:
    """What an authority's findings follow from as known at an instant."""
    state: str = await pool.fetchval(KNOWN_AT, authority, instant, OWNERS)
    return state


async def quality_written(pool: asyncpg.Pool, authority: str) -> dict[date, str]:
    """By day, what the findings follow from that are written down as known at its end."""
    return {row["known_on"]: row["state"] for row in await pool.fetch(QUALITY, authority)}


async def replace(
    pool: asyncpg.Pool,
    authority: str,
    state: str,
    now: datetime,
    rows: Rows,
    quality: Mapping[date, str],
    as_they_were: Collection[date],
) -> bool:
    """Write rows down in the place of those there are; False if another process wrote what is known later.

    `quality` are the states of findings that are written now, by day; those of the days `as_they_were` stay.
    """
    async with pool.acquire() as connection, connection.transaction():
        if await connection.fetchval(BEGIN, authority, state, now) is None:
            return False
        for table in OF_NOW:
            await connection.execute(DELETE[table], authority)
        for sql in DELETE_OF_DAYS.values():
            await connection.execute(sql, authority, list(as_they_were))
        for table in (*OF_NOW, *OF_QUALITY):
            of_it = ((authority, *row) for row in rows[table])
            await connection.copy_records_to_table(table, records=of_it, schema_name="reporting")
        await connection.executemany(ADD_QUALITY, [(authority, *each) for each in quality.items()])
    return True
