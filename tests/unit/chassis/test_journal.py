"""The journal: what becomes of an event that is put into it, what counts as the same, and in which order it is read.

Invariant: each outcome is beside what the table holds.
"""

from datetime import UTC, datetime
from typing import Any, cast

import asyncpg
import pytest

from services.chassis.journal import (
    CHANNEL,
    READ_AFTER,
    READ_TYPES_AFTER,
    Accepted,
    Conflict,
    Outcome,
    append,
    entries,
    fingerprint,
)
from services.chassis.stored_events import envelope_of, event_of
from tests.delivery.feed import Stated, post_established, stated
from tests.unit.chassis.journals import accept, accept_posts, incoming, worker_started

POST = "uk.workforce.post.established.v1"
START = "uk.workforce.worker.started.v1"


def accepted(outcome: Outcome) -> Accepted:
    assert isinstance(outcome, Accepted), outcome
    return outcome


async def test_events_get_positions_from_one_on_and_one_that_comes_again_keeps_its_own(pool: asyncpg.Pool) -> None:
    first, second = await accept(pool, post_established("P-1", "331"), post_established("P-2", "331"))
    assert (accepted(first).position, accepted(second).position) == (1, 2)
    third, again = await accept(pool, post_established("P-3", "331"), post_established("P-1", "331"))
    assert (accepted(third).position, accepted(third).known) == (3, False)
    assert again == Accepted(1, accepted(first).accepted_at, known=True)
    assert await pool.fetchval("SELECT position FROM journal_head") == 3


async def test_one_number_under_two_authorities_or_of_two_sources_are_different_events(pool: asyncpg.Pool) -> None:
    events = [post_established("P-1", "331"), post_established("P-1", "332")]
    events.append(post_established("P-1", "331") | {"source": "/another"})
    # Whatever differs in one of them, it is no conflict with another.
    events[1]["data"] = events[1]["data"] | {"funded_fte": 0.5}
    outcomes = await accept(pool, *events)
    assert [accepted(one).known for one in outcomes] == [False, False, False]
    assert [accepted(one).known for one in await accept(pool, *events)] == [True, True, True]


async def test_one_id_with_other_content_is_a_conflict_that_says_when_it_was_used(pool: asyncpg.Pool) -> None:
    (first,) = await accept(pool, post_established("P-1", "331"))
    (other,) = await accept(pool, post_established("P-1", "331", funded_fte=0.5))
    assert isinstance(other, Conflict)
    at = accepted(first).accepted_at.strftime("%Y-%m-%dT%H:%M:%S.%f").rstrip("0")
    assert other.fault.problem.startswith(f"was used by /hr at {at}")
    assert await pool.fetchval("SELECT count(*) FROM journal") == 1


async def test_of_one_request_the_first_of_two_with_one_id_stands(pool: asyncpg.Pool) -> None:
    same, other = post_established("P-1", "331"), post_established("P-1", "331", funded_fte=0.5)
    answers = await accept(pool, same, same, other)
    assert accepted(answers[0]) == Accepted(1, accepted(answers[0]).accepted_at, known=False)
    assert accepted(answers[1]) == Accepted(1, accepted(answers[0]).accepted_at, known=True)
    assert isinstance(answers[2], Conflict)


def correction(of: str, authority: str = "331", **attributes: str) -> Stated:
    return post_established("P-1", authority) | {"id": "correction", "supersedes": of, **attributes}


@pytest.mark.parametrize(
    ("event", "refers_to"),
    [
        (correction("P-1"), None),
        (correction("P-2"), "/hr#P-2"),
        (correction("P-1", "332"), "/hr#P-1"),
        (correction("P-1", supersedessource="/another"), "/another#P-1"),
        (post_established("P-3", "331"), None),
    ],
    ids=["known", "unknown", "of another authority", "of another source", "none"],
)
async def test_what_an_event_refers_to_is_named_where_it_has_not_come(
    pool: asyncpg.Pool, event: Stated, refers_to: str | None
) -> None:
    await accept_posts(pool, "P-1")
    (outcome,) = await accept(pool, event)
    assert accepted(outcome).refers_to == refers_to


async def test_what_an_event_refers_to_may_come_in_the_same_request_before_it(pool: asyncpg.Pool) -> None:
    _, outcome = await accept(pool, post_established("P-1", "331"), correction("P-1"))
    assert accepted(outcome).refers_to is None


async def test_what_another_authority_sends_in_the_same_request_is_not_what_an_event_refers_to(
    pool: asyncpg.Pool,
) -> None:
    _, outcome = await accept(pool, post_established("P-1", "331"), correction("P-1", "332"))
    assert accepted(outcome).refers_to == "/hr#P-1"


@pytest.mark.parametrize(
    ("name", "changes"), [("supersedes", {}), ("voids", {"data": {"because": "entered-in-error"}})]
)
async def test_a_reference_to_another_kind_of_thing_is_a_conflict(
    pool: asyncpg.Pool, name: str, changes: dict[str, Any]
) -> None:
    await accept(pool, worker_started("W-1", "331"))
    event = post_established("P-1", "331") | {name: "W-1"} | changes
    (outcome,) = await accept(pool, event)
    assert isinstance(outcome, Conflict)
    assert (outcome.fault.field, outcome.fault.value) == (name, "W-1")
    assert outcome.fault.problem == f"is an event of type {START} and subject worker/W-1"
    # Under another authority there is no such event.
    (elsewhere,) = await accept(pool, event | {"authority": "332"})
    assert accepted(elsewhere).refers_to == "/hr#W-1"


async def test_instants_of_acceptance_never_go_back(pool: asyncpg.Pool) -> None:
    ahead = datetime(2099, 1, 1, tzinfo=UTC)
    await pool.execute("UPDATE journal_head SET clock = $1", ahead)
    (outcome,) = await accept(pool, post_established("P-1", "331"))
    assert accepted(outcome).accepted_at == ahead
    assert await pool.fetchval("SELECT clock FROM journal_head") == ahead


ESTABLISHED = post_established("P-1", "331") | {"sourcesequence": "7"}


@pytest.mark.parametrize(
    "other",
    [
        {"id": "P-1", "sourcesequence": "8"},
        {"subject": "post/P-2"},
        {"time": "2023-11-01T09:00:00.000001Z"},
        {"supersedes": "P-0"},
        {"data": ESTABLISHED["data"] | {"team": "duty"}},
        {"source": "/other"},
    ],
    ids=["sourcesequence", "subject", "time", "supersedes", "data", "source"],
)
def test_events_are_the_same_by_all_that_their_feed_stated(other: dict[str, Any]) -> None:
    one, another = incoming(ESTABLISHED, ESTABLISHED | other)
    assert fingerprint(one) == fingerprint(incoming(ESTABLISHED)[0])
    assert fingerprint(one) != fingerprint(another)


def test_what_it_supersedes_is_not_what_it_voids_nor_is_the_same_id_of_another_source() -> None:
    supersedes = ESTABLISHED | {"supersedes": "P-0"}
    voids = stated("P-1", "post.established", "post/P-1", "331", {"because": "entered-in-error"}, voids="P-0")
    fingerprints = {
        fingerprint(item) for item in incoming(supersedes, supersedes | {"supersedessource": "/other"}, voids)
    }
    assert len(fingerprints) == 3


async def test_a_row_is_the_event_as_it_was_stated_with_what_the_service_stamped(pool: asyncpg.Pool) -> None:
    await accept_posts(pool, "P-0")
    full = ESTABLISHED | {"supersedes": "P-9", "supersedessource": "/other"}
    (outcome,) = await accept(pool, full)
    ((row),) = await pool.fetch(READ_AFTER, 1, 10)
    envelope = envelope_of(row)
    told = {name: getattr(envelope, name) for name in full if name not in ("data", "time")}
    assert told == {name: value for name, value in full.items() if name not in ("data", "time")}
    assert envelope.time == datetime(2023, 11, 1, 9, tzinfo=UTC)
    assert (envelope.acceptedtime, envelope.sequence) == (accepted(outcome).accepted_at, "2")
    assert (envelope.voids, envelope.voidssource, envelope.provenance) == (None, None, "request test")
    assert event_of(row).data == incoming(full)[0].event.data


async def test_events_are_read_in_order_so_many_at_a_time_from_behind_a_position_on(pool: asyncpg.Pool) -> None:
    await accept_posts(pool, "P-1", "P-2")
    await accept(pool, worker_started("W-3", "331"))
    await accept_posts(pool, "P-4", "P-5")
    await pool.execute("UPDATE journal SET provenance = 'written last' WHERE position = 1")

    async def read(query: str, *values: Any) -> list[int]:
        return [row["sequence"] for row in await pool.fetch(query, *values)]

    assert await read(READ_AFTER, 0, 3) == [1, 2, 3]
    assert await read(READ_AFTER, 3, 3) == [4, 5]
    assert await read(READ_AFTER, 5, 3) == []
    assert await read(READ_TYPES_AFTER, 1, 4, [POST], 10) == [2, 4]
    assert await read(READ_TYPES_AFTER, 0, 5, [POST], 3) == [1, 2, 4]
    assert await read(READ_TYPES_AFTER, 0, 3, [POST, START], 10) == [1, 2, 3]


async def test_the_relay_is_woken_by_what_is_new_and_by_nothing_else(
    address_of_tables: str, pool: asyncpg.Pool
) -> None:
    listening = await asyncpg.connect(address_of_tables)
    woken: list[str] = []
    await listening.add_listener(CHANNEL, lambda *told: woken.append(str(told[2])))
    try:
        for news in (1, 0):
            await accept_posts(pool, "P-1")
            # Notifications come before the answer to what is asked after them.
            await listening.execute("SELECT 1")
            assert len(woken) == news
            woken.clear()
    finally:
        await listening.close()


async def test_nothing_is_in_the_journal_before_the_transaction_is(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await append(cast(Any, connection), entries(incoming(post_established("P-1", "331")), "request test"))
        assert await pool.fetchval("SELECT count(*) FROM journal") == 0
        await transaction.commit()
    assert await pool.fetchval("SELECT count(*) FROM journal") == 1
