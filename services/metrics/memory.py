"""What the service holds in memory to answer from: columns of staffing, events, pictures.

Invariant: every answer is of what was committed when it was asked for.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import NoReturn
from weakref import WeakKeyDictionary

from fastapi import Request

from services.chassis.runtime import Runtime, runtime_of
from services.metrics.api.parameters import ALL
from services.metrics.authorities import Authorities
from services.metrics.figures import Asked, Reading, needs_picture
from services.metrics.measures.declaration import Count
from services.metrics.stock_columns import StockColumns


class Memory:
    """The columns, events and pictures of one process."""

    def __init__(self, columns: StockColumns, authorities: Authorities) -> None:
        self.columns = columns
        self.authorities = authorities

    async def readings(
        self,
        authority: str,
        as_known_at: datetime,
        as_accepted_at: datetime | None,
        counts: Sequence[Count],
        asked: Asked,
    ) -> list[Reading]:
        """What these counts are read from, for one authority or all of them."""
        if as_accepted_at is not None:
            # Columns hold everything accepted: what is pinned is read from the events themselves.
            return [await self.reading(name, as_known_at, as_accepted_at) for name in await self._named(authority)]
        if authority == ALL:
            of_all = await self.columns.of_all()
            found = [Reading(name, as_known_at, _no_picture, columns) for name, columns in of_all.items()]
        else:
            found = [Reading(authority, as_known_at, _no_picture, await self.columns.of(authority))]
        if needs_picture(counts, asked):
            pictures = [await self.reading(reading.authority, as_known_at) for reading in found]
            found = [
                replace(reading, picture=picture.picture) for reading, picture in zip(found, pictures, strict=True)
            ]
        return found

    async def reading(self, authority: str, as_known_at: datetime, as_accepted_at: datetime | None = None) -> Reading:
        """One authority's picture, and nothing besides."""
        picture = await self.authorities.picture(authority, as_known_at, as_accepted_at)
        return Reading(authority, as_known_at, lambda: picture)

    async def _named(self, authority: str) -> list[str]:
        return list(await self.columns.of_all()) if authority == ALL else [authority]


def _no_picture() -> NoReturn:
    raise AssertionError("the columns were to be enough")


_OF_RUNTIMES: WeakKeyDictionary[Runtime, Memory] = WeakKeyDictionary()


def memory_of(request: Request) -> Memory:
    """The memory of the process that a request came to."""
    runtime = runtime_of(request)
    if runtime not in _OF_RUNTIMES:
        _OF_RUNTIMES[runtime] = Memory(StockColumns(runtime.pool), Authorities(runtime.pool))
    return _OF_RUNTIMES[runtime]
