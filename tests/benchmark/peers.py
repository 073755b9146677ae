"""The same questions put to four: our columns, plain SQL in PostgreSQL, DuckDB, and the service over HTTP.

Invariant: all of them read the same rows, the peers the tables as they are simplest to ask: `staffing` holds vacancies
ready to be summed. An answer is the FTE in millionths, by role, at each day.
"""

import http.client
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import asyncpg
import duckdb

from services.metrics.figures.columns import Columns, Sums, sums_over
from services.metrics.read_models.authorities import ALL
from services.metrics.read_models.budget import Budget
from services.metrics.read_models.readers import Readers
from services.metrics.read_models.stock_columns import StockColumns

AMOUNT = "vacancies"
ALL_CONNECTIONS = 8
ALL_OF_ENGLAND = 1_000_000_000
"""Bytes in which every authority is kept."""


@dataclass(frozen=True, slots=True)
class Question:
    """Vacancies by role of one authority (or of all) at some days, as known at an instant."""

    authority: str | None
    days: Sequence[date]
    as_known_at: datetime
    role: str = "social-worker"


_KNOWN = "known_from <= $1 AND $1 < known_to"

STOCK = f"""
    SELECT $2::date AS day, role, sum({AMOUNT}) AS value
    FROM staffing
    WHERE {_KNOWN} AND valid_from <= $2::date AND $2::date < valid_to {{authority}}
    GROUP BY role
"""

SERIES = f"""
    SELECT day, role, sum({AMOUNT}) AS value
    FROM unnest($2::date[]) AS asked (day)
    JOIN staffing ON valid_from <= day AND day < valid_to
    WHERE {_KNOWN} {{authority}}
    GROUP BY day, role
"""

# The join on a text that is put together is what is written first; it is quick enough, since authorities are small.
EXPLANATION = """
    SELECT staffing.staffing_unit, staffing.vacancies, occupancy.worker, occupancy.fte, cover.cover, cover.fte
    FROM staffing
    LEFT JOIN occupancy
        ON occupancy.authority = staffing.authority AND staffing.staffing_unit = 'post/' || occupancy.post
        AND occupancy.valid_from <= $2 AND $2 < occupancy.valid_to
        AND occupancy.known_from <= $1 AND $1 < occupancy.known_to
    LEFT JOIN cover
        ON cover.authority = staffing.authority AND staffing.staffing_unit = 'post/' || cover.post
        AND cover.valid_from <= $2 AND $2 < cover.valid_to
        AND cover.known_from <= $1 AND $1 < cover.known_to
    WHERE staffing.authority = $3 AND staffing.role = $4 AND staffing.vacancies > 0
        AND staffing.valid_from <= $2 AND $2 < staffing.valid_to
        AND staffing.known_from <= $1 AND $1 < staffing.known_to
"""

Explanation = set[tuple[object, ...]]
"""Staffing unit, its vacancies, worker, FTE, cover, FTE."""


class Ours:
    """The columns, in process."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self.stock = StockColumns(Readers(pool, ALL_CONNECTIONS), Budget(ALL_OF_ENGLAND))

    async def sums(self, question: Question) -> Sums:
        """Through memory."""
        if question.authority is not None:
            computed = [await self.stock.of(question.authority)]
        else:
            computed = await self.england()
        return sums_over(computed, AMOUNT, question.days, question.as_known_at, ["role"])

    async def england(self) -> list[Columns]:
        """Every authority, in memory."""
        return [columns async for some in self.stock.of_each() for columns in some]

    async def explain(self, question: Question) -> Explanation:
        """The one call to change once the API explains: until then the tables, one after another, by their indexes."""
        return await _explained_from_tables(self._pool, question)


class PlainSql:
    """What an analyst would write, in PostgreSQL, with the index on authority that the primary key is."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def sums(self, question: Question) -> Sums:
        """By SQL."""
        sql, arguments = _sql(question)
        return _by_role(question, await self._pool.fetch(sql, *arguments))

    async def explain(self, question: Question) -> Explanation:
        """By SQL."""
        arguments = (question.as_known_at, question.days[0], question.authority, question.role)
        return {tuple(row.values()) for row in await self._pool.fetch(EXPLANATION, *arguments)}


class DuckDb:
    """DuckDB over the same rows in tables of its own, in memory, ordered by authority."""

    def __init__(self) -> None:
        self._connection = duckdb.connect()

    async def load(self, pool: asyncpg.Pool) -> None:
        """Copy the rows over."""
        for table in ("staffing", "occupancy", "cover"):
            columns = await pool.fetch(
                "SELECT column_name AS name, data_type AS type FROM information_schema.columns"
                " WHERE table_name = $1 AND table_schema = 'public' ORDER BY ordinal_position",
                table,
            )
            # Without a time zone: DuckDB compares those as they are, and all of them are in UTC.
            taken = ", ".join(
                f"{column['name']} AT TIME ZONE 'UTC' AS {column['name']}"
                if column["type"] == "timestamp with time zone"
                else column["name"]
                for column in columns
            )
            made = ", ".join(f"{column['name']} {_DUCKDB_TYPES[column['type']]}" for column in columns)
            self._connection.execute(f"CREATE TABLE {table} ({made})")
            with tempfile.NamedTemporaryFile(suffix=".csv") as file:
                async with pool.acquire() as connection:
                    query = f"SELECT {taken} FROM {table} ORDER BY authority"
                    await connection.copy_from_query(query, output=Path(file.name), format="csv", timeout=600)
                self._connection.execute(f"COPY {table} FROM '{file.name}' (FORMAT csv, NULLSTR '')")

    async def sums(self, question: Question) -> Sums:
        """By the same SQL."""
        sql, arguments = _sql(question)
        rows = self._connection.execute(sql, _without_time_zones(arguments)).fetchall()
        return _by_role(question, ({"day": day, "role": role, "value": value} for day, role, value in rows))

    async def explain(self, question: Question) -> Explanation:
        """By the same SQL."""
        arguments = (question.as_known_at, question.days[0], question.authority, question.role)
        return set(self._connection.execute(EXPLANATION, _without_time_zones(arguments)).fetchall())


_DUCKDB_TYPES = {
    "text": "VARCHAR",
    "smallint": "SMALLINT",
    "bigint": "BIGINT",
    "date": "DATE",
    "timestamp with time zone": "TIMESTAMP",
}


class OverHttp:
    """The service itself, over one connection that is kept. Its answers are rounded, and not compared."""

    def __init__(self, url: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=120)

    def answers(self, question: Question) -> bool:
        """Whether it has such a figure."""
        return self._get(question) == http.HTTPStatus.OK

    async def sums(self, question: Question) -> None:
        """By GET /v1/measures."""
        if self._get(question) != http.HTTPStatus.OK:
            raise RuntimeError("the service did not answer what it answered before")

    def _get(self, question: Question) -> int:
        asked = {"as_known_at": question.as_known_at.isoformat(), "by": "role", "authority": question.authority or ALL}
        path = f"/v1/measures/{AMOUNT}"
        if len(question.days) == 1:
            asked["as_at"] = question.days[0].isoformat()
        else:
            path += "/series"
            asked |= {"from": question.days[0].isoformat(), "to": question.days[-1].isoformat(), "every": "month"}
        path = f"{path}?{urlencode(asked)}"
        try:
            self._connection.request("GET", path)
            answer = self._connection.getresponse()
        except http.client.RemoteDisconnected:
            # The service closes what was not used for seconds.
            self._connection.close()
            self._connection.request("GET", path)
            answer = self._connection.getresponse()
        answer.read()
        return answer.status


def _sql(question: Question) -> tuple[str, list[object]]:
    arguments: list[object] = [question.as_known_at]
    if len(question.days) == 1:
        sql = STOCK
        arguments.append(question.days[0])
    else:
        sql = SERIES
        arguments.append(list(question.days))
    if question.authority is None:
        return sql.format(authority=""), arguments
    return sql.format(authority="AND authority = $3"), [*arguments, question.authority]


def _by_role(question: Question, rows: Iterable[Any]) -> Sums:
    index = {day: number for number, day in enumerate(question.days)}
    sums: defaultdict[tuple[object, ...], list[int]] = defaultdict(lambda: [0] * len(question.days))
    for row in rows:
        sums[(row["role"],)][index[row["day"]]] = int(row["value"])
    return dict(sums)


def _without_time_zones(arguments: Iterable[object]) -> list[object]:
    return [
        argument.astimezone(UTC).replace(tzinfo=None) if isinstance(argument, datetime) else argument
        for argument in arguments
    ]


_HOLDS = "valid_from <= $2 AND $2 < valid_to AND known_from <= $1 AND $1 < known_to"

UNITS = f"""
    SELECT staffing_unit, vacancies FROM staffing
    WHERE {_HOLDS} AND authority = $3 AND role = $4 AND vacancies > 0
"""
OCCUPANTS = f"SELECT post, worker, fte FROM occupancy WHERE {_HOLDS} AND authority = $3 AND post = ANY ($4::text[])"
COVERS = f"SELECT post, cover, fte FROM cover WHERE {_HOLDS} AND authority = $3 AND post = ANY ($4::text[])"


async def _explained_from_tables(pool: asyncpg.Pool, question: Question) -> Explanation:
    at = (question.as_known_at, question.days[0], question.authority)
    async with pool.acquire() as connection:
        units = await connection.fetch(UNITS, *at, question.role)
        posts = [row["staffing_unit"].removeprefix("post/") for row in units]
        occupants, covers = defaultdict(list), defaultdict(list)
        for row in await connection.fetch(OCCUPANTS, *at, posts):
            occupants[row["post"]].append((row["worker"], row["fte"]))
        for row in await connection.fetch(COVERS, *at, posts):
            covers[row["post"]].append((row["cover"], row["fte"]))
    none = [(None, None)]
    return {
        (unit["staffing_unit"], unit["vacancies"], *occupant, *cover)
        for unit, post in zip(units, posts, strict=True)
        for occupant in occupants.get(post, none)
        for cover in covers.get(post, none)
    }
