"""The staffing of authorities kept in memory as columns, read again when it has changed.

Invariant: what `of` gives holds every change that was committed before it was asked, whole transactions at a time.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Hashable, Mapping, Sequence
from functools import partial
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
    Combination,
    Rows,
)
from services.metrics.figures.edges import Integers
from services.metrics.read_models.budget import Budget
from services.metrics.read_models.readers import Readers

AT_ONCE_BYTES = 32_000_000
"""Columns that one who asks every authority has in hand at a time, beside what is kept."""

VERSION = "SELECT version FROM staffing_version WHERE authority = $1"

VERSIONS = "SELECT authority, version FROM staffing_version ORDER BY authority"

COUNT_ROWS = "SELECT count(*) FROM staffing WHERE authority = ANY ($1::text[])"

COUNT_KEYS = """
    SELECT count(*)
    FROM (SELECT DISTINCT {by} FROM staffing WHERE authority = ANY ($1::text[]){filters}) AS combinations
"""

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
    """The columns of the authorities asked for lately, as many as the budget has room for. For one event loop."""

    def __init__(self, readers: Readers, budget: Budget) -> None:
        self._readers = readers
        self._budget = budget
        self._held: dict[str, _Held] = {}
        self._reading: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def of(self, authority: str, *, in_passing: bool = False) -> Columns:
        """The staffing of one authority as it is now; without rows where nothing is known of it.

        For whoever asks every authority in passing, what was not kept is kept only where there is room.
        """
        return await self._current(authority, await self._readers.fetchval(VERSION, authority), in_passing)

    async def authorities(self) -> list[str]:
        """Every authority that has staffing."""
        return [row["authority"] for row in await self._readers.fetch(VERSIONS)]

    async def of_each(self, most_bytes: int = AT_ONCE_BYTES) -> AsyncIterator[list[Columns]]:
        """The staffing of every authority as it is now, some at a time: never more than so many bytes, or one of them.

        Each authority is read whole, one after another. What was not kept is kept only where there is room.
        """
        loaded: list[Columns] = []
        for row in await self._readers.fetch(VERSIONS):
            columns = await self._current(row["authority"], row["version"], in_passing=True)
            if loaded and sum(each.weight for each in loaded) + columns.weight > most_bytes:
                yield loaded
                loaded = []
            loaded.append(columns)
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

    async def _current(self, authority: str, version: UUID | None, in_passing: bool = False) -> Columns:
        if version is None:
            return Columns.from_rows(())
        held = self._held.get(authority)
        if held is None or held.version != version:
            # Whoever else asks waits, and finds it read.
            async with self._reading[authority]:
                held = await self._read(authority, self._held.get(authority))
                if authority in self._held or not in_passing or self._budget.has_room(held.columns.weight):
                    self._held[authority] = held
                    self._budget.keep(_key(authority), held.columns.weight, partial(self._held.pop, authority, None))
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
            copied, combinations = await _read_rows(connection, authority)
        return _Held(version, await asyncio.to_thread(_columns, copied, combinations))


def _key(authority: str) -> Hashable:
    return "columns", authority


async def _read_rows(connection: Connection, authority: str) -> tuple[bytearray, list[asyncpg.Record]]:
    """The rows of one authority, in a transaction that sees one snapshot.

    Texts have no fixed width: in each row a hash stands for its combination of dimensions, by a seed with which no two
    combinations have the same.
    """
    seed = 0
    while True:
        combinations = await connection.fetch(COMBINATIONS, authority, seed)
        if len({row["hash"] for row in combinations}) == len(combinations):
            break
        seed += 1
    copied = bytearray()

    async def take(part: bytes) -> None:
        copied.extend(part)

    await connection.copy_from_query(ROWS, authority, seed, output=take, format="binary")
    return copied, combinations


def _columns(copied: bytearray, records: Sequence[asyncpg.Record]) -> Columns:
    hashes = np.array([row["hash"] for row in records], np.int64)
    combinations = [Combination(*tuple(row.values())[1:]) for row in records]
    rows = np.frombuffer(memoryview(copied)[COPY_HEADER_BYTES:-COPY_TRAILER_BYTES], COPIED)
    return Columns(_converted(rows, hashes), combinations)


def _converted(copied: Rows, hashes: Integers) -> Rows:
    rows = np.empty(len(copied), ROW)
    rows["combination"] = np.searchsorted(hashes, copied["hash"])
    for name in ROW_FIELDS:
        rows[name] = copied[name]
    # 'infinity' is a day of its own here.
    rows["valid_to"] = np.minimum(rows["valid_to"], LAST_DAY)
    return rows
