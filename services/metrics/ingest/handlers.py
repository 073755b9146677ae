"""What metrics does with events: takes them in, and derives the timelines they touch.

Invariant: a subject is either derived from all its events in the inbox, or in the derivation queue, in one transaction.
"""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime

from contracts.envelope import Event
from services.chassis import inbox
from services.chassis.database import Connection, why_not_now
from services.chassis.logs import get_log, without_details
from services.chassis.recent_events import Tails
from services.chassis.runtime import Runtime
from services.metrics.ingest import feeds, queue
from services.metrics.ingest.derivation import derive, derive_or_enqueue, derive_subjects, derive_units
from services.metrics.ingest.subjects import Subject
from services.metrics.telemetry import telemetry_of

log = get_log(__name__)

SUBJECTS_AT_ONCE = 4000
"""How many subjects are derived in one transaction while the timelines catch up: about 100 MB of events in memory."""

AUTHORITIES_AT_ONCE = 2
"""How many authorities are derived at the same time: one is folded while PostgreSQL works for the other."""

DERIVED_KINDS = ("worker", "cover", "post", "initiative")
"""The kinds of subject that have a timeline."""


@dataclass(frozen=True, slots=True)
class TakeInEvents:
    """Takes in a batch of events in one transaction.

    Steps:
    - lock the authorities of the events, so that two consumers never derive one unit at the same time;
    - put the events into the inbox;
    - derive what the new events touch, or queue it if so many records wait, or one subject has so many events, that
      it would be derived many times over;
    - after the commit, keep the decoded events.
    """

    runtime: Runtime

    async def __call__(self, events: list[Event], far_behind: bool) -> None:
        async with self.runtime.pool.acquire() as connection, connection.transaction():
            await queue.lock_authorities(connection, {event.envelope.authority for event in events})
            arrived = await inbox.take(connection, events)
            fresh = [one.event for one in arrived]
            await feeds.note(connection, fresh)
            touched = _subjects(fresh)
            if far_behind:
                await queue.enqueue(connection, touched)
            elif touched:
                tails = self.runtime.recent_events.tails_with(arrived)
                queued = await derive_or_enqueue(connection, touched, tails)
                await queue.remove(connection, touched - queued)
        self.runtime.recent_events.add(arrived)
        now, telemetry = datetime.now(UTC), telemetry_of(self.runtime)
        for event in fresh:
            if event.envelope.acceptedtime is not None:
                telemetry.origin_to_figure.observe((now - event.envelope.acceptedtime).total_seconds())


def _subjects(events: list[Event]) -> set[Subject]:
    """The subjects of these events that have a timeline."""
    named = {(event.envelope.authority, event.envelope.subject) for event in events}
    return {subject for name in named if (subject := Subject(*name)).kind in DERIVED_KINDS}


async def derive_waiting(runtime: Runtime) -> None:
    """Derive what is queued, once the consumer has caught up: two authorities at a time, which do not wait for each
    other.
    """
    if not runtime.far_behind():
        ends = await asyncio.gather(*(_derive_all(runtime) for _ in range(AUTHORITIES_AT_ONCE)), return_exceptions=True)
        for error in ends:
            if error is not None:
                raise error


async def _derive_all(runtime: Runtime) -> None:
    while await derive_queued(runtime):
        pass


async def count_waiting(runtime: Runtime) -> None:
    """Tell how much is queued."""
    (count,) = await runtime.pool.fetch(queue.COUNT_QUEUED, timeout=5)
    telemetry = telemetry_of(runtime)
    telemetry.queued.set(count["queued"])
    telemetry.underivable.set(count["failed"])
    runtime.unsettled = f"{count['queued']} timelines wait to be derived" if count["queued"] else None


class Underivable(Exception):
    """Raised when one subject alone cannot be derived."""

    def __init__(self, subject: Subject, error: Exception) -> None:
        self.subject = subject
        self.reason = f"{type(error).__name__}: {without_details(str(error))}"[:300]
        super().__init__(f"{subject.name} of {subject.authority}: {self.reason}")


async def derive_queued(runtime: Runtime, at_once: int = SUBJECTS_AT_ONCE) -> bool:
    """Derive some of the subjects that are queued. Returns whether there were any.

    If that fails, fewer are tried, down to a single one. That one is marked as failed, and stops no other.
    """
    try:
        return await _derive_some(runtime, at_once)
    except Underivable as failure:
        log.error("a timeline cannot be derived", authority=failure.subject.authority, exc_info=failure.__cause__)
        await runtime.pool.execute(queue.MARK_FAILED, *failure.subject, failure.reason)
        return True
    except Exception as error:
        # A full disk, say, is not a fault of a subject.
        if why_not_now(error):
            raise
        log.warning("deriving fewer timelines at once", subjects=at_once, cause=type(error).__name__)
        return await derive_queued(runtime, max(1, at_once // 8))


async def _derive_some(runtime: Runtime, at_once: int) -> bool:
    """Derive subjects of one authority in one transaction."""
    async with runtime.pool.acquire() as connection, connection.transaction():
        subjects = await queue.claim(connection, at_once)
        if not subjects:
            return False
        try:
            tails = await runtime.recent_events.tails(connection, {subject.authority for subject in subjects})
            if len(subjects) < at_once:
                await derive(connection, subjects, tails)
            else:
                await _derive_first(connection, subjects, tails)
        except Exception as error:
            if len(subjects) == 1 and not why_not_now(error):
                raise Underivable(next(iter(subjects)), error) from error
            raise
        return True


async def _derive_first(connection: Connection, subjects: set[Subject], tails: Tails) -> None:
    """Derive the first part of an authority's many subjects: workers and assignments before posts.

    Posts wait until every worker is derived, so that each post is derived once. A unit that is an assignment without
    a post does not wait: queued again, it would be claimed as an assignment, and so on without end.
    """
    posts = {subject for subject in subjects if subject.is_post}
    if posts == subjects:
        await derive_units(connection, posts, tails)
        return
    units = await derive_subjects(connection, subjects, tails)
    await derive_units(connection, {unit for unit in units if not unit.is_post}, tails)
    await queue.enqueue(connection, posts | {unit for unit in units if unit.is_post})
