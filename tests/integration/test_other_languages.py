"""Feeds in Java and JavaScript: what the official SDKs write in every mode is taken, and is one event in all of them.

Invariant: an event that was accepted in one mode is known in the next: everything that it states was understood alike.
"""

import os
from typing import Any

import pytest

from tests.integration.arrival import arrival
from tests.integration.feed import Feed
from tests.other_languages.senders import SENDERS, Sender
from tests.parts import RealSystem

AUTHORITIES = {"java": "397", "javascript": "398"}
TRACE = {
    "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "tracestate": "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE",
    "partitionkey": "post/P-1",
    "kafkaoffset": 42,
}


@pytest.fixture(params=SENDERS, ids=lambda sender: sender.language)
def sender(request: pytest.FixtureRequest) -> Sender:
    """A sender whose SDK is there. Where its language is not it is skipped; under CI=true it fails."""
    language: Sender = request.param
    reason = language.why_not()
    if reason is not None:
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    language.get()
    return language


def event(id: str, subject: str, kind: str, data: dict[str, Any], **attributes: Any) -> dict[str, Any]:
    """An event as its system has it before the SDK writes it, with what a tracer and a broker have added."""
    stated = {
        "id": id,
        "source": "https://hr.example/feeds/1",
        "type": f"uk.workforce.{kind}.v1",
        "subject": subject,
        "time": "2023-10-02T09:30:00.250+01:00",
        "datacontenttype": "application/json; charset=utf-8",
        "dataschema": "https://hr.example/schemas/%C3%A9v%C3%A9nement",
        "data": data,
    }
    return stated | TRACE | attributes


async def test_what_the_sdk_of_another_language_writes_is_one_event_in_every_mode(
    sender: Sender, system: RealSystem, recruitment: Feed
) -> None:
    of = {"authority": AUTHORITIES[sender.language]}
    post = {
        "effective_from": "2023-04-01",
        "role": "social-worker",
        "funded_fte": 0.5,
        "team": "assessment",
        "service_area": "help-and-protection",
    }
    events = [
        event("1", "post/P-1", "post.established", post, supersedes=None, **of),
        event("2", "post/P-1", "post.established", post | {"funded_fte": 0.75}, supersedes="1", voids=None, **of),
        event("3", "post/P-1", "post.closed", {"closed_on": "2023-12-31"}, sourcesequence="0017", **of),
    ]
    answers = sender.send(f"{recruitment.url}/v1/events", events)
    assert [(mode, status, answer.get("status")) for mode, status, answer in answers] == [
        ("structured", 202, "accepted"),
        ("binary", 200, "already-known"),
    ] * 3 + [("batch", 202, None)]
    assert [result["status"] for result in answers[-1][2]["results"]] == ["already-known"] * 3
    assert all("notes" not in answer for _, _, answer in answers)

    await arrival(system.databases["metrics"], of["authority"], {"post/P-1"}, 3)
    metrics = Feed(system.metrics.url)
    asked = f"/v1/measures/establishment?authority={of['authority']}&as_at"
    assert metrics.get(f"{asked}=2023-10-31").json()["total"] == 0.8
    assert metrics.get(f"{asked}=2024-01-31").json()["total"] == 0
    told = metrics.get(f"/v1/subjects/post/P-1?authority={of['authority']}").json()["events"]
    assert [(one["source"], one["recorded"]) for one in told] == [
        ("https://hr.example/feeds/1", "2023-10-02T08:30:00.250000Z")
    ] * 3
