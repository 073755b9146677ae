"""Forecasts of an authority whose rates are known by hand, beside what the model expects of them on paper.

Invariant: a mean is compared with the exact one within five standard errors of 4,000 courses.

Forty posts; in each month from November 2022 to October 2023 one leaves, and two months later somebody is hired there.
As at 31 October 2023, and at every month end before, 34 are in post and 6 posts are vacant. That makes 12 leavers over
34 x 12 FTE-months, and 12 hires over 6 x 12 vacant FTE-months. So one is expected to leave in a month, and a sixth of
what is vacant to be filled.
"""

from datetime import date
from itertools import pairwise

import numpy as np
import pytest

from contracts.codes import Role
from contracts.envelope import Event
from contracts.events.posts import PostClosed
from services.metrics.forecasting.flows import months
from services.metrics.forecasting.forecast import Forecast, Month, _months, forecast, one_decimal, roles
from services.metrics.forecasting.simulation import Change, Simulation
from services.metrics.snapshot.amounts import months_later
from services.metrics.snapshot.snapshot import Snapshot
from tests.histories import at, event, moved
from tests.unit.forecasting.small import AS_AT, LONG_AGO, NQSW, leaver, months_of, post, start

COURSES = 4000


def known_by_heart() -> list[Event]:
    """The authority, from October 2022 on; nothing was recorded of the time before."""
    recorded = date(2022, 9, 30)
    posts = [post(f"P-{n}", recorded=at(recorded)) for n in range(40)]
    # Two of the first posts are vacant in October 2022 already.
    events = [*posts, *(start(f"W-{n}", f"P-{n}", recorded=recorded) for n in range(34))]
    for month in range(12):
        day = months_later(date(2022, 11, 10), month)
        events.append(leaver(f"W-{month}", day))
        # On the very day somebody is hired on a post that was vacant for long.
        vacant = f"P-{34 + month}" if month < 6 else f"P-{month - 6}"
        events.append(start(f"N-{month}", vacant, months_later(date(2022, 11, 20), month), recorded=day))
    return events


def made(*more: Event, months: int = 12, change: Change | None = None) -> Forecast:
    return forecast(Snapshot([*known_by_heart(), *more]), AS_AT, months, change=change)


def about(mean: float, variance: float) -> object:
    """Within five standard errors of the mean of so many courses with this variance."""
    return pytest.approx(mean, abs=5 * (variance / COURSES) ** 0.5)


def test_what_is_expected_of_the_first_month_at_present_rates() -> None:
    forecast = made()
    # At the ends of October 2022 to October 2023 6 were vacant and 34 in post. The month of March has nothing odd.
    assert (forecast.vacancies, forecast.rates.turnover.events, forecast.rates.turnover.exposure) == (6.0, 12.0, 408.0)
    assert (forecast.rates.filling.events, forecast.rates.filling.exposure) == (12.0, 72.0)
    # One leaves; of the 7 that are vacant then a sixth is filled. A rate from 12 events has a variance of a twelfth of
    # its square: 1 + 1/12 of leavers; 7/6 + (7/6) squared / 12 of hires, and 1/36 of the leavers' that is filled.
    first = forecast.months[0]
    assert (first.leavers, first.hires) == (about(1.0, 1.083), about(7 / 6, 1.3))
    assert first.expected == about(7 - 7 / 6, 2.05)
    assert first.known == 6.0


def test_a_leaver_whose_day_is_recorded_already_is_not_counted_twice() -> None:
    plain, known = made().months[0], made(leaver("W-20", date(2023, 11, 15), AS_AT)).months[0]
    assert (plain.known, known.known) == (6.0, 7.0)
    # One is expected to leave, as known from 12; of who leaves beside the one known the mean is that of what is above
    # one in Gamma(12) / 12: 12 to the 12th e to the -12 / 12!, 0.1144.
    assert known.leavers == about(1.1144, 0.25)
    assert known.expected == about(7.1144 * 5 / 6, 1.6)
    # Counted twice it would be about 2 leavers.
    assert known.leavers < 1.2


def test_a_leaver_known_for_a_later_month_is_counted_in_that_month() -> None:
    forecast = made(leaver("W-20", date(2023, 12, 1), AS_AT))
    assert [month.known for month in forecast.months[:3]] == [6.0, 7.0, 7.0]
    assert forecast.months[0].leavers == about(1.0, 1.083)
    assert forecast.months[1].leavers == pytest.approx(1.1, abs=0.06)


def test_a_starter_who_is_known_is_one_of_those_who_are_hired() -> None:
    first = made(start("N-99", "P-6", date(2023, 11, 15), recorded=AS_AT)).months[0]
    assert first.known == 5.0
    # Of 6 that are vacant then 1 is expected to be filled; one is known to fill one, and beside it 0.1144 are filled,
    # or as many more as more leave.
    assert first.hires == pytest.approx(1 + 0.1144, abs=0.12)
    assert first.expected == pytest.approx(6 - 0.1144, abs=0.15)


def test_of_what_was_before_the_records_begin_only_who_stayed_is_known_and_it_gives_no_rates() -> None:
    # Recorded since 30 September 2022: 13 months.
    assert made().rates.months == 12
    assert forecast(Snapshot(known_by_heart()), date(2022, 12, 31), 1).rates.months == 3
    assert forecast(Snapshot(known_by_heart()), date(2022, 12, 30), 1).rates.months == 3
    assert forecast(Snapshot(known_by_heart()), date(2022, 12, 29), 1).rates.months == 2


def test_the_rates_of_a_role_are_shrunk_towards_those_of_the_authority() -> None:
    snapshot = Snapshot([*known_by_heart(), post("M-1", role=Role.TEAM_MANAGER)])
    rates = forecast(snapshot, AS_AT, 1, Role.TEAM_MANAGER).rates
    # Nobody holds the post: of 240 FTE-months at 12 leavers over 408 it has 7.06. It is vacant, filled by nobody: of
    # 24 at 12 hires over 84 it has 3.43, over 36.
    assert rates.turnover.events == pytest.approx(240 * 12 / 408)
    assert rates.filling.events == pytest.approx(24 * 12 / 84)
    assert (rates.turnover.exposure, rates.filling.exposure) == (240.0, 36.0)
    # All posts have their own.
    assert forecast(snapshot, AS_AT, 1).rates.filling.exposure == 84.0


@pytest.mark.parametrize(("role", "of_role"), [(None, False), (Role.SOCIAL_WORKER, True)])
def test_moves_count_in_how_far_the_rates_of_a_role_went_wrong(
    monkeypatch: pytest.MonkeyPatch, role: Role | None, of_role: bool
) -> None:
    asked: list[bool] = []

    def factor(history: object, variances: object, *, of_role: bool) -> float:
        asked.append(of_role)
        return 2.0

    monkeypatch.setattr("services.metrics.forecasting.forecast.dispersion", factor)
    assert forecast(Snapshot(known_by_heart()), AS_AT, 1, role).dispersion == 2.0
    assert asked == [of_role]


@pytest.mark.parametrize(
    ("progressed_on", "relieved"),
    [(date(2021, 10, 31), 0.0), (date(2021, 11, 1), 1.0), (date(2022, 6, 1), 1.0), (date(2023, 10, 31), 1.0)],
)
def test_what_progression_closes_is_told_by_two_years(progressed_on: date, relieved: float) -> None:
    events = [post("A-1", role=NQSW), post("P-1"), start("Q-1", "A-1", cohort="cohort-1")]
    events.append(event(moved(progressed_on, "A-1", "P-1"), "worker/Q-1", at(LONG_AGO), "progressed"))
    events.append(event(PostClosed(closed_on=progressed_on), "post/A-1", at(LONG_AGO), "closed"))
    assert forecast(Snapshot(events), AS_AT, 1).rates.relieved == relieved


# --- what if ----------------------------------------------------------------------------------------------------------


def test_a_change_of_turnover_acts_by_as_many_points() -> None:
    # 12 points a year are 1 in a month, of 34 in post 0.34.
    forecast = made(change=Change(turnover_lower_by=12.0))
    assert forecast.changed is not None
    assert forecast.months[0].leavers - forecast.changed[0].leavers == pytest.approx(0.34, abs=0.03)
    assert forecast.months[0].expected - forecast.changed[0].expected == pytest.approx(0.34 * 5 / 6, abs=0.03)
    assert forecast.acts == {"turnover_lower_by": date(2023, 11, 30)}


def test_conversions_act_by_as_many_in_each_month() -> None:
    # Nobody was converted so far; of the 0.5 in each month the fewer are vacant the fewer others are hired.
    forecast = made(change=Change(conversions=6.0))
    assert forecast.changed is not None
    differences = [
        month.expected - other.expected for month, other in zip(forecast.months, forecast.changed, strict=True)
    ]
    assert differences[0] == pytest.approx(0.5, abs=1e-3)
    assert differences[1] == pytest.approx(0.5 + 0.5 * 5 / 6, abs=0.03)
    assert forecast.changed[0].hires - forecast.months[0].hires == pytest.approx(0.5, abs=1e-3)


def test_of_a_role_conversions_are_its_share_of_the_vacancies() -> None:
    managers = [post(f"M-{number}", role=Role.TEAM_MANAGER) for number in range(2)]
    snapshot = Snapshot([*known_by_heart(), *managers])
    change = Change(conversions=12.0)
    # 2 of 8 vacancies: 3 of 12 conversions, a quarter in each month.
    ahead = forecast(snapshot, AS_AT, 12, Role.TEAM_MANAGER, change)
    assert ahead.changed is not None
    assert ahead.months[0].expected - ahead.changed[0].expected == pytest.approx(0.25, abs=0.01)
    assert forecast(snapshot, AS_AT, 12, None, change).vacancies == 8.0


# --- intervals --------------------------------------------------------------------------------------------------------


def intervals_of(courses: list[float], wider: float) -> Month:
    known = months_of(1, {"vacancies": 50.0}, {})
    (month,) = _months(known, Simulation(np.array([courses]), [1.0], [2.0], [3.0]), wider)
    return month


def test_an_interval_is_between_the_quantiles_of_the_courses_drawn_out_from_their_mean() -> None:
    # 0, 1, 2 and so on to 100: a tenth is below 10, a fortieth below 2.5.
    hundred = [float(course) for course in range(101)]
    plain, wider = intervals_of(hundred, 1.0), intervals_of(hundred, 1.04)
    assert (plain.expected, wider.expected) == (50.0, 50.0)
    assert plain.intervals == {80: pytest.approx((10.0, 90.0)), 95: pytest.approx((2.5, 97.5))}
    assert wider.intervals == {80: pytest.approx((8.4, 91.6)), 95: pytest.approx((0.6, 99.4))}
    # There are no fewer vacancies than none.
    assert intervals_of(hundred, 1.5).intervals[95] == pytest.approx((0.0, 121.25))
    assert (plain.leavers, plain.hires, plain.progressed, plain.known) == (1.0, 2.0, 3.0, 50.0)


def test_an_interval_never_narrows_with_the_horizon_where_vacancies_only_come_up() -> None:
    # Nobody is ever hired. In each of the twelve months one of nine hundred left.
    recorded = date(2022, 9, 30)
    posts = post("P-1", fte="999", recorded=at(recorded))
    events = [posts, *(start(f"W-{n}", "P-1", recorded=recorded) for n in range(912))]
    events += [leaver(f"W-{n}", months_later(date(2022, 11, 10), n)) for n in range(12)]
    ahead = forecast(Snapshot(events), AS_AT, 36)
    for level in (80, 95):
        widths = [month.intervals[level][1] - month.intervals[level][0] for month in ahead.months]
        assert all(later > earlier - 1e-6 for earlier, later in pairwise(widths))
        assert widths[-1] > 5 * widths[0]
    assert all(
        lower <= low < month.expected < high <= higher
        for month in ahead.months
        for (low, high), (lower, higher) in [(month.intervals[80], month.intervals[95])]
    )
    # 99 are vacant; about one leaves in each month.
    assert ahead.vacancies == 99.0
    assert ahead.months[11].expected == pytest.approx(110.9, abs=0.6)


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.05, 0.1), (0.25, 0.3), (2.449999, 2.4), (-0.04, 0.0), (-0.05, -0.1), (1e-12, 0.0), (7.0, 7.0)],
)
def test_fte_are_shown_to_one_decimal_half_up(value: float, shown: float) -> None:
    assert one_decimal(value) == shown
    assert str(one_decimal(value)) == str(shown)


# --- posts of the academy, and roles ----------------------------------------------------------------------------------


def test_as_many_vacant_academy_posts_as_usual_stay_vacant_and_no_more() -> None:
    # One has been vacant for more than a year; two are established in the month of the date, one in the next.
    academy = [post("A-1", role=NQSW), post("A-2", date(2023, 10, 16), NQSW), post("A-3", date(2023, 10, 16), NQSW)]
    academy.append(post("A-4", date(2023, 11, 6), NQSW))
    ahead = forecast(Snapshot([*academy, post("P-1"), start("W-1", "P-1")]), AS_AT, 2)
    assert ahead.vacancies == 3.0
    assert [month.known for month in ahead.months] == [4.0, 4.0]
    assert [month.expected for month in ahead.months] == [1.0, 1.0]


def test_the_roles_are_those_that_have_posts_in_the_months_asked_for_or_somebody_in_post() -> None:
    gone = [post("G-1", role=Role.HEAD_OF_SERVICE)]
    gone.append(event(PostClosed(closed_on=AS_AT), "post/G-1", at(LONG_AGO), "closed"))
    later = post("M-1", date(2023, 12, 31), Role.TEAM_MANAGER)
    snapshot = Snapshot([post("P-1"), *gone, later])
    assert roles(snapshot, AS_AT, 1) == [Role.SOCIAL_WORKER]
    assert roles(snapshot, AS_AT, 2) == [Role.SOCIAL_WORKER, Role.TEAM_MANAGER]
    assert roles(snapshot, date(2023, 10, 30), 1) == [Role.SOCIAL_WORKER, Role.HEAD_OF_SERVICE]


def test_stocks_of_the_months_to_come_are_as_known() -> None:
    by_month = months(Snapshot(known_by_heart()), [AS_AT, date(2023, 11, 30)])
    assert (by_month.stocks["in_post"].tolist(), by_month.stocks["establishment"].tolist()) == (
        [34.0, 34.0],
        [40.0, 40.0],
    )
