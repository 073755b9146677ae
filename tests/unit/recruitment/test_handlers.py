"""What recruitment asks its own tables: which posts are established, and what is known of posts and workers.

Invariant: the database is a real one. Authorities 331 and 332 give their posts, workers and events the same numbers.
"""

from datetime import date

from contracts.envelope import Event
from contracts.events.agency_cover import CoverChanged
from contracts.events.base import EventData
from contracts.events.posts import PostChanged, PostClosed
from services.recruitment import store
from services.recruitment.handlers import notes_on_accepted
from services.recruitment.rules import fallen_vacant
from tests.histories import (
    SOURCE,
    at,
    cover_started,
    established,
    event,
    fte_changed,
    left,
    moved,
    started,
    void,
    void_of,
)
from tests.unit.doors import Listened, accepted, door, running, taken_in

DAY, LATER_DAY = date(2024, 2, 29), date(2024, 3, 1)
RECORDED, LATER = at(DAY), at(LATER_DAY)
ESTABLISHED, CLOSED = "uk.workforce.post.established.v1", "uk.workforce.post.closed.v1"
PAYROLL = "/coventry/payroll"


def about_post(post: str, id: str, data: EventData | None = None, authority: str = "331", **more: str) -> Event:
    """An event of a post, its establishment where nothing else is said."""
    return event(data or established(DAY), f"post/{post}", RECORDED, id, authority=authority, **more)


def about_worker(data: EventData, id: str, worker: str = "W-1", authority: str = "331") -> Event:
    """An event of a worker."""
    return event(data, f"worker/{worker}", RECORDED, id, authority=authority)


def named(events: list[Event]) -> set[tuple[str, str, str]]:
    """Authority, source and id of events."""
    return {(one.envelope.authority, one.envelope.source, one.envelope.id) for one in events}


async def test_a_post_is_plainly_established_by_an_establishment_of_its_own_that_nothing_voids(database: str) -> None:
    once, twice = about_post("P-1", "E-1"), about_post("P-2", "E-2")
    voided, restored = about_post("P-3", "E-3"), about_post("P-4", "E-4")
    async with door(database) as pool:
        await accepted(
            pool,
            once,
            twice,
            event(established(LATER_DAY), "post/P-2", LATER, "E-2b", supersedes="E-2"),
            voided,
            void(voided, LATER, "V-3"),
            restored,
            void(restored, LATER, "V-4"),
            void_of("V-4", ESTABLISHED, "post/P-4", LATER, "V-4b"),
            # What only corrects or voids what has not come, or is of another kind, establishes nothing plainly.
            event(established(DAY), "post/P-5", RECORDED, "E-5", supersedes="never"),
            void_of("never", ESTABLISHED, "post/P-6", RECORDED, "V-6"),
            about_post("P-7", "E-7", PostClosed(closed_on=DAY)),
            about_post("P-8", "E-8", PostChanged(effective_from=DAY, team="duty")),
            about_worker(started(DAY, "P-9"), "E-9", "P-9"),
        )
        asked = [f"P-{number}" for number in range(1, 10)]
        assert await store.plainly_established(pool, "331", asked) == {"P-1", "P-2"}
        assert await store.plainly_established(pool, "331", ["P-2"]) == {"P-2"}
        assert await store.plainly_established(pool, "332", asked) == set()


async def test_a_void_is_of_the_source_that_it_names_and_of_the_kind_and_the_authority_it_is_of(database: str) -> None:
    closing = about_post("P-1", "E-1", PostClosed(closed_on=DAY), source=PAYROLL)
    async with door(database) as pool:
        await accepted(
            pool,
            about_post("P-1", "E-1"),
            about_post("P-1", "E-1", authority="332"),
            # Of a number of payroll's own, of a closing, of another post, of another authority.
            void_of("E-1", ESTABLISHED, "post/P-1", LATER, "V-1", source="/coventry/agency"),
            closing,
            void(closing, LATER, "V-2"),
            void_of("E-1", ESTABLISHED, "post/P-1", LATER, "V-3", authority="333"),
        )
        assert await store.plainly_established(pool, "331", ["P-1"]) == {"P-1"}
        assert await store.plainly_established(pool, "332", ["P-1"]) == {"P-1"}
        await accepted(pool, void_of("E-1", ESTABLISHED, "post/P-1", LATER, "V-4", source=PAYROLL, voidssource=SOURCE))
        assert await store.plainly_established(pool, "331", ["P-1"]) == set()
        assert await store.plainly_established(pool, "332", ["P-1"]) == {"P-1"}


async def test_what_was_to_establish_posts_is_read_of_these_posts_and_this_authority_alone(database: str) -> None:
    first, other = about_post("P-1", "E-1"), about_post("P-1", "E-1", authority="332")
    async with door(database) as pool:
        await accepted(
            pool,
            first,
            other,
            void(first, LATER, "V-1"),
            about_post("P-1", "E-2", PostClosed(closed_on=DAY)),
            about_post("P-2", "E-3"),
            about_worker(started(DAY), "E-4", "P-1"),
        )
        events = await store.events_establishing(pool, "331", ["P-1"])
        assert named(events) == {("331", SOURCE, "E-1"), ("331", SOURCE, "V-1")}
        assert {one.envelope.voids for one in events} == {None, "E-1"}
        assert named(await store.events_establishing(pool, "332", ["P-1", "P-2"])) == {("332", SOURCE, "E-1")}
        assert len(await store.events_establishing(pool, "331", ["P-1", "P-2"])) == 3
        assert await store.events_establishing(pool, "331", []) == []


async def test_what_is_known_of_posts_and_workers_is_the_journals_and_the_leavers_of_the_inbox(database: str) -> None:
    async with door(database) as pool:
        for authority in ("331", "332"):
            await accepted(
                pool,
                about_post("P-1", "E-1", authority=authority),
                about_worker(started(DAY), "S-1", authority=authority),
                event(cover_started(DAY), "cover/C-1", RECORDED, "C-1", authority=authority),
            )
        await taken_in(
            pool,
            about_worker(left(LATER_DAY), "L-1"),
            about_worker(left(LATER_DAY), "L-2", authority="332"),
        )
        events = await store.events_of_posts_and_workers(pool, "331")
        assert named(events) == {("331", SOURCE, "E-1"), ("331", SOURCE, "S-1"), ("331", SOURCE, "L-1")}
        assert len(events) == 3
        left_ = next(one for one in events if one.envelope.id == "L-1")
        assert (left_.data, left_.envelope.time, left_.envelope.sequence) == (left(LATER_DAY), RECORDED, "1")
        assert named(await store.events_of_posts_and_workers(pool, "332")) == {
            ("332", SOURCE, "E-1"), ("332", SOURCE, "S-1"), ("332", SOURCE, "L-2"),
        }  # fmt: skip
        assert await store.events_of_posts_and_workers(pool, "333") == []


async def test_who_left_in_one_authority_left_no_post_of_another_vacant(database: str) -> None:
    async with door(database) as pool:
        for authority in ("331", "332"):
            await accepted(pool, about_worker(started(DAY), "S-1", authority=authority))
        await taken_in(pool, about_worker(left(LATER_DAY), "L-1", authority="332"))
        assert fallen_vacant(await store.events_of_posts_and_workers(pool, "331"), LATER_DAY) == []
        (gone,) = fallen_vacant(await store.events_of_posts_and_workers(pool, "332"), LATER_DAY)
        assert (gone.post, gone.since, gone.because) == ("P-1", LATER_DAY, "left")


# --- remarks ----------------------------------------------------------------------------------------------------------


def not_established(post: str) -> str:
    """What is said of a post that nobody has established yet."""
    return f"post {post} is not established: {ESTABLISHED} for post/{post} has not come yet"


async def test_each_event_is_told_which_of_the_posts_it_names_are_not_established_in_its_authority(
    database: str,
) -> None:
    events = [
        about_worker(started(DAY, "P-1"), "S-1"),
        about_worker(started(DAY, "P-1"), "S-1", authority="332"),
        about_worker(moved(DAY, "P-3", "P-2"), "M-1"),
        about_worker(fte_changed(DAY, "0.5", "P-1"), "F-1"),
        event(cover_started(DAY, "P-2"), "cover/C-1", RECORDED, "C-1"),
        event(CoverChanged(effective_from=DAY, fte=None, post="P-1"), "cover/C-1", RECORDED, "C-2", authority="332"),
        about_post("P-9", "E-9"),
    ]
    async with door(database) as pool:
        await accepted(pool, about_post("P-1", "E-1"), about_post("P-2", "E-2", authority="332"))
        notes = await notes_on_accepted(running(pool), events)
    assert notes == {
        ("331", events[0].identity): [],
        ("332", events[1].identity): [not_established("P-1")],
        ("331", events[2].identity): [not_established("P-2"), not_established("P-3")],
        ("331", events[3].identity): [],
        ("331", events[4].identity): [not_established("P-2")],
        ("332", events[5].identity): [not_established("P-1")],
        ("331", events[6].identity): [],
    }


async def test_a_post_is_established_while_one_establishment_stands_whatever_corrected_or_voided_it(
    database: str,
) -> None:
    start = about_worker(started(DAY, "P-1"), "S-1")
    first = about_post("P-1", "E-1")
    withdrawal = void(first, LATER, "V-1")
    history = [
        (first, True),
        (withdrawal, False),
        (void(withdrawal, LATER, "V-2"), True),
        (void_of("E-1", ESTABLISHED, "post/P-1", LATER, "V-3", source=PAYROLL, voidssource=SOURCE), False),
        (about_post("P-1", "E-1", authority="332"), False),
        # The correction of an establishment that was voided is a version that stands.
        (event(established(LATER_DAY), "post/P-1", LATER, "E-2", supersedes="E-1"), True),
        (void_of("E-2", ESTABLISHED, "post/P-1", LATER, "V-4"), False),
        (about_post("P-1", "E-3"), True),
    ]
    async with door(database) as pool:
        for one, is_established in history:
            await accepted(pool, one)
            told = await notes_on_accepted(running(pool), [start])
            expected = [] if is_established else [not_established("P-1")]
            assert (one.envelope.id, told) == (one.envelope.id, {("331", start.identity): expected})


async def test_where_no_post_is_named_nothing_is_asked_or_told_and_no_more_than_needed_where_one_is(
    database: str,
) -> None:
    closed, start = about_post("P-1", "E-1", PostClosed(closed_on=DAY)), about_worker(started(DAY), "S-1")
    async with door(database) as pool:
        listened = Listened(pool)
        assert await notes_on_accepted(running(listened), []) == {}
        assert await notes_on_accepted(running(listened), [closed]) == {("331", closed.identity): []}
        assert listened.asked == []
        await notes_on_accepted(running(listened), [start])
        assert listened.asked == [store.PLAINLY_ESTABLISHED, store.EVENTS_ESTABLISHING]
        # Of a post that is plainly established no correction is followed, with every start and every cover.
        await accepted(pool, about_post("P-1", "E-2"))
        assert await notes_on_accepted(running(listened), [start, closed]) == {
            ("331", start.identity): [], ("331", closed.identity): [],
        }  # fmt: skip
        assert listened.asked[2:] == [store.PLAINLY_ESTABLISHED]
