"""The staffing of authorities, kept in memory as columns. Only units that have changed since are read again.

Invariant: the columns that `of` gives hold every change that was committed before the call, in whole transactions.
They equal what reading all rows would give, whatever was kept before.
"""

import asyncio
import copy
from collections import defaultdict
from collections.abc import AsyncIterator, Hashable, Mapping, Sequence
from functools import partial
from itertools import chain
from typing import NamedTuple
from uuid import UUID

import asyncpg
import numpy as np

from services.chassis.database import Connection
from services.metrics.figures.columns import (
    AMOUNTS,
    BROKEN_DOWN_BY,
    LAST_DAY,
    ROW,
    Columns,
)
from services.metrics.ingest.store import KNOWN_TO
from services.metrics.read_models.already_read import AlreadyRead
from services.metrics.read_models.budget import Budget
from services.metrics.read_models.readers import Readers
from services.metrics.timelines.dimensions import Dimensions
from services.metrics.timelines.rows import Staffing

AT_ONCE_BYTES = 32_000_000
"""Bytes of columns that a question about every authority has in hand at a time, besides what is kept."""

VERSION = "SELECT version FROM staffing_version WHERE authority = $1"

VERSIONS = "SELECT authority, version FROM staffing_version ORDER BY authority"

COUNT_ROWS = "SELECT count(*) FROM staffing WHERE authority = ANY ($1::text[])"

COUNT_KEYS = """
    SELECT count(*)
    FROM (SELECT DISTINCT {by} FROM staffing WHERE authority = ANY ($1::text[]){filters}) AS combinations
"""

# None where what is kept is of a version that is forgotten, or that the database never had: it was set back, say.
CHANGES = """
    SELECT units
    FROM staffing_change
    WHERE
        authority = $1
        AND generation > (
            SELECT generation FROM staffing_change AS kept WHERE kept.authority = $1 AND kept.version = $2
        )
"""

MOST_READ_AGAIN = 0.25
"""If a larger part of the units has changed, all rows are read, which is quicker."""

_DIMENSIONS = ", ".join(BROKEN_DOWN_BY)

ROW_FIELDS = (*AMOUNTS, "valid_from", "valid_to", "known_from", "known_to")

ROWS_OF_UNITS = f"""
    SELECT staffing_unit, {_DIMENSIONS}, {", ".join(AMOUNTS)}, valid_from, valid_to, known_from, {KNOWN_TO}
    FROM staffing
    WHERE authority = $1 AND staffing_unit = ANY ($2::text[])
"""  # noqa: S608

UNITS = """
    SELECT hashtextextended(staffing_unit, $2) AS hash, staffing_unit
    FROM staffing
    WHERE authority = $1
    GROUP BY staffing_unit
    ORDER BY hash
"""

COMBINATIONS = f"""
    SELECT hash_record_extended(ROW({_DIMENSIONS}), $2) AS hash, {_DIMENSIONS}
    FROM staffing
    WHERE authority = $1
    GROUP BY {_DIMENSIONS}
    ORDER BY hash
"""  # noqa: S608

# No column is null and each has one width, so that the answer is an array as it comes.
ROWS = f"""
    SELECT hashtextextended(staffing_unit, $2), hash_record_extended(ROW({_DIMENSIONS}), $3),
           {", ".join(ROW_FIELDS)}
    FROM staffing
    WHERE authority = $1
"""  # noqa: S608

_COPIED_FIELDS = [("unit", 8), ("combination", 8), *((name, ROW[name].itemsize) for name in ROW_FIELDS)]

COPIED = np.dtype(
    [("fields", ">i2")]
    + [part for name, width in _COPIED_FIELDS for part in ((f"{name} width", ">i4"), (name, f">i{width}"))]
)
"""A row of ROWS in PostgreSQL's binary COPY format: before each value stands its width in bytes."""

COPY_HEADER_BYTES = 19
COPY_TRAILER_BYTES = 2


class _Held(NamedTuple):
    version: UUID
    columns: Columns


class StockColumns:
    """The columns of the authorities asked for lately, as many as the budget has room for. For one event loop."""

    def __init__(self, readers: Readers, budget: Budget) -> None:
        self._readers = readers
        self._budget = budget
        self._held: dict[str, _Held] = {}
        self._reading: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._already: AlreadyRead | None = None

    def together(self, already: AlreadyRead) -> "StockColumns":
        """The same for questions that are asked together: what one of them has read stands for the others."""
        these = copy.copy(self)
        these._already = already
        return these

    async def of(self, authority: str, *, in_passing: bool = False) -> Columns:
        """The staffing of one authority as it is now; without rows if nothing is known of it.

        In passing (for questions about every authority), what was not kept before is kept only if there is room.
        """
        already = self._already or AlreadyRead()
        if authority not in already.versions:
            already.versions[authority] = await self._readers.fetchval(VERSION, authority)
        return await self._current(already, authority, in_passing)

    async def authorities(self) -> list[str]:
        """Every authority that has staffing."""
        return await self._every(self._already or AlreadyRead())

    async def of_each(self, most_bytes: int = AT_ONCE_BYTES) -> AsyncIterator[list[Columns]]:
        """The staffing of every authority as it is now, some at a time: never more than so many bytes, or one of them.

        Each authority is read whole, one after another. What was not kept before is kept only if there is room.
        """
        already = self._already or AlreadyRead()
        loaded: list[Columns] = []
        weight = 0
        for authority in await self._every(already):
            columns = await self._current(already, authority, in_passing=True)
            if loaded and weight + columns.weight > most_bytes:
                yield loaded
                loaded, weight = [], 0
            loaded.append(columns)
            weight += columns.weight
        if loaded:
            yield loaded

    async def count(self, authorities: Sequence[str]) -> tuple[int, int]:
        """How many rows these authorities have, about, and how many of them are yet to be read."""
        held = [self._held[authority].columns for authority in authorities if authority in self._held]
        unread = [authority for authority in authorities if authority not in self._held]
        more: int = await self._readers.fetchval(COUNT_ROWS, unread) if unread else 0
        return sum(map(len, held)) + more, more

    async def count_keys(self, authorities: Sequence[str], by: Sequence[str], where: Mapping[str, object]) -> int:
        """How many combinations of some dimensions the rows of these authorities have, about."""
        if all(authority in self._held for authority in authorities):
            keys = (self._held[authority].columns.keys(by, where) for authority in authorities)
            return len(set[object]().union(*keys))
        filters = "".join(f" AND {name} IS NOT DISTINCT FROM ${number}" for number, name in enumerate(where, start=2))
        query = COUNT_KEYS.format(by=", ".join(by), filters=filters)
        count: int = await self._readers.fetchval(query, list(authorities), *where.values())
        return count

    async def _every(self, already: AlreadyRead) -> list[str]:
        if already.every_authority is None:
            versions = {row["authority"]: row["version"] for row in await self._readers.fetch(VERSIONS)}
            already.versions |= versions
            already.every_authority = list(versions)
        return already.every_authority

    async def _current(self, already: AlreadyRead, authority: str, in_passing: bool) -> Columns:
        version = already.versions[authority]
        if version is None:
            return Columns.from_rows(())
        held = self._held.get(authority)
        if held is None or held.version != version:
            # Another question waits, and finds it read.
            async with self._reading[authority]:
                held = await self._read(authority, self._held.get(authority))
                if authority in self._held or not in_passing or self._budget.has_room(held.columns.weight):
                    self._held[authority] = held
                    self._budget.keep(_key(authority), held.columns.weight, partial(self._held.pop, authority, None))
            already.versions[authority] = held.version
        self._budget.used(_key(authority))
        return held.columns

    async def _read(self, authority: str, held: _Held | None) -> _Held:
        """Version and rows of one snapshot; what is held, if it is of this version."""
        async with (
            self._readers.acquire() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            version = await connection.fetchval(VERSION, authority)
            if held is not None and held.version == version:
                return held
            units = await _changed(connection, authority, held) if held is not None else None
            if held is None or units is None:
                copied = await _copy_rows(connection, authority)
                return _Held(version, await asyncio.to_thread(_columns, copied))
            rows = await connection.fetch(ROWS_OF_UNITS, authority, list(units))
        return _Held(version, held.columns.replaced(units, map(_staffing, rows)))


def _key(authority: str) -> Hashable:
    return "columns", authority


async def _changed(connection: Connection, authority: str, held: _Held) -> set[str] | None:
    """The units whose rows may have changed; None if that is not known, or if they are many."""
    changes = [row["units"] for row in await connection.fetch(CHANGES, authority, held.version)]
    if not changes or None in changes:
        return None
    units = set(chain.from_iterable(changes))
    return units if len(units) <= MOST_READ_AGAIN * held.columns.units else None


def _staffing(row: asyncpg.Record) -> Staffing:
    unit, *values = row.values()
    dimensions, rest = values[: len(BROKEN_DOWN_BY)], values[len(BROKEN_DOWN_BY) :]
    return Staffing(unit, Dimensions(*dimensions), *rest)


class _Copied(NamedTuple):
    """All rows of one authority. In each row a hash takes the place of its unit, and another that of its combination
    of dimensions.
    """

    rows: bytearray
    units: list[asyncpg.Record]
    combinations: list[asyncpg.Record]


async def _copy_rows(connection: Connection, authority: str) -> _Copied:
    """The rows of one authority, in a transaction that sees one snapshot.

    Texts have no fixed width, so hashes take their place. The seed is such that no two texts have the same hash.
    """
    of_units, units = await _hashed(connection, UNITS, authority)
    of_combinations, combinations = await _hashed(connection, COMBINATIONS, authority)
    copied = bytearray()

    async def take(part: bytes) -> None:
        copied.extend(part)

    await connection.copy_from_query(ROWS, authority, of_units, of_combinations, output=take, format="binary")
    return _Copied(copied, units, combinations)


async def _hashed(connection: Connection, query: str, authority: str) -> tuple[int, list[asyncpg.Record]]:
    seed = 0
    while True:
        texts = await connection.fetch(query, authority, seed)
        if len({row["hash"] for row in texts}) == len(texts):
            return seed, texts
        seed += 1


def _columns(copied: _Copied) -> Columns:
    hashed = np.frombuffer(memoryview(copied.rows)[COPY_HEADER_BYTES:-COPY_TRAILER_BYTES], COPIED)
    rows = np.empty(len(hashed), ROW)
    for name, of in (("unit", copied.units), ("combination", copied.combinations)):
        rows[name] = np.searchsorted(np.array([row["hash"] for row in of], np.int64), hashed[name])
    for name in ROW_FIELDS:
        rows[name] = hashed[name]
    # 'infinity' is a day of its own here.
    rows["valid_to"] = np.minimum(rows["valid_to"], LAST_DAY)
    units = [row["staffing_unit"] for row in copied.units]
    return Columns(rows, units, [Dimensions(*tuple(row.values())[1:]) for row in copied.combinations])
