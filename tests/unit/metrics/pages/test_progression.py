"""What the page of progression makes of the API's answers."""

from typing import Any

from services.metrics.pages.progression import decided, decisions_of, headline, roles_in

PANELS: dict[str, Any] = {
    "total": 9,
    "rows": [
        {"panel": "ASYE-2023-05", "panel_kind": "asye", "decision": "deferred", "value": 1},
        {"panel": "ASYE-2023-05", "panel_kind": "asye", "decision": "passed", "value": 6},
        {"panel": "JANUARY", "panel_kind": "advanced-social-worker", "decision": "successful", "value": 2},
        {"panel": "JANUARY", "panel_kind": "advanced-social-worker", "decision": "unsuccessful", "value": 0},
    ],
}


def test_each_panel_has_its_candidates_by_decision() -> None:
    assert decided(PANELS) == [
        {"panel": "ASYE-2023-05", "kind": "asye", "counts": {"deferred": 1, "passed": 6}},
        {"panel": "JANUARY", "kind": "advanced-social-worker", "counts": {"successful": 2}},
    ]


def test_decisions_stand_in_the_order_of_the_codes_those_that_nobody_met_left_out() -> None:
    assert decisions_of(PANELS) == ["successful", "passed", "deferred"]


def test_the_headline_counts_panels_and_candidates() -> None:
    assert headline(PANELS) == "2 panels decided on 9 candidates"
    assert headline({"total": 1, "rows": PANELS["rows"][:1]}) == "1 panel decided on 1 candidate"
    assert headline({"total": 0, "rows": []}) == "No panel decided in these twelve months"


def test_roles_are_listed_of_which_anything_is_counted_the_one_not_stated_last() -> None:
    answers: list[dict[str, Any]] = [
        {"by_role": {"social-worker": 2, "team-manager": 0}},
        {"by_role": {None: 1, "advanced-social-worker": 3}},
    ]
    assert roles_in(answers) == ["advanced-social-worker", "social-worker", None]
