"""What the page of comparisons makes of the API's answers."""

from typing import Any

import pytest

from services.metrics.pages.compare import dots, headline, of_rates_first, ordinal, rank_words, ranked


def place(name: str, value: float | None, mark: str | None = None) -> dict[str, Any]:
    return {"code": name[:3], "name": name, "value": value, "mark": mark}


ANSWER: dict[str, Any] = {
    "title": "Turnover rate (CSWW, FTE)",
    "unit": "%",
    "year": 2022,
    "authority": place("Coventry", 18.0),
    "region": place("West Midlands", 16.4),
    "england": place("England", 17.1),
    "neighbours": [place("Sandwell", 28.0), place("Solihull", None, "c"), place("Dudley", 18.0)],
    "neighbours_median": {"value": 23.0, "of": 2},
    "rank": {"among_neighbours": {"rank": 1, "of": 3}, "among_authorities": {"rank": 66, "of": 149}},
}


def test_places_are_ranked_from_the_lowest_ours_before_its_equals_and_marks_last() -> None:
    assert [(row["name"], row["value"]) for row in ranked(ANSWER)] == [
        ("West Midlands", 16.4),
        ("England", 17.1),
        ("Coventry", 18.0),
        ("Dudley", 18.0),
        ("Median of the neighbours", 23.0),
        ("Sandwell", 28.0),
        ("Solihull", None),
    ]


def test_without_region_or_neighbours_the_others_are_ranked() -> None:
    answer = ANSWER | {"region": None, "neighbours": [], "neighbours_median": None}
    assert [row["name"] for row in ranked(answer)] == ["England", "Coventry"]


def test_a_mark_has_no_dot() -> None:
    assert [dot.name for dot in dots(ANSWER)][-1] == "Sandwell"
    assert dots(ANSWER)[2].label == "18.0%"


def test_of_a_count_region_and_england_are_not_drawn_beside_single_authorities() -> None:
    answer = ANSWER | {"unit": "FTE"}
    assert [dot.name for dot in dots(answer)] == ["Coventry", "Dudley", "Median of the neighbours", "Sandwell"]
    assert headline(answer) == "Turnover rate (CSWW, FTE) 2022: Coventry 18.0, median of the neighbours 23.0"


def test_the_headline_says_ours_beside_the_neighbours_and_england() -> None:
    assert headline(ANSWER) == (
        "Turnover rate (CSWW, FTE) 2022: Coventry 18.0%, median of the neighbours 23.0%, England 17.1%"
    )
    without = ANSWER | {"england": None, "neighbours_median": None}
    assert headline(without) == "Turnover rate (CSWW, FTE) 2022: Coventry 18.0%"
    marked = ANSWER | {"authority": place("Coventry", None, "x")}
    assert headline(marked) == "Turnover rate (CSWW, FTE) 2022: no number is published of Coventry"


def test_the_rank_is_said_among_neighbours_and_in_england() -> None:
    assert rank_words(ANSWER) == ["1st lowest of 3 among its neighbours and itself", "66th lowest of 149 in England"]
    none = {"rank": {"among_neighbours": None, "among_authorities": {"rank": None, "of": 149}}}
    assert rank_words(none) == []


@pytest.mark.parametrize(
    ("number", "said"), [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (22, "22nd"), (113, "113th")]
)
def test_ranks_are_said_in_words(number: int, said: str) -> None:
    assert ordinal(number) == said


def test_rates_stand_before_the_counts_that_they_are_made_of() -> None:
    names = [name for name, _ in of_rates_first()]
    assert names[0] == "vacancy-rate"
    assert names.index("average-caseload") < names.index("in-post")
