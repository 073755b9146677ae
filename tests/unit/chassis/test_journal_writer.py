"""One writer: requests that wait share a transaction, and none of them can tell.

Invariant: PostgreSQL is a real one. Who waits for what is asked of it, or is there because a lock is held; nothing here
depends on how quick anybody is.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import asyncpg
import pytest

from services.chassis import journal, journal_writer
from services.chassis.database import connect_pool, why_not_now
from services.chassis.journal import Accepted, Conflict, Entry, Outcome
from services.chassis.journal_writer import JournalWriter
from services.chassis.problems import Problem
from tests.delivery.feed import Stated, post_established
from tests.unit.chassis.holding import PATIENCE_SECONDS, blocked, journal_held
from tests.unit.chassis.journals import incoming
from tests.unit.doors import door

HELD_AT_COMMIT = 4_711
HOLD_COMMITS = f"""
    CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_advisory_xact_lock({HELD_AT_COMMIT}); RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER hold AFTER INSERT ON journal DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION hold();
"""
WRITTEN = "SELECT position, event_id, provenance, accepted_at, xmin::text AS written_by FROM journal ORDER BY position"

Waiting = asyncio.Task[list[Outcome]]


def entries(name: str, *events: Stated) -> list[Entry]:
    """The events of the request of this name."""
    return journal.entries(incoming(*events), f"request {name}")


def post(name: str, **more: Any) -> Stated:
    """The establishment of a post, whose id is the post's."""
    return post_established(name, "331") | more


def accepted(outcome: Outcome) -> Accepted:
    assert isinstance(outcome, Accepted), outcome
    return outcome


class Queue:
    """A writer that has begun to write one request, `first`, and waits for a lock that we hold."""

    def __init__(self, writer: JournalWriter, holder: asyncpg.Connection) -> None:
        self.writer = writer
        self.holder = holder
        self.first = self.ask("first", post("P-0"))

    def ask(self, name: str, *events: Stated, caller: str = "HR system") -> Waiting:
        """A request, in a task of its own."""
        return self.ask_for(entries(name, *events), caller)

    def ask_for(self, new: Sequence[Entry], caller: str = "HR system") -> Waiting:
        """A request with these entries."""
        return asyncio.create_task(self.writer.append(caller, new))

    async def has_come(self) -> None:
        """All that was asked waits in the line: a task begins in the loop's next turn."""
        await asyncio.sleep(0)
        assert not self.first.done()

    async def let_go(self) -> None:
        """Give the lock back."""
        await self.holder.execute("ROLLBACK")


@asynccontextmanager
async def queue(pool: asyncpg.Pool, address: str) -> AsyncIterator[Queue]:
    """The journal's head is locked, and the writer waits for it with one request."""
    async with journal_held(address) as holder:
        waiting = Queue(JournalWriter(lambda: pool), holder)
        await blocked(pool, holder)
        yield waiting


@asynccontextmanager
async def gate_of(address: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection whose locks go when it is left, however that comes."""
    connection = await asyncpg.connect(address)
    try:
        yield connection
    finally:
        connection.terminate()


async def outcomes(*asked: Waiting) -> list[list[Outcome] | BaseException]:
    """What became of each, its outcomes or what it raised."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        return await asyncio.gather(*asked, return_exceptions=True)


def told(results: Iterable[list[Outcome] | BaseException]) -> list[Outcome]:
    """The outcomes of those that raised nothing."""
    return [outcome for one in results if isinstance(one, list) for outcome in one]


def positions(results: Iterable[list[Outcome] | BaseException]) -> list[int]:
    """The positions of the events of those that raised nothing: each was accepted."""
    return [accepted(outcome).position for outcome in told(results)]


# --- together ---------------------------------------------------------------------------------------------------------


async def test_requests_that_wait_share_a_transaction_and_each_gets_its_own_outcomes(
    pool: asyncpg.Pool, address_of_tables: str
) -> None:
    async with queue(pool, address_of_tables) as waiting:
        second = waiting.ask("second", post("P-1"))
        third = waiting.ask("third", post("P-2"), post("P-3"))
        fourth = waiting.ask("fourth", post("P-4"))
        await waiting.has_come()
        await waiting.let_go()
        results = await outcomes(waiting.first, second, third, fourth)
    rows = await pool.fetch(WRITTEN)
    assert [(row["position"], row["event_id"], row["provenance"]) for row in rows] == [
        (1, "P-0", "request first"),
        (2, "P-1", "request second"),
        (3, "P-2", "request third"),
        (4, "P-3", "request third"),
        (5, "P-4", "request fourth"),
    ]
    first, *others = [row["written_by"] for row in rows]
    assert first != others[0]
    assert others == [others[0]] * 4
    at = [row["accepted_at"] for row in rows]
    assert results == [
        [Accepted(1, at[0], known=False)],
        [Accepted(2, at[1], known=False)],
        [Accepted(3, at[2], known=False), Accepted(4, at[3], known=False)],
        [Accepted(5, at[4], known=False)],
    ]
    assert await pool.fetchval("SELECT position FROM journal_head") == 5


async def test_a_lone_request_is_written_at_once(pool: asyncpg.Pool) -> None:
    writer = JournalWriter(lambda: pool)
    for number in range(1, 4):
        (outcome,) = await writer.append("HR system", entries("one", post(f"P-{number}")))
        assert accepted(outcome).position == number
    assert len({row["written_by"] for row in await pool.fetch(WRITTEN)}) == 3


async def test_nobody_is_told_before_the_commit_that_all_share(database: str) -> None:
    async with door(database) as pool:
        await pool.execute(HOLD_COMMITS)
        async with queue(pool, database) as waiting:
            others = [waiting.ask(f"other {number}", post(f"P-{number}")) for number in (1, 2)]
            await waiting.has_come()
            async with gate_of(database) as gate:
                await gate.execute("SELECT pg_advisory_lock($1)", HELD_AT_COMMIT)
                await waiting.let_go()
                # All is written, and the first transaction is about to commit.
                (committing,) = await blocked(pool, gate)
                assert await gate.fetchval("SELECT query FROM pg_stat_activity WHERE pid = $1", committing) == "COMMIT;"
                assert not any(one.done() for one in (waiting.first, *others))
                await gate.execute("SELECT pg_advisory_unlock($1)", HELD_AT_COMMIT)
                assert positions(await outcomes(waiting.first, *others)) == [1, 2, 3]


# --- one event, again -------------------------------------------------------------------------------------------------


async def test_an_event_that_comes_twice_in_one_transaction_is_accepted_once_and_known_then(
    pool: asyncpg.Pool, address_of_tables: str
) -> None:
    async with queue(pool, address_of_tables) as waiting:
        one = waiting.ask("one", post("P-1"))
        again = waiting.ask("again", post("P-2"), post("P-1"), post("P-0"))
        other = waiting.ask("other", post_established("P-1", "331", funded_fte=0.5), post("P-3"))
        await waiting.has_come()
        await waiting.let_go()
        first, one_, again_, other_ = await outcomes(waiting.first, one, again, other)
    assert isinstance(first, list)
    assert isinstance(other_, list)
    at = accepted(first[0]).accepted_at
    rows = {row["event_id"]: row for row in await pool.fetch(WRITTEN)}
    assert {id: row["position"] for id, row in rows.items()} == {"P-0": 1, "P-1": 2, "P-2": 3, "P-3": 4}
    together = rows["P-1"]["accepted_at"]
    assert one_ == [Accepted(2, together, known=False)]
    assert again_ == [
        Accepted(3, together, known=False), Accepted(2, together, known=True), Accepted(1, at, known=True)
    ]  # fmt: skip
    conflict, after = other_
    assert isinstance(conflict, Conflict)
    assert (conflict.fault.field, conflict.fault.value) == ("id", "P-1")
    assert conflict.fault.problem.startswith("was used by /hr at ")
    assert accepted(after) == Accepted(4, together, known=False)


async def test_an_event_can_be_corrected_and_withdrawn_in_the_transaction_that_it_comes_in(
    pool: asyncpg.Pool, address_of_tables: str
) -> None:
    void = {"data": {"because": "entered-in-error"}}
    async with queue(pool, address_of_tables) as waiting:
        asked = [
            waiting.ask("too early", post("P-1", id="C-0", supersedes="P-1")),
            waiting.ask("original", post("P-1")),
            waiting.ask("correction", post("P-1", id="C-1", supersedes="P-1")),
            waiting.ask("withdrawal", post("P-1", id="V-1", voids="C-1") | void),
            waiting.ask("of another post", post("P-2", id="C-2", supersedes="P-1")),
            waiting.ask("of another authority", post("P-1", id="C-3", authority="332", supersedes="P-1")),
        ]
        await waiting.has_come()
        await waiting.let_go()
        results = await outcomes(waiting.first, *asked)
    all_told = told(results)
    assert [one.refers_to for one in all_told if isinstance(one, Accepted)] == [
        None, "/hr#P-1", None, None, None, "/hr#P-1"
    ]  # fmt: skip
    assert [one.position for one in all_told if isinstance(one, Accepted)] == [1, 2, 3, 4, 5, 6]
    (conflict,) = (one for one in all_told if isinstance(one, Conflict))
    assert (all_told.index(conflict), conflict.fault.field) == (5, "supersedes")
    assert await pool.fetchval("SELECT count(DISTINCT xmin::text) FROM journal") == 2


# --- what goes wrong with one -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("bad", [{3}, {1}, {6}, {1, 2}, {2, 5}, {1, 2, 3, 4, 5, 6}])
async def test_what_a_constraint_refuses_is_told_to_its_own_request_alone(database: str, bad: set[int]) -> None:
    async with door(database) as pool:
        await pool.execute("ALTER TABLE journal ADD CHECK (provenance NOT LIKE 'request bad%')")
        async with queue(pool, database) as waiting:
            names = {number: f"{'bad' if number in bad else 'good'} {number}" for number in range(1, 7)}
            asked = [waiting.ask(name, post(f"P-{number}")) for number, name in names.items()]
            await waiting.has_come()
            await waiting.let_go()
            _, *results = await outcomes(waiting.first, *asked)
        refused = {number for number, one in enumerate(results, 1) if isinstance(one, asyncpg.CheckViolationError)}
        assert refused == bad
        rows = await pool.fetch(WRITTEN)
        assert [row["position"] for row in rows] == list(range(1, 8 - len(bad)))
        assert [row["event_id"] for row in rows] == [
            "P-0",
            *(f"P-{number}" for number in range(1, 7) if number not in bad),
        ]
        assert positions(results) == [row["position"] for row in rows[1:]]
        assert await pool.fetchval("SELECT position FROM journal_head") == 7 - len(bad)


@pytest.mark.parametrize("text", ["\x00", "\ud800"], ids=["PostgreSQL cannot hold it", "it is not text"])
async def test_what_postgresql_cannot_hold_is_told_to_its_own_request_alone(
    pool: asyncpg.Pool, address_of_tables: str, text: str
) -> None:
    async with queue(pool, address_of_tables) as waiting:
        (entry,) = entries("bad", post("P-2"))
        asked = [
            waiting.ask("good", post("P-1")),
            waiting.ask_for([replace(entry, provenance=text)]),
            waiting.ask("good", post("P-3")),
        ]
        await waiting.has_come()
        await waiting.let_go()
        first, before, bad, after = await outcomes(waiting.first, *asked)
    assert isinstance(bad, Exception)
    assert positions([first, before, after]) == [1, 2, 3]
    assert [row["event_id"] for row in await pool.fetch(WRITTEN)] == ["P-0", "P-1", "P-3"]


async def test_a_request_given_up_while_it_waits_is_not_written_and_leaves_no_gap(
    pool: asyncpg.Pool, address_of_tables: str
) -> None:
    async with queue(pool, address_of_tables) as waiting:
        before, given_up, after = (waiting.ask(f"{number}", post(f"P-{number}")) for number in (1, 2, 3))
        await waiting.has_come()
        given_up.cancel()
        await waiting.has_come()
        await waiting.let_go()
        results = await outcomes(waiting.first, before, after)
        assert given_up.cancelled()
    assert positions(results) == [1, 2, 3]
    assert [row["event_id"] for row in await pool.fetch(WRITTEN)] == ["P-0", "P-1", "P-3"]


async def test_a_request_given_up_while_it_is_written_disturbs_nobody_and_is_known_when_it_comes_again(
    pool: asyncpg.Pool, address_of_tables: str
) -> None:
    async with queue(pool, address_of_tables) as waiting:
        after = waiting.ask("after", post("P-1"))
        await waiting.has_come()
        waiting.first.cancel()
        await asyncio.wait([waiting.first])
        await waiting.let_go()
        assert positions(await outcomes(after)) == [2]
        (known,) = told(await outcomes(waiting.ask("again", post("P-0"))))
    assert (accepted(known).position, accepted(known).known) == (1, True)


async def test_a_database_that_ends_a_transaction_is_told_to_all_that_share_it_and_to_nobody_behind(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_writer, "MOST_EVENTS_TOGETHER", 2)
    async with door(database) as pool, gate_of(database) as gate:
        await pool.execute(HOLD_COMMITS)
        await gate.execute("SELECT pg_advisory_lock($1)", HELD_AT_COMMIT)
        waiting = Queue(JournalWriter(lambda: pool), gate)
        await blocked(pool, gate)
        # The first is let through; then two share a transaction, and one is left behind.
        held = [waiting.ask(f"{number}", post(f"P-{number}")) for number in (1, 2, 3)]
        await waiting.has_come()
        async with gate_of(database) as next_gate:
            # Who waits for such a lock has it in turn: this one when the first transaction has ended.
            closing = asyncio.create_task(next_gate.execute("SELECT pg_advisory_lock($1)", HELD_AT_COMMIT))
            await blocked(pool, gate, how_many=2)
            await gate.execute("SELECT pg_advisory_unlock($1)", HELD_AT_COMMIT)
            await asyncio.wait_for(closing, PATIENCE_SECONDS)
            (pid,) = await blocked(pool, next_gate)
            assert await next_gate.fetchval("SELECT pg_terminate_backend($1)", pid)
            ended = await outcomes(*held[:2])
        first, behind = await outcomes(waiting.first, held[2])
        assert [why_not_now(one) for one in ended if isinstance(one, Exception)] == ["PostgreSQL cannot be reached"] * 2
        assert positions([first, behind]) == [1, 2]
        assert [row["event_id"] for row in await pool.fetch(WRITTEN)] == ["P-0", "P-3"]


async def test_while_the_database_does_not_answer_all_that_wait_are_refused_and_known_when_they_come_again(
    pool: asyncpg.Pool, address_of_tables: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_writer, "PATIENCE_SECONDS", 0.05)
    async with queue(pool, address_of_tables) as waiting:
        large = waiting.ask("large", *(post(f"P-{number}") for number in range(2, 2 + journal_writer.SMALL + 1)))
        results = await outcomes(waiting.first, waiting.ask("small", post("P-1")), large)
        # Who comes while it lasts is refused too.
        results += await outcomes(waiting.ask("later", post("P-1")))
        assert [one.status for one in results if isinstance(one, Problem)] == [503] * 4
        assert "PostgreSQL has not answered for 0.05 seconds" in str(results[0])
        monkeypatch.undo()
        await waiting.let_go()
        assert waiting.writer._writing is not None
        await asyncio.wait_for(waiting.writer._writing, PATIENCE_SECONDS)
        # What was being written was accepted all the same; of the others nothing was.
        assert [row["event_id"] for row in await pool.fetch(WRITTEN)] == ["P-0"]
        first, other = told(await outcomes(waiting.ask("again", post("P-0"), post("P-1"))))
    assert (accepted(first).position, accepted(first).known) == (1, True)
    assert (accepted(other).position, accepted(other).known) == (2, False)


async def test_while_the_database_is_away_every_request_is_told_and_the_next_one_tries_anew(pool: asyncpg.Pool) -> None:
    there: list[asyncpg.Pool] = []

    class Away:
        def acquire(self) -> Any:
            """Nobody listens, until somebody does."""
            if there:
                return pool.acquire()
            raise ConnectionRefusedError("nobody listens")

    writer = JournalWriter(lambda: Away())  # type: ignore[arg-type, return-value]
    asked = [asyncio.create_task(writer.append("HR system", entries("x", post(f"P-{n}")))) for n in range(3)]
    assert [type(one) for one in await outcomes(*asked)] == [ConnectionRefusedError] * 3
    there.append(pool)
    (outcome,) = await writer.append("HR system", entries("x", post("P-1")))
    assert accepted(outcome).position == 1


# --- how many together, and whose turn --------------------------------------------------------------------------------


def transactions(rows: Sequence[asyncpg.Record]) -> list[list[str]]:
    """The ids of the events that were written together, in the order of their positions."""
    by_instant: dict[str, list[str]] = {}
    for row in rows:
        by_instant.setdefault(row["written_by"], []).append(row["event_id"])
    return list(by_instant.values())


async def test_a_transaction_holds_so_many_events_and_whole_requests(
    pool: asyncpg.Pool, address_of_tables: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_writer, "MOST_EVENTS_TOGETHER", 4)
    monkeypatch.setattr(journal_writer, "SMALL", 0)
    async with queue(pool, address_of_tables) as waiting:
        asked = [
            waiting.ask("two", post("A-1"), post("A-2")),
            waiting.ask("three", post("B-1"), post("B-2"), post("B-3")),
            waiting.ask("five", *(post(f"C-{number}") for number in range(1, 6))),
            waiting.ask("one", post("D-1")),
            waiting.ask("three more", post("E-1"), post("E-2"), post("E-3")),
        ]
        await waiting.has_come()
        await waiting.let_go()
        await outcomes(waiting.first, *asked)
    assert transactions(await pool.fetch(WRITTEN)) == [
        ["P-0"],
        ["A-1", "A-2"],
        ["B-1", "B-2", "B-3"],
        ["C-1", "C-2", "C-3", "C-4", "C-5"],
        ["D-1", "E-1", "E-2", "E-3"],
    ]


async def test_small_requests_do_not_wait_behind_large_ones_nor_large_ones_for_ever(
    pool: asyncpg.Pool, address_of_tables: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_writer, "MOST_EVENTS_TOGETHER", 4)
    monkeypatch.setattr(journal_writer, "SMALL", 1)
    async with queue(pool, address_of_tables) as waiting:
        large = [waiting.ask(f"large {n}", *(post(f"L{n}-{m}") for m in (1, 2))) for n in (1, 2, 3)]
        small = [waiting.ask(f"small {n}", post(f"S-{n}")) for n in range(1, 6)]
        await waiting.has_come()
        await waiting.let_go()
        await outcomes(waiting.first, *large, *small)
    assert transactions(await pool.fetch(WRITTEN)) == [
        ["P-0"],
        ["L1-1", "L1-2", "L2-1", "L2-2"],
        ["S-1", "S-2", "S-3", "S-4"],
        ["L3-1", "L3-2"],
        ["S-5"],
    ]


async def test_callers_take_turns_and_the_requests_of_each_stay_in_order(
    pool: asyncpg.Pool, address_of_tables: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_writer, "MOST_EVENTS_TOGETHER", 4)
    async with queue(pool, address_of_tables) as waiting:
        many = [waiting.ask(f"many {n}", post(f"M-{n}"), caller="payroll") for n in range(1, 6)]
        few = [waiting.ask(f"few {n}", post(f"F-{n}"), caller="HR system") for n in (1, 2)]
        await waiting.has_come()
        await waiting.let_go()
        await outcomes(waiting.first, *many, *few)
    assert transactions(await pool.fetch(WRITTEN)) == [["P-0"], ["M-1", "F-1", "M-2", "F-2"], ["M-3", "M-4", "M-5"]]


# --- two processes ----------------------------------------------------------------------------------------------------


async def test_two_processes_at_one_journal_leave_no_gap_and_accept_an_event_once(
    pool: asyncpg.Pool, address_of_tables: str
) -> None:
    other = await connect_pool(address_of_tables, 2)
    writers = [JournalWriter(lambda: pool), JournalWriter(lambda: other)]
    try:
        # Both are given all events, each by requests of its own.
        asked = [
            asyncio.create_task(writer.append("HR system", entries(f"{number}", post(f"P-{number}"), post("P-0"))))
            for number in range(1, 31)
            for writer in writers
        ]
        results = await outcomes(*asked)
    finally:
        await other.close()
    assert len(told(results)) == 120
    fresh = [accepted(one).position for one in told(results) if not accepted(one).known]
    assert sorted(fresh) == list(range(1, 32))
    rows = await pool.fetch(WRITTEN)
    assert [row["position"] for row in rows] == list(range(1, 32))
    instants = [row["accepted_at"] for row in rows]
    assert instants == sorted(instants)
    assert {row["event_id"] for row in rows} == {f"P-{number}" for number in range(31)}


# --- at the end -------------------------------------------------------------------------------------------------------


async def test_a_service_that_stops_writes_what_waits_and_takes_nothing_more(
    pool: asyncpg.Pool, address_of_tables: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_writer, "STOP_SECONDS", PATIENCE_SECONDS)
    async with queue(pool, address_of_tables) as waiting:
        other = waiting.ask("other", post("P-1"))
        await waiting.has_come()
        stopping = asyncio.create_task(waiting.writer.stop())
        late = waiting.ask("late", post("P-2"))
        (refused,) = await outcomes(late)
        assert isinstance(refused, Problem)
        assert refused.status == 503
        assert refused.body["detail"].startswith("The service is being stopped. Send the request again")
        await waiting.let_go()
        results = await outcomes(waiting.first, other)
        await asyncio.wait_for(stopping, PATIENCE_SECONDS)
    assert positions(results) == [1, 2]


async def test_what_cannot_be_written_when_a_service_stops_is_refused_and_not_in_the_journal(
    pool: asyncpg.Pool, address_of_tables: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_writer, "STOP_SECONDS", 0.05)
    monkeypatch.setattr(journal_writer, "MOST_EVENTS_TOGETHER", 2)
    async with queue(pool, address_of_tables) as waiting:
        others = [waiting.ask("other", post(f"P-{number}")) for number in (1, 2, 3)]
        await waiting.has_come()
        await asyncio.wait_for(waiting.writer.stop(), PATIENCE_SECONDS)
        results = await outcomes(waiting.first, *others)
        assert [one.status for one in results if isinstance(one, Problem)] == [503] * 4
        await waiting.let_go()
    assert await pool.fetch(WRITTEN) == []
    assert await pool.fetchval("SELECT position FROM journal_head") == 0


async def test_a_service_stops_that_was_never_asked_to_write(pool: asyncpg.Pool) -> None:
    await JournalWriter(lambda: pool).stop()
