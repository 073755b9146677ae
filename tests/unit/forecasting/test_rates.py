"""The present rates of a group of posts, worked out on paper from months that are written down."""

import pytest

from services.metrics.forecasting.academy import Academy
from services.metrics.forecasting.flows import Flow
from services.metrics.forecasting.rates import Rate, Rates, rates
from tests.unit.forecasting.small import months_of

NOBODY_ENTERED = Academy([], 0, 0, [], 0)
FOUR_ENTERED = Academy([], 0, 0, [], 4)

# 100 FTE in post and 10 vacant throughout; in each month 1.5 leave, 0.75 start, 0.5 move, 0.25 progress.
WHOLE = months_of(
    12,
    {"in_post": 100.0, "vacancies": 10.0},
    {
        Flow.LEAVERS: 1.5,
        Flow.OPENED_BY_LEAVERS: 1.2,
        Flow.FILLED_BY_HIRES: 0.5,
        Flow.FILLED_BY_CONVERSIONS: 0.25,
        Flow.FILLED_BY_PROGRESSION: 0.25,
        Flow.FILLED_BY_MOVES: 0.5,
        Flow.OPENED_BY_MOVES: 0.5,
        Flow.PROGRESSED: 0.5,
    },
)
# A role of 5 FTE in post and 1 vacant: in the year one left, one was hired, one moved out.
_ONCE = [0.0] * 6 + [1.0] + [0.0] * 5
SMALL_ROLE = months_of(
    12,
    {"in_post": 5.0, "vacancies": 1.0},
    {
        Flow.LEAVERS: _ONCE,
        Flow.OPENED_BY_LEAVERS: _ONCE,
        Flow.FILLED_BY_HIRES: _ONCE,
        Flow.OPENED_BY_MOVES: _ONCE,
        Flow.FILLED_BY_PROGRESSION: [0.25] * 12,
    },
)


def of_whole() -> Rates:
    return rates(WHOLE, WHOLE, NOBODY_ENTERED, of_role=False)


def of_small_role() -> Rates:
    return rates(WHOLE, SMALL_ROLE, NOBODY_ENTERED, of_role=True)


def test_the_turnover_of_a_small_role_is_mostly_that_of_the_whole_authority() -> None:
    # The authority: 18 leavers over 1,200 FTE-months. The role: 1 over 60, and 240 FTE-months at the authority's rate
    # (3.6 leavers): 4.6 over 300.
    assert of_whole().turnover == Rate(18.0, 1200.0)
    assert of_small_role().turnover.events == pytest.approx(4.6)
    assert of_small_role().turnover.exposure == 300.0
    assert of_small_role().turnover.monthly == pytest.approx(0.0153333, abs=1e-6)


def test_so_is_its_rate_of_filling_to_which_moves_belong() -> None:
    # The authority with its moves: 18 filled over 120 vacant FTE-months, 15%. The role: 1 hired and 3 progressed over
    # 12, and 24 vacant FTE-months at 15% (3.6): 7.6 over 36.
    assert of_small_role().filling.events == pytest.approx(7.6)
    assert of_small_role().filling.exposure == 36.0


def test_of_the_whole_authority_moves_neither_open_nor_fill() -> None:
    assert of_whole().filling == Rate(12.0, 120.0)
    assert of_whole().moving_out == Rate(0.0, 1200.0)
    # Of a role they are not shrunk.
    assert of_small_role().moving_out == Rate(1.0, 60.0)


def test_what_a_leaver_leaves_and_what_a_hire_and_a_progression_fill() -> None:
    # 14.4 of the 18 FTE of leavers left a vacancy; 6 FTE progressed, which closed 3 FTE.
    whole = of_whole()
    assert whole.opening == pytest.approx(0.8)
    assert whole.relieved == 0.5
    assert (whole.hires, whole.conversions, whole.months) == (9.0, 3.0, 12)
    assert of_small_role().relieved == 0.5


def test_of_two_years_the_second_counts_but_for_the_academy() -> None:
    leavers, progressed = [9.0] * 12 + [1.0] * 12, [1.0] * 12 + [0.0] * 12
    two_years = months_of(
        24,
        {"in_post": [200.0] * 12 + [100.0] * 13, "vacancies": [50.0] * 12 + [10.0] * 13},
        {
            Flow.LEAVERS: leavers,
            Flow.OPENED_BY_LEAVERS: leavers,
            Flow.FILLED_BY_HIRES: [5.0] * 12 + [2.0] * 12,
            Flow.PROGRESSED: progressed,
            Flow.FILLED_BY_PROGRESSION: [0.75 * fte for fte in progressed],
        },
    )
    usual = rates(two_years, two_years, NOBODY_ENTERED, of_role=False)
    assert (usual.turnover, usual.filling) == (Rate(12.0, 1200.0), Rate(24.0, 120.0))
    assert (usual.hires, usual.relieved) == (24.0, 0.75)


def test_fte_in_post_is_the_mean_of_the_opening_and_the_closing_of_each_month() -> None:
    # The means are 15 and 30.
    two = months_of(2, {"in_post": [10.0, 20.0, 40.0], "vacancies": [4.0, 2.0, 0.0]}, {Flow.LEAVERS: [1.0, 2.0]})
    usual = rates(two, two, NOBODY_ENTERED, of_role=False)
    assert (usual.turnover, usual.filling) == (Rate(3.0, 45.0), Rate(0.0, 4.0))


def test_half_a_year_of_history_is_told_as_a_year() -> None:
    half = months_of(6, {"in_post": 50.0}, {Flow.FILLED_BY_CONVERSIONS: 0.5, Flow.FILLED_BY_ENTRANTS: 0.25})
    usual = rates(half, half, NOBODY_ENTERED, of_role=False)
    assert (usual.conversions, usual.hires, usual.months) == (6.0, 9.0, 6)


def test_what_an_entrant_fills_on_the_first_day() -> None:
    year = months_of(12, {}, {Flow.FILLED_BY_ENTRANTS: 0.25})
    assert rates(year, year, FOUR_ENTERED, of_role=False).entrants_fill == 0.75
    assert rates(year, year, NOBODY_ENTERED, of_role=False).entrants_fill == 1.0


def test_where_nothing_happened_rates_are_zero_and_a_leaver_is_taken_to_leave_a_vacancy() -> None:
    nothing = months_of(12, {}, {})
    usual = rates(nothing, nothing, NOBODY_ENTERED, of_role=False)
    assert (usual.turnover.monthly, usual.filling.monthly, usual.relieved, usual.opening) == (0.0, 0.0, 0.0, 1.0)
    # A role of an authority without leavers: 0 over 240 FTE-months.
    assert rates(nothing, nothing, NOBODY_ENTERED, of_role=True).turnover == Rate(0.0, 240.0)


def test_progression_that_leaves_more_than_is_filled_gives_no_rate_below_zero() -> None:
    year = months_of(12, {"vacancies": 2.0}, {Flow.FILLED_BY_HIRES: 0.1, Flow.FILLED_BY_PROGRESSION: -0.5})
    assert rates(year, year, NOBODY_ENTERED, of_role=False).filling == Rate(0.0, 24.0)
