"""What a feed sends by mistake stays with whoever sent it.

Invariant: a value in a field that no contract knows is found nowhere afterwards.
"""

from datetime import UTC, datetime

import asyncpg
import pytest
from cloudevents.core.v1.event import CloudEvent

from services.chassis.dead_letters import read_dead_letters
from tests.integration.arrival import arrival
from tests.integration.feed import Feed, cloud_event, fault, post_established, worker_left, worker_started, written
from tests.parts import RealSystem

NAME = "Jocasta-Nightingale"
LATER = datetime(2023, 10, 3, 8, 30, tzinfo=UTC)


def with_a_name(new: str) -> list[CloudEvent]:
    """Events in which a name stands where no contract has a place for it."""
    data = written(worker_started(new, new))["data"]
    return [
        cloud_event("worker.started", f"worker/{new}", f"{new}-1", data | {"full_name": NAME}),
        cloud_event("worker.started", f"worker/{new}", f"{new}-2", data | {"fte": {"full_name": NAME}}),
        worker_started(f"{new}-3", new, fullname=NAME),
    ]


def test_an_unknown_field_is_refused_by_name_and_what_is_right_is_told(recruitment: Feed, new: str) -> None:
    in_data, _, in_attributes = with_a_name(new)
    refused = fault(recruitment.structured(in_data), 422)
    assert refused["field"] == "data.full_name"
    assert refused["problem"] == "is not a field of this contract"
    assert "started_on, post, fte, origin" in refused["expected"]
    assert fault(recruitment.binary(in_attributes), 422)["field"] == "fullname"


async def test_what_an_unknown_field_held_is_repeated_nowhere(system: RealSystem, recruitment: Feed, new: str) -> None:
    assert recruitment.structured(worker_started(new, new)).status_code == 202
    for event in with_a_name(new):
        for answer in (recruitment.structured(event), recruitment.binary(event), recruitment.batch(event)):
            assert answer.status_code == 422
            assert NAME not in answer.text
    for service in system.services.values():
        assert NAME not in service.process.log.read_text()
    connection = await asyncpg.connect(system.databases["recruitment"])
    bodies = await connection.fetch("SELECT body FROM journal")
    await connection.close()
    assert bodies
    assert not any(NAME in row["body"] for row in bodies)
    for name in system.services:
        async for record in read_dead_letters(name, system.broker.servers):
            assert NAME not in repr(record)


def test_an_accepted_event_is_logged_by_its_id_and_without_its_data(
    system: RealSystem, recruitment: Feed, new: str
) -> None:
    assert recruitment.structured(post_established(new, f"POST-{new}")).status_code == 202
    log = system.recruitment.process.log.read_text()
    (line,) = [line for line in log.splitlines() if f'"{new}"' in line]
    assert '"authority": "331"' in line
    assert f'"event_id": "{new}"' in line
    assert f"POST-{new}" not in log


async def test_no_answer_says_more_of_a_person_than_a_pseudonym(
    system: RealSystem, recruitment: Feed, retention: Feed, new: str
) -> None:
    """Every member of an event's data that an answer shows is one of the contract; a name sent along is in none."""
    of = {"authority": "389"}
    started, left = worker_started(f"{new}-1", new, **of), worker_left(f"{new}-2", new, "2023-09-20", time=LATER, **of)
    named = written(worker_started(f"{new}-3", new, **of))
    assert recruitment.structured(started).status_code == 202
    assert recruitment.as_json(named | {"data": named["data"] | {"full_name": NAME}}).status_code == 422
    assert retention.structured(left).status_code == 202
    await arrival(system.databases["metrics"], "389", {f"worker/{new}"}, 2)
    metrics, asked = Feed(system.metrics.url), "authority=389&census_year=2023"
    events = metrics.get(f"/v1/subjects/worker/{new}?authority=389").json()["events"]
    assert [list(event["data"]) for event in events] == [
        ["started_on", "post", "fte", "origin", "route", "employment"],
        ["left_on", "reason", "destination"],
    ]
    for path in (
        f"measures/leavers?{asked}&by=leaving_reason",
        f"measures/leavers/explanation?{asked}",
        "measures/leavers/series?authority=389&from=2023-09-01&to=2023-09-30",
        f"subjects/worker/{new}?authority=389",
        f"subjects/worker/{NAME}?authority=389",
        f"changes?{asked}&from_known=2023-10-01T00:00:00Z",
        f"measures/leavers?{asked}&role={NAME}",
        f"measures/leavers?{asked}&colour={NAME}",
    ):
        for accept in ("application/json", "text/csv"):
            answer = metrics.get(f"/v1/{path}", accept)
            assert (new in answer.text) == ("explanation" in path or f"worker/{new}" in path or "changes" in path)
            assert NAME not in answer.text or NAME in path  # said back to whoever asked, and to nobody else
    assert new not in metrics.get("/metrics").text
    log = system.metrics.process.log.read_text()
    assert f"worker/{new}" not in log
    assert NAME not in log


@pytest.mark.parametrize("path", ["/metrics", "/health/ready", "/openapi.json"])
def test_what_is_open_to_all_holds_no_identifier(system: RealSystem, recruitment: Feed, new: str, path: str) -> None:
    recruitment.structured(worker_started(new, new, post=new))
    answer = recruitment.get(path)
    assert answer.status_code == 200
    assert new not in answer.text
