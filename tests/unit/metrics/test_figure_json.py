"""How figures are told: the time they speak of, reasons, what of a series is in its control chart, what adds up."""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from services.metrics.api.adding_up import amount_of, exactly, rounding
from services.metrics.api.figure_json import (
    MAY_BE_NEGATIVE,
    OVERLAPPING,
    control_chart,
    figure_json,
    figures_json,
    point_of_time,
    points_json,
    time_of,
)
from services.metrics.api.tables import figure_lines, series_lines
from services.metrics.figures.periods import Period
from services.metrics.measures.catalogue import MEASURES
from services.metrics.measures.declaration import Elapsed, Kind, Unit, When
from services.metrics.reasons import Reason, Value

VACANCIES, LEAVERS, TURNOVER, NHS = (
    MEASURES[name] for name in ("vacancies", "leavers", "turnover-rate", "nhs-vacancy-rate")
)
RETENTION, WEEKS = MEASURES["retention-of-starters"], MEASURES["agency-weeks"]
DAY = date(2023, 9, 30)
YEAR = When(date(2022, 10, 1), DAY, DAY)


# --- a figure, and why there is none ----------------------------------------------------------------------------------


def test_a_figure_is_a_number_or_null_with_its_reason() -> None:
    assert figure_json("total", Fraction(9, 4), Unit.FTE) == {"total": 2.3}
    assert figure_json("total", Fraction(0), Unit.PEOPLE) == {"total": 0}
    assert figure_json("total", Reason.NOT_YET, Unit.FTE) == {"total": None, "reason": "not-yet"}
    both: dict[str, Value] = {"value": Reason.NO_DENOMINATOR, "filled": Fraction(5, 2)}
    assert figures_json(both, {"value": Unit.DAYS, "filled": Unit.PEOPLE}) == {
        "value": None,
        "filled": 3,
        "reason": "no-denominator",
    }


def test_of_points_the_reasons_stand_at_their_places_and_only_where_there_are_any() -> None:
    assert points_json("values", [Fraction(1), Reason.NOT_COUNTED], Unit.FTE) == {
        "values": [1.0, None],
        "reasons": [None, "not-counted"],
    }
    assert points_json("values", [Fraction(1), Fraction(0)], Unit.FTE) == {"values": [1.0, 0.0]}


@pytest.mark.parametrize(
    ("measure", "names"),
    [
        (VACANCIES, ["as_at"]),
        (LEAVERS, ["from", "to"]),
        (TURNOVER, ["from", "to", "as_at"]),
        (NHS, ["as_at"]),
        (RETENTION, ["from", "to", "as_at", "months"]),
    ],
)
def test_a_stock_has_a_date_a_flow_a_period_and_a_rate_what_its_counts_have(measure: Any, names: list[str]) -> None:
    body = time_of(measure, YEAR)
    assert list(body) == names
    whole = {"from": "2022-10-01", "to": "2023-09-30", "as_at": "2023-09-30", "months": 12}
    assert body == {name: whole[name] for name in names}


@pytest.mark.parametrize(
    ("elapsed", "said"),
    [
        (Elapsed.OVER, {}),
        (Elapsed.TO_COME, {}),
        (Elapsed.UNDER_WAY, {"provisional": True}),
        (Elapsed.PLANNED, {"planned": True}),
    ],
)
def test_what_had_passed_of_it_is_said(elapsed: Elapsed, said: dict[str, bool]) -> None:
    body = time_of(VACANCIES, When(YEAR.first, DAY, DAY, elapsed=elapsed))
    assert {name: value for name, value in body.items() if name != "as_at"} == said


def test_a_point_is_of_its_own_month_up_to_the_day_it_was_known_on() -> None:
    september = Period(date(2023, 9, 1), DAY)
    under_way = When(date(2023, 9, 1), date(2023, 9, 17), date(2023, 9, 17), elapsed=Elapsed.UNDER_WAY)
    assert point_of_time(VACANCIES, september, under_way) == {
        "from": "2023-09-01",
        "to": "2023-09-17",
        "as_at": "2023-09-17",
        "provisional": True,
    }
    # What counts over twelve months says so, and not for how long starters are judged.
    assert point_of_time(TURNOVER, september, YEAR) == {"from": "2022-10-01", "to": "2023-09-30", "as_at": "2023-09-30"}
    assert "months" not in point_of_time(RETENTION, september, YEAR)


# --- a control chart --------------------------------------------------------------------------------------------------


def months(*lasts: date, first: int = 1, elapsed: Elapsed = Elapsed.OVER) -> list[When]:
    return [When(last.replace(day=first), last, last, elapsed=elapsed) for last in lasts]


THREE = months(date(2023, 1, 31), date(2023, 2, 28), date(2023, 3, 31))
VALUES: list[Value] = [Fraction(2), Fraction(4), Fraction(9)]
FRESH = [False] * 3


def phase_of(body: dict[str, Any]) -> dict[str, Any]:
    phase: dict[str, Any]
    (phase,) = body["control_chart"]["phases"]
    return phase


def test_the_chart_is_of_every_point_that_is_over_and_not_stale() -> None:
    phase = phase_of(control_chart(LEAVERS, THREE, VALUES, FRESH, []))
    assert (phase["points"], phase["centre"], phase["mean_moving_range"]) == (3, 5.0, 3.5)
    stale = phase_of(control_chart(LEAVERS, THREE, VALUES, [False, False, True], []))
    assert (stale["points"], stale["centre"], stale["mean_moving_range"]) == (2, 3.0, 2.0)
    for elapsed in (Elapsed.UNDER_WAY, Elapsed.PLANNED, Elapsed.TO_COME):
        whens = [*THREE[:2], When(THREE[2].first, THREE[2].last, THREE[2].as_at, elapsed=elapsed)]
        assert phase_of(control_chart(LEAVERS, whens, VALUES, FRESH, [])) == stale
    not_counted: list[Value] = [*VALUES[:2], Reason.NOT_COUNTED]
    assert phase_of(control_chart(LEAVERS, THREE, not_counted, FRESH, [])) == stale


def test_points_that_share_a_day_have_no_chart_and_those_that_meet_have_one() -> None:
    sharing = [*THREE[:2], When(THREE[1].last, THREE[2].last, THREE[2].as_at)]
    assert control_chart(LEAVERS, sharing, VALUES, FRESH, []) == {"no_control_chart": OVERLAPPING}
    assert "control_chart" in control_chart(LEAVERS, THREE, VALUES, FRESH, [])
    # A stock looks at its date alone, whatever stands beside it.
    assert "control_chart" in control_chart(VACANCIES, sharing, VALUES, FRESH, [])


def test_limits_go_below_zero_where_the_measure_can() -> None:
    assert sorted(MAY_BE_NEGATIVE) == ["nhs-vacancy-rate"]
    assert phase_of(control_chart(VACANCIES, THREE, VALUES, FRESH, []))["lower"] == 0.0
    # 5 less three times 3.5 by 1.128.
    assert phase_of(control_chart(NHS, THREE, VALUES, FRESH, []))["lower"] == -4.3
    below = phase_of(control_chart(NHS, THREE, [Fraction(-2), Fraction(-4), Fraction(-9)], FRESH, []))
    assert (below["centre"], below["upper"]) == (-5.0, 4.3)


def test_a_chart_begins_anew_where_it_is_told_to() -> None:
    chart = control_chart(LEAVERS, THREE, VALUES, FRESH, [1])["control_chart"]
    assert [(phase["start"], phase["points"], phase["centre"]) for phase in chart["phases"]] == [
        (0, 1, 2.0),
        (1, 2, 6.5),
    ]


def test_the_lines_of_people_have_a_decimal_and_those_of_pounds_two() -> None:
    values: list[Value] = [Fraction(1), Fraction(2), Fraction(2)]
    assert phase_of(control_chart(LEAVERS, THREE, values, FRESH, []))["centre"] == 1.7
    assert phase_of(control_chart(MEASURES["agency-cost"], THREE, values, FRESH, []))["centre"] == 1.67


# --- what adds up -----------------------------------------------------------------------------------------------------

SEVENTH = Fraction(142_857, 1_000_000)


def test_a_count_that_is_shown_rounded_has_its_exact_amount_beside_it_and_nothing_else_has() -> None:
    assert exactly(WEEKS, SEVENTH) == {"exact": "0.142857"}
    assert exactly(VACANCIES, Fraction(5, 4)) == {"exact": "1.25"}
    assert exactly(WEEKS, Fraction(3, 2)) == {}
    assert exactly(WEEKS, Fraction(-1, 4)) == {"exact": "-0.25"}
    assert exactly(NHS, Fraction(1, 3)) == {}
    assert exactly(WEEKS, Reason.NOT_YET) == {}
    assert amount_of(Fraction(5, 4)) == Decimal("1.25")


def test_rows_that_do_not_add_up_as_shown_say_so() -> None:
    three = [{"value": 0.1}] * 3
    assert rounding(WEEKS, three, 0.4)["rounding"].startswith("As shown the rows add up to 0.3: ")
    assert rounding(WEEKS, three, 0.3) == {}
    assert rounding(NHS, three, 0.4) == {}
    assert rounding(WEEKS, [], 0.4) == {}
    assert rounding(WEEKS, [*three, {"value": None}], 0.4) == {}
    assert rounding(WEEKS, three, None) == {}


def test_a_figure_as_a_table_has_a_line_a_row_with_its_exact_amount() -> None:
    rows = [
        {"role": "social-worker", "value": 0.1, "exact": "0.142857"},
        {"role": None, "value": 8.0},
        {"role": "team-manager", "value": None, "reason": "not-counted"},
    ]
    heading, lines = figure_lines({"by": ["role"], "kind": Kind.FLOW, "rows": rows})
    assert (heading, list(lines)) == (
        ["role", "value", "exact", "reason"],
        [
            ["social-worker", 0.1, Decimal("0.142857"), None],
            [None, 8.0, Decimal("8"), None],
            ["team-manager", None, None, "not-counted"],
        ],
    )
    heading, lines = figure_lines({"by": [], "kind": Kind.RATE, "rows": [{"value": 12.5, "mark": "u", "a-count": 3}]})
    assert (heading, list(lines)) == (["value", "reason", "a-count", "mark"], [[12.5, None, 3, "u"]])


def test_a_series_as_a_table_has_a_line_a_row_and_point_with_the_total_of_its_point() -> None:
    times: list[dict[str, Any]] = [{"as_at": "2023-09-30"}, {"as_at": "2023-10-31", "provisional": True}]
    body: dict[str, Any] = {
        "by": ["role"],
        "rows": [
            {"role": "social-worker", "values": [1.3, 2.0]},
            {"role": "team-manager", "values": [None, 1.0], "reasons": ["not-counted", None]},
        ],
        "totals": [1.3, 3.0],
    }
    exact: list[list[Value]] = [[Fraction(5, 4), Fraction(2)], [Reason.NOT_COUNTED, Fraction(1)]]
    heading, lines = series_lines(body, times, exact)
    assert heading == ["as_at", "provisional", "role", "value", "exact", "reason", "total"]
    assert list(lines) == [
        ["2023-09-30", None, "social-worker", 1.3, Decimal("1.25"), None, 1.3],
        ["2023-10-31", True, "social-worker", 2.0, Decimal("2"), None, 3.0],
        ["2023-09-30", None, "team-manager", None, None, "not-counted", 1.3],
        ["2023-10-31", True, "team-manager", 1.0, Decimal("1"), None, 3.0],
    ]
