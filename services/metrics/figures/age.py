"""How old is what is known, feed by feed: from when on a figure is stale, as nothing was recorded for too long before.

Invariant: the one rule is here; whether a figure is stale follows from its date and the instants, never from a clock.
Definition: docs/definitions.md, 'Stale'.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import NamedTuple

from services.metrics.snapshot.amounts import months_later

STALE_AFTER_MONTHS = 3
"""An authority of which nothing at all was recorded for so many months has stopped sending: workers come and go, and
caseloads are counted, every month. Chosen: the quarter that boards are reported to by."""


class FeedAge(NamedTuple):
    """One source of events for one service, and the time of its newest record."""

    source: str
    service: str
    recorded_until: datetime


@dataclass(frozen=True, slots=True)
class Age:
    """The times of the newest records that an answer knows of: of all, by the service that took them in, and by feed.

    Of several authorities each is the oldest of theirs, and there are no feeds. `more_feeds`: there are others.
    """

    recorded_until: datetime | None = None
    by_owner: Mapping[str, datetime] = field(default_factory=dict)
    feeds: tuple[FeedAge, ...] = ()
    more_feeds: bool = False

    def recorded_by(self, owners: Iterable[str]) -> datetime | None:
        """Until when all of these services were told something, of those that ever were."""
        return min((self.by_owner[owner] for owner in owners if owner in self.by_owner), default=None)


def stale_from(recorded_until: datetime) -> date:
    """The first date of which a figure is stale, where this is the newest record."""
    return months_later(recorded_until.date(), STALE_AFTER_MONTHS) + timedelta(days=1)


def is_stale(recorded_until: datetime | None, day: date, as_known_at: datetime) -> bool:
    """Whether a figure of a day, as known at an instant, is stale. Of days to come nothing was to be recorded yet."""
    return recorded_until is not None and min(day, as_known_at.date()) >= stale_from(recorded_until)
