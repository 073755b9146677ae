"""Bands: which one a length lies in, and in which of them the median lies."""

from fractions import Fraction

import pytest

from services.metrics.measures.bands import of_median


@pytest.mark.parametrize(
    ("amounts", "band"),
    [
        ({"under-2-years": 3, "2-to-5-years": 1, "5-to-10-years": 1}, "under-2-years"),
        ({"under-2-years": 2, "2-to-5-years": 1, "5-to-10-years": 2}, "2-to-5-years"),
        # Exactly half are within the first: the median is at its end.
        ({"under-2-years": 2, "5-to-10-years": 2}, "under-2-years"),
        ({"under-2-years": 1, "30-years-and-over": 2}, "30-years-and-over"),
        ({"10-to-20-years": 1}, "10-to-20-years"),
    ],
)
def test_the_median_lies_in_the_first_band_up_to_whose_end_half_are(amounts: dict[str | None, int], band: str) -> None:
    assert of_median("length_of_service", {name: Fraction(amount) for name, amount in amounts.items()}) == band


@pytest.mark.parametrize("amounts", [{}, {"under-2-years": Fraction(0)}])
def test_of_nothing_there_is_no_median(amounts: dict[str | None, Fraction]) -> None:
    assert of_median("length_of_service", amounts) is None


def test_amounts_in_fte_have_a_median_too() -> None:
    ages: dict[str | None, Fraction] = {"under-3-months": Fraction(2, 5), "6-to-9-months": Fraction(1, 2)}
    assert of_median("age", ages) == "6-to-9-months"
