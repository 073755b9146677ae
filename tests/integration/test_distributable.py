"""Metrics can be distributed by authority: every key and join has it, so that all of one authority is in one place.

What decision 0038 says of Citus, and of a database for some authorities, rests on this.
"""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from services import metrics
from services.chassis import inbox
from services.chassis.database import connect_pool, migrate
from services.chassis.runtime import CHASSIS_MIGRATIONS
from services.metrics.reports import MIGRATIONS as OF_REPORTS
from services.metrics.reports import store as reports_store
from tests.integration.by_authority import (
    TABLES,
    keys_without_authority,
    modules_in,
    queries_in,
    queries_of_reporting,
    queries_within_functions,
    scans_without_authority,
)
from tests.integration.test_stock_columns import METRICS_MIGRATIONS

OPERATIONAL = {
    "migration": "which migrations ran: of the database",
    "journal": "events accepted at the door in the order of its positions; metrics has no door, and it is empty",
    "journal_head": "the last position of that journal",
    "reading": "how far each partition of Kafka was read: of the consumers of this database",
    "expected": "how many events of a topic there are to be, as its watermarks say",
    "dead_letter_event": "records of a topic that could not be taken in; of some not even the authority can be told",
    "dead_letter": "those records that people act on, by their place on the dead letter topic",
    "dead_letter_action": "what people did with them",
    "relay_progress": "how far the relay of a publishing service has come; metrics publishes nothing",
    "relay_count": "how much that relay published on a topic",
    "relay_log_end": "where it saw the end of a partition",
    "relay_again": "topics that it publishes anew",
    "benchmark_release": "what DfE published, as it was kept until releases had a database of their own (0027)",
    "benchmark_figure": "the figures of those",
}
"""Tables that are not of one authority, each with why: every database of metrics has its own."""

OF_ALL_AUTHORITIES = {
    "stock_columns.VERSIONS: staffing_version as staffing_version": "every authority, and the version of its staffing",
    "stock_columns.COUNT_ROWS: staffing as staffing": "a sum over several authorities",
    "stock_columns.COUNT_KEYS: staffing as staffing": "distinct values over several authorities",
    "store.MERGES: inbox as inbox": "the merges of several authorities, each told with its own",
    "queue.COUNT_QUEUED: derivation_queue as derivation_queue": "how long the queue is, for the operator",
    "queue.COUNT_QUEUED_OF: derivation_queue as derivation_queue": "the same, of one authority or all",
    "queue.ENQUEUE_EVERYTHING: inbox as inbox": "every subject, each into the queue of its own authority",
    "queue.QUEUE_IS_EMPTY: derivation_queue as derivation_queue": "whether there is anything in the queue",
    "queue.LOCK_A_QUEUED_AUTHORITY: derivation_queue as derivation_queue": "any authority of which something is queued",
    "feeds.COUNT: feed as feed": "how many feeds there are, of one authority or all",
    "feeds.LIST: feed as feed": "those feeds, each with its authority",
    "feeds.NEWEST: feed as feed": "the feeds that came last, for Prometheus",
}
"""Queries over many authorities, each with what is asked: each place answers of its own, and that is put together."""


@pytest.fixture
async def pool(database: str) -> AsyncIterator[asyncpg.Pool]:
    """The tables of metrics, as its migrations make them."""
    pool = await connect_pool(database, 1)
    await migrate(pool, (CHASSIS_MIGRATIONS, METRICS_MIGRATIONS))
    yield pool
    await pool.close()


async def test_every_key_has_the_authority_but_those_of_operational_tables(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection:
        assert await keys_without_authority(connection, OPERATIONAL) == set()
        tables = {row["table"] for row in await connection.fetch(TABLES)}
    assert tables - OPERATIONAL.keys() == {
        "inbox",
        "feed",
        "derivation_queue",
        "occupancy",
        "cover",
        "staffing",
        "staffing_version",
        "staffing_change",
        "initiative",
    }
    assert OPERATIONAL.keys() < tables


async def test_reports_stand_by_authority_too_in_the_database_of_what_is_kept(pool: asyncpg.Pool) -> None:
    await migrate(pool, (OF_REPORTS,))
    tables = {"report", "report_question", "report_count"}
    async with pool.acquire() as connection:
        assert await keys_without_authority(connection, OPERATIONAL) == set()
        assert tables < {row["table"] for row in await connection.fetch(TABLES)}
        queries = queries_in([reports_store])
        assert {"store.FIND", "store.LIST", "store.TAKE_AWAY"} < queries.keys()
        assert await scans_without_authority(connection, queries, tables) == set()


async def test_a_key_without_the_authority_is_noticed(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection:
        await connection.execute(
            """
            CREATE TABLE office (authority text NOT NULL, name text PRIMARY KEY);
            CREATE TABLE desk (authority text, number integer, office text REFERENCES office, UNIQUE (number));
            CREATE TABLE chair (number integer PRIMARY KEY);
            CREATE UNIQUE INDEX one_worker ON staffing (staffing_unit, valid_from, known_from);
            """
        )
        assert await keys_without_authority(connection, OPERATIONAL) == {
            "office: office_pkey is without the authority",
            "desk: desk_number_key is without the authority",
            "desk: desk_office_fkey is without the authority",
            "desk has no primary key",
            "chair: chair_pkey is without the authority",
            "chair has no authority",
            "staffing: one_worker is without the authority",
        }


async def test_every_scan_and_join_is_by_the_authority_but_of_what_asks_for_all(pool: asyncpg.Pool) -> None:
    asking = [*modules_in(metrics, leave_out=["services.metrics.benchmarks", "services.metrics.reports"]), inbox]
    queries = queries_in(asking)
    assert {"store.NEW_STAFFING_VERSION", "stock_columns.ROWS", "inbox.READ_ARRIVED", "feeds.LIST"} < queries.keys()
    assert queries_within_functions(asking) == set()
    # Of any dimensions, and only where these have some values.
    by, filters = "role, team", " AND grade IS NOT DISTINCT FROM $2"
    queries["stock_columns.COUNT_KEYS"] = queries["stock_columns.COUNT_KEYS"].format(by=by, filters=filters)
    async with pool.acquire() as connection:
        await connection.execute(inbox.MAKE_ARRIVING)
        queries |= await queries_of_reporting(connection)
        assert "reporting.detailed_stock" in queries
        scans = await scans_without_authority(connection, queries, await distributed(connection))
    assert scans == OF_ALL_AUTHORITIES.keys()


BY_NUMBER_ALONE = """
    SELECT occupancy.worker FROM staffing
    JOIN occupancy ON staffing.staffing_unit = 'post/' || occupancy.post
    WHERE staffing.authority = $1
"""
BY_LISTS = """
    SELECT occupancy.worker FROM staffing
    JOIN occupancy ON staffing.staffing_unit = 'post/' || occupancy.post
    WHERE staffing.authority = ANY ($1::text[]) AND occupancy.authority = ANY ($1::text[])
"""
BY_AUTHORITY = """
    SELECT occupancy.worker FROM staffing
    JOIN occupancy
        ON occupancy.authority = staffing.authority AND staffing.staffing_unit = 'post/' || occupancy.post
    WHERE staffing.authority = $1
"""
WITHIN = """
    SELECT subject FROM inbox
    WHERE authority = $1 AND EXISTS (SELECT FROM cover WHERE 'cover/' || cover.cover = inbox.subject)
"""
OF_DELETION = "DELETE FROM cover USING occupancy WHERE cover.authority = $1 AND occupancy.post = cover.post"


PERHAPS = "SELECT fte FROM cover WHERE $1 = 'all' OR cover.authority = $1"


@pytest.mark.parametrize(
    ("query", "noticed"),
    [
        (BY_NUMBER_ALONE, {"it: occupancy as occupancy"}),
        (BY_LISTS, {"it: occupancy as occupancy", "it: staffing as staffing"}),
        (WITHIN, {"it: cover as cover"}),
        (OF_DELETION, {"it: occupancy as occupancy"}),
        (PERHAPS, {"it: cover as cover"}),
        (BY_AUTHORITY, set()),
    ],
    ids=["by number alone", "by lists", "within", "of a deletion", "perhaps", "by authority"],
)
async def test_a_join_without_the_authority_is_noticed(pool: asyncpg.Pool, query: str, noticed: set[str]) -> None:
    async with pool.acquire() as connection:
        assert await scans_without_authority(connection, {"it": query}, await distributed(connection)) == noticed


async def distributed(connection: asyncpg.pool.PoolConnectionProxy) -> set[str]:
    return {row["table"] for row in await connection.fetch(TABLES)} - OPERATIONAL.keys()
