"""Completeness: whether every event that an owner published has arrived, told by the positions of its journal.

Invariant: a record that the log lost before it was read is noticed, and the log read again from its beginning, where
the owner's relay has published it anew.

Positions have no gaps, so whoever reads every topic of an owner can count what is missing. The consumer's own position
is no proof: a topic that is deleted and made again can be longer than that position before the consumer looks.
"""

import time
from typing import Any

import asyncpg

from contracts.catalogue import EVENT_TOPICS
from services.chassis.logs import get_log
from services.chassis.telemetry import Telemetry

log = get_log(__name__)

CHECK_SECONDS = 15.0

COUNT_MISSING = """
    SELECT owner, max(sequence) - count(*) AS missing
    FROM inbox
    WHERE owner = ANY ($1::text[]) AND accepted_at < now() - interval '30 seconds'
    GROUP BY owner
"""
"""Events younger than that may still be on their way."""


def owners_read_whole(service: str) -> list[str]:
    """The services of whose topics this one reads every one."""
    owners = {topic.owner for topic in EVENT_TOPICS}
    return sorted(
        owner for owner in owners if all(service in topic.readers for topic in EVENT_TOPICS if topic.owner == owner)
    )


class Completeness:
    """Counts what is missing, and has the log read again when that grows and stays."""

    def __init__(self, service: str, telemetry: Telemetry) -> None:
        self._owners = owners_read_whole(service)
        self._telemetry = telemetry
        self._check_at = 0.0
        self._missing_before = 0
        self._accounted_for = 0

    async def check(self, pool: asyncpg.Pool, consumers: list[Any], records_behind: int) -> None:
        """Look again every CHECK_SECONDS. What a reading of the whole log did not bring (it was set aside, say) is
        accounted for, and does not make it be read once more.
        """
        # While records wait, what is missing may be among them.
        if not self._owners or records_behind or time.monotonic() < self._check_at:
            return
        self._check_at = time.monotonic() + CHECK_SECONDS
        found = {row["owner"]: row["missing"] for row in await pool.fetch(COUNT_MISSING, self._owners, timeout=60)}
        for owner in self._owners:
            self._telemetry.missing.labels(owner).set(found.get(owner, 0))
        missing = sum(found.values())
        stays = 0 < missing <= self._missing_before
        self._accounted_for = min(self._accounted_for, missing)
        if stays and missing > self._accounted_for:
            log.warning("reading the log again from its beginning", missing=found)
            for consumer in consumers:
                await consumer.seek_to_beginning()
            self._accounted_for = missing
        self._missing_before = missing
