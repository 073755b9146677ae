"""Months that are played, beside what can be worked out on paper of their means and spreads.

Invariant: a mean of 4,000 courses is compared with the exact one within five standard errors of it: the seed is fixed,
and another would do as well. What follows without chance is compared to the digit.
"""

from datetime import date

import numpy as np
import pytest

from services.metrics.forecasting.academy import Academy
from services.metrics.forecasting.flows import Flow
from services.metrics.forecasting.rates import Rate, Rates
from services.metrics.forecasting.simulation import NO_CHANGE, Baseline, Change, RandomDraws, Simulation, play, seed_of
from tests.unit.forecasting.small import months_of

COURSES = 4000
SURE = 1e8
"""Events of a rate that is as good as certain."""
NEVER = Rate(0.0, 1.0)


def rate(monthly: float, events: float = SURE) -> Rate:
    """A rate known from so many events."""
    return Rate(events, events / monthly)


def rates(
    turnover: Rate = NEVER,
    filling: Rate = NEVER,
    opening: float = 1.0,
    moving_out: Rate = NEVER,
    relieved: float = 1.0,
    entrants_fill: float = 1.0,
    conversions: float = 0.0,
) -> Rates:
    return Rates(turnover, opening, moving_out, filling, relieved, entrants_fill, conversions, 0.0, 12)


def an_academy(
    months: int, due: list[int] | None = None, entering: list[float] | None = None, intake: int = 0, seen: int = 0
) -> Academy:
    """So many are due and enter by month; of `seen` members whose year was over all progressed."""
    return Academy(due or [0] * months, seen, seen, entering or [0.0] * months, intake)


def played(
    months: int,
    of: Rates,
    came: Academy | None = None,
    *,
    vacant: float | list[float] = 10.0,
    in_post: float | list[float] = 100.0,
    known: dict[Flow, float | list[float]] | None = None,
    change: Change = NO_CHANGE,
) -> Simulation:
    """Months from a ground on which so much is vacant and in post as known."""
    came = came or an_academy(months)
    stocks = {"vacancies": vacant, "in_post": in_post}
    of_month = months_of(months, stocks, known or {})
    return play(Baseline(of_month.stocks["vacancies"], of_month, came), of, change, RandomDraws(7, of, came))


def means(simulation: Simulation) -> list[float]:
    return [float(courses.mean()) for courses in simulation.vacancies]


def about(mean: float, variance: float) -> object:
    """Within five standard errors of the mean of so many courses with this variance."""
    return pytest.approx(mean, abs=5 * (variance / COURSES) ** 0.5)


# --- leavers ----------------------------------------------------------------------------------------------------------


def test_leavers_open_vacancies_at_the_rate_of_turnover_of_those_in_post() -> None:
    # A tenth of 100 leaves: 10. Then a tenth of the 90 who are left: 9; then 8.1.
    simulation = played(3, rates(turnover=rate(0.1)))
    assert simulation.leavers == [about(10, 10), about(9, 9 + 0.1), about(8.1, 8.1 + 0.2)]
    assert means(simulation) == [about(20, 10), about(29, 18), about(37.1, 25)]


def test_each_month_is_one_of_poisson_numbers_and_courses_of_the_months_do_not_hang_together() -> None:
    # Of 100,000 in post 4 leave in a month: the variance of the sum of two months is 8.
    simulation = played(2, rates(turnover=rate(4e-5)), in_post=1e5)
    assert np.var(simulation.vacancies[0]) == pytest.approx(4, rel=0.12)
    assert np.var(simulation.vacancies[1]) == pytest.approx(8, rel=0.12)
    # Whole people leave.
    assert set(np.unique(simulation.vacancies[0] % 1)) == {0.0}


def test_a_rate_known_from_few_leavers_widens_what_may_come_the_more_the_further_ahead() -> None:
    # 4 leave in a month, as known from 12 leavers: after m months the variance is 4 m + (4 m) squared / 12.
    simulation = played(12, rates(turnover=rate(4e-5, events=12)), in_post=1e5)
    for month, variance in ((1, 5.333), (6, 72.0), (12, 240.0)):
        assert np.var(simulation.vacancies[month - 1]) == pytest.approx(variance, rel=0.15)
        assert means(simulation)[month - 1] == about(10 + 4 * month, variance)


def test_a_rate_is_drawn_about_itself_as_uncertain_as_its_events_are_few() -> None:
    # 12 leavers over 24 FTE-months: a half, with a variance of a twelfth of its square.
    chance = RandomDraws(7, rates(turnover=Rate(12.0, 24.0), filling=Rate(3.0, 4.0)), an_academy(1))
    assert chance.turnover.mean() == about(0.5, 0.25 / 12)
    assert np.var(chance.turnover) == pytest.approx(0.25 / 12, rel=0.15)
    assert chance.filling.mean() == about(0.75, 0.75**2 / 3)
    # What was never seen is not believed to come.
    assert not chance.moving_out.any()


def test_only_the_share_of_leavers_that_leaves_a_vacancy_opens_one() -> None:
    simulation = played(1, rates(turnover=rate(0.08), opening=0.25))
    assert (simulation.leavers[0], means(simulation)[0]) == (about(8, 8), about(12, 0.5))


def test_a_leaver_who_is_known_is_one_of_those_who_are_expected() -> None:
    # 3 are expected to leave. One is known, who opens the vacancy that is known to come: 2 are drawn beside.
    simulation = played(1, rates(turnover=rate(0.03)), vacant=[10.0, 11.0], known={Flow.LEAVERS: 1.0})
    assert (simulation.leavers[0], means(simulation)[0]) == (about(3, 2), about(13, 2))
    # Where more are known than expected nobody else leaves.
    simulation = played(1, rates(turnover=rate(0.03)), vacant=[10.0, 14.0], known={Flow.LEAVERS: 4.0})
    assert (simulation.leavers, means(simulation)) == ([4.0], [14.0])


def test_who_leaves_is_of_those_in_post_at_the_beginning_of_the_month_as_known() -> None:
    # 50 start at the end of the month: a tenth of 100 leaves in it, a tenth of 140 in the next.
    simulation = played(2, rates(turnover=rate(0.1)), in_post=[100.0, 150.0, 150.0])
    assert simulation.leavers == [about(10, 10), about(14, 14 + 0.1)]


# --- filling ----------------------------------------------------------------------------------------------------------


def test_of_what_is_vacant_a_share_is_filled_each_month() -> None:
    # A tenth of 40, of 36, of 32.4.
    simulation = played(3, rates(filling=rate(0.1)), vacant=40.0)
    assert simulation.hires == [about(4, 4), about(3.6, 3.7), about(3.24, 3.4)]
    assert means(simulation) == [about(36, 4), about(32.4, 7), about(29.16, 9)]


def test_what_is_known_to_fill_vacancies_is_part_of_what_is_filled() -> None:
    # One is known to start: of the 39 that are still vacant 3.9 are filled, one of them by the start.
    simulation = played(1, rates(filling=rate(0.1)), vacant=[40.0, 39.0], known={Flow.FILLED_BY_HIRES: 1.0})
    assert (simulation.hires[0], means(simulation)[0]) == (about(3.9, 2.9), about(36.1, 2.9))


@pytest.mark.parametrize(
    "way",
    [
        Flow.FILLED_BY_CONVERSIONS,
        Flow.FILLED_BY_ENTRANTS,
        Flow.FILLED_BY_HIRES,
        Flow.FILLED_BY_PROGRESSION,
        Flow.FILLED_BY_MOVES,
    ],
)
def test_whatever_fills_them(way: Flow) -> None:
    simulation = played(1, rates(filling=rate(0.1)), vacant=[40.0, 39.0], known={way: 1.0})
    assert means(simulation)[0] == about(36.1, 2.9)
    is_hire = way not in (Flow.FILLED_BY_PROGRESSION, Flow.FILLED_BY_MOVES)
    assert simulation.hires[0] == about(3.9 if is_hire else 2.9, 2.9)
    assert simulation.progressed[0] == (1.0 if way is Flow.FILLED_BY_PROGRESSION else 0.0)


def test_no_more_is_filled_than_is_vacant() -> None:
    simulation = played(2, rates(filling=rate(3.0)), vacant=2.0)
    assert all((courses >= 0).all() and (courses <= 2).all() for courses in simulation.vacancies)
    assert simulation.hires[0] <= 2.0


def test_what_is_known_to_close_takes_no_more_away_than_there_is() -> None:
    simulation = played(1, rates(), vacant=[2.0, -3.0])
    assert means(simulation) == [0.0]


def test_of_a_role_moves_out_of_it_open_vacancies_less_those_known() -> None:
    # 2 of 100 are expected to move out, one is known to.
    simulation = played(1, rates(moving_out=rate(0.02)), vacant=[10.0, 11.0], known={Flow.OPENED_BY_MOVES: 1.0})
    assert (means(simulation)[0], simulation.leavers) == (about(12, 1), [0.0])


# --- the academy ------------------------------------------------------------------------------------------------------


def test_those_who_are_due_progress_at_the_share_of_those_before() -> None:
    # 27 of 27 progressed, and of the ten who are believed to have before, 8.3: 35.3 of 37.
    came = an_academy(2, due=[20, 0], seen=27)
    simulation = played(2, rates(), came, vacant=30.0)
    share = 35.3 / 37
    spread = 20 * share * (1 - share) * (37 + 20) / (37 + 1)  # beta-binomial
    assert simulation.progressed == [about(20 * share, spread), 0.0]
    assert means(simulation)[1] == about(30 - 20 * share, spread)


def test_before_an_authority_has_cohorts_of_its_own_83_of_100_progress() -> None:
    simulation = played(1, rates(), an_academy(1, due=[10]), vacant=30.0)
    spread = 10 * 0.83 * 0.17 * 20 / 11
    assert means(simulation)[0] == about(30 - 8.3, spread)
    assert np.var(simulation.vacancies[0]) == pytest.approx(spread, rel=0.15)


def test_each_who_progresses_closes_as_much_of_the_groups_vacancies_as_before() -> None:
    simulation = played(1, rates(relieved=0.4), an_academy(1, due=[10]), vacant=30.0)
    assert simulation.progressed[0] == about(3.32, 0.41)
    # No more than are vacant.
    all_closed = played(1, rates(relieved=1.0), an_academy(1, due=[100]), vacant=3.0)
    assert (means(all_closed), all_closed.progressed, all_closed.hires) == ([0.0], [3.0], [0.0])


def test_what_progression_fills_in_the_mean_month_others_do_not() -> None:
    # 6 are due in the first of three months, of whom 4.98 progress: 1.66 in the mean month. A fifth of 30 is filled.
    simulation = played(3, rates(filling=rate(0.2)), an_academy(3, due=[6, 0, 0]), vacant=30.0)
    hired = 0.2 * 30 - 1.66
    first = 30 - 4.98 - hired
    assert simulation.hires[0] == about(hired, 4.5)
    assert means(simulation)[:2] == [about(first, 7), about(first - (0.2 * first - 1.66), 9)]


def test_whoever_enters_progresses_a_year_later() -> None:
    came = an_academy(14, entering=[0.0, 5.0] + [0.0] * 12, intake=0)
    simulation = played(14, rates(entrants_fill=0.0), came, vacant=30.0)
    assert means(simulation)[:13] == [30.0] * 13
    # 5 times a share drawn from Beta(8.3, 1.7).
    assert means(simulation)[13] == about(30 - 5 * 0.83, 25 * 0.83 * 0.17 / 11)


# --- what if ----------------------------------------------------------------------------------------------------------


def test_conversions_are_shared_out_over_the_months_instead_of_the_usual_number() -> None:
    assert means(played(3, rates(), change=Change(conversions=6.0))) == [8.0, 6.0, 4.0]
    # Usually 12 in a year: 3 in three months, one in each.
    usual = rates(conversions=12.0)
    assert means(played(3, usual, change=Change(conversions=6.0))) == [9.0, 8.0, 7.0]
    assert means(played(3, usual, change=Change(conversions=3.0))) == [10.0, 10.0, 10.0]
    assert means(played(3, usual, change=Change(conversions=0.0))) == [11.0, 12.0, 13.0]
    assert played(3, rates(), change=Change(conversions=6.0)).hires == [2.0, 2.0, 2.0]


def test_a_lower_turnover_is_lower_by_so_many_points_a_year() -> None:
    # 3% a month is 36% a year; less 12 points 24%, 2% a month.
    lower = played(1, rates(turnover=rate(0.03)), change=Change(turnover_lower_by=12.0))
    assert lower.leavers[0] == about(2, 2)
    higher = played(1, rates(turnover=rate(0.03)), change=Change(turnover_lower_by=-12.0))
    assert higher.leavers[0] == about(4, 4)
    assert played(1, rates(turnover=rate(0.03)), change=Change(turnover_lower_by=40.0)).leavers == [0.0]


def test_an_intake_counts_beside_the_usual_one_spread_over_the_months() -> None:
    # 16 a year are 4 in three months; usually it is one.
    came = an_academy(3, intake=4)
    assert means(played(3, rates(), came, change=Change(intake=16.0))) == pytest.approx([9.0, 8.0, 7.0])
    assert means(played(3, rates(entrants_fill=0.5), came, change=Change(intake=16.0))) == pytest.approx([9.5, 9, 8.5])
    assert means(played(3, rates(), came, change=Change(intake=0.0))) == pytest.approx([10 + n / 3 for n in (1, 2, 3)])


def test_entrants_who_are_known_of_count_towards_an_intake() -> None:
    # Two are known; usually it is one in three months, so none is expected beside; of the 4 wished for two are more.
    came = an_academy(3, entering=[2.0, 0.0, 0.0], intake=4)
    expected = means(played(3, rates(), came, change=Change(intake=16.0)))
    assert expected == pytest.approx([10 - 2 / 3, 10 - 4 / 3, 8.0])
    assert means(played(3, rates(), came, change=Change(intake=8.0))) == pytest.approx([10.0, 10.0, 10.0])


def test_a_larger_intake_is_the_more_who_progress_from_the_thirteenth_month_on() -> None:
    came = an_academy(13, intake=12)
    more = played(13, rates(entrants_fill=0.0), came, vacant=30.0, change=Change(intake=24.0))
    assert means(more)[:12] == [30.0] * 12
    assert means(more)[12] == about(30 - 2 * 0.83, 4 * 0.83 * 0.17 / 11)


def test_a_change_is_played_with_the_numbers_of_the_baseline() -> None:
    of = rates(turnover=rate(0.05, 12), filling=rate(0.1, 12))
    plain, changed = (played(6, of, change=change) for change in (NO_CHANGE, Change(conversions=6.0)))
    # Of courses with other numbers about half would come out higher.
    assert (changed.vacancies <= plain.vacancies + 1).all()
    assert (changed.vacancies < plain.vacancies).mean() > 0.95


# --- chance -----------------------------------------------------------------------------------------------------------


def test_every_date_and_length_has_a_seed_of_its_own_always_the_same() -> None:
    # 31 October 2023 is day 738,824 of the calendar.
    assert seed_of(date(2023, 10, 31), 12) == 738_824_012
    assert seed_of(date(2023, 11, 1), 12) == 738_825_012
    of_all = {seed_of(date(2023, 10, day), months) for day in range(1, 32) for months in range(1, 37)}
    assert len(of_all) == 31 * 36


def test_another_seed_gives_other_courses_and_the_same_one_the_same() -> None:
    came, of = an_academy(2), rates(turnover=rate(0.05), filling=rate(0.1))
    ground = months_of(2, {"vacancies": 10.0, "in_post": 100.0}, {})
    one, again, other = (
        play(Baseline(ground.stocks["vacancies"], ground, came), of, NO_CHANGE, RandomDraws(seed, of, came)).vacancies
        for seed in (1, 1, 2)
    )
    assert (one == again).all()
    assert not (one == other).all()
    first, second = RandomDraws(1, of, came), RandomDraws(2, of, came)
    for name in ("leavers", "hires", "moves"):
        assert not np.allclose(getattr(first, name).normal, getattr(second, name).normal)


def test_leavers_hires_and_moves_do_not_hang_together() -> None:
    came = an_academy(1)
    of = rates(turnover=rate(1.0), filling=rate(1.0), moving_out=rate(1.0))
    chance = RandomDraws(3, of, came)
    normal = [numbers.normal[0] for numbers in (chance.leavers, chance.hires, chance.moves)]
    together = np.corrcoef(normal)
    assert abs(together[np.triu_indices(3, 1)]).max() < 0.08
    few = rates(turnover=rate(1.0, 9), filling=rate(1.0, 9), moving_out=rate(1.0, 9))
    drawn = RandomDraws(3, few, came)
    assert abs(np.corrcoef([drawn.turnover, drawn.filling, drawn.moving_out])[np.triu_indices(3, 1)]).max() < 0.08
