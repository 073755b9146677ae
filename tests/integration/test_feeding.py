"""What an HR system is told about the events it sends, one by one.

Invariant: the services are real processes and the requests those of the official CloudEvents SDK.
"""

import gzip
import json
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone

import httpx
import pytest
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from tests.integration.feed import (
    BATCH,
    RECORDED,
    STRUCTURED,
    Feed,
    cloud_event,
    fault,
    post_established,
    problem,
    worker_left,
    worker_started,
    written,
)

Send = Callable[[Feed, CloudEvent], httpx.Response]
HR = "/coventry/hr"
each_mode = pytest.mark.parametrize("send", [Feed.structured, Feed.binary], ids=["structured", "binary"])


@each_mode
def test_an_event_is_accepted_and_known_when_it_is_sent_again(recruitment: Feed, new: str, send: Send) -> None:
    event = post_established(new, new)
    first = send(recruitment, event)
    assert first.status_code == 202
    assert first.json()["id"] == new
    assert first.json()["status"] == "accepted"
    accepted_at = first.json()["accepted_at"]
    assert accepted_at.endswith("Z")
    again = send(recruitment, event)
    assert again.status_code == 200
    assert again.json() == {"id": new, "source": HR, "status": "already-known", "accepted_at": accepted_at}


def test_an_event_is_known_in_every_mode_whichever_brought_it(recruitment: Feed, new: str) -> None:
    event = post_established(new, new)
    assert recruitment.binary(event).status_code == 202
    assert recruitment.structured(event).status_code == 200
    (result,) = recruitment.batch(event).json()["results"]
    assert result["status"] == "already-known"


def test_an_event_that_is_written_otherwise_is_the_same(recruitment: Feed, new: str) -> None:
    event = written(post_established(new, new))
    assert recruitment.as_json(event).status_code == 202
    summer_time = RECORDED.astimezone(timezone(timedelta(hours=1))).isoformat()
    assert summer_time == "2023-10-02T09:30:00+01:00"
    data = event["data"] | {"funded_fte": 1.0, "grade": None}
    otherwise = dict(reversed(list((event | {"time": summer_time, "data": data}).items())))
    assert recruitment.as_json(otherwise).json()["status"] == "already-known"


@each_mode
def test_an_id_that_comes_with_other_content_is_a_conflict(recruitment: Feed, new: str, send: Send) -> None:
    assert send(recruitment, post_established(new, new)).status_code == 202
    other = written(post_established(new, new))["data"] | {"funded_fte": 0.5}
    refused = fault(send(recruitment, cloud_event("post.established", f"post/{new}", new, other)), 409)
    assert refused["field"] == "id"
    assert refused["value"] == new
    assert "for another event" in refused["problem"]
    assert "supersedes" in refused["expected"]


@each_mode
def test_a_refusal_names_the_field_the_value_and_what_would_be_right(retention: Feed, new: str, send: Send) -> None:
    answer = send(retention, worker_left(new, new, left_on="30/09/2023"))
    assert fault(answer, 422) == {
        "field": "data.left_on",
        "problem": "is not as the contract says",
        "value": "30/09/2023",
        "expected": "a date as 2023-10-31",
    }
    assert answer.json()["id"] == new


def test_every_fault_of_an_event_is_told_at_once(recruitment: Feed, new: str) -> None:
    data = written(worker_started(new))["data"] | {"fte": 1.5, "route": "by-chance"}
    data.pop("post")
    faults = problem(recruitment.structured(cloud_event("worker.started", "worker/W-1", new, data)), 422)["faults"]
    assert {(one["field"], one.get("value")) for one in faults} == {
        ("data.fte", "1.5"),
        ("data.route", "by-chance"),
        ("data.post", None),
    }


def test_of_a_mixed_batch_the_good_events_are_accepted(recruitment: Feed, new: str) -> None:
    known = post_established(f"{new}-known", new)
    recruitment.structured(known)
    bad = cloud_event("post.closed", f"post/{new}", f"{new}-bad", {"closed_on": "soon"})
    conflict = post_established(f"{new}-known", "another")
    answer = recruitment.batch(known, post_established(f"{new}-good", f"{new}-2"), bad, conflict)
    assert answer.status_code == 207
    assert answer.json()["title"] == "2 of 4 events were rejected"
    results = answer.json()["results"]
    assert [result["status"] for result in results] == ["already-known", "accepted", "rejected", "rejected"]
    assert [result["id"] for result in results] == [f"{new}-known", f"{new}-good", f"{new}-bad", f"{new}-known"]
    assert results[2]["faults"][0]["field"] == "data.closed_on"
    assert results[3]["faults"][0]["field"] == "id"
    assert recruitment.structured(post_established(f"{new}-good", f"{new}-2")).status_code == 200


def test_a_batch_without_a_good_event_is_refused_whole(recruitment: Feed, new: str) -> None:
    bad = cloud_event("post.closed", f"post/{new}", new, {"closed_on": "soon"})
    assert [result["status"] for result in problem(recruitment.batch(bad), 422)["results"]] == ["rejected"]


def test_a_batch_item_that_is_no_event_does_not_hide_its_neighbours(recruitment: Feed, new: str) -> None:
    # \\ud800 is half of a character: no Unicode text, though JSON can hold it.
    strange = b'[17, null, {"id": "\\ud800", "data": {}}, '
    answer = recruitment.raw(strange + JSONFormat().write(post_established(new, new)) + b"]", BATCH)
    assert answer.status_code == 207
    assert [result["status"] for result in answer.json()["results"]] == ["rejected", "rejected", "rejected", "accepted"]


def test_the_same_event_twice_in_a_batch_is_accepted_once(recruitment: Feed, new: str) -> None:
    answer = recruitment.batch(post_established(new, new), post_established(new, new))
    assert answer.status_code == 202
    assert [result["status"] for result in answer.json()["results"]] == ["accepted", "already-known"]


def test_one_id_for_two_events_of_a_batch_is_accepted_for_the_first(recruitment: Feed, new: str) -> None:
    results = recruitment.batch(post_established(new, new), post_established(new, "another")).json()["results"]
    assert [result["status"] for result in results] == ["accepted", "rejected"]


def test_of_the_same_event_sent_at_the_same_moment_one_is_accepted(recruitment: Feed, new: str) -> None:
    event = post_established(new, new)
    with ThreadPoolExecutor(8) as senders:
        answers = list(senders.map(recruitment.structured, [event] * 8))
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [202]
    assert len({answer.json()["accepted_at"] for answer in answers}) == 1


def test_another_content_type_is_told_which_are_taken(recruitment: Feed) -> None:
    refused = fault(recruitment.raw(b"<event/>", "application/xml"), 415)
    assert refused["field"] == "Content-Type"
    assert refused["value"] == "application/xml"
    assert STRUCTURED in refused["expected"]
    assert BATCH in refused["expected"]


def test_a_body_may_come_compressed_and_is_the_same_event(recruitment: Feed, new: str) -> None:
    body = json.dumps(written(post_established(new, new))).encode()
    for encoding, compressed in (("gzip", gzip.compress(body)), ("deflate", zlib.compress(body))):
        headers = {"content-type": STRUCTURED, "content-encoding": encoding}
        answer = httpx.post(
            f"{recruitment.url}/v1/events", content=compressed, headers=headers, timeout=60, trust_env=False
        )
        assert answer.is_success, answer.text
    assert recruitment.structured(post_established(new, new)).json()["status"] == "already-known"


def test_a_body_that_blows_up_or_is_encoded_in_another_way_is_refused(recruitment: Feed, new: str) -> None:
    def sent(body: bytes, encoding: str) -> httpx.Response:
        headers = {"content-type": BATCH, "content-encoding": encoding}
        return httpx.post(f"{recruitment.url}/v1/events", content=body, headers=headers, timeout=60, trust_env=False)

    assert "100000 bytes" in problem(sent(gzip.compress(b"[" + b" " * 20_000_000 + b"]"), "gzip"), 413)["detail"]
    answer = sent(b"[]", "br")
    assert "encoded as br" in problem(answer, 415)["detail"]
    assert answer.headers["accept-encoding"] == "gzip, deflate, identity"
    assert recruitment.structured(post_established(new, new)).status_code == 202


def test_an_attribute_that_is_null_is_one_left_out(recruitment: Feed, new: str) -> None:
    event = written(post_established(new, new))
    assert recruitment.as_json(event | {"supersedes": None}).status_code == 202
    assert recruitment.as_json(event).json()["status"] == "already-known"


def test_json_without_cloudevents_headers_is_not_taken(recruitment: Feed) -> None:
    assert fault(recruitment.raw(b"{}", "application/json"), 415)["field"] == "ce-specversion"


@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        (b"{", STRUCTURED, "a JSON object"),
        (b"[]", STRUCTURED, "a JSON object"),
        (b"\xff", STRUCTURED, "a JSON object"),
        (b"{}", BATCH, "a JSON array of CloudEvents"),
        (b"[{]", BATCH, "a JSON array of CloudEvents"),
        (b"[" * 5000, BATCH, "a JSON array of CloudEvents"),
        (b"[" + b",".join([b"{}"] * 51) + b"]", BATCH, "at most 50 events in one request"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused_whole(
    recruitment: Feed, body: bytes, content_type: str, expected: str
) -> None:
    assert fault(recruitment.raw(body, content_type), 400)["expected"] == expected


def test_a_request_beyond_the_limit_is_refused_and_the_service_goes_on(recruitment: Feed, new: str) -> None:
    answer = recruitment.raw(b"[" + b" " * 100_000 + b"]", BATCH)
    assert "100000 bytes" in problem(answer, 413)["detail"]
    assert recruitment.structured(post_established(new, new)).status_code == 202


def test_an_event_of_the_other_service_is_told_where_it_belongs(recruitment: Feed, retention: Feed, new: str) -> None:
    leaver = fault(recruitment.structured(worker_left(new, new)), 422)
    assert (leaver["field"], leaver["problem"]) == ("type", "belongs to retention")
    assert "uk.workforce.worker.started.v1" in leaver["expected"]
    starter = fault(retention.structured(worker_started(new, new)), 422)
    assert (starter["field"], starter["problem"]) == ("type", "belongs to recruitment")


def test_a_record_made_in_the_future_is_refused(recruitment: Feed, new: str) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    refused = fault(recruitment.structured(post_established(new, new, time=tomorrow)), 422)
    assert (refused["field"], refused["problem"]) == ("time", "is in the future")
    slightly_ahead = datetime.now(UTC) + timedelta(minutes=2)
    assert recruitment.structured(post_established(new, new, time=slightly_ahead)).status_code == 202


def test_an_event_without_a_time_is_recorded_when_it_arrives_and_known_again(recruitment: Feed, new: str) -> None:
    event = written(post_established(new, new))
    del event["time"]
    assert recruitment.as_json(event).status_code == 202
    assert recruitment.as_json(event).status_code == 200
    assert recruitment.as_json(event | {"time": "2023-10-02T08:30:00Z"}).status_code == 409


@pytest.mark.parametrize("reference", ["supersedes", "voids"])
@pytest.mark.parametrize("other", ["type", "subject"])
def test_an_event_refers_to_one_of_its_own_type_and_subject(
    recruitment: Feed, new: str, reference: str, other: str
) -> None:
    target = f"{new}-target"
    recruitment.structured(post_established(target, new))
    data: dict[str, object] = {"because": "entered-in-error"}
    if other == "subject":
        kind, subject = "post.established", f"post/{new}-2"
        data = data if reference == "voids" else written(post_established(new))["data"]
    else:
        kind, subject = "post.closed", f"post/{new}"
        data = data if reference == "voids" else {"closed_on": "2024-01-31"}
    refused = fault(recruitment.structured(cloud_event(kind, subject, new, data, **{reference: target})), 409)
    assert (refused["field"], refused["value"]) == (reference, target)
    assert f"of type uk.workforce.{kind}.v1 and subject {subject}" in refused["expected"]


def test_a_correction_may_come_before_what_it_corrects(recruitment: Feed, new: str) -> None:
    correction = post_established(f"{new}-2", new, supersedes=f"{new}-1")
    assert recruitment.structured(correction).status_code == 202
    assert recruitment.structured(post_established(f"{new}-1", new)).status_code == 202


def test_what_the_service_stamps_is_not_taken_from_a_feed(recruitment: Feed, new: str) -> None:
    stamped = post_established(new, new, acceptedtime="2023-10-31T08:00:00Z")
    refused = fault(recruitment.structured(stamped), 422)
    assert (refused["field"], refused["problem"]) == ("acceptedtime", "is set by the service")


def test_an_sdk_event_of_binary_data_is_refused_in_structured_mode(recruitment: Feed, new: str) -> None:
    attributes = written(post_established(new, new))
    del attributes["data"]
    assert fault(recruitment.as_json(attributes | {"data_base64": "e30="}), 422)["field"] == "data_base64"


def test_a_start_in_a_post_that_nobody_established_is_accepted_with_a_note(recruitment: Feed, new: str) -> None:
    answer = recruitment.structured(worker_started(f"{new}-1", new, post=new))
    assert answer.status_code == 202
    (note,) = answer.json()["notes"]
    assert note.startswith(f"post {new} is not established")
    assert recruitment.structured(post_established(f"{new}-2", new)).status_code == 202
    assert "notes" not in recruitment.structured(worker_started(f"{new}-3", f"{new}-b", post=new)).json()


def test_a_post_whose_establishment_was_withdrawn_is_not_established(recruitment: Feed, new: str) -> None:
    recruitment.structured(post_established(f"{new}-1", new))
    withdrawal = {"because": "entered-in-error"}
    recruitment.structured(cloud_event("post.established", f"post/{new}", f"{new}-2", withdrawal, voids=f"{new}-1"))
    answer = recruitment.structured(worker_started(f"{new}-3", new, post=new))
    assert answer.json()["notes"] == [
        f"post {new} is not established: uk.workforce.post.established.v1 for post/{new} has not come yet"
    ]


def test_a_leaver_whose_start_is_not_known_is_accepted_with_a_note(retention: Feed, new: str) -> None:
    answer = retention.structured(worker_left(new, new))
    assert answer.status_code == 202
    assert answer.json()["notes"] == [
        f"no start of worker/{new} is known: uk.workforce.worker.started.v1 has not come yet"
    ]
    (result,) = retention.batch(worker_left(f"{new}-2", new, left_on="2023-11-30")).json()["results"]
    assert result["notes"] == answer.json()["notes"]


def test_a_correction_of_an_event_that_has_not_come_is_accepted_and_says_so(recruitment: Feed, new: str) -> None:
    answer = recruitment.structured(post_established(f"correction-{new}", f"P-{new}", supersedes=f"later-{new}"))

    assert answer.status_code == 202
    assert answer.json()["notes"] == [
        f"event {HR}#later-{new} has not come yet: until it does, this one changes nothing of it"
    ]
