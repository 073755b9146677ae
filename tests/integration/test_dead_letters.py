"""The dead letters of a service, as those who operate it see it over HTTP and send it again."""

import time
from typing import Any

import httpx
from aiokafka import AIOKafkaProducer

from contracts.catalogue import POSTS
from services.chassis.dead_letters import read_dead_letters
from tests.parts import RealSystem

BAD = b'{"effective_from": "not a date", "surname": "kept out of the list"}'


async def put_on_the_topic(system: RealSystem, value: bytes) -> None:
    """A record that no service would publish."""
    producer = AIOKafkaProducer(bootstrap_servers=system.broker.servers)
    await producer.start()
    await producer.send_and_wait(POSTS.name, value=value, key=b"331:post/P-1")
    await producer.stop()


def dead_letters(system: RealSystem, at_least: int) -> list[dict[str, Any]]:
    """What metrics lists, as soon as there are so many."""
    deadline = time.monotonic() + 30
    while True:
        records: list[dict[str, Any]] = httpx.get(f"{system.metrics.url}/v1/dead-letters").json()["records"]
        if len(records) >= at_least:
            return records
        assert time.monotonic() < deadline, records
        time.sleep(0.1)


async def test_a_dead_letter_is_listed_with_place_and_cause_but_without_its_body(system: RealSystem) -> None:
    known = len(dead_letters(system, 0))
    await put_on_the_topic(system, BAD)

    listed = dead_letters(system, known + 1)[-1]["about"]

    assert (listed["topic"], listed["cause"], listed["consumer"]) == ("workforce.posts", "contract", "metrics")
    assert "ce_specversion" in str(listed["reason"])
    assert "surname" not in str(listed)


async def test_a_record_sent_again_is_tried_again(system: RealSystem) -> None:
    known = len(dead_letters(system, 0))
    await put_on_the_topic(system, BAD)
    before = dead_letters(system, known + 1)

    async with httpx.AsyncClient() as client:
        again = {"offsets": [before[-1]["offset"]]}
        answer = await client.post(f"{system.metrics.url}/v1/dead-letters/send-again", json=again)

    assert (answer.status_code, answer.json()) == (202, {"sent": 1})
    assert len(dead_letters(system, len(before) + 1)) == len(before) + 1


async def test_a_record_that_is_read_and_rejected_once_more_is_listed_once(system: RealSystem) -> None:
    """As after a consumer that died before it said how far it had read."""
    known = len(dead_letters(system, 0))
    await put_on_the_topic(system, BAD)
    *_, first = dead_letters(system, known + 1)
    *_, letter = [record async for record in read_dead_letters("metrics", system.broker.servers)]
    producer = AIOKafkaProducer(bootstrap_servers=system.broker.servers)
    await producer.start()
    headers = [(name, b"the reason of today" if name == "dead-letter-reason" else it) for name, it in letter.headers]
    again = await producer.send_and_wait(letter.topic, value=letter.value, key=letter.key, headers=headers)
    await producer.stop()

    *_, last = listed = dead_letters(system, known + 1)
    assert len(listed) == known + 1
    assert (last["offset"], last["about"]["reason"]) == (again.offset, "the reason of today")
    assert (last["about"]["topic"], last["about"]["offset"]) == (first["about"]["topic"], first["about"]["offset"])
    # Either letter can be sent again.
    offsets = {"offsets": [first["offset"], last["offset"]]}
    async with httpx.AsyncClient() as client:
        answer = await client.post(f"{system.metrics.url}/v1/dead-letters/send-again", json=offsets, timeout=30)
    assert answer.json() == {"sent": 2}
    assert [record["offset"] for record in listed] == sorted(record["offset"] for record in listed)
    dead_letters(system, known + 3)


def test_sending_again_what_is_not_there_says_so(system: RealSystem) -> None:
    answer = httpx.post(f"{system.metrics.url}/v1/dead-letters/send-again", json={"offsets": [999_999]}, timeout=30)
    assert answer.status_code == 409
    assert answer.json()["detail"] == "offset 999999: there is no such record"
    assert answer.json()["sent"] == 0


def test_sending_again_without_saying_what_is_refused(system: RealSystem) -> None:
    answer = httpx.post(f"{system.metrics.url}/v1/dead-letters/send-again", json={"offsets": []})

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
