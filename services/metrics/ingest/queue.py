"""The derivation queue: the subjects whose timelines are still to be derived, and the locks on authorities.

Invariant: a subject that cannot be derived stays in the queue, marked with the reason, until an event of it arrives.
"""

from collections.abc import Collection, Mapping

from services.chassis.database import Connection, Reads
from services.metrics.ingest.subjects import Subject, split

AUTHORITY_LOCKS = 7_231
"""First half of the advisory locks by which consumers take turns on one authority."""

LOCK_AUTHORITIES = """
    SELECT pg_advisory_xact_lock($1, hashtext(authority))
    FROM (SELECT unnest($2::text[]) AS authority ORDER BY 1) AS sorted
"""

ENQUEUE = """
    INSERT INTO derivation_queue (authority, subject)
    SELECT * FROM unnest($1::text[], $2::text[])
    ON CONFLICT (authority, subject) DO UPDATE SET failed = NULL WHERE derivation_queue.failed IS NOT NULL
"""

# From one authority to the next by the index: the queue is long when this is asked most often.
LOCK_A_QUEUED_AUTHORITY = """
    WITH RECURSIVE queued (authority) AS (
        SELECT min(authority) FROM derivation_queue WHERE failed IS NULL
        UNION ALL
        SELECT (
            SELECT min(derivation_queue.authority)
            FROM derivation_queue
            WHERE derivation_queue.authority > queued.authority AND failed IS NULL
        )
        FROM queued
        WHERE queued.authority IS NOT NULL
    )
    SELECT authority
    FROM queued
    WHERE authority IS NOT NULL AND pg_try_advisory_xact_lock($1, hashtext(authority))
    LIMIT 1
"""

CLAIM = """
    DELETE FROM derivation_queue
    WHERE authority = $1 AND subject IN (
        SELECT subject
        FROM derivation_queue
        WHERE authority = $1 AND failed IS NULL
        ORDER BY subject LIKE 'post/%'
        LIMIT $2
    )
    RETURNING authority, subject
"""

COUNT_QUEUED = """
    SELECT count(*) FILTER (WHERE failed IS NULL) AS queued, count(failed) AS failed
    FROM derivation_queue
"""

ENQUEUE_EVERYTHING = """
    INSERT INTO derivation_queue (authority, subject)
    SELECT DISTINCT authority, subject
    FROM inbox
    WHERE ($1 = 'all' OR authority = $1) AND split_part(subject, '/', 1) = ANY ($2::text[])
    ON CONFLICT (authority, subject) DO UPDATE SET failed = NULL
"""

COUNT_QUEUED_OF = """
    SELECT count(*) FILTER (WHERE failed IS NULL) AS queued, count(failed) AS failed
    FROM derivation_queue
    WHERE $1 = 'all' OR authority = $1
"""

QUEUE_IS_EMPTY = "SELECT NOT EXISTS (SELECT FROM derivation_queue WHERE failed IS NULL)"

REMOVE = """
    DELETE FROM derivation_queue
    USING unnest($1::text[], $2::text[]) AS derived (authority, subject)
    WHERE derivation_queue.authority = derived.authority AND derivation_queue.subject = derived.subject
"""

ENQUEUE_FAILED = """
    INSERT INTO derivation_queue (authority, subject, failed)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[])
    ON CONFLICT (authority, subject) DO UPDATE SET failed = excluded.failed
"""

MARK_FAILED = "UPDATE derivation_queue SET failed = $3 WHERE authority = $1 AND subject = $2"


async def lock_authorities(connection: Connection, authorities: Collection[str]) -> None:
    """Wait until no other transaction works on these authorities; held to the end of this one."""
    await connection.execute(LOCK_AUTHORITIES, AUTHORITY_LOCKS, list(authorities))


async def enqueue(connection: Connection, subjects: Collection[Subject]) -> None:
    """Queue subjects whose timelines are to be derived later."""
    if subjects:
        await connection.execute(ENQUEUE, *split(sorted(subjects)))


async def enqueue_everything(connection: Connection, authority: str, kinds: Collection[str]) -> int:
    """Queue all subjects of an authority, or of `all`, to be derived again. Returns how many."""
    done: str = await connection.execute(ENQUEUE_EVERYTHING, authority, list(kinds))
    return int(done.rpartition(" ")[2])


async def count_queued(reads: Reads, authority: str) -> tuple[int, int]:
    """How many subjects of an authority, or of `all`, are queued, and how many of them failed."""
    ((queued, failed),) = await reads.fetch(COUNT_QUEUED_OF, authority)
    return queued, failed


async def queue_is_empty(connection: Connection) -> bool:
    """Whether every subject that can be derived was derived from all events in the inbox."""
    return bool(await connection.fetchval(QUEUE_IS_EMPTY))


async def enqueue_failed(connection: Connection, failed: Mapping[Subject, str]) -> None:
    """Queue subjects that cannot be derived, each with the reason. They wait for a new event, and stop no other."""
    if failed:
        await connection.execute(ENQUEUE_FAILED, *split(failed), list(failed.values()))


async def remove(connection: Connection, subjects: Collection[Subject]) -> None:
    """Remove subjects from the queue, because they have been derived."""
    await connection.execute(REMOVE, *split(subjects))


async def claim(connection: Connection, most: int) -> set[Subject]:
    """Take subjects of one authority out of the queue, posts last, and lock the authority.

    Returns none if only authorities that other transactions work on have subjects in the queue.
    """
    authority = await connection.fetchval(LOCK_A_QUEUED_AUTHORITY, AUTHORITY_LOCKS)
    if authority is None:
        return set()
    return {Subject(*row) for row in await connection.fetch(CLAIM, authority, most)}
