"""What moved vacancies in a month, of small authorities whose months were gone through on paper."""

from datetime import date
from decimal import Decimal

import pytest

from contracts.codes import Role, Route
from contracts.envelope import Event
from contracts.events.base import EventData
from contracts.events.posts import PostChanged, PostClosed
from services.metrics.forecasting.flows import Flow, known_since, months, steps
from services.metrics.snapshot.snapshot import Snapshot
from tests.histories import at, event, fte_changed, moved
from tests.unit.forecasting.small import AS_AT, LONG_AGO, NQSW, leaver, post, start

SEPTEMBER_30 = date(2023, 9, 30)
TENTH = date(2023, 10, 10)
SOCIAL_WORKER = Role.SOCIAL_WORKER


def of_october(events: list[Event], role: Role | None = None) -> dict[Flow, float]:
    """The flows of October 2023 that are not 0."""
    by_month = months(Snapshot(events), [SEPTEMBER_30, AS_AT], role)
    return {flow: float(amounts[0]) for flow, amounts in by_month.flows.items() if amounts[0]}


def about(subject: str, data: EventData) -> Event:
    return event(data, subject, at(AS_AT), f"{subject.replace('/', '-')}-{type(data).__name__}")


@pytest.mark.parametrize(
    ("as_at", "dates"),
    [
        pytest.param(date(2024, 1, 31), [(2, 29), (3, 31), (4, 30)], id="from a month end to month ends"),
        pytest.param(date(2024, 2, 29), [(3, 31), (4, 30), (5, 31)], id="29 February is a month end"),
        pytest.param(date(2024, 2, 28), [(3, 28), (4, 28), (5, 28)], id="28 February of a leap year is none"),
        pytest.param(date(2023, 2, 28), [(3, 31), (4, 30), (5, 31)], id="28 February of another year is one"),
        pytest.param(date(2023, 1, 28), [(2, 28), (3, 28), (4, 28)], id="the same day of the month"),
        pytest.param(date(2023, 1, 30), [(2, 28), (3, 30), (4, 30)], id="the last day where a month has none such"),
        pytest.param(date(2023, 3, 30), [(4, 30), (5, 30), (6, 30)], id="the last but one of March"),
        pytest.param(date(2023, 12, 1), [(1, 1), (2, 1), (3, 1)], id="the first of a month"),
    ],
)  # fmt: skip
def test_the_dates_a_whole_number_of_months_from_a_date(as_at: date, dates: list[tuple[int, int]]) -> None:
    assert [(day.month, day.day) for day in steps(as_at, 1, 3)] == dates
    assert steps(as_at, 0, 0) == [as_at]


def test_the_dates_before_a_date() -> None:
    assert steps(date(2024, 3, 30), -2, 0) == [date(2024, 1, 30), date(2024, 2, 29), date(2024, 3, 30)]
    assert steps(date(2024, 3, 31), -2, 0) == [date(2024, 1, 31), date(2024, 2, 29), date(2024, 3, 31)]


def test_who_leaves_part_of_a_post_opens_as_much_as_was_held() -> None:
    events = [post("P-1"), start("W-1", "P-1", fte="0.6"), leaver("W-1", TENTH)]
    assert of_october(events) == {Flow.LEAVERS: 0.6, Flow.OPENED_BY_LEAVERS: 0.6}


def test_who_leaves_a_post_that_two_share_opens_what_is_vacant_then() -> None:
    # 1.6 FTE stood on 1 FTE: of the leaver's 1 FTE 0.4 come to be vacant.
    events = [post("P-1"), start("W-1", "P-1"), start("W-2", "P-1", fte="0.6"), leaver("W-1", TENTH)]
    assert of_october(events) == {Flow.LEAVERS: 1.0, Flow.OPENED_BY_LEAVERS: 0.4}


def test_who_leaves_a_post_whose_funding_ends_with_them_opens_no_vacancy() -> None:
    events = [post("P-1"), start("W-1", "P-1"), leaver("W-1", TENTH), about("post/P-1", PostClosed(closed_on=TENTH))]
    assert of_october(events) == {Flow.LEAVERS: 1.0}


def test_whoever_is_followed_on_the_same_day_opens_no_vacancy_and_the_other_fills_none() -> None:
    events = [post("P-1"), start("W-1", "P-1"), leaver("W-1", TENTH), start("W-2", "P-1", TENTH)]
    assert of_october(events) == {Flow.LEAVERS: 1.0}


@pytest.mark.parametrize(
    ("day", "falls_in"),
    [
        pytest.param(date(2023, 8, 31), [0, 0], id="on the date before the first month"),
        pytest.param(date(2023, 9, 1), [1, 0], id="on the first day"),
        pytest.param(date(2023, 9, 30), [1, 0], id="on the last day"),
        pytest.param(date(2023, 10, 1), [0, 1], id="on the first of the next"),
        pytest.param(date(2023, 10, 31), [0, 1], id="on the date itself"),
        pytest.param(date(2023, 11, 1), [0, 0], id="on the day after"),
    ],
)
def test_a_month_has_the_days_after_one_date_up_to_and_with_the_next(day: date, falls_in: list[float]) -> None:
    snapshot = Snapshot([post("P-1"), start("W-1", "P-1"), leaver("W-1", day)])
    by_month = months(snapshot, [date(2023, 8, 31), SEPTEMBER_30, AS_AT])
    assert by_month.flows[Flow.LEAVERS].tolist() == falls_in
    # Who left on a day is not in post on it.
    in_post = [1 if one < day else 0 for one in (date(2023, 8, 31), SEPTEMBER_30, AS_AT)]
    assert (by_month.stocks["in_post"].tolist(), by_month.stocks["vacancies"].tolist()) == (
        in_post,
        [1 - n for n in in_post],
    )


def test_a_post_counts_from_the_day_on_which_it_is_funded_up_to_the_day_on_which_it_closes() -> None:
    events = [post("P-1", SEPTEMBER_30), about("post/P-1", PostClosed(closed_on=AS_AT))]
    by_month = months(Snapshot(events), [date(2023, 9, 29), SEPTEMBER_30, date(2023, 10, 30), AS_AT])
    assert by_month.stocks["establishment"].tolist() == [0.0, 1.0, 1.0, 0.0]
    assert by_month.flows[Flow.REST].tolist() == [1.0, 0.0, -1.0]


@pytest.mark.parametrize(
    ("route", "cohort", "converted_from", "flow"),
    [
        (Route.DIRECT, None, None, Flow.FILLED_BY_HIRES),
        (Route.AGENCY_CONVERSION, None, None, Flow.FILLED_BY_CONVERSIONS),
        (Route.DIRECT, None, "C-1", Flow.FILLED_BY_CONVERSIONS),
        (Route.ACADEMY, None, None, Flow.FILLED_BY_ENTRANTS),
        (Route.DIRECT, "cohort-1", None, Flow.FILLED_BY_ENTRANTS),
        (Route.ACADEMY, "cohort-1", "C-1", Flow.FILLED_BY_CONVERSIONS),
    ],
)
def test_how_a_starter_came_says_what_filled_the_vacancy(
    route: Route, cohort: str | None, converted_from: str | None, flow: Flow
) -> None:
    came = start("W-1", "P-1", TENTH, "0.5", route, cohort, converted_from)
    assert of_october([post("P-1"), came]) == {flow: 0.5}


def test_more_hours_of_somebody_in_post_fill_nothing_by_hiring() -> None:
    more = about("worker/W-1", fte_changed(TENTH, "1"))
    assert of_october([post("P-1"), start("W-1", "P-1", fte="0.5"), more]) == {Flow.REST: -0.5}


def test_a_vacant_post_that_changes_its_role_leaves_the_one_and_comes_up_in_the_other() -> None:
    events = [post("P-1"), about("post/P-1", PostChanged(effective_from=TENTH, role=Role.TEAM_MANAGER))]
    assert of_october(events) == {}
    assert of_october(events, SOCIAL_WORKER) == {Flow.REST: -1.0}
    assert of_october(events, Role.TEAM_MANAGER) == {Flow.REST: 1.0}


def test_a_leaver_is_of_the_role_of_the_day_before() -> None:
    changed = about("post/P-1", PostChanged(effective_from=TENTH, role=Role.TEAM_MANAGER))
    events = [post("P-1"), start("W-1", "P-1"), leaver("W-1", TENTH), changed]
    assert of_october(events, SOCIAL_WORKER) == {Flow.LEAVERS: 1.0}
    assert of_october(events, Role.TEAM_MANAGER) == {Flow.OPENED_BY_LEAVERS: 1.0}


def test_a_post_that_closes_vacant_and_opens_again_is_a_vacancy_less_and_one_more() -> None:
    closed = about("post/P-1", PostClosed(closed_on=TENTH))
    again = post("P-1", date(2023, 11, 10), recorded=at(AS_AT), id="again")
    by_month = months(Snapshot([post("P-1"), closed, again]), [SEPTEMBER_30, AS_AT, date(2023, 11, 30)])
    assert by_month.flows[Flow.REST].tolist() == [-1.0, 1.0]


# --- progression from the academy -------------------------------------------------------------------------------------

IN_THE_ACADEMY = [post("A-1", role=NQSW), post("P-1"), start("W-1", "A-1")]


def test_who_progresses_fills_one_vacancy_and_leaves_another_where_the_post_stays_funded() -> None:
    events = [*IN_THE_ACADEMY, about("worker/W-1", moved(TENTH, "A-1", "P-1"))]
    # In all nothing is filled: one vacancy less, one more.
    assert of_october(events) == {Flow.PROGRESSED: 1.0}
    assert of_october(events, SOCIAL_WORKER) == {Flow.FILLED_BY_PROGRESSION: 1.0}
    assert of_october(events, NQSW) == {Flow.PROGRESSED: 1.0, Flow.FILLED_BY_PROGRESSION: -1.0}


def test_who_progresses_from_a_post_that_closes_fills_a_vacancy() -> None:
    events = [*IN_THE_ACADEMY, about("worker/W-1", moved(TENTH, "A-1", "P-1"))]
    events.append(about("post/A-1", PostClosed(closed_on=TENTH)))
    assert of_october(events) == {Flow.PROGRESSED: 1.0, Flow.FILLED_BY_PROGRESSION: 1.0}


def test_what_somebody_was_is_told_by_the_day_before_the_move() -> None:
    # The post moved from is a social worker's from that day on.
    changed = about("post/A-1", PostChanged(effective_from=TENTH, role=SOCIAL_WORKER))
    events = [*IN_THE_ACADEMY, about("worker/W-1", moved(TENTH, "A-1", "P-1")), changed]
    assert of_october(events, NQSW) == {Flow.PROGRESSED: 1.0}


@pytest.mark.parametrize(
    ("from_role", "to_role"), [(NQSW, NQSW), (SOCIAL_WORKER, NQSW), (SOCIAL_WORKER, SOCIAL_WORKER)]
)
def test_any_other_move_is_no_progression(from_role: Role, to_role: Role) -> None:
    events = [post("A-1", role=from_role), post("P-1", role=to_role), start("W-1", "A-1")]
    events.append(about("worker/W-1", moved(TENTH, "A-1", "P-1")))
    assert of_october(events) == {Flow.OPENED_BY_MOVES: 1.0, Flow.FILLED_BY_MOVES: 1.0}


def test_who_goes_from_the_academy_to_a_post_that_nobody_established_is_not_known_to_progress() -> None:
    events = [*IN_THE_ACADEMY, about("worker/W-1", moved(TENTH, "A-1", "P-9"))]
    assert of_october(events) == {Flow.OPENED_BY_MOVES: 1.0}


def test_on_a_post_that_several_leave_on_one_day_each_way_has_its_own() -> None:
    # Of 2 FTE one leaves, one progresses, and 0.5 start that day: 1.5 come to be vacant, 1 by leaving and 0.5 by
    # progression.
    events = [post("A-1", role=NQSW, fte="2"), post("P-1"), start("W-1", "A-1"), start("W-2", "A-1")]
    events += [leaver("W-1", TENTH), about("worker/W-2", moved(TENTH, "A-1", "P-1")), start("W-3", "A-1", TENTH, "0.5")]
    assert of_october(events, NQSW) == {
        Flow.LEAVERS: 1.0,
        Flow.OPENED_BY_LEAVERS: 1.0,
        Flow.PROGRESSED: 1.0,
        Flow.FILLED_BY_PROGRESSION: -0.5,
    }


def test_on_a_post_that_several_come_to_on_one_day_no_more_is_filled_than_was_vacant() -> None:
    # Two come to 1 FTE: by the order of the ways conversions come first, then hires.
    events = [post("P-1"), start("W-1", "P-1", TENTH), start("W-2", "P-1", TENTH, route=Route.AGENCY_CONVERSION)]
    assert of_october(events) == {Flow.FILLED_BY_CONVERSIONS: 1.0}


def test_a_post_that_is_funded_for_more_on_the_day_of_a_start_is_both() -> None:
    more = about("post/P-1", PostChanged(effective_from=TENTH, funded_fte=Decimal(3)))
    assert of_october([post("P-1"), start("W-1", "P-1", TENTH), more]) == {Flow.REST: 1.0}


# --- since when -------------------------------------------------------------------------------------------------------


def test_leavers_are_known_from_the_first_recording_on_or_the_first_leaver_if_that_is_earlier() -> None:
    recorded = date(2021, 4, 1)
    posts = [post("P-1", recorded=at(recorded))]
    events = [*posts, start("W-1", "P-1", recorded=recorded), start("W-2", "P-1", recorded=recorded)]
    assert known_since(Snapshot(events)) == date(2021, 4, 1)
    assert known_since(Snapshot([*events, leaver("W-1", date(2021, 6, 1))])) == date(2021, 4, 1)
    late = leaver("W-2", date(2020, 12, 15), recorded)
    assert known_since(Snapshot([*events, late])) == date(2020, 12, 15)
    assert date(2020, 12, 15) > LONG_AGO
