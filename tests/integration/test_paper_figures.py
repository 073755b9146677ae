"""What the council's papers report, asked of the API of a real system that the demonstration came into by its feeds.

Invariant: every expectation is a figure the papers print (or its reading in deploy/demonstration/README.md), none is
worked out here. Each test is named in the papers' words.
"""

from typing import Any
from urllib.parse import urlencode

import pytest

from tests.integration.feed import Feed

NOVEMBER_2023 = "2023-11-30"
PAPER_2022, PAPER_2023 = "2022-11-30T17:00:00Z", "2023-11-30T17:00:00Z"
MONTHLY_TABLE = ["2019-12", "2020-04", "2020-06", "2020-08", "2020-10", "2020-12", "2021-01"]

then_and_now = pytest.mark.parametrize("as_known_at", [PAPER_2023, None], ids=["as printed", "as known now"])


def ask(metrics: Feed, path: str, **query: Any) -> dict[str, Any]:
    """The answer of metrics about authority 331; a value of None is left out."""
    given = {name.removesuffix("_"): value for name, value in query.items() if value is not None}
    answer = metrics.get(f"{path}?{urlencode({'authority': '331'} | given)}")
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def measure(metrics: Feed, name: str, **query: Any) -> float:
    """One figure."""
    total: float = ask(metrics, f"/v1/measures/{name}", **query)["total"]
    return total


def by(metrics: Feed, name: str, dimension: str, **query: Any) -> dict[str, float]:
    """One figure broken down, without zeros."""
    rows = ask(metrics, f"/v1/measures/{name}", by=dimension, **query)["rows"]
    return {row[dimension]: row["value"] for row in rows if row["value"]}


def monthly(metrics: Feed, name: str, first: str, last: str, **query: Any) -> dict[str, float]:
    """A figure by month."""
    answer = ask(metrics, f"/v1/measures/{name}/series", from_=first, to=last, **query)
    return {period["to"][:7]: value for period, value in zip(answer["periods"], answer["totals"], strict=True)}


def completed(metrics: Feed, as_known_at: str | None) -> dict[str, Any]:
    """The academy's completed cohorts as at November 2023."""
    query = {"as_at": NOVEMBER_2023, "as_known_at": as_known_at, "cohorts": "completed"}
    return ask(metrics, "/v1/academy/cohorts", **query)


# --- the vacancy table ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("as_known_at", [PAPER_2022, PAPER_2023, None])
def test_vacancies_and_agency_staff_covering_vacancies_in_october_2022(
    demonstration: Feed, as_known_at: str | None
) -> None:
    when = {"as_at": "2022-10-31", "as_known_at": as_known_at}
    assert by(demonstration, "vacancies", "role", **when) == {
        "social-worker": 22, "advanced-social-worker": 17, "senior-practitioner": 8, "team-manager": 5,
    }  # fmt: skip
    assert by(demonstration, "agency-cover", "role", **when) == {
        "social-worker": 12, "advanced-social-worker": 12, "senior-practitioner": 2, "team-manager": 3,
    }  # fmt: skip
    assert measure(demonstration, "vacancies", **when) == 52
    # The paper prints 28; its column adds up to 29.
    assert measure(demonstration, "agency-cover", **when) == 29


@then_and_now
def test_vacancies_and_agency_staff_covering_vacancies_in_october_2023(
    demonstration: Feed, as_known_at: str | None
) -> None:
    when = {"as_at": "2023-10-31", "as_known_at": as_known_at}
    assert by(demonstration, "vacancies", "role", **when) == {
        "social-worker": 8.5, "advanced-social-worker": 12, "senior-practitioner": 1, "team-manager": 1,
    }  # fmt: skip
    assert by(demonstration, "agency-cover", "role", **when) == {
        "social-worker": 10, "advanced-social-worker": 10, "senior-practitioner": 1, "team-manager": 1,
    }  # fmt: skip
    assert measure(demonstration, "vacancies", **when) == 22.5
    assert measure(demonstration, "agency-cover", **when) == 22


@pytest.mark.parametrize(("as_at", "printed"), [("2022-10-31", 52), ("2023-10-31", 22.5)])
def test_on_the_evening_itself_another_table_was_known(demonstration: Feed, as_at: str, printed: float) -> None:
    assert measure(demonstration, "vacancies", as_at=as_at, as_known_at=f"{as_at}T23:59:59Z") != printed


# --- the Social Work Academy ------------------------------------------------------------------------------------------


@then_and_now
def test_190_newly_qualified_social_workers_recruited_in_17_completed_cohorts(
    demonstration: Feed, as_known_at: str | None
) -> None:
    academy = completed(demonstration, as_known_at)
    assert academy["count"] == len(academy["rows"]) == 17
    assert academy["over_all"]["started"] == sum(row["started"] for row in academy["rows"]) == 190
    assert academy["rows"][0]["entry_on"] == "2018-07-16"


@then_and_now
def test_83_percent_progressed_into_work_in_service_areas(demonstration: Feed, as_known_at: str | None) -> None:
    over_all = completed(demonstration, as_known_at)["over_all"]
    assert (over_all["progressed"], over_all["progressed_share"]) == (158, 83.2)


@then_and_now
def test_66_leavers_since_2018_some_did_not_complete_and_some_left_after(
    demonstration: Feed, as_known_at: str | None
) -> None:
    over_all = completed(demonstration, as_known_at)["over_all"]
    assert (over_all["left"], over_all["left_during"], over_all["left_after"]) == (66, 28, 38)


@then_and_now
def test_retention_of_65_percent(demonstration: Feed, as_known_at: str | None) -> None:
    over_all = completed(demonstration, as_known_at)["over_all"]
    assert (over_all["in_post"], over_all["retention"]) == (124, 65.3)


@then_and_now
def test_a_mean_length_of_service_of_2_8_years(demonstration: Feed, as_known_at: str | None) -> None:
    academy = completed(demonstration, as_known_at)
    assert academy["over_all"]["mean_service_years"] == 2.8
    assert academy["over_all"]["mean_service_years_of_all"] == 2.3
    assert academy["definitions"]["mean_service_years"]["title"] == "Mean length of service of those in post"


def test_in_january_2021_58_so_far_and_cohort_7_starting(demonstration: Feed) -> None:
    so_far = ask(demonstration, "/v1/academy/cohorts", as_at="2021-01-24")
    assert (so_far["count"], so_far["over_all"]["started"]) == (6, 58)
    starting = ask(demonstration, "/v1/academy/cohorts", as_at="2021-01-25")
    assert starting["rows"][6]["cohort"] == "cohort-07"
    assert (starting["rows"][6]["started"], starting["rows"][6]["in_the_year"]) == (16, 16)
    assert measure(demonstration, "starters", route="academy", from_="2018-07-01", to="2021-01-24") == 58


def test_52_newly_qualified_social_workers_in_2023_24_at_4_entry_points(demonstration: Feed) -> None:
    starters = by(demonstration, "starters", "cohort", route="academy", financial_year="2023-24")
    assert starters == {"cohort-18": 13, "cohort-19": 13, "cohort-20": 13, "cohort-21": 13}
    assert measure(demonstration, "starters", route="academy", financial_year="2023-24") == 52
    running = ask(demonstration, "/v1/academy/cohorts", as_at="2024-03-31", cohorts="running")
    assert [row["entry_on"] for row in running["rows"]] == ["2023-04-17", "2023-07-10", "2023-09-11", "2024-01-15"]
    assert running["over_all"]["started"] == 52


def test_two_academy_teams(demonstration: Feed) -> None:
    running = ask(demonstration, "/v1/academy/cohorts", as_at="2024-03-31", cohorts="running")
    assert {row["academy_team"] for row in running["rows"]} == {"academy-team-1", "academy-team-2"}


@then_and_now
def test_survival_of_the_190_ends_with_124_in_post(demonstration: Feed, as_known_at: str | None) -> None:
    query = {"of": "academy-members", "cohorts": "completed", "as_at": NOVEMBER_2023, "as_known_at": as_known_at}
    answer = ask(demonstration, "/v1/survival", **query)
    assert (answer["count"], answer["left"], answer["in_post"]) == (190, 66, 124)
    assert answer["at_risk_by_year"][0] == {"years": 0, "at_risk": 190}
    assert answer["median_days"] is None  # more than half are still there


# --- recruitment ------------------------------------------------------------------------------------------------------


def test_4_returned_to_practice_in_the_last_12_months_of_whom_2_went_to_adults(demonstration: Feed) -> None:
    year = {"route": "return-to-practice", "from_": "2022-12-01", "to": NOVEMBER_2023}
    assert measure(demonstration, "starters", **year) == 4
    assert by(demonstration, "leavers", "leaving_reason", **year) == {"moved-within-authority": 2}


def test_open_evenings_in_may_and_september_2023(demonstration: Feed) -> None:
    came = {"stage": "attended", "route": "open-evening", "role": "social-worker"}
    attended = monthly(demonstration, "applications", "2023-01-01", "2023-12-31", **came)
    assert [month for month, count in attended.items() if count] == ["2023-05", "2023-09"]
    assert measure(demonstration, "campaigns-opened", route="open-evening", financial_year="2023-24") == 2


def test_8_experienced_social_workers_appointed_after_the_open_evenings(demonstration: Feed) -> None:
    assert measure(demonstration, "starters", route="open-evening", financial_year="2023-24") == 8
    accepted = {"stage": "accepted", "route": "open-evening", "financial_year": "2023-24"}
    assert by(demonstration, "applications", "campaign", **accepted) == {
        "OPEN-EVENING-2023-05": 5,
        "OPEN-EVENING-2023-09": 3,
    }


def test_refer_a_friend_from_march_2020_brought_3(demonstration: Feed) -> None:
    assert measure(demonstration, "starters", route="refer-a-friend", from_="2020-03-01", to=NOVEMBER_2023) == 3
    assert measure(demonstration, "starters", route="refer-a-friend", from_="2018-07-01", to="2020-02-29") == 0


def test_the_residential_evening_drew_60_of_whom_30_attended_and_4_were_offered_posts(demonstration: Feed) -> None:
    of_the_evening = {"campaign": "RESIDENTIAL-2023-01", "from_": "2023-01-01", "to": NOVEMBER_2023}
    funnel = by(demonstration, "applications", "stage", **of_the_evening)
    assert funnel == {"interested": 60, "attended": 30, "offered": 4}


# --- progression and payments -----------------------------------------------------------------------------------------


def test_panels_in_january_and_february_2024(demonstration: Feed) -> None:
    panels = monthly(demonstration, "panels-held", "2023-12-01", "2024-03-31", panel_kind="advanced-social-worker")
    assert panels == {"2023-12": 0, "2024-01": 1, "2024-02": 1, "2024-03": 0}
    successes = by(demonstration, "panel-successes", "panel", financial_year="2023-24")
    assert successes == {"PROGRESSION-2024-01": 20, "PROGRESSION-2024-02": 17}
    assert measure(demonstration, "panel-successes", financial_year="2023-24") == 37


def test_successful_workers_progress_on_1_april_2024_within_the_41_fte_funded(demonstration: Feed) -> None:
    day = {"from_": "2024-04-01", "to": "2024-04-01"}
    assert measure(demonstration, "progressed-fte", **day) == 36.8
    assert measure(demonstration, "progression-funded-fte", **day) == 41
    assert measure(demonstration, "progression-funding-used", **day) == 89.8
    assert measure(demonstration, "promotions", **day) == 37


def test_a_retention_payment_of_3000_pounds_with_the_march_salary(demonstration: Feed) -> None:
    # How many were paid is invented; that each who was due one got GBP 3,000 in March is the paper's.
    made = monthly(demonstration, "retention-payments-made", "2023-04-01", "2024-03-31")
    assert {month: count for month, count in made.items() if count} == {"2024-03": 230}
    assert measure(demonstration, "retention-payments-paid", financial_year="2023-24") == 690_000
    last_day = {"from_": "2024-03-31", "to": "2024-03-31"}
    assert measure(demonstration, "retention-payments-due", **last_day) == 230
    assert measure(demonstration, "retention-payment-cost", **last_day) == 690_000


# --- working life and demand ------------------------------------------------------------------------------------------


def test_wellbeing_weeks_4_held_54_sessions_537_registrations(demonstration: Feed) -> None:
    period = {"offer": "wellbeing", "from_": "2021-01-01", "to": NOVEMBER_2023}
    assert measure(demonstration, "support-sessions", **period) == 54
    assert measure(demonstration, "session-registrations", **period) == 537
    months = monthly(demonstration, "support-sessions", "2021-01-01", NOVEMBER_2023, offer="wellbeing")
    assert [month for month, count in months.items() if count] == ["2021-10", "2022-05", "2022-11", "2023-06"]
    for monday, sunday in [("2021-10-11", "2021-10-17"), ("2022-05-09", "2022-05-15")]:
        week = {"offer": "wellbeing", "from_": monday, "to": sunday}
        assert measure(demonstration, "support-sessions", **week) == 14


def test_clinical_supervision_pilot_11_referred(demonstration: Feed) -> None:
    pilot = {"offer": "clinical-supervision", "financial_year": "2023-24"}
    assert measure(demonstration, "support-taken-up", **pilot) == 11


@pytest.mark.parametrize("name", ["agency", "agency-headcount"])
def test_agency_staff_from_december_2019_to_january_2021(demonstration: Feed, name: str) -> None:
    months = monthly(demonstration, name, "2019-12-01", "2021-01-31")
    assert [months[month] for month in MONTHLY_TABLE] == [30, 36, 48, 56, 57, 60, 66]


@pytest.mark.parametrize(
    ("demand", "children"),
    [
        ("child-protection-plans", [341, 408, 410, 412, 457, 449, 441]),
        ("children-looked-after", [691, 693, 703, 735, 757, 760, 753]),
    ],
)
def test_children_from_december_2019_to_january_2021(demonstration: Feed, demand: str, children: list[int]) -> None:
    months = monthly(demonstration, "children", "2019-12-01", "2021-01-31", demand=demand)
    assert [months[month] for month in MONTHLY_TABLE] == children


def test_team_managers_were_regraded_and_their_vacancies_fell(demonstration: Feed) -> None:
    before = by(demonstration, "establishment", "grade", role="team-manager", as_at="2023-03-31")
    after = by(demonstration, "establishment", "grade", role="team-manager", as_at="2023-04-01")
    assert not before.keys() & after.keys()
    vacant = [
        measure(demonstration, "vacancies", role="team-manager", as_at=day) for day in ("2022-10-31", "2023-10-31")
    ]
    assert vacant == [5, 1]
