"""Deliveries that are refused whole: older, smaller, laid out otherwise."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from services.people.differ.refusing import Delivery, refused
from services.people.statements import Extract, History, Kind, Policy

AS_AT = date(2023, 8, 1)
RECORDED = datetime(2023, 8, 1, 22, tzinfo=UTC)
LAST = Delivery(Extract("331", "hr", Kind.HOLDINGS, AS_AT, RECORDED), 1000, "FTE, Number, Post")
NEXT = replace(LAST, extract=replace(LAST.extract, as_at=date(2023, 8, 2), recorded_at=RECORDED + timedelta(days=1)))


def test_the_first_delivery_is_taken_whatever_it_is() -> None:
    assert refused(None, replace(NEXT, subjects=0), Policy()) is None


def test_a_later_delivery_like_the_last_is_taken() -> None:
    assert refused(LAST, NEXT, Policy()) is None


def test_a_second_delivery_of_one_day_is_taken() -> None:
    again = replace(LAST, extract=replace(LAST.extract, recorded_at=RECORDED + timedelta(hours=1)))
    assert refused(LAST, again, Policy()) is None


@pytest.mark.parametrize("confirmed", [False, True])
def test_a_delivery_for_an_older_date_is_refused_whatever_anybody_says(confirmed: bool) -> None:
    older = replace(NEXT, extract=replace(NEXT.extract, as_at=date(2023, 7, 31)))
    assert str(refused(LAST, older, Policy(), confirmed=confirmed)) == (
        "as_at: is before the date of the last extract, of which the rows count already (came: 2023-07-31); "
        "right would be: 2023-08-01 or later"
    )


def test_a_delivery_that_was_recorded_no_later_than_the_last_is_refused() -> None:
    at_once = replace(NEXT, extract=replace(NEXT.extract, recorded_at=RECORDED))
    assert str(refused(LAST, at_once, Policy())) == (
        "recorded_at: is not after the instant at which the last extract was recorded "
        "(came: 2023-08-01T22:00:00+00:00); right would be: later than 2023-08-01T22:00:00+00:00"
    )


def test_a_delivery_with_other_columns_is_refused_unless_somebody_confirms_it() -> None:
    other = replace(NEXT, layout="FTE, Number")
    assert str(refused(LAST, other, Policy())) == (
        "layout: is not that of the last extract (came: FTE, Number); right would be: FTE, Number, Post"
    )
    assert refused(LAST, other, Policy(), confirmed=True) is None


def test_a_delivery_much_smaller_than_the_last_is_refused_unless_somebody_confirms_it() -> None:
    assert refused(LAST, replace(NEXT, subjects=700), Policy()) is None
    small = replace(NEXT, subjects=699)
    assert str(refused(LAST, small, Policy())) == (
        "rows: name 699 subjects that no rule leaves out, and those of the last extract 1000; "
        "right would be: at least 700 subjects, or somebody's word that so few are right"
    )
    assert refused(LAST, small, Policy(), confirmed=True) is None
    assert refused(LAST, small, Policy(smallest_share=Decimal("0.5"))) is None


def test_change_files_may_be_as_small_as_they_like_unless_they_hold_all_that_was() -> None:
    last, small = (
        replace(one, extract=replace(one.extract, kind=Kind.CHANGES), subjects=subjects)
        for one, subjects in ((LAST, 1000), (NEXT, 3))
    )
    assert refused(last, small, Policy()) is None
    assert refused(last, small, Policy(history=History.COMPLETE)) is not None
