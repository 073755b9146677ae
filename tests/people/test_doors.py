"""Between people and the doors: who may say where an event came from, and what becomes of what a door does not take."""

import gzip
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.people.register.keys import new_master_keys, new_pseudonym_key
from tests.integration.feed import post_established, worker_left, written
from tests.parts import PostgreSQL, RealSystem, Service
from tests.people.council import PLAIN, SECONDS, Council, posts

# --- where an event came from -----------------------------------------------------------------------------------------


def stated(council: Council, service: str, id: str, **attributes: str) -> dict[str, Any]:
    """An event that this service takes."""
    more = {"authority": council.authority, **attributes}
    event = post_established(id, id, **more) if service == "recruitment" else worker_left(id, id, "2023-09-20", **more)
    found: dict[str, Any] = written(event)
    return found


def sent(council: Council, service: str, caller: str, event: dict[str, Any]) -> httpx.Response:
    """Send one event to a door."""
    headers = {"Authorization": f"Bearer {council.keys[caller]}", "Content-Type": "application/cloudevents+json"}
    url = f"{council.system.services[service].url}/v1/events"
    return httpx.post(url, json=event, headers=headers, timeout=SECONDS, trust_env=False)


@pytest.mark.parametrize("service", ["recruitment", "retention"])
def test_at_both_doors_who_may_not_attest_may_not_say_where_an_event_came_from(council: Council, service: str) -> None:
    event = stated(council, service, "attested-1", provenance="feed hr, row 17")
    answer = sent(council, service, "HR system", event)
    assert answer.status_code == 422
    assert [(fault["field"], fault["problem"]) for fault in answer.json()["faults"]] == [
        ("provenance", "is set by the service")
    ]
    assert sent(council, service, "people", event).status_code == 202


@pytest.mark.parametrize("service", ["recruitment", "retention"])
@pytest.mark.parametrize("name", ["acceptedtime", "sequence"])
def test_what_else_a_service_stamps_nobody_states(council: Council, service: str, name: str) -> None:
    value = "2023-10-31T08:00:00Z" if name == "acceptedtime" else "17"
    answer = sent(council, service, "people", stated(council, service, "attested-2", **{name: value}))
    assert answer.status_code == 422
    assert [fault["field"] for fault in answer.json()["faults"]] == [name]


def test_who_may_attest_and_does_not_is_told_by_the_request(council: Council) -> None:
    assert sent(council, "recruitment", "people", stated(council, "recruitment", "attested-3")).status_code == 202
    path = "/v1/subjects/post/attested-3"
    deadline = time.monotonic() + SECONDS
    while (answer := council.ask("GET", path, "analyst", "metrics")).status_code != 200:
        assert time.monotonic() < deadline, answer.text
        time.sleep(0.1)
    (event,) = answer.json()["events"]
    assert event["provenance"].startswith("request ")


# --- doors that do not take what they are sent ------------------------------------------------------------------------


class Door:
    """A door that answers as it is told, and keeps what it was sent."""

    def __init__(self, answer: Callable[[list[dict[str, Any]]], tuple[int, Any]]) -> None:
        self.answer = answer
        self.batches: list[list[dict[str, Any]]] = []

    def asked(self, body: bytes) -> tuple[int, Any]:
        """One request."""
        events = json.loads(gzip.decompress(body))
        self.batches.append(events)
        return self.answer(events)


@contextmanager
def listening(door: Door) -> Iterator[str]:
    """The address at which a door is asked."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            status, told = door.asked(self.rfile.read(int(self.headers["Content-Length"])))
            text = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *arguments: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def people_before(door: Door, postgres: PostgreSQL, folder: Path) -> Iterator[Council]:
    """People alone, whose events go to this door."""
    with listening(door) as url:
        told = {"database_url": postgres.create(f"people_{time.monotonic_ns()}"), "recruitment_url": url}
        told |= {"retention_url": url, "metrics_url": url, "master_keys": new_master_keys()}
        service = Service("people", folder / "people-alone.log", told | {"pseudonym_key": new_pseudonym_key()})
        system = RealSystem.__new__(RealSystem)
        system.services, system.databases = {"people": service}, {"people": told["database_url"]}
        try:
            service.start()
            service.wait_until_ready()
            council = Council(system, "331", {"HR system": "none is needed on loopback"})
            council.put_mapping(PLAIN.read_text(encoding="utf-8"))
            yield council
        finally:
            service.stop()


def accepted(events: list[dict[str, Any]]) -> tuple[int, Any]:
    """All of them."""
    return 202, {"results": [{"id": one["id"], "source": one["source"], "status": "accepted"} for one in events]}


def test_what_a_door_rejects_is_told_of_its_row_and_a_mended_row_is_stated_again(
    postgres: PostgreSQL, parts_folder: Path
) -> None:
    fault = {"field": "data.grade", "problem": "is no grade here", "expected": "one of ours", "value": "g9"}

    def particular(events: list[dict[str, Any]]) -> tuple[int, Any]:
        status, told = accepted(events)
        for event, result in zip(events, told["results"], strict=True):
            if event["subject"] == "post/PST-2" and event["data"]["role"] == "team-manager":
                result |= {"status": "rejected", "faults": [fault]}
                status = 207
        return status, told

    wrong = posts(1) + "\n" + posts(2, role="Team Manager").partition("\n")[2]
    with people_before(Door(particular), postgres, parts_folder) as council:
        file = council.delivered("posts_1.csv", wrong)
        assert file["rows"] == {"read": 2, "accepted": 1, "already-known": 0, "rejected": 1, "left-out": 0}
        (row,) = council.rows(file["id"], status="rejected")
        assert row["row"] == 3
        assert row["faults"] == [
            {"column": "data.grade", "problem": "is no grade here", "expected": "one of ours", "value": "g9"}
        ]
        mended = council.delivered("posts_2.csv", posts(1, 2), as_at="2023-11-30")
        assert mended["rows"] == {"read": 2, "accepted": 1, "already-known": 1, "rejected": 0, "left-out": 0}
        assert [one["type"] for one in mended["events"]] == ["uk.workforce.post.established.v1"]


def test_a_door_that_is_away_is_asked_until_it_is_back_and_in_the_same_order(
    postgres: PostgreSQL, parts_folder: Path
) -> None:
    away = iter([503, 401, 500])
    door = Door(lambda events: (status, {"detail": "not now"}) if (status := next(away, None)) else accepted(events))
    with people_before(door, postgres, parts_folder) as council:
        file = council.delivered("posts_1.csv", posts(1, 2, 3))
        assert file["rows"]["accepted"] == 3
    first, *others = door.batches
    assert others == [first] * 3
    assert [event["subject"] for event in first] == ["post/PST-1", "post/PST-2", "post/PST-3"]
    rows = [f", row {number}, dated by the extract" for number in (2, 3, 4)]
    assert [event["provenance"].partition(")")[2] for event in first] == rows


def test_a_door_that_takes_less_at_once_gets_less_at_once(postgres: PostgreSQL, parts_folder: Path) -> None:
    door = Door(lambda events: accepted(events) if len(events) <= 2 else (400, {"detail": "at most 2 events"}))
    with people_before(door, postgres, parts_folder) as council:
        file = council.delivered("posts_1.csv", posts(*range(1, 8)))
    assert file["rows"]["accepted"] == 7
    taken = [event["subject"] for batch in door.batches if len(batch) <= 2 for event in batch]
    assert taken == [f"post/PST-{number}" for number in range(1, 8)]


def test_a_door_that_does_not_know_the_key_rejects_no_row(postgres: PostgreSQL, parts_folder: Path) -> None:
    fault = {"field": "authority", "problem": "is not one this key may feed", "expected": "authority 999"}
    refusing = iter([True])

    def strict(events: list[dict[str, Any]]) -> tuple[int, Any]:
        if not next(refusing, False):
            return accepted(events)
        return 422, {"results": [{"id": one["id"], "status": "rejected", "faults": [fault]} for one in events]}

    with people_before(Door(strict), postgres, parts_folder) as council:
        file = council.delivered("posts_1.csv", posts(1))
    assert (file["rows"]["accepted"], file["rows"]["rejected"]) == (1, 0)


def test_another_pseudonym_key_is_refused_before_anybody_becomes_somebody_else(
    postgres: PostgreSQL, parts_folder: Path
) -> None:
    with people_before(Door(accepted), postgres, parts_folder) as council:
        council.delivered("posts_1.csv", posts(1))
        service = council.system.people
        service.stop()
        assert service.process.environment is not None
        service.process.environment["WORKFORCE_PSEUDONYM_KEY"] = new_pseudonym_key()
        service.start()
        deadline = time.monotonic() + SECONDS
        while "WORKFORCE_PSEUDONYM_KEY" not in why_not_ready(service):
            assert time.monotonic() < deadline, why_not_ready(service)
            time.sleep(0.05)
        answer = council.send("posts_2.csv", posts(1, 2), as_at="2023-11-30")
        assert answer.status_code == 503
        assert "WORKFORCE_PSEUDONYM_KEY" in answer.json()["detail"]


def why_not_ready(service: Service) -> str:
    """What a service says of its readiness; nothing while it does not answer."""
    try:
        return httpx.get(f"{service.url}/health/ready", timeout=SECONDS, trust_env=False).text
    except httpx.TransportError:
        return ""
