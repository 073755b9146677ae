"""Which events and snapshots of which authorities are kept: told apart, those asked for last, within the budget."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import cast

import asyncpg
import pytest

from contracts.envelope import Event
from services.chassis import inbox
from services.chassis.recent_events import RecentEvents
from services.metrics.read_models.already_read import AlreadyRead
from services.metrics.read_models.authorities import Authorities
from services.metrics.read_models.budget import Budget
from services.metrics.read_models.readers import Readers
from services.metrics.snapshot.snapshot import Snapshot
from tests.delivery.feed import decoded, post_established
from tests.histories import established, event
from tests.unit.quality.findings import APRIL

FIRST = datetime(2023, 5, 1, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
PLENTY = 10_000_000
OF_AN_EVENT = 2400
"""Bytes that an event weighs."""


class Inboxes:
    """Stands in for the inbox: what arrived of each authority, and of which it was asked."""

    def __init__(self) -> None:
        self.of: dict[str, list[Event]] = {}
        self.asked: list[tuple[str, int]] = []

    def put(self, authority: str, *instants: datetime, accepted: datetime | None = None) -> None:
        """A post more at each of these instants, P-0, P-1 and so on."""
        for instant in instants:
            index = len(self.of.setdefault(authority, []))
            one = event(established(APRIL), f"post/P-{index}", instant, f"E-{index}", authority=authority)
            one = Event(one.envelope.model_copy(update={"acceptedtime": accepted}), one.data, one.body)
            self.of[authority].append(one)

    async def read(self, pool: object, authority: str, after: int) -> tuple[list[Event], int]:
        """Those after a number, and the number of the last."""
        self.asked.append((authority, after))
        events = self.of.get(authority, [])
        return events[after:], len(events)


@pytest.fixture
def inboxes(monkeypatch: pytest.MonkeyPatch) -> Inboxes:
    inboxes = Inboxes()
    monkeypatch.setattr(inbox, "read_arrived", inboxes.read)
    return inboxes


def authorities(budget: int = PLENTY) -> Authorities:
    """Without a database."""
    return Authorities(cast(Readers, None), Budget(budget))


async def posts(of: Authorities, authority: str, known: datetime, accepted: datetime | None = None) -> list[str]:
    return sorted((await of.snapshot(authority, known, accepted)).posts)


async def test_a_snapshot_is_of_the_events_of_its_own_authority(inboxes: Inboxes) -> None:
    inboxes.put("331", FIRST)
    inboxes.put("332", FIRST, FIRST + HOUR)
    kept = authorities()
    assert await posts(kept, "331", FIRST + HOUR) == ["P-0"]
    assert await posts(kept, "332", FIRST + HOUR) == ["P-0", "P-1"]
    assert [one.envelope.authority for one in await kept.events("331")] == ["331"]


async def test_what_was_read_is_not_read_again(inboxes: Inboxes) -> None:
    inboxes.put("331", FIRST, FIRST + HOUR)
    kept = authorities()
    await kept.events("331")
    inboxes.put("331", FIRST + 2 * HOUR)
    assert len(await kept.events("331")) == 3
    assert inboxes.asked == [("331", 0), ("331", 2)]


async def test_questions_that_are_asked_together_read_once_what_had_arrived(inboxes: Inboxes) -> None:
    inboxes.put("331", FIRST, FIRST + HOUR)
    kept = authorities()
    of_a_page = kept.together(AlreadyRead())
    assert await posts(of_a_page, "331", FIRST + 9 * HOUR) == ["P-0", "P-1"]
    assert await of_a_page.count(["331"]) == (2, 0, 0)
    assert await posts(of_a_page, "331", FIRST + 9 * HOUR) == ["P-0", "P-1"]
    assert inboxes.asked == [("331", 0)]


async def test_what_arrived_since_is_in_what_is_asked_next(inboxes: Inboxes) -> None:
    inboxes.put("331", FIRST)
    kept = authorities()
    assert await posts(kept.together(AlreadyRead()), "331", FIRST + 9 * HOUR) == ["P-0"]
    inboxes.put("331", FIRST + HOUR)
    assert await posts(kept.together(AlreadyRead()), "331", FIRST + 9 * HOUR) == ["P-0", "P-1"]
    inboxes.put("331", FIRST + HOUR)
    assert await posts(kept, "331", FIRST + 9 * HOUR) == ["P-0", "P-1", "P-2"]


async def test_what_was_let_go_between_two_questions_asked_together_is_read_again(inboxes: Inboxes) -> None:
    for authority in ("331", "332"):
        inboxes.put(authority, FIRST)
    of_a_page = authorities(budget=OF_AN_EVENT).together(AlreadyRead())
    for authority in ("331", "332", "331"):
        assert await posts(of_a_page, authority, FIRST) == ["P-0"]
    assert inboxes.asked == [("331", 0), ("332", 0), ("331", 0)]


async def test_two_who_ask_at_once_get_each_event_once(inboxes: Inboxes, monkeypatch: pytest.MonkeyPatch) -> None:
    async def slow(pool: object, authority: str, after: int) -> tuple[list[Event], int]:
        await asyncio.sleep(0)
        return await inboxes.read(pool, authority, after)

    monkeypatch.setattr(inbox, "read_arrived", slow)
    inboxes.put("331", FIRST, FIRST + HOUR)
    kept = authorities()
    both = await asyncio.gather(kept.events("331"), kept.events("331"))
    assert [[one.envelope.id for one in events] for events in both] == [["E-0", "E-1"]] * 2
    assert inboxes.asked == [("331", 0), ("331", 2)]


async def test_an_event_is_known_from_its_very_instant_on(inboxes: Inboxes) -> None:
    inboxes.put("331", FIRST, FIRST + HOUR)
    kept, moment = authorities(), timedelta(microseconds=1)
    assert await posts(kept, "331", FIRST - moment) == []
    assert await posts(kept, "331", FIRST) == ["P-0"]
    assert await posts(kept, "331", FIRST + HOUR - moment) == ["P-0"]
    assert await posts(kept, "331", FIRST + HOUR) == ["P-0", "P-1"]


async def test_and_accepted_from_its_very_instant_on(inboxes: Inboxes) -> None:
    # Known all along; the second was accepted at ten, the third at eleven.
    inboxes.put("331", FIRST)
    inboxes.put("331", FIRST, accepted=FIRST + HOUR)
    inboxes.put("331", FIRST, accepted=FIRST + 2 * HOUR)
    kept, moment = authorities(), timedelta(microseconds=1)
    later = FIRST + 9 * HOUR
    assert await posts(kept, "331", later, FIRST) == ["P-0"]
    assert await posts(kept, "331", later, FIRST + HOUR - moment) == ["P-0"]
    assert await posts(kept, "331", later, FIRST + HOUR) == ["P-0", "P-1"]
    assert await posts(kept, "331", later, FIRST + 2 * HOUR - moment) == ["P-0", "P-1"]
    assert await posts(kept, "331", later, FIRST + 2 * HOUR) == ["P-0", "P-1", "P-2"]
    assert await posts(kept, "331", later) == ["P-0", "P-1", "P-2"]


async def test_events_that_arrive_out_of_order_are_known_in_theirs(inboxes: Inboxes) -> None:
    inboxes.put("331", FIRST + 2 * HOUR, FIRST)
    kept = authorities()
    assert await posts(kept, "331", FIRST + HOUR) == ["P-1"]
    assert await posts(kept, "331", FIRST + 2 * HOUR) == ["P-0", "P-1"]
    inboxes.put("331", FIRST + HOUR)
    assert await posts(kept, "331", FIRST + HOUR) == ["P-1", "P-2"]
    # So it is by when they were accepted.
    inboxes.put("332", FIRST, accepted=FIRST + 2 * HOUR)
    inboxes.put("332", FIRST, accepted=FIRST)
    assert await posts(kept, "332", FIRST, FIRST + HOUR) == ["P-1"]
    assert await posts(kept, "332", FIRST, FIRST + 2 * HOUR) == ["P-0", "P-1"]


async def test_between_two_records_one_snapshot_serves_every_instant(inboxes: Inboxes) -> None:
    inboxes.put("331", FIRST, FIRST + 2 * HOUR)
    kept = authorities()
    assert await kept.snapshot("331", FIRST) is await kept.snapshot("331", FIRST + HOUR)
    assert await kept.snapshot("331", FIRST + 2 * HOUR) is not await kept.snapshot("331", FIRST + HOUR)


async def test_eight_snapshots_are_kept_and_then_the_one_goes_that_was_not_asked_for_longest(inboxes: Inboxes) -> None:
    inboxes.put("331", *(FIRST + n * HOUR for n in range(9)))
    kept = authorities()
    eight = [await kept.snapshot("331", FIRST + n * HOUR) for n in range(8)]
    # The first is asked for again: then the second is the one that was not for longest.
    assert [await kept.snapshot("331", FIRST + n * HOUR) for n in range(8)] == eight
    assert await kept.snapshot("331", FIRST) is eight[0]
    await kept.snapshot("331", FIRST + 8 * HOUR)
    assert await kept.snapshot("331", FIRST) is eight[0]
    assert await kept.snapshot("331", FIRST + 2 * HOUR) is eight[2]
    assert await kept.snapshot("331", FIRST + HOUR) is not eight[1]


# --- within the budget ------------------------------------------------------------------------------------------------


async def test_of_what_weighs_too_much_snapshots_go_first_and_then_the_events(inboxes: Inboxes) -> None:
    inboxes.put("331", *(FIRST + n * HOUR for n in range(10)))
    roomy, tight, none = authorities(), authorities(10 * OF_AN_EVENT), authorities(10 * OF_AN_EVENT - 1)
    for kept, events_are_kept, snapshot_is_kept in ((roomy, True, True), (tight, True, False), (none, False, False)):
        inboxes.asked.clear()
        before = await kept.snapshot("331", FIRST + 9 * HOUR)
        assert sorted(before.posts) == sorted(f"P-{n}" for n in range(10))
        again = await kept.snapshot("331", FIRST + 9 * HOUR)
        assert (again is before) is snapshot_is_kept
        assert inboxes.asked == [("331", 0), ("331", 10 if events_are_kept else 0)]


async def test_of_two_snapshots_that_weigh_too_much_the_newest_is_kept(inboxes: Inboxes) -> None:
    inboxes.put("331", *(FIRST + n * HOUR for n in range(10)))
    probe = authorities()
    await probe.snapshot("331", FIRST + 9 * HOUR)
    kept = authorities(probe._budget.kept)
    first, second = [await kept.snapshot("331", FIRST + n * HOUR) for n in (8, 9)]
    assert await kept.snapshot("331", FIRST + 9 * HOUR) is second
    assert await kept.snapshot("331", FIRST + 8 * HOUR) is not first


async def test_who_was_not_asked_for_longest_goes_for_who_is(inboxes: Inboxes) -> None:
    for authority in ("331", "332", "333"):
        inboxes.put(authority, *(FIRST for _ in range(10)))
    kept = authorities(25 * OF_AN_EVENT)
    for authority in ("331", "332", "331", "333"):
        await kept.events(authority)
    inboxes.asked.clear()
    await kept.events("331")
    assert inboxes.asked == [("331", 10)]
    await kept.events("332")
    assert inboxes.asked[-1] == ("332", 0)


async def _in_passing(kept: Authorities, authority: str) -> Snapshot:
    return await kept.in_passing(authority, FIRST + 9 * HOUR)


@pytest.mark.parametrize(("times", "is_kept"), [(2.9, False), (3.1, True)])
async def test_in_passing_is_kept_what_there_is_room_for_three_times_over(
    inboxes: Inboxes, times: float, is_kept: bool
) -> None:
    inboxes.put("331", *(FIRST for _ in range(10)))
    probe = authorities()
    await probe.snapshot("331", FIRST)
    weight = probe._budget.kept
    kept = authorities(int(times * weight))
    first = await _in_passing(kept, "331")
    assert len(first.posts) == 10
    inboxes.asked.clear()
    assert (await _in_passing(kept, "331") is first) is is_kept
    assert inboxes.asked == [("331", 10 if is_kept else 0)]


async def test_in_passing_nothing_is_let_go_that_is_kept(inboxes: Inboxes) -> None:
    for authority in ("331", "332"):
        inboxes.put(authority, *(FIRST for _ in range(10)))
    kept = authorities(25 * OF_AN_EVENT)
    asked_for = await kept.snapshot("331", FIRST)
    await _in_passing(kept, "332")
    assert await kept.snapshot("331", FIRST) is asked_for
    # Who is kept already is asked for as ever.
    assert await _in_passing(kept, "331") is asked_for


async def test_who_is_asked_for_while_another_reads_in_passing_stays_as_asked_for(
    inboxes: Inboxes, monkeypatch: pytest.MonkeyPatch
) -> None:
    inboxes.put("331", *(FIRST for _ in range(10)))
    reading, go_on = asyncio.Event(), asyncio.Event()

    async def slow_at_first(pool: object, authority: str, after: int) -> tuple[list[Event], int]:
        if not reading.is_set():
            reading.set()
            await go_on.wait()
        return await inboxes.read(pool, authority, after)

    monkeypatch.setattr(inbox, "read_arrived", slow_at_first)
    kept = authorities()
    passing = asyncio.create_task(_in_passing(kept, "331"))
    await reading.wait()
    asked_for = await kept.snapshot("331", FIRST)
    go_on.set()
    await passing
    assert await kept.snapshot("331", FIRST) is asked_for


async def test_after_an_answer_is_weighed_what_grew_by_being_asked(inboxes: Inboxes) -> None:
    inboxes.put("331", *(FIRST for _ in range(10)))
    kept = authorities()
    snapshot = await kept.snapshot("331", FIRST)
    before = kept._budget.kept
    snapshot.kept("a hundred parts", lambda: list(range(100)))
    kept.settle()
    # A part that a snapshot keeps weighs 290 bytes.
    assert kept._budget.kept - before == 100 * 290
    kept.settle()
    assert kept._budget.kept - before == 100 * 290
    assert await kept.snapshot("331", FIRST) is snapshot
    snapshot.kept("ten more", lambda: list(range(10)))
    kept.settle()
    assert kept._budget.kept - before == 110 * 290


async def test_a_snapshot_takes_what_this_process_took_in_itself_and_reads_what_others_did(pool: asyncpg.Pool) -> None:
    recent = RecentEvents()
    kept = Authorities(pool, Budget(PLENTY), recent)

    async def take_in(number: int) -> list[inbox.Arrived]:
        async with pool.acquire() as connection, connection.transaction():
            return await inbox.take(connection, [decoded(post_established(f"P-{number}", "331"), number)])

    later = datetime(2024, 1, 1, tzinfo=UTC)
    recent.add(await take_in(1))
    # What stands in the table now would be no event: whoever read it would fail.
    await pool.execute("UPDATE inbox SET body = '{}'")
    assert await posts(kept, "331", later) == ["P-1"]
    await take_in(2)
    assert await posts(kept, "331", later) == ["P-1", "P-2"]
