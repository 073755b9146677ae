"""The events of authorities, kept in memory, and the pictures made of them.

Invariant: what a request sees includes every event committed before it; a picture is never changed, only replaced.

Events of one authority are taken in by one transaction at a time (`handlers.py`), so asking for those that arrived
after the last one seen misses none.
"""

import asyncio
from bisect import bisect_right
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime

import asyncpg

from contracts.envelope import Event
from services.chassis import inbox
from services.metrics.picture.picture import Picture, known

MOST_EVENTS = 300_000
"""Events kept in memory, of all authorities together: at about 2 kB each, 600 MB at the most; one authority has some
ten thousands."""
MOST_PICTURES = 8
"""Pictures kept of one authority: now, and the instants of a few reports."""

Instants = tuple[datetime | None, datetime | None]


@dataclass(slots=True)
class _Kept:
    events: list[Event] = field(default_factory=list)
    arrived: int = 0
    times: list[datetime] = field(default_factory=list)
    pictures: OrderedDict[Instants, Picture] = field(default_factory=OrderedDict)
    busy: asyncio.Lock = field(default_factory=asyncio.Lock)


class Authorities:
    """The events of the authorities asked for lately."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    async def events(self, authority: str) -> list[Event]:
        """All events of an authority, in the order in which they arrived."""
        return (await self._up_to_date(authority)).events

    async def picture(self, authority: str, as_known_at: datetime, as_accepted_at: datetime | None = None) -> Picture:
        """The picture as known at one instant, of what was accepted by another."""
        kept = await self._up_to_date(authority)
        async with kept.busy:
            instants = _last_changes(kept, as_known_at, as_accepted_at)
            picture = kept.pictures.get(instants)
            if picture is None:
                picture = await asyncio.to_thread(Picture, known(kept.events, as_known_at, as_accepted_at))
                kept.pictures[instants] = picture
            kept.pictures.move_to_end(instants)
            while len(kept.pictures) > MOST_PICTURES:
                kept.pictures.popitem(last=False)
            return picture

    async def _up_to_date(self, authority: str) -> _Kept:
        kept = self._kept.setdefault(authority, _Kept())
        self._kept.move_to_end(authority)
        async with kept.busy:
            events, kept.arrived = await inbox.read_arrived(self._pool, authority, kept.arrived)
            if events:
                kept.events = [*kept.events, *events]
                kept.times = sorted(event.envelope.time for event in kept.events)
                for instants in [found for found in kept.pictures if _know_any(events, found)]:
                    del kept.pictures[instants]
        self._let_go()
        return kept

    def _let_go(self) -> None:
        """Forget the authorities that were not asked for longest, but never the last one."""
        while len(self._kept) > 1 and sum(len(kept.events) for kept in self._kept.values()) > MOST_EVENTS:
            self._kept.popitem(last=False)


def _know_any(events: list[Event], instants: Instants) -> bool:
    """Whether a picture of these instants would have any of the events in it: if not, it is as good as before."""
    as_known_at, as_accepted_at = instants
    return as_known_at is not None and bool(known(events, as_known_at, as_accepted_at))


def _last_changes(kept: _Kept, as_known_at: datetime, as_accepted_at: datetime | None) -> Instants:
    """The instants that stand for every other at which the same is known: one picture serves them all."""
    place = bisect_right(kept.times, as_known_at)
    accepted = None
    if as_accepted_at is not None:
        instants = [event.envelope.acceptedtime for event in kept.events if event.envelope.acceptedtime is not None]
        if any(instant > as_accepted_at for instant in instants):
            accepted = max((instant for instant in instants if instant <= as_accepted_at), default=as_accepted_at)
    return (kept.times[place - 1] if place else None), accepted
