"""What is recorded in one round: whole histories of a few authorities, and how it comes in.

Invariant: the same random numbers give the same batches; every event states its own `time`, many of them the same one.
"""

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

import hypothesis
from hypothesis import HealthCheck, Phase, given, settings

from contracts.catalogue import RECRUITMENT, RETENTION, TOPIC_OF_TYPE
from contracts.envelope import STAMPED_BY_SERVICE, Event
from tests.delivery.feed import Stated
from tests.histories import histories_of_merges
from tests.whole_histories import whole_histories

AUTHORITIES = 3
"""In each round; no other round on the same system has them."""
FIRST_CODE, CODES = 100, 900
DRAWN = 16
"""Histories that are drawn for one round: of these the longest are taken."""
HISTORIES_OF_ONE = 2
"""Of an authority: they speak of the same few posts and workers."""
MERGES = (3, 5)
"""Every fifth authority also merges numbers (the remainder 3)."""
LARGEST_BATCH = 6
SENT_TWICE = 0.2
"""The share of events that come a second time."""
BAD = 0.08
"""The share of events that have a bad one beside them."""


@dataclass(frozen=True)
class Load:
    """Batches in the order in which they are sent, each with the service that takes it."""

    authorities: tuple[str, ...]
    batches: list[tuple[str, list[Stated]]]
    bad: frozenset[tuple[str, str, str]] = field(default=frozenset())
    """Authority, source and id of those that no door may accept."""


def authorities_of(number: int) -> tuple[str, ...]:
    """The codes of a round's authorities."""
    return tuple(str(FIRST_CODE + (number * AUTHORITIES + index) % CODES) for index in range(AUTHORITIES))


def load_of(number: int, random: Random, ties: bool = True) -> Load:
    """The events of a round: late ones, corrections before what they correct, ties, repetitions, bad ones."""
    authorities = authorities_of(number)
    drawn = iter(_histories(random.randrange(2**32)))
    merging = iter(_histories_of_merges(random.randrange(2**32)))
    events: list[Stated] = []
    for authority in authorities:
        for index in range(HISTORIES_OF_ONE):
            events += [_stated(event, authority, f"{index}-") for event in next(drawn)]
        if int(authority) % MERGES[1] == MERGES[0]:
            events += [_stated(event, authority, "m-") for event in next(merging)]
    if not ties:
        for index, event in enumerate(events):
            event["time"] = (datetime.fromisoformat(event["time"]) + timedelta(seconds=index)).isoformat()
    random.shuffle(events)
    events += random.sample(events, int(len(events) * SENT_TWICE))
    bad = [_spoilt(event, index, random) for index, event in enumerate(events) if random.random() < BAD]
    for event in bad:
        events.insert(random.randrange(len(events)), event)
    identities = frozenset((event["authority"], event["source"], str(event["id"])) for event in bad)
    return Load(authorities, _batched(events, random), identities)


def _histories(seed: int) -> list[list[Event]]:
    histories: list[list[Event]] = []

    @hypothesis.seed(seed)
    @settings(
        max_examples=DRAWN,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=[*HealthCheck],
    )
    @given(whole_histories(most_events=24))
    def draw(history: list[Event]) -> None:
        histories.append(history)

    draw()
    return sorted(histories, key=len, reverse=True)


def _histories_of_merges(seed: int) -> list[list[Event]]:
    histories: list[list[Event]] = []

    @hypothesis.seed(seed)
    @settings(
        max_examples=4, database=None, deadline=None, phases=[Phase.generate], suppress_health_check=[*HealthCheck]
    )
    @given(histories_of_merges())
    def draw(history: list[Event]) -> None:
        histories.append(history)

    draw()
    return sorted(histories, key=len, reverse=True)


def _stated(event: Event, authority: str, prefix: str) -> Stated:
    """The event as a feed of this authority states it, its id and those it refers to within a history of their own."""
    attributes = event.envelope.model_dump(mode="json", exclude_none=True, exclude={*STAMPED_BY_SERVICE})
    for name in ("id", "supersedes", "voids"):
        if name in attributes:
            attributes[name] = prefix + attributes[name]
    return attributes | {"authority": authority, "data": json.loads(event.body)}


def _spoilt(event: Stated, index: int, random: Random) -> Stated:
    """An event that breaks its contract in one way or another."""
    spoilt = event | {"id": f"bad-{index}"}
    return spoilt | random.choice(
        [
            {"data": {**event["data"], "name": "nobody's"}},
            {"data": None},
            {"data": []},
            {"time": "2999-01-01T00:00:00Z"},
            {"time": "yesterday"},
            {"subject": "worker/with space"},
            {"subject": "campaign/worker/post"},
            {"type": "uk.workforce.nothing.happened.v1"},
            {"sequence": "7"},
            {"supersedes": f"bad-{index}", "supersedessource": event["source"]},
        ]
    )


def _batched(events: list[Stated], random: Random) -> list[tuple[str, list[Stated]]]:
    """Batches of a few events, each for the service that owns their type; what nobody owns goes to either."""
    waiting: dict[str, list[Stated]] = {RECRUITMENT: [], RETENTION: []}
    batches: list[tuple[str, list[Stated]]] = []
    for event in events:
        topic = TOPIC_OF_TYPE.get(str(event["type"]))
        service = topic.owner if topic is not None else random.choice([RECRUITMENT, RETENTION])
        waiting[service].append(event)
        if len(waiting[service]) >= random.randint(1, LARGEST_BATCH):
            batches.append((service, waiting[service]))
            waiting[service] = []
    return batches + [(service, rest) for service, rest in waiting.items() if rest]
