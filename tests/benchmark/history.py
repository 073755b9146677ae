"""An invented history of any length, as the records that stand on Kafka.

Invariant: the same number of workers gives the same records, in the order in which they were recorded.
"""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from contracts.catalogue import TOPIC_OF_TYPE
from contracts.envelope import kafka_headers, parse_event

FIRST_DAY = date(2014, 4, 1)
DAYS = 3650
ROLES = ("social-worker", "advanced-social-worker", "senior-practitioner", "team-manager")
WORKERS_AN_AUTHORITY = 400


@dataclass(frozen=True, slots=True)
class Record:
    """One record as the relay would publish it."""

    topic: str
    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]


def records(workers: int, seed: int = 1) -> list[Record]:
    """About 5 events for each worker: posts, starters, FTE changes, moves, leavers, agency cover; 400 workers to an
    authority, ten years, in the order of recording.
    """
    drawn = random.Random(seed)
    facts = sorted(_facts(drawn, workers), key=lambda fact: fact[0])
    stamped = datetime.now(UTC).isoformat()
    found = []
    for sequence, (day, authority, name, subject, data) in enumerate(facts, start=1):
        attributes = {
            "specversion": "1.0",
            "id": f"bench-{sequence}",
            "source": "/bench",
            "type": f"uk.workforce.{name}.v1",
            "subject": subject,
            "time": datetime(day.year, day.month, day.day, 9, tzinfo=UTC).isoformat(),
            "authority": authority,
            "acceptedtime": stamped,
            "sequence": str(sequence),
            "provenance": "request bench",
        }
        event = parse_event(attributes, json.dumps(data).encode())
        found.append(
            Record(TOPIC_OF_TYPE[event.envelope.type].name, event.key, event.body, kafka_headers(event.envelope))
        )
    return found


Fact = tuple[date, str, str, str, dict[str, Any]]


def _facts(drawn: random.Random, workers: int) -> Iterator[Fact]:
    for number in range(workers):
        authority = str(201 + number // WORKERS_AN_AUTHORITY)
        post = f"P-{number}"
        yield (
            FIRST_DAY,
            authority,
            "post.established",
            f"post/{post}",
            {
                "effective_from": FIRST_DAY.isoformat(),
                "role": drawn.choice(ROLES),
                "funded_fte": 1,
                "team": f"team-{number % 20}",
                "service_area": f"area-{number % 4}",
            },
        )
        yield from _life(drawn, authority, f"worker/W-{number}", post)
        if number % 5 == 0:
            yield from _cover(drawn, authority, f"cover/A-{number}", post)


def _life(drawn: random.Random, authority: str, subject: str, post: str) -> Iterator[Fact]:
    day = FIRST_DAY + timedelta(drawn.randrange(DAYS))
    started = {"started_on": day.isoformat(), "post": post, "fte": 1, "origin": "other", "route": "direct"}
    yield day, authority, "worker.started", subject, started
    for fte in (0.8, 0.6):
        day += timedelta(drawn.randrange(30, 700))
        changed = {"effective_from": day.isoformat(), "post": post, "fte": fte}
        yield day, authority, "worker.fte-changed", subject, changed
    if drawn.random() < 0.6:
        day += timedelta(drawn.randrange(30, 700))
        left = {"left_on": day.isoformat(), "reason": "resignation", "destination": "not-known"}
        yield day + timedelta(drawn.randrange(30)), authority, "worker.left", subject, left


def _cover(drawn: random.Random, authority: str, subject: str, post: str) -> Iterator[Fact]:
    day = FIRST_DAY + timedelta(drawn.randrange(DAYS))
    started = {
        "started_on": day.isoformat(),
        "agency_worker": subject.replace("cover/", ""),
        "fte": 1,
        "reason": "vacancy",
        "post": post,
    }
    yield day, authority, "cover.started", subject, started
    day += timedelta(drawn.randrange(60, 400))
    yield day, authority, "cover.ended", subject, {"ended_on": day.isoformat()}
