"""The load under which parts are killed: what HR records of many workers, fed by a sender that does not give up.

Invariant: the same random numbers give the same events, each with its own `time`; an event counts as accepted only when
an answer said so.
"""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import httpx

from tests.delivery.feed import BATCH, Stated, post_established, stated
from tests.delivery.small_history import OF_RETENTION
from tests.parts import RealSystem

AUTHORITIES = ("401", "402")
FIRST_RECORDED = datetime(2023, 1, 1, 9, tzinfo=UTC)
FIRST_DAY = date(2022, 1, 1)
AT_ONCE = 8
PAUSE_SECONDS = 0.03
"""Between two batches, so that the load lasts as long as the kills."""


def load_of(workers: int, random: Random, prefix: str) -> list[Stated]:
    """What is recorded about so many workers of two authorities, in the order in which it arrives: any."""
    events = [event for number in range(workers) for event in _of_one_worker(f"{prefix}{number}", random)]
    for minutes, event in enumerate(events):
        event["time"] = (FIRST_RECORDED + timedelta(minutes=minutes)).isoformat()
    random.shuffle(events)
    return events


def _of_one_worker(number: str, random: Random) -> Iterator[Stated]:
    """A post, its holder, who may move, be corrected, leave, and not leave after all, and an agency worker at times."""
    authority, post, worker = random.choice(AUTHORITIES), f"P-{number}", f"worker/W-{number}"

    def day() -> str:
        return (FIRST_DAY + timedelta(days=random.randrange(700))).isoformat()

    def of_worker(id: str, type: str, data: dict[str, Any], **refers: str) -> Stated:
        return stated(f"{id}-{number}", type, worker, authority, data, **refers)

    def start() -> dict[str, Any]:
        fte = random.choice([0.5, 0.6, 1])
        return {"started_on": day(), "post": post, "fte": fte, "origin": "other", "route": "direct"}

    yield post_established(post, authority, random.choice([0.5, 1, 2]))
    yield of_worker("S", "worker.started", start())
    if random.random() < 0.3:
        yield of_worker("S-again", "worker.started", start(), supersedes=f"S-{number}")
    if random.random() < 0.3:
        move = {"moved_on": day(), "from_post": post, "to_post": f"P-{random.randrange(20)}", "fte": 1}
        yield of_worker("M", "worker.moved", move)
        if random.random() < 0.3:
            yield of_worker("M-void", "worker.moved", {"because": "cancelled"}, voids=f"M-{number}")
    if random.random() < 0.5:
        left_on = day()
        yield of_worker("L", "worker.left", {"left_on": left_on, "reason": "other", "destination": "other"})
        if random.random() < 0.3:
            yield of_worker("L-not", "leaver.reversed", {"left_on": left_on})
    if random.random() < 0.4:
        cover = {"started_on": day(), "agency_worker": "A-1", "fte": 1, "reason": "vacancy", "post": post}
        yield stated(f"C-{number}", "cover.started", f"cover/C-{number}", authority, cover)
        if random.random() < 0.5:
            yield stated(f"E-{number}", "cover.ended", f"cover/C-{number}", authority, {"ended_on": day()})


class Feeder(threading.Thread):
    """Sends every event until it is answered, with the same id, whatever is away meanwhile."""

    def __init__(self, system: RealSystem, events: list[Stated]) -> None:
        super().__init__(daemon=True)
        self._system = system
        self._events = events
        self._given_up = threading.Event()
        self.may_send = len(events)
        """How many events it sends before it waits for leave to send more."""
        self.answered: list[tuple[str, str]] = []
        """Id and status of each event, `accepted` or `already-known`."""
        self.refusals: list[str] = []
        """Answers that no event here deserves."""

    def run(self) -> None:
        """Send all, a few at a time, each to the service that takes it."""
        with httpx.Client(timeout=10, trust_env=False) as client:
            for first in range(0, len(self._events), AT_ONCE):
                while first >= self.may_send and not self._given_up.wait(PAUSE_SECONDS):
                    continue
                batch = self._events[first : first + AT_ONCE]
                for service, events in (
                    (self._system.retention, [event for event in batch if event["type"] in OF_RETENTION]),
                    (self._system.recruitment, [event for event in batch if event["type"] not in OF_RETENTION]),
                ):
                    if events:
                        self._send(client, f"{service.url}/v1/events", events)
                if self._given_up.wait(PAUSE_SECONDS):
                    return

    def wait_for(self, answers: float) -> None:
        """Wait until so many events were answered, or all."""
        while len(self.answered) < answers and self.is_alive():
            self.join(0.01)

    def give_up(self) -> None:
        """Stop sending."""
        self._given_up.set()

    def _send(self, client: httpx.Client, url: str, events: list[Stated]) -> None:
        while not self._given_up.is_set():
            try:
                answer = client.post(url, content=json.dumps(events), headers=BATCH)
            except httpx.TransportError:
                self._given_up.wait(PAUSE_SECONDS)
                continue
            if answer.status_code == httpx.codes.ACCEPTED:
                self.answered += [(result["id"], result["status"]) for result in answer.json()["results"]]
                return
            if not answer.is_server_error:
                self.refusals.append(f"{answer.status_code} {answer.text}")
            self._given_up.wait(PAUSE_SECONDS)
