"""Whatever was recorded, corrected, voided and sent twice: the timelines say what the definitions say."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import combinations
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.envelope import Event
from contracts.in_force import changes_in_force
from contracts.occupying import EFFECTS
from services.metrics.timelines.covers import covers
from services.metrics.timelines.holding import holding
from services.metrics.timelines.posts import post_facts
from services.metrics.timelines.rows import Cover, Occupancy, Post, Staffing
from services.metrics.timelines.staffing import staffing, unposted_cover_staffing
from services.metrics.timelines.workers import held_by_few, occupancies
from tests.histories import (
    FIRST_DAY,
    LAST_DAY,
    event,
    histories,
    histories_of_leavers,
    histories_of_merges,
    histories_of_references,
    histories_of_starts_and_leavers,
    merged,
    tied,
)
from tests.oracle import stock as oracle

Row = Occupancy | Cover | Post | Staffing

LATEST_INSTANT = datetime(2030, 1, 1, tzinfo=UTC)
DAYS = [FIRST_DAY + timedelta(days=days) for days in range(-1, (LAST_DAY - FIRST_DAY).days + 2)]
"""Every date on which something can change, and one on either side."""

_of_one_worker = histories_of_references() | histories_of_leavers()

thorough = settings(max_examples=2 * settings.default.max_examples)  # type: ignore[union-attr]


class Timelines:
    """All rows that come of a history, subject by subject, as the metrics service derives them."""

    def __init__(self, history: Iterable[Event]) -> None:
        history = list(history)
        subjects = sorted({event.envelope.subject for event in history})
        of_subject = {
            subject: [event for event in history if event.envelope.subject == subject] for subject in subjects
        }
        linked = {
            frozenset(oracle.numbers_of_person(history, subject))
            for subject in subjects
            if subject.startswith("worker/")
        }
        self.occupancies = [
            row
            for numbers in linked
            for row in occupancies(event for event in history if event.envelope.subject in numbers)
        ]
        self.occupancies.sort(key=lambda row: row.worker)
        self.covers = [row for subject in subjects for row in covers(of_subject[subject])]
        self.posts = [row for subject in subjects for row in post_facts(of_subject[subject])]
        named = {row.post for row in self.occupancies} | {row.post for row in self.posts}
        named |= {row.post for row in self.covers if row.post is not None}
        self.staffing = unposted_cover_staffing(self.covers)
        for post in sorted(named):
            self.staffing += staffing(
                f"post/{post}",
                [row for row in self.posts if row.post == post],
                [row for row in self.occupancies if row.post == post],
                [row for row in self.covers if row.post == post],
            )

    def everything(self) -> tuple[list[Any], ...]:
        """The rows of every kind, in the order in which they come."""
        return self.occupancies, self.covers, self.posts, self.staffing


def holds(row: Row, as_at: date, as_known_at: datetime) -> bool:
    """Whether a row says something about that date as known at that instant."""
    return row.valid_from <= as_at < row.valid_to and row.known_from <= as_known_at < row.known_to


def instants_of(history: list[Event]) -> list[datetime]:
    """Every instant at which something became known, and one just before the first."""
    times = sorted({event.envelope.time for event in history})
    return [times[0] - timedelta(microseconds=1), *times]


def fte(millionths: int) -> Decimal:
    """An amount of a row in FTE."""
    return Decimal(millionths) / 1_000_000


def stock_in(rows: Iterable[Staffing]) -> oracle.Stock:
    """The sum of some rows of staffing."""
    total = oracle.Stock()
    for row in rows:
        total.add(
            oracle.Stock(
                fte(row.establishment),
                fte(row.in_post),
                fte(row.vacancies),
                fte(row.over_establishment),
                fte(row.agency),
                fte(row.agency_cover),
                fte(row.uncovered),
            )
        )
    return total


@thorough
@given(histories() | tied(histories()))
def test_the_stock_of_every_staffing_unit_and_in_every_role_is_what_the_definitions_say(history: list[Event]) -> None:
    rows = Timelines(history).staffing
    for as_known_at in instants_of(history):
        in_force = oracle.in_force(history, as_known_at)
        for as_at in DAYS:
            there = [row for row in rows if holds(row, as_at, as_known_at)]
            expected = oracle.stock_by_staffing_unit(in_force, as_at)
            assert {row.staffing_unit for row in there} == set(expected)
            assert len(there) == len(expected)
            for row in there:
                assert (row.dimensions.role, stock_in([row])) == (
                    expected[row.staffing_unit].role,
                    expected[row.staffing_unit].stock,
                )
            roles = {row.dimensions.role for row in there}
            assert {role: stock_in(row for row in there if row.dimensions.role == role) for role in roles} == (
                oracle.stock_by_role(in_force, as_at)
            )


@thorough
@given(_of_one_worker | tied(_of_one_worker))
def test_a_worker_holds_the_posts_that_the_definitions_say_whatever_was_taken_back(history: list[Event]) -> None:
    rows = occupancies(history)
    for as_known_at in instants_of(history):
        in_force = oracle.in_force(history, as_known_at)
        for as_at in DAYS:
            held = {row.post: fte(row.fte) for row in rows if holds(row, as_at, as_known_at)}
            assert held == oracle.posts_held(in_force, "worker/W-1", as_at)


@thorough
@given(_of_one_worker | tied(_of_one_worker))
def test_what_a_worker_holds_is_the_same_folded_anew_at_every_instant_and_followed_from_one_to_the_next(
    history: list[Event],
) -> None:
    changes = list(changes_in_force(event for event in history if event.envelope.type in EFFECTS))
    assert held_by_few(changes) == holding(changes)


@thorough
@given(histories() | histories_of_merges() | tied(histories_of_merges()))
def test_a_person_holds_the_posts_that_the_definitions_say_under_the_number_known_then(history: list[Event]) -> None:
    rows = Timelines(history).occupancies
    for as_known_at in instants_of(history):
        in_force = oracle.in_force(history, as_known_at)
        for as_at in DAYS:
            held: dict[str, dict[str, Decimal]] = {}
            for row in rows:
                if holds(row, as_at, as_known_at):
                    held.setdefault(f"worker/{row.worker}", {})[row.post] = fte(row.fte)
            persons = {oracle.person(in_force, f"worker/{number}") for number in ("W-1", "W-2", "W-3")}
            expected = {person: oracle.posts_held(in_force, person, as_at) for person in persons}
            assert held == {person: posts for person, posts in expected.items() if posts}


@given(histories_of_starts_and_leavers())
def test_a_merge_takes_nobody_out_of_a_post(history: list[Event]) -> None:
    in_force = oracle.in_force(history, LATEST_INSTANT)
    merge = event(merged("W-2"), "worker/W-1", LATEST_INSTANT, "merge")
    rows = Timelines([*history, merge]).occupancies
    for as_at in DAYS:
        apart = {post for number in ("W-1", "W-2") for post in oracle.posts_held(in_force, f"worker/{number}", as_at)}
        # More can come: who came under the other number before does not start alone under this one.
        assert apart <= {row.post for row in rows if holds(row, as_at, LATEST_INSTANT)}


@thorough
@given(st.data())
def test_order_and_repetition_of_deliveries_do_not_matter(data: st.DataObject) -> None:
    history = data.draw(histories() | histories_of_references() | histories_of_merges())
    delivered = data.draw(st.permutations(history + data.draw(st.lists(st.sampled_from(history), max_size=8))))
    assert repr(Timelines(delivered).everything()) == repr(Timelines(history).everything())


@thorough
@given(histories() | histories_of_merges())
def test_no_two_rows_speak_of_one_date_as_known_at_one_instant_and_none_could_be_longer(history: list[Event]) -> None:
    timelines = Timelines(history)
    of_one_thing: dict[object, list[Row]] = {}
    for held in timelines.occupancies:
        of_one_thing.setdefault(("worker", held.worker, held.post), []).append(held)
    for cover in timelines.covers:
        of_one_thing.setdefault(("cover", cover.cover), []).append(cover)
    for post in timelines.posts:
        of_one_thing.setdefault(("post", post.post), []).append(post)
    for there in timelines.staffing:
        of_one_thing.setdefault(("staffing_unit", there.staffing_unit), []).append(there)
    for rows in of_one_thing.values():
        assert rows == sorted(rows, key=lambda row: (row.valid_from, row.known_from))
        for row in rows:
            assert row.valid_from < row.valid_to
            assert row.known_from < row.known_to
        for one, other in combinations(rows, 2):
            assert not (share_a_date(one, other) and share_an_instant(one, other))
            if facts(one) == facts(other):
                assert not (follows_in_valid_time(one, other) and share_an_instant(one, other))
                assert not (holds_for_the_same_dates(one, other) and follows_as_known(one, other))


@given(histories() | histories_of_merges())
def test_what_is_recorded_later_changes_nothing_that_was_known_before(history: list[Event]) -> None:
    for as_known_at in instants_of(history):
        known_then = Timelines(event for event in history if event.envelope.time <= as_known_at)
        known_now = Timelines(history)
        for then, now in zip(known_then.everything(), known_now.everything(), strict=True):
            assert [without_instants(row) for row in then if row.known_from <= as_known_at < row.known_to] == [
                without_instants(row) for row in now if row.known_from <= as_known_at < row.known_to
            ]


def facts(row: Row) -> tuple[object, ...]:
    """All of a row but its dates and instants, which are its last four."""
    return tuple(row[:-4])


def without_instants(row: Row) -> tuple[object, ...]:
    """All of a row but when it was known."""
    return tuple(row[:-2])


def share_a_date(one: Row, other: Row) -> bool:
    """Whether there is a date at which both hold."""
    return max(one.valid_from, other.valid_from) < min(one.valid_to, other.valid_to)


def share_an_instant(one: Row, other: Row) -> bool:
    """Whether there is an instant at which both are known."""
    return max(one.known_from, other.known_from) < min(one.known_to, other.known_to)


def follows_in_valid_time(one: Row, other: Row) -> bool:
    """Whether one begins where the other ends."""
    return one.valid_to == other.valid_from or other.valid_to == one.valid_from


def holds_for_the_same_dates(one: Row, other: Row) -> bool:
    """Whether both hold from and to the same dates."""
    return (one.valid_from, one.valid_to) == (other.valid_from, other.valid_to)


def follows_as_known(one: Row, other: Row) -> bool:
    """Whether one was known from when the other no longer was."""
    return one.known_to == other.known_from or other.known_to == one.known_from
