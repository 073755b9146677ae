"""Completeness: whether everything that owners accepted has arrived. Their watermarks tell.

Invariant: `complete_until` is never later than the truth. Every event that was accepted before it, on any topic that
this service reads, is in the inbox, and what follows from it was derived. (Or it is a dead letter, which is
reported.)

A watermark says how many events of a topic there are up to a position, and where Kafka's log ended when all of them
were in it. A reader that has read the log up to there and has fewer events misses some, whatever the cause. It first
reads the topic again from its beginning. If events are still missing, it asks their owner to publish them again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

from contracts.watermark import Watermark

JUDGED_AT_MOST = timedelta(seconds=30)
"""If a watermark is not reached in that time, the newest one replaces it: its log may have been lost."""

ANSWERED_WITHIN = timedelta(seconds=5)
"""The least time until events that are published again can arrive: an owner's relay looks for requests twice a
second."""

ASKED_AGAIN_AFTER = timedelta(seconds=30)
"""How long an owner that was asked may take. After that the topic is read again, and so on."""


class Remedy(StrEnum):
    """What is done about missing events."""

    READ_AGAIN = "read-again"
    ASKED = "asked"


@dataclass(frozen=True, slots=True)
class Expected:
    """What must have arrived of one topic, and what has: a row of the table `expected`."""

    topic: str
    owner: str
    position: int
    events: int
    until: datetime
    log_position: int
    log_ends: tuple[int, ...]
    judged_since: datetime
    heard_until: datetime
    verified_position: int = 0
    verified_events: int = 0
    complete_until: datetime | None = None
    missing: int = 0
    remedy: Remedy | None = None
    remedy_at: datetime | None = None

    @classmethod
    def first(cls, topic: str, watermark: Watermark, now: datetime) -> Self:
        """What is expected of a topic when its owner is heard for the first time."""
        mark = watermark.topics[topic]
        return cls(
            topic=topic,
            owner=watermark.owner,
            position=watermark.position,
            events=mark.count,
            until=watermark.until,
            log_position=mark.log_position,
            log_ends=mark.log_ends,
            judged_since=now,
            heard_until=watermark.until,
        )

    @property
    def complete(self) -> bool:
        """Whether everything up to its watermark has arrived."""
        return self.verified_position == self.position

    def has_read_it_all(self, next_offsets: Mapping[int, int]) -> bool:
        """Whether the log was read as far as it went when it held all that is expected."""
        return self.log_position >= self.position and all(
            next_offsets.get(partition, 0) >= end for partition, end in enumerate(self.log_ends)
        )

    def hear(self, watermark: Watermark, now: datetime) -> Self:
        """Take note of a watermark. It is judged at once if the one before has been reached, or never can be."""
        mark = watermark.topics[self.topic]
        if watermark.until < self.heard_until:
            return self
        if watermark.head < self.verified_position:
            # The owner's database was set back: other events will get positions that were given before.
            return self.first(self.topic, watermark, now)
        heard = replace(self, heard_until=watermark.until)
        lost = mark.log_position < self.log_position or any(
            (mark.log_ends[partition] if partition < len(mark.log_ends) else 0) < end
            for partition, end in enumerate(self.log_ends)
        )
        if not (self.complete or lost or now - self.judged_since > JUDGED_AT_MOST):
            return heard
        # What was expected once is expected for ever, also while a lost log is published again.
        position, events, until = max(
            (watermark.position, mark.count, watermark.until), (self.position, self.events, self.until)
        )
        return replace(
            heard,
            position=position,
            events=events,
            until=until,
            log_position=mark.log_position,
            log_ends=mark.log_ends,
            judged_since=now,
        )

    def count(self, arrived: int, dead_letters: int, now: datetime) -> Self:
        """Judge by how many events between the verified position and the watermark's have arrived.

        Call this once the log was read as far as the watermark says. `dead_letters` is how many dead letters claim
        to be among these events. The claim is believed only if the owner was asked for what is missing and nothing
        came, because anybody who can write to Kafka can make it.
        """
        missing = self.events - self.verified_events - arrived
        is_requested = (
            self.remedy is Remedy.ASKED and self.remedy_at is not None and now - self.remedy_at > ANSWERED_WITHIN
        )
        if missing <= 0 or (is_requested and missing <= dead_letters):
            return replace(
                self,
                verified_position=self.position,
                verified_events=self.events,
                missing=0,
                remedy=None,
                remedy_at=None,
            )
        remedy = self._next_remedy(now, believed=missing <= dead_letters)
        if remedy is self.remedy:
            return replace(self, missing=missing)
        return replace(self, missing=missing, remedy=remedy, remedy_at=now)

    def _next_remedy(self, now: datetime, believed: bool) -> Remedy:
        if self.remedy is None or self.remedy_at is None:
            return Remedy.ASKED if believed else Remedy.READ_AGAIN
        if self.remedy is Remedy.READ_AGAIN:
            return Remedy.ASKED
        return Remedy.READ_AGAIN if now - self.remedy_at > ASKED_AGAIN_AFTER else Remedy.ASKED

    def derived(self) -> Self:
        """What has arrived was also derived. So the topic is complete if everything has arrived."""
        return replace(self, complete_until=self.until) if self.complete else self


FIELDS = tuple(field.name for field in fields(Expected))
