"""Our own figure beside DfE's, worked out from an authority's events.

Invariant: every figure expected here can be worked out on paper from what stands here.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio
from cloudevents.core.v1.event import CloudEvent

from tests.integration.arrival import arrival, until
from tests.integration.benchmarks import Loaded
from tests.integration.feed import Feed, cloud_event, fault
from tests.parts import RealSystem
from tests.unit.benchmarks.small_release import authority, england, file_of, region, turnover

OURS, WITHOUT_EVENTS = "395", "396"
RETURNED = datetime(2022, 10, 31, 12, tzinfo=UTC)
BEFORE_THE_LATE_LEAVER = "2022-11-30T12:00:00Z"
AFTER_THE_LATE_LEAVER = "2022-12-02T12:00:00Z"
ASKED = f"authority={OURS}&year=2022&release=own-2022"


def _event(kind: str, subject: str, data: Mapping[str, Any], recorded: datetime = RETURNED) -> CloudEvent:
    return cloud_event(kind, subject, f"{kind}-{subject.replace('/', '-')}", data, time=recorded, authority=OURS)


def _post(id: str, fte: float, **facts: Any) -> CloudEvent:
    data = {"effective_from": "2021-04-01", "role": "social-worker", "funded_fte": fte, "team": "assessment"}
    return _event("post.established", f"post/{id}", data | {"service_area": "help-and-protection"} | facts)


def _worker(id: str, post: str, fte: float) -> CloudEvent:
    data = {"started_on": "2021-09-01", "post": post, "fte": fte, "origin": "newly-qualified", "route": "academy"}
    return _event("worker.started", f"worker/{id}", data)


def _cover(id: str) -> CloudEvent:
    data = {"started_on": "2022-09-01", "agency_worker": f"A-{id}", "fte": 1, "reason": "vacancy", "post": "P-1"}
    return _event("cover.started", f"cover/{id}", data)


def _leaver(id: str, left_on: str, recorded: datetime) -> CloudEvent:
    data = {"left_on": left_on, "reason": "resignation", "destination": "not-known"}
    return _event("worker.left", f"worker/{id}", data, recorded)


TO_RECRUITMENT = (
    _post("P-1", 3, csww_role=5),
    _post("P-2", 1),
    _worker("W-1", "P-1", 1),
    _worker("W-2", "P-1", 0.5),
    _worker("W-3", "P-1", 1),
    _worker("W-4", "P-2", 1),
    _cover("C-1"),
    _cover("C-2"),
)
"""P-2 has no CSWW role: neither it nor W-4, who leaves it, is counted beside DfE's figures."""

TO_RETENTION = (
    _leaver("W-3", "2022-06-30", RETURNED),
    _leaver("W-4", "2022-07-31", RETURNED),
    _leaver("W-2", "2022-08-31", datetime(2022, 12, 1, 10, tzinfo=UTC)),
)
"""W-2's leaving in August was entered on 1 December only."""


@pytest_asyncio.fixture(scope="module")
async def metrics(system: RealSystem) -> Feed:
    """Metrics, when the whole history has arrived and a release has rows of both authorities."""
    sent = Feed(system.recruitment.url).batch(*TO_RECRUITMENT)
    assert sent.status_code == 202, sent.text
    assert Feed(system.retention.url).batch(*TO_RETENTION).status_code == 202
    release = file_of(
        england(),
        region("E12000005", "West Midlands"),
        authority(OURS, "Ours", measures=turnover("66.1")),
        authority(WITHOUT_EVENTS, "Without events"),
    )
    loading = Loaded(system.metrics.url, {}).load(release, "release=own-2022&published=2023-02-23", caller=None)
    assert loading.status_code == 201, loading.text
    subjects = {event.get_subject() or "" for event in (*TO_RECRUITMENT, *TO_RETENTION)}
    await arrival(system.databases["metrics"], OURS, subjects, len(TO_RECRUITMENT) + len(TO_RETENTION))
    return Feed(system.metrics.url)


def compared(metrics: Feed, measure: str, known: str = BEFORE_THE_LATE_LEAVER) -> dict[str, Any]:
    """The comparison of a measure for 2022, as known at an instant."""
    answer = metrics.get(f"/v1/benchmarks/{measure}?{ASKED}&as_known_at={known}")
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def test_our_own_figure_stands_beside_with_both_its_times(metrics: Feed) -> None:
    answer = compared(metrics, "turnover-rate")
    assert answer["authority"]["value"] == 66.1
    assert answer["as_known_at"] == BEFORE_THE_LATE_LEAVER
    assert answer["ours"] == {
        "code": OURS,
        "value": 66.7,  # W-3 of W-1 and half of W-2: 1 / 1.5
        "mark": None,
        "scope": "census",
        "from": "2021-10-01",
        "to": "2022-09-30",
        "as_at": "2022-09-30",
    }
    assert answer["differences"][-1] == (
        "Ours counts posts with a CSWW role, what happened in the twelve months up to 2022-09-30, as known at the "
        "instant asked for; DfE counts what the authority returned in that year's census, as it stood when the release "
        "was made."
    )


@pytest.mark.parametrize(
    ("measure", "before", "after"),
    [
        ("turnover-rate", 66.7, 150.0),  # 1.5 left, 1 is in post
        ("turnover-rate-headcount", 50.0, 200.0),
        ("vacancy-rate", 50.0, 66.7),
        ("agency-worker-rate", 57.1, 66.7),
        ("agency-worker-rate-headcount", 50.0, 66.7),
        ("agency-cover-rate", 100.0, 100.0),
        ("absence-rate", 0.0, 0.0),
        ("in-post", 1.5, 1.0),
        ("in-post-headcount", 2, 1),
        ("vacancies", 1.5, 2.0),
        ("leavers-fte", 1.0, 1.5),
        ("leavers", 1, 2),
        ("agency-headcount", 2, 2),
    ],
)
def test_ours_of_every_kind_as_known_at_an_instant(metrics: Feed, measure: str, before: float, after: float) -> None:
    assert compared(metrics, measure)["ours"]["value"] == before
    assert compared(metrics, measure, AFTER_THE_LATE_LEAVER)["ours"]["value"] == after


def test_of_low_reliability_is_marked_as_dfe_marks_it(metrics: Feed) -> None:
    answer = compared(metrics, "vacancy-agency-cover-rate")
    assert (answer["ours"]["value"], answer["ours"]["mark"]) == (133.3, "u")  # 2 of 1.5
    assert answer["marks"] == {"u": "of low reliability"}
    later = compared(metrics, "vacancy-agency-cover-rate", AFTER_THE_LATE_LEAVER)
    assert (later["ours"]["value"], later["ours"]["mark"], later["marks"]) == (100.0, None, {})


@pytest.mark.parametrize("measure", ["cases", "average-caseload"])
def test_what_nobody_counted_is_null_and_says_so(metrics: Feed, measure: str) -> None:
    answer = compared(metrics, measure)
    assert (answer["ours"]["value"], answer["ours"]["reason"]) == (None, "not-counted")
    assert answer["ours"]["as_at"] == "2022-09-30"
    assert "Ours counts posts with a CSWW role, what was so on 2022-09-30" in answer["differences"][-1]


@pytest.mark.parametrize(
    "asked",
    [f"authority={WITHOUT_EVENTS}&release=own-2022", f"{ASKED}&as_accepted_at=2022-12-31T00:00:00Z"],
    ids=["an authority without events", "before anything was accepted"],
)
@pytest.mark.parametrize("measure", ["turnover-rate", "leavers"])
def test_where_nothing_was_known_there_is_no_figure_of_ours_rather_than_a_zero(
    metrics: Feed, measure: str, asked: str
) -> None:
    answer = metrics.get(f"/v1/benchmarks/{measure}?{asked}").json()
    assert answer["authority"]["value"] is not None
    assert (answer["ours"]["value"], answer["ours"]["reason"]) == (None, "not-counted")
    assert answer["differences"][-1] == (
        "Nothing was known of the authority here as at that instant: we have no figure."
    )
    assert set(answer["links"]) == {"pinned"}


def test_as_accepted_when_is_stated(metrics: Feed) -> None:
    path = f"/v1/benchmarks/in-post?{ASKED}&as_known_at={BEFORE_THE_LATE_LEAVER}&as_accepted_at=2098-01-01T00:00:00Z"
    answer = metrics.get(path).json()
    assert (answer["as_accepted_at"], answer["ours"]["value"]) == ("2098-01-01T00:00:00Z", 1.5)


@pytest.mark.parametrize(
    ("measure", "total", "mark"),
    [
        ("turnover-rate", 66.7, None),
        ("vacancy-agency-cover-rate", 133.3, "u"),
        ("vacancies", 1.5, None),
        ("leavers-fte", 1.0, None),
    ],
)
def test_its_explanation_is_linked_and_comes_to_the_same(
    metrics: Feed, measure: str, total: float, mark: str | None
) -> None:
    link = compared(metrics, measure)["links"]["explanation"]
    assert f"as_known_at={BEFORE_THE_LATE_LEAVER}&as_accepted_at=" in link
    explained = metrics.get(link)
    assert explained.status_code == 200, explained.text
    body = explained.json()
    assert (body["total"], body.get("total_mark"), body["scope"]) == (total, mark, "census")


def test_the_pinned_link_gives_the_same_figures(metrics: Feed) -> None:
    answer = compared(metrics, "turnover-rate")
    again = metrics.get(answer["links"]["pinned"]).json()
    # Up to when it is complete moves on until it reaches the instant that pins it.
    same = set(answer) - {"links", "complete_until"}
    assert {name: again[name] for name in same} == {name: answer[name] for name in same}
    assert until(again["complete_until"]) >= until(answer["complete_until"])


def test_it_has_a_line_of_its_own_in_csv(metrics: Feed) -> None:
    path = f"/v1/benchmarks/turnover-rate?{ASKED}&as_known_at={BEFORE_THE_LATE_LEAVER}"
    lines, about = metrics.rows(path), metrics.about(path)
    assert [line["area"] for line in lines] == ["authority", "region", "england", "ours"]
    ours = lines[-1]
    assert (ours["code"], ours["value"]) == (OURS, "66.7")
    assert (about["as_at"], about["as_known_at"]) == ("2022-09-30", BEFORE_THE_LATE_LEAVER)


def test_the_instant_is_read_and_documented(metrics: Feed) -> None:
    refused = fault(metrics.get(f"/v1/benchmarks/turnover-rate?{ASKED}&as_known_at=2022-11-30"), 422)
    assert (refused["field"], refused["expected"]) == (
        "as_known_at",
        "an instant with its offset, as 2023-11-30T12:00:00Z",
    )
    document = metrics.get("/openapi.json").json()
    parameters = document["paths"]["/v1/benchmarks/{measure}"]["get"]["parameters"]
    assert {"as_known_at", "as_accepted_at"} < {item["name"] for item in parameters}
