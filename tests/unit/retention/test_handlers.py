"""What retention asks its own tables: who has started, under whichever number, as hiring said.

Invariant: the database is a real one. Authorities 331 and 332 give their workers and events the same numbers.
"""

from datetime import date
from pathlib import Path

import services.retention
from contracts.codes import AbsenceReason
from contracts.envelope import Event
from contracts.events.base import EventData
from contracts.events.leavers import LeaverReversed
from contracts.events.working_life import AbsenceRecorded, CaseloadCounted
from services.retention import store
from services.retention.handlers import notes_on_accepted
from tests.histories import SOURCE, at, event, fte_changed, left, merged, moved, started, void, void_of
from tests.unit.doors import Listened, accepted, door, running, taken_in

DAY, LATER_DAY = date(2024, 2, 29), date(2024, 3, 1)
RECORDED, LATER = at(DAY), at(LATER_DAY)
STARTED, MERGED = "uk.workforce.worker.started.v1", "uk.workforce.worker.merged.v1"
PAYROLL = "/coventry/payroll"
MIGRATIONS = Path(services.retention.__file__).parent / "migrations"


def about(worker: str, id: str, data: EventData | None = None, authority: str = "331", source: str = SOURCE) -> Event:
    """An event of a worker, a start where nothing else is said."""
    return event(data or started(DAY), f"worker/{worker}", RECORDED, id, authority=authority, source=source)


def named(events: list[Event]) -> set[tuple[str, str, str]]:
    """Authority, source and id of events."""
    return {(one.envelope.authority, one.envelope.source, one.envelope.id) for one in events}


def not_started(worker: str) -> str:
    """What is said of a worker of whom no start is known."""
    return f"no start of worker/{worker} is known: {STARTED} has not come yet"


async def test_a_worker_has_plainly_started_by_a_start_of_their_own_that_nothing_voids(database: str) -> None:
    voided, restored = about("W-3", "S-3"), about("W-4", "S-4")
    async with door(database, MIGRATIONS) as pool:
        await taken_in(
            pool,
            about("W-1", "S-1"),
            about("W-2", "S-2"),
            event(started(LATER_DAY), "worker/W-2", LATER, "S-2b", supersedes="S-2"),
            voided,
            void(voided, LATER, "V-3"),
            restored,
            void(restored, LATER, "V-4"),
            void_of("V-4", STARTED, "worker/W-4", LATER, "V-4b"),
            event(started(DAY), "worker/W-5", RECORDED, "S-5", supersedes="never"),
            void_of("never", STARTED, "worker/W-6", RECORDED, "V-6"),
            about("W-7", "M-7", moved(DAY, "P-1", "P-2")),
            about("W-8", "F-8", fte_changed(DAY, "1")),
            about("W-9", "J-9", merged("W-1")),
        )
        asked = [f"worker/W-{number}" for number in range(1, 10)]
        assert await store.plainly_started(pool, "331", asked) == {"worker/W-1", "worker/W-2"}
        assert await store.plainly_started(pool, "331", ["worker/W-2"]) == {"worker/W-2"}
        assert await store.plainly_started(pool, "332", asked) == set()


async def test_what_retention_accepted_itself_is_no_start(database: str) -> None:
    async with door(database, MIGRATIONS) as pool:
        await accepted(pool, about("W-1", "L-1", left(DAY)))
        assert await store.plainly_started(pool, "331", ["worker/W-1"]) == set()
        assert await store.starts_of_workers(pool, "331", ["worker/W-1"]) == []


async def test_a_void_is_of_the_source_that_it_names_and_of_the_kind_and_the_authority_it_is_of(database: str) -> None:
    move = about("W-1", "S-1", moved(DAY, "P-1", "P-2"))
    async with door(database, MIGRATIONS) as pool:
        await taken_in(
            pool,
            about("W-1", "S-1"),
            about("W-1", "S-1", authority="332"),
            void_of("S-1", STARTED, "worker/W-1", LATER, "V-1", source=PAYROLL),
            move,
            void(move, LATER, "V-2"),
            void_of("S-1", STARTED, "worker/W-1", LATER, "V-3", authority="333"),
            void_of("S-1", STARTED, "worker/W-2", LATER, "V-5"),
        )
        assert await store.plainly_started(pool, "331", ["worker/W-1"]) == {"worker/W-1"}
        await taken_in(pool, void_of("S-1", STARTED, "worker/W-1", LATER, "V-4", source=PAYROLL, voidssource=SOURCE))
        assert await store.plainly_started(pool, "331", ["worker/W-1"]) == set()
        assert await store.plainly_started(pool, "332", ["worker/W-1"]) == {"worker/W-1"}


async def test_starts_and_merges_are_read_of_one_authority_and_of_their_kind_alone(database: str) -> None:
    first, join = about("W-1", "S-1"), about("W-1", "J-1", merged("W-2"))
    async with door(database, MIGRATIONS) as pool:
        await taken_in(
            pool,
            first,
            void(first, LATER, "V-1"),
            about("W-1", "S-1", authority="332"),
            about("W-1", "M-1", moved(DAY, "P-1", "P-2")),
            about("W-2", "S-2"),
            join,
            void(join, LATER, "V-2"),
            about("W-1", "J-1", merged("W-3"), authority="332"),
        )
        assert named(await store.starts_of_workers(pool, "331", ["worker/W-1"])) == {
            ("331", SOURCE, "S-1"), ("331", SOURCE, "V-1"),
        }  # fmt: skip
        assert len(await store.starts_of_workers(pool, "331", ["worker/W-1", "worker/W-2"])) == 3
        assert named(await store.starts_of_workers(pool, "332", ["worker/W-1", "worker/W-2"])) == {
            ("332", SOURCE, "S-1")
        }
        assert named(await store.merges_of_workers(pool, "331")) == {
            ("331", SOURCE, "J-1"), ("331", SOURCE, "V-2"),
        }  # fmt: skip
        assert named(await store.merges_of_workers(pool, "332")) == {("332", SOURCE, "J-1")}
        assert await store.merges_of_workers(pool, "333") == []


# --- remarks ----------------------------------------------------------------------------------------------------------


async def test_who_has_not_started_in_the_authority_of_an_event_is_told_by_event(database: str) -> None:
    absence = AbsenceRecorded.model_validate(
        {"absent_from": DAY, "working_days_lost": 1, "reason": AbsenceReason.SICKNESS}
    )
    events = [
        about("W-1", "L-1", left(LATER_DAY)),
        about("W-1", "L-1", left(LATER_DAY), authority="332"),
        about("W-2", "L-2", absence),
        about("W-2", "L-2", LeaverReversed(left_on=DAY), authority="332"),
        about("W-2", "C-1", CaseloadCounted(counted_on=DAY, cases=3)),
        about("W-1", "L-1", left(LATER_DAY), source=PAYROLL, authority="332"),
    ]
    async with door(database, MIGRATIONS) as pool:
        await taken_in(pool, about("W-1", "S-1"), about("W-2", "S-2", authority="332"))
        assert await notes_on_accepted(running(pool), events) == {
            ("332", events[1].identity): [not_started("W-1")],
            ("331", events[2].identity): [not_started("W-2")],
            ("332", events[5].identity): [not_started("W-1")],
        }
        assert await notes_on_accepted(running(pool), [events[4]]) == {}
        assert await notes_on_accepted(running(pool), []) == {}


async def test_a_worker_has_started_while_a_start_of_the_person_stands(database: str) -> None:
    first, join = about("W-1", "S-1"), about("W-2", "J-1", merged("W-1"))
    withdrawal = void(first, LATER, "V-1")
    history = [
        (about("W-1", "S-1", authority="332"), False, False),
        (first, True, False),
        (about("W-2", "J-1", merged("W-1"), authority="332"), True, False),
        (join, True, True),
        (withdrawal, False, False),
        (void(withdrawal, LATER, "V-2"), True, True),
        (void(join, LATER, "V-3"), True, False),
        (event(merged("W-1"), "worker/W-2", LATER, "J-2", supersedes="J-1"), True, True),
        (void_of("S-1", STARTED, "worker/W-1", LATER, "V-4", source=PAYROLL, voidssource=SOURCE), False, False),
        (event(started(LATER_DAY), "worker/W-1", LATER, "S-2", supersedes="S-1"), True, True),
    ]
    leavers = [about("W-1", "L-1", left(LATER_DAY)), about("W-2", "L-2", left(LATER_DAY))]
    async with door(database, MIGRATIONS) as pool:
        for one, *have_started in history:
            await taken_in(pool, one)
            told = await notes_on_accepted(running(pool), leavers)
            expected = {
                ("331", leaver.identity): [not_started(worker)]
                for leaver, worker, has in zip(leavers, ("W-1", "W-2"), have_started, strict=True)
                if not has
            }
            assert (one.envelope.id, told) == (one.envelope.id, expected)


async def test_who_has_plainly_started_is_looked_for_under_no_other_number(database: str) -> None:
    leaver = about("W-1", "L-1", left(LATER_DAY))
    async with door(database, MIGRATIONS) as pool:
        listened = Listened(pool)
        await notes_on_accepted(running(listened), [about("W-1", "C-1", CaseloadCounted(counted_on=DAY, cases=3))])
        assert listened.asked == []
        await notes_on_accepted(running(listened), [leaver])
        assert listened.asked == [store.PLAINLY_STARTED, store.MERGES, store.STARTS]
        await taken_in(pool, about("W-1", "S-1"))
        assert await notes_on_accepted(running(listened), [leaver]) == {}
        assert listened.asked[3:] == [store.PLAINLY_STARTED]
