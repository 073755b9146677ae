"""What questions cost: what people ask is let through, what would take minutes is not, each by its parameters alone."""

import pytest

from services.metrics.api.computing import SMALL
from services.metrics.figures.reading import FigureQuery
from services.metrics.measures.catalogue import MEASURES, counts_of
from services.metrics.read_models import cost as costs
from services.metrics.read_models.cost import (
    Size,
    most_keys,
    of_back_test,
    of_effects,
    of_figures,
    of_forecast,
    of_parts,
    of_quality,
    of_snapshot,
)
from services.metrics.settings import ServiceSettings

MOST: int = ServiceSettings.model_fields["largest_question"].default

AN_AUTHORITY = Size(events=6_600, unread_events=6_600, events_without_snapshot=6_600, rows=13_000, unread_rows=13_000)
ENGLAND = Size(
    events=1_000_000, unread_events=1_000_000, events_without_snapshot=1_000_000, rows=1_900_000, unread_rows=1_900_000
)
MONTHS_OF_TEN_YEARS, MONTHS_OF_A_CENTURY = 120, 1188
FIVE = ("role", "team", "service_area", "grade", "csww_role")


def cost(measure: str, asked: FigureQuery, points: int, size: Size, known: int) -> int:
    """Of a measure by dimensions of which `known` combinations occur."""
    keys = most_keys(asked.by, known, asked.by, size)
    return of_figures(counts_of(MEASURES[measure]), asked, points, size, keys)


@pytest.mark.parametrize("measure", MEASURES)
def test_ten_years_by_two_dimensions_of_all_england_are_let_through(measure: str) -> None:
    asked = FigureQuery(("role", "team"))
    assert cost(measure, asked, MONTHS_OF_TEN_YEARS, ENGLAND, known=300) <= MOST


@pytest.mark.parametrize("measure", MEASURES)
def test_one_figure_of_all_england_is_let_through(measure: str) -> None:
    assert cost(measure, FigureQuery(), 1, ENGLAND, known=1) <= MOST


@pytest.mark.parametrize("measure", ["vacancies", "turnover-rate", "crude-turnover"])
def test_a_century_by_five_dimensions_is_not_where_hardly_two_posts_are_alike(measure: str) -> None:
    asked = FigureQuery(FIVE)
    assert cost(measure, asked, MONTHS_OF_A_CENTURY, AN_AUTHORITY, known=2_500) > MOST
    # Any one of what the refusal names makes it cheap enough: fewer dimensions, a shorter period, years.
    assert cost(measure, FigureQuery(FIVE[:1]), MONTHS_OF_A_CENTURY, AN_AUTHORITY, known=12) <= MOST
    assert cost(measure, asked, MONTHS_OF_TEN_YEARS, AN_AUTHORITY, known=2_500) <= MOST
    assert cost(measure, asked, 99, AN_AUTHORITY, known=2_500) <= MOST


def test_figures_of_one_authority_and_stocks_of_all_in_memory_are_small_questions() -> None:
    assert cost("turnover-rate", FigureQuery(("role",)), 1, AN_AUTHORITY, known=12) <= SMALL
    assert cost("vacancies", FigureQuery(("role",)), MONTHS_OF_TEN_YEARS, AN_AUTHORITY, known=12) <= SMALL
    in_memory = ENGLAND._replace(events=0, unread_events=0, events_without_snapshot=0, unread_rows=0)
    assert cost("vacancies", FigureQuery(("role",)), MONTHS_OF_TEN_YEARS, in_memory, known=12) <= SMALL
    assert cost("turnover-rate", FigureQuery(), 1, ENGLAND, known=1) > SMALL
    assert of_back_test(AN_AUTHORITY, 12, 60) > SMALL
    # What explains a figure of a snapshot in memory takes milliseconds; one forecast a tenth of a second.
    kept = AN_AUTHORITY._replace(unread_events=0, events_without_snapshot=0)
    assert of_parts(4, kept, 1) <= SMALL
    assert of_forecast(kept, 12, 1) <= SMALL


def test_forecasts_tests_of_them_and_quality_of_one_large_authority_are_let_through() -> None:
    large = Size(events=40_000, unread_events=40_000, events_without_snapshot=40_000)
    assert of_forecast(large, 24, 12) <= MOST
    assert of_back_test(large, 12, 60) <= MOST
    assert of_quality(large, 1000) <= MOST


def test_there_are_no_more_rows_than_combinations_and_no_more_than_events() -> None:
    assert most_keys((), None, (), AN_AUTHORITY) == 1
    assert most_keys(("team",), 20, ("team",), AN_AUTHORITY) == 20
    # Five reasons for cover and ten for leaving, say, and none: at most so many times as many.
    assert 20 < most_keys(("team", "leaving_reason"), 20, ("team",), AN_AUTHORITY) < 1_000
    assert most_keys(("team", "leaving_reason", "destination", "cohort"), 5_000, ("team",), AN_AUTHORITY) == 19_600


# --- worked out by hand -----------------------------------------------------------------------------------------------

SOME = Size(events=1_000, unread_events=200, events_without_snapshot=100, rows=4_000, unread_rows=500)
OF_SNAPSHOT = 15 * 200 + 15 * 100


def test_a_snapshot_costs_the_events_to_read_and_those_to_put_into_it() -> None:
    assert of_snapshot(SOME) == OF_SNAPSHOT == 4_500
    assert of_snapshot(SOME, 3) == 15 * 200 + 15 * 100 * 3
    assert of_parts(4, SOME, 2) == 15 * 200 + 15 * 100 * 2 + 2 * 1_000 * 4 * 2


def test_stocks_cost_rows_and_figures_and_no_events() -> None:
    stock = counts_of(MEASURES["vacancies"])
    # 3 for each row to read, a twentieth for each to add up; 60 for each figure and 10 for each count behind it.
    assert of_figures(stock, FigureQuery(("role",)), 24, SOME, 7) == 3 * 500 + 200 + (60 + 10) * 7 * 24
    rate = counts_of(MEASURES["vacancy-rate"])
    assert of_figures(rate, FigureQuery(("role",)), 24, SOME, 7) == 3 * 500 + 2 * 200 + (60 + 20) * 7 * 24


def test_what_needs_the_events_costs_them_too_and_anew_for_each_point_where_it_is_counted_anew() -> None:
    flow = counts_of(MEASURES["leavers"])
    rows = 3 * 500 + 200
    # Leavers are counted over all time at once, so twelve points cost no more of that than one.
    for points in (1, 12):
        expected = rows + 70 * points + OF_SNAPSHOT + 2 * 1_000 + 0.25 * 1_000
        assert of_figures(flow, FigureQuery(), points, SOME, 1) == expected
    days_lost = counts_of(MEASURES["working-days-lost"])
    assert (
        of_figures(days_lost, FigureQuery(), 12, SOME, 1)
        == rows + 70 * 12 + OF_SNAPSHOT + 2 * 1_000 + 0.25 * 1_000 * 12
    )


def test_findings_effects_and_forecasts() -> None:
    assert of_quality(SOME, 20) == OF_SNAPSHOT + 30 * 1_000 + 3_000 * 20
    # There are no more findings with an effect than events.
    assert of_quality(SOME, 5_000) == OF_SNAPSHOT + 30 * 1_000 + 3_000 * 1_000
    assert of_effects([(2, 10), (0, 1)]) == 3 * (400 + 12 * 10) + 1 * (400 + 12)
    assert of_effects([]) == 0
    assert of_forecast(SOME, 12, 3) == OF_SNAPSHOT + 3 * (5 * 1_000 + 5_000 * 13)
    assert of_back_test(SOME, 12, 4) == OF_SNAPSHOT + 4 * (15 * 1_000 + 5 * 1_000 + 5_000 * 13)


def test_rows_are_known_combinations_times_the_values_of_what_is_not_in_the_rows() -> None:
    # Where nothing tells how many values there are 60 are taken; of a code its values, and none.
    assert most_keys(("campaign",), None, (), SOME) == costs.USUAL_VALUES == 60
    assert most_keys(("role", "campaign"), 5, ("role",), SOME) == 300
    assert most_keys(("role",), 0, ("role",), SOME) == 1
    assert most_keys(("role", "campaign"), 1_000, ("role",), SOME) == 5_000
