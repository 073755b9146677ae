"""The academy and survival over HTTP: a cohort of four written down by hand, one of whom leaves and is entered late.

Invariant: every figure expected here can be worked out on paper from the events below.
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

AUTHORITY = "352"
AS_AT = "2023-11-30"
BEFORE_THE_LATE_LEAVER, AFTER_IT = "2023-11-30T17:00:00Z", "2023-12-15T17:00:00Z"
ASKED = f"authority={AUTHORITY}&as_at={AS_AT}&as_known_at={AFTER_IT}"


def _fact(kind: str, subject: str, id: str, /, **data: Any) -> CloudEvent:
    return cloud_event(kind, subject, id, data, authority=AUTHORITY)


def _post(post: str, role: str) -> CloudEvent:
    facts = {"effective_from": "2022-01-01", "role": role, "funded_fte": 9, "team": "academy-team-1"}
    return _fact("post.established", f"post/{post}", f"established-{post}", service_area="academy", **facts)


def _start(worker: str, cohort: str, started_on: str) -> CloudEvent:
    how = {"origin": "newly-qualified", "route": "academy", "cohort": cohort}
    return _fact(
        "worker.started", f"worker/{worker}", f"start-{worker}", started_on=started_on, post="P-NQ", fte=1, **how
    )


def _left(worker: str, left_on: str, recorded: datetime) -> CloudEvent:
    data = {"left_on": left_on, "reason": "resignation", "destination": "not-known"}
    return cloud_event("worker.left", f"worker/{worker}", f"left-{worker}", data, time=recorded, authority=AUTHORITY)


def _passed(worker: str) -> CloudEvent:
    panel = {"panel": "ASYE-2023-01", "decided_on": "2023-01-09", "kind": "asye", "decision": "passed"}
    return _fact("panel.decided", f"worker/{worker}", f"panel-{worker}", **panel)


TO_RECRUITMENT = (
    _fact(
        "cohort.opened",
        "cohort/winter-2022",
        "opened-1",
        entry_on="2022-01-17",
        completes_on="2023-01-17",
        academy_team="academy-team-1",
        places=8,
    ),
    _fact("cohort.opened", "cohort/autumn-2023", "opened-2", entry_on="2023-09-11", completes_on="2024-09-11"),
    _post("P-NQ", "newly-qualified-social-worker"),
    _post("P-SW", "social-worker"),
    _start("W-1", "winter-2022", "2022-01-17"),
    _start("W-2", "winter-2022", "2022-01-17"),
    _start("W-3", "winter-2022", "2022-01-17"),
    _start("W-4", "winter-2022", "2022-01-17"),
    _start("W-5", "autumn-2023", "2023-09-11"),
    _fact("worker.moved", "worker/W-1", "moved-1", moved_on="2023-01-23", from_post="P-NQ", to_post="P-SW", fte=1),
    _fact("worker.moved", "worker/W-2", "moved-2", moved_on="2023-01-23", from_post="P-NQ", to_post="P-SW", fte=1),
)
TO_RETENTION = (
    _passed("W-1"),
    _passed("W-2"),
    _left("W-3", "2022-07-01", datetime(2022, 7, 4, 9, tzinfo=UTC)),
    _left("W-2", "2023-11-01", datetime(2023, 12, 4, 9, tzinfo=UTC)),
)
"""W-3 leaves after 165 days, in the year; W-2 after 653, having progressed, and is entered a month late. W-4 is still
without a decision."""
SUBJECTS = {event.get_subject() or "" for event in (*TO_RECRUITMENT, *TO_RETENTION)}
OTHER = "862"
OF_OTHERS = tuple(
    cloud_event(kind, subject, f"{id}-{OTHER}", data, authority=OTHER)
    for kind, subject, id, data in (
        (
            "cohort.opened",
            "cohort/winter-2022",
            "opened-1",
            {"entry_on": "2022-02-14", "completes_on": "2023-02-14", "places": 3},
        ),
        (
            "post.established",
            "post/P-NQ",
            "established-P-NQ",
            {
                "effective_from": "2022-01-01",
                "role": "newly-qualified-social-worker",
                "funded_fte": 9,
                "team": "academy-team-9",
                "service_area": "academy",
            },
        ),
        (
            "worker.started",
            "worker/W-1",
            "start-W-1",
            {
                "started_on": "2022-02-14",
                "post": "P-NQ",
                "fte": 1,
                "origin": "newly-qualified",
                "route": "academy",
                "cohort": "winter-2022",
            },
        ),
    )
)
"""A cohort, a post and a worker of another authority under the same names."""


@pytest_asyncio.fixture(scope="module")
async def metrics(system: RealSystem) -> Feed:
    """Metrics, when all of it has arrived."""
    assert Feed(system.recruitment.url).batch(*TO_RECRUITMENT, *OF_OTHERS).status_code == 202
    assert Feed(system.retention.url).batch(*TO_RETENTION).status_code == 202
    await arrival(system.databases["metrics"], AUTHORITY, SUBJECTS, len(TO_RECRUITMENT) + len(TO_RETENTION))
    others = {event.get_subject() or "" for event in OF_OTHERS}
    await arrival(system.databases["metrics"], OTHER, others, len(OF_OTHERS))
    return Feed(system.metrics.url)


def counts(figures: dict[str, Any]) -> dict[str, Any]:
    """The figures of a row that are not 0."""
    beside = ("cohort", "entry_on", "completes_on", "completed", "academy_team", "places")
    return {name: value for name, value in figures.items() if name not in beside and value not in (0, None)}


def test_each_cohort_in_the_order_of_entry_and_over_all(metrics: Feed) -> None:
    answer = metrics.get(f"/v1/academy/cohorts?{ASKED}").json()
    assert [row["cohort"] for row in answer["rows"]] == ["winter-2022", "autumn-2023"]
    winter, autumn = answer["rows"]
    assert (winter["entry_on"], winter["completes_on"], winter["completed"]) == ("2022-01-17", "2023-01-17", True)
    assert (winter["academy_team"], winter["places"]) == ("academy-team-1", 8)
    assert counts(winter) == {
        "started": 4,
        "passed": 2,
        "in_the_year": 1,
        "left": 2,
        "left_during": 1,
        "left_after": 1,
        "progressed": 2,
        "in_post": 2,
        "progressed_share": 50.0,
        "retention": 50.0,
        "mean_service_years": 1.9,  # 682 days
        "mean_service_years_of_all": 1.5,  # (682 + 653 + 165 + 682) / 4 = 545.5 days
        "mean_days_to_progress": 371.0,  # 17 January 2022 to 23 January 2023, both
    }
    assert (autumn["completed"], autumn["places"]) == (False, None)
    assert counts(autumn) == {
        "started": 1,
        "in_the_year": 1,
        "in_post": 1,
        "retention": 100.0,
        "mean_service_years": 0.2,  # 80 days
        "mean_service_years_of_all": 0.2,
        "reason": "no-denominator",  # of the days to progress: nobody has
    }
    assert (answer["over_all"]["started"], answer["over_all"]["in_post"], answer["over_all"]["retention"]) == (
        5,
        3,
        60.0,
    )


def test_a_cohort_of_the_same_name_in_another_authority_is_its_own(metrics: Feed) -> None:
    asked = f"authority={OTHER}&as_at={AS_AT}&as_known_at={AFTER_IT}"
    (winter,) = metrics.get(f"/v1/academy/cohorts?{asked}").json()["rows"]
    assert (winter["cohort"], winter["entry_on"], winter["completes_on"]) == ("winter-2022", "2022-02-14", "2023-02-14")
    assert (winter["academy_team"], winter["places"]) == (None, 3)
    # W-1 of the other authority has not progressed, nor passed.
    assert counts(winter) == {
        "started": 1,
        "in_the_year": 1,
        "in_post": 1,
        "retention": 100.0,
        "mean_service_years": 1.8,  # 654 days
        "mean_service_years_of_all": 1.8,
        "reason": "no-denominator",
    }


@pytest.mark.parametrize(
    ("cohorts", "names", "started"),
    [
        ("all", ["winter-2022", "autumn-2023"], 5),
        ("completed", ["winter-2022"], 4),
        ("running", ["autumn-2023"], 1),
    ],
)
def test_completed_and_running_cohorts_apart(metrics: Feed, cohorts: str, names: list[str], started: int) -> None:
    answer = metrics.get(f"/v1/academy/cohorts?{ASKED}&cohorts={cohorts}").json()
    assert ([row["cohort"] for row in answer["rows"]], answer["over_all"]["started"]) == (names, started)


def test_every_figure_carries_the_name_of_its_definition(metrics: Feed) -> None:
    answer = metrics.get(f"/v1/academy/cohorts?{ASKED}").json()
    assert list(answer["definitions"]) == list(answer["over_all"])
    for definition in answer["definitions"].values():
        assert definition["title"]
        assert definition["definition"].endswith(".")
        assert definition["source"]


@pytest.mark.parametrize(
    ("as_known_at", "retention", "left_after"), [(BEFORE_THE_LATE_LEAVER, 75.0, 0), (AFTER_IT, 50.0, 1)]
)
def test_as_known_before_and_after_a_leaver_was_entered_late(
    metrics: Feed, as_known_at: str, retention: float, left_after: int
) -> None:
    asked = f"authority={AUTHORITY}&as_at={AS_AT}&as_known_at={as_known_at}&cohorts=completed"
    over_all = metrics.get(f"/v1/academy/cohorts?{asked}").json()["over_all"]
    assert (over_all["retention"], over_all["left_after"]) == (retention, left_after)
    survival = metrics.get(f"/v1/survival?{asked}&of=academy-members").json()
    assert survival["left"] == 1 + left_after


def test_every_figure_of_every_cohort_is_explained_by_as_many_members(metrics: Feed) -> None:
    answer = metrics.get(f"/v1/academy/cohorts?{ASKED}").json()
    for row in [*answer["rows"], {"cohort": "all"} | answer["over_all"]]:
        for outcome in ("started", "passed", "failed", "left_during", "left_after", "progressed", "in_post"):
            members = metrics.get(f"/v1/academy/cohorts/{row['cohort']}?{ASKED}&outcome={outcome}").json()
            assert members["count"] == len(members["members"]) == row[outcome]
            assert all(outcome in member["outcomes"] for member in members["members"])


def test_what_is_known_of_a_member_down_to_the_events(metrics: Feed) -> None:
    answer = metrics.get(f"/v1/academy/cohorts/winter-2022?{ASKED}&outcome=left_after").json()
    assert answer["figures"]["started"] == 4
    (member,) = answer["members"]
    events = member.pop("events")
    assert member == {
        "worker": "W-2",
        "cohort": "winter-2022",
        "started_on": "2022-01-17",
        "passed_on": "2023-01-09",
        "failed_on": None,
        "deferred_on": None,
        "progressed_on": "2023-01-23",
        "left_on": "2023-11-01",
        "reason": "resignation",
        "destination": "not-known",
        "service_days": 653,
        "outcomes": ["started", "passed", "left", "left_after", "progressed"],
    }
    assert events == f"/v1/subjects/worker/W-2?authority={AUTHORITY}&as_known_at={AFTER_IT}"
    ids = [event["id"] for event in metrics.get(events).json()["events"]]
    assert sorted(ids) == ["left-W-2", "moved-2", "panel-W-2", "start-W-2"]


def test_members_come_page_by_page(metrics: Feed) -> None:
    first = metrics.get(f"/v1/academy/cohorts/all?{ASKED}&limit=3").json()
    second = metrics.get(first["links"]["next"]).json()
    assert [member["worker"] for member in first["members"]] == ["W-1", "W-2", "W-3"]
    assert [member["worker"] for member in second["members"]] == ["W-4", "W-5"]
    assert first["count"] == second["count"] == 5
    assert "next" not in second["links"]


def test_cohorts_as_csv_and_those_over_all(metrics: Feed) -> None:
    path = f"/v1/academy/cohorts?{ASKED}&cohorts=completed"
    lines, about = metrics.rows(path), metrics.about(path)
    assert [(line["cohort"], line["started"], line["retention"]) for line in lines] == [("winter-2022", "4", "50.0")]
    assert (about["cohorts"], about["over_all.started"], about["over_all.retention"]) == ("completed", "4", "50.0")
    assert (about["authority"], about["as_at"], about["as_known_at"]) == (AUTHORITY, AS_AT, AFTER_IT)


def test_members_as_csv(metrics: Feed) -> None:
    answer = metrics.get(f"/v1/academy/cohorts/winter-2022?{ASKED}&outcome=left", accept="text/csv")
    lines = list(csv.DictReader(answer.text.splitlines()))
    assert [(line["worker"], line["left_on"]) for line in lines] == [("W-2", "2023-11-01"), ("W-3", "2022-07-01")]


SURVIVAL = f"{ASKED}&of=academy-members&cohort=winter-2022"


def test_survival_of_a_cohort_by_day_worked_out_on_paper(metrics: Feed) -> None:
    answer = metrics.get(f"/v1/survival?{SURVIVAL}&points=days").json()
    assert (answer["count"], answer["left"], answer["in_post"]) == (4, 2, 2)
    assert (answer["median_days"], answer["median_years"]) == (653, 1.79)
    assert [
        (point["days"], point["at_risk"], point["left"], point["censored"], point["survival"])
        for point in answer["points"]
    ] == [(165, 4, 1, 0, 0.75), (653, 3, 1, 0, 0.5), (682, 2, 0, 2, 0.5)]
    # 0.75 to the power of exp of plus and minus 1.959964 x root(1/12) / ln(4/3)
    assert (answer["points"][0]["lower"], answer["points"][0]["upper"]) == (0.127947, 0.960549)
    assert answer["at_risk_by_year"] == [{"years": 0, "at_risk": 4}, {"years": 1, "at_risk": 3}]


def test_survival_of_a_cohort_by_month(metrics: Feed) -> None:
    points = metrics.get(f"/v1/survival?{SURVIVAL}").json()["points"]
    assert [point["months"] for point in points] == list(range(24))
    assert [point["days"] for point in points[:3]] == [0.0, 30.4375, 60.875]
    assert [point["months"] for point in points if point["left"]] == [6, 22]
    assert [point["survival"] for point in points] == [1.0] * 6 + [0.75] * 16 + [0.5] * 2
    assert sum(point["censored"] for point in points) == 2
    assert (points[0]["lower"], points[0]["upper"], points[0]["at_risk"]) == (1.0, 1.0, 4)


def test_survival_of_spells_by_how_people_came_and_when(metrics: Feed) -> None:
    def count(query: str) -> int:
        answer: int = metrics.get(f"/v1/survival?{ASKED}&{query}").json()["count"]
        return answer

    assert count("route=academy") == 5
    assert count("route=direct") == 0
    assert count("cohort=autumn-2023") == 1
    assert count("role=newly-qualified-social-worker&from=2022-01-01&to=2022-12-31") == 4
    assert count("scope=census") == 0  # no post has a CSWW role


def test_survival_by_a_dimension_has_a_curve_for_each_value_beside_that_of_all(metrics: Feed) -> None:
    asked = f"/v1/survival?{ASKED}&of=academy-members&by=cohort"
    answer = metrics.get(asked).json()
    assert (answer["by"], answer["count"]) == (["cohort"], 5)
    rows = {row["cohort"]: row for row in answer["rows"]}
    assert {cohort: (row["count"], row["left"]) for cohort, row in rows.items()} == {
        "autumn-2023": (1, 0),
        "winter-2022": (4, 2),
    }
    alone = metrics.get(f"/v1/survival?{SURVIVAL}").json()
    assert rows["winter-2022"]["points"] == alone["points"]
    lines = metrics.rows(f"{asked}&points=days")
    assert [(line["cohort"], line["days"], line["survival"]) for line in lines if line["cohort"] == "winter-2022"] == [
        ("winter-2022", "165", "0.75"),
        ("winter-2022", "653", "0.5"),
        ("winter-2022", "682", "0.5"),
    ]


def test_survival_of_nobody_has_no_points(metrics: Feed) -> None:
    answer = metrics.get(f"/v1/survival?{ASKED}&route=direct").json()
    assert (answer["points"], answer["median_days"], answer["left"]) == ([], None, 0)


def test_survival_as_csv(metrics: Feed) -> None:
    path = f"/v1/survival?{SURVIVAL}&points=days"
    assert [(line["days"], line["survival"]) for line in metrics.rows(path)] == [
        ("165", "0.75"),
        ("653", "0.5"),
        ("682", "0.5"),
    ]
    assert metrics.about(path)["where.cohort"] == "winter-2022"


@pytest.mark.parametrize("path", ["/v1/academy/cohorts", "/v1/academy/cohorts/winter-2022", "/v1/survival"])
def test_an_answer_that_is_held_already_is_not_sent_again(metrics: Feed, path: str) -> None:
    # Asked as known now, which is another instant each time.
    address = f"{metrics.url}{path}?authority={AUTHORITY}&as_at={AS_AT}"
    first = httpx.get(address, timeout=60, trust_env=False)
    again = httpx.get(address, headers={"if-none-match": first.headers["etag"]}, timeout=60, trust_env=False)
    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")
    pinned = first.json()["links"]["pinned"]
    assert complete(metrics, pinned).content == metrics.get(pinned).content


@pytest.mark.parametrize("path", ["/v1/academy/cohorts/spring-2022?", "/v1/survival?cohort=spring-2022&"])
def test_an_unknown_cohort_is_answered_with_those_there_are(metrics: Feed, path: str) -> None:
    refusal = problem(metrics.get(f"{path}{ASKED}"), 404)
    assert refusal["cohorts"] == ["winter-2022", "autumn-2023"]


@pytest.mark.parametrize("path", ["/v1/academy/cohorts", "/v1/academy/cohorts/all", "/v1/survival"])
@pytest.mark.parametrize("instant", ["as_known_at", "as_accepted_at"])
def test_an_authority_of_which_nothing_was_known_has_no_figures(metrics: Feed, path: str, instant: str) -> None:
    answer = metrics.get(f"{path}?authority={AUTHORITY}&{instant}=2000-01-01T00:00:00Z")
    assert f"No event of authority {AUTHORITY}" in problem(answer, 404)["detail"]


@pytest.mark.parametrize(
    ("query", "field", "expected"),
    [
        ("/v1/academy/cohorts?authority=all", "authority", "one authority"),
        ("/v1/academy/cohorts?authority=352&cohorts=old", "cohorts", "all, completed, running"),
        ("/v1/academy/cohorts?authority=352&as_known=2023-11-30T17:00:00Z", "as_known", "as_known_at"),
        ("/v1/academy/cohorts/all?authority=352&outcome=happy", "outcome", "left_during"),
        ("/v1/survival?authority=352&points=years", "points", "days, months"),
        ("/v1/survival?authority=352&of=spells&cohorts=completed", "cohorts", "of=academy-members"),
        ("/v1/survival?authority=352&of=academy-members&scope=census", "scope", "in any post"),
        ("/v1/survival?authority=352&csww_role=9", "csww_role", "not-stated, or one of 1, 2, 3"),
    ],
)
def test_a_parameter_that_is_wrong_is_named_with_what_would_be_right(
    metrics: Feed, query: str, field: str, expected: str
) -> None:
    refused = fault(metrics.get(query), 422)
    assert refused["field"] == field
    assert expected in refused["expected"]


def test_the_documentation_shows_an_example_of_each_answer(metrics: Feed) -> None:
    paths = metrics.get("/openapi.json").json()["paths"]
    for path in ("/v1/academy/cohorts", "/v1/academy/cohorts/{cohort}", "/v1/survival"):
        operation = paths[path]["get"]
        assert operation["responses"]["200"]["content"]["application/json"]["example"]["authority"] == "331"
        assert {"authority", "as_at", "as_known_at", "as_accepted_at"} <= {
            parameter["name"] for parameter in operation["parameters"]
        }
