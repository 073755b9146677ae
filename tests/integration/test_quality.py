"""Data quality over HTTP: from what the feeds took in to findings with their events, what would mend them, and effects.

Invariant: every finding expected here follows from the history written down below.
"""

import csv
from typing import Any

import httpx
import pytest
import pytest_asyncio

from services.metrics.quality.catalogue import CHECKS
from tests.integration.arrival import arrival
from tests.integration.feed import Feed, cloud_event, fault, problem
from tests.parts import RealSystem

AUTHORITY = "361"
KNOWN_THEN = "as_at=2023-10-31&as_known_at=2023-11-30T12:00:00Z"
GRAVE = "severity=moves-a-figure"


def _event(kind: str, subject: str, id: str, **data: Any) -> Any:
    return cloud_event(kind, subject, id, data, authority=AUTHORITY)


def _post(id: str) -> Any:
    facts = {"role": "social-worker", "funded_fte": 1, "team": "assessment", "service_area": "help-and-protection"}
    return _event("post.established", f"post/{id}", f"established-{id}", effective_from="2023-09-01", **facts)


def _start(worker: str, post: str) -> Any:
    came = {"origin": "newly-qualified", "route": "academy", "fte": 1}
    return _event("worker.started", f"worker/{worker}", f"started-{worker}", started_on="2023-09-04", post=post, **came)


TO_RECRUITMENT = (
    _post("P-1"),
    _post("P-2"),
    _start("W-1", "P-1"),
    _event("worker.moved", "worker/W-1", "moved-W-1", moved_on="2023-10-02", from_post="P-7", to_post="P-2", fte=0.5),
    _start("W-3", "P-9"),
)
TO_RETENTION = (
    _event(
        "worker.left", "worker/W-2", "left-W-2", left_on="2023-09-30", reason="resignation", destination="not-known"
    ),
)
SUBJECTS = {str(event.get_subject()) for event in (*TO_RECRUITMENT, *TO_RETENTION)}


@pytest_asyncio.fixture(scope="module")
async def metrics(system: RealSystem) -> Feed:
    """Metrics, when the whole history has arrived."""
    assert Feed(system.recruitment.url).batch(*TO_RECRUITMENT).status_code == 202
    assert Feed(system.retention.url).batch(*TO_RETENTION).status_code == 202
    await arrival(system.databases["metrics"], AUTHORITY, SUBJECTS, len(TO_RECRUITMENT) + len(TO_RETENTION))
    return Feed(system.metrics.url)


def asked(metrics: Feed, query: str = "") -> dict[str, Any]:
    """The answer as at 31 October, as known at the end of November."""
    answer = metrics.get(f"/v1/quality?authority={AUTHORITY}&{KNOWN_THEN}{query}")
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def test_the_summary_counts_what_every_check_found(metrics: Feed) -> None:
    body = asked(metrics)
    assert [line["check"] for line in body["summary"]] == list(CHECKS)
    assert {line["check"]: line["findings"] for line in body["summary"] if line["findings"]} == {
        "leaver-without-start": 1,
        "move-from-post-not-held": 1,
        "overlapping-occupancies": 1,
        "unknown-post": 1,
    }
    assert (body["count"], body["authority"], body["as_at"]) == (4, AUTHORITY, "2023-10-31")
    assert body["as_known_at"] == "2023-11-30T12:00:00Z"
    (left,) = (line for line in body["lateness"] if line["type"] == "uk.workforce.worker.left.v1")
    assert left == {
        "type": "uk.workforce.worker.left.v1",
        "events": 1,
        "late": 0,
        "median_days_late": None,
        "reason": "no-denominator",
    }


def test_a_finding_says_what_would_mend_it_and_names_its_events_and_where_they_came_from(metrics: Feed) -> None:
    (finding,) = asked(metrics, "&check=move-from-post-not-held")["findings"]
    assert finding["message"] == "worker/W-1 moved from post/P-7 on 2023-10-02, and held post/P-1."
    assert finding["severity"] == "moves-a-figure"
    assert finding["remedy"].startswith("Supersede the move with the post that was held")
    assert (finding["since"], finding["until"]) == ("2023-10-02", "2023-10-03")
    assert finding["subjects"] == ["worker/W-1", "post/P-7", "post/P-2"]
    moved, started = sorted(finding["events"], key=lambda event: str(event["id"]))
    assert (moved["id"], started["id"]) == ("moved-W-1", "started-W-1")
    assert moved["type"] == "uk.workforce.worker.moved.v1"
    assert moved["recorded"] == "2023-10-02T08:30:00Z"
    assert moved["provenance"]


def test_an_effect_is_the_difference_without_the_event_that_is_one_too_many(metrics: Feed) -> None:
    (finding,) = asked(metrics, "&check=move-from-post-not-held")["findings"]
    assert finding["effect"] == {
        "affected_fte": "0",
        "without": [{"source": "/coventry/hr", "id": "moved-W-1"}],
        "would_differ_by": {"in-post": "-0.5", "vacancies": "0.5", "uncovered-vacancies": "0.5"},
    }


def test_where_it_is_not_plain_which_is_wrong_the_fte_in_question_is_told(metrics: Feed) -> None:
    unknown, overlapping = (
        asked(metrics, f"&check={check}")["findings"][0] for check in ("unknown-post", "overlapping-occupancies")
    )
    assert (unknown["until"], unknown["effect"]) == (None, {"affected_fte": "1"})
    assert overlapping["effect"] == {"affected_fte": "0.5"}


def test_findings_come_page_by_page(metrics: Feed) -> None:
    whole = [finding["message"] for finding in asked(metrics, f"&{GRAVE}")["findings"]]
    first = asked(metrics, f"&{GRAVE}&limit=3")
    assert (first["count"], len(first["findings"])) == (4, 3)
    second = metrics.get(first["links"]["next"]).json()
    assert [finding["message"] for finding in (*first["findings"], *second["findings"])] == whole
    assert "next" not in second["links"]
    assert asked(metrics, "&severity=for-information")["findings"] == []


def test_findings_can_be_had_as_csv(metrics: Feed) -> None:
    path = f"/v1/quality?authority={AUTHORITY}&{KNOWN_THEN}"
    answer = metrics.get(path, accept="text/csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    lines = {line["check"]: line for line in csv.DictReader(answer.text.splitlines())}
    assert len(lines) == 4
    moved = lines["move-from-post-not-held"]
    assert set(moved["events"].split()) == {"/coventry/hr#moved-W-1", "/coventry/hr#started-W-1"}
    assert (moved["without"], moved["in-post"], moved["agency"]) == ("/coventry/hr#moved-W-1", "-0.5", "0")
    assert (lines["unknown-post"]["affected_fte"], lines["unknown-post"]["in-post"]) == ("1", "")
    about = metrics.about(path)
    assert (about["authority"], about["as_known_at"]) == (AUTHORITY, "2023-11-30T12:00:00Z")


def test_the_same_findings_have_the_same_etag(metrics: Feed) -> None:
    path = f"/v1/quality?authority={AUTHORITY}&{KNOWN_THEN}"
    tag = metrics.get(path).headers["etag"]
    again = httpx.get(metrics.url + path, headers={"if-none-match": tag}, timeout=60, trust_env=False)
    assert (again.status_code, again.content) == (304, b"")


def test_before_anything_was_known_there_is_nothing_to_check(metrics: Feed) -> None:
    answer = metrics.get(f"/v1/quality?authority={AUTHORITY}&as_known_at=2000-01-01T00:00:00Z")
    assert problem(answer, 404)["detail"] == f"No event of authority {AUTHORITY} was known at 2000-01-01T00:00:00Z."


@pytest.mark.parametrize(
    ("query", "field", "expected"),
    [
        ("", "authority", "three digits, as 331"),
        ("authority=all", "authority", "one authority, as 331"),
        ("authority=361&check=leavers", "check", "leaver-without-start"),
        ("authority=361&severity=grave", "severity", "moves-a-figure, may-move-a-figure, for-information"),
        ("authority=361&as_at=31/10/2023", "as_at", "a date as 2023-10-31"),
        ("authority=361&limit=0", "limit", "a whole number from 1 to 1000"),
        ("authority=361&by=role", "by", "check, severity"),
    ],
)
def test_a_parameter_that_cannot_be_read_is_named(metrics: Feed, query: str, field: str, expected: str) -> None:
    refused = fault(metrics.get(f"/v1/quality?{query}"), 422)
    assert refused["field"] == field
    assert expected in refused["expected"]


def test_every_check_is_listed_with_what_it_means_and_what_would_mend_it(metrics: Feed) -> None:
    body = metrics.get("/v1/quality/checks").json()
    assert [check["check"] for check in body["checks"]] == list(CHECKS)
    assert list(body["checks"][0]) == ["check", "title", "severity", "meaning", "remedy", "moves"]
    assert [item["severity"] for item in body["severities"]] == [
        "moves-a-figure",
        "may-move-a-figure",
        "for-information",
    ]
