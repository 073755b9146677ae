"""The form of a dead letter: the record as it came, and in further headers where it was and why it was rejected.

Invariant: body, key and headers are those of the record, byte for byte. If it is too large for the topic together
with the further headers, it is cut, and says so. (A record without key and body gets an empty body.)
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from aiokafka import ConsumerRecord

HEADER = "dead-letter-"
"""Prefix of the further headers, which come after those of the record."""

FIRST = f"{HEADER}topic"
"""The first of them."""

LONGEST_REASON = 2000
"""Characters of a reason."""

HEADER_BYTES = 10
"""Bytes for the two lengths that Kafka stores with each header."""

Headers = Sequence[tuple[str, bytes | None]]


@dataclass(frozen=True, slots=True)
class RejectedRecord:
    """A record that cannot be taken in, and why. `cause` is a short code for metrics."""

    record: ConsumerRecord
    cause: str
    reason: str
    attempts: int


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """What is put on the dead-letter topic."""

    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes | None]]


def dead_letter(item: RejectedRecord, service: str, room: int) -> DeadLetter:
    """The dead letter of a record, in which the record itself takes at most `room` bytes.

    If the record is larger, body and headers are cut, and its length and SHA-256 are stated. The original may still
    be at its topic, partition and offset.
    """
    record = item.record
    about = {
        "topic": record.topic,
        "partition": str(record.partition),
        "offset": str(record.offset),
        "consumer": service,
        "cause": item.cause,
        "reason": item.reason[:LONGEST_REASON],
        "attempts": str(item.attempts),
        "at": datetime.now(UTC).isoformat(),
    }
    kept = DeadLetter(record.key, record.value, list(record.headers))
    if _length(record) > room:
        kept = _cut(record, room)
        about |= {
            "cut": f"kept: {len(kept.value or b'')} of {len(record.value or b'')} bytes of the body, "
            f"{len(kept.headers)} of {len(record.headers)} headers, {'the' if kept.key == record.key else 'no'} key",
            "original-bytes": str(_length(record)),
            "original-sha256": fingerprint(record),
        }
    if kept.key is None and kept.value is None:
        # Kafka's clients write no record that has neither.
        kept = DeadLetter(None, b"", kept.headers)
        if record.key is None and record.value is None:
            about["empty"] = "it had neither key nor body"
    added = [(f"{HEADER}{name}", text.encode("utf-8", "backslashreplace")) for name, text in about.items()]
    return DeadLetter(kept.key, kept.value, [*kept.headers, *added])


def _cut(record: ConsumerRecord, room: int) -> DeadLetter:
    """The key and the first headers, each up to a quarter of the room, and as much of the body as still fits."""
    key = record.key if len(record.key or b"") <= room // 4 else None
    headers: list[tuple[str, bytes | None]] = []
    length = 0
    for name, content in record.headers:
        length += _header_length(name, content)
        if length > room // 4:
            break
        headers.append((name, content))
    left = room - len(key or b"") - sum(_header_length(name, content) for name, content in headers)
    return DeadLetter(key, None if record.value is None else record.value[:left], headers)


def _length(record: ConsumerRecord) -> int:
    headers = sum(_header_length(name, content) for name, content in record.headers)
    return len(record.key or b"") + len(record.value or b"") + headers


def _header_length(name: str, content: bytes | None) -> int:
    return len(name.encode()) + len(content or b"") + HEADER_BYTES


def fingerprint(record: ConsumerRecord) -> str:
    """The SHA-256, in hexadecimal, of the key, body and headers of a record, in this order, each preceded by its
    length.
    """
    return _fingerprint(record.key, record.value, record.headers)


def _fingerprint(key: bytes | None, value: bytes | None, headers: Headers) -> str:
    digest = sha256()
    for name, content in (("", key), ("", value), *headers):
        for part in (name.encode(), content):
            digest.update(b"-" if part is None else b"%d:" % len(part) + part)
    return digest.hexdigest()


def passthrough_parser(record: ConsumerRecord) -> Headers:
    """The headers of the record itself: those before ours, whatever their names are."""
    headers: Headers = record.headers[: _first_of_ours(record)]
    return headers


def where_and_why(record: ConsumerRecord) -> dict[str, str]:
    """What the headers of a dead letter say: topic, partition, offset, consumer, cause, reason, attempts, at.

    Empty for a record that somebody else put there. If a record was cut, it also has what is kept (`cut`), and the
    length and SHA-256 of the whole (`original-bytes`, `original-sha256`). If it had neither key nor body, it has
    `empty`.
    """
    return {
        name.removeprefix(HEADER): (content or b"").decode("utf-8", "backslashreplace")
        for name, content in record.headers[_first_of_ours(record) :]
        if name.startswith(HEADER)
    }


def which(record: ConsumerRecord) -> tuple[str, str, str, str]:
    """Which record a dead letter holds: its topic, partition and offset, and its SHA-256.

    A record that is read twice becomes two dead letters. A topic that was made again has other records at the same
    offsets. So neither the letter's offset nor the record's alone is enough.
    """
    about = where_and_why(record)
    of_the_whole = about.get("original-sha256") or _fingerprint(record.key, record.value, passthrough_parser(record))
    return about.get("topic", ""), about.get("partition", ""), about.get("offset", str(record.offset)), of_the_whole


def letter_of(record: ConsumerRecord) -> str:
    """The identity of a dead letter, however often its record was read: the SHA-256 of `which`, in hexadecimal."""
    return _name_of(which(record))


def letter_made_of(record: ConsumerRecord) -> str:
    """The same for a record that is about to become a dead letter."""
    # One without key and body has an empty body then.
    body = b"" if record.key is None and record.value is None else record.value
    digest = _fingerprint(record.key, body, record.headers)
    return _name_of((record.topic, str(record.partition), str(record.offset), digest))


def _name_of(parts: tuple[str, str, str, str]) -> str:
    return sha256("\0".join(parts).encode("utf-8", "backslashreplace")).hexdigest()


def _first_of_ours(record: ConsumerRecord) -> int:
    # A record that somebody copied from this topic to another has such headers of its own: ours are the last.
    ours = [index for index, (name, _) in enumerate(record.headers) if name == FIRST]
    return ours[-1] if ours else len(record.headers)
