"""How old the newest records are, feed by feed, and from which date on a figure is stale because nothing was
recorded for too long.

Invariant: this is the only place with the rule. Whether a figure is stale follows from its date and the instants,
never from a clock. Definition: docs/definitions.md, 'Stale'.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import NamedTuple

from services.metrics.snapshot.amounts import months_later

STALE_AFTER_MONTHS = 3
"""An authority of which nothing at all was recorded for so many months has stopped sending, because workers come and
go, and caseloads are counted, every month. Chosen: a quarter, because boards get quarterly reports."""


class FeedAge(NamedTuple):
    """One source of events for one service, and the time of its newest record."""

    source: str
    service: str
    recorded_until: datetime


@dataclass(frozen=True, slots=True)
class Age:
    """The times of the newest records behind an answer: of all, by the service that took them in, and by feed.

    For several authorities each is the oldest of their times, and there are no feeds. `more_feeds`: there are
    others.
    """

    recorded_until: datetime | None = None
    by_owner: Mapping[str, datetime] = field(default_factory=dict)
    feeds: tuple[FeedAge, ...] = ()
    more_feeds: bool = False

    def recorded_by(self, owners: Iterable[str]) -> datetime | None:
        """The time by which all of these services had records; services that never had any do not count."""
        return min((self.by_owner[owner] for owner in owners if owner in self.by_owner), default=None)


def stale_from(recorded_until: datetime) -> date:
    """The first date for which a figure is stale, if this is the newest record."""
    return months_later(recorded_until.date(), STALE_AFTER_MONTHS) + timedelta(days=1)


def is_stale(recorded_until: datetime | None, day: date, as_known_at: datetime) -> bool:
    """Whether a figure of a day, as known at an instant, is stale. For days to come nothing can have been recorded
    yet.
    """
    return recorded_until is not None and min(day, as_known_at.date()) >= stale_from(recorded_until)
