"""Control charts: published examples with their printed lines, what each rule marks, laws that hold for any series."""

import math
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.metrics.statistics.control_chart import (
    LIMIT_FACTOR,
    RULES,
    UPPER_RANGE_FACTOR,
    Lines,
    Phase,
    chart,
    shown,
)
from tests.oracle.control_chart import phases_by_hand

FLOW_RATE = [49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1]
"""NIST/SEMATECH e-Handbook of Statistical Methods, 6.3.2.2 "Individuals control charts": flow rate of ten batches."""

CONCENTRATION = [102.0, 94.8, 98.3, 98.4, 102.0, 98.5, 99.0, 97.7, 100.0, 98.1]
CONCENTRATION += [101.3, 98.7, 101.1, 98.4, 97.0, 96.7, 100.3, 101.4, 97.2, 101.0]
"""D. C. Montgomery and G. C. Runger, Applied Statistics and Probability for Engineers, third edition: example 16-2,
table 16-3, twenty hourly concentrations."""

ONE_OUTLIER = [1, 2, 1, 2, 10, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1]
"""NHS-R community, package NHSRplotthedots 0.2.2, vignette "Deviations from Excel defaults", first deviation."""


def only_phase(points: Sequence[float | Fraction | Decimal | None], *, screened: bool = False) -> Phase:
    """The chart of a series that is never re-based."""
    (phase,) = chart(points, screened=screened)
    return phase


def marked(phase: Phase, rule: str) -> list[int]:
    """Indexes of the points a rule marks."""
    return [index for index, point in enumerate(phase.points) if rule in point.rules]


def rules_of(phases: list[Phase]) -> list[tuple[str, ...]]:
    """The rules that mark each point of a series."""
    return [point.rules for phase in phases for point in phase.points]


# --- published examples -----------------------------------------------------------------------------------------------


def test_flow_rate_of_the_nist_handbook() -> None:
    chart_shown = shown(chart(FLOW_RATE), 4)
    lines = chart_shown["phases"][0]
    assert lines["centre"] == 50.81
    assert lines["mean_moving_range"] == 1.8778
    assert lines["upper"] == 55.8041
    assert lines["lower"] == 45.8159
    # The handbook: the process is in control, for none of the points falls outside the limits.
    assert [point["rules"] for point in chart_shown["points"]] == [[]] * 10


def test_concentration_of_montgomery_and_runger() -> None:
    phase = only_phase(CONCENTRATION)
    moving_ranges = [7.2, 3.5, 0.1, 3.6, 3.5, 0.5, 1.3, 2.3, 1.9, 3.2, 2.6, 2.4, 2.7, 1.4, 0.3, 3.6, 1.1, 4.2, 3.8]
    assert [point.moving_range for point in phase.points[1:]] == [Fraction(str(each)) for each in moving_ranges]
    lines = shown([phase], 2)["phases"][0]
    assert lines["mean_moving_range"] == 2.59
    assert lines["lower"] == 92.21
    # Printed as 105.99, because the book rounds the mean, 99.095, to 99.1 before it adds 3 × 2.59 / 1.128.
    assert lines["upper"] == 105.98
    assert lines["centre"] == 99.1
    # "There is no indication of an out-of-control condition."
    assert rules_of([phase]) == [()] * 20


def test_one_outlier_as_nhs_englands_tools_chart_it() -> None:
    phase = only_phase(ONE_OUTLIER)
    lines = shown([phase], 2)["phases"][0]
    assert (lines["upper"], lines["centre"], lines["lower"]) == (6.95, 1.94, -3.06)
    assert rules_of([phase]) == [(), (), (), (), ("outside-limits",), *[()] * 13]


def test_one_outlier_as_the_nhs_r_package_charts_it_with_moving_ranges_screened() -> None:
    phase = only_phase(ONE_OUTLIER, screened=True)
    lines = shown([phase], 2)["phases"][0]
    assert (lines["upper"], lines["centre"], lines["lower"]) == (4.6, 1.94, -0.72)
    assert lines["mean_moving_range"] == 1.0
    assert rules_of([phase]) == [(), (), (), (), ("outside-limits",), *[()] * 13]


def test_the_factors_are_those_of_the_printed_tables() -> None:
    assert round(LIMIT_FACTOR, 2) == Fraction("2.66")
    d2, d3 = 2 / math.sqrt(math.pi), math.sqrt(2 - 4 / math.pi)
    assert float(LIMIT_FACTOR) == pytest.approx(3 / d2, abs=0.002)
    assert float(UPPER_RANGE_FACTOR) == pytest.approx(1 + 3 * d3 / d2, abs=0.002)


# --- what each rule marks ---------------------------------------------------------------------------------------------


def test_a_point_on_a_limit_is_not_beyond_it() -> None:
    # 12 moving ranges, together 4512, their mean 376: three sigma are 3 × 376 / 1.128 = 1000.
    phase = only_phase([0, 1000, -1000, 0, 128, -128, 0, 0, 0, 0, 0, 0, 0])
    assert phase.lines == Lines(
        centre=Fraction(0),
        mean_moving_range=Fraction(376),
        lower=Fraction(-1000),
        upper=Fraction(1000),
        two_sigma=Fraction(2000, 3),
        upper_range_limit=Fraction("1228.768"),
    )
    assert rules_of([phase]) == [()] * 13


def test_seven_points_on_one_side_are_a_run_and_all_of_them_are_marked() -> None:
    phase = only_phase([1, 1, 1, 1, 1, 1, 1, -7])
    assert rules_of([phase]) == [*[("run",)] * 7, ("outside-limits",)]
    assert marked(only_phase([-2, -1, -1, -3, -1, -1, -1, -1, -1, 12]), "run") == [0, 1, 2, 3, 4, 5, 6, 7, 8]


def test_runs_and_trends_as_the_nhs_r_package_tests_them() -> None:
    # NHSRplotthedots 0.2.2, its tests of seven points on one side of the mean and of seven points that rise or fall.
    # NHS England, Making Data Count: "Seven or more consecutive points above or below the mean line", "Seven or more
    # consecutive points increasing or decreasing" (Model Health System).
    assert marked(only_phase([1] * 6 + [-6]), "run") == []
    assert marked(only_phase([1] * 8 + [-8]), "run") == [0, 1, 2, 3, 4, 5, 6, 7]
    assert marked(only_phase([-1] * 8 + [8]), "run") == [0, 1, 2, 3, 4, 5, 6, 7]
    assert marked(only_phase([-9, *[1] * 8, 1, -9, 9]), "run") == [1, 2, 3, 4, 5, 6, 7, 8, 9]
    assert marked(only_phase([1, 2, 3, 4, 5, 6]), "trend") == []
    assert marked(only_phase([1, 2, 3, 3, 4, 5, 6]), "trend") == []
    assert marked(only_phase([1, 2, 3, 4, 5, 6, 7]), "trend") == [0, 1, 2, 3, 4, 5, 6]
    assert marked(only_phase([2, 1, 2, 3, 4, 5, 6, 7, 3]), "trend") == [1, 2, 3, 4, 5, 6, 7]
    assert marked(only_phase([2, 7, 6, 5, 4, 3, 2, 1, 3]), "trend") == [1, 2, 3, 4, 5, 6, 7]


def test_a_trend_across_the_centre_line_is_marked_on_both_sides_of_it() -> None:
    # NHSRplotthedots, issue 171.
    assert marked(only_phase([-3, -2, -1, 0, 1, 2, 3]), "trend") == [0, 1, 2, 3, 4, 5, 6]


def test_six_points_on_one_side_are_no_run() -> None:
    assert marked(only_phase([1, 1, 1, 1, 1, 1, -6]), "run") == []


def test_a_point_on_the_centre_line_ends_a_run() -> None:
    assert marked(only_phase([1, 1, 1, 0, 1, 1, 1, 1, -7]), "run") == []
    assert marked(only_phase([1, 1, 1, 1, 1, 1, 1, 0, 1, -8]), "run") == [0, 1, 2, 3, 4, 5, 6]


def test_seven_points_that_only_rise_or_only_fall_are_a_trend_and_all_of_them_are_marked() -> None:
    assert marked(only_phase([5, 1, 2, 3, 4, 5, 6, 7, 7]), "trend") == [1, 2, 3, 4, 5, 6, 7]
    assert marked(only_phase([9, 8, 7, 6, 5, 4, 3, 2, 3]), "trend") == [0, 1, 2, 3, 4, 5, 6, 7]
    assert marked(only_phase([1, 2, 3, 4, 5, 6, 7, 6, 5]), "trend") == [0, 1, 2, 3, 4, 5, 6]


def test_six_points_that_rise_and_equal_neighbours_are_no_trend() -> None:
    assert marked(only_phase([1, 2, 3, 4, 5, 6, 6, 7]), "trend") == []
    assert marked(only_phase([7, 7, 7, 7, 7, 7, 7]), "trend") == []


# In the charts of two of three the mean moving range is 1128, so sigma is 1000, and the centre line is 0.

# NHS England, Making Data Count, four rules as the Model Health System states them ("Two out of three points are within
# one sigma of a control limit"); "As before, all three points still need to be on the same side of the mean, and the
# third point would not trigger this rule if it is not beyond two-sigma itself": the Making Data Count team, 6 November
# 2023, in issue 194 of the NHS-R community's package NHSRplotthedots. Cases of that package: issues 143 and 153, and
# its tests of points in twos and threes.


def test_two_of_three_points_beyond_two_sigma_are_marked() -> None:
    phase = only_phase([0, 100, 2001, 2001, 0, -100, -2001, -2001, 0, -1101, 1101, 0])
    assert phase.lines.two_sigma == 2000
    assert marked(phase, "two-of-three") == [2, 3, 6, 7]


def test_the_ordinary_point_between_two_beyond_two_sigma_is_not_marked() -> None:
    phase = only_phase([0, 2001, 1, 2001, 0, -2001, -1, -2001, 0, -229, 229, 0, 0, 0, 0, 0])
    assert phase.lines.two_sigma == 2000
    assert marked(phase, "two-of-three") == [1, 3, 5, 7]


def test_points_on_two_sigma_are_not_beyond_it() -> None:
    phase = only_phase([0, 100, 2000, 2000, 100, 0, -100, -2000, -2000, 0, -1434, 1334, 0])
    assert phase.lines.two_sigma == 2000
    assert marked(phase, "two-of-three") == []


def test_one_point_beyond_two_sigma_on_either_side_is_not_two_of_three() -> None:
    # NHSRplotthedots, issue 143.
    phase = only_phase([0, 2001, -2001, 0, 819, -819, 0, 0, 0, 0, 0])
    assert phase.lines.two_sigma == 2000
    assert marked(phase, "two-of-three") == []


def test_two_beyond_two_sigma_with_the_point_between_them_on_the_other_side_are_not_two_of_three() -> None:
    phase = only_phase([0, 2001, -1, 2001, 0, -2001, 1, -2001, -454, 454, 0, 0, 0, 0, 0, 0])
    assert phase.lines.two_sigma == 2000
    assert marked(phase, "two-of-three") == []


def test_two_beyond_two_sigma_with_a_point_on_the_centre_line_are_not_two_of_three() -> None:
    phase = only_phase([0, 2001, 0, 2001, 0, -2001, 0, -2001, 0, -228, 228, 0, 0, 0, 0, 0])
    assert phase.lines.two_sigma == 2000
    assert marked(phase, "two-of-three") == []
    # Nor two in a row that have no third on their side.
    assert marked(only_phase([0, 2001, 2001, 0, -2001, -2001, 0, -537, 537, 0]), "two-of-three") == []


def test_a_point_beyond_a_limit_is_one_of_two_of_three_too() -> None:
    # "The change will mean that all points beyond two-sigma are counted" (as above); NHSRplotthedots, issue 153.
    phase = only_phase([0, 3500, 2001, 1, 0, -3500, -2001, -1, 0, -166, 166, 0, 0, 0])
    assert phase.lines.two_sigma == 2000
    assert marked(phase, "two-of-three") == [1, 2, 5, 6]
    assert marked(phase, "outside-limits") == [1, 5]


def test_two_with_two_between_them_are_not_two_of_three() -> None:
    # NHSRplotthedots, its tests of being part of two in three: 1, 0, 0, 1 and 1, 0, 0, 1, 1.
    apart = only_phase([0, 2001, 1, 1, 2001, 0, -2001, -1, -1, -2001, 0, -229, 229, 0, 0, 0])
    assert apart.lines.two_sigma == 2000
    assert marked(apart, "two-of-three") == []
    followed = only_phase([0, 2001, 1, 1, 2001, 2001, 0, -2001, -1, -1, -2001, -2001, 0, -229, 229, 0])
    assert followed.lines.two_sigma == 2000
    assert marked(followed, "two-of-three") == [4, 5, 10, 11]


def test_children_of_two_years_whose_highest_months_lie_around_a_low_one_have_no_two_of_three() -> None:
    children = [397, 400, 398, 403, 398, 396, 405, 394, 399, 399, 399, 396]
    children += [416, 396, 413, 402, 400, 404, 403, 404, 402, 395, 403, 406]
    assert marked(only_phase(children), "two-of-three") == []


# --- gaps, phases, few points -----------------------------------------------------------------------------------------


def test_there_is_no_moving_range_across_a_gap() -> None:
    phase = only_phase([2, 4, None, 10, 13])
    assert [point.moving_range for point in phase.points] == [None, 2, None, None, 3]
    assert phase.lines.mean_moving_range == Fraction(5, 2)
    assert phase.lines.centre == Fraction(29, 4)


def test_a_gap_ends_a_run_a_trend_and_two_of_three() -> None:
    assert marked(only_phase([1, 1, 1, 1, None, 1, 1, 1, -7]), "run") == []
    assert marked(only_phase([1, 2, 3, 4, None, 5, 6, 7]), "trend") == []
    phase = only_phase([1, 2001, None, 2001, 1, -2001, None, -2001, -1, 817, -818, 0, 0, 0, 0])
    assert phase.lines.two_sigma is not None
    assert phase.lines.two_sigma < 2001
    assert marked(phase, "two-of-three") == []


def test_a_pattern_after_a_gap_is_marked_where_it_stands() -> None:
    assert marked(only_phase([3, None, None, 1, 2, 3, 4, 5, 6, 7, None]), "trend") == [3, 4, 5, 6, 7, 8, 9]


def test_each_phase_has_lines_of_its_own_and_no_moving_range_from_the_one_before() -> None:
    first, second = chart([2, 4, 2, 4, 10, 16, 10], rebase_at=[4])
    assert (first.number, first.start, second.number, second.start) == (1, 0, 2, 4)
    assert first.lines.centre == 3
    assert first.lines.mean_moving_range == 2
    assert second.lines.centre == 12
    assert second.lines.mean_moving_range == 6
    assert [point.moving_range for point in second.points] == [None, 6, 6]


def test_a_rebasing_ends_every_pattern() -> None:
    rising = [1, 2, 3, 4, 5, 6, 7, 8]
    assert [marked(phase, "trend") for phase in chart(rising, rebase_at={4})] == [[], []]
    assert [marked(phase, "trend") for phase in chart(rising, rebase_at={1})] == [[], [0, 1, 2, 3, 4, 5, 6]]


def test_rebasing_at_the_first_point_changes_nothing() -> None:
    assert chart(FLOW_RATE, rebase_at=[0]) == chart(FLOW_RATE)


def test_limits_from_fewer_than_twelve_points_are_provisional() -> None:
    assert only_phase([1, 2, None, 3, 2, 1, 2, 3, 2, 1, 2, 3]).provisional
    assert not only_phase([1, 2, None, 3, 2, 1, 2, 3, 2, 1, 2, 3, 2]).provisional
    assert [phase.provisional for phase in chart([1, 2] * 8, rebase_at=[12])] == [False, True]


def test_without_points_there_are_no_lines() -> None:
    assert chart([]) == []
    phase = only_phase([None, None])
    assert phase.lines == Lines()
    assert phase.provisional
    assert rules_of([phase]) == [(), ()]


def test_without_two_neighbouring_points_there_is_a_centre_line_and_no_limit() -> None:
    assert only_phase([4]).lines == Lines(centre=Fraction(4))
    assert only_phase([4, None, 7]).lines == Lines(centre=Fraction(11, 2))


def test_a_run_needs_no_limits() -> None:
    apart = [1, None, 1, None]
    assert marked(only_phase([*apart, 1, 1, 1, 1, 1, 1, 1, None, -9]), "run") == [4, 5, 6, 7, 8, 9, 10]


def test_the_limits_of_a_series_that_never_changes_lie_on_its_centre_line() -> None:
    phase = only_phase([5.5] * 12)
    assert phase.lines.centre == phase.lines.lower == phase.lines.upper == Fraction(11, 2)
    assert rules_of([phase]) == [()] * 12


def test_where_points_differ_only_across_a_gap_none_is_beyond_the_limits() -> None:
    phase = only_phase([5, 5, 5, None, 7, 7, 7])
    assert phase.lines.mean_moving_range == 0
    assert rules_of([phase]) == [()] * 7


# --- what the measure can be, and what is refused ---------------------------------------------------------------------


def test_limits_stop_at_what_the_measure_can_be() -> None:
    (phase,) = chart([0, 4] * 6, least=0)
    assert phase.lines.lower == 0
    assert phase.lines.upper == 2 + 12 / Fraction("1.128")
    (phase,) = chart([90, 98] * 6, least=0, greatest=100)
    assert phase.lines.lower == 94 - 24 / Fraction("1.128")
    assert phase.lines.upper == 100


def test_a_limit_that_stops_moves_no_other_line() -> None:
    (phase,) = chart([0, 4] * 6, least=0)
    assert phase.lines.two_sigma == 8 / Fraction("1.128")
    assert phase.lines.centre == 2


@pytest.mark.parametrize("point", [math.nan, math.inf, -math.inf, Decimal("NaN"), Decimal("Infinity")])
def test_a_point_that_is_no_finite_number_is_refused(point: float | Decimal) -> None:
    with pytest.raises(ValueError, match=r"^Point 1 is .*\. It is a finite number, or None where there is none\.$"):
        chart([1, point])


def test_a_point_that_the_measure_cannot_have_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^Point 2 is -1\. The measure can be 0 at least and None at most"):
        chart([1, None, -1], least=0)
    with pytest.raises(ValueError, match=r"^Point 0 is 100\.1\. The measure can be 0 at least and 100 at most"):
        chart([100.1], least=0, greatest=100)


def test_a_point_may_be_as_little_and_as_much_as_the_measure_can_be() -> None:
    (phase,) = chart([0, 100], least=0, greatest=100)
    assert [point.value for point in phase.points] == [0, 100]


@pytest.mark.parametrize("position", [-1, 3])
def test_a_rebasing_outside_the_series_is_refused(position: int) -> None:
    with pytest.raises(ValueError, match=f"^There is no point {position} to re-base at. The series has 3 points"):
        chart([1, 2, 3], rebase_at=[position])


def test_points_are_taken_as_the_decimals_they_are_written_as() -> None:
    tenths = only_phase([0.1, 0.2, 0.3])
    assert tenths.lines.centre == Fraction(1, 5)
    assert tenths.lines.mean_moving_range == Fraction(1, 10)
    assert tenths == only_phase([Decimal("0.1"), Decimal("0.2"), Decimal("0.3")])
    assert tenths == only_phase([Fraction(1, 10), Fraction(1, 5), Fraction(3, 10)])


# --- as it is shown ---------------------------------------------------------------------------------------------------


def test_a_chart_as_it_is_shown() -> None:
    assert shown(chart([1.0, None, 1.0, 2.5, 20.25], rebase_at=[4], least=0), 1) == {
        "points": [
            {"centre": 1.5, "lower": 0.0, "upper": 5.5, "rules": [], "phase": 1},
            {"centre": 1.5, "lower": 0.0, "upper": 5.5, "rules": [], "phase": 1},
            {"centre": 1.5, "lower": 0.0, "upper": 5.5, "rules": [], "phase": 1},
            {"centre": 1.5, "lower": 0.0, "upper": 5.5, "rules": [], "phase": 1},
            {"centre": 20.3, "lower": None, "upper": None, "rules": [], "phase": 2, "reason": "no-denominator"},
        ],
        "phases": [
            {
                "phase": 1,
                "start": 0,
                "points": 3,
                "centre": 1.5,
                "lower": 0.0,
                "upper": 5.5,
                "mean_moving_range": 1.5,
                "upper_range_limit": 4.9,
                "provisional": True,
            },
            {
                "phase": 2,
                "start": 4,
                "points": 1,
                "centre": 20.3,
                "lower": None,
                "upper": None,
                "mean_moving_range": None,
                "upper_range_limit": None,
                "provisional": True,
                "reason": "no-denominator",
            },
        ],
    }


def test_rules_are_shown_by_name_in_the_order_in_which_they_are_explained() -> None:
    points = shown(chart([4, 5, 6, 7, 8, 9, 60, *[-3] * 20]), 1)["points"]
    assert points[6]["rules"] == ["outside-limits", "run", "trend"]
    assert list(RULES) == ["outside-limits", "run", "trend", "two-of-three"]


@pytest.mark.parametrize(
    ("exact", "decimals", "as_shown"),
    [
        ("0.25", 1, "0.3"),
        ("0.249999", 1, "0.2"),
        ("-0.25", 1, "-0.3"),
        ("-0.04", 1, "0.0"),
        ("2.5", 0, "3.0"),
        ("1/3", 3, "0.333"),
        ("2/3", 3, "0.667"),
        ("123456789.05", 1, "123456789.1"),
    ],
)
def test_numbers_are_shown_half_up(exact: str, decimals: int, as_shown: str) -> None:
    assert str(shown(chart([Fraction(exact)]), decimals)["points"][0]["centre"]) == as_shown


# --- for any series ---------------------------------------------------------------------------------------------------

COUNTS = st.integers(-4, 4).map(Fraction)
SLOPES = st.builds(
    lambda start, slope, length: [start + slope * step for step in range(length)],
    COUNTS,
    st.sampled_from([Fraction(-1), Fraction(0), Fraction(1, 3), Fraction(2)]),
    st.integers(1, 10),
)
PIECES = st.one_of(SLOPES, st.lists(st.one_of(COUNTS, st.none()), max_size=8), st.just([Fraction(40), Fraction(40)]))
SERIES = st.lists(PIECES, max_size=6).map(lambda pieces: [point for piece in pieces for point in piece])
NUMBERS = st.fractions(-1000, 1000, max_denominator=100)


@st.composite
def series_with_rebasings(draw: st.DrawFn) -> tuple[list[Fraction | None], set[int]]:
    """A series of slopes, levels, outliers and gaps, and where it is re-based."""
    points = draw(SERIES)
    rebase_at = draw(st.sets(st.integers(0, len(points) - 1), max_size=2)) if points else set()
    return points, rebase_at


@given(series_with_rebasings(), st.booleans())
@example(([Fraction(5)] * 3 + [None] + [Fraction(7)] * 3, set()), False)
def test_a_second_implementation_agrees(series: tuple[list[Fraction | None], set[int]], screened: bool) -> None:
    points, rebase_at = series
    phases = chart(points, rebase_at, screened=screened)
    by_hand = phases_by_hand(points, rebase_at, screened)
    assert len(phases) == len(by_hand)
    for phase, expected in zip(phases, by_hand, strict=True):
        assert phase.lines.centre == expected.centre
        assert phase.lines.mean_moving_range == expected.mean_moving_range
        assert phase.lines.lower == expected.lower
        assert phase.lines.upper == expected.upper
        assert phase.lines.upper_range_limit == expected.upper_range_limit
        assert [set(point.rules) for point in phase.points] == expected.rules


@given(series_with_rebasings(), NUMBERS)
def test_shifting_the_points_shifts_the_lines(series: tuple[list[Fraction | None], set[int]], shift: Fraction) -> None:
    points, rebase_at = series
    phases = chart(points, rebase_at)
    shifted = chart([None if point is None else point + shift for point in points], rebase_at)
    assert rules_of(shifted) == rules_of(phases)
    for phase, other in zip(phases, shifted, strict=True):
        lines, moved = phase.lines, other.lines
        assert moved.mean_moving_range == lines.mean_moving_range
        assert moved.centre == (None if lines.centre is None else lines.centre + shift)
        assert moved.lower == (None if lines.lower is None else lines.lower + shift)
        assert moved.upper == (None if lines.upper is None else lines.upper + shift)


@given(series_with_rebasings(), NUMBERS.filter(bool))
def test_scaling_the_points_scales_the_lines_and_turning_them_over_swaps_the_limits(
    series: tuple[list[Fraction | None], set[int]], scale: Fraction
) -> None:
    points, rebase_at = series
    phases = chart(points, rebase_at)
    scaled = chart([None if point is None else point * scale for point in points], rebase_at)
    assert rules_of(scaled) == rules_of(phases)
    for phase, other in zip(phases, scaled, strict=True):
        lines, stretched = phase.lines, other.lines
        assert stretched.centre == (None if lines.centre is None else lines.centre * scale)
        if lines.mean_moving_range is not None and lines.lower is not None and lines.upper is not None:
            assert stretched.mean_moving_range == lines.mean_moving_range * abs(scale)
            assert {stretched.lower, stretched.upper} == {lines.lower * scale, lines.upper * scale}


@given(SERIES.filter(bool))
def test_read_backwards_the_same_points_are_marked(points: list[Fraction | None]) -> None:
    forwards, backwards = only_phase(points), only_phase(points[::-1])
    assert backwards.lines == forwards.lines
    assert [point.rules for point in backwards.points] == [point.rules for point in reversed(forwards.points)]


@given(series_with_rebasings())
def test_every_point_is_shown_once_with_the_lines_of_its_phase(
    series: tuple[list[Fraction | None], set[int]],
) -> None:
    points, rebase_at = series
    answer = shown(chart(points, rebase_at), 2)
    assert len(answer["points"]) == len(points)
    assert [phase["start"] for phase in answer["phases"]] == (sorted({0, *rebase_at}) if points else [])
    for point in answer["points"]:
        phase = answer["phases"][point["phase"] - 1]
        assert [point[line] for line in ("centre", "lower", "upper")] == [
            phase[line] for line in ("centre", "lower", "upper")
        ]
