"""Tables of timelines: what is read from them to derive timelines, and how rows are written.

Invariant: the rows of one subject's timeline are only ever replaced together.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from contracts.codes import CoverReason
from services.chassis.database import Connection, Reads
from services.metrics.ingest.subjects import Subject, split, split_identifiers
from services.metrics.timelines.dimensions import BY_ASSIGNMENTS, Dimensions, dimensions_of_assignment
from services.metrics.timelines.rows import Cover, Occupancy, Staffing

Row = TypeVar("Row")

OfAuthority = tuple[str, Row]
"""An authority, and a row of it."""


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
"""The latest versions of an authority's staffing whose changes are kept. A copy of an older version is read whole."""
UNITS_TOLD = 250
"""The most changed staffing units that one version lists. If there are more, reading all units costs hardly more."""

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


async def subjects_of_many_events(connection: Connection, subjects: Collection[Subject], most: int) -> set[Subject]:
    """Those of the subjects that have at least `most` events in the inbox."""
    rows = await connection.fetch(MUCH_SAID, *split(subjects), most) if subjects else []
    return {Subject(*row) for row in rows}


async def crowded(connection: Connection, units: Collection[Subject], most: int) -> set[Subject]:
    """Those of the units that are posts with at least `most` rows of holders and covers."""
    posts = [unit for unit in units if unit.is_post]
    rows = await connection.fetch(CROWDED, *split_identifiers(posts), most) if posts else []
    return {Subject(row["authority"], f"post/{row['post']}") for row in rows}


async def merges(connection: Connection, authorities: Collection[str]) -> defaultdict[str, list[tuple[str, str]]]:
    """For each authority every merge ever stated, in force or not: the number kept, and its duplicate."""
    by_authority: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for row in await connection.fetch(MERGES, list(authorities)):
        by_authority[row["authority"]].append((row["kept"], row["duplicate"]))
    return by_authority


async def delete_occupancies(connection: Connection, workers: Collection[Subject]) -> set[Subject]:
    """Delete all rows of these numbers. Returns the posts that they held.

    Pass all numbers that a merge links at once: when a merge becomes known, rows of one number become rows of
    another.
    """
    if not workers:
        return set()
    gone = await connection.fetch(DELETE_OCCUPANCIES, *split_identifiers(workers))
    return {Subject(row["authority"], f"post/{row['post']}") for row in gone}


async def delete_covers(connection: Connection, assignments: Collection[Subject]) -> set[Subject]:
    """Delete all rows of these assignments. Returns the units that they covered."""
    if not assignments:
        return set()
    gone = await connection.fetch(DELETE_COVERS, *split_identifiers(assignments))
    return {unit_covered(row["authority"], row["cover"], row["post"]) for row in gone}


async def add_occupancies(connection: Connection, rows: Sequence[OfAuthority[Occupancy]]) -> None:
    """Write the rows of workers that have none."""
    if rows:
        await _copy(connection, "occupancy", OCCUPANCY_FIELDS, ((authority, *row) for authority, row in rows))


async def add_covers(connection: Connection, rows: Sequence[OfAuthority[Cover]]) -> None:
    """Write the rows of assignments that have none."""
    if rows:
        await _copy(connection, "cover", COVER_FIELDS, map(_cover_record, rows))


async def replace_staffing(
    connection: Connection, units: Collection[Subject], rows: Sequence[OfAuthority[Staffing]]
) -> None:
    """Replace all rows of these units by these rows."""
    await connection.execute(DELETE_STAFFING, *split(units))
    if rows:
        await _copy(connection, "staffing", STAFFING_FIELDS, map(_staffing_record, rows))


async def renew_versions(connection: Connection, units: Collection[Subject]) -> None:
    """Give the staffing of the authorities of these units new versions, once in a transaction that replaced theirs."""
    await connection.execute(NEW_STAFFING_VERSION, *split(units), CHANGES_KEPT, UNITS_TOLD)


async def occupancies_of_posts(connection: Connection, units: Collection[Subject]) -> list[OfAuthority[Occupancy]]:
    """Who held the posts among these units."""
    posts = [unit for unit in units if unit.is_post]
    rows = await connection.fetch(OCCUPANCIES_OF_POSTS, *split_identifiers(posts)) if posts else []
    return [(authority, Occupancy(*values)) for authority, *values in rows]


async def covers_of_units(connection: Connection, units: Collection[Subject]) -> list[OfAuthority[Cover]]:
    """The agency assignments in these units."""
    posts = [unit for unit in units if unit.is_post]
    assignments = [unit for unit in units if not unit.is_post]
    rows = await connection.fetch(COVERS_OF_POSTS, *split_identifiers(posts)) if posts else []
    if assignments:
        rows += await connection.fetch(COVERS_WITHOUT_POST, *split_identifiers(assignments))
    return [(authority, _cover(values)) for authority, *values in rows]


async def has_events(pool: Reads, authority: str, as_known_at: datetime, as_accepted_at: datetime | None) -> bool:
    """Whether any event of this authority was known at one instant and, if a second is given, accepted by that one."""
    return bool(await pool.fetchval(HAS_EVENTS, authority, as_known_at, as_accepted_at))


def unit_covered(authority: str, cover: str, post: str | None) -> Subject:
    """The staffing unit of an agency assignment: the post that it covers, or itself."""
    return Subject(authority, f"cover/{cover}" if post is None else f"post/{post}")


async def _copy(
    connection: Connection, table: str, columns: tuple[str, ...], records: Iterable[tuple[Any, ...]]
) -> None:
    # Records are made as they are written: all of them at once would be a second copy of all rows.
    await connection.copy_records_to_table(table, records=records, columns=("authority", *columns))


def _staffing_record(of_authority: OfAuthority[Staffing]) -> tuple[Any, ...]:
    authority, (unit, dimensions, *amounts_and_time) = of_authority
    return authority, unit, *amounts_and_time, *dimensions


def _cover_record(of_authority: OfAuthority[Cover]) -> tuple[Any, ...]:
    authority, (*assignment, stated, valid_from, valid_to, known_from, known_to) = of_authority
    time = (valid_from, valid_to, known_from, known_to)
    return authority, *assignment, *time, *(getattr(stated, name) for name in BY_ASSIGNMENTS)


def _cover(values: Sequence[Any]) -> Cover:
    cover, agency_worker, post, fte, reason, *when = values[: -len(BY_ASSIGNMENTS)]
    stated = dict(zip(BY_ASSIGNMENTS, values[-len(BY_ASSIGNMENTS) :], strict=True))
    return Cover(cover, agency_worker, post, fte, CoverReason(reason), dimensions_of_assignment(stated), *when)
