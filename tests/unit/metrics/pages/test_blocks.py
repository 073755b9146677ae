"""What pages are built of: charts by category, options of forms, and the order of the navigation."""

from datetime import date

import pytest

from services.chassis.problems import Problem
from services.metrics.pages.blocks import drawn, options
from services.metrics.pages.charts import (
    Bar,
    Line,
    Marked,
    Point,
    apart,
    as_svg,
    bars,
    control_chart,
    lines,
    size_of_bars,
    stacked_bars,
)
from services.metrics.pages.page import NAVIGATION
from services.metrics.pages.router import pages_router


def test_a_bar_chart_says_each_name_and_what_is_not_known() -> None:
    plot = bars([Bar("Children in care", [12.5]), Bar("Leaving care", [None], "not known")])
    svg = as_svg(plot, "Vacancies by team").decode()
    assert all(f">{text}<" in svg for text in ("Children in care", "12.5", "Leaving care", "not known"))
    assert 'aria-label="Vacancies by team"' in svg


def test_a_bar_of_several_parts_has_their_numbers_on_it_and_a_key_of_their_kinds() -> None:
    plot = stacked_bars([Bar("Children in care", [12.5, 3.0])], ["Under 3 months", "Over 3 months"])
    svg = as_svg(plot, "Vacancies by age").decode()
    assert all(f">{text}<" in svg for text in ("12.5", "3", "Under 3 months", "Over 3 months"))


def test_a_line_is_named_where_it_ends() -> None:
    plot = lines([date(2023, 8, 31), date(2023, 9, 30)], [Line("Covered", [8.0, 9.5]), Line("Uncovered", [4.0, None])])
    svg = as_svg(plot, "Cover").decode()
    assert all(f">{text}<" in svg for text in ("Covered 9.5", "Uncovered 4"))


def test_what_a_council_did_is_named_where_it_began_and_what_was_before_is_left_out() -> None:
    days = [date(2023, 8, 31), date(2023, 9, 30), date(2023, 10, 31)]
    marks = [Marked("Regrading", date(2023, 9, 1)), Marked("Retention payment", date(2023, 4, 1))]
    points = [Point(day, 20.0) for day in days]
    for plot in (lines(days, [Line("Covered", [8.0, 9.5, 9.0])], marks), control_chart(points, marks)):
        svg = as_svg(plot, "Cover").decode()
        assert ">Regrading<" in svg
        assert "Retention payment" not in svg


def test_a_chart_of_nothing_can_be_drawn() -> None:
    assert as_svg(bars([]), "Nothing").startswith(b"<svg ")
    assert as_svg(stacked_bars([], []), "Nothing").startswith(b"<svg ")
    assert as_svg(lines([], []), "Nothing").startswith(b"<svg ")


def test_names_at_the_ends_of_lines_are_moved_apart_upwards_in_their_order() -> None:
    assert apart([22.0, 22.5, 5.0], 1.0) == [22.0, 23.0, 5.0]


def test_a_chart_is_as_high_as_it_has_bars() -> None:
    assert size_of_bars(10)[1] - size_of_bars(4)[1] == 6 * 34


def test_a_chart_can_be_had_in_two_formats_and_in_no_other() -> None:
    plot = bars([Bar("Children in care", [1.0])])
    assert bytes(drawn(plot, "One", "svg").body).startswith(b"<svg ")
    assert bytes(drawn(plot, "One", "png").body).startswith(b"\x89PNG")
    with pytest.raises(Problem) as refused:
        drawn(plot, "One", "gif")
    assert refused.value.status == 404


def test_a_form_offers_all_first_and_what_is_not_stated_last() -> None:
    assert options("team", ["leaving-care", None, "duty"]) == [
        {"value": "", "text": "All teams"},
        {"value": "duty", "text": "Duty"},
        {"value": "leaving-care", "text": "Leaving care"},
        {"value": "not-stated", "text": "Not stated"},
    ]


def test_the_pages_stand_in_the_navigation_from_the_overview_to_what_changed_and_each_is_there() -> None:
    paths = {getattr(route, "path", None) for route in pages_router().routes}
    names = [link.name for link in NAVIGATION]
    assert (names[0], names[1], names[-1]) == ("Overview", "Trend", "What changed")
    assert [link.name for link in NAVIGATION if link.path not in paths] == []
