"""The academy's, recruitment's and working life's published figures, counted from the raw events."""

from collections import Counter
from datetime import date
from decimal import Decimal

import pytest

from tests.unit.demonstration.counting import END_OF_TIME, Event, day, known, of_type

NOVEMBER_2023 = "2023-11-30"
PAPER_2023 = "2023-11-30T17:00:00Z"


def academy_starts(events: list[Event], first_cohort: int, last_cohort: int) -> list[Event]:
    """The starts of newly qualified social workers in a run of cohorts."""
    cohorts = {f"cohort-{number:02}" for number in range(first_cohort, last_cohort + 1)}
    return [event for event in of_type(events, "worker.started") if event["data"].get("cohort") in cohorts]


def left_by(events: list[Event], as_at: str) -> dict[str, str]:
    """The day each worker who has left by a date left (last)."""
    leavers = [event for event in of_type(events, "worker.left") if event["data"]["left_on"] <= as_at]
    return {event["subject"]: event["data"]["left_on"] for event in leavers}


@pytest.mark.parametrize("known_at", [PAPER_2023, END_OF_TIME])
def test_190_newly_qualified_social_workers_in_17_completed_cohorts(events: list[Event], known_at: str) -> None:
    cohorts = of_type(known(events, known_at), "cohort.opened")
    completed = [event for event in cohorts if event["data"]["completes_on"] <= NOVEMBER_2023]
    assert [event["subject"] for event in completed] == [f"cohort/cohort-{number:02}" for number in range(1, 18)]
    assert completed[0]["data"]["entry_on"] == "2018-07-16"
    assert len(academy_starts(known(events, known_at), 1, 17)) == 190


@pytest.mark.parametrize("known_at", [PAPER_2023, END_OF_TIME])
def test_of_the_190_158_progressed_66_left_and_124_stayed(events: list[Event], known_at: str) -> None:
    held = known(events, known_at)
    workers = {event["subject"] for event in academy_starts(held, 1, 17)}
    progressed = {
        event["subject"]
        for event in of_type(held, "worker.moved")
        if event["data"]["from_post"].startswith("P-ACADEMY-") and event["data"]["moved_on"] <= NOVEMBER_2023
    }
    gone = set(left_by(held, NOVEMBER_2023))
    in_post = set(day(events, NOVEMBER_2023, known_at).held)
    assert progressed <= workers
    assert len(progressed) == 158
    assert len(workers & gone) == 66
    assert len((workers & gone) - progressed) == 32
    assert len(workers & in_post) == 124
    assert round(100 * 158 / 190) == 83
    assert round(100 * 124 / 190) == 65


def test_no_other_newly_qualified_social_worker_had_left_by_november_2023(events: list[Event]) -> None:
    running = {event["subject"] for event in academy_starts(known(events), 18, 21)}
    assert not running & set(left_by(known(events), NOVEMBER_2023))


def test_those_who_stayed_have_served_2_8_years_on_average(events: list[Event]) -> None:
    gone = left_by(known(events), NOVEMBER_2023)
    started = [
        date.fromisoformat(event["data"]["started_on"])
        for event in academy_starts(known(events), 1, 17)
        if event["subject"] not in gone
    ]
    years = [(date(2023, 11, 30) - day).days / 365.25 for day in started]
    assert round(sum(years) / len(years), 1) == 2.8


def test_58_had_been_recruited_when_cohort_7_started_in_january_2021(events: list[Event]) -> None:
    cohorts = {event["subject"]: event["data"]["entry_on"] for event in of_type(events, "cohort.opened")}
    assert cohorts["cohort/cohort-07"] == "2021-01-25"
    starts = [event for event in of_type(known(events), "worker.started") if event["data"]["route"] == "academy"]
    assert len([event for event in starts if event["data"]["started_on"] < "2021-01-25"]) == 58


def test_52_came_in_2023_24_at_4_entry_points_to_two_academy_teams(events: list[Event]) -> None:
    starts = [
        event["data"]["started_on"]
        for event in of_type(known(events), "worker.started")
        if event["data"]["route"] == "academy" and "2023-04-01" <= event["data"]["started_on"] <= "2024-03-31"
    ]
    assert len(starts) == 52
    assert sorted(set(starts)) == ["2023-04-17", "2023-07-10", "2023-09-11", "2024-01-15"]
    teams = {
        post["team"]
        for post in day(events, "2024-03-31").posts.values()
        if post["service_area"] == "social-work-academy" and post["funded_fte"]
    }
    assert teams == {"academy-team-1", "academy-team-2"}


def test_the_asye_panels_passed_158_failed_4_and_deferred_8_who_passed_later(events: list[Event]) -> None:
    panels = [event for event in of_type(events, "panel.decided") if event["data"]["kind"] == "asye"]
    assert Counter(event["data"]["decision"] for event in panels) == {"passed": 158, "failed": 4, "deferred": 8}
    deferred = {event["subject"] for event in panels if event["data"]["decision"] == "deferred"}
    assert deferred <= {event["subject"] for event in panels if event["data"]["decision"] == "passed"}


def test_4_returned_to_practice_in_12_months_of_whom_2_went_to_adults(events: list[Event]) -> None:
    returned = {
        event["subject"]
        for event in of_type(known(events), "worker.started")
        if event["data"]["route"] == "return-to-practice"
        and "2022-12-01" <= event["data"]["started_on"] <= NOVEMBER_2023
    }
    to_adults = {
        event["subject"]: event["data"]["left_on"]
        for event in of_type(known(events), "worker.left")
        if event["data"]["reason"] == "moved-within-authority"
    }
    assert len(returned) == 4
    assert sorted(to_adults.values()) == ["2023-04-10", "2023-10-09"]
    assert set(to_adults) <= returned
    assert len(returned & set(day(events, NOVEMBER_2023).held)) == 2


@pytest.mark.parametrize(("route", "starters"), [("open-evening", 8), ("refer-a-friend", 3)])
def test_campaigns_brought_as_many_as_the_paper_says(events: list[Event], route: str, starters: int) -> None:
    starts = [event["data"] for event in of_type(known(events), "worker.started") if event["data"]["route"] == route]
    assert len(starts) == starters
    assert all("2020-03-01" <= start["started_on"] <= NOVEMBER_2023 for start in starts)


def test_each_appointment_of_an_open_evening_can_be_followed_to_its_start(events: list[Event]) -> None:
    progressed = [event["data"] for event in of_type(events, "application.progressed")]
    accepted = [step for step in progressed if step["stage"] == "accepted"]
    assert Counter(step["campaign"] for step in accepted) == {"OPEN-EVENING-2023-05": 5, "OPEN-EVENING-2023-09": 3}
    started = {f"worker/{step['worker']}" for step in progressed if step["stage"] == "started"}
    starts = of_type(known(events), "worker.started")
    assert started == {event["subject"] for event in starts if event["data"]["route"] == "open-evening"}


def test_60_were_interested_in_residential_work_30_came_and_4_were_offered_posts(events: list[Event]) -> None:
    steps = [
        event["data"]["stage"]
        for event in of_type(events, "application.progressed")
        if event["data"]["campaign"] == "RESIDENTIAL-2023-01"
    ]
    assert Counter(steps) == {"interested": 60, "attended": 30, "offered": 4}


def test_the_progression_panels_stay_within_the_41_fte_funded(events: list[Event]) -> None:
    panels = [event for event in of_type(events, "panel.decided") if event["data"]["kind"] == "advanced-social-worker"]
    successful = {event["subject"]: event["data"] for event in panels if event["data"]["decision"] == "successful"}
    assert {event["data"]["decided_on"][:7] for event in panels} == {"2024-01", "2024-02"}
    assert {data["effective_from"] for data in successful.values()} == {"2024-04-01"}
    assert len(successful) == 37
    assert 35 < sum(data["fte"] for data in successful.values()) <= 41
    moves = [event for event in of_type(known(events), "worker.moved") if event["data"]["moved_on"] == "2024-04-01"]
    assert {event["subject"] for event in moves} == set(successful)
    assert all(event["time"].startswith("2024-03") for event in moves)
    after = day(events, "2024-04-01")
    assert all(
        after.posts[post]["role"] == "advanced-social-worker" for worker in successful for post in after.held[worker]
    )


def test_the_retention_payment_goes_to_those_who_served_the_whole_year(events: list[Event]) -> None:
    payments = of_type(events, "retention-payment.made")
    roles = {"newly-qualified-social-worker", "social-worker", "advanced-social-worker", "senior-practitioner"}
    first, last = day(events, "2023-04-01"), day(events, "2024-03-31")
    stayed = set(first.held) & set(last.held) - {
        event["subject"] for event in of_type(known(events), "worker.left") if event["data"]["left_on"] > "2023-04-01"
    }
    due = {worker for worker in stayed if {last.posts[post]["role"] for post in last.held[worker]} & roles}
    assert {event["data"]["amount"] for event in payments} == {3000}
    assert {event["data"]["paid_on"] for event in payments} == {"2024-03-28"}
    assert len(payments) == len({event["subject"] for event in payments})
    assert {event["subject"] for event in payments} == due


def test_four_wellbeing_weeks_held_54_sessions_with_537_registrations(events: list[Event]) -> None:
    sessions = of_type(events, "support-session.held")
    weeks = {date.fromisoformat(event["data"]["held_on"]).isocalendar()[:2] for event in sessions}
    assert len(weeks) == 4
    assert len(sessions) == 54
    assert sum(event["data"]["registrations"] for event in sessions) == 537


def test_11_were_referred_to_clinical_supervision(events: list[Event]) -> None:
    taken_up = of_type(events, "support.taken-up")
    assert [event["data"]["offer"] for event in taken_up] == ["clinical-supervision"] * 11


def test_children_are_as_many_as_the_monthly_table_says(events: list[Event]) -> None:
    counted: dict[str, list[int]] = {}
    for event in sorted(of_type(events, "demand.counted"), key=lambda event: str(event["data"]["counted_on"])):
        counted.setdefault(event["data"]["demand"], []).append(event["data"]["children"])
    assert counted == {
        "child-protection-plans": [341, 408, 410, 412, 457, 449, 441],
        "children-looked-after": [691, 693, 703, 735, 757, 760, 753],
    }


def test_the_court_teams_went_to_another_office_in_april_2022_and_some_posts_state_none(events: list[Event]) -> None:
    before, after = day(events, "2022-03-31").posts, day(events, "2022-04-01").posts
    moved = {post for post in before if post in after and before[post].get("location") != after[post].get("location")}
    assert {after[post]["team"] for post in moved} == {"court-team-1", "court-team-2"}
    assert {(before[post]["location"], after[post]["location"]) for post in moved} == {
        ("city-office", "riverside-office")
    }
    without = {facts["service_area"] for facts in after.values() if facts.get("location") is None}
    assert without == {"quality-assurance", "leadership", "residential", "social-work-academy"}


def test_team_managers_lado_iros_and_chairs_were_regraded_in_april_2023(events: list[Event]) -> None:
    before, after = day(events, "2023-03-31").posts, day(events, "2023-04-01").posts
    regraded = {after[post]["role"] for post in before if before[post]["grade"] != after[post]["grade"]}
    assert regraded == {
        "team-manager",
        "local-authority-designated-officer",
        "independent-reviewing-officer",
        "child-protection-chair",
    }
    assert day(events, "2022-10-31").vacancies()["team-manager"] == Decimal(5)
