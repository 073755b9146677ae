"""The tables of metrics: timelines in, sums out.

Invariant: rows of a timeline are only ever replaced whole, subject by subject.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from contracts.codes import CoverReason
from services.chassis.database import Connection, Reads
from services.metrics.timelines.dimensions import BY_ASSIGNMENTS, Dimensions, dimensions_of_assignment
from services.metrics.timelines.rows import Cover, Occupancy, Staffing

Row = TypeVar("Row")

OfAuthority = tuple[str, Row]
"""An authority, and a row of it."""


class Subject(NamedTuple):
    """Something of an authority that has a timeline: `worker/…`, `cover/…` or `post/…`."""

    authority: str
    name: str

    @property
    def kind(self) -> str:
        """The word before the slash."""
        return self.name.partition("/")[0]

    @property
    def identifier(self) -> str:
        """What stands behind the slash."""
        return self.name.partition("/")[2]

    @property
    def is_post(self) -> bool:
        """Whether it is a post."""
        return self.kind == "post"


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

# No more is counted than what is too much.
MUCH_SAID = """
    SELECT wanted.authority, wanted.subject
    FROM unnest($1::text[], $2::text[]) AS wanted (authority, subject)
    CROSS JOIN LATERAL (
        SELECT count(*) AS events
        FROM (
            SELECT
            FROM inbox
            WHERE inbox.authority = wanted.authority AND inbox.subject = wanted.subject
            LIMIT $3
        ) AS up_to_so_many
    ) AS counted
    WHERE counted.events >= $3
"""

CROWDED = """
    SELECT wanted.authority, wanted.post
    FROM unnest($1::text[], $2::text[]) AS wanted (authority, post)
    CROSS JOIN LATERAL (
        SELECT count(*) AS rows
        FROM (
            (
                SELECT
                FROM occupancy
                WHERE occupancy.authority = wanted.authority AND occupancy.post = wanted.post
                LIMIT $3
            )
            UNION ALL
            (SELECT FROM cover WHERE cover.authority = wanted.authority AND cover.post = wanted.post LIMIT $3)
        ) AS up_to_so_many
    ) AS counted
    WHERE counted.rows >= $3
"""

ENQUEUE_FAILED = """
    INSERT INTO derivation_queue (authority, subject, failed)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[])
    ON CONFLICT (authority, subject) DO UPDATE SET failed = excluded.failed
"""

MARK_FAILED = "UPDATE derivation_queue SET failed = $3 WHERE authority = $1 AND subject = $2"

# Withdrawals are left out: they name no duplicate. The index merges_stated holds the rest, which are few.
MERGES = """
    SELECT authority, substr(subject, length('worker/') + 1) AS kept, body ->> 'duplicate' AS duplicate
    FROM inbox
    WHERE authority = ANY ($1::text[]) AND type = 'uk.workforce.worker.merged.v1' AND voids IS NULL
"""

DELETE_OCCUPANCIES = """
    DELETE FROM occupancy
    USING unnest($1::text[], $2::text[]) AS gone (authority, worker)
    WHERE occupancy.authority = gone.authority AND occupancy.worker = gone.worker
    RETURNING occupancy.authority, occupancy.post
"""

DELETE_COVERS = """
    DELETE FROM cover
    USING unnest($1::text[], $2::text[]) AS gone (authority, cover)
    WHERE cover.authority = gone.authority AND cover.cover = gone.cover
    RETURNING cover.authority, cover.cover, cover.post
"""

DELETE_STAFFING = """
    DELETE FROM staffing
    USING unnest($1::text[], $2::text[]) AS gone (authority, staffing_unit)
    WHERE staffing.authority = gone.authority AND staffing.staffing_unit = gone.staffing_unit
"""

CHANGES_KEPT = 250
"""Versions of an authority's staffing that a copy of it can go on from; an older copy is read whole."""
UNITS_TOLD = 250
"""Staffing units that one version tells it changed: where there are more, to read all of them costs hardly more."""

NEW_STAFFING_VERSION = """
    WITH changed AS (
        SELECT authority, CASE WHEN count(*) <= $4 THEN array_agg(unit) END AS units
        FROM unnest($1::text[], $2::text[]) AS changed (authority, unit)
        GROUP BY authority
    ),
    current AS (
        INSERT INTO staffing_version (authority)
        SELECT authority FROM changed ORDER BY authority
        ON CONFLICT (authority)
        DO UPDATE SET version = gen_random_uuid(), generation = staffing_version.generation + 1
        RETURNING authority, generation, version
    ),
    forgotten AS (
        DELETE FROM staffing_change
        USING current
        WHERE staffing_change.authority = current.authority AND staffing_change.generation <= current.generation - $3
    )
    INSERT INTO staffing_change (authority, generation, version, units)
    SELECT current.authority, generation, version, units
    FROM current
    JOIN changed ON changed.authority = current.authority
"""

# asyncpg reads 'infinity' as the largest datetime, but without its time zone.
KNOWN_TO = "least(known_to, '9999-12-31 23:59:59.999999Z')"

OCCUPANCIES_OF_POSTS = f"""
    SELECT occupancy.authority, worker, occupancy.post, fte, valid_from, valid_to, known_from, {KNOWN_TO}
    FROM unnest($1::text[], $2::text[]) AS wanted (authority, post)
    JOIN occupancy ON occupancy.authority = wanted.authority AND occupancy.post = wanted.post
"""  # noqa: S608

COVER_COLUMNS = f"""
    cover.authority, cover.cover, agency_worker, cover.post, fte, reason, valid_from, valid_to, known_from, {KNOWN_TO},
    {", ".join(BY_ASSIGNMENTS)}
"""

COVERS_OF_POSTS = f"""
    SELECT {COVER_COLUMNS}
    FROM unnest($1::text[], $2::text[]) AS wanted (authority, post)
    JOIN cover ON cover.authority = wanted.authority AND cover.post = wanted.post
"""  # noqa: S608

COVERS_WITHOUT_POST = f"""
    SELECT {COVER_COLUMNS}
    FROM unnest($1::text[], $2::text[]) AS wanted (authority, cover)
    JOIN cover ON cover.authority = wanted.authority AND cover.cover = wanted.cover
    WHERE cover.post IS NULL
"""  # noqa: S608

HAS_EVENTS = """
    SELECT EXISTS (
        SELECT FROM inbox
        WHERE authority = $1 AND recorded_at <= $2 AND ($3::timestamptz IS NULL OR accepted_at <= $3)
    )
"""

OCCUPANCY_FIELDS = Occupancy._fields
COVER_FIELDS = (*(name for name in Cover._fields if name != "stated"), *BY_ASSIGNMENTS)
STAFFING_FIELDS = (*(name for name in Staffing._fields if name != "dimensions"), *Dimensions._fields)


async def lock_authorities(connection: Connection, authorities: Collection[str]) -> None:
    """Wait until no other transaction works on these authorities; held to the end of this one."""
    await connection.execute(LOCK_AUTHORITIES, AUTHORITY_LOCKS, list(authorities))


async def enqueue(connection: Connection, subjects: Collection[Subject]) -> None:
    """Put subjects into the queue of those whose timelines are to be derived later."""
    if subjects:
        await connection.execute(ENQUEUE, *_split(sorted(subjects)))


async def enqueue_everything(connection: Connection, authority: str, kinds: Collection[str]) -> int:
    """Queue all that was ever said of an authority, or of `all`, to be derived anew; gives how many subjects."""
    done: str = await connection.execute(ENQUEUE_EVERYTHING, authority, list(kinds))
    return int(done.rpartition(" ")[2])


async def count_queued(reads: Reads, authority: str) -> tuple[int, int]:
    """How many subjects of an authority, or of `all`, are queued, and how many cannot be derived."""
    ((queued, failed),) = await reads.fetch(COUNT_QUEUED_OF, authority)
    return queued, failed


async def queue_is_empty(connection: Connection) -> bool:
    """Whether everything that can be derived was derived from all events in the inbox."""
    return bool(await connection.fetchval(QUEUE_IS_EMPTY))


async def enqueue_failed(connection: Connection, failed: Mapping[Subject, str]) -> None:
    """Queue subjects that cannot be derived, each with why: they wait for a new event, and stop no other."""
    if failed:
        await connection.execute(ENQUEUE_FAILED, *_split(failed), list(failed.values()))


async def much_said(connection: Connection, subjects: Collection[Subject], most: int) -> set[Subject]:
    """Those of the subjects of which at least so many events were taken in."""
    rows = await connection.fetch(MUCH_SAID, *_split(subjects), most) if subjects else []
    return {Subject(*row) for row in rows}


async def crowded(connection: Connection, units: Collection[Subject], most: int) -> set[Subject]:
    """Those of the units that are posts with at least so many rows of holders and covers."""
    posts = [unit for unit in units if unit.is_post]
    rows = await connection.fetch(CROWDED, *_split_identifiers(posts), most) if posts else []
    return {Subject(row["authority"], f"post/{row['post']}") for row in rows}


async def remove(connection: Connection, subjects: Collection[Subject]) -> None:
    """These subjects are derived: they need not be derived later, nor anew after a failure."""
    await connection.execute(REMOVE, *_split(subjects))


async def claim(connection: Connection, most: int) -> set[Subject]:
    """Take subjects of one authority out of the queue, posts last, and lock it.

    None where nothing is queued but of authorities that other transactions work on.
    """
    authority = await connection.fetchval(LOCK_A_QUEUED_AUTHORITY, AUTHORITY_LOCKS)
    if authority is None:
        return set()
    return {Subject(*row) for row in await connection.fetch(CLAIM, authority, most)}


async def merges(connection: Connection, authorities: Collection[str]) -> defaultdict[str, list[tuple[str, str]]]:
    """By authority every merge ever stated, standing or not: the number kept, and its duplicate."""
    by_authority: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for row in await connection.fetch(MERGES, list(authorities)):
        by_authority[row["authority"]].append((row["kept"], row["duplicate"]))
    return by_authority


async def delete_occupancies(connection: Connection, workers: Collection[Subject]) -> set[Subject]:
    """Delete all rows of these numbers; gives the posts they held.

    Of numbers that a merge links, give all at once: the rows of one go over to another when a merge becomes known.
    """
    if not workers:
        return set()
    gone = await connection.fetch(DELETE_OCCUPANCIES, *_split_identifiers(workers))
    return {Subject(row["authority"], f"post/{row['post']}") for row in gone}


async def delete_covers(connection: Connection, assignments: Collection[Subject]) -> set[Subject]:
    """Delete all rows of these assignments; gives the units they covered."""
    if not assignments:
        return set()
    gone = await connection.fetch(DELETE_COVERS, *_split_identifiers(assignments))
    return {unit_covered(row["authority"], row["cover"], row["post"]) for row in gone}


async def add_occupancies(connection: Connection, rows: Sequence[OfAuthority[Occupancy]]) -> None:
    """Write the rows of workers that have none."""
    await _copy(connection, "occupancy", OCCUPANCY_FIELDS, rows)


async def add_covers(connection: Connection, rows: Sequence[OfAuthority[Cover]]) -> None:
    """Write the rows of assignments that have none."""
    await _copy(connection, "cover", COVER_FIELDS, [(authority, _cover_record(row)) for authority, row in rows])


async def replace_staffing(
    connection: Connection, units: Collection[Subject], rows: Sequence[OfAuthority[Staffing]]
) -> None:
    """Put these rows in the place of all that these units had, and give their authorities' staffing new versions."""
    await connection.execute(DELETE_STAFFING, *_split(units))
    records = [(authority, _staffing_record(row)) for authority, row in rows]
    await _copy(connection, "staffing", STAFFING_FIELDS, records)
    await connection.execute(NEW_STAFFING_VERSION, *_split(units), CHANGES_KEPT, UNITS_TOLD)


async def occupancies_of_posts(connection: Connection, units: Collection[Subject]) -> list[OfAuthority[Occupancy]]:
    """Who held the posts among these units."""
    posts = [unit for unit in units if unit.is_post]
    rows = await connection.fetch(OCCUPANCIES_OF_POSTS, *_split_identifiers(posts)) if posts else []
    return [(authority, Occupancy(*values)) for authority, *values in rows]


async def covers_of_units(connection: Connection, units: Collection[Subject]) -> list[OfAuthority[Cover]]:
    """The agency assignments in these units."""
    posts = [unit for unit in units if unit.is_post]
    assignments = [unit for unit in units if not unit.is_post]
    rows = await connection.fetch(COVERS_OF_POSTS, *_split_identifiers(posts)) if posts else []
    if assignments:
        rows += await connection.fetch(COVERS_WITHOUT_POST, *_split_identifiers(assignments))
    return [(authority, _cover(values)) for authority, *values in rows]


async def has_events(pool: Reads, authority: str, as_known_at: datetime, as_accepted_at: datetime | None) -> bool:
    """Whether any event of this authority was known at one instant and, where one is given, accepted by another."""
    return bool(await pool.fetchval(HAS_EVENTS, authority, as_known_at, as_accepted_at))


def unit_covered(authority: str, cover: str, post: str | None) -> Subject:
    """The staffing unit of an agency assignment: the post that it covers, or itself."""
    return Subject(authority, f"cover/{cover}" if post is None else f"post/{post}")


def _split(subjects: Collection[Subject]) -> tuple[list[str], list[str]]:
    return [subject.authority for subject in subjects], [subject.name for subject in subjects]


def _split_identifiers(subjects: Collection[Subject]) -> tuple[list[str], list[str]]:
    return [subject.authority for subject in subjects], [subject.identifier for subject in subjects]


async def _copy(
    connection: Connection, table: str, columns: tuple[str, ...], rows: Iterable[OfAuthority[tuple[Any, ...]]]
) -> None:
    records = [(authority, *row) for authority, row in rows]
    if records:
        await connection.copy_records_to_table(table, records=records, columns=("authority", *columns))


def _staffing_record(row: Staffing) -> tuple[Any, ...]:
    unit, dimensions, *amounts_and_time = row
    return unit, *amounts_and_time, *dimensions


def _cover_record(row: Cover) -> tuple[Any, ...]:
    *assignment, stated, valid_from, valid_to, known_from, known_to = row
    time = (valid_from, valid_to, known_from, known_to)
    return *assignment, *time, *(getattr(stated, name) for name in BY_ASSIGNMENTS)


def _cover(values: Sequence[Any]) -> Cover:
    cover, agency_worker, post, fte, reason, *when = values[: -len(BY_ASSIGNMENTS)]
    stated = dict(zip(BY_ASSIGNMENTS, values[-len(BY_ASSIGNMENTS) :], strict=True))
    return Cover(cover, agency_worker, post, fte, CoverReason(reason), dimensions_of_assignment(stated), *when)
