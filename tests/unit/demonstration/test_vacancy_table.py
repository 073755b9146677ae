"""The council's vacancy table, counted from the raw events. Expectations are the printed table."""

from decimal import Decimal

import pytest

from deploy.demonstration import history
from tests.unit.demonstration.counting import END_OF_TIME, Event, day, known, of_type

EVENING_OF_THE_TABLE_2022 = "2022-10-31T23:59:59Z"
PAPER_2022 = "2022-11-30T17:00:00Z"
EVENING_OF_THE_TABLE_2023 = "2023-10-31T23:59:59Z"
PAPER_2023 = "2023-11-30T17:00:00Z"

VACANCIES_2022 = {
    "social-worker": Decimal(22),
    "advanced-social-worker": Decimal(17),
    "senior-practitioner": Decimal(8),
    "team-manager": Decimal(5),
}
AGENCY_COVER_2022 = {
    "social-worker": Decimal(12),
    "advanced-social-worker": Decimal(12),
    "senior-practitioner": Decimal(2),
    "team-manager": Decimal(3),
}
VACANCIES_2023 = {
    "social-worker": Decimal("8.5"),
    "advanced-social-worker": Decimal(12),
    "senior-practitioner": Decimal(1),
    "team-manager": Decimal(1),
}
AGENCY_COVER_2023 = {
    "social-worker": Decimal(10),
    "advanced-social-worker": Decimal(10),
    "senior-practitioner": Decimal(1),
    "team-manager": Decimal(1),
}


@pytest.mark.parametrize("known_at", [PAPER_2022, END_OF_TIME])
def test_the_table_of_october_2022_is_the_printed_one_then_and_now(events: list[Event], known_at: str) -> None:
    table = day(events, "2022-10-31", known_at)
    assert table.vacancies() == VACANCIES_2022
    assert sum(table.vacancies().values()) == 52
    assert table.agency_cover() == AGENCY_COVER_2022
    assert sum(table.agency_cover().values()) == 29


@pytest.mark.parametrize("known_at", [PAPER_2023, END_OF_TIME])
def test_the_table_of_october_2023_is_the_printed_one_then_and_now(events: list[Event], known_at: str) -> None:
    table = day(events, "2023-10-31", known_at)
    assert table.vacancies() == VACANCIES_2023
    assert sum(table.vacancies().values()) == Decimal("22.5")
    assert table.agency_cover() == AGENCY_COVER_2023
    assert sum(table.agency_cover().values()) == 22


@pytest.mark.parametrize("seed", [1, 2])
def test_another_seed_tells_another_story_with_the_same_table(events: list[Event], seed: int) -> None:
    others = history(seed)
    assert others != events
    assert day(others, "2022-10-31", PAPER_2022).vacancies() == VACANCIES_2022
    assert day(others, "2023-10-31", PAPER_2023).vacancies() == VACANCIES_2023
    assert day(others, "2022-10-31").agency_cover() == AGENCY_COVER_2022
    assert day(others, "2023-10-31").agency_cover() == AGENCY_COVER_2023


def test_on_the_evening_of_31_october_2022_another_table_was_known(events: list[Event]) -> None:
    assert day(events, "2022-10-31", EVENING_OF_THE_TABLE_2022).vacancies() != VACANCIES_2022


def test_on_the_evening_of_31_october_2023_another_table_was_known(events: list[Event]) -> None:
    assert day(events, "2023-10-31", EVENING_OF_THE_TABLE_2023).vacancies() != VACANCIES_2023


def test_a_late_leaver_and_a_correction_alone_would_change_the_table_of_2022(events: list[Event]) -> None:
    learnt = [event for event in events if EVENING_OF_THE_TABLE_2022 < event["time"] <= PAPER_2022]
    late = [event for event in of_type(learnt, "worker.left") if event["data"]["left_on"] == "2022-10-14"]
    put_off = [event for event in of_type(learnt, "worker.started") if "supersedes" in event]
    assert len(late) == 1
    assert [event["data"]["started_on"] for event in put_off] == ["2022-11-07"]
    others = [event for event in events if event not in late and event not in put_off]
    assert day(others, "2022-10-31", PAPER_2022).vacancies()["social-worker"] == 20


def test_three_full_time_agency_workers_cover_half_vacant_posts_in_october_2023(events: list[Event]) -> None:
    table = day(events, "2023-10-31")
    in_post = table.in_post_by_post()
    covered = [
        table.posts[cover["post"]]["funded_fte"] - in_post.get(cover["post"], Decimal(0))
        for cover in table.covers.values()
        if cover["reason"] == "vacancy" and table.posts[cover["post"]]["role"] == "social-worker"
    ]
    assert sorted(covered) == [Decimal("0.5")] * 3 + [Decimal(1)] * 7


def test_over_establishment_elsewhere_does_not_lessen_the_vacancies(events: list[Event]) -> None:
    assert sum(day(events, "2022-10-31").over_established().values()) == 1
    assert sum(day(events, "2023-10-31").over_established().values()) == 1


@pytest.mark.parametrize(
    ("month_end", "agency_staff"),
    [
        ("2019-12-31", 30),
        ("2020-04-30", 36),
        ("2020-06-30", 48),
        ("2020-08-31", 56),
        ("2020-10-31", 57),
        ("2020-12-31", 60),
        ("2021-01-31", 66),
    ],
)
def test_agency_staff_are_as_many_as_the_monthly_table_says(
    events: list[Event], month_end: str, agency_staff: int
) -> None:
    covers = day(events, month_end).covers.values()
    assert len(covers) == agency_staff
    assert sum(cover["fte"] for cover in covers) == agency_staff


def test_social_workers_in_post_are_near_the_published_scale(events: list[Event]) -> None:
    roles = {
        facts["role"] for event in of_type(known(events), "post.established") if "csww_role" in (facts := event["data"])
    }
    for as_at in ("2019-09-30", "2020-09-30", "2021-09-30", "2022-09-30", "2023-09-30"):
        table = day(events, as_at)
        assert 260 <= sum(table.in_post(role) for role in roles) <= 375, as_at
