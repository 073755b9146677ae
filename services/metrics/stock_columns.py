"""The staffing of authorities kept in memory as columns, read again when it has changed.

Invariant: what `of` gives holds every change that was committed before it was asked, whole transactions at a time.
"""

import asyncio
from collections import OrderedDict, defaultdict
from typing import NamedTuple
from uuid import UUID

import asyncpg
import numpy as np

from services.chassis.database import Connection
from services.metrics.columns import (
    AMOUNTS,
    BROKEN_DOWN_BY,
    LAST_DAY,
    ROW,
    Columns,
    Combination,
    Integers,
    Rows,
)

MOST_ROWS = 4_000_000
"""How many rows are kept, about 85 bytes each: England with ten years of history is about half of it (`make bench`)."""

VERSION = "SELECT version FROM staffing_version WHERE authority = $1"

VERSIONS = "SELECT authority, version FROM staffing_version ORDER BY authority"

_DIMENSIONS = ", ".join(BROKEN_DOWN_BY)

COMBINATIONS = f"""
    SELECT hash_record_extended(ROW({_DIMENSIONS}), $2) AS hash, {_DIMENSIONS}
    FROM staffing
    WHERE authority = $1
    GROUP BY {_DIMENSIONS}
    ORDER BY hash
"""  # noqa: S608

ROW_FIELDS = (*AMOUNTS, "valid_from", "valid_to", "known_from", "known_to")

# No column is null and each has one width, so that the answer is an array as it comes.
ROWS = f"""
    SELECT hash_record_extended(ROW({_DIMENSIONS}), $2),
           {", ".join(ROW_FIELDS)}
    FROM staffing
    WHERE authority = $1
"""  # noqa: S608

_COPIED_FIELDS = [("hash", 8), *((name, ROW[name].itemsize) for name in ROW_FIELDS)]

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
    """The columns of every authority asked for, those not asked for longest given up first. For one event loop."""

    def __init__(self, pool: asyncpg.Pool, most_rows: int = MOST_ROWS) -> None:
        self._pool = pool
        self._most_rows = most_rows
        self._held: OrderedDict[str, _Held] = OrderedDict()
        self._reading: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def of(self, authority: str) -> Columns:
        """The staffing of one authority as it is now; without rows where nothing is known of it."""
        return await self._current(authority, await self._pool.fetchval(VERSION, authority))

    async def of_all(self) -> dict[str, Columns]:
        """The staffing of every authority as it is now, by authority; each whole, read one after another."""
        versions = await self._pool.fetch(VERSIONS)
        return {row["authority"]: await self._current(row["authority"], row["version"]) for row in versions}

    async def _current(self, authority: str, version: UUID | None) -> Columns:
        if version is None:
            return Columns.from_rows(())
        held = self._held.get(authority)
        if held is None or held.version != version:
            # Whoever else asks waits, and finds it read.
            async with self._reading[authority]:
                held = await self._read(authority, self._held.get(authority))
                self._held[authority] = held
                self._give_up_oldest(authority)
        if authority in self._held:
            self._held.move_to_end(authority)
        return held.columns

    async def _read(self, authority: str, held: _Held | None) -> _Held:
        """Version and rows of one snapshot; what is held, if it is of this version."""
        async with (
            self._pool.acquire() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            version = await connection.fetchval(VERSION, authority)
            if held is not None and held.version == version:
                return held
            return _Held(version, await _read_columns(connection, authority))

    def _give_up_oldest(self, but: str) -> None:
        rows = sum(len(held.columns) for held in self._held.values())
        for authority in [authority for authority in self._held if authority != but]:
            if rows <= self._most_rows:
                break
            rows -= len(self._held.pop(authority).columns)


async def _read_columns(connection: Connection, authority: str) -> Columns:
    """The rows of one authority, in a transaction that sees one snapshot.

    Texts have no fixed width: in each row a hash stands for its combination of dimensions, by a seed with which no two
    combinations have the same.
    """
    seed = 0
    while True:
        found = await connection.fetch(COMBINATIONS, authority, seed)
        hashes = np.array([row["hash"] for row in found], np.int64)
        if len(np.unique(hashes)) == len(hashes):
            break
        seed += 1
    combinations: list[Combination] = [tuple(row.values())[1:] for row in found]
    copied = bytearray()

    async def take(part: bytes) -> None:
        copied.extend(part)

    await connection.copy_from_query(ROWS, authority, seed, output=take, format="binary")
    rows = np.frombuffer(copied[COPY_HEADER_BYTES:-COPY_TRAILER_BYTES], COPIED)
    return Columns(_converted(rows, hashes), combinations)


def _converted(copied: Rows, hashes: Integers) -> Rows:
    rows = np.empty(len(copied), ROW)
    rows["combination"] = np.searchsorted(hashes, copied["hash"])
    for name in ROW_FIELDS:
        rows[name] = copied[name]
    # 'infinity' is a day of its own here.
    rows["valid_to"] = np.minimum(rows["valid_to"], LAST_DAY)
    return rows
