"""The dead letters of a service, as those who operate it see it over HTTP and send it again."""

import json
import re
import time
from dataclasses import replace
from datetime import date
from typing import Any

import asyncpg
import httpx
import pytest
from aiokafka import AIOKafkaProducer

from contracts.catalogue import POSTS
from contracts.envelope import Event, kafka_headers
from services.chassis.dead_letters import read_dead_letters
from tests.histories import at, established, event
from tests.integration.arrival import arrival
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
    deadline = time.monotonic() + 120
    while True:
        records: list[dict[str, Any]] = httpx.get(f"{system.metrics.url}/v1/dead-letters", timeout=60).json()["records"]
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

    async with httpx.AsyncClient(timeout=60) as client:
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
    async with httpx.AsyncClient(timeout=60) as client:
        answer = await client.post(f"{system.metrics.url}/v1/dead-letters/send-again", json=offsets)
    assert answer.json() == {"sent": 2}
    assert [record["offset"] for record in listed] == sorted(record["offset"] for record in listed)
    dead_letters(system, known + 3)


def test_sending_again_what_is_not_there_says_so(system: RealSystem) -> None:
    answer = httpx.post(f"{system.metrics.url}/v1/dead-letters/send-again", json={"offsets": [999_999]}, timeout=60)
    assert answer.status_code == 409
    assert answer.json()["detail"] == "offset 999999: there is no such record"
    assert answer.json()["sent"] == 0


def test_sending_again_without_saying_what_is_refused(system: RealSystem) -> None:
    answer = httpx.post(f"{system.metrics.url}/v1/dead-letters/send-again", json={"offsets": []}, timeout=60)

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


# --- shown, mended, dismissed -----------------------------------------------------------------------------------------

AUTHORITY = "361"


def good_post(new: str) -> Event:
    """A post as recruitment would publish it."""
    stated = event(established(date(2023, 4, 1)), f"post/P-{new}", at(date(2023, 4, 3)), new, authority=AUTHORITY)
    stamped = {"acceptedtime": at(date(2023, 4, 4)), "sequence": str(10**12), "provenance": "request 1"}
    return replace(stated, envelope=stated.envelope.model_copy(update=stamped))


async def put_a_bad_copy_on_the_topic(system: RealSystem, good: Event) -> None:
    """The same post with an FTE that is none."""
    producer = AIOKafkaProducer(bootstrap_servers=system.broker.servers)
    await producer.start()
    bad = json.dumps(json.loads(good.body) | {"funded_fte": "much"}).encode()
    await producer.send_and_wait(POSTS.name, value=bad, key=good.key, headers=kafka_headers(good.envelope))
    await producer.stop()


def ask(system: RealSystem, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
    url = f"{system.metrics.url}/v1/dead-letters{path}"
    return httpx.get(url, timeout=60) if body is None else httpx.post(url, json=body, timeout=60)


def open_letters(system: RealSystem) -> float:
    """How many letters of posts Prometheus is told are open."""
    told = httpx.get(f"{system.metrics.url}/metrics", timeout=60).text
    pattern = r'^workforce_dead_letters_open\{topic="workforce.posts"\} (\S+)$'
    return sum(float(number) for number in re.findall(pattern, told, re.MULTILINE))


def wait_until_open_letters_are_told(system: RealSystem) -> None:
    """Wait until Prometheus is told of as many as are listed: it is told once a second."""
    deadline = time.monotonic() + 120
    while open_letters(system) != (listed := open_in_the_list(system)):
        assert time.monotonic() < deadline, (open_letters(system), listed)
        time.sleep(0.1)


def open_in_the_list(system: RealSystem) -> int:
    """How many letters of posts are listed as open."""
    of_posts = [letter for letter in dead_letters(system, 0) if letter["about"]["topic"] == POSTS.name]
    return sum(letter["state"] == "open" for letter in of_posts)


async def a_letter(system: RealSystem, good: Event) -> dict[str, Any]:
    """The letter of a bad copy of this event, once it is listed and told of."""
    known = len(dead_letters(system, 0))
    await put_a_bad_copy_on_the_topic(system, good)
    listed = dead_letters(system, known + 1)[-1]
    wait_until_open_letters_are_told(system)
    return listed


async def test_a_letter_is_shown_with_all_that_came_and_that_it_was_is_kept(system: RealSystem, new: str) -> None:
    good = good_post(new)
    listed = await a_letter(system, good)
    assert (listed["state"], listed["history"]) == ("open", [])
    shown = ask(system, f"/{listed['offset']}").json()
    assert shown["key"]["text"] == f"{AUTHORITY}:post/P-{new}"
    assert json.loads(shown["body"]["text"])["funded_fte"] == "much"
    assert {"name": "ce_id", "content": {"text": new, "base64": None}} in shown["headers"]
    assert [(done["action"], done["by"]) for done in shown["history"]] == [("shown", "loopback")]
    assert shown["state"] == "open"


async def test_a_mended_letter_counts_and_says_which_letter_it_stands_for(system: RealSystem, new: str) -> None:
    good = good_post(new)
    listed = await a_letter(system, good)
    offset, open_before = listed["offset"], open_in_the_list(system)
    still_bad = ask(system, f"/{offset}/mend", {"reason": "mistyped", "data": {"funded_fte": 1}})
    assert still_bad.status_code == 422
    assert "data.effective_from" in [fault["field"] for fault in still_bad.json()["faults"]]
    mended = ask(system, f"/{offset}/mend", {"reason": "mistyped", "data": json.loads(good.body)})
    assert (mended.status_code, mended.json()) == (202, {"sent": 1})
    await arrival(system.databases["metrics"], AUTHORITY, {f"post/P-{new}"}, 1)
    (after,) = (letter for letter in dead_letters(system, 0) if letter["offset"] == offset)
    assert after["state"] == "mended"
    assert [(done["action"], done["by"], done["reason"]) for done in after["history"]] == [
        ("mended", "loopback", "mistyped")
    ]
    assert open_in_the_list(system) == open_before - 1
    wait_until_open_letters_are_told(system)


async def test_what_every_consumer_would_reject_is_not_put_on_a_topic(system: RealSystem, new: str) -> None:
    listed = await a_letter(system, good_post(new))
    path = f"/{listed['offset']}/mend"
    for headers in ({"ce_type": "uk.workforce.worker.left.v1"}, {"ce_sequence": None}, {"ce_source": None}):
        assert ask(system, path, {"reason": "a try", "headers": headers}).status_code == 422
    (after,) = (letter for letter in dead_letters(system, 0) if letter["offset"] == listed["offset"])
    assert (after["state"], after["history"]) == ("open", [])


async def test_a_dismissed_letter_stays_in_the_list_and_is_open_no_more(system: RealSystem, new: str) -> None:
    listed = await a_letter(system, good_post(new))
    before = open_in_the_list(system)
    assert ask(system, "/dismiss", {"offsets": [listed["offset"]]}).status_code == 422
    nowhere = ask(system, "/dismiss", {"offsets": [listed["offset"], 999_999], "reason": "a test"})
    assert (nowhere.status_code, nowhere.json()["title"]) == (404, "There is no such letter")
    answer = ask(system, "/dismiss", {"offsets": [listed["offset"]], "reason": "sent twice"})
    assert (answer.status_code, answer.json()) == (200, {"dismissed": 1})
    (after,) = (letter for letter in dead_letters(system, 0) if letter["offset"] == listed["offset"])
    assert (after["state"], after["history"][-1]["reason"]) == ("dismissed", "sent twice")
    assert open_in_the_list(system) == before - 1
    wait_until_open_letters_are_told(system)


async def test_who_did_what_can_only_be_added_to(system: RealSystem, new: str) -> None:
    listed = await a_letter(system, good_post(new))
    assert ask(system, "/dismiss", {"offsets": [listed["offset"]], "reason": "a test"}).status_code == 200
    connection = await asyncpg.connect(system.databases["metrics"])
    try:
        for statement in ("DELETE FROM dead_letter_action", "UPDATE dead_letter_action SET by_whom = 'nobody'"):
            with pytest.raises(asyncpg.RaiseError, match="only ever added"):
                await connection.execute(statement)
    finally:
        await connection.close()


def test_a_letter_that_is_not_there_is_not_found(system: RealSystem) -> None:
    assert ask(system, "/999999").status_code == 404
    assert ask(system, "/999999/mend", {"reason": "a test", "data": {}}).status_code == 404
