"""Which records a consumer takes together, and that it passes over none.

Invariant: Kafka is a script here: what each fetch gives, and what happens meanwhile.
"""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError

from services.chassis import gathering
from services.chassis.consuming import consume
from services.chassis.gathering import gather
from services.chassis.runtime import Runtime, new_broker
from services.chassis.settings import Settings
from services.recruitment import app as recruitment

SETTINGS = Settings(database_url="postgresql:///unused")

ONE, OTHER = TopicPartition("workforce.posts", 0), TopicPartition("workforce.hiring", 3)

Fetched = dict[TopicPartition, list[int]]
"""The offsets that a fetch gives, by partition."""


class Consumer:
    """An aiokafka consumer of two partitions. `meanwhile` is what happens while it is asked a second time."""

    def __init__(
        self, *fetches: Fetched | Exception, ahead: bool = True, meanwhile: Callable[["Consumer"], None] | None = None
    ) -> None:
        self._fetches = list(fetches)
        self._meanwhile = meanwhile
        self._fetcher = SimpleNamespace(_records={ONE: "fetched ahead"} if ahead else {})
        self.asked: list[tuple[int, int]] = []
        self.positions: dict[TopicPartition, int] = {ONE: 0, OTHER: 0}
        self._subscription = SimpleNamespace(subscription=SimpleNamespace(assignment=self))

    def state_value(self, partition: TopicPartition) -> Any:
        at = self.positions.get(partition)
        return None if at is None else SimpleNamespace(position=at, has_valid_position=True)

    def assignment(self) -> set[TopicPartition]:
        return set(self.positions)

    async def getmany(self, timeout_ms: int, max_records: int) -> dict[TopicPartition, list[Any]]:
        if self.asked and self._meanwhile is not None:
            self._meanwhile(self)
        self.asked.append((timeout_ms, max_records))
        fetched = self._fetches.pop(0)
        if isinstance(fetched, Exception):
            raise fetched
        for partition, offsets in fetched.items():
            self.positions[partition] = offsets[-1] + 1
        return {
            partition: [
                SimpleNamespace(topic=partition.topic, partition=partition.partition, offset=at) for at in offsets
            ]
            for partition, offsets in fetched.items()
        }


def seek(partition: TopicPartition, offset: int) -> Callable[[Consumer], None]:
    return lambda consumer: consumer.positions.update({partition: offset})


def lose(partition: TopicPartition) -> Callable[[Consumer], None]:
    def lost(consumer: Consumer) -> None:
        del consumer.positions[partition]

    return lost


async def taken(consumer: Consumer, most: int = 1000) -> Fetched:
    """The offsets that are taken together."""
    offsets: Fetched = {}
    for record in await gather(consumer, 20, most, lambda: None):
        offsets.setdefault(TopicPartition(record.topic, record.partition), []).append(record.offset)
    return offsets


async def test_what_came_while_a_batch_was_worked_on_is_taken_together_with_what_was_fetched_ahead() -> None:
    consumer = Consumer({ONE: [0, 1]}, {ONE: [2, 3], OTHER: [0]})
    assert await taken(consumer) == {ONE: [0, 1, 2, 3], OTHER: [0]}
    assert [most for _, most in consumer.asked] == [1000, 998]


async def test_nothing_more_is_waited_for_if_nothing_was_fetched_ahead_or_much_was() -> None:
    alone = Consumer({ONE: [0]}, ahead=False)
    assert await taken(alone) == {ONE: [0]}
    many = Consumer({ONE: list(range(gathering.MANY))})
    assert len((await taken(many))[ONE]) == gathering.MANY
    full = Consumer({ONE: [0, 1]})
    assert await taken(full, most=2) == {ONE: [0, 1]}
    nothing = Consumer({})
    assert await taken(nothing) == {}
    assert [len(consumer.asked) for consumer in (alone, many, full, nothing)] == [1, 1, 1, 1]


@pytest.mark.parametrize(
    ("meanwhile", "then", "together"),
    [
        (seek(ONE, 0), {}, {OTHER: [7]}),
        (seek(ONE, 0), {ONE: [0, 1, 2, 3]}, {ONE: [0, 1, 2, 3], OTHER: [7]}),
        (seek(ONE, 9), {}, {OTHER: [7]}),
        (lose(ONE), {}, {OTHER: [7]}),
        (lose(OTHER), {ONE: [7]}, {ONE: [5, 6, 7]}),
        (seek(ONE, 7), {}, {ONE: [5, 6], OTHER: [7]}),
    ],
    ids=["gone back", "gone back and fetched", "gone on", "lost", "the other lost", "gone to where it stands"],
)
async def test_records_of_a_partition_that_was_moved_meanwhile_are_left_to_come_again(
    meanwhile: Callable[[Consumer], None], then: Fetched, together: Fetched
) -> None:
    consumer = Consumer({ONE: [5, 6], OTHER: [7]}, then, meanwhile=meanwhile)
    assert await taken(consumer) == together


async def test_what_was_fetched_ahead_is_taken_if_kafka_does_not_answer_the_second_time() -> None:
    assert await taken(Consumer({ONE: [0, 1]}, KafkaConnectionError())) == {ONE: [0, 1]}


async def test_it_is_told_before_others_are_waited_for_that_some_are_in_hand() -> None:
    told: list[int] = []
    consumer = Consumer({ONE: [0]}, {}, meanwhile=lambda _: told.append(2))
    await gather(consumer, 20, 1000, lambda: told.append(1))
    assert told == [1, 2]
    await gather(Consumer({ONE: [0]}, ahead=False), 20, 1000, lambda: told.append(3))
    assert told == [1, 2]


async def test_while_others_are_waited_for_no_position_is_taken_for_what_was_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broker, runtime = new_broker(SETTINGS), Runtime(recruitment.SPEC, SETTINGS)
    consume(broker, runtime, lambda: cast(Any, None))
    (subscriber,) = broker.subscribers
    looks: list[bool] = []

    async def keep(busy: bool) -> None:
        looks.append(busy)

    monkeypatch.setattr(runtime.readings, "keep", keep)
    in_hand: list[bool] = []
    next_records = cast(Any, subscriber).get_msg
    some = Consumer({ONE: [0]}, {}, meanwhile=lambda _: in_hand.append(runtime.records_in_hand))
    assert len(await next_records(some)) == 1
    await runtime._keep_readings()
    # They all went back to where the database says.
    none = Consumer({ONE: [0]}, {}, meanwhile=seek(ONE, 0))
    assert await next_records(none) == ()
    await runtime._keep_readings()
    assert (in_hand, looks) == ([True], [True, False])
