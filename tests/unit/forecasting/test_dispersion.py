"""How far present rates went wrong before: the factor, worked out on paper from months that are written down.

Invariant: 10 FTE are vacant throughout; in each month 2 FTE are opened and 2 filled: a fifth of what is vacant. So the
model expects (10 + 2) x 0.8 = 9.6 after a month, and (9.6 + 2) x 0.8 = 9.28 after two; 10 came.
"""

import pytest

from services.metrics.forecasting.dispersion import dispersion
from services.metrics.forecasting.flows import Flow, Months
from tests.unit.forecasting.small import months_of

STEADY = {Flow.OPENED_BY_LEAVERS: 2.0, Flow.FILLED_BY_HIRES: 2.0}


def steady(count: int, **flows: float | list[float]) -> Months:
    flows_of_month = STEADY | {Flow(name.replace("_", "-")): amount for name, amount in flows.items()}
    return months_of(count, {"in_post": 100.0, "vacancies": 10.0}, flows_of_month)


def test_the_factor_is_the_root_of_the_mean_squared_error_over_the_variance() -> None:
    # 0.4 squared is 0.16.
    assert dispersion(steady(20), [0.04], of_role=False) == pytest.approx(2.0)
    # Both lengths together: (0.16 + 0.72 squared) / (0.1 + 0.2).
    assert dispersion(steady(20), [0.1, 0.2], of_role=False) == pytest.approx((0.6784 / 0.3) ** 0.5)


def test_an_error_is_how_far_off_what_came_was() -> None:
    # Of eight origins the last expected 9.6 where 12 came: (7 x 0.16 + 5.76) / 8 is 0.86.
    odd = steady(20)
    odd.stocks["vacancies"][20] = 12.0
    assert dispersion(odd, [0.215], of_role=False) == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("variance", "factor"), [(0.17, 1.0), (0.16, 1.0), (0.15, 1.0328), (0.0178, 2.9982), (0.017, 3.0)]
)
def test_it_never_narrows_the_interval_and_is_at_most_three(variance: float, factor: float) -> None:
    assert dispersion(steady(20), [variance], of_role=False) == pytest.approx(factor, abs=1e-4)


@pytest.mark.parametrize(
    ("months", "factor"),
    [
        pytest.param(17, 1.5, id="five origins are too few"),
        pytest.param(18, 2.0, id="six are enough"),
    ],
)
def test_six_origins_a_year_of_history_before_each_are_what_it_takes(months: int, factor: float) -> None:
    assert dispersion(steady(months), [0.04], of_role=False) == pytest.approx(factor)


def test_a_length_with_too_few_origins_and_one_without_variance_do_not_count() -> None:
    # Of two months ahead there are five origins.
    assert dispersion(steady(18), [0.04, 0.0001], of_role=False) == pytest.approx(2.0)
    assert dispersion(steady(20), [0.04, 0.0], of_role=False) == pytest.approx(2.0)
    assert dispersion(steady(20), [0.0, 0.0], of_role=False) == 1.5


def test_only_the_last_two_years_of_origins_count() -> None:
    # 60 months: the origins are months 36 to 59, and the earliest of them looks back to month 24.
    odd = steady(60)
    odd.stocks["vacancies"][20] = 100.0
    assert dispersion(odd, [0.04], of_role=False) == pytest.approx(2.0)
    odd.stocks["vacancies"][40] = 30.0
    assert dispersion(odd, [0.04], of_role=False) > 2.5


def test_of_each_length_the_last_origins_count() -> None:
    # Of one month ahead 23 of 24 origins are off by 0.4, and the last by 2.4; of two by 0.72 and 2.72.
    odd = steady(60)
    odd.stocks["vacancies"][60] = 12.0
    mean_squares = (23 * 0.16 + 5.76) / 24 + (23 * 0.5184 + 7.3984) / 24
    assert dispersion(odd, [0.1, 0.2], of_role=False) == pytest.approx((mean_squares / 0.3) ** 0.5)


def test_funding_is_that_of_the_month_itself() -> None:
    # 3 more are funded in the last month: (10 + 2 + 3) x 0.8 = 12, and 12.4 came.
    more = steady(20, rest=[0.0] * 19 + [3.0])
    more.stocks["vacancies"][20] = 12.4
    assert dispersion(more, [0.04], of_role=False) == pytest.approx(2.0)


def test_funding_that_came_is_known_and_no_error() -> None:
    # (10 + 2 + 0.4) x 0.8 = 9.92.
    assert dispersion(steady(20, rest=0.4), [0.0016], of_role=False) == pytest.approx(2.0)


def test_progression_that_came_is_part_of_what_is_filled() -> None:
    # 1 of the 2 FTE: of the fifth that is filled 1.4 are left to hires.
    half = steady(20, filled_by_hires=1.0, filled_by_progression=1.0)
    assert dispersion(half, [0.04], of_role=False) == pytest.approx(2.0)
    assert dispersion(half, [0.1, 0.2], of_role=False) == pytest.approx((0.6784 / 0.3) ** 0.5)


def test_moves_open_and_fill_in_a_role_and_count_by_their_difference_in_the_whole() -> None:
    moving = steady(20, opened_by_leavers=1.0, opened_by_moves=1.0, filled_by_hires=1.0, filled_by_moves=1.0)
    assert dispersion(moving, [0.04], of_role=True) == pytest.approx(2.0)
    # Without them a tenth is filled: (10 + 1) x 0.9 = 9.9.
    assert dispersion(moving, [0.0025], of_role=False) == pytest.approx(2.0)
    # 0.3 more are opened than filled: (10 + 1 + 0.3) x 0.9 = 10.17.
    more = steady(20, opened_by_leavers=1.0, opened_by_moves=1.3, filled_by_hires=1.0, filled_by_moves=1.0)
    assert dispersion(more, [0.007225], of_role=False) == pytest.approx(2.0)


def test_an_authority_without_history_has_the_usual_factor() -> None:
    assert dispersion(steady(0), [1.0, 2.0], of_role=False) == 1.5
