"""How old is what is known: from when on a figure is stale, as nothing was recorded for too long before it.

Invariant: the one rule is here; whether a figure is stale follows from its date and the instants, never from a clock.
Definition: docs/definitions.md, 'Stale'.
"""

from datetime import date, datetime, timedelta

from services.metrics.snapshot.amounts import months_later

STALE_AFTER_MONTHS = 3
"""An authority of which nothing at all was recorded for so many months has stopped sending: workers come and go, and
caseloads are counted, every month. Chosen: the quarter that boards are reported to by."""


def stale_from(recorded_until: datetime) -> date:
    """The first date of which a figure is stale, where this is the newest record."""
    return months_later(recorded_until.date(), STALE_AFTER_MONTHS) + timedelta(days=1)


def is_stale(recorded_until: datetime | None, day: date, as_known_at: datetime) -> bool:
    """Whether a figure of a day, as known at an instant, is stale. Of days to come nothing was to be recorded yet."""
    return recorded_until is not None and min(day, as_known_at.date()) >= stale_from(recorded_until)
