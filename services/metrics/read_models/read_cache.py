"""What the service keeps in memory to answer from: columns of staffing, events, snapshots.

Invariant: every answer includes everything that was committed when it was asked for. What is kept fits the budget.
"""

import copy
import gc
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Sequence
from contextlib import aclosing
from datetime import datetime
from typing import NoReturn, cast
from weakref import WeakKeyDictionary

from fastapi import Request

from services.chassis.recent_events import RecentEvents
from services.chassis.runtime import Runtime, runtime_of
from services.metrics.figures.age import Age
from services.metrics.figures.columns import BROKEN_DOWN_BY, Columns
from services.metrics.figures.reading import FigureQuery, Reading, needs_snapshot
from services.metrics.ingest import feeds
from services.metrics.measures.declaration import Count
from services.metrics.read_models import cost
from services.metrics.read_models.already_read import AlreadyRead
from services.metrics.read_models.amounts import STATES, Amounts, States
from services.metrics.read_models.authorities import ALL, Authorities
from services.metrics.read_models.budget import Budget
from services.metrics.read_models.cost import Size
from services.metrics.read_models.readers import Readers
from services.metrics.read_models.stock_columns import StockColumns
from services.metrics.settings import ServiceSettings
from services.metrics.snapshot.snapshot import Snapshot

MEGABYTE = 1_000_000

Of = str | Sequence[str]
"""One authority, all of them, or some by name."""

FREEZE_AFTER = 16 * MEGABYTE
"""The most bytes taken in between two looks of the garbage collector: so much is looked through in some ten
milliseconds."""


class ReadCache:
    """The columns, events, snapshots and amounts of one process."""

    def __init__(
        self, readers: Readers, budget: Budget, tables: int | None = None, recent: RecentEvents | None = None
    ) -> None:
        """`tables` says which tables it caches; `recent` are the events that this process took in itself."""
        self.tables = tables
        self.readers = readers
        self.budget = budget
        self.columns = StockColumns(readers, budget)
        self.authorities = Authorities(readers, budget, recent)
        self.amounts = Amounts(budget)
        self._already: AlreadyRead | None = None
        self._frozen_at = 0

    def together(self, already: AlreadyRead) -> "ReadCache":
        """The same for questions that are asked together: what one of them has read stands for the others."""
        these = copy.copy(self)
        these._already = already
        these.columns, these.authorities = self.columns.together(already), self.authorities.together(already)
        return these

    async def states(self, as_known_at: datetime) -> States:
        """Every authority, with a value that identifies what its amounts, as known at an instant, follow from."""
        rows = await self.readers.fetch(STATES, as_known_at, feeds.OWNERS)
        return {row["authority"]: tuple(row.values()) for row in rows}

    async def size(self, authority: Of, *, rows: bool = False, events: bool = True) -> Size:
        """The amount of data of these authorities together: rows of staffing, events, or both."""
        names = await self._named(authority)
        of_columns = await self.columns.count(names) if rows else (0, 0)
        counted = await self.authorities.count(names) if events else (0, 0, 0)
        return Size(*counted, *of_columns)

    async def size_of_figures(self, authority: Of, counts: Sequence[Count], query: FigureQuery, pinned: bool) -> Size:
        """The same for some counts. A pinned report is counted from events alone."""
        return await self.size(authority, rows=not pinned, events=pinned or needs_snapshot(counts, query))

    async def most_keys(self, authority: Of, query: FigureQuery, size: Size) -> int:
        """The most rows that an answer can have."""
        by = tuple(name for name in query.by if name in BROKEN_DOWN_BY)
        where = {name: value for name, value in (query.where or {}).items() if name in BROKEN_DOWN_BY}
        known = await self.columns.count_keys(await self._named(authority), by, where) if by else 1
        return cost.most_keys(query.by, known, by, size)

    async def readings(
        self,
        authority: str,
        as_known_at: datetime,
        as_accepted_at: datetime | None,
        counts: Sequence[Count],
        query: FigureQuery,
    ) -> AsyncGenerator[list[Reading], None]:
        """The readings of these counts, piece by piece: never more than a few authorities at once.

        The caller must drop each before it takes the next.
        """
        if as_accepted_at is None and not needs_snapshot(counts, query):
            parts = self.columns.of_each() if authority == ALL else self._columns_of(authority)
            async for columns in parts:
                yield [Reading(authority, as_known_at, _no_snapshot, each) for each in columns]
        elif authority == ALL:
            names = await self._named(ALL)
            async with aclosing(self.readings_of_each(names, as_known_at, as_accepted_at, counts)) as pieces:
                async for readings in pieces:
                    yield readings
        else:
            reading = await self.reading(authority, as_known_at, as_accepted_at)
            with_columns = _columns_will_do(counts, as_accepted_at)
            columns_of_it = await self.columns.of(authority) if with_columns else None
            yield [Reading(authority, as_known_at, reading.snapshot, columns_of_it)]

    async def readings_of_each(
        self, names: Iterable[str], as_known_at: datetime, as_accepted_at: datetime | None, counts: Sequence[Count]
    ) -> AsyncGenerator[list[Reading], None]:
        """The snapshots of these authorities, one by one, with columns if these are enough for any of the counts."""
        with_columns = _columns_will_do(counts, as_accepted_at)
        for name in names:
            columns_of_it = await self.columns.of(name, in_passing=True) if with_columns else None
            # The snapshot is held by what is given alone.
            yield [
                Reading(
                    name,
                    as_known_at,
                    _this(await self.authorities.in_passing(name, as_known_at, as_accepted_at)),
                    columns_of_it,
                )
            ]

    async def reading(self, authority: str, as_known_at: datetime, as_accepted_at: datetime | None = None) -> Reading:
        """One authority's snapshot, and nothing besides."""
        snapshot = await self.authorities.snapshot(authority, as_known_at, as_accepted_at)
        return Reading(authority, as_known_at, _this(snapshot))

    async def age(self, authority: str, as_known_at: datetime, as_accepted_at: datetime | None) -> Age:
        """How old the newest records of an authority are; for all of them, of each authority."""
        ages, report = {} if self._already is None else self._already.ages, (authority, as_known_at, as_accepted_at)
        if report not in ages:
            ages[report] = await feeds.age(self.readers, await self._named(authority), as_known_at, as_accepted_at)
        return ages[report]

    def settle(self) -> None:
        """Call this after an answer: it keeps the cache within the budget, and hides what is kept from the garbage
        collector.
        """
        self.authorities.settle()
        if self.budget.taken_in - self._frozen_at > FREEZE_AFTER:
            self._frozen_at = self.budget.taken_in
            # To look through 400 MB of events and snapshots, which hold no cycles, keeps every thread waiting for
            # 0.7 s. What is frozen is let go by counting references as before. First what is new and garbage goes.
            gc.collect(1)
            gc.freeze()

    async def _columns_of(self, authority: str) -> AsyncIterator[list[Columns]]:
        yield [await self.columns.of(authority)]

    async def _named(self, authority: Of) -> list[str]:
        if not isinstance(authority, str):
            return list(authority)
        return await self.columns.authorities() if authority == ALL else [authority]


def _columns_will_do(counts: Sequence[Count], as_accepted_at: datetime | None) -> bool:
    """Whether columns are enough. Columns hold everything accepted, so a pinned report is read from the events
    themselves.
    """
    return as_accepted_at is None and any(counted.column is not None for counted in counts)


def _this(snapshot: Snapshot) -> Callable[[], Snapshot]:
    return lambda: snapshot


def _no_snapshot() -> NoReturn:
    raise AssertionError("the columns were to be enough")


_OF_RUNTIMES: WeakKeyDictionary[Runtime, ReadCache] = WeakKeyDictionary()


def read_cache_of(request: Request) -> ReadCache:
    """The cache of the process that a request came to."""
    runtime = runtime_of(request)
    # Numbers of arrival begin again with the tables: what was kept says nothing of them.
    if runtime not in _OF_RUNTIMES or _OF_RUNTIMES[runtime].tables != runtime.tables:
        settings = cast(ServiceSettings, runtime.settings)
        readers = Readers(runtime.pool, settings.database_connections)
        budget = Budget(settings.memory_budget_mb * MEGABYTE)
        _OF_RUNTIMES[runtime] = ReadCache(readers, budget, runtime.tables, runtime.recent_events)
    return _OF_RUNTIMES[runtime]
