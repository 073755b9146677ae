"""What must hold of the oracle's own figures, whatever was recorded."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from contracts.envelope import Event
from tests.oracle.academy import cohorts
from tests.oracle.facts import LATER, total
from tests.oracle.measures import MEASURES, Period, by, figure, known
from tests.oracle.stock import stock_by_staffing_unit
from tests.whole_histories import FIRST_DAY, LAST_DAY, whole_histories

DAYS = st.integers(0, (LAST_DAY - FIRST_DAY).days).map(lambda days: FIRST_DAY + timedelta(days=days))
PERIODS = st.builds(lambda one, other: Period(min(one, other), max(one, other)), DAYS, DAYS)
SCOPES = st.sampled_from(["all", "census"])


@given(whole_histories(), PERIODS, SCOPES)
def test_closing_is_opening_and_starters_without_leavers(history: list[Event], period: Period, scope: str) -> None:
    events = known(history, LATER)
    opening, starters, leavers, closing = (
        total(events, measure, period, scope)
        for measure in ("opening-headcount", "starters", "leavers", "in-post-headcount")
    )
    assert closing == opening + starters - leavers
    stayed = total(events, "stayed-headcount", period, scope)
    assert opening - leavers <= stayed <= min(opening, closing)


@given(whole_histories(), DAYS)
def test_stocks_are_the_sums_over_units_and_tranches(history: list[Event], as_at: date) -> None:
    events = known(history, LATER)
    no_merges = [event for event in events if event.envelope.type != "uk.workforce.worker.merged.v1"]
    units = stock_by_staffing_unit(no_merges, as_at).values()
    on_the_day = Period(as_at, as_at)
    for measure, field in [
        ("establishment", "establishment"),
        ("in-post", "in_post"),
        ("vacancies", "vacancies"),
        ("vacancies-by-age", "vacancies"),
        ("over-establishment", "over_establishment"),
        ("agency", "agency"),
        ("agency-cover", "agency_cover"),
        ("uncovered-vacancies", "uncovered"),
    ]:
        assert total(no_merges, measure, on_the_day, "all") == sum(getattr(unit.stock, field) for unit in units)


@given(whole_histories(), DAYS)
def test_members_are_in_post_or_left_during_the_year_or_after(history: list[Event], as_at: date) -> None:
    for outcomes in cohorts(known(history, LATER), as_at).values():
        assert outcomes.started == outcomes.in_post + outcomes.left_during_the_year + outcomes.left_after
        assert outcomes.started == len(outcomes.durations)


@given(whole_histories(), PERIODS, st.data())
def test_what_is_accepted_later_changes_no_digit_of_a_report(
    history: list[Event], period: Period, data: st.DataObject
) -> None:
    accepted_at = data.draw(st.sampled_from([event.envelope.acceptedtime for event in history]))
    assert accepted_at is not None
    by_then = [event for event in history if event.envelope.acceptedtime and event.envelope.acceptedtime <= accepted_at]
    pinned, printed = known(history, LATER, accepted_at), known(by_then, LATER)
    for measure, parts in MEASURES.items():
        assert figure(parts(pinned, period, "all")) == figure(parts(printed, period, "all")), measure


@given(whole_histories(), PERIODS, SCOPES)
def test_every_measure_breaks_down_by_dimensions_that_add_up(history: list[Event], period: Period, scope: str) -> None:
    events = known(history, LATER)
    for measure, parts in MEASURES.items():
        broken_down = by(parts(events, period, scope), ["role", "team", "csww_role", "leaving_reason"])
        assert sum(broken_down.values()) == total(events, measure, period, scope), measure
