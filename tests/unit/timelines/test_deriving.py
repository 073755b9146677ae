"""From the inbox to the tables: whatever comes in which order, in which batches, at once or later, rows are the same.

Invariant: what stands on a unit on a day is written by hand; two authorities have the same numbers for other things.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any, cast

import asyncpg
import pytest

from contracts.envelope import Event
from services.chassis import inbox, recent_events
from services.chassis.recent_events import RecentEvents
from services.chassis.runtime import Runtime
from services.metrics.ingest import derivation, feeds, handlers, queue, store
from services.metrics.ingest.subjects import Subject
from services.metrics.read_models.readers import Readers
from services.metrics.telemetry import MetricsTelemetry
from services.metrics.timelines import knowledge
from tests.delivery.feed import Stated, decoded, post_established, stated
from tests.unit.chassis.journals import worker_started

FULL, HALF = 1_000_000, 500_000
TABLES = ("occupancy", "cover", "staffing", "derivation_queue")
Standing = tuple[int, int, int, int, int]
"""Establishment, in post, vacancies, agency workers, uncovered vacancies; in millionths of an FTE."""


def started(worker: str, post: str, on: str, authority: str, fte: float = 1) -> Stated:
    event = worker_started(worker, authority)
    return event | {"id": f"start-{worker}", "data": event["data"] | {"started_on": on, "post": post, "fte": fte}}


def moved(worker: str, on: str, from_post: str, to_post: str, fte: float) -> Stated:
    data = {"moved_on": on, "from_post": from_post, "to_post": to_post, "fte": fte}
    return stated(f"move-{worker}", "worker.moved", f"worker/{worker}", "331", data)


def left(worker: str, on: str) -> Stated:
    data = {"left_on": on, "reason": "resignation", "destination": "other"}
    return stated(f"leaver-{worker}", "worker.left", f"worker/{worker}", "331", data)


def cover(assignment: str, on: str, authority: str, **data: Any) -> Stated:
    facts = {"started_on": on, "agency_worker": f"A-{assignment}", "fte": 1, "reason": "vacancy", **data}
    return stated(f"start-{assignment}", "cover.started", f"cover/{assignment}", authority, facts)


HISTORY = [
    post_established("P-1", "331"),
    post_established("P-2", "331"),
    started("W-1", "P-1", "2021-03-01", "331"),
    moved("W-1", "2022-01-10", "P-1", "P-2", 0.5),
    started("W-3", "P-1", "2023-01-01", "331"),
    # W-2 and W-3 are numbers of one person.
    started("W-2", "P-2", "2021-05-01", "331", 0.5),
    stated("merge", "worker.merged", "worker/W-2", "331", {"duplicate": "W-3"}),
    left("W-1", "2023-06-01"),
    cover("C-1", "2022-02-01", "331", post="P-1"),
    stated("change", "cover.changed", "cover/C-1", "331", {"effective_from": "2022-06-01", "post": "P-2"}),
    stated("end", "cover.ended", "cover/C-1", "331", {"ended_on": "2022-09-01", "outcome": "completed"}),
    cover("C-2", "2022-02-01", "331", reason="additional", role="social-worker"),
    # The same numbers of another authority are other people and things.
    post_established("P-1", "332", 0.5),
    started("W-1", "P-1", "2021-03-01", "332", 0.5),
    cover("C-2", "2022-02-01", "332", post="P-1"),
    started("W-3", "P-9", "2023-01-01", "332"),
]
STANDING: dict[tuple[str, str, str], Standing] = {
    # W-1 begins on P-1, and leaves it on the day of the move.
    ("331", "post/P-1", "2021-02-28"): (FULL, 0, FULL, 0, FULL),
    ("331", "post/P-1", "2021-03-01"): (FULL, FULL, 0, 0, 0),
    ("331", "post/P-1", "2022-01-09"): (FULL, FULL, 0, 0, 0),
    ("331", "post/P-1", "2022-01-10"): (FULL, 0, FULL, 0, FULL),
    # C-1 covers it until it goes over to P-2.
    ("331", "post/P-1", "2022-02-01"): (FULL, 0, FULL, FULL, 0),
    ("331", "post/P-1", "2022-05-31"): (FULL, 0, FULL, FULL, 0),
    ("331", "post/P-1", "2022-06-01"): (FULL, 0, FULL, 0, FULL),
    ("331", "post/P-1", "2023-01-01"): (FULL, FULL, 0, 0, 0),
    ("331", "post/P-2", "2021-05-01"): (FULL, HALF, HALF, 0, HALF),
    ("331", "post/P-2", "2022-01-10"): (FULL, FULL, 0, 0, 0),
    ("331", "post/P-2", "2022-06-01"): (FULL, FULL, 0, FULL, 0),
    ("331", "post/P-2", "2022-09-01"): (FULL, FULL, 0, 0, 0),
    # W-1 has left on that day.
    ("331", "post/P-2", "2023-05-31"): (FULL, FULL, 0, 0, 0),
    ("331", "post/P-2", "2023-06-01"): (FULL, HALF, HALF, 0, HALF),
    ("331", "cover/C-2", "2022-02-01"): (0, 0, 0, FULL, 0),
    ("332", "post/P-1", "2021-02-28"): (HALF, 0, HALF, 0, HALF),
    ("332", "post/P-1", "2021-03-01"): (HALF, HALF, 0, 0, 0),
    ("332", "post/P-1", "2022-02-01"): (HALF, HALF, 0, FULL, 0),
    ("332", "post/P-9", "2023-01-01"): (0, FULL, 0, 0, 0),
}


def accepted(history: Sequence[Stated]) -> list[Event]:
    """As they come from Kafka, each recorded a moment after the one before."""
    events = [decoded(event, index) for index, event in enumerate(history, 1)]
    return [
        replace(event, envelope=event.envelope.model_copy(update={"time": datetime(2023, 11, 1, 9, index, tzinfo=UTC)}))
        for index, event in enumerate(events)
    ]


EVENTS = accepted(HISTORY)


class Metrics:
    """What takes in events and derives timelines, on the database of the test."""

    def __init__(self, pool: asyncpg.Pool, kept: RecentEvents) -> None:
        self.pool = pool
        self.behind = False
        runtime = SimpleNamespace(pool=pool, telemetry=MetricsTelemetry(), recent_events=kept, unsettled=None)
        runtime.far_behind = lambda: self.behind
        self.runtime = cast(Runtime, runtime)

    async def take_in(self, *events: Event, far_behind: bool = False) -> None:
        await handlers.TakeInEvents(self.runtime)(list(events), far_behind)

    async def derive_waiting(self) -> None:
        await handlers.derive_waiting(self.runtime)

    async def tables(self) -> dict[str, list[str]]:
        """Every row, as PostgreSQL writes it."""
        rows = {table: await self.pool.fetch(f"SELECT ({table}.*)::text FROM {table} ORDER BY 1") for table in TABLES}
        return {table: [row[0] for row in records] for table, records in rows.items()}

    async def standing(self) -> dict[tuple[str, str, str], Standing]:
        """What stands there on the days that are written above, as known now."""
        query = """
            SELECT establishment, in_post, vacancies, agency, uncovered FROM staffing
            WHERE authority = $1 AND staffing_unit = $2 AND valid_from <= $3 AND $3 < valid_to AND known_to = 'infinity'
        """
        by_unit = {}
        for authority, unit, day in STANDING:
            (row,) = await self.pool.fetch(query, authority, unit, date.fromisoformat(day))
            by_unit[authority, unit, day] = cast(Standing, tuple(map(int, row)))
        return by_unit

    async def listed(self) -> set[str]:
        """The subjects that wait to be derived, without those that cannot be."""
        return {
            row["subject"] for row in await self.pool.fetch("SELECT subject FROM derivation_queue WHERE failed IS NULL")
        }


@pytest.fixture(params=[0, 5, recent_events.MOST], ids=["none kept", "few kept", "all kept"])
def metrics(pool: asyncpg.Pool, request: pytest.FixtureRequest) -> Metrics:
    """However many of the events decoded lately are kept, beside those that are read again."""
    return Metrics(pool, RecentEvents(request.param))


async def test_what_stands_on_a_staffing_unit_on_a_day_is_what_was_recorded(metrics: Metrics) -> None:
    await metrics.take_in(*EVENTS)
    assert await metrics.standing() == STANDING
    assert await metrics.listed() == set()


WAYS: dict[str, list[list[int]]] = {
    "one by one": [[number] for number in range(len(EVENTS))],
    "one by one, the last first": [[number] for number in reversed(range(len(EVENTS)))],
    "in two, the later half first": [list(range(8, len(EVENTS))), list(range(8))],
    "twice": [list(range(len(EVENTS)))] * 2,
    "of each kind of thing by itself": [[0, 1, 12], [8, 9, 10, 11, 14], [2, 3, 4, 5, 6, 7, 13, 15]],
    "the people last": [[8, 9, 10, 11, 14], [0, 1, 12], [7, 6, 5, 4, 3, 2, 13, 15]],
}


@pytest.mark.parametrize("later", [False, True], ids=["at once", "later"])
@pytest.mark.parametrize("way", WAYS)
async def test_in_whichever_order_and_batches_events_come_the_rows_are_the_same(
    metrics: Metrics, way: str, later: bool
) -> None:
    for batch in WAYS[way]:
        await metrics.take_in(*(EVENTS[number] for number in batch), far_behind=later)
        if later:
            assert (await metrics.tables())["staffing"] == []
    await metrics.derive_waiting()
    assert await metrics.standing() == STANDING
    together = await metrics.tables()
    await metrics.pool.execute("TRUNCATE inbox, occupancy, cover, staffing, initiative, derivation_queue")
    await metrics.take_in(*EVENTS)
    assert await metrics.tables() == together


@pytest.mark.parametrize("at_once", [1, 2, 3, 100])
async def test_what_is_listed_is_derived_so_many_at_a_time_and_nothing_is_left(metrics: Metrics, at_once: int) -> None:
    await metrics.take_in(*EVENTS, far_behind=True)
    assert await metrics.listed() == {
        "post/P-1", "post/P-2", "worker/W-1", "worker/W-2", "worker/W-3", "cover/C-1", "cover/C-2",
    }  # fmt: skip
    while await handlers.derive_queued(metrics.runtime, at_once):
        pass
    assert await metrics.listed() == set()
    assert await metrics.standing() == STANDING


async def test_while_the_consumer_is_far_behind_nothing_that_is_listed_is_derived(metrics: Metrics) -> None:
    await metrics.take_in(*EVENTS, far_behind=True)
    metrics.behind = True
    await metrics.derive_waiting()
    assert (await metrics.tables())["staffing"] == []
    metrics.behind = False
    await metrics.derive_waiting()
    assert await metrics.standing() == STANDING


async def test_what_is_derived_at_once_is_taken_off_the_list_and_what_is_of_others_stays(metrics: Metrics) -> None:
    async with metrics.pool.acquire() as connection:
        await queue.enqueue(connection, {Subject("331", "post/P-1"), Subject("332", "post/P-1")})
    await metrics.take_in(EVENTS[0])
    rows = await metrics.pool.fetch("SELECT authority, subject FROM derivation_queue")
    assert [tuple(row) for row in rows] == [("332", "post/P-1")]


async def test_an_event_that_moves_no_timeline_derives_nothing(metrics: Metrics) -> None:
    closed = {"closed_on": "2023-10-31"}
    opened = stated("C", "campaign.opened", "campaign/C-1", "331", {"opened_on": "2023-10-31", "route": "direct"})
    await metrics.take_in(decoded(opened, 1), far_behind=True)
    await metrics.take_in(decoded(opened | {"id": "again"}, 2), far_behind=False)
    assert (await metrics.tables())["staffing"] == []
    assert await metrics.listed() == set()
    await metrics.take_in(decoded(stated("E", "post.closed", "post/P-1", "331", closed), 3), far_behind=True)
    assert await metrics.listed() == {"post/P-1"}


@pytest.mark.parametrize("later", [False, True], ids=["at once", "later"])
@pytest.mark.parametrize("together", [False, True], ids=["one by one", "together"])
async def test_an_assignment_that_comes_to_cover_a_post_is_in_one_unit_at_a_time(
    metrics: Metrics, later: bool, together: bool
) -> None:
    begins = cover("C-9", "2022-02-01", "331", reason="additional", role="social-worker")
    covers = {"effective_from": "2022-06-01", "post": "P-1", "reason": "vacancy"}
    events = accepted(
        [post_established("P-1", "331"), begins, stated("change", "cover.changed", "cover/C-9", "331", covers)]
    )
    for batch in [events] if together else [[event] for event in events]:
        await metrics.take_in(*batch, far_behind=later)
        await metrics.derive_waiting()
    # Both units are derived once more, together.
    units = {Subject("331", "cover/C-9"), Subject("331", "post/P-1")}
    async with metrics.pool.acquire() as connection, connection.transaction():
        await derivation.derive_units(connection, units)
    agency = """
        SELECT sum(agency) FROM staffing
        WHERE staffing_unit = $1 AND valid_from <= $2 AND $2 < valid_to AND known_to = 'infinity'
    """
    for unit, day, expected in [
        ("cover/C-9", date(2022, 5, 31), FULL),
        ("cover/C-9", date(2022, 6, 1), None),
        ("post/P-1", date(2022, 5, 31), 0),
        ("post/P-1", date(2022, 6, 1), FULL),
    ]:
        assert await metrics.pool.fetchval(agency, unit, day) == expected, (unit, day)


# --- what is put off --------------------------------------------------------------------------------------------------


async def put(pool: asyncpg.Pool, events: Sequence[Event]) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await inbox.take(connection, events)


@pytest.mark.parametrize(("most", "much"), [(3, set[str]()), (2, {"post/P-1"})])
async def test_much_is_said_of_a_subject_from_so_many_events_on_under_one_authority(
    metrics: Metrics, most: int, much: set[str]
) -> None:
    first, again = post_established("P-1", "331"), post_established("P-1", "331") | {"id": "again"}
    elsewhere = post_established("P-1", "332")
    await put(metrics.pool, [decoded(event, index) for index, event in enumerate([first, again, elsewhere], 1)])
    asked = {Subject("331", "post/P-1"), Subject("332", "post/P-1"), Subject("331", "post/P-2")}
    async with metrics.pool.acquire() as connection:
        subjects = await store.subjects_of_many_events(connection, asked, most)
        assert {subject.name for subject in subjects} == much
        assert all(subject.authority == "331" for subject in subjects)
        assert await store.subjects_of_many_events(connection, set(), 1) == set()


@pytest.mark.parametrize(("most", "crowded"), [(4, False), (3, True)])
async def test_a_post_is_crowded_from_so_many_rows_of_holders_and_covers_on(
    metrics: Metrics, most: int, crowded: bool
) -> None:
    # P-1 of 331: W-1 (until the move), W-3, and C-1 while it covered it.
    await metrics.take_in(*EVENTS)
    rows = "SELECT count(*) FROM {0} WHERE authority = '331' AND post = 'P-1' AND known_to = 'infinity'"
    assert [await metrics.pool.fetchval(rows.format(table)) for table in ("occupancy", "cover")] == [2, 1]
    await metrics.pool.execute("DELETE FROM occupancy WHERE known_to <> 'infinity'")
    await metrics.pool.execute("DELETE FROM cover WHERE known_to <> 'infinity'")
    asked = {Subject("331", "post/P-1"), Subject("332", "post/P-1"), Subject("331", "cover/C-2")}
    async with metrics.pool.acquire() as connection:
        units = await store.crowded(connection, asked, most)
        assert units == ({Subject("331", "post/P-1")} if crowded else set())


@pytest.mark.parametrize(("at_once", "listed"), [(3, set[str]()), (2, {"worker/W-1"})])
async def test_a_subject_of_which_much_is_said_is_derived_later_and_its_neighbours_at_once(
    metrics: Metrics, monkeypatch: pytest.MonkeyPatch, at_once: int, listed: set[str]
) -> None:
    monkeypatch.setattr(derivation, "AT_ONCE", at_once)
    # W-1 of 331 has two events; and each post one row of holders.
    events = [decoded(event, index) for index, event in enumerate([HISTORY[2], left("W-1", "2021-04-01")], 1)]
    await metrics.take_in(*events, decoded(HISTORY[15], 9))
    assert await metrics.listed() == listed
    held = "SELECT worker FROM occupancy WHERE known_to = 'infinity' ORDER BY worker"
    workers = [row["worker"] for row in await metrics.pool.fetch(held)]
    assert workers == (["W-3"] if listed else ["W-1", "W-3"])
    await metrics.derive_waiting()
    assert await metrics.listed() == set()


async def test_posts_are_taken_off_the_list_after_workers_and_assignments(metrics: Metrics) -> None:
    listed = {Subject("331", name) for name in ("post/A-1", "worker/W-1", "post/Z-1", "cover/C-1")}
    async with metrics.pool.acquire() as connection:
        await queue.enqueue(connection, listed)
        await queue.enqueue_failed(connection, {Subject("331", "worker/W-9"): "too many stretches"})
        taken = []
        while event := await one(connection):
            taken.append(event)
    assert {subject.kind for subject in taken[:2]} == {"worker", "cover"}
    assert {subject.kind for subject in taken[2:]} == {"post"}
    assert len(taken) == 4


async def one(connection: Any) -> Subject | None:
    async with connection.transaction():
        return next(iter(await queue.claim(connection, 1)), None)


async def test_what_failed_is_tried_again_when_something_new_is_known_of_it_and_not_before(metrics: Metrics) -> None:
    failed = Subject("331", "worker/W-1")
    async with metrics.pool.acquire() as connection:
        await queue.enqueue_failed(connection, {failed: "too many stretches"})
        assert await queue.queue_is_empty(connection)
        assert await one(connection) is None
        await queue.enqueue(connection, {failed})
        assert not await queue.queue_is_empty(connection)
        assert await one(connection) == failed
        assert await queue.queue_is_empty(connection)


# --- what readers ask -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("authority", "known", "accepted_at", "has"),
    [
        ("331", "2023-11-01T09:00:00", None, True),
        ("331", "2023-11-01T08:59:59.999999", None, False),
        ("332", "2023-11-01T09:00:00", None, False),
        ("331", "2023-11-01T09:00:00", "2023-11-01T09:00:01", True),
        ("331", "2023-11-01T09:00:00", "2023-11-01T09:00:00.999999", False),
    ],
)
async def test_an_authority_has_events_from_the_very_instant_of_recording_and_of_acceptance_on(
    metrics: Metrics, authority: str, known: str, accepted_at: str | None, has: bool
) -> None:
    await put(metrics.pool, [decoded(HISTORY[0], 1)])
    as_known_at = datetime.fromisoformat(f"{known}+00:00")
    as_accepted_at = None if accepted_at is None else datetime.fromisoformat(f"{accepted_at}+00:00")
    assert await store.has_events(metrics.pool, authority, as_known_at, as_accepted_at) is has
    newest = await feeds.age(metrics.pool, [authority], as_known_at, as_accepted_at)
    assert newest.recorded_until == (datetime(2023, 11, 1, 9, tzinfo=UTC) if has else None)


async def test_of_several_authorities_all_have_recorded_up_to_the_oldest_of_their_newest_records(
    metrics: Metrics,
) -> None:
    def at(event: Stated, hour: int) -> Stated:
        return event | {"id": f"{event['id']}-{hour}", "time": f"2023-11-01T{hour:02}:00:00Z"}

    posts = [at(post_established("P-1", "331"), 9), at(post_established("P-1", "331"), 12)]
    posts.append(at(post_established("P-1", "332"), 11))
    await put(metrics.pool, [decoded(event, index) for index, event in enumerate(posts, 1)])
    late = datetime(2023, 12, 1, tzinfo=UTC)

    async def until(known: datetime, *authorities: str) -> int | None:
        newest = (await feeds.age(metrics.pool, authorities, known, None)).recorded_until
        return None if newest is None else newest.hour

    assert await until(late, "331") == 12
    assert await until(late, "331", "332") == 11
    assert await until(datetime(2023, 11, 1, 11, 30, tzinfo=UTC), "331") == 9


async def test_each_derivation_gives_an_authoritys_staffing_a_new_version_and_no_others(metrics: Metrics) -> None:
    await metrics.take_in(*EVENTS)

    async def versions() -> dict[str, Any]:
        rows = await metrics.pool.fetch("SELECT authority, version FROM staffing_version")
        return {row["authority"]: row["version"] for row in rows}

    before = await versions()
    assert set(before) == {"331", "332"}
    await metrics.take_in(decoded(left("W-2", "2023-07-01"), 40))
    after = await versions()
    assert after["332"] == before["332"]
    assert after["331"] != before["331"]


@pytest.mark.parametrize(("connections", "readers"), [(1, 1), (2, 1), (8, 4), (9, 4)])
async def test_readers_have_half_of_the_connections_and_at_least_one(connections: int, readers: int) -> None:
    taken = 0

    class Pool:
        def acquire(self) -> Any:
            class Place:
                async def __aenter__(self) -> None:
                    nonlocal taken
                    taken += 1

                async def __aexit__(self, *_: object) -> None:
                    nonlocal taken
                    taken -= 1

            return Place()

    pool = Readers(cast(asyncpg.Pool, Pool()), connections)
    over = asyncio.Event()

    async def read() -> None:
        async with pool.acquire():
            await over.wait()

    reading = [asyncio.create_task(read()) for _ in range(10)]
    for _ in range(20):
        await asyncio.sleep(0)
    assert taken == readers
    over.set()
    await asyncio.gather(*reading)
    assert taken == 0


# --- what is too much, or cannot be -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("at_once", "put_off"), [(3, False), (2, True)])
async def test_a_person_of_so_many_numbers_is_derived_later(
    metrics: Metrics, monkeypatch: pytest.MonkeyPatch, at_once: int, put_off: bool
) -> None:
    monkeypatch.setattr(derivation, "AT_ONCE", at_once)
    # W-2 has two events, of which much would be said: so those of its merge come first, and are not counted.
    merge = stated("merge", "worker.merged", "worker/W-2", "331", {"duplicate": "W-3"})
    await metrics.take_in(decoded(merge, 1))
    await metrics.derive_waiting()
    await metrics.take_in(decoded(started("W-3", "P-1", "2021-03-01", "331"), 2))
    assert await metrics.listed() == ({"worker/W-3"} if put_off else set())
    await metrics.derive_waiting()
    held = "SELECT worker, post FROM occupancy"
    assert [tuple(row) for row in await metrics.pool.fetch(held)] == [("W-2", "P-1")]


async def test_a_crowded_post_is_derived_later_and_is_right_then(
    metrics: Metrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    starts = [started(f"W-{number}", "P-1", "2021-03-01", "331", 0.25) for number in range(3)]
    established, *events = [
        decoded(event, index) for index, event in enumerate([post_established("P-1", "331"), *starts], 1)
    ]
    await metrics.take_in(established, *events[:2])
    monkeypatch.setattr(derivation, "AT_ONCE", 2)
    await metrics.take_in(events[2])
    assert await metrics.listed() == {"post/P-1"}
    in_post = """
        SELECT in_post FROM staffing
        WHERE staffing_unit = 'post/P-1' AND valid_to = 'infinity' AND known_to = 'infinity'
    """
    assert await metrics.pool.fetchval(in_post) == HALF
    await metrics.derive_waiting()
    assert await metrics.pool.fetchval(in_post) == HALF + HALF // 2
    assert await metrics.listed() == set()


@pytest.mark.parametrize(
    ("before", "after", "subject"),
    [
        (started("W-1", "P-1", "2021-03-01", "331"), left("W-1", "2021-09-01"), "worker/W-1"),
        (
            cover("C-1", "2022-02-01", "331", post="P-1"),
            stated("end", "cover.ended", "cover/C-1", "331", {"ended_on": "2022-09-01", "outcome": "completed"}),
            "cover/C-1",
        ),
        (
            post_established("P-1", "331"),
            stated("close", "post.closed", "post/P-1", "331", {"closed_on": "2022-09-01"}),
            "post/P-1",
        ),
    ],
    ids=["worker", "cover", "post"],
)
async def test_what_cannot_be_derived_any_more_keeps_the_rows_that_it_had(
    metrics: Metrics, monkeypatch: pytest.MonkeyPatch, before: Stated, after: Stated, subject: str
) -> None:
    await metrics.take_in(decoded(before, 1))
    stood = await metrics.tables()
    assert stood["derivation_queue"] == []
    monkeypatch.setattr(knowledge, "MOST_STRETCHES", 0)
    await metrics.take_in(decoded(after | {"time": "2023-11-02T09:00:00Z"}, 2))
    now = await metrics.tables()
    failed = {
        row["subject"] for row in await metrics.pool.fetch("SELECT subject FROM derivation_queue WHERE failed <> ''")
    }
    assert subject in failed
    for table in ("occupancy", "cover", "staffing"):
        assert now[table] == stood[table]
    # With room for it, and something new of it, it is as though nothing had been the matter.
    monkeypatch.undo()
    await metrics.take_in(decoded(after | {"time": "2023-11-02T09:00:00Z", "id": "again"}, 3))
    assert await metrics.listed() == set()
    assert (await metrics.tables())["staffing"] != stood["staffing"]


async def test_while_much_is_listed_each_post_is_derived_once(
    metrics: Metrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    await metrics.take_in(*EVENTS, far_behind=True)
    written: list[str] = []
    replace_staffing = store.replace_staffing

    async def noted(connection: Any, units: Any, rows: Any) -> None:
        written.extend(f"{unit.authority} {unit.name}" for unit in units if unit.is_post)
        await replace_staffing(connection, units, rows)

    monkeypatch.setattr(store, "replace_staffing", noted)
    while await handlers.derive_queued(metrics.runtime, 2):
        pass
    assert sorted(written) == ["331 post/P-1", "331 post/P-2", "332 post/P-1", "332 post/P-9"]
    assert await metrics.standing() == STANDING


@pytest.mark.parametrize("listed", [1, 2])
async def test_what_postgresql_cannot_do_now_is_no_fault_of_what_was_to_be_derived(
    metrics: Metrics, monkeypatch: pytest.MonkeyPatch, listed: int
) -> None:
    async def full(*_: Any) -> None:
        raise asyncpg.DiskFullError

    monkeypatch.setattr(handlers, "derive", full)
    subjects = {Subject("331", f"worker/W-{number}") for number in range(listed)}
    async with metrics.pool.acquire() as connection:
        await queue.enqueue(connection, subjects)
    with pytest.raises(asyncpg.DiskFullError):
        await handlers.derive_queued(metrics.runtime)
    assert await metrics.listed() == {subject.name for subject in subjects}


async def test_of_many_that_fail_fewer_are_tried_down_to_the_one_at_fault(
    metrics: Metrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[int] = []

    async def failing(_: Any, subjects: set[Subject], *__: Any) -> None:
        tried.append(len(subjects))
        if Subject("331", "worker/W-3") in subjects:
            raise ZeroDivisionError("no length")

    async def first(connection: Any, subjects: set[Subject], *_: Any) -> None:
        await failing(connection, subjects)

    monkeypatch.setattr(handlers, "derive", failing)
    monkeypatch.setattr(handlers, "_derive_first", first)
    subjects = {Subject("331", f"worker/W-{number}") for number in range(5)}
    async with metrics.pool.acquire() as connection:
        await queue.enqueue(connection, subjects)
    while await handlers.derive_queued(metrics.runtime, 64):
        pass
    assert tried[0] == 5
    assert 1 in tried
    rows = await metrics.pool.fetch("SELECT subject, failed FROM derivation_queue")
    assert [tuple(row) for row in rows] == [("worker/W-3", "ZeroDivisionError: no length")]
