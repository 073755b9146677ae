"""Judging completeness: what an owner's watermarks say against what has arrived."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from contracts.refusal import Refused
from contracts.watermark import RepublishRequest, TopicMark, Watermark, decode, encode
from services.chassis.completeness import Expected, Remedy

POSTS = "workforce.posts"
NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def watermark(
    position: int, events: int, until: datetime, ends: tuple[int, ...], log_position: int | None = None
) -> Watermark:
    mark = TopicMark(count=events, log_position=position if log_position is None else log_position, log_ends=ends)
    return Watermark(owner="recruitment", position=position, head=position, until=until, topics={POSTS: mark})


def expected(position: int = 10, events: int = 6, ends: tuple[int, ...] = (4, 2)) -> Expected:
    return Expected.first(POSTS, watermark(position, events, NINE, ends), NINE)


def test_nothing_is_complete_until_it_was_judged() -> None:
    assert not expected().complete
    assert expected().complete_until is None
    assert expected().derived().complete_until is None


def test_an_owner_that_has_accepted_nothing_is_complete_at_once() -> None:
    of_nothing = expected(position=0, events=0, ends=())
    assert of_nothing.complete
    assert of_nothing.derived().complete_until == NINE


@pytest.mark.parametrize(
    ("next_offsets", "has"),
    [({}, False), ({0: 4}, False), ({0: 4, 1: 1}, False), ({0: 4, 1: 2}, True), ({0: 9, 1: 2, 2: 7}, True)],
)
def test_the_log_was_read_when_every_partition_was(next_offsets: dict[int, int], has: bool) -> None:
    assert expected().has_read_it_all(next_offsets) is has


def test_a_log_that_is_being_published_again_was_not_read_whole() -> None:
    partly = Expected.first(POSTS, watermark(10, 6, NINE, (1, 1), log_position=3), NINE)
    assert not partly.has_read_it_all({0: 5, 1: 5})


def test_when_all_events_arrived_it_is_complete_up_to_the_instant_of_the_watermark() -> None:
    judged = expected().count(6, 0, NINE)
    assert judged.complete
    assert (judged.missing, judged.remedy) == (0, None)
    assert judged.derived().complete_until == NINE


def test_missing_events_are_read_again_then_asked_for_then_all_begins_anew() -> None:
    at = NINE
    short = expected().count(5, 0, at)
    assert (short.complete, short.missing, short.remedy, short.remedy_at) == (False, 1, Remedy.READ_AGAIN, at)

    at += SECOND
    asked = short.count(5, 0, at)
    assert (asked.missing, asked.remedy, asked.remedy_at) == (1, Remedy.ASKED, at)

    waiting = asked.count(5, 0, at + 29 * SECOND)
    assert waiting == asked
    anew = asked.count(5, 0, at + 31 * SECOND)
    assert (anew.remedy, anew.remedy_at) == (Remedy.READ_AGAIN, at + 31 * SECOND)
    assert asked.count(6, 0, at + 2 * SECOND).complete


def test_only_what_comes_after_the_verified_position_is_counted() -> None:
    complete = expected().count(6, 0, NINE)
    later = complete.hear(watermark(15, 9, NINE + SECOND, (5, 4)), NINE + SECOND)
    assert (later.position, later.events, later.verified_events, later.complete) == (15, 9, 6, False)
    assert later.count(2, 0, NINE).missing == 1
    assert later.count(3, 0, NINE).complete


def test_a_watermark_is_judged_before_the_next_one_takes_its_place() -> None:
    first = expected()
    second = first.hear(watermark(15, 9, NINE + SECOND, (5, 4)), NINE + SECOND)
    assert (second.position, second.heard_until) == (10, NINE + SECOND)
    after_long = second.hear(watermark(20, 12, NINE + 40 * SECOND, (7, 5)), NINE + 40 * SECOND)
    assert after_long.position == 20


def test_a_watermark_that_comes_late_changes_nothing() -> None:
    complete = expected().count(6, 0, NINE)
    assert complete.hear(watermark(4, 2, NINE - SECOND, (1, 1)), NINE) == complete


def test_a_log_that_was_lost_is_judged_by_its_new_ends_and_by_all_that_was_expected_before() -> None:
    lost = expected().hear(watermark(8, 5, NINE + SECOND, (1,), log_position=2), NINE + SECOND)
    assert (lost.position, lost.events, lost.until) == (10, 6, NINE)
    assert (lost.log_position, lost.log_ends) == (2, (1,))


def test_an_owner_whose_database_was_set_back_is_judged_anew() -> None:
    complete = expected().count(6, 0, NINE).derived()
    set_back = complete.hear(watermark(7, 4, NINE + SECOND, (4, 2)), NINE + SECOND)
    assert (set_back.position, set_back.events, set_back.verified_position) == (7, 4, 0)
    assert set_back.complete_until is None


def test_messages_survive_kafka() -> None:
    said = watermark(10, 6, NINE, (4, 2))
    assert decode(Watermark, encode(said)) == said
    asked = RepublishRequest(reader="metrics", topic=POSTS, after=3, up_to=9)
    assert decode(RepublishRequest, encode(asked)) == asked


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        b"\xff\xfe",
        b"[]",
        b"{}",
        encode(RepublishRequest(reader="metrics", topic="somebody.else", after=0, up_to=1)),
        b'{"reader":"metrics","topic":"workforce.posts","after":-1,"up_to":9}',
        b'{"reader":"metrics","topic":"workforce.posts","after":0,"up_to":99999999999999999999}',
    ],
)
def test_what_is_no_request_is_refused(value: bytes | None) -> None:
    with pytest.raises(Refused):
        decode(RepublishRequest, value)


def test_a_remedy_is_remembered_with_its_instant() -> None:
    assert replace(expected(), remedy=Remedy.ASKED).count(5, 0, NINE).remedy is Remedy.READ_AGAIN


def test_what_is_said_to_be_dead_letters_is_asked_for_before_it_is_believed() -> None:
    short = expected().count(5, 1, NINE)
    assert (short.complete, short.missing, short.remedy) == (False, 1, Remedy.ASKED)
    assert not short.count(5, 1, NINE + 4 * SECOND).complete
    believed = short.count(5, 1, NINE + 6 * SECOND)
    assert (believed.complete, believed.missing, believed.remedy) == (True, 0, None)


def test_an_event_that_is_truly_missing_is_not_covered_by_another_that_became_a_dead_letter() -> None:
    two_short = expected().count(4, 1, NINE)
    assert (two_short.missing, two_short.remedy) == (2, Remedy.READ_AGAIN)
    asked = two_short.count(4, 1, NINE + SECOND)
    assert not asked.count(4, 1, NINE + 20 * SECOND).complete
    assert asked.count(5, 1, NINE + 20 * SECOND).complete


# --- the very instants and numbers ------------------------------------------------------------------------------------

MOMENT = timedelta(microseconds=1)


def test_a_watermark_is_judged_for_thirty_seconds_and_no_longer() -> None:
    later = watermark(15, 9, NINE + 40 * SECOND, (5, 4))
    assert expected().hear(later, NINE + 30 * SECOND).position == 10
    assert expected().hear(later, NINE + 30 * SECOND + MOMENT).position == 15
    assert expected().hear(later, NINE + 30 * SECOND + MOMENT).judged_since == NINE + 30 * SECOND + MOMENT


def test_a_watermark_of_the_same_instant_as_the_last_is_heard_and_one_of_a_moment_before_is_not() -> None:
    complete = expected().count(6, 0, NINE)
    assert complete.hear(watermark(15, 9, NINE, (5, 4)), NINE).position == 15
    assert complete.hear(watermark(15, 9, NINE - MOMENT, (5, 4)), NINE) == complete


@pytest.mark.parametrize(("head", "position", "verified"), [(10, 10, 10), (9, 9, 0)])
def test_an_owner_was_set_back_when_its_newest_event_stands_before_what_was_verified(
    head: int, position: int, verified: int
) -> None:
    complete = expected().count(6, 0, NINE)
    said = watermark(9, 5, NINE + SECOND, (4, 2)).model_copy(update={"head": head})
    heard = complete.hear(said, NINE + SECOND)
    assert (heard.position, heard.verified_position) == (position, verified)


@pytest.mark.parametrize(
    ("log_position", "ends", "lost"),
    [
        (10, (4, 2), False),
        (10, (5, 2), False),
        (10, (4, 2, 1), False),
        (9, (4, 2), True),
        (10, (3, 2), True),
        (10, (4, 1), True),
        (10, (4,), True),
        (10, (), True),
    ],
)
def test_a_log_was_lost_where_it_ends_before_it_did(log_position: int, ends: tuple[int, ...], lost: bool) -> None:
    heard = expected().hear(watermark(10, 6, NINE + SECOND, ends, log_position), NINE + SECOND)
    assert heard.heard_until == NINE + SECOND
    # A lost log is judged at once, by its new ends; another one is judged as it was begun.
    assert (heard.log_position, heard.log_ends) == ((log_position, ends) if lost else (10, (4, 2)))
    assert heard.judged_since == (NINE + SECOND if lost else NINE)


@pytest.mark.parametrize(("log_position", "read"), [(9, False), (10, True), (11, True)])
def test_the_log_holds_what_is_expected_from_the_watermarks_position_on(log_position: int, read: bool) -> None:
    said = Expected.first(POSTS, watermark(10, 6, NINE, (4, 2), log_position), NINE)
    assert said.has_read_it_all({0: 4, 1: 2}) is read


def test_more_than_was_expected_is_no_less_complete() -> None:
    assert expected().count(7, 0, NINE).complete


def test_what_is_said_to_be_dead_letters_is_believed_after_five_seconds_where_the_owner_was_asked() -> None:
    asked = expected().count(5, 1, NINE)
    assert not asked.count(5, 1, NINE + 5 * SECOND).complete
    assert asked.count(5, 1, NINE + 5 * SECOND + MOMENT).complete
    # One that becomes a dead letter covers one that misses, and no two.
    assert not asked.count(4, 1, NINE + 6 * SECOND).complete
    assert not asked.count(5, 0, NINE + 6 * SECOND).complete
    read_again = expected().count(5, 0, NINE)
    later = read_again.count(5, 1, NINE + 6 * SECOND)
    assert (read_again.remedy, later.complete, later.remedy) == (Remedy.READ_AGAIN, False, Remedy.ASKED)


def test_an_owner_that_was_asked_has_thirty_seconds() -> None:
    asked = expected().count(5, 0, NINE).count(5, 0, NINE + SECOND)
    assert asked.count(5, 0, NINE + 31 * SECOND).remedy is Remedy.ASKED
    anew = asked.count(5, 0, NINE + 31 * SECOND + MOMENT)
    assert (anew.remedy, anew.remedy_at) == (Remedy.READ_AGAIN, NINE + 31 * SECOND + MOMENT)


def test_how_many_miss_is_told_anew_while_the_same_is_done_about_it() -> None:
    asked = expected().count(3, 0, NINE).count(3, 0, NINE + SECOND)
    fewer = asked.count(5, 0, NINE + 2 * SECOND)
    assert (asked.missing, fewer.missing, fewer.remedy, fewer.remedy_at) == (3, 1, Remedy.ASKED, NINE + SECOND)


def test_what_was_complete_stays_complete_up_to_then_while_more_is_expected() -> None:
    complete = expected().count(6, 0, NINE).derived()
    more = complete.hear(watermark(15, 9, NINE + SECOND, (5, 4)), NINE + SECOND)
    assert more.derived().complete_until == NINE
    assert more.count(2, 0, NINE + SECOND).derived().complete_until == NINE
    assert more.count(3, 0, NINE + SECOND).derived().complete_until == NINE + SECOND


def test_all_that_was_done_is_forgotten_once_all_has_come() -> None:
    asked = expected().count(5, 0, NINE).count(5, 0, NINE + SECOND)
    judged = asked.count(6, 0, NINE + 2 * SECOND)
    assert (judged.verified_position, judged.verified_events) == (10, 6)
    assert (judged.missing, judged.remedy, judged.remedy_at) == (0, None, None)


def test_what_is_complete_is_so_up_to_the_watermark_that_was_judged_and_not_to_a_later_one() -> None:
    later = expected().hear(watermark(15, 9, NINE + SECOND, (5, 4)), NINE + SECOND)
    judged = later.count(6, 0, NINE + SECOND).derived()
    assert (judged.complete_until, judged.heard_until) == (NINE, NINE + SECOND)
