"""What `make up` asks the databases before and after it loads the demonstration, of real journals.

Invariant: the journals hold the histories of tests/deploy/two_authorities.py, 30 events in all and no other.
"""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from deploy.embedded.feeding import Held, events_accepted, events_counting, held
from services.chassis.database import migrate
from services.chassis.runtime import CHASSIS_MIGRATIONS
from services.metrics.app import SPEC
from tests.deploy.production import Production
from tests.deploy.two_authorities import TO_RECRUITMENT, TO_RETENTION

HISTORY = TO_RECRUITMENT + TO_RETENTION


def journals(production: Production) -> dict[str, str]:
    """Where the journals of the publishing services are."""
    return {name: production.postgresql.url(name) for name in ("recruitment", "retention")}


@pytest.fixture
async def empty(production: Production) -> AsyncIterator[str]:
    """A database of metrics that holds nothing."""
    url = production.postgresql.create("loading")
    pool = await asyncpg.create_pool(url, min_size=1, max_size=1)
    assert SPEC.migrations is not None
    await migrate(pool, (CHASSIS_MIGRATIONS, SPEC.migrations))
    await pool.close()
    yield url
    production.postgresql.drop("loading")


async def test_a_history_is_held_whole_in_part_or_not_at_all(production: Production) -> None:
    one_more = HISTORY[0] | {"id": "one-more"}
    assert await held(HISTORY, journals(production)) is Held.ALL
    assert await held(TO_RETENTION, journals(production)) is Held.ALL
    assert await held([*HISTORY, one_more], journals(production)) is Held.PART
    assert await held([one_more], journals(production)) is Held.OTHER


@pytest.mark.parametrize("other", [{"authority": "777"}, {"source": "/another/hr"}, {"id": "another"}])
async def test_an_event_is_known_by_its_authority_source_and_id(production: Production, other: dict[str, str]) -> None:
    assert await held([HISTORY[0] | other], journals(production)) is Held.OTHER


async def test_where_nothing_was_accepted_nothing_is_held(empty: str) -> None:
    urls = {"recruitment": empty, "retention": empty}
    assert await held(HISTORY, urls) is Held.NOTHING
    assert await events_accepted(urls) == 0


async def test_everything_accepted_counts_once_it_is_derived(production: Production) -> None:
    assert len(HISTORY) == 30
    assert await events_accepted(journals(production)) == 30
    assert await events_counting(production.postgresql.url("metrics")) == 30


async def test_while_figures_wait_to_be_derived_nothing_counts(production: Production, empty: str) -> None:
    metrics = await asyncpg.connect(production.postgresql.url("metrics"))
    copied = await metrics.fetch("SELECT * FROM inbox")
    await metrics.close()
    connection = await asyncpg.connect(empty)
    await connection.copy_records_to_table("inbox", records=[tuple(row) for row in copied])
    assert await events_counting(empty) == 30
    await connection.execute("INSERT INTO derivation_queue (authority, subject) VALUES ('331', 'post/P-1')")
    assert await events_counting(empty) == 0
    await connection.close()
