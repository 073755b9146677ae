"""When so much is rejected that the fault cannot be in the records: of one partition, and of several authorities."""

from collections.abc import Iterable

import pytest

from services.chassis.dead_letter_limit import DeadLetterLimit, Owner

Fate = tuple[Owner, bool]


def notes(limit: DeadLetterLimit, fates: Iterable[Fate]) -> list[str]:
    """The reasons to stop that come up, in order."""
    return [reason for owner, rejected in fates if (reason := limit.note(owner, rejected)) is not None]


def bad(*owners: Owner) -> list[Fate]:
    """Records of these authorities (None: of none that can be read), each rejected."""
    return [(owner, True) for owner in owners]


GOOD: Fate = ("301", False)


def test_a_run_of_records_of_nobody_is_a_reason_to_stop_at_the_last_of_them() -> None:
    limit = DeadLetterLimit(in_a_row=3, share=1.0)
    assert notes(limit, bad(None, None)) == []
    assert limit.note(None, True) == "3 records in a row could not be taken in"


def test_a_run_across_several_authorities_is_a_reason_to_stop() -> None:
    limit = DeadLetterLimit(in_a_row=4, share=1.0)
    assert notes(limit, bad("301", "302", "303")) == []
    assert limit.note("301", True) == "4 records in a row could not be taken in"


@pytest.mark.parametrize("in_a_row", [2, 3, 100])
def test_however_many_records_of_one_authority_are_bad_they_stop_nobody(in_a_row: int) -> None:
    limit = DeadLetterLimit(in_a_row=in_a_row, share=0.5)
    assert notes(limit, bad("301") * 5000) == []


def test_a_single_bad_record_of_another_beside_a_long_run_of_one_authority_stops_nobody() -> None:
    limit = DeadLetterLimit(in_a_row=100, share=0.5)
    assert notes(limit, bad("301") * 99 + bad("302") + bad("301") * 2000) == []


def test_half_the_run_may_be_of_one_authority() -> None:
    limit = DeadLetterLimit(in_a_row=100, share=1.0)
    assert notes(limit, bad("301") * 70 + bad("302") * 49) == []
    assert limit.note("302", True) == "120 records in a row could not be taken in"


def test_one_good_record_ends_a_run() -> None:
    limit = DeadLetterLimit(in_a_row=3, share=1.0)
    assert notes(limit, [*bad(None, None), GOOD] * 400) == []


def test_more_than_the_share_of_the_last_thousand_is_a_reason_to_stop() -> None:
    limit = DeadLetterLimit(in_a_row=100, share=0.5)
    assert notes(limit, [*bad(None), GOOD] * 1000) == []
    assert notes(limit, bad(None, None)) == ["50% of the last 1000 records could not be taken in"]


def test_a_share_of_one_authority_alone_is_none() -> None:
    limit = DeadLetterLimit(in_a_row=100, share=0.5)
    assert notes(limit, [*bad("301") * 9, GOOD] * 1000) == []


def test_a_share_is_not_judged_before_a_thousand_records_have_come() -> None:
    limit = DeadLetterLimit(in_a_row=100, share=0.1)
    assert notes(limit, [*bad(None) * 50, GOOD] * 19) == []


def test_what_was_rejected_long_ago_does_not_count() -> None:
    limit = DeadLetterLimit(in_a_row=1001, share=0.5)
    fates = bad(None) * 400 + [GOOD] * 600 + [GOOD] * 400 + bad(None) * 500
    assert notes(limit, fates) == []


def test_good_records_noted_together_count_each() -> None:
    limit = DeadLetterLimit(in_a_row=1000, share=0.5)
    limit.note_good(497)
    assert notes(limit, bad(None) * 502) == []
    # Only with this one a thousand have come.
    assert limit.note(None, True) == "50% of the last 1000 records could not be taken in"


def test_good_records_noted_together_push_out_those_of_long_ago() -> None:
    limit = DeadLetterLimit(in_a_row=1000, share=0.5)
    limit.note_good(5000)
    assert notes(limit, bad(None) * 500) == []
    assert limit.note(None, True) == "50% of the last 1000 records could not be taken in"


def test_it_is_clear_again_when_what_was_rejected_is_long_ago_and_its_authority_sent_a_good_record() -> None:
    limit = DeadLetterLimit(in_a_row=100, share=0.5)
    limit.note("302", True)
    notes(limit, [GOOD] * 1000)
    # The run of 302 goes on until one of its own is good.
    assert not limit.is_clear
    limit.note("302", False)
    assert limit.is_clear


def test_a_run_of_one_authority_is_told_once_and_again_when_a_good_record_came_between() -> None:
    limit = DeadLetterLimit(in_a_row=3, share=1.0)
    told = []
    for owner, rejected in [*bad("302", "301", "302", "302", "302"), ("302", False), *bad("302") * 3]:
        limit.note(owner, rejected)
        told.append(rejected and limit.one_authority_only(owner))
    assert told == [False, False, False, True, False, False, False, False, True]
