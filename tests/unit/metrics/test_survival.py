"""Kaplan-Meier, worked out on paper."""

import math
from fractions import Fraction

import pytest

from services.metrics.statistics.survival import Curve, Duration, Step, Z, kaplan_meier

SIX = [
    Duration(100, ended=True),
    Duration(200, ended=True),
    Duration(200, ended=False),
    Duration(300, ended=True),
    Duration(400, ended=False),
    Duration(400, ended=True),
]
"""One left after 100 days, one after 200 when another had been there as long, one after 300, one of two after 400."""


def test_the_curve_of_six_people_worked_out_on_paper() -> None:
    curve = kaplan_meier(SIX)
    assert [step[:5] for step in curve.steps] == [
        (100, 6, 1, 0, Fraction(5, 6)),
        (200, 5, 1, 1, Fraction(2, 3)),  # who has been there 200 days is still at risk on that day
        (300, 3, 1, 0, Fraction(4, 9)),
        (400, 2, 1, 1, Fraction(2, 9)),
    ]
    assert (curve.count, curve.median, curve.longest) == (6, 300, 400)


def test_the_band_after_the_first_leaver_worked_out_on_paper() -> None:
    # Greenwood's sum is 1/(6 x 5); its root over ln(5/6) is the standard error on the log(-log) scale.
    reach = 1.959964 * math.sqrt(1 / 30) / math.log(6 / 5)
    step = kaplan_meier(SIX).steps[0]
    assert step.lower == pytest.approx((5 / 6) ** math.exp(reach), abs=1e-6)
    assert step.upper == pytest.approx((5 / 6) ** math.exp(-reach), abs=1e-6)


def test_the_band_reaches_to_the_97_5_percent_point_of_the_normal_distribution() -> None:
    assert round(Z, 6) == 1.959964


@pytest.mark.parametrize(("days", "at_risk"), [(0, 6), (100, 6), (101, 5), (200, 5), (Fraction("200.5"), 3), (401, 0)])
def test_at_risk_are_those_who_were_there_at_least_so_long(days: Fraction | int, at_risk: int) -> None:
    assert kaplan_meier(SIX).at_risk(days) == at_risk


@pytest.mark.parametrize(("days", "survival"), [(100, Fraction(5, 6)), (199, Fraction(5, 6)), (999, Fraction(2, 9))])
def test_survival_holds_until_the_next_step(days: int, survival: Fraction) -> None:
    step = kaplan_meier(SIX).at(days)
    assert step is not None
    assert step.survival == survival


def test_before_the_first_step_there_is_none() -> None:
    assert kaplan_meier(SIX).at(99) is None


def test_while_nobody_has_left_survival_is_certain_and_has_no_median() -> None:
    curve = kaplan_meier([Duration(0, ended=False), Duration(30, ended=False)])
    assert curve.steps == (Step(0, 2, 0, 1, Fraction(1), 1.0, 1.0), Step(30, 1, 0, 1, Fraction(1), 1.0, 1.0))
    assert curve.median is None


def test_when_nobody_is_left_survival_is_zero_and_has_no_band() -> None:
    curve = kaplan_meier([Duration(30, ended=True)])
    assert curve.steps == (Step(30, 1, 1, 0, Fraction(0), None, None),)
    assert curve.median == 30


def test_the_median_is_reached_when_exactly_half_are_left() -> None:
    assert kaplan_meier([Duration(10, ended=True), Duration(20, ended=False)]).median == 10


def test_of_nobody_there_is_no_curve() -> None:
    curve = kaplan_meier([])
    assert curve == Curve(0, ())
    assert (curve.median, curve.longest) == (None, 0)


def test_nobody_was_there_for_fewer_than_0_days() -> None:
    with pytest.raises(ValueError, match="there for -1 days"):
        kaplan_meier([Duration(-1, ended=False)])
