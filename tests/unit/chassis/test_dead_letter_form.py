"""A dead letter fits onto its topic, says what was cut, and is told whoever put it there."""

from typing import Any

import pytest
from aiokafka import ConsumerRecord

from services.chassis.dead_letter_form import (
    RejectedRecord,
    dead_letter,
    fingerprint,
    passthrough_parser,
    where_and_why,
    which,
)
from services.chassis.dead_letters import _in_a_line

ROOM = 1_000_000


def record(
    value: bytes | None = b"{}", headers: tuple[tuple[str, bytes | None], ...] = (), key: bytes | None = b"331:post/P-1"
) -> ConsumerRecord:
    """A record of workforce.posts, partition 3, offset 12."""
    return ConsumerRecord("workforce.posts", 3, 12, 0, 0, key, value, None, 0, 0, headers)


def letter_of(came: ConsumerRecord, room: int = ROOM, reason: str = "data: is not JSON") -> ConsumerRecord:
    """Its dead letter, read back."""
    letter = dead_letter(RejectedRecord(came, "contract", reason, 1), "metrics", room)
    return record(letter.value, tuple(letter.headers), letter.key)


def length(letter: ConsumerRecord) -> int:
    """Bytes of a record with all its headers."""
    headers = sum(len(name.encode()) + len(content or b"") for name, content in letter.headers)
    return len(letter.key or b"") + len(letter.value or b"") + headers


def test_a_record_is_kept_as_it_came_and_nothing_is_said_of_cutting() -> None:
    came = record(b"\xff" * 900_000, (("a", None), ("a", b"1"), ("", b"")))
    letter = letter_of(came)
    assert (letter.key, letter.value, passthrough_parser(letter)) == (came.key, came.value, came.headers)
    assert set(where_and_why(letter)) == {
        "topic", "partition", "offset", "consumer", "cause", "reason", "attempts", "at"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("came", "kept"),
    [
        (
            record(b"a" * 1_048_400),
            "kept: 999988 of 1048400 bytes of the body, 0 of 0 headers, the key",
        ),
        (
            record(b"{}", tuple((f"header-{number:05}", b"x" * 78) for number in range(12_000))),
            "kept: 2 of 2 bytes of the body, 2500 of 12000 headers, the key",
        ),
        (record(None, key=b"k" * 1_048_400), "kept: 0 of 0 bytes of the body, 0 of 0 headers, no key"),
    ],
    ids=["a large body", "thousands of headers", "a large key"],
)
def test_a_record_that_leaves_no_room_for_the_reason_is_cut_and_says_so(came: ConsumerRecord, kept: str) -> None:
    letter = letter_of(came)
    assert length(letter) < ROOM + 5000
    about = where_and_why(letter)
    assert about["cut"] == kept
    assert about["original-sha256"] == fingerprint(came)
    assert int(about["original-bytes"]) > ROOM
    assert (came.value or b"").startswith(letter.value or b"")


@pytest.mark.parametrize("room", [ROOM, 0])
def test_a_record_without_key_and_body_has_an_empty_body_and_says_so(room: int) -> None:
    letter = letter_of(record(None, key=None), room)
    assert (letter.key, letter.value) == (None, b"")
    assert where_and_why(letter)["empty"] == "it had neither key nor body"


def test_nothing_but_the_reason_is_kept_where_there_is_no_room() -> None:
    letter = letter_of(record(b"{}", (("\\xff", b"1"),)), room=0)
    assert (letter.key, letter.value, passthrough_parser(letter)) == (None, b"", ())
    assert where_and_why(letter)["cut"] == "kept: 0 of 2 bytes of the body, 0 of 1 headers, no key"


def test_a_reason_of_any_length_and_letters_can_be_written() -> None:
    about = where_and_why(letter_of(record(), reason="half a letter \ud800 " + "x" * 5000))
    assert about["reason"].startswith("half a letter \\ud800 xxx")
    assert len(about["reason"]) < 2100


@pytest.mark.parametrize(
    "other",
    [
        record(b"{]"),
        record(None),
        record(b"{}", key=None),
        record(b"{}", (("a", None),)),
        record(b"{}", (("a", b""),)),
        record(b"{}", (("", b"a"),)),
    ],
)
def test_a_fingerprint_tells_records_apart(other: ConsumerRecord) -> None:
    assert fingerprint(other) != fingerprint(record())


def test_headers_like_ours_with_which_a_record_came_are_its_own() -> None:
    came = record(b"{}", (("dead-letter-topic", b"elsewhere"), ("dead-letter-reason", b"old"), ("b", b"1")))
    letter = letter_of(came)
    assert passthrough_parser(letter) == came.headers
    assert where_and_why(letter)["topic"] == "workforce.posts"
    assert where_and_why(letter)["reason"] == "data: is not JSON"


@pytest.mark.parametrize(
    ("headers", "line"),
    [
        ((), "?\t?\t?\tno service put it there: it has no headers of a dead letter"),
        ((("\\xff", None), ("x", b"\xff")), "?\t?\t?\tno service put it there: it has no headers of a dead letter"),
        ((("dead-letter-topic", b"somewhere"),), "?\tsomewhere[?]@?\t?\t?"),
        ((("dead-letter-topic", None), ("dead-letter-at", b"\xff\n\t")), "\\\\xff\\n\\t\t[?]@?\t?\t?"),
    ],
)
def test_a_record_that_somebody_else_put_there_is_listed_too(headers: tuple[Any, ...], line: str) -> None:
    assert _in_a_line(where_and_why(record(b"{}", headers))) == line


def test_a_line_of_the_list_is_one_line_of_ascii() -> None:
    letter = letter_of(record(), reason="a\nb\tc é \x00")
    assert _in_a_line(where_and_why(letter)).endswith("\tworkforce.posts[3]@12\tcontract\ta\\nb\\tc \\xe9 \\x00")


def test_a_record_is_known_by_where_it_stood_and_what_it_was() -> None:
    came = record(b'{"a": 1}', (("ce_id", b"1"),))
    # Read once more it becomes a dead letter once more, for another reason perhaps.
    assert which(letter_of(came)) == which(letter_of(came, reason="data.a: is not text"))
    others = [
        record(b'{"a": 2}', (("ce_id", b"1"),)),
        record(b'{"a": 1}', (("ce_id", b"2"),)),
        record(b'{"a": 1}', (("ce_id", b"1"),), key=b"331:post/P-2"),
        ConsumerRecord("workforce.posts", 3, 13, 0, 0, came.key, came.value, None, 0, 0, came.headers),
        ConsumerRecord("workforce.posts", 2, 12, 0, 0, came.key, came.value, None, 0, 0, came.headers),
        ConsumerRecord("workforce.hiring", 3, 12, 0, 0, came.key, came.value, None, 0, 0, came.headers),
    ]
    assert len({which(letter_of(other)) for other in (came, *others)}) == 7


def test_of_a_record_that_was_cut_it_is_known_what_it_was_as_a_whole() -> None:
    long, other = record(b"a" * 2_000 + b"1"), record(b"a" * 2_000 + b"2")
    assert which(letter_of(long, 1_000)) == which(letter_of(long)) != which(letter_of(other, 1_000))
