"""Periods, every way of giving one; all authorities together; and what clumsy and hostile callers ask.

Invariant: whatever is asked, the answer is a figure or says what would be right; never an error of the service's own.
"""

from typing import Any
from urllib.parse import quote

import pytest
import pytest_asyncio

from tests.integration.arrival import arrival
from tests.integration.feed import Feed, cloud_event, fault, problem
from tests.integration.year import AFTER_ALL, sent
from tests.parts import RealSystem

AUTHORITY, OTHERS = "386", ("387", "388")
OF = f"authority={AUTHORITY}&as_known_at={AFTER_ALL}"


@pytest_asyncio.fixture(scope="module")
async def metrics(system: RealSystem) -> Feed:
    return await sent(system, AUTHORITY)


def figure(metrics: Feed, measure: str, asked: str) -> dict[str, Any]:
    answer = metrics.get(f"/v1/measures/{measure}?{OF}&{asked}")
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


@pytest.mark.parametrize(
    ("asked", "first", "last", "starters", "vacancies"),
    [
        ("census_year=2023", "2022-10-01", "2023-09-30", 4, 1.5),
        ("financial_year=2023-24", "2023-04-01", "2024-03-31", 5, 1.5),
        ("financial_year=2022-23", "2022-04-01", "2023-03-31", 0, 0.0),
        ("from=2023-04-01&to=2023-05-14", "2023-04-01", "2023-05-14", 2, 3.0),
        ("from=2023-05-15&to=2023-05-15", "2023-05-15", "2023-05-15", 1, 2.5),
        ("as_at=2023-09-30", "2022-10-01", "2023-09-30", 4, 1.5),
        ("as_at=1948-01-01", "1947-01-02", "1948-01-01", 0, 0.0),
        ("census_year=1949", "1948-10-01", "1949-09-30", 0, 0.0),
        ("financial_year=1999-00", "1999-04-01", "2000-03-31", 0, 0.0),
        # What is planned for days to come counts where that is asked for.
        ("census_year=2024&planned=true", "2023-10-01", "2024-09-30", 1, 1.5),
        ("from=1948-01-01&to=2099-12-31&planned=true", "1948-01-01", "2099-12-31", 5, 1.5),
        ("as_at=2099-12-31&planned=true", "2099-01-01", "2099-12-31", 0, 1.5),
        ("census_year=2099&planned=true", "2098-10-01", "2099-09-30", 0, 1.5),
        ("financial_year=2098-99&planned=true", "2098-04-01", "2099-03-31", 0, 1.5),
    ],
)
def test_a_period_can_be_given_in_each_way(
    metrics: Feed, asked: str, first: str, last: str, starters: int, vacancies: float
) -> None:
    flow, stock = figure(metrics, "starters", asked), figure(metrics, "vacancies", asked)
    assert (flow["from"], flow["to"], flow["total"]) == (first, last, starters)
    assert (stock["as_at"], stock["total"]) == (last, vacancies)
    assert flow.get("planned") is stock.get("planned") is (True if "planned" in asked else None)
    assert "provisional" not in flow


@pytest.mark.parametrize(
    "asked", ["as_at=2024-04-03", "as_at=2099-12-31", "census_year=2025", "financial_year=2098-99"]
)
def test_of_a_time_to_come_there_is_no_figure_yet(metrics: Feed, asked: str) -> None:
    for measure in ("vacancies", "starters", "turnover-rate", "vacancy-rate", "time-to-fill", "children"):
        answer = figure(metrics, measure, f"{asked}&by=role" if measure != "children" else asked)
        assert (answer["total"], answer["reason"]) == (None, "not-yet")
        assert all((row["value"], row["reason"]) == (None, "not-yet") for row in answer["rows"])
        explained = figure(metrics, f"{measure}/explanation", asked)
        assert (explained["total"], explained["reason"]) == (None, "not-yet")
        assert explained.get("parts", []) == []


@pytest.mark.parametrize(
    ("asked", "first"),
    [
        ("census_year=2024", "2023-10-01"),
        ("financial_year=2024-25", "2024-04-01"),
        ("from=1948-01-01&to=2099-12-31", "1948-01-01"),
    ],
)
def test_of_a_time_under_way_what_there_is_of_it_is_told_as_provisional(metrics: Feed, asked: str, first: str) -> None:
    flow, stock = figure(metrics, "starters", asked), figure(metrics, "vacancies", asked)
    assert (flow["from"], flow["to"], flow["provisional"]) == (first, "2024-04-02", True)
    assert (stock["as_at"], stock["total"], stock["provisional"]) == ("2024-04-02", 1.5, True)


def test_an_annual_rate_of_a_year_that_is_not_over_is_marked(metrics: Feed) -> None:
    answer = figure(metrics, "turnover-rate", "census_year=2024")
    assert (answer["from"], answer["to"], answer["as_at"]) == ("2023-10-01", "2024-04-02", "2024-04-02")
    assert (answer["total"], answer["provisional"]) == (40.0, True)
    assert "provisional" not in figure(metrics, "turnover-rate", "census_year=2023")
    assert "provisional" not in figure(metrics, "turnover-rate", "as_at=2024-04-02")


def test_without_a_date_a_figure_is_as_at_the_day_it_is_known_at(metrics: Feed) -> None:
    assert figure(metrics, "vacancies", "by=role")["as_at"] == "2024-04-02"


@pytest.mark.parametrize(
    ("measure", "asked", "total"),
    [
        ("turnover-rate", "census_year=2024", 40.0),
        ("turnover-rate", "financial_year=2023-24", 40.0),
        ("turnover-rate", "from=2023-04-01&to=2024-03-31", 40.0),
        ("turnover-rate", "as_at=2023-11-30", 66.7),
        ("stability-index", "from=2023-10-01&to=2023-12-31", 75.0),  # 3 of 4
        ("crude-turnover", "from=2023-11-01&to=2023-11-30", 28.8),  # 1 / (104 days / 30)
        ("retention-of-starters", "from=2023-04-01&to=2023-05-31&as_at=2023-12-31&months=7", 100.0),
        ("retention-of-starters", "from=2023-04-01&to=2023-05-31&as_at=2023-12-31&months=8", 50.0),  # W-3 did not stay
        ("time-to-fill", "from=2024-01-01&to=2024-01-31", 289.0),  # 0.5 of P-3, from 1 April on
    ],
)
def test_rates_of_a_period(metrics: Feed, measure: str, asked: str, total: float) -> None:
    assert figure(metrics, measure, asked)["total"] == total


def test_what_a_mean_is_over_stands_beside_it_in_its_own_unit(metrics: Feed) -> None:
    answer = figure(metrics, "time-to-fill", "from=2024-01-01&to=2024-01-31&by=role")
    assert answer["rows"] == [{"role": "social-worker", "value": 289.0, "vacancies-filled": 0.5}]
    assert answer["total_vacancies-filled"] == 0.5
    retained = figure(metrics, "retention-of-starters", "from=2023-04-01&to=2023-05-31&as_at=2023-12-31&months=8")
    assert retained["total_starters-old-enough"] == 2


@pytest.mark.parametrize(
    ("measure", "asked", "field", "expected"),
    [
        ("starters", "census_year=2023&financial_year=2023-24", "financial_year", "one way"),
        ("starters", "from=2023-04-01&to=2023-04-30&census_year=2023", "census_year", "one way"),
        ("starters", "as_at=2023-04-30&census_year=2023", "as_at", "either as_at or a period"),
        ("starters", "from=2023-04-30&to=2023-04-01", "to", "a date from 2023-04-30 on"),
        ("starters", "from=2023-04-30", "to", "both from and to"),
        ("starters", "to=2023-04-30", "from", "both from and to"),
        ("turnover-rate", "from=2023-04-01&to=2024-03-30", "from", "2023-03-31: turnover-rate is of a year"),
        ("absence-rate", "from=2023-04-01&to=2023-06-30", "from", "2022-07-01: absence-rate is of a year"),
        ("starters", "census_year=1948", "census_year", "from 1949 to 2099"),
        ("starters", "census_year=2100", "census_year", "from 1949 to 2099"),
        ("starters", "census_year=9999", "census_year", "from 1949 to 2099"),
        ("starters", "census_year=020239", "census_year", "from 1949 to 2099"),
        ("starters", "census_year=%D9%A2%D9%A0%D9%A2%D9%A3", "census_year", "from 1949 to 2099"),
        ("starters", "financial_year=2023", "financial_year", "2023-24"),
        ("starters", "financial_year=2023-25", "financial_year", "2023-24"),
        ("starters", "financial_year=2099-00", "financial_year", "2023-24"),
        ("starters", "as_at=1947-12-31", "as_at", "from 1948-01-01"),
        ("starters", "as_at=2100-01-01", "as_at", "before 2100-01-01"),
        ("starters", "as_at=9999-12-31", "as_at", "before 2100-01-01"),
        ("starters", "as_at=2023-W44-2", "as_at", "a date as 2023-10-31"),
        ("starters", "as_at=", "as_at", "no as_at at all"),
        ("starters", "as_at=2023-10-31&as_at=2023-10-30", "as_at", "one value"),
        ("starters", "months=0", "months", "from 1 to 120"),
        ("starters", "months=99999999999999999999", "months", "from 1 to 120"),
        ("starters", "months=%C2%B2", "months", "from 1 to 120"),
        ("starters", "scope=everything", "scope", "all, census"),
        ("starters", "as_known_at=", "as_known_at", "no as_known_at at all"),
        ("starters", "as_accepted_at=", "as_accepted_at", "no as_accepted_at at all"),
        ("starters", "role=social-worker,team-manager", "role", "one of newly-qualified"),
        ("starters", "role=social-worker&role=team-manager", "role", "one value"),
        ("starters", "team=%00", "team", "letters, digits"),
        ("starters", "team=a%0A", "team", "letters, digits"),
        ("starters", f"team={quote('équipe ☃ 😀')}", "team", "letters, digits"),
        ("starters", "team=%ED%A0%80%FF", "team", "letters, digits"),
        ("starters", f"grade={'9' * 5000}", "grade", "letters, digits"),
        ("starters", f"{'x' * 5000}=1", f"{'x' * 197}...", "one of authority"),
    ],
)
def test_what_is_wrong_is_told_by_field_with_what_would_be_right(
    metrics: Feed, measure: str, asked: str, field: str, expected: str
) -> None:
    refused = fault(metrics.get(f"/v1/measures/{measure}?authority={AUTHORITY}&{asked}"), 422)
    assert refused["field"] == field
    assert expected in refused["expected"]


@pytest.mark.parametrize("authority", ["", "38", "3866", "３８６", "ALL", "386'--", "%00", "../386"])
def test_what_is_no_authority_is_refused(metrics: Feed, authority: str) -> None:
    for path in (
        "measures/vacancies?",
        "measures/vacancies/explanation?",
        "measures/vacancies/series?from=2023-10-01&to=2023-10-31&",
        "subjects/worker/W-1?",
        "changes?from_known=2023-10-31T00:00:00Z&",
    ):
        assert fault(metrics.get(f"/v1/{path}authority={authority}"), 422)["field"] == "authority"


@pytest.mark.parametrize(
    ("instant", "status"),
    [
        ("1948-01-01T00:00:00Z", 404),
        ("2099-12-31T23:59:59.999999Z", 200),
        ("1948-01-01T00:00:00%2B14:00", 404),  # 1947 in UTC
        ("2099-12-31T23:59:59-14:00", 200),  # 2100 in UTC
        ("0001-01-01T00:00:00%2B14:00", 422),
        ("9999-12-31T23:59:59-14:00", 422),
        ("2023-11-30T25:00:00Z", 422),
        ("2023-11-30T12:00:00", 422),
        ("1701345600", 422),
        ("", 422),
    ],
)
def test_instants_at_and_beyond_the_bounds(metrics: Feed, instant: str, status: int) -> None:
    for name in ("as_known_at", "as_accepted_at"):
        for path in ("measures/vacancies", "measures/leavers", "measures/vacancies/explanation", "subjects/post/P-1"):
            assert metrics.get(f"/v1/{path}?authority={AUTHORITY}&{name}={instant}").status_code == status


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("measures/%00", 404),
        ("measures/%F0%9F%98%80", 404),
        (f"measures/{'v' * 5000}", 404),
        ("measures/vacancies/", 404),
        ("measures/..%2Fvacancies", 404),
        ("measures/Vacancies", 404),
        ("subjects/worker/%00", 422),
        ("subjects/worker/%F0%9F%98%80", 422),
        (f"subjects/worker/{'W' * 65}", 422),
        ("subjects/worker/W-1%0A", 422),
        ("subjects/worker/W%2F1", 404),
        ("subjects/unicorn/W-1", 404),
    ],
)
def test_paths_that_lead_nowhere(metrics: Feed, path: str, status: int) -> None:
    assert metrics.get(f"/v1/{path}?authority={AUTHORITY}").status_code in {status, 307}


async def test_all_authorities_together_are_the_sum_of_each(system: RealSystem, metrics: Feed, new: str) -> None:
    team, subjects = f"team-{new}", {f"post/P-{new}", f"worker/W-{new}"}
    for authority, fte in zip(OTHERS, (0.5, 0.75), strict=True):
        of: dict[str, Any] = {"authority": authority}
        post = {"effective_from": "2023-04-01", "role": "social-worker", "funded_fte": 2, "team": team,
                "service_area": "care", "csww_role": 5}  # fmt: skip
        start = {"started_on": "2023-09-01", "post": f"P-{new}", "fte": fte, "origin": "other", "route": "direct"}
        answer = Feed(system.recruitment.url).batch(
            cloud_event("post.established", f"post/P-{new}", f"E-{new}", post, **of),
            cloud_event("worker.started", f"worker/W-{new}", f"S-{new}", start, **of),
        )
        assert answer.status_code == 202
        await arrival(system.databases["metrics"], authority, subjects, 2)
    asked = f"as_at=2023-10-31&team={team}"
    for measure, of_first, of_second, of_all in (
        ("establishment", 2.0, 2.0, 4.0),
        ("vacancies", 1.5, 1.3, 2.8),  # 1.25 and 2.75
        ("in-post-headcount", 1, 1, 2),
        ("starters-fte", 0.5, 0.8, 1.3),
        ("vacancy-rate", 75.0, 62.5, 68.8),  # 2.75 of 4
        ("turnover-rate", 0.0, 0.0, 0.0),
    ):
        totals = [metrics.get(f"/v1/measures/{measure}?authority={of}&{asked}").json() for of in (*OTHERS, "all")]
        assert [body["total"] for body in totals] == [of_first, of_second, of_all]
        assert totals[-1]["authority"] == "all"
        assert "explanation" not in totals[-1]["links"]
    series = f"/v1/measures/starters-fte/series?authority=all&team={team}&from=2023-08-01&to=2023-09-30&by=role"
    body = metrics.get(series).json()
    assert body["rows"] == [{"role": "social-worker", "values": [0.0, 1.3]}]
    pinned = metrics.get(f"/v1/measures/vacancies?authority=all&{asked}&as_accepted_at=2020-01-01T00:00:00Z").json()
    assert pinned["total"] == 0.0


def test_every_link_of_an_answer_can_be_followed(metrics: Feed) -> None:
    first = figure(metrics, "vacancies", "as_at=2023-10-31&by=role&by=team&role=social-worker&grade=grade-9")
    for name, link in first["links"].items():
        answer = metrics.get(link)
        assert answer.status_code == 200
        assert answer.json()["total"] == first["total"] == 1.5, name
    problem(metrics.get(first["links"]["explanation"] + "&by=role"), 422)
