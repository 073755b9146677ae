"""More in post than is funded: figures that can be below 0 are, however they are asked for, and others are not.

Invariant: every figure expected here can be worked out on paper from the events in force here.

In post in P-1, a social worker's of 1 FTE: 1 from January 2023, 2 from March, 2.5 from May; in P-2, a team manager's
of 2: 1 from January. The half of May was recorded on 20 May.
"""

import csv
from datetime import date
from typing import Any

import pytest

from contracts.codes import Role
from tests.histories import at, established, event, started
from tests.integration.alone import Alone
from tests.unit.metrics.test_workbook import rows_of

AUTHORITY = "701"
JANUARY, MARCH, MAY = date(2023, 1, 1), date(2023, 3, 1), date(2023, 5, 1)
LATE = date(2023, 5, 20)
EVENTS = [
    event(established(JANUARY), "post/P-1", at(JANUARY), "1", authority=AUTHORITY),
    event(established(JANUARY, "2", Role.TEAM_MANAGER), "post/P-2", at(JANUARY), "2", authority=AUTHORITY),
    event(started(JANUARY), "worker/W-1", at(JANUARY), "3", authority=AUTHORITY),
    event(started(MARCH), "worker/W-2", at(MARCH), "4", authority=AUTHORITY),
    event(started(MAY, fte="0.5"), "worker/W-3", at(LATE), "5", authority=AUTHORITY),
    event(started(JANUARY, "P-2"), "worker/W-4", at(JANUARY), "6", authority=AUTHORITY),
]
OF = f"authority={AUTHORITY}&as_known_at=2023-06-15T12:00:00Z"
MONTHS = f"{OF}&from=2023-01-01&to=2023-05-31"
RATE = "/v1/measures/nhs-vacancy-rate"


@pytest.fixture(scope="module")
def metrics(alone: Alone) -> Alone:
    alone.take_in(*EVENTS)
    return alone


@pytest.mark.parametrize(
    ("measure", "total", "social_workers", "team_managers"),
    [
        ("nhs-vacancy-rate", -16.7, -150.0, 50.0),  # (3 - 3.5) / 3, (1 - 2.5) / 1, (2 - 1) / 2
        ("vacancies", 1.0, 0.0, 1.0),
        ("over-establishment", 1.5, 1.5, 0.0),
        ("uncovered-vacancies", 1.0, 0.0, 1.0),
        ("in-post", 3.5, 2.5, 1.0),
        ("vacancy-rate", 22.2, 0.0, 50.0),  # 1 / (1 + 3.5), and of 2.5 in post none
    ],
)
def test_a_figure_in_all_by_role_and_of_one_role(
    metrics: Alone, measure: str, total: float, social_workers: float, team_managers: float
) -> None:
    answer = metrics.get(f"/v1/measures/{measure}?{OF}&as_at=2023-05-31&by=role")
    assert [(row["role"], row["value"]) for row in answer["rows"]] == [
        ("social-worker", social_workers),
        ("team-manager", team_managers),
    ]
    alone = metrics.get(f"/v1/measures/{measure}?{OF}&as_at=2023-05-31&role=social-worker")
    assert (answer["total"], alone["total"], alone["rows"]) == (total, social_workers, [{"value": social_workers}])


def test_what_cannot_be_below_zero_says_so_in_its_definition(metrics: Alone) -> None:
    told = {item["measure"]: item for item in metrics.get("/v1/measures")["measures"]}
    assert "never below 0" in told["vacancies"]["definition"]
    assert "never below 0" not in told["nhs-vacancy-rate"]["definition"]


def test_a_series_goes_below_zero_and_so_do_the_limits_of_its_chart(metrics: Alone) -> None:
    answer = metrics.get(f"{RATE}/series?{MONTHS}&role=social-worker")
    assert answer["totals"] == [0.0, 0.0, -100.0, -100.0, -150.0]
    (phase,) = answer["control_chart"]["phases"]
    # Mean -70; moving ranges 0, 100, 0, 50 of mean 37.5; three times that by 1.128 is 99.7.
    assert (phase["centre"], phase["mean_moving_range"]) == (-70.0, 37.5)
    assert (phase["lower"], phase["upper"], phase["points"]) == (-169.7, 29.7, 5)


def test_the_limits_of_what_cannot_be_below_zero_stop_there(metrics: Alone) -> None:
    (phase,) = metrics.get(f"/v1/measures/over-establishment/series?{MONTHS}")["control_chart"]["phases"]
    # 0, 0, 1, 1, 1.5: mean 0.7; moving ranges of mean 0.375.
    assert (phase["centre"], phase["lower"], phase["upper"]) == (0.7, 0.0, 1.7)


def test_a_series_by_role_and_in_all(metrics: Alone) -> None:
    answer = metrics.get(f"{RATE}/series?{MONTHS}&by=role")
    assert [(row["role"], row["values"]) for row in answer["rows"]] == [
        ("social-worker", [0.0, 0.0, -100.0, -100.0, -150.0]),
        ("team-manager", [50.0] * 5),
    ]
    assert answer["totals"] == [33.3, 33.3, 0.0, 0.0, -16.7]


def test_in_files_it_is_a_number_below_zero(metrics: Alone) -> None:
    asked = f"{OF}&as_at=2023-05-31&by=role"
    (line, _) = csv.DictReader(metrics.ask(f"{RATE}.csv?{asked}").text.splitlines())
    assert line["value"] == "-150.0"
    assert rows_of(metrics.ask(f"{RATE}.xlsx?{asked}").content)[1] == ["social-worker", "-150", ""]
    lines = list(csv.DictReader(metrics.ask(f"{RATE}/series.csv?{MONTHS}&role=social-worker").text.splitlines()))
    assert [(one["value"], one["lower"]) for one in lines[1:3]] == [("0.0", "-169.7"), ("-100.0", "-169.7")]


def test_its_explanation_takes_away_what_is_in_post(metrics: Alone) -> None:
    answer = metrics.get(f"{RATE}/explanation?{OF}&as_at=2023-05-31&role=social-worker")
    assert answer["total"] == -150.0
    assert [(term["measure"], term["side"], term["sign"], term["exact"]) for term in answer["terms"]] == [
        ("establishment", "numerator", 1, "1"),
        ("in-post", "numerator", -1, "2.5"),
        ("establishment", "denominator", 1, "1"),
    ]
    made_of: list[dict[str, Any]] = metrics.get(f"/v1/measures/over-establishment/explanation?{OF}&as_at=2023-05-31")[
        "parts"
    ][0]["made_of"]
    assert [(one["subject"], one["amount"]) for one in made_of] == [
        ("post/P-1", "1"),
        ("worker/W-1", "1"),
        ("worker/W-2", "1"),
        ("worker/W-3", "0.5"),
    ]


def test_what_changed_went_further_below_zero(metrics: Alone) -> None:
    before, after = "2023-05-19T12:00:00Z", "2023-05-21T12:00:00Z"
    asked = f"authority={AUTHORITY}&as_at=2023-05-19&measure=nhs-vacancy-rate,vacancies,over-establishment"
    answer = metrics.get(f"/v1/changes?{asked}&from_known={before}&to_known={after}")
    moved = {one["measure"]: (one["before"], one["after"], one.get("difference")) for one in answer["figures"]}
    assert moved == {"over-establishment": (1.0, 1.5, "0.5"), "nhs-vacancy-rate": (0.0, -16.7, None)}
    (change,) = answer["changes"]
    assert (change["subjects"], change["before"], change["after"]) == (["post/P-1"], "1", "1.5")
    assert all("planned" not in one for one in answer["figures"])
    back = metrics.get(f"/v1/changes?{asked}&from_known={after}&to_known={before}")
    (change,) = back["changes"]
    assert (change["difference"], change["events"][0]["effect"]) == ("-0.5", "-0.5")
