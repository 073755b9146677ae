"""Named reports: made of questions, pinned, listed, opened again to the digit, compared, taken away.

Invariant: every figure expected here can be worked out on paper from the events in force here.

P-1 and P-2 are social workers' posts of 1 FTE, P-3 a team manager's of 2, all from January 2023. W-1 is in P-1 from
January. W-2 is in P-2 from 1 March, which was recorded on 20 May alone.
"""

import csv
import json
import re
from datetime import date
from typing import Any

import httpx
import pytest

from contracts.codes import Role
from tests.histories import at, established, event, started
from tests.integration.alone import Alone
from tests.integration.feed import fault, problem
from tests.unit.metrics.test_workbook import rows_of

AUTHORITY = "760"
JANUARY, MARCH = date(2023, 1, 1), date(2023, 3, 1)
EVENTS = [
    event(established(JANUARY), "post/P-1", at(JANUARY), "1", authority=AUTHORITY),
    event(established(JANUARY), "post/P-2", at(JANUARY), "2", authority=AUTHORITY),
    event(established(JANUARY, "2", Role.TEAM_MANAGER), "post/P-3", at(JANUARY), "3", authority=AUTHORITY),
    event(started(JANUARY), "worker/W-1", at(JANUARY), "4", authority=AUTHORITY),
    event(started(MARCH, "P-2"), "worker/W-2", at(date(2023, 5, 20)), "5", authority=AUTHORITY),
]
VACANCIES = "/v1/measures/vacancies?as_at=2023-03-31&by=role"
BY_MONTH = "/v1/measures/vacancies/series?from=2023-02-01&to=2023-03-31"
APRIL = {"as_known_at": "2023-04-15T12:00:00Z", "as_accepted_at": "2023-04-15T12:00:00Z"}
JUNE = {"as_known_at": "2023-06-15T12:00:00Z", "as_accepted_at": "2023-06-15T12:00:00Z"}


def send(
    alone: Alone, body: Any, caller: str | None = "anybody", query: str = f"authority={AUTHORITY}", method: str = "POST"
) -> httpx.Response:
    headers = {} if caller is None else {"authorization": f"Bearer {alone.keys[caller]}"}
    return httpx.request(
        method, f"{alone.url}/v1/reports?{query}", json=body, headers=headers, timeout=60, trust_env=False
    )


def made(alone: Alone, name: str, questions: list[str], **instants: str) -> int:
    answer = send(alone, {"name": name, "questions": questions, **instants})
    assert answer.status_code == 201, answer.text
    number: int = answer.json()["report"]
    return number


@pytest.fixture(scope="module")
def metrics(alone: Alone) -> Alone:
    alone.take_in(*EVENTS)
    return alone


@pytest.fixture(scope="module")
def two(metrics: Alone) -> tuple[int, int]:
    """A report as known in April, before W-2 was recorded, and one as known in June."""
    april = made(metrics, "Board of April", [VACANCIES, BY_MONTH, "/v1/measures/in-post?as_at=2023-03-31"], **APRIL)
    return april, made(metrics, "Board of June", [VACANCIES, BY_MONTH], **JUNE)


def test_a_report_is_opened_with_its_figures_as_they_were_known_then(metrics: Alone, two: tuple[int, int]) -> None:
    body = metrics.get(f"/v1/reports/{two[0]}?authority={AUTHORITY}")
    vacancies, by_month, in_post = body["answers"]
    assert (body["name"], body["made_by"], body["as_known_at"]) == ("Board of April", "anybody", APRIL["as_known_at"])
    assert vacancies["question"] == VACANCIES
    assert [(row["role"], row["value"]) for row in vacancies["answer"]["rows"]] == [
        ("social-worker", 1.0),
        ("team-manager", 2.0),
    ]
    assert by_month["answer"]["totals"] == [3.0, 3.0]
    assert in_post["answer"]["total"] == 1.0
    assert [answer["as_made"] for answer in body["answers"]] == [True, True, True]


def test_what_comes_later_changes_nothing_in_it(metrics: Alone) -> None:
    of_another = "authority=761"
    metrics.take_in(event(established(JANUARY), "post/P-1", at(JANUARY), "1", authority="761"))
    question = "/v1/measures/vacancies?as_at=2023-03-31"
    report = send(metrics, {"name": "Before", "questions": [question]} | APRIL, query=of_another).json()["report"]
    before = metrics.ask(f"/v1/reports/{report}?{of_another}")
    metrics.take_in(event(started(MARCH), "worker/W-1", at(date(2023, 4, 20)), "2", authority="761"))
    assert metrics.get(f"{question}&{of_another}")["total"] == 0.0
    after = metrics.ask(f"/v1/reports/{report}?{of_another}")
    assert after.json()["answers"][0]["answer"]["total"] == 1.0
    assert after.json()["answers"][0]["as_made"] is True
    assert after.headers["etag"] == before.headers["etag"]


def test_reports_are_listed_the_newest_first(metrics: Alone, two: tuple[int, int]) -> None:
    rows = metrics.get(f"/v1/reports?authority={AUTHORITY}")["rows"]
    assert [(row["report"], row["name"], row["questions"]) for row in rows][-2:] == [
        (two[1], "Board of June", 2),
        (two[0], "Board of April", 3),
    ]


def test_two_reports_are_compared_figure_by_figure(metrics: Alone, two: tuple[int, int]) -> None:
    body = metrics.get(f"/v1/reports/{two[1]}/comparison?authority={AUTHORITY}&earlier={two[0]}")
    vacancies, by_month, in_post = body["questions"]
    told = [
        (figure["where"], figure["earlier"]["value"], figure["later"]["value"], figure.get("difference"))
        for figure in vacancies["figures"]
    ]
    assert told == [
        ({"role": "social-worker"}, 1.0, 0.0, -1),
        ({"role": "team-manager"}, 2.0, 2.0, 0),
        ({}, 3.0, 2.0, -1),
    ]
    assert [figure["later"]["time"] for figure in by_month["figures"]] == [
        {"as_at": "2023-02-28"},
        {"as_at": "2023-03-31"},
    ]
    assert (in_post["later"], [figure["later"] for figure in in_post["figures"]]) == (None, [None])
    behind = metrics.get(vacancies["figures"][0]["earlier"]["explanation"])
    assert [part["subjects"] for part in behind["parts"]] == [["post/P-2"]]
    changes = metrics.get(vacancies["changes"])
    assert [change["subjects"] for change in changes["changes"]] == [["post/P-2"]]
    assert "changes" not in by_month


def test_reports_of_two_months_stand_beside_each_other(metrics: Alone) -> None:
    january = made(metrics, "January", ["/v1/measures/in-post?as_at=2023-01-31"], **JUNE)
    march = made(metrics, "March", ["/v1/measures/in-post?as_at=2023-03-31&by=role"], **JUNE)
    april = made(metrics, "April", ["/v1/measures/in-post?as_at=2023-04-30"], **JUNE)
    body = metrics.get(f"/v1/reports/{april}/comparison?authority={AUTHORITY}&earlier={january}")
    (question,) = body["questions"]
    assert [(one["earlier"]["value"], one["later"]["value"]) for one in question["figures"]] == [(1.0, 2.0)]
    assert "changes" not in question
    # Broken down otherwise it is another question.
    apart = metrics.get(f"/v1/reports/{march}/comparison?authority={AUTHORITY}&earlier={january}")
    assert [(one["earlier"] is None, one["later"] is None) for one in apart["questions"]] == [
        (True, False),
        (False, True),
    ]


def test_a_report_can_be_taken_as_csv_and_as_a_workbook(metrics: Alone, two: tuple[int, int]) -> None:
    path = f"/v1/reports/{two[0]}"
    as_csv = list(csv.DictReader(metrics.ask(f"{path}.csv?authority={AUTHORITY}").text.splitlines()))
    assert [(line["figure"], line["of"], line["as_at"], line["value"]) for line in as_csv] == [
        ("vacancies", "role=social-worker", "2023-03-31", "1.0"),
        ("vacancies", "role=team-manager", "2023-03-31", "2.0"),
        ("vacancies", "", "2023-03-31", "3.0"),
        ("vacancies", "", "2023-02-28", "3.0"),
        ("vacancies", "", "2023-03-31", "3.0"),
        ("in-post", "", "2023-03-31", "1.0"),
    ]
    heading, first, *_ = rows_of(metrics.ask(f"{path}.xlsx?authority={AUTHORITY}").content)
    assert dict(zip(heading, first, strict=True))["value"] == "1"


def test_cohorts_and_survival_can_be_kept_too(metrics: Alone) -> None:
    questions = ["/v1/academy/cohorts?as_at=2023-06-01", "/v1/survival?as_at=2023-06-01"]
    report = made(metrics, "Who stays", questions, **JUNE)
    body = metrics.get(f"/v1/reports/{report}?authority={AUTHORITY}")
    assert [each["title"] for each in body["answers"]] == ["Academy cohorts", "How long people stay"]
    assert [each["as_made"] for each in body["answers"]] == [True, True]


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "field", "wrong"),
    [
        ("https://elsewhere.example/v1/measures/vacancies", "body.questions.0", "is not a question for figures"),
        ("//elsewhere.example/v1/measures/vacancies", "body.questions.0", "is not a question for figures"),
        ("/v1/dead-letters", "body.questions.0", "is not a question for figures"),
        ("/v1/measures/../dead-letters", "body.questions.0", "is not a question for figures"),
        ("/v1/measures/happiness", "body.questions.0", "cannot be answered"),
        ("/v1/measures/vacancies?colour=red", "body.questions.0.colour", "is not a parameter"),
        ("/v1/measures/vacancies?as_at=yesterday", "body.questions.0.as_at", "cannot be read"),
        ("/v1/measures/vacancies?authority=332", "body.questions.0.authority", "is not said by a question"),
        ("/v1/measures/vacancies?as_known_at=2023-01-01T00:00:00Z", "body.questions.0.as_known_at", "is not said by"),
        ("/v1/measures/vacancies?by=role&by=team", "body.questions.0.by", "is given more than once"),
    ],
)
def test_a_question_that_cannot_be_asked_is_refused_by_its_place(
    metrics: Alone, question: str, field: str, wrong: str
) -> None:
    refused = fault(send(metrics, {"name": "Not to be", "questions": [question]}), 422)
    assert (refused["field"], refused["problem"][: len(wrong)]) == (field, wrong)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "ab", "questions": [VACANCIES]}, "body.name"),
        ({"name": "a" * 101, "questions": [VACANCIES]}, "body.name"),
        ({"name": "two\nlines", "questions": [VACANCIES]}, "body.name"),
        ({"name": "turned \u202e round", "questions": [VACANCIES]}, "body.name"),
        ({"name": "not \u200bseen", "questions": [VACANCIES]}, "body.name"),
        ({"name": "Empty", "questions": []}, "body.questions"),
        ({"name": "Many", "questions": [f"{VACANCIES}&grade=G{n}" for n in range(31)]}, "body.questions"),
        ({"name": "Twice", "questions": [VACANCIES, VACANCIES]}, "body.questions.1"),
        ({"name": "Local", "questions": [VACANCIES], "as_known_at": "2023-04-15T12:00:00"}, "body.as_known_at"),
        ({"name": "Seconds", "questions": [VACANCIES], "as_known_at": "1700000000"}, "body.as_known_at"),
        (
            {"name": "To come", "questions": [VACANCIES], "as_accepted_at": "2099-01-01T00:00:00Z"},
            "body.as_accepted_at",
        ),
    ],
)
def test_a_report_that_is_not_as_described_is_refused(metrics: Alone, body: dict[str, Any], field: str) -> None:
    assert fault(send(metrics, body), 422)["field"] == field


@pytest.mark.parametrize("name", ["Board of April", "BOARD of april", "Board  of\u00a0April"])
def test_a_name_is_given_once_however_it_is_written(metrics: Alone, two: tuple[int, int], name: str) -> None:
    refused = problem(send(metrics, {"name": name, "questions": [VACANCIES]}), 409)
    assert refused["type"].endswith(":name-taken")


def test_the_page_keeps_figures_as_known_at_an_instant_however_its_address_writes_it(metrics: Alone) -> None:
    # The plus sign of the offset is not escaped, as somebody types it.
    here = f"/reports?authority={AUTHORITY}&as_at=2023-03-31&as_known_at=2023-04-15T14:00:00+02:00"
    key = {"authorization": f"Bearer {metrics.keys['anybody']}"}
    with httpx.Client(base_url=metrics.url, headers=key, timeout=120, trust_env=False) as browser:
        (token,) = re.findall(r'name="token" value="([^"]+)"', browser.get(here).text)
        form = {"token": token, "name": "Of an offset", "as_at": "2023-03-31", "sets": "vacancies"}
        assert browser.post(here, data=form).status_code == 303
    listed = metrics.get(f"/v1/reports?authority={AUTHORITY}")["rows"]
    assert [row["as_known_at"] for row in listed if row["name"] == "Of an offset"] == ["2023-04-15T12:00:00Z"]


def test_a_body_that_is_no_json_is_refused(metrics: Alone) -> None:
    path = f"/v1/reports?authority={AUTHORITY}"
    problem(
        metrics.ask(path, "anybody", "POST", json.dumps({"name": "As CSV", "questions": [VACANCIES]}).encode()), 415
    )


def test_who_may_not_read_the_authority_makes_and_opens_nothing(metrics: Alone, two: tuple[int, int]) -> None:
    body = {"name": "Of another", "questions": [VACANCIES]}
    problem(send(metrics, body, "analyst"), 403)
    problem(send(metrics, body, None), 401)
    for path in ("", f"/{two[0]}", f"/{two[1]}/comparison"):
        problem(metrics.ask(f"/v1/reports{path}?authority={AUTHORITY}&earlier={two[0]}", "analyst"), 403)
    # What is another's is not there under one's own authority either.
    problem(metrics.ask(f"/v1/reports/{two[0]}?authority=332", "neighbour"), 404)


def test_a_report_of_an_authority_of_which_nothing_is_known_is_none(metrics: Alone) -> None:
    refused = problem(send(metrics, {"name": "Nothing", "questions": [VACANCIES]}, query="authority=998"), 404)
    assert refused["type"].endswith(":no-such-authority")


def test_a_report_is_taken_away_by_whoever_may_operate_and_its_number_is_not_given_again(metrics: Alone) -> None:
    report = made(metrics, "To be taken away", [VACANCIES], **APRIL)
    path = f"/v1/reports/{report}?authority={AUTHORITY}"
    problem(metrics.ask(path, "anybody", "DELETE"), 403)
    assert metrics.ask(path).status_code == 200
    assert metrics.ask(path, "operator", "DELETE").json() == {"authority": AUTHORITY, "report": report}
    problem(metrics.ask(path), 404)
    problem(metrics.ask(path, "operator", "DELETE"), 404)
    assert made(metrics, "To be taken away", [VACANCIES], **APRIL) > report


def test_whoever_makes_one_is_told_where_it_does_not_survive_a_rebuild(metrics: Alone) -> None:
    """This metrics has one database for everything."""
    (remark,) = send(metrics, {"name": "Where it is kept", "questions": [VACANCIES]}).json()["remarks"]
    assert remark.startswith("It is kept in metrics' own database, and gone when that is made again: set WORKFORCE_")
