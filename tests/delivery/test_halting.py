"""What halts a partition, what does not, and what becomes of the other partitions of the same batch.

Invariant: Kafka's consumer is a stand-in that notes what it is told; that a real one does it, test_bad_records shows.
"""

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError

from services.chassis.decoding import owner_of
from tests.delivery.consuming import ONE, POSTS, ZERO, Consuming, NotedConsumer, bad, good, of


async def test_however_many_bad_records_one_authority_sends_every_one_is_rejected_and_nobody_stops() -> None:
    consuming = Consuming(in_a_row=4)
    await consuming.deliver(*[bad(ZERO, offset, "301") for offset in range(50)], good(ZERO, 50, "302"))
    assert consuming.dead_letters.kept == [(ZERO, offset, "contract") for offset in range(50)]
    assert consuming.taken == ["P-0-50"]
    assert consuming.delivery.halted is None
    assert consuming.consumer.paused == set()
    assert consuming.metric("workforce_dead_letter_runs_total") == 1
    assert consuming.metric("workforce_consumer_halted") == 0


async def test_bad_records_of_several_authorities_halt_their_partition_and_the_other_goes_on() -> None:
    consuming = Consuming(in_a_row=4)
    records = [bad(ZERO, 10 + number, authority) for number, authority in enumerate(["301", "302", "303", "304"])]
    await consuming.deliver(good(ONE, 5), records[0], bad(ONE, 6, "301"), *records[1:], good(ONE, 7))
    assert consuming.taken == ["P-1-5", "P-1-7"]
    assert consuming.dead_letters.kept == [(ONE, 6, "contract")]
    assert consuming.consumer.paused == {ZERO}
    assert consuming.consumer.sought == {ZERO: 10}
    assert consuming.delivery.halted is not None
    assert consuming.delivery.halted.startswith(
        "4 records in a row could not be taken in: workforce.posts, partition 0, is halted since 2"
    )
    assert consuming.delivery.halted.endswith("before offset 10 (cause contract)")
    assert consuming.metric("workforce_consumer_halted") == 1
    assert consuming.metric("workforce_consumer_halted_partitions") == 1
    assert consuming.metric("workforce_consumed_total") == 3


async def test_what_a_healthy_partition_takes_in_does_not_hide_a_bad_one() -> None:
    consuming = Consuming(in_a_row=4)
    for offset in range(4):
        await consuming.deliver(good(ONE, offset), bad(ZERO, offset, None), good(ONE, 10 + offset))
    assert consuming.consumer.paused == {ZERO}
    assert consuming.dead_letters.kept == [(ZERO, offset, "contract") for offset in range(3)]
    assert len(consuming.taken) == 8


async def test_a_halted_partition_that_comes_again_is_sent_back_again_untouched() -> None:
    consuming = Consuming(in_a_row=2)
    await consuming.deliver(bad(ZERO, 10, None), bad(ZERO, 11, None))
    consuming.consumer = NotedConsumer()  # as after the partitions were shared out anew
    await consuming.deliver(good(ZERO, 9), bad(ZERO, 10, None), good(ONE, 3))
    assert consuming.taken == ["P-1-3"]
    assert consuming.dead_letters.kept == []
    assert consuming.consumer.paused == {ZERO}
    assert consuming.consumer.sought == {ZERO: 9}


async def test_a_halted_partition_that_another_process_has_now_is_left_to_that_one() -> None:
    consuming = Consuming(in_a_row=2)
    consuming.consumer = NotedConsumer(assigned=[ONE])
    await consuming.deliver(bad(ZERO, 10, None), bad(ZERO, 11, None))
    assert consuming.consumer.sought == {}
    assert consuming.dead_letters.kept == []


async def test_two_partitions_can_be_halted_and_both_are_told() -> None:
    consuming = Consuming(in_a_row=2)
    await consuming.deliver(*[bad(partition, offset, None) for partition in (ZERO, ONE) for offset in (1, 2)])
    assert consuming.delivery.halted is not None
    assert "partition 0" in consuming.delivery.halted
    assert "partition 1" in consuming.delivery.halted
    assert consuming.metric("workforce_consumer_halted_partitions") == 2


async def test_a_dead_letter_that_kafka_does_not_take_is_waited_for_and_the_wait_is_told() -> None:
    told: list[str | None] = []
    consuming = Consuming(4, None, *[KafkaConnectionError()] * 3, ValueError("cannot be written"))
    original = consuming.delivery._wait

    async def noted_wait(attempt: int) -> None:
        told.append(consuming.delivery.waiting_for)
        await original(attempt)

    consuming.delivery._wait = noted_wait  # type: ignore[method-assign]
    await consuming.deliver(bad(ZERO, 1, "301"))
    assert told == [
        *["Kafka does not take a dead letter (KafkaConnectionError)"] * 3,
        "Kafka does not take a dead letter (ValueError)",
    ]
    assert consuming.dead_letters.kept == [(ZERO, 1, "contract")]
    assert consuming.delivery.waiting_for is None


async def test_who_wants_to_know_is_told_topic_and_sequence_after_the_dead_letter_was_taken() -> None:
    told: list[tuple[str, int, int]] = []

    async def note(topic: str, sequence: int) -> None:
        told.append((topic, sequence, len(consuming.dead_letters.kept)))

    consuming = Consuming(100, note)
    await consuming.deliver(
        bad(ZERO, 1, "301"),
        *[
            of(ZERO, offset, None, b"{", [("ce_sequence", value)])
            for offset, value in enumerate([None, b"", b"0", b"-3", b"x", b"9" * 19, "٧".encode(), b"1\n"], 2)
        ],
        of(ZERO, 20, None, b"{", [("ce_sequence", b"9223372036854775807")]),
        of(TopicPartition("somebody.elses", 0), 1, None, b"{", [("ce_sequence", b"8")]),
    )
    assert told == [(POSTS, 7, 1), (POSTS, 2**63 - 1, 10)]
    assert len(consuming.dead_letters.kept) == 11


async def test_what_cannot_be_noted_of_a_dead_letter_is_waited_for_or_left_but_stops_nothing() -> None:
    errors: list[Exception] = [ConnectionRefusedError()] * 5 + [RuntimeError("no such table")] * 2

    async def note(topic: str, sequence: int) -> None:
        raise errors.pop(0)

    consuming = Consuming(100, note)
    await consuming.deliver(bad(ZERO, 1, "301"), good(ZERO, 2))
    assert errors == []
    assert consuming.taken == ["P-0-2"]
    assert consuming.dead_letters.kept == [(ZERO, 1, "contract")]


@pytest.mark.parametrize(
    ("key", "headers", "owner"),
    [
        (b"301:post/P-1", [], "301"),
        (b"301:post/P-1", [("ce_authority", b"302")], "302"),
        (b"301:post/P-1", [("ce_authority", b"\xff")], "301"),
        (b"301:post/P-1", [("ce_authority", None)], "301"),
        (b"301", [], "301"),
        (b"3012:post/P-1", [], None),
        ("٣٠١:post/P-1".encode(), [], None),
        (b"301\n:post/P-1", [], None),
        (b"", [], None),
        (None, [], None),
        (b"\xff\xfe", [("ce_authority", b"")], None),
    ],
)
def test_whose_record_it_is(key: bytes | None, headers: list[tuple[str, bytes | None]], owner: str | None) -> None:
    assert owner_of(of(ZERO, 1, key, b"{}", headers)) == owner
