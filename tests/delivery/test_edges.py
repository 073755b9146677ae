"""What the door accepts counts: events at the edges of what can be stated, from the request to the figure.

Invariant: each event establishes a post of its own, so that the number of posts tells how many came through.
"""

import json
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.delivery.feed import BATCH, Stated, post_established
from tests.delivery.observing import dead_letters, events_in, eventually, total
from tests.parts import RealSystem

ACCEPTED_INSTANTS = [
    "1948-01-01T00:00:00Z",
    "1948-01-01T00:00:00-23:59",
    "2023-10-31T08:00:00.1234567Z",
    "2023-10-31T08:00:00.999999999Z",
    "2023-10-31T08:00:00-00:00",
    "2023-10-31T08:00Z",
    "2023-10-31t08:00:00z",
]
REFUSED_INSTANTS = [
    "1948-01-01T00:00:00+01:00",
    "1947-12-31T23:30:00-01:00",
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59",
    "2023-10-31T24:00:00Z",
    "2016-12-31T23:59:60Z",
    "2023-10-31T08:00:00+01:00:30",
    "٢٠٢٣-10-31T08:00:00Z",
    "2023-10-31T08:00:00Z\u0000",
]
ACCEPTED_DATA: list[dict[str, Any]] = [
    {"effective_from": "1948-01-01"},
    {"funded_fte": 0.000001},
    {"funded_fte": 1e-6},
    {"funded_fte": 1.0},
    {"grade": None},
]
REFUSED_DATA: list[dict[str, Any]] = [
    {"effective_from": "1947-12-31"},
    {"effective_from": "٢٠٢٣-01-01"},
    {"funded_fte": 1e-7},
    {"funded_fte": float("nan")},
    {"funded_fte": float("inf")},
    {"team": "a\u0000b"},
    {"team": "\ud800"},
    {"team": "[" * 5000},
]


def stated(authority: str, time: str | None, data: dict[str, Any], number: int) -> Stated:
    """A post's establishment, with these other values."""
    event = post_established(f"P-{number}", authority)
    event["data"] = event["data"] | data
    return event | ({} if time is None else {"time": time})


@pytest.mark.parametrize("mode", ["batch", "structured", "binary"])
async def test_what_the_door_accepts_counts_and_what_it_refuses_is_told(standing_system: RealSystem, mode: str) -> None:
    system, authority = standing_system, {"batch": "121", "structured": "122", "binary": "123"}[mode]
    before = len(await dead_letters(system.broker))
    cases = [
        *[(time, {}, True) for time in ACCEPTED_INSTANTS],
        *[(time, {}, False) for time in REFUSED_INSTANTS],
        *[(None, data, True) for data in ACCEPTED_DATA],
        *[(None, data, False) for data in REFUSED_DATA],
    ]
    events = [stated(authority, time, data | {"role": "social-worker"}, n) for n, (time, data, _) in enumerate(cases)]
    answers = await sent(system.recruitment.url, events, mode)
    assert answers == ["accepted" if right else "rejected" for _, _, right in cases]

    # (Figures are rounded: the millionths do not show.)
    posts = sum(right for _, data, right in cases if data.get("funded_fte", 1) == 1)
    await eventually(lambda: total(system.metrics, "establishment", authority), float(posts))
    assert await events_in(system.databases["metrics"], "inbox", authority) == answers.count("accepted")
    assert len(await dead_letters(system.broker)) == before


async def sent(url: str, events: list[Stated], mode: str) -> list[str]:
    """What becomes of each event, sent in this mode."""
    async with httpx.AsyncClient(timeout=60, trust_env=False, base_url=url) as client:
        if mode == "batch":
            answer = await client.post("/v1/events", content=json.dumps(events), headers=BATCH)
            return [result["status"] for result in answer.json()["results"]]
        answers = [await client.post("/v1/events", **request(event, mode)) for event in events]
    assert {answer.status_code for answer in answers} <= {202, 422}
    return ["accepted" if answer.status_code == 202 else "rejected" for answer in answers]


def request(event: Stated, mode: str) -> dict[str, Any]:
    """Body and headers of an event in structured or binary mode."""
    if mode == "structured":
        return {"content": json.dumps(event), "headers": {"content-type": "application/cloudevents+json"}}
    headers = {f"ce-{name}": quote(value) for name, value in event.items() if name != "data"}
    return {"content": json.dumps(event["data"]), "headers": headers | {"content-type": "application/json"}}
