"""Forecasts of small authorities whose answer can be worked out, and what a change does to them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import pairwise

import numpy as np
import pytest

from contracts.codes import CswwRole, Origin, Role, Route
from contracts.envelope import Event
from contracts.events.hiring import CohortOpened, WorkerStarted
from contracts.events.posts import PostClosed, PostEstablished
from services.metrics.forecasting.flows import Flow, months, steps
from services.metrics.forecasting.forecast import Forecast, forecast
from services.metrics.forecasting.simulation import PATHS, Change, Numbers, drawn
from services.metrics.forecasting.what_if import is_usual, what_would_act
from services.metrics.snapshot.amounts import months_later
from services.metrics.snapshot.snapshot import Snapshot
from tests.histories import at, established, event, left, moved, started

AS_AT = date(2023, 10, 31)
LONG_AGO = date(2020, 4, 1)


def post(number: int, effective_from: date = LONG_AGO, role: Role = Role.SOCIAL_WORKER) -> Event:
    return event(established(effective_from, role=role), f"post/P-{number}", at(LONG_AGO), f"post-{number}")


def start(worker: int, post: int, on: date = LONG_AGO, recorded: date = LONG_AGO) -> Event:
    return event(started(on, f"P-{post}"), f"worker/W-{worker}", at(recorded), f"start-{worker}")


def leaver(worker: int, on: date) -> Event:
    return event(left(on), f"worker/W-{worker}", at(on), f"left-{worker}")


def quiet_authority() -> list[Event]:
    """Four posts, of which two are vacant; nobody ever left; one starter is known for 15 January."""
    posts = [post(number) for number in range(4)]
    return [*posts, start(0, 0), start(1, 1), start(2, 2, date(2024, 1, 15), date(2023, 10, 20))]


def busy_authority() -> list[Event]:
    """Forty posts; in each month of two years somebody leaves, and two months later somebody is hired there.

    Every sixth of those hired was an agency worker; some months' vacancies are filled by entrants of the academy.
    """
    events = [post(number) for number in range(40)]
    events += [start(number, number) for number in range(36)]
    for month in range(24):
        leaving_on = months_later(date(2021, 11, 10), month)
        events.append(leaver(month, leaving_on))
        hired_on = months_later(leaving_on, 2)
        if hired_on <= AS_AT:
            route = Route.AGENCY_CONVERSION if month % 6 == 0 else Route.ACADEMY if month % 6 == 3 else Route.DIRECT
            hired = WorkerStarted(
                started_on=hired_on, post=f"P-{month}", fte=Decimal(1), origin=Origin.OTHER, route=route
            )
            events.append(event(hired, f"worker/N-{month}", at(hired_on), f"hired-{month}"))
    return events


def expected(made: Forecast) -> list[float]:
    return [month.expected for month in made.months]


def changed(made: Forecast) -> list[float]:
    assert made.changed is not None
    return [month.expected for month in made.changed]


# --- what is known ----------------------------------------------------------------------------------------------------


def test_where_nobody_ever_left_a_known_starter_is_all_that_happens() -> None:
    made = forecast(Snapshot(quiet_authority()), AS_AT, 4)
    assert made.vacancies == 2.0
    assert [month.as_at for month in made.months] == [
        date(2023, 11, 30),
        date(2023, 12, 31),
        date(2024, 1, 31),
        date(2024, 2, 29),
    ]
    assert expected(made) == [2.0, 2.0, 1.0, 1.0]
    assert [month.known for month in made.months] == [2.0, 2.0, 1.0, 1.0]
    assert [month.hires for month in made.months] == [0.0, 0.0, 1.0, 0.0]
    assert [month.leavers for month in made.months] == [0.0, 0.0, 0.0, 0.0]


def test_its_interval_has_no_width() -> None:
    made = forecast(Snapshot(quiet_authority()), AS_AT, 4)
    assert [month.intervals for month in made.months] == [
        {80: (2.0, 2.0), 95: (2.0, 2.0)},
        {80: (2.0, 2.0), 95: (2.0, 2.0)},
        {80: (1.0, 1.0), 95: (1.0, 1.0)},
        {80: (1.0, 1.0), 95: (1.0, 1.0)},
    ]


def test_posts_that_are_established_and_closed_as_known_are_vacant_from_then_on_and_no_more() -> None:
    new = post(9, date(2023, 12, 1))
    closed = event(PostClosed(closed_on=date(2024, 2, 1)), "post/P-3", at(AS_AT), "closed-3")
    assert expected(forecast(Snapshot([*quiet_authority(), new, closed]), AS_AT, 4)) == [2.0, 3.0, 2.0, 1.0]


def test_a_forecast_of_the_middle_of_a_month_goes_on_from_there() -> None:
    made = forecast(Snapshot(quiet_authority()), date(2023, 12, 14), 2)
    assert [(month.as_at, month.expected) for month in made.months] == [
        (date(2024, 1, 14), 2.0),
        (date(2024, 2, 14), 1.0),
    ]


def test_a_known_leaver_opens_a_vacancy_on_the_day() -> None:
    known = event(left(date(2023, 12, 31)), "worker/W-1", at(AS_AT), "left-1")
    made = forecast(Snapshot([*quiet_authority(), known]), AS_AT, 3)
    assert [month.known for month in made.months] == [2.0, 3.0, 2.0]
    # The leaver is of the future: it says nothing of present rates.
    assert expected(made) == [2.0, 3.0, 2.0]
    assert [month.leavers for month in made.months] == [0.0, 1.0, 0.0]


def test_an_academy_post_that_is_established_for_a_cohort_is_not_vacant_when_it_enters() -> None:
    academy = [
        post(20, date(2023, 12, 4), Role.NEWLY_QUALIFIED_SOCIAL_WORKER),
        event(
            CohortOpened(entry_on=date(2023, 12, 4), completes_on=date(2024, 12, 4), places=1),
            "cohort/cohort-1",
            at(AS_AT),
            "cohort-1",
        ),
    ]
    made = forecast(Snapshot([*quiet_authority(), *academy]), AS_AT, 3)
    assert [month.known for month in made.months] == [2.0, 3.0, 2.0]
    assert expected(made) == [2.0, 2.0, 1.0]


# --- what moved vacancies ---------------------------------------------------------------------------------------------


def test_what_moved_vacancies_in_a_month_adds_up_to_how_they_changed() -> None:
    events = [
        *quiet_authority(),
        post(5, role=Role.TEAM_MANAGER),
        leaver(0, date(2023, 10, 3)),
        event(moved(date(2023, 10, 9), "P-1", "P-5"), "worker/W-1", at(AS_AT), "moved-1"),
        start(7, 0, date(2023, 10, 20)),
        post(8, date(2023, 10, 25)),
    ]
    by_month = months(Snapshot(events), steps(AS_AT, -1, 0))
    assert by_month.stocks["vacancies"].tolist() == [3.0, 4.0]
    assert {flow: amounts[0] for flow, amounts in by_month.flows.items() if amounts[0]} == {
        Flow.LEAVERS: 1.0,
        Flow.OPENED_BY_LEAVERS: 1.0,
        Flow.FILLED_BY_HIRES: 1.0,
        Flow.OPENED_BY_MOVES: 1.0,
        Flow.FILLED_BY_MOVES: 1.0,
        Flow.REST: 1.0,
    }
    of_managers = months(Snapshot(events), steps(AS_AT, -1, 0), Role.TEAM_MANAGER)
    assert of_managers.stocks["vacancies"].tolist() == [1.0, 0.0]
    assert of_managers.flows[Flow.FILLED_BY_MOVES].tolist() == [1.0]


def test_the_rates_are_those_of_the_last_twelve_months() -> None:
    made = forecast(Snapshot(busy_authority()), AS_AT, 12)
    # Of the months from November 2022 to October 2023: twelve leavers and twelve hires; six vacant at every month end
    # (four posts nobody ever held, and two between leaver and hire), so 34 in post.
    assert made.vacancies == 6.0
    assert (made.rates.turnover.events, made.rates.turnover.exposure) == (12.0, 12 * 34.0)
    assert (made.rates.filling.events, made.rates.filling.exposure) == (12.0, 12 * 6.0)
    assert (made.rates.conversions, made.rates.hires, made.rates.opening) == (2.0, 12.0, 1.0)
    assert made.academy.usual_intake == 2


def test_vacancies_stay_about_where_present_rates_hold_them() -> None:
    made = forecast(Snapshot(busy_authority()), AS_AT, 12)
    assert all(5.0 < vacant < 7.5 for vacant in expected(made))
    for month in made.months:
        (low, high), (lower, higher) = month.intervals[80], month.intervals[95]
        assert 0 <= lower <= low < month.expected < high <= higher
    assert made.months[-1].intervals[80][1] > made.months[0].intervals[80][1]


# --- what if ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [Change(intake=14.0), Change(turnover_lower_by=10.0), Change(conversions=10.0)],
    ids=["a larger intake", "a lower turnover", "more conversions"],
)
def test_what_leaves_fewer_vacancies(change: Change) -> None:
    made = forecast(Snapshot(busy_authority()), AS_AT, 12, change=change)
    assert all(after < before for after, before in zip(changed(made), expected(made), strict=True))


@pytest.mark.parametrize(
    "change",
    [Change(intake=0.0), Change(turnover_lower_by=-10.0), Change(conversions=0.0)],
    ids=["no intake", "a higher turnover", "no conversions"],
)
def test_what_leaves_more_vacancies(change: Change) -> None:
    made = forecast(Snapshot(busy_authority()), AS_AT, 12, change=change)
    assert all(after > before for after, before in zip(changed(made), expected(made), strict=True))


@pytest.mark.parametrize("change", [Change(intake=2.0), Change(conversions=2.0)])
def test_a_change_to_what_is_usual_changes_nothing(change: Change) -> None:
    made = forecast(Snapshot(busy_authority()), AS_AT, 12, change=change)
    assert changed(made) == pytest.approx(expected(made))


def test_the_baseline_is_the_same_whatever_change_is_asked_for() -> None:
    events = busy_authority()
    plain = forecast(Snapshot(events), AS_AT, 12)
    made = forecast(Snapshot(events), AS_AT, 12, change=Change(conversions=9.0))
    assert replace(made, changed=None, acts={}) == plain


def academy_with_posts_of_its_own() -> list[Event]:
    """Each February two enter, on a post that is established for them and closes when they go to service areas."""
    events = [post(number) for number in range(30)]
    events += [start(number, number) for number in range(20)]
    for year in (2021, 2022, 2023):
        entry, over = date(year, 2, 1), date(year + 1, 2, 1)
        cohort = f"cohort-{year}"
        opened = CohortOpened(entry_on=entry, completes_on=over, places=2)
        events.append(event(opened, f"cohort/{cohort}", at(entry), f"opened-{year}"))
        academy_post = PostEstablished(
            effective_from=entry,
            role=Role.NEWLY_QUALIFIED_SOCIAL_WORKER,
            funded_fte=Decimal(2),
            team="academy",
            service_area="academy",
            csww_role=CswwRole.CASE_HOLDER,
        )
        events.append(event(academy_post, f"post/A-{year}", at(entry), f"academy-{year}"))
        for index in range(2):
            entrant = WorkerStarted(
                started_on=entry,
                post=f"A-{year}",
                fte=Decimal(1),
                origin=Origin.NEWLY_QUALIFIED,
                route=Route.ACADEMY,
                cohort=cohort,
            )
            events.append(event(entrant, f"worker/Q-{year}-{index}", at(entry), f"entered-{year}-{index}"))
            if over <= AS_AT:
                to_post = f"P-{20 + 2 * (year - 2021) + index}"
                progressed = moved(over, f"A-{year}", to_post)
                events.append(event(progressed, f"worker/Q-{year}-{index}", at(over), f"progressed-{year}-{index}"))
        if over <= AS_AT:
            events.append(event(PostClosed(closed_on=over), f"post/A-{year}", at(over), f"closed-{year}"))
    return events


def test_entrants_for_whom_posts_are_established_fill_vacancies_a_year_later() -> None:
    made = forecast(Snapshot(academy_with_posts_of_its_own()), AS_AT, 24, change=Change(intake=8.0))
    # Ten social workers' posts were vacant in the beginning; two cohorts of two went to them.
    assert made.vacancies == 6.0
    assert (made.rates.relieved, made.rates.entrants_fill) == (1.0, 0.0)
    assert [sum(made.academy.due), made.academy.due[3]] == [2, 2]
    # 4 of 4 progressed, and of the ten who are believed to have before, 8.3.
    assert made.progression == pytest.approx(12.3 / 14, abs=0.01)
    assert expected(made)[3] == pytest.approx(6.0 - 2 * 12.3 / 14, abs=0.4)
    assert changed(made)[:12] == expected(made)[:12]
    assert changed(made)[23] < expected(made)[23] - 1
    assert made.acts == {"intake": date(2024, 11, 30)}


def test_what_cannot_act_in_the_months_asked_for_is_told_with_how_many_would_show_it() -> None:
    snapshot = Snapshot(academy_with_posts_of_its_own())
    for intake in (8.0, 0.0):
        made = forecast(snapshot, AS_AT, 12, change=Change(intake=intake))
        assert (made.acts, changed(made)) == ({"intake": None}, expected(made))
        acts = what_would_act(snapshot, AS_AT, 12, "intake", Change(intake=intake), made)
        assert acts == "months=13 or more: it acts from 2024-11-30 on"


def test_every_change_says_from_when_on_it_acts_by_itself() -> None:
    change = Change(intake=8.0, turnover_lower_by=2.0, conversions=5.0)
    made = forecast(Snapshot(busy_authority()), AS_AT, 12, change=change)
    assert made.acts == dict.fromkeys(("intake", "turnover_lower_by", "conversions"), date(2023, 11, 30))


def test_a_change_that_can_never_act_is_told_apart_from_one_to_what_is_usual() -> None:
    snapshot = Snapshot(quiet_authority())
    made = forecast(snapshot, AS_AT, 3, change=Change(turnover_lower_by=5.0, conversions=0.0))
    # Nobody ever left, and no agency worker was ever employed.
    assert made.acts == {"turnover_lower_by": None, "conversions": None}
    usual = Change(turnover_lower_by=5.0, conversions=0.0)
    assert [is_usual(name, usual, made, 3) for name in made.acts] == [False, True]
    acts = what_would_act(snapshot, AS_AT, 3, "turnover_lower_by", Change(turnover_lower_by=5.0), made)
    assert acts == "another change: within 36 months this one opens and fills no vacancy"


def test_fewer_entrants_than_are_known_of_are_no_change() -> None:
    opened = CohortOpened(entry_on=date(2024, 1, 8), completes_on=date(2025, 1, 8), places=6)
    snapshot = Snapshot([*quiet_authority(), event(opened, "cohort/cohort-1", at(AS_AT), "opened-1")])
    made = forecast(snapshot, AS_AT, 36, change=Change(intake=1.0))
    assert made.acts == {"intake": None}
    acts = what_would_act(snapshot, AS_AT, 36, "intake", Change(intake=1.0), made)
    assert acts == "more than 2: so many a year are known to enter, and count towards it"


# --- always the same --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_order_in_which_events_came_changes_no_digit(seed: int) -> None:
    events = busy_authority()
    shuffled: Sequence[Event] = [events[index] for index in np.random.default_rng(seed).permutation(len(events))]
    change = Change(intake=5.0, turnover_lower_by=2.0)
    for role in (None, Role.SOCIAL_WORKER):
        made = forecast(Snapshot(events), AS_AT, 12, role, change)
        assert forecast(Snapshot(shuffled), AS_AT, 12, role, change) == made


def test_an_authority_without_history_is_forecast_from_what_is_known() -> None:
    made = forecast(Snapshot([post(1)]), LONG_AGO, 2)
    assert (made.rates.months, expected(made)) == (0, [1.0, 1.0])


def test_a_role_of_which_there_is_no_post_has_no_vacancies() -> None:
    assert expected(forecast(Snapshot(quiet_authority()), AS_AT, 2, Role.HEAD_OF_SERVICE)) == [0.0, 0.0]


@pytest.mark.parametrize("mean", [0.0, 0.3, 4.0, 29.0, 60.0])
def test_numbers_drawn_have_the_mean_and_the_variance_of_poisson(mean: float) -> None:
    numbers = Numbers(np.random.default_rng(5).standard_normal((1, PATHS)))
    draws = drawn(np.full(PATHS, mean), numbers, 0)
    assert draws.mean() == pytest.approx(mean, abs=4 * (mean / PATHS) ** 0.5)
    assert draws.var() == pytest.approx(mean, rel=0.1)


def test_how_often_each_small_number_is_drawn_is_as_poisson_has_it() -> None:
    numbers = Numbers(np.random.default_rng(5).standard_normal((1, PATHS)))
    draws = drawn(np.full(PATHS, 4.0), numbers, 0)
    # e to the -4 is 0.0183; times 4, 8 and 32/3.
    for number, share in ((0, 0.0183), (1, 0.0733), (2, 0.1465), (3, 0.1954)):
        assert (draws == number).mean() == pytest.approx(share, abs=5 * (share / PATHS) ** 0.5)


def test_a_higher_mean_never_draws_a_lower_number() -> None:
    numbers = Numbers(np.random.default_rng(5).standard_normal((1, PATHS)))
    draws = [drawn(np.full(PATHS, mean), numbers, 0) for mean in (0.5, 1.0, 3.0, 29.9)]
    assert all((more >= fewer).all() for fewer, more in pairwise(draws))
