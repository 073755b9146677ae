"""What the page of agency workers works out of the API's answers."""

from datetime import date
from typing import Any

from services.metrics.pages.agency import bands_of, dearest, headline, headline_of_cost, headline_of_tenure, rows_of

APRIL = date(2023, 4, 1)

COST: dict[str, Any] = {
    "total": 1500.4,
    "rows": [{"role": "team-manager", "value": 500.4}, {"role": None, "value": 0.0}, {"role": "x", "value": 1000.0}],
}


def test_there_is_a_row_for_each_value_of_which_any_measure_has_something() -> None:
    answers: dict[str, Any] = {
        "agency-headcount": {"rows": [{"role": "team-manager", "value": 0}, {"role": None, "value": 1}]},
        "agency-cost": COST,
    }
    rows = [(row.value, list(row.amounts)) for row in rows_of(answers, "role")]
    assert rows == [
        ("team-manager", [("agency-headcount", 0), ("agency-cost", 500.4)]),
        ("x", [("agency-headcount", 0), ("agency-cost", 1000.0)]),
        (None, [("agency-headcount", 1), ("agency-cost", 0.0)]),
    ]


def test_a_mean_of_no_assignment_is_not_0() -> None:
    answers: dict[str, Any] = {
        "agency-cost": {"rows": [{"role": "team-manager", "value": 500.4}]},
        "mean-agency-tenure": {"rows": []},
    }
    (row,) = rows_of(answers, "role")
    assert list(row.amounts) == [("agency-cost", 500.4), ("mean-agency-tenure", None)]


def test_what_is_not_stated_is_filtered_by_that_word() -> None:
    (row,) = rows_of({"agency-headcount": {"rows": [{"agency": None, "value": 1}]}}, "agency")
    assert row.only("agency") == {"agency": "not-stated"}


def test_the_dearest_come_first_and_what_costs_nothing_does_not_come() -> None:
    assert [row["role"] for row in dearest(COST, "role")] == ["x", "team-manager"]
    assert headline_of_cost(COST, "role", APRIL) == (
        "Agency workers cost £1,500 since 1 April 2023, most for X (£1,000)"
    )


def test_the_headline_says_how_many_there_were_and_are_and_how_many_cover() -> None:
    fell = [{"totals": [8.0, None, 5.5]}, {"totals": [4.0, None, 3.0]}]
    assert headline(fell) == "Agency workers fell from 8.0 to 5.5 FTE in two years; 3.0 cover vacancies"
    stayed = [{"totals": [8.0, 8.0]}, {"totals": [4.0, 3.0]}]
    assert headline(stayed) == "Agency workers stayed at 8.0 FTE in two years; 3.0 cover vacancies"


def test_the_headlines_say_that_there_is_nothing() -> None:
    assert headline([{"totals": [0.0, 0.0]}, {"totals": [0.0, 0.0]}]) == "There was no agency worker in these months"
    said = headline_of_cost({"total": 0, "rows": []}, "role", APRIL)
    assert said == "No cost of agency workers is known: their assignments have no hourly rate"


def test_every_band_of_tenure_is_told_the_shortest_first_and_the_headline_says_how_many_are_long() -> None:
    tenure: dict[str, Any] = {
        "total": 10,
        "unit": "assignments",
        "rows": [
            {"tenure": "over-24-months", "value": 2},
            {"tenure": "12-to-24-months", "value": 3},
            {"tenure": "under-3-months", "value": 5},
        ],
    }
    assert bands_of(tenure) == [
        ("under-3-months", 5),
        ("3-to-6-months", 0),
        ("6-to-12-months", 0),
        ("12-to-24-months", 3),
        ("over-24-months", 2),
    ]
    assert headline_of_tenure(tenure) == "Of 10 assignments 5 have run for over 12 months, 2 for over 24"
    assert headline_of_tenure({"total": 0, "rows": []}) == "No assignment runs on this date"
