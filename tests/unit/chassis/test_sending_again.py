"""Dead letters that are sent again: which are, to which topic, as they came; and why others are not.

Invariant: the dead letters are those that a consumer would have written; Kafka's clients stand in.
"""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaConnectionError, KafkaError, KafkaTimeoutError, UnknownTopicOrPartitionError

from services.chassis import dead_letters
from services.chassis.dead_letter_form import (
    RejectedRecord,
    dead_letter,
    fingerprint,
    passthrough_parser,
    where_and_why,
)
from services.chassis.dead_letters import NotSentAgain, main, send_again

Headers = tuple[tuple[str, bytes | None], ...]
POSTS = "workforce.posts"
CAME: Headers = (("ce_authority", b"331"), ("empty", None))


def record(
    offset: int, key: bytes | None = b"331:post/P-1", value: bytes | None = b"{}", topic: str = POSTS
) -> ConsumerRecord:
    """A record as it came, of partition 3."""
    return ConsumerRecord(topic, 3, offset, 0, 0, key, value, None, 0, 0, CAME)


def letter(offset: int, came: ConsumerRecord, room: int = 1_000_000) -> ConsumerRecord:
    """Its dead letter, at an offset of the dead-letter topic."""
    made = dead_letter(RejectedRecord(came, "contract", "data: is not JSON", 1), "metrics", room)
    headers = tuple(made.headers)
    return ConsumerRecord("metrics.dead-letter", 0, offset, 0, 0, made.key, made.value, None, 0, 0, headers)


class Kafka:
    """Dead letters, the originals that still stand at their offsets, and what is sent."""

    def __init__(self, *letters: ConsumerRecord) -> None:
        self.letters = letters
        self.originals: dict[tuple[str, int, int], ConsumerRecord] = {}
        self.sent: list[tuple[str, bytes | None, bytes | None, Headers]] = []
        self.asked: list[str] = []

    def __call__(self, **_: Any) -> "Kafka":
        return self

    async def start(self) -> None:
        """A producer's."""

    stop = start

    async def send_and_wait(
        self, topic: str, value: bytes | None, key: bytes | None, headers: list[tuple[str, bytes | None]]
    ) -> None:
        self.sent.append((topic, key, value, tuple(headers)))

    async def read(self, service: str, servers: str) -> AsyncIterator[ConsumerRecord]:
        self.asked += [service, servers]
        for letter in self.letters:
            yield letter

    async def read_one(self, _: str, topic: str, partition: int, offset: int) -> ConsumerRecord | None:
        return self.originals.get((topic, partition, offset))


@pytest.fixture
def kafka(monkeypatch: pytest.MonkeyPatch) -> Kafka:
    """With three dead letters: of two topics, and under two authorities the same number."""
    kafka = Kafka(
        letter(5, record(12)),
        letter(6, record(13, key=b"332:post/P-1")),
        letter(7, record(14, topic="workforce.hiring")),
    )
    monkeypatch.setattr(dead_letters, "AIOKafkaProducer", kafka)
    monkeypatch.setattr(dead_letters, "read_dead_letters", kafka.read)
    monkeypatch.setattr(dead_letters, "_read_one", kafka.read_one)
    return kafka


async def test_all_are_sent_to_where_they_came_from_as_they_came(kafka: Kafka) -> None:
    assert await send_again("metrics", "kafka:9092", None) == 3
    assert kafka.sent == [
        (POSTS, b"331:post/P-1", b"{}", CAME),
        (POSTS, b"332:post/P-1", b"{}", CAME),
        ("workforce.hiring", b"331:post/P-1", b"{}", CAME),
    ]
    assert kafka.asked == ["metrics", "kafka:9092"]


async def test_only_what_was_asked_for_is_sent(kafka: Kafka) -> None:
    assert await send_again("metrics", "kafka:9092", {6}) == 1
    assert [key for _, key, *_ in kafka.sent] == [b"332:post/P-1"]


async def test_what_is_not_there_is_told_when_the_others_were_sent(kafka: Kafka) -> None:
    with pytest.raises(NotSentAgain) as refused:
        await send_again("metrics", "kafka:9092", {4, 5, 8})
    assert (refused.value.sent, len(kafka.sent)) == (1, 1)
    assert refused.value.reasons == dict.fromkeys((4, 8), "there is no such record")
    assert str(refused.value) == "offset 4: there is no such record; offset 8: there is no such record"


async def test_what_no_service_put_there_or_can_never_be_taken_in_is_not_sent(kafka: Kafka) -> None:
    strange = ConsumerRecord("metrics.dead-letter", 0, 9, 0, 0, b"k", b"v", None, 0, 0, ())
    elsewhere = letter(10, record(1, topic="workforce.watermarks"))
    empty = letter(11, record(2, key=None, value=None))
    kafka.letters = (strange, elsewhere, empty, *kafka.letters)
    with pytest.raises(NotSentAgain) as refused:
        await send_again("metrics", "kafka:9092", None)
    assert refused.value.sent == 3
    by_somebody = "its headers do not say from which topic of events it came: no service put it there"
    assert refused.value.reasons == {
        9: by_somebody,
        10: by_somebody,
        11: "it had neither key nor body, and can never be taken in",
    }


async def test_one_that_was_cut_is_sent_whole_where_its_original_still_stands(kafka: Kafka) -> None:
    came = record(20, value=b"x" * 500)
    kafka.letters = (letter(9, came, room=100),)
    kafka.originals[POSTS, 3, 20] = came
    assert await send_again("metrics", "kafka:9092", {9}) == 1
    assert kafka.sent == [(POSTS, b"331:post/P-1", b"x" * 500, CAME)]


@pytest.mark.parametrize("original", [None, record(20, value=b"y" * 500), record(20, key=b"332:post/P-1")])
async def test_one_that_was_cut_is_not_sent_where_something_else_stands_there(
    kafka: Kafka, original: ConsumerRecord | None
) -> None:
    kafka.letters = (letter(9, record(20, value=b"x" * 500), room=100),)
    if original is not None:
        kafka.originals[POSTS, 3, 20] = original
    with pytest.raises(NotSentAgain) as refused:
        await send_again("metrics", "kafka:9092", None)
    assert kafka.sent == []
    at = "workforce.posts, partition 3, offset 20"
    why = f"it was too large to be kept whole, and its original no longer stands at {at}"
    assert refused.value.reasons == {9: why}


async def test_one_that_was_cut_and_does_not_say_where_it_stood_is_not_sent(kafka: Kafka) -> None:
    cut = letter(9, record(20, value=b"x" * 500), room=100)
    headers = tuple((name, b"?" if name == "dead-letter-offset" else content) for name, content in cut.headers)
    kafka.letters = (replace(cut, headers=headers),)
    with pytest.raises(NotSentAgain, match="no longer stands"):
        await send_again("metrics", "kafka:9092", None)


# --- the form ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("room", "cut"), [(12 + 2 + 22 + 3 + 5 + 10, False), (12 + 2 + 22 + 3 + 5 + 9, True)])
def test_a_record_is_cut_when_it_is_larger_than_the_room(room: int, cut: bool) -> None:
    # Key 12, body 2, the first header 12 + 3 bytes and 10 for its lengths, the second 5 and 10.
    made = letter(1, record(12), room)
    assert ("cut" in where_and_why(made)) is cut


@pytest.mark.parametrize(("room", "kept"), [(48, True), (47, False)])
def test_a_key_is_kept_up_to_a_quarter_of_the_room(room: int, kept: bool) -> None:
    made = letter(1, record(12, value=b"x" * 500), room)
    assert made.key == (b"331:post/P-1" if kept else None)


@pytest.mark.parametrize(("room", "headers"), [(160, 2), (159, 1), (100, 1), (99, 0)])
def test_headers_are_kept_up_to_a_quarter_of_the_room_and_the_body_has_the_rest(room: int, headers: int) -> None:
    made = letter(1, record(12, value=b"x" * 500), room)
    assert passthrough_parser(made) == CAME[:headers]
    taken = len(made.key or b"") + (0, 25, 40)[headers]
    assert made.value == b"x" * (room - taken)


def test_of_a_reason_two_thousand_letters_are_kept() -> None:
    for length, kept in ((2000, 2000), (2001, 2000)):
        made = dead_letter(RejectedRecord(record(1), "handler", "x" * length, 3), "metrics", 1_000_000)
        about = {name: content for name, content in made.headers if name.startswith("dead-letter-")}
        assert about["dead-letter-reason"] == b"x" * kept
        assert (about["dead-letter-cause"], about["dead-letter-attempts"]) == (b"handler", b"3")


def test_a_fingerprint_is_of_key_body_and_headers_in_this_order() -> None:
    # printf '0:3:key0:2:{}1:a-' | sha256sum
    came = ConsumerRecord(POSTS, 0, 1, 0, 0, b"key", b"{}", None, 0, 0, (("a", None),))
    assert fingerprint(came) == "3132f33e741155eaa6e76d578780605d4092f8188024435ef4b527dca18a9abc"


# --- the command line -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "code", "out", "err"),
    [
        ([], 0, "3 records sent again\n", ""),
        (["--offset", "5", "--offset", "6"], 0, "2 records sent again\n", ""),
        (
            ["--offset", "5", "--offset", "9", "--offset", "8"],
            1,
            "1 records sent again\n",
            "the record at offset 8 was not sent again: there is no such record\n"
            "the record at offset 9 was not sent again: there is no such record\n",
        ),
    ],
)
def test_the_command_says_how_many_were_sent_and_why_others_were_not(
    kafka: Kafka, capsys: pytest.CaptureFixture[str], asked: list[str], code: int, out: str, err: str
) -> None:
    assert main(["send-again", "--service", "metrics", *asked]) == code
    assert capsys.readouterr() == (out, err)


def test_the_command_lists_each_with_its_offset(kafka: Kafka, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "--service", "metrics"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("\t")[0] for line in lines[:3]] == ["5", "6", "7"]
    assert [line.split("\t")[2:4] for line in lines[:3]] == [
        ["workforce.posts[3]@12", "contract"],
        ["workforce.posts[3]@13", "contract"],
        ["workforce.hiring[3]@14", "contract"],
    ]
    assert lines[3] == "3 dead letters of metrics"


def test_the_command_says_that_kafka_did_not_answer(kafka: Kafka, capsys: pytest.CaptureFixture[str]) -> None:
    async def away() -> None:
        raise KafkaConnectionError("nobody listens")

    kafka.start = away  # type: ignore[method-assign]
    assert main(["send-again", "--service", "metrics", "--kafka-servers", "kafka:9092"]) == 1
    assert capsys.readouterr().err.startswith("Kafka at kafka:9092 did not answer: ")


# --- the original of one that was cut ---------------------------------------------------------------------------------

PARTITION = TopicPartition(POSTS, 3)


class Log:
    """A partition that holds the records from one offset on and before another, as Kafka's consumer reads it."""

    def __init__(self, first: int, end: int, gives: int | None = None, error: KafkaError | None = None) -> None:
        self.first, self.end, self.gives, self.error = first, end, gives, error
        self.settings: dict[str, Any] = {}
        self.waited: list[int] = []
        self.stopped = False

    def __call__(self, **settings: Any) -> "Log":
        self.settings = settings
        return self

    async def start(self) -> None:
        """It begins."""

    async def stop(self) -> None:
        self.stopped = True

    def assign(self, partitions: list[TopicPartition]) -> None:
        assert partitions == [PARTITION]

    async def beginning_offsets(self, _: list[TopicPartition]) -> dict[TopicPartition, int]:
        if self.error is not None:
            raise self.error
        return {PARTITION: self.first}

    async def end_offsets(self, _: list[TopicPartition]) -> dict[TopicPartition, int]:
        return {PARTITION: self.end}

    def seek(self, _: TopicPartition, offset: int) -> None:
        self.gives = offset if self.gives is None else self.gives

    async def getmany(
        self, partition: TopicPartition, timeout_ms: int, max_records: int
    ) -> dict[TopicPartition, list[ConsumerRecord]]:
        self.waited.append(timeout_ms)
        assert max_records == 1
        return {partition: [record(self.gives)]} if self.gives else {}


@pytest.mark.parametrize(
    ("log", "is_found"),
    [
        (Log(12, 13), True),
        (Log(13, 20), False),
        (Log(0, 12), False),
        (Log(0, 20, gives=14), False),
        (Log(0, 20, gives=0), False),
        (Log(0, 20, error=UnknownTopicOrPartitionError()), False),
        (Log(0, 20, error=KafkaTimeoutError()), False),
    ],
    ids=["there", "no longer", "not yet", "another", "nothing came", "no such topic", "no answer"],
)
async def test_an_original_is_what_stands_at_its_very_offset(
    monkeypatch: pytest.MonkeyPatch, log: Log, is_found: bool
) -> None:
    monkeypatch.setattr(dead_letters, "AIOKafkaConsumer", log)
    original = await dead_letters._read_one("kafka:9092", POSTS, 3, 12)
    assert (None if original is None else original.offset) == (12 if is_found else None)
    assert (log.settings["request_timeout_ms"], set(log.waited) <= {10_000}) == (10_000, True)
    assert log.stopped


async def test_where_kafka_is_away_an_original_is_not_said_to_be_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dead_letters, "AIOKafkaConsumer", Log(0, 20, error=KafkaConnectionError()))
    with pytest.raises(KafkaConnectionError):
        await dead_letters._read_one("kafka:9092", POSTS, 3, 12)


# --- all dead letters, as they are read -------------------------------------------------------------------------------


class Letters:
    """A topic of dead letters, of so many records in one partition, as Kafka's consumer reads it, three at a time."""

    def __init__(self, count: int, topic: str = "workforce.metrics.dead-letter") -> None:
        self.count, self.topic, self.at = count, topic, 0
        self.partition = TopicPartition(topic, 0)
        self.started = self.stopped = False

    def __call__(self, **settings: Any) -> "Letters":
        assert settings == {
            "bootstrap_servers": "kafka:9092",
            "enable_auto_commit": False,
            "auto_offset_reset": "earliest",
        }
        return self

    async def start(self) -> None:
        self.started = True

    async def stop(self) -> None:
        self.stopped = True

    async def topics(self) -> set[str]:
        assert self.started
        return {self.topic}

    def assign(self, partitions: list[TopicPartition]) -> None:
        assert partitions == [self.partition]

    async def end_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(partitions, self.count)

    async def seek_to_beginning(self, *partitions: TopicPartition) -> None:
        assert partitions == (self.partition,)
        self.at = 0

    async def position(self, _: TopicPartition) -> int:
        return self.at

    async def getmany(
        self, partition: TopicPartition, timeout_ms: int, max_records: int
    ) -> dict[TopicPartition, list[ConsumerRecord]]:
        assert (timeout_ms, max_records) == (1000, 100)
        first, self.at = self.at, self.at + 3  # what comes meanwhile, too
        return {partition: [record(offset, topic=partition.topic) for offset in range(first, self.at)]}


@pytest.mark.parametrize(("count", "read"), [(0, 0), (1, 3), (3, 3), (7, 9)])
async def test_dead_letters_are_read_from_the_first_up_to_where_the_topic_ends(
    monkeypatch: pytest.MonkeyPatch, count: int, read: int
) -> None:
    letters = Letters(count)
    monkeypatch.setattr(dead_letters, "AIOKafkaConsumer", letters)
    offsets = [letter.offset async for letter in dead_letters.read_dead_letters("metrics", "kafka:9092")]
    assert offsets == list(range(read))
    assert letters.stopped


async def test_where_there_is_no_topic_there_are_no_dead_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    letters = Letters(7, topic="workforce.retention.dead-letter")
    monkeypatch.setattr(dead_letters, "AIOKafkaConsumer", letters)
    assert [letter async for letter in dead_letters.read_dead_letters("metrics", "kafka:9092")] == []
    assert letters.stopped
