"""The tables of retention: its own journal, and the hiring it took in from Kafka.

Invariant: this service reads its own database only.
"""

from collections.abc import Collection

import asyncpg

STARTED = """
    SELECT DISTINCT subject
    FROM inbox
    WHERE authority = $1 AND subject = ANY ($2::text[])
        AND type = 'uk.workforce.worker.started.v1' AND voids IS NULL
"""


async def workers_started(pool: asyncpg.Pool, authority: str, workers: Collection[str]) -> set[str]:
    """Which of these subjects (`worker/…`) have a start that hiring published."""
    return {row["subject"] for row in await pool.fetch(STARTED, authority, list(workers))}
