"""What the page of recruitment works out of the API's answers."""

from typing import Any

from services.metrics.pages.recruitment import filled, headline, headline_of_filling, reached, rows_of

STAGES: dict[str, Any] = {
    "rows": [
        {"stage": "attended", "value": 24},
        {"stage": "started", "value": 1},
        {"stage": "interested", "value": 60},
        {"stage": "withdrawn", "value": 2},
    ]
}


def test_stages_stand_in_the_order_in_which_they_are_reached_and_those_who_left_at_the_end() -> None:
    assert reached(STAGES) == {
        "interested": 60,
        "attended": 24,
        "applied": 0,
        "shortlisted": 0,
        "interviewed": 0,
        "offered": 0,
        "accepted": 0,
        "started": 1,
        "withdrawn": 2,
    }


def test_there_is_a_row_for_each_campaign_with_applications() -> None:
    answer: dict[str, Any] = {
        "rows": [
            {"stage": "applied", "campaign": None, "value": 3},
            {"stage": "started", "campaign": "EVENING-1", "value": 1},
            {"stage": "applied", "campaign": "EVENING-2", "value": 0},
        ]
    }
    rows = rows_of(answer, "campaign", ["applied", "started"])
    assert [(row.value, row.amounts) for row in rows] == [("EVENING-1", [0, 1]), (None, [3, 0])]
    assert rows[1].only("campaign") == {"campaign": "not-stated"}


def test_the_headline_goes_from_the_first_stage_to_the_start() -> None:
    assert headline(STAGES) == "60 interested, 0 offered, 1 started"
    assert headline({"rows": []}) == "No application is known of this period"


def test_the_role_that_took_longest_comes_first() -> None:
    answer: dict[str, Any] = {
        "total": 90.0,
        "rows": [
            {"role": "social-worker", "value": 80.0},
            {"role": "head-of-service", "value": None},
            {"role": "team-manager", "value": 120.0},
        ],
    }
    assert [row["role"] for row in filled(answer)] == ["team-manager", "social-worker"]
    assert headline_of_filling(answer) == "A vacancy took 90 days to fill, longest for Team manager (120)"
    assert headline_of_filling({"total": None, "rows": []}) == "No vacancy was filled in this period"
