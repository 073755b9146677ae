"""The four services with keys and a known history: what the tests of their documentation speak to.

Invariant: whoever asks has a key with every right for every authority, so that nothing is refused for want of a right.
"""

import asyncio
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from cloudevents.core.formats.json import JSONFormat

from deploy.demonstration import history
from deploy.embedded.feeding import events_counting, feed, key_headers
from services.chassis.authentication import Right, new_key
from tests.integration.benchmarks import NEWER, OLDER
from tests.integration.history import TO_RECRUITMENT, TO_RETENTION
from tests.invented import nothing_personal, on_kafka
from tests.parts import EmbeddedBroker, PostgreSQL, RealSystem
from tests.people.council import PLAIN, Person, employees
from tests.unit.benchmarks.small_release import file_of

DEMONSTRATION_EVENTS = 800
"""So many of the demonstration's events: enough for every kind of figure, few enough to be asked often."""
LOAD_SECONDS = 300.0


@dataclass(frozen=True)
class Served:
    """The addresses of the services by name, and the key."""

    urls: Mapping[str, str]
    key: str


@contextmanager
def served(postgres: PostgreSQL, folder: Path) -> Iterator[Served]:
    """The four services, when the authority of the integration tests and a part of the demonstration have come in."""
    key, entry = new_key("schema", "*", tuple(Right))
    broker = EmbeddedBroker(folder / "broker.log")
    broker.start()
    told = {"api_keys": json.dumps([entry.model_dump(mode="json")])}
    system = RealSystem(postgres, broker, folder, told, {"door_key": key})
    try:
        system.start()
        urls = {name: service.url for name, service in system.services.items()}
        small = [json.loads(JSONFormat().write(event)) for event in (*TO_RECRUITMENT, *TO_RETENTION)]
        events = [*small, *history()[:DEMONSTRATION_EVENTS]]
        feed(events, urls, key, lambda _: None)
        deadline = time.monotonic() + LOAD_SECONDS
        while (result := asyncio.run(events_counting(system.databases["metrics"]))) < len(events):
            assert time.monotonic() < deadline, f"{result} of {len(events)} events count after {LOAD_SECONDS} seconds"
            time.sleep(0.1)
        for release, rows in (("2022", OLDER), ("2025", NEWER)):
            _load_release(f"{urls['metrics']}/v1/benchmarks/releases", key, release, file_of(*rows))
        _send_extract(urls["people"], key)
        yield Served(urls, key)
        nothing_personal(on_kafka(broker.servers))
    finally:
        system.stop()
        broker.stop()


def _send_extract(url: str, key: str) -> None:
    """A mapping, and a file of it: what routes about files and persons are asked of."""
    asked, headers = {"authority": "331"}, key_headers(key)
    put = httpx.put(
        f"{url}/v1/feeds/hr/mapping",
        params=asked,
        content=PLAIN.read_bytes(),
        headers=headers,
        timeout=60,
        trust_env=False,
    )
    assert put.status_code == 200, put.text
    sent = httpx.post(
        f"{url}/v1/feeds/hr/files",
        params={**asked, "file": "employees_1.csv", "as_at": "2023-10-31"},
        content=employees(Person(1), Person(2, fte="part")).encode(),
        headers=headers,
        timeout=60,
        trust_env=False,
    )
    assert sent.status_code == 202, sent.text


def _load_release(url: str, key: str, release: str, body: bytes) -> None:
    asked = {"release": release, "published": "2023-02-23"}
    headers = {"Content-Type": "text/csv"} | key_headers(key)
    answer = httpx.post(url, params=asked, content=body, headers=headers, timeout=60, trust_env=False)
    assert answer.status_code == 201, answer.text
