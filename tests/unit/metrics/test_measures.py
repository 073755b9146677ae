"""The measures as they are declared and shown."""

from decimal import Decimal

import pytest

from services.metrics.measures import DIMENSIONS, MEASURES, shown
from services.metrics.timelines.rows import Staffing


@pytest.mark.parametrize(
    ("exact", "as_shown"),
    [
        ("0", 0.0),
        ("0.049999", 0.0),
        ("0.05", 0.1),
        ("0.25", 0.3),
        ("1.25", 1.3),
        ("1.35", 1.4),
        ("8.449999", 8.4),
        ("8.45", 8.5),
        ("22.5", 22.5),
        ("99.95", 100.0),
        ("-0.25", -0.3),
    ],
)
def test_an_fte_is_shown_to_one_decimal_half_up(exact: str, as_shown: float) -> None:
    assert shown(Decimal(exact)) == as_shown


def test_a_sum_over_nothing_is_shown_as_nought() -> None:
    assert shown(None) == 0.0


def test_the_seven_stock_measures_are_declared_once_each() -> None:
    assert list(MEASURES) == [
        "establishment",
        "in-post",
        "vacancies",
        "over-establishment",
        "agency",
        "agency-cover",
        "uncovered-vacancies",
    ]
    assert len({measure.column for measure in MEASURES.values()}) == 7


def test_measures_and_dimensions_are_columns_of_the_staffing() -> None:
    assert {measure.column for measure in MEASURES.values()} <= set(Staffing._fields)
    assert set(DIMENSIONS) <= set(Staffing._fields)


def test_every_measure_has_a_definition_in_sentences_and_a_source() -> None:
    for measure in MEASURES.values():
        assert measure.definition.endswith(".")
        assert measure.source
        assert measure.unit == "FTE"
