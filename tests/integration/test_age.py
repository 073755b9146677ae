"""How old is what is known: every answer of events says of when the newest record is, and marks what is stale.

Invariant: nothing here hangs on the day on which it runs: authority 813 recorded last on 21 February 2024.
"""

from typing import Any

import pytest
import pytest_asyncio

from tests.integration.feed import Feed
from tests.integration.test_costly_questions import COSTLY
from tests.integration.year import AFTER_THE_MERGE, sent
from tests.parts import RealSystem

AUTHORITY = "813"
NEWEST = "2024-02-21T10:00:00Z"
PUBLISHED = "/v1/benchmarks/{measure}"
"""Needs a release."""
ROUTES = {route: path.replace("authority=331", f"authority={AUTHORITY}") for route, path in COSTLY.items()}
JSON_ALONE = {"/v1/subjects/{kind}/{identifier}"}


@pytest_asyncio.fixture(scope="module")
async def metrics(system: RealSystem) -> Feed:
    """Metrics, when a year of the authority has come in."""
    return await sent(system, AUTHORITY)


@pytest.mark.parametrize("route", sorted(ROUTES.keys() - {PUBLISHED}))
def test_every_answer_of_events_says_of_when_the_newest_record_is(metrics: Feed, route: str) -> None:
    answer = metrics.get(ROUTES[route])
    assert answer.status_code == 200, answer.text
    assert answer.json()["recorded_until"] == answer.headers["recorded-until"] == NEWEST
    # The series alone ends before the records do; all others are as at the day on which this runs.
    assert answer.json()["stale"] is (route != "/v1/measures/{measure}/series")


@pytest.mark.parametrize("route", sorted(ROUTES.keys() - {PUBLISHED} - JSON_ALONE))
def test_as_csv_it_stands_in_the_header_and_beside_what_the_rows_are(metrics: Feed, route: str) -> None:
    assert metrics.get(ROUTES[route], "text/csv").headers["recorded-until"] == NEWEST
    about = metrics.get(f"{ROUTES[route]}&sheet=about", "text/csv").text.splitlines()
    assert f"recorded_until,{NEWEST}" in about


def test_the_documentation_says_so_of_every_answer_of_events(metrics: Feed) -> None:
    paths = metrics.get("/openapi.json").json()["paths"]
    for route in COSTLY:
        responses = paths[route]["get"]["responses"]
        assert {"Recorded-Until", "Complete-Until"} <= responses["200"]["headers"].keys() & responses["304"][
            "headers"
        ].keys()
        schema = responses["200"]["content"]["application/json"]["schema"]
        assert {"recorded_until", "complete_until", "stale"} <= set(schema["required"])


def _said(metrics: Feed, asked: str) -> dict[str, Any]:
    answer = metrics.get(f"/v1/measures/{asked}")
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def test_turnover_of_a_year_that_goes_on_after_the_records_end_is_stale(metrics: Feed) -> None:
    turnover = f"turnover-rate?authority={AUTHORITY}&as_at="
    # Recruitment's newest record is of 1 February.
    assert _said(metrics, f"{turnover}2024-05-01")["stale"] is False
    assert _said(metrics, f"{turnover}2024-05-02")["stale"] is True
    assert _said(metrics, f"{turnover}2026-02-21")["stale"] is True


def test_what_rests_on_one_service_alone_is_as_old_as_what_that_one_was_told(metrics: Feed) -> None:
    for measure, last_day, stale_from in (
        ("establishment", "2024-05-01", "2024-05-02"),  # recruitment: started-W-5, of 1 February
        ("children", "2024-05-21", "2024-05-22"),  # retention: decided, of 21 February
    ):
        asked = f"{measure}?authority={AUTHORITY}&as_at="
        assert (_said(metrics, asked + last_day)["stale"], _said(metrics, asked + stale_from)["stale"]) == (False, True)


def test_as_known_at_an_instant_the_newest_record_is_the_newest_of_then(metrics: Feed) -> None:
    said = _said(metrics, f"vacancies?authority={AUTHORITY}&as_at=2024-06-30&as_known_at={AFTER_THE_MERGE}")
    assert (said["recorded_until"], said["stale"]) == ("2023-12-05T10:00:00Z", False)
    later = _said(metrics, f"vacancies?authority={AUTHORITY}&as_at=2024-06-30&as_known_at=2024-12-31T12:00:00Z")
    assert (later["recorded_until"], later["stale"]) == (NEWEST, True)


def test_quality_says_which_feed_fell_silent(metrics: Feed) -> None:
    answer = metrics.get(f"/v1/quality?authority={AUTHORITY}&as_at=2024-05-22&check=feed-silent").json()["findings"]
    assert [(item["since"], item["events"][0]["id"]) for item in answer] == [
        ("2024-05-02", "started-W-5"),
        ("2024-05-22", "decided"),
    ]


def test_of_all_authorities_the_one_that_recorded_last_the_longest_ago_tells(metrics: Feed) -> None:
    said = _said(metrics, "vacancies?authority=all&as_at=2024-02-01")
    assert said["recorded_until"] <= NEWEST
