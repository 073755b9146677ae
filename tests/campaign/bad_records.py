"""Records that no reader may take in: of every kind that a foreign producer or a bug could put on a topic.

Invariant: each differs from a record of a good event in one thing that makes it none, and says which.
"""

from collections.abc import Callable
from dataclasses import replace
from random import Random

from contracts.catalogue import ALL_TOPICS, DEAD_LETTER_TOPICS, EVENT_TOPICS
from tests.campaign.stage import Planted
from tests.delivery.feed import Stated, post_established, record_of, stated

PLANTED = b"bad-"
"""What the keys of planted records begin with."""
A_MEGABYTE = 1_047_000
"""Bytes of a body that Apache Kafka's usual limit (1,048,588 for a batch) just lets pass."""
LATEST_POSITION = 1500
"""Of a journal in a round: a planted record may claim the position of an event that is yet to come."""
AT_ONCE = (4, 10)
"""How many are planted at least, and at most: fewer than stop a consumer."""

OTHER_TOPICS = [topic for topic in ALL_TOPICS if topic not in (*EVENT_TOPICS, *DEAD_LETTER_TOPICS)]

Headers = list[tuple[str, bytes | None]]


def _changed(name: str, value: bytes | None) -> Callable[[Headers], Headers]:
    return lambda headers: [(known, value if known == name else held) for known, held in headers]


def _without(*names: str) -> Callable[[Headers], Headers]:
    return lambda headers: [item for item in headers if item[0] not in names]


def _with(name: str, value: bytes | None) -> Callable[[Headers], Headers]:
    return lambda headers: [*headers, (name, value)]


HEADERS: dict[str, Callable[[Headers], Headers]] = {
    "no headers": lambda headers: [],
    "no id": _without("ce_id"),
    "no sequence": _without("ce_sequence"),
    "no acceptedtime": _without("ce_acceptedtime"),
    "null id": _changed("ce_id", None),
    "null type": _changed("ce_type", None),
    "null time": _changed("ce_time", None),
    "a type in no text": _changed("ce_type", b"\xff\xfe\x00"),
    "unknown type": _changed("ce_type", b"uk.workforce.post.painted.v1"),
    "type of another topic": _changed("ce_type", b"uk.workforce.leaver.reversed.v1"),
    "unknown attribute": _with("ce_name", b"somebody"),
    "sequence beyond bigint": _changed("ce_sequence", b"9999999999999999999"),
    "negative sequence": _changed("ce_sequence", b"-1"),
    "time before the year 1": _changed("ce_time", b"0001-01-01T00:00:00+14:00"),
    "time after the year 9999": _changed("ce_time", b"9999-12-31T23:59:59-14:00"),
    "acceptedtime after the year 9999": _changed("ce_acceptedtime", b"9999-12-31T23:59:59-14:00"),
    "time is a number": _changed("ce_time", b"1698739200"),
    "subject with a line feed": _changed("ce_subject", b"post/P-1\n"),
    "authority in other digits": _changed("ce_authority", "３３１".encode()),
    "id with NUL": _changed("ce_id", b"E-1\x00"),
    "specversion 2": _changed("ce_specversion", b"2.0"),
    "thousands of headers": lambda headers: headers + [(f"ce_x{number}", b"1") for number in range(3000)],
}
BODIES: dict[str, bytes | None] = {
    "tombstone": None,
    "empty body": b"",
    "no JSON": b"{",
    "wrong bytes": bytes(range(256)),
    "an array": b"[]",
    "a number without end": b'{"funded_fte": 1e999}',
    "not a number": b'{"funded_fte": NaN}',
    "nested deeply": b"[" * 60_000,
    "a megabyte": b'{"team": "' + b"a" * A_MEGABYTE + b'"}',
    "unpaired surrogate": b'{"team": "\\ud800"}',
}
KINDS = (*HEADERS, *BODIES, "no key, no headers, no body", "a megabyte of anything")


def bad_records(random: Random, authority: str, kinds: tuple[str, ...] | None = None) -> list[Planted]:
    """Some bad records for topics of an authority; of these kinds, or of any."""
    chosen = kinds or tuple(random.sample(KINDS, random.randint(*AT_ONCE)))
    planted = [_bad(kind, random, authority) for kind in chosen]
    if kinds is None and OTHER_TOPICS:
        # What services say to one another there is as open to anybody as events are.
        planted += [replace(one, topic=random.choice(OTHER_TOPICS).name) for one in planted[::3]]
    return planted


def _bad(kind: str, random: Random, authority: str) -> Planted:
    number = random.randrange(10**9)
    key = PLANTED + str(number).encode()
    event = _good(random, authority, number)
    record = record_of(event, sequence=random.choice([1, random.randrange(1, LATEST_POSITION)]))
    headers: Headers = list(record.headers)
    value = record.value
    if kind in HEADERS:
        headers = HEADERS[kind](headers)
    elif kind in BODIES:
        value = BODIES[kind]
    elif kind == "a megabyte of anything":
        value, headers = random.randbytes(A_MEGABYTE), []
    else:
        # Kafka's client sends no record that has neither.
        return Planted(record.topic, None, b"", (), kind)
    return Planted(record.topic, key, value, tuple(headers), kind)


def _good(random: Random, authority: str, number: int) -> Stated:
    """An event that would be taken in, on a topic that metrics alone reads or on one that others read too."""
    worker = f"worker/bad-{number}"
    events = [
        post_established(f"bad-{number}", authority),
        stated(
            f"bad-{number}",
            "worker.left",
            worker,
            authority,
            {"left_on": "2023-05-01", "reason": "resignation", "destination": "other"},
        ),
        stated(
            f"bad-{number}",
            "worker.fte-changed",
            worker,
            authority,
            {"effective_from": "2023-05-01", "post": "P-1", "fte": 0.5},
        ),
    ]
    return random.choice(events)
