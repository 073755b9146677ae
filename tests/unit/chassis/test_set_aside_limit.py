"""When so much is set aside that the fault cannot be in the records."""

from services.chassis.delivery import SetAsideLimit


def notes(limit: SetAsideLimit, fates: list[bool]) -> list[str]:
    """The reasons to stop that come up, in order."""
    return [reason for reason in map(limit.note, fates) if reason is not None]


def test_a_run_of_bad_records_is_a_reason_to_stop_at_the_last_of_them() -> None:
    limit = SetAsideLimit(in_a_row=3, share=1.0)
    assert notes(limit, [True, True]) == []
    assert limit.note(True) == "3 records in a row could not be taken in"


def test_one_good_record_ends_a_run() -> None:
    limit = SetAsideLimit(in_a_row=3, share=1.0)
    assert notes(limit, [True, True, False] * 400) == []


def test_more_than_the_share_of_the_last_thousand_is_a_reason_to_stop() -> None:
    limit = SetAsideLimit(in_a_row=100, share=0.5)
    assert notes(limit, [True, False] * 1000) == []
    assert notes(limit, [True, True]) == ["50% of the last 1000 records could not be taken in"]


def test_a_share_is_not_judged_before_a_thousand_records_have_come() -> None:
    limit = SetAsideLimit(in_a_row=100, share=0.1)
    assert notes(limit, ([True] * 50 + [False]) * 19) == []


def test_what_was_set_aside_long_ago_does_not_count() -> None:
    limit = SetAsideLimit(in_a_row=1001, share=0.5)
    assert notes(limit, [True] * 400 + [False] * 600 + [False] * 400 + [True] * 500) == []
