"""Forecasts over HTTP, from what the feeds took in.

Invariant: every figure expected here can be worked out from the few events in force here: nobody of this authority
has ever left, so that what is known is all that is expected.
"""

import csv
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import pytest_asyncio
from cloudevents.core.v1.event import CloudEvent

from tests.integration.arrival import arrival, complete
from tests.integration.feed import Feed, cloud_event, fault, problem
from tests.parts import RealSystem

AUTHORITY = "353"
ASKED = f"authority={AUTHORITY}&as_at=2023-10-31&as_known_at=2023-11-01T00:00:00Z"
FORECAST = f"/v1/forecasts/vacancies?{ASKED}"
BACK_TEST = f"/v1/forecasts/vacancies/back-test?{ASKED}"


def _post(number: int, role: str = "social-worker", authority: str = AUTHORITY) -> CloudEvent:
    data = {
        "effective_from": "2021-04-01",
        "role": role,
        "funded_fte": 1,
        "team": "assessment",
        "service_area": "help-and-protection",
    }
    recorded = datetime(2021, 4, 1, 9, tzinfo=UTC)
    id = f"f-post-{number}-{authority}"
    return cloud_event("post.established", f"post/F-{number}", id, data, time=recorded, authority=authority)


def _worker(number: int, started_on: str, recorded: datetime, authority: str = AUTHORITY) -> CloudEvent:
    data = {"started_on": started_on, "post": f"F-{number}", "fte": 1, "origin": "other", "route": "direct"}
    id = f"f-start-{number}-{authority}"
    return cloud_event("worker.started", f"worker/F-{number}", id, data, time=recorded, authority=authority)


EVENTS = (
    *(_post(number) for number in range(1, 4)),
    _post(4, "team-manager"),
    _worker(1, "2021-04-01", datetime(2021, 4, 2, 9, tzinfo=UTC)),
    _worker(2, "2023-12-11", datetime(2023, 10, 16, 9, tzinfo=UTC)),
)
OTHER = "861"
OF_OTHERS = (
    _post(1, authority=OTHER),
    _post(2, authority=OTHER),
    _worker(2, "2023-11-06", datetime(2023, 10, 2, 9, tzinfo=UTC), OTHER),
)
"""Posts and a worker of another authority under the same numbers."""


@pytest_asyncio.fixture(scope="module")
async def figures(system: RealSystem) -> Feed:
    """Metrics, when the whole history has arrived."""
    assert Feed(system.recruitment.url).batch(*EVENTS, *OF_OTHERS).status_code == 202
    for authority, events in ((AUTHORITY, EVENTS), (OTHER, OF_OTHERS)):
        subjects = {event.get_subject() or "" for event in events}
        await arrival(system.databases["metrics"], authority, subjects, len(events))
    return Feed(system.metrics.url)


def _by_month(group: dict[str, Any], name: str) -> list[Any]:
    return [month[name] for month in group["months"]]


def test_vacancies_of_the_months_to_come_with_their_intervals(figures: Feed) -> None:
    answer = figures.get(f"{FORECAST}&months=3").json()
    assert (answer["authority"], answer["as_at"], answer["months"]) == (AUTHORITY, "2023-10-31", 3)
    total = answer["total"]
    assert total["vacancies"] == 3.0
    assert _by_month(total, "as_at") == ["2023-11-30", "2023-12-31", "2024-01-31"]
    assert _by_month(total, "expected") == [3.0, 2.0, 2.0]
    assert _by_month(total, "interval_80") == [[3.0, 3.0], [2.0, 2.0], [2.0, 2.0]]
    assert _by_month(total, "hires") == [0.0, 1.0, 0.0]
    assert {item["assumption"]: item["value"] for item in total["assumptions"]}["turnover"] == 0.0
    assert len(figures.get(FORECAST).json()["total"]["months"]) == 12


def test_posts_and_workers_of_another_authority_under_the_same_numbers_are_its_own(figures: Feed) -> None:
    asked = f"/v1/forecasts/vacancies?authority={OTHER}&as_at=2023-10-31&as_known_at=2023-11-01T00:00:00Z&months=2"
    answer = figures.get(asked).json()
    assert (answer["authority"], answer["total"]["vacancies"]) == (OTHER, 2.0)
    assert _by_month(answer["total"], "expected") == [1.0, 1.0]


@pytest.mark.parametrize(
    ("instant", "expected"),
    [
        ("2023-10-16T08:59:59.999999Z", [3.0, 3.0, 3.0]),
        ("2023-10-16T09:00:00Z", [3.0, 2.0, 2.0]),
        ("2023-10-16T23:59:59Z", [3.0, 2.0, 2.0]),
    ],
)
def test_what_was_recorded_after_the_instant_of_the_question_that_very_day_is_not_used(
    figures: Feed, instant: str, expected: list[float]
) -> None:
    # On the morning of 16 October, at nine, a start of 11 December was recorded.
    asked = f"/v1/forecasts/vacancies?authority={AUTHORITY}&as_at=2023-10-16&as_known_at={instant}&months=3"
    answer = figures.get(asked).json()
    assert _by_month(answer["total"], "as_at") == ["2023-11-16", "2023-12-16", "2024-01-16"]
    assert _by_month(answer["total"], "expected") == expected


def test_a_back_test_knows_of_each_origin_what_was_known_by_its_midnight(figures: Feed) -> None:
    # The start of December was recorded in October: of the forecasts of July to September each missed it.
    asked = f"/v1/forecasts/vacancies/back-test?authority={AUTHORITY}&as_at=2023-12-31&months=12"
    answer = figures.get(f"{asked}&as_known_at=2024-01-10T00:00:00Z").json()
    assert (answer["first_origin"], answer["last_origin"]) == ("2023-07-31", "2023-11-30")
    # Of July to September by 1 in December, five, four and three months ahead; those of October and November knew.
    assert [(row["months_ahead"], row["forecasts"], row["mean_absolute_error"]) for row in answer["rows"]] == [
        (1, 5, 0.0),
        (2, 4, 0.0),
        (3, 3, 0.3),
        (4, 2, 0.5),
        (5, 1, 1.0),
    ]
    assert answer["total"]["bias"] == 0.2
    assert answer["total"]["naive_mean_absolute_error"] == 0.3


def test_a_forecast_for_each_role_beside_that_of_all_posts(figures: Feed) -> None:
    answer = figures.get(f"{FORECAST}&months=2&by=role").json()
    assert [(row["role"], _by_month(row, "expected")) for row in answer["rows"]] == [
        ("social-worker", [2.0, 1.0]),
        ("team-manager", [1.0, 1.0]),
    ]
    assert _by_month(answer["total"], "expected") == [3.0, 2.0]


def test_what_if_agency_workers_were_employed(figures: Feed) -> None:
    answer = figures.get(f"{FORECAST}&months=2&conversions=1").json()
    assert answer["what_if"] == {"conversions": 1}
    assert _by_month(answer["total"], "expected") == [3.0, 2.0]
    # Half of one in each month.
    assert [month["what_if"]["expected"] for month in answer["total"]["months"]] == [2.5, 1.0]
    assert [month["what_if"]["difference"] for month in answer["total"]["months"]] == [-0.5, -1.0]
    assert answer["total"]["acts_from"] == {"conversions": "2023-11-30"}


def test_what_cannot_act_is_refused_by_name(figures: Feed) -> None:
    # Nobody ever left.
    refused = fault(figures.get(f"{FORECAST}&months=2&turnover_lower_by=3&conversions=1"), 422)
    assert (refused["field"], refused["problem"], refused["value"]) == (
        "turnover_lower_by",
        "cannot act within 2 months",
        "3",
    )
    assert refused["expected"] == "another change: within 36 months this one opens and fills no vacancy"
    # What is expected anyway makes no difference, and may be asked for.
    usual = figures.get(f"{FORECAST}&months=2&turnover_lower_by=0&conversions=0").json()["total"]
    assert usual["acts_from"] == {"turnover_lower_by": None, "conversions": None}
    assert [month["what_if"]["difference"] for month in usual["months"]] == [0.0, 0.0]


def test_the_same_question_is_answered_with_the_same_bytes_and_not_again(figures: Feed) -> None:
    path = figures.get(f"{FORECAST}&turnover_lower_by=-1.5&by=role").json()["links"]["pinned"]
    first, second = complete(figures, path), figures.get(path)
    assert (first.content, first.headers["etag"]) == (second.content, second.headers["etag"])
    again = {"If-None-Match": first.headers["etag"]}
    assert httpx.get(figures.url + path, headers=again, timeout=60, trust_env=False).status_code == 304


def test_a_forecast_as_csv(figures: Feed) -> None:
    answer = figures.get(f"{FORECAST}&months=2&by=role&conversions=1", accept="text/csv")
    lines = list(csv.DictReader(answer.text.splitlines()))
    assert [(line["role"], line["month"], line["expected"], line["high_95"]) for line in lines] == [
        ("social-worker", "2023-11-30", "2.0", "2.0"),
        ("social-worker", "2023-12-31", "1.0", "1.0"),
        ("team-manager", "2023-11-30", "1.0", "1.0"),
        ("team-manager", "2023-12-31", "1.0", "1.0"),
        ("", "2023-11-30", "3.0", "3.0"),
        ("", "2023-12-31", "2.0", "2.0"),
    ]
    # The one conversion goes to the roles as the three vacancies do: two of three, and one of three.
    assert [line["what_if_difference"] for line in lines[1::2]] == ["-0.7", "-0.3", "-1.0"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("months=37", "months"),
        ("months=0", "months"),
        ("intake=-1", "intake"),
        ("conversions=some", "conversions"),
        ("turnover_lower_by=101", "turnover_lower_by"),
        ("turnover_lower_by=nan", "turnover_lower_by"),
        ("by=team", "by"),
        ("turnover=3", "turnover"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(figures: Feed, query: str, field: str) -> None:
    assert [fault["field"] for fault in problem(figures.get(f"{FORECAST}&{query}"), 422)["faults"]] == [field]


def test_an_authority_of_which_nothing_is_known_has_no_forecast(figures: Feed) -> None:
    assert "No event of authority 999" in problem(figures.get("/v1/forecasts/vacancies?authority=999"), 404)["detail"]
    assert problem(figures.get("/v1/forecasts/vacancies?authority=all"), 422)["faults"][0]["field"] == "authority"


def test_how_earlier_forecasts_did(figures: Feed) -> None:
    # Known since 1 April 2021: the first origin is 27 months later, at the end of July 2023. Nothing happened since.
    answer = figures.get(f"{BACK_TEST}&months=12").json()
    assert (answer["first_origin"], answer["last_origin"]) == ("2023-07-31", "2023-09-30")
    nothing_missed = {"coverage_80": 100.0, "coverage_95": 100.0, "mean_absolute_error": 0.0}
    nothing_missed |= {"naive_mean_absolute_error": 0.0, "bias": 0.0}
    assert answer["rows"] == [
        {"months_ahead": length, "forecasts": forecasts} | nothing_missed
        for length, forecasts in ((1, 3), (2, 2), (3, 1))
    ]
    assert answer["total"] == {"forecasts": 6} | nothing_missed
    lines = figures.rows(BACK_TEST)
    assert [(line["months_ahead"], line["forecasts"]) for line in lines] == [("1", "3"), ("2", "2"), ("3", "1")]
    assert figures.about(BACK_TEST)["total.forecasts"] == "6"


def test_a_back_test_of_a_role_and_of_too_little_history(figures: Feed) -> None:
    of_role = figures.get(f"{BACK_TEST}&role=team-manager").json()
    assert (of_role["role"], of_role["total"]["forecasts"]) == ("team-manager", 6)
    too_early = figures.get(f"/v1/forecasts/vacancies/back-test?authority={AUTHORITY}&as_at=2023-01-31").json()
    assert (too_early["rows"], too_early["total"], too_early["first_origin"]) == ([], None, None)
    assert problem(figures.get(f"{BACK_TEST}&role=teacher"), 422)["faults"][0]["field"] == "role"
