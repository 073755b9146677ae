"""The events of authorities, kept in memory, and the snapshots made of them.

Invariant: what a request sees includes every event committed before it; a snapshot is never changed, only replaced.

Events of one authority are taken in by one transaction at a time (`handlers.py`), so asking for those that arrived
after the last one seen misses none.
"""

import asyncio
import copy
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import NamedTuple

from contracts.envelope import Event
from services.chassis.database import Reads
from services.chassis.recent_events import RecentEvents
from services.metrics.read_models.already_read import AlreadyRead
from services.metrics.read_models.budget import Budget
from services.metrics.read_models.weights import growth_of, weight_of, weight_of_events
from services.metrics.snapshot.snapshot import Snapshot, known

ALL = "all"
"""In the place of an authority's code: all of them."""

MOST_SNAPSHOTS = 8
"""Snapshots kept of one authority: now, and the instants of a few reports."""
GROWTH = 3
"""So many times what it weighs at first an authority in passing needs room for: its snapshot grows when it is asked."""

# Of an authority that is kept these are few.
COUNT_UNREAD = """
    SELECT count(*)
    FROM unnest($1::text[], $2::bigint[]) AS kept (authority, arrived)
    JOIN inbox ON inbox.authority = kept.authority AND inbox.arrival > kept.arrived
"""

Instants = tuple[datetime | None, datetime | None]


class _Weighed(NamedTuple):
    """What a snapshot weighed, and how far it had grown before it was weighed."""

    growth: tuple[int, int, int]
    weight: int


@dataclass(slots=True)
class _Kept:
    authority: str
    events: list[Event] = field(default_factory=list)
    arrived: int = 0
    times: list[datetime] = field(default_factory=list)
    accepted: list[datetime] = field(default_factory=list)
    snapshots: OrderedDict[Instants, Snapshot] = field(default_factory=OrderedDict)
    weights: dict[Instants, _Weighed] = field(default_factory=dict)
    before: Snapshot | None = None
    """The last that was let go for what arrived since: the next one is made from it."""
    weight_before: int = 0
    used: set[Instants] = field(default_factory=set)
    busy: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def key(self) -> Hashable:
        return "events and snapshots", self.authority

    @property
    def weight(self) -> int:
        snapshots = sum(self.weights[instants].weight for instants in self.snapshots)
        return weight_of_events(len(self.events)) + snapshots + (self.weight_before if self.before else 0)

    def weigh_used(self) -> None:
        """Snapshots grow with what is asked of them: weigh those again that grew since the last time."""
        self.weights = {instants: self.weights[instants] for instants in self.snapshots}
        for instants in self.used & self.snapshots.keys():
            growth = growth_of(self.snapshots[instants])
            if growth != self.weights[instants].growth:
                self.weights[instants] = _Weighed(growth, weight_of(self.snapshots[instants]))
        self.used.clear()

    def add(self, events: list[Event]) -> None:
        """Those that arrived since. Snapshots that would have any of them in it are let go, the last one later."""
        self.events = [*self.events, *events]
        self.times = sorted([*self.times, *(event.envelope.time for event in events)])
        accepted = [event.envelope.acceptedtime for event in events]
        self.accepted = sorted([*self.accepted, *(instant for instant in accepted if instant is not None)])
        for instants in [instants for instants in self.snapshots if _know_any(events, instants)]:
            self.before = self.snapshots.pop(instants)
            self.weight_before = weight_of(self.before)

    def known(self, as_known_at: datetime, as_accepted_at: datetime | None) -> list[Event]:
        """The events known at these instants: mostly all, which need not be looked at one by one."""
        all_accepted = as_accepted_at is None or not self.accepted or self.accepted[-1] <= as_accepted_at
        if all_accepted and self.times and self.times[-1] <= as_known_at:
            return self.events
        return known(self.events, as_known_at, as_accepted_at)

    def nearest(self) -> Snapshot | None:
        """A snapshot of which most holds of the next one too."""
        return self.before or next(reversed(self.snapshots.values()), None)


class Authorities:
    """The events of the authorities asked for lately, as many as the budget has room for."""

    def __init__(self, readers: Reads, budget: Budget, recent: RecentEvents | None = None) -> None:
        """`recent` are the events that this process took in itself, which are not read again."""
        self._readers = readers
        self._recent = recent or RecentEvents()
        self._budget = budget
        self._kept: dict[str, _Kept] = {}
        self._used: dict[str, _Kept] = {}
        self._already: AlreadyRead | None = None

    def together(self, already: AlreadyRead) -> "Authorities":
        """The same for questions that are asked together: what one of them has read stands for the others."""
        these = copy.copy(self)
        these._already = already
        return these

    async def events(self, authority: str) -> list[Event]:
        """All events of an authority, in the order in which they arrived."""
        kept = self._kept_of(authority)
        async with kept.busy:
            await self._read(kept)
        self._weigh(kept)
        return kept.events

    async def snapshot(self, authority: str, as_known_at: datetime, as_accepted_at: datetime | None = None) -> Snapshot:
        """The snapshot as known at one instant, of what was accepted by another."""
        kept = self._kept_of(authority)
        snapshot = await self._snapshot(kept, as_known_at, as_accepted_at)
        self._weigh(kept)
        return snapshot

    async def in_passing(
        self, authority: str, as_known_at: datetime, as_accepted_at: datetime | None = None
    ) -> Snapshot:
        """The same for a question about every authority: what is not kept already is kept only where there is room."""
        if authority in self._kept:
            return await self.snapshot(authority, as_known_at, as_accepted_at)
        passing = _Kept(authority)
        snapshot = await self._snapshot(passing, as_known_at, as_accepted_at)
        if authority not in self._kept and self._budget.has_room(GROWTH * passing.weight):
            self._kept[authority] = self._used[authority] = passing
            self._weigh(passing)
        return snapshot

    async def count(self, authorities: list[str]) -> tuple[int, int, int]:
        """How many events these authorities have, how many are yet to be read, and how many are in no snapshot yet."""
        held = [self._kept.get(authority) or _Kept(authority) for authority in authorities]
        behind = [kept for kept in held if not self._is_read(kept)]
        names, arrived = [kept.authority for kept in behind], [kept.arrived for kept in behind]
        unread: int = await self._readers.fetchval(COUNT_UNREAD, names, arrived) if behind else 0
        without_snapshot = sum(len(kept.events) for kept in held if not kept.snapshots)
        return sum(len(kept.events) for kept in held) + unread, unread, without_snapshot + unread

    def settle(self) -> None:
        """After an answer: weigh again what was asked for since the last time. Snapshots grow with what is asked."""
        used = list(self._used.values())
        self._used.clear()
        for kept in used:
            kept.weigh_used()
            self._weigh(kept)

    def _weigh(self, kept: _Kept) -> None:
        """Keep this within the budget, its newest snapshots first. What is kept no more stays as it is."""
        if self._kept.get(kept.authority) is kept:
            while (kept.before or kept.snapshots) and kept.weight > self._budget.most:
                if kept.before:
                    kept.before = None
                else:
                    kept.snapshots.popitem(last=False)
            self._budget.keep(kept.key, kept.weight, partial(self._kept.pop, kept.authority, None))

    def _kept_of(self, authority: str) -> _Kept:
        kept = self._kept.setdefault(authority, _Kept(authority))
        self._used[authority] = kept
        return kept

    async def _snapshot(self, kept: _Kept, as_known_at: datetime, as_accepted_at: datetime | None) -> Snapshot:
        async with kept.busy:
            await self._read(kept)
            instants = _last_changes(kept, as_known_at, as_accepted_at)
            snapshot = kept.snapshots.get(instants)
            if snapshot is None:
                before = kept.nearest()
                snapshot = await asyncio.to_thread(lambda: Snapshot(kept.known(as_known_at, as_accepted_at), before))
                kept.snapshots[instants], kept.before = snapshot, None
                kept.weights[instants] = _Weighed(growth_of(snapshot), weight_of(snapshot))
            kept.used.add(instants)
            kept.snapshots.move_to_end(instants)
            while len(kept.snapshots) > MOST_SNAPSHOTS:
                kept.snapshots.popitem(last=False)
            return snapshot

    async def _read(self, kept: _Kept) -> None:
        """What arrived since, for the one process that has it."""
        if self._is_read(kept):
            return
        events, kept.arrived = await self._recent.arrived_after(self._readers, kept.authority, kept.arrived)
        if events:
            await asyncio.to_thread(kept.add, events)
        if self._already is not None:
            self._already.arrived[kept.authority] = kept.arrived

    def _is_read(self, kept: _Kept) -> bool:
        return self._already is not None and self._already.reaches(kept.authority, kept.arrived)


def _know_any(events: list[Event], instants: Instants) -> bool:
    """Whether a snapshot of these instants would have any of the events in it: if not, it is as good as before."""
    as_known_at, as_accepted_at = instants
    return as_known_at is not None and bool(known(events, as_known_at, as_accepted_at))


def _last_changes(kept: _Kept, as_known_at: datetime, as_accepted_at: datetime | None) -> Instants:
    """The instants that stand for every other at which the same is known: one snapshot serves them all."""
    index = bisect_right(kept.times, as_known_at)
    accepted = None
    if as_accepted_at is not None and kept.accepted and kept.accepted[-1] > as_accepted_at:
        before = bisect_right(kept.accepted, as_accepted_at)
        accepted = kept.accepted[before - 1] if before else as_accepted_at
    return (kept.times[index - 1] if index else None), accepted
