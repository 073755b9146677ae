"""What a caller has once asked for need not be sent again while nothing has changed.

Invariant: the tag of an answer follows from what it says, so it outlives the process that answered.
"""

from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.integration.arrival import arrival
from tests.integration.feed import Feed, worker_started
from tests.integration.year import sent
from tests.parts import RealSystem

AUTHORITY = "385"
OF = f"authority={AUTHORITY}"
PATHS = [
    f"/v1/measures/vacancies?{OF}&by=role",
    f"/v1/measures/vacancies?{OF}&as_at=2023-10-31",
    f"/v1/measures/turnover-rate?{OF}&census_year=2024",
    f"/v1/measures/starters/series?{OF}&from=2023-04-01&to=2024-03-31",
    f"/v1/measures/vacancies/explanation?{OF}",
    f"/v1/measures/turnover-rate/explanation?{OF}&census_year=2024",
    f"/v1/subjects/worker/W-3?{OF}",
    f"/v1/changes?{OF}&from_known=2023-11-30T12:00:00Z&as_at=2023-10-31",
    "/v1/measures",
]


@pytest_asyncio.fixture(scope="module")
async def metrics(system: RealSystem) -> Feed:
    return await sent(system, AUTHORITY)


def asked(metrics: Feed, path: str, **headers: str) -> httpx.Response:
    answer: Any = httpx.get(metrics.url + path, headers=headers, timeout=60, trust_env=False)
    assert isinstance(answer, httpx.Response)
    return answer


@pytest.mark.parametrize("path", PATHS)
def test_the_same_answer_has_the_same_tag_and_is_not_sent_again(metrics: Feed, path: str) -> None:
    first, second = asked(metrics, path), asked(metrics, path)
    tag = first.headers["etag"]
    assert second.headers["etag"] == tag
    assert first.headers["cache-control"] == "private, no-cache"
    for held in (tag, f"W/{tag}", f'"another", {tag}', "*"):
        answer = asked(metrics, path, **{"If-None-Match": held})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag)
    for held in ('"another"', tag.strip('"'), ""):
        assert asked(metrics, path, **{"If-None-Match": held}).status_code == 200


def test_json_and_csv_have_tags_of_their_own(metrics: Feed) -> None:
    for path in (path for path in PATHS if "/subjects" not in path and "turnover-rate/" not in path and "?" in path):
        as_json, as_csv = (asked(metrics, path, Accept=kind) for kind in ("application/json", "text/csv"))
        assert as_csv.headers["content-type"] == "text/csv; charset=utf-8"
        assert as_json.headers["etag"] != as_csv.headers["etag"]
        held = {"If-None-Match": as_json.headers["etag"]}
        assert asked(metrics, path, Accept="text/csv", **held).status_code == 200


def test_tags_outlive_a_restart(system: RealSystem, metrics: Feed) -> None:
    tags = {path: asked(metrics, path).headers["etag"] for path in PATHS}
    system.metrics.restart()
    assert {path: asked(metrics, path).headers["etag"] for path in PATHS} == tags


async def test_an_event_that_moves_a_figure_gives_it_another_tag_and_leaves_others(
    system: RealSystem, recruitment: Feed, metrics: Feed, new: str
) -> None:
    moved = [f"/v1/measures/in-post?{OF}", f"/v1/measures/in-post/explanation?{OF}", f"/v1/measures/starters?{OF}"
             "&from=2023-09-01&to=2023-09-30"]  # fmt: skip
    lasting = [f"/v1/measures/establishment?{OF}", f"/v1/measures/in-post?{OF}&as_known_at=2023-09-01T00:00:00Z",
               f"/v1/measures/in-post?{OF}&as_at=2023-08-31", f"/v1/subjects/worker/W-3?{OF}"]  # fmt: skip
    before = {path: asked(metrics, path).headers.get("etag") for path in moved + lasting}
    assert recruitment.structured(worker_started(new, new, authority=AUTHORITY)).status_code == 202
    await arrival(system.databases["metrics"], AUTHORITY, {f"worker/{new}"}, 1)
    after = {path: asked(metrics, path).headers.get("etag") for path in moved + lasting}
    assert [path for path in before if before[path] != after[path]] == moved


@pytest.mark.parametrize("path", [*PATHS, "/health/live", "/metrics"])
def test_head_says_of_an_answer_all_but_its_body(metrics: Feed, path: str) -> None:
    for accept in ("application/json", "text/csv"):
        whole = asked(metrics, path, Accept=accept)
        head = httpx.head(metrics.url + path, headers={"Accept": accept}, timeout=60, trust_env=False)
        assert (head.status_code, head.content) == (200, b"")
        for name in ("etag", "content-type", "vary", "cache-control"):
            assert head.headers.get(name) == whole.headers.get(name)
        if "etag" in head.headers:
            held = {"If-None-Match": head.headers["etag"], "Accept": accept}
            assert httpx.head(metrics.url + path, headers=held, timeout=60, trust_env=False).status_code == 304


def test_head_is_refused_where_there_is_nothing_to_get(system: RealSystem, metrics: Feed) -> None:
    assert httpx.head(f"{metrics.url}/v1/measures/nothing?{OF}", timeout=60, trust_env=False).status_code == 404
    refused = httpx.head(f"{system.recruitment.url}/v1/events", timeout=60, trust_env=False)
    assert (refused.status_code, refused.headers["allow"]) == (405, "POST")
