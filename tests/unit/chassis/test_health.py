"""What a process says of itself: whether it should be started again, and what it needs."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiokafka import TopicPartition

from services.chassis.health import Health


def test_a_database_that_answers_but_is_not_set_up_yet_is_told_as_away() -> None:
    runtime = SimpleNamespace(is_set_up=False)
    health = Health(cast(Any, runtime))
    health.database_answered()
    assert health.database_away() == "PostgreSQL answers, and the database is being set up"
    runtime.is_set_up = True
    assert health.database_away() is None


class Clock:
    """Seconds that a test lets pass."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


class Consumer:
    """A consumer that has read up to one offset of one partition, which ends at another."""

    def __init__(self) -> None:
        self.position, self.end = 10, 10
        state = SimpleNamespace(state_value=lambda _: SimpleNamespace(has_valid_position=True, position=self.position))
        self._subscription = SimpleNamespace(subscription=SimpleNamespace(assignment=state))

    def assignment(self) -> set[TopicPartition]:
        return {TopicPartition("workforce.posts", 0)}

    def highwater(self, _: TopicPartition) -> int:
        return self.end


class Process:
    """A process whose database and Kafka answer, as long as they are told to."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.consumer = Consumer()
        self.delivery = SimpleNamespace(waiting_for=None, busy_since=None, progress_at=clock.now, halted_partitions=())
        self.watermarks = SimpleNamespace(kafka_answered_at=clock.now, kafka_answers_since=clock.now)
        self.runtime = SimpleNamespace(
            is_set_up=True,
            spec=SimpleNamespace(publishes=False, on_kafka=True),
            delivery=self.delivery,
            watermarks=self.watermarks,
            settings=SimpleNamespace(stalled_seconds=60.0),
            membership=SimpleNamespace(consumers=lambda: [self.consumer]),
        )
        self.health = Health(cast(Any, self.runtime))
        self.health.database_answered()

    def pass_time(self, seconds: int, *, database: bool = True, kafka: bool = True) -> None:
        """Let time pass, a second at a time, with the signs of life there are."""
        for _ in range(seconds):
            self.clock.now += 1
            if database:
                self.health.database_answered()
            if kafka:
                self.watermarks.kafka_answered_at = self.clock.now
            self.health.note_waiting()


@pytest.fixture
def process(monkeypatch: pytest.MonkeyPatch) -> Process:
    clock = Clock()
    monkeypatch.setattr("services.chassis.health.time", clock)
    return Process(clock)


def test_a_record_that_comes_after_a_quiet_night_is_no_reason_to_start_again(process: Process) -> None:
    process.pass_time(8 * 3600)
    process.consumer.end = 14
    process.pass_time(1)
    assert process.health.stalled() is None
    process.pass_time(59)
    assert process.health.stalled() is None


def test_records_that_wait_while_all_answers_and_none_is_taken_in_are_a_reason(process: Process) -> None:
    process.consumer.end = 14
    process.pass_time(62)
    assert process.health.stalled() == "records wait and none was taken in for 60 seconds"
    process.delivery.progress_at = process.clock.now
    assert process.health.stalled() is None
    process.consumer.position = 14
    process.pass_time(100)
    assert process.health.stalled() is None


@pytest.mark.parametrize("away", ["database", "kafka"])
def test_what_a_new_process_would_not_mend_is_no_reason(process: Process, away: str) -> None:
    process.consumer.end = 14
    process.pass_time(300, **{away: False})
    assert process.health.stalled() is None


def test_after_the_database_was_away_the_wait_begins_anew(process: Process) -> None:
    process.consumer.end = 14
    process.pass_time(300, database=False)
    process.pass_time(60)
    assert process.health.stalled() is None
    process.pass_time(2)
    assert process.health.stalled() is not None


def test_after_the_database_refused_the_wait_begins_anew_though_it_was_never_silent(process: Process) -> None:
    process.consumer.end = 14
    process.pass_time(50)
    process.health.database_failed(ConnectionRefusedError())
    process.pass_time(60)
    assert process.health.stalled() is None
    process.pass_time(2)
    assert process.health.stalled() is not None


def test_a_consumer_that_waits_for_postgresql_or_works_at_a_long_batch_is_alive(process: Process) -> None:
    process.consumer.end = 14
    process.delivery.waiting_for = "PostgreSQL's disk is full"
    process.pass_time(300)
    assert process.health.stalled() is None
    process.delivery.waiting_for = None
    process.delivery.busy_since = process.clock.now
    process.pass_time(300)
    assert process.health.stalled() is None
    process.pass_time(301)
    assert process.health.stalled() == "one batch has taken more than 600 seconds"


class Listener:
    """A process that only reads, whose database is there, and which has never heard one of its owners."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.watermarks = SimpleNamespace(
            listens_since=None,
            kafka_answered_at=None,
            kafka_answers_since=None,
            unheard=["recruitment"],
            expected=(),
            dead_letters={},
            complete_until=None,
        )
        runtime = SimpleNamespace(
            is_set_up=True,
            hindered_by=[],
            delivery=SimpleNamespace(halted=None, waiting_for=None),
            watermarks=self.watermarks,
            settings=SimpleNamespace(late_seconds=15.0),
            spec=SimpleNamespace(publishes=False, on_kafka=True),
            unsettled=None,
            waiting_to_start=None,
            remark=None,
        )
        self.health = Health(cast(Any, runtime))

    def is_ready(self) -> bool:
        self.health.database_answered()
        return not self.health.readiness().reasons

    def kafka_answers(self) -> None:
        self.watermarks.kafka_answered_at = self.clock.now
        self.watermarks.kafka_answers_since = self.watermarks.kafka_answers_since or self.clock.now


@pytest.fixture
def listener(monkeypatch: pytest.MonkeyPatch) -> Listener:
    clock = Clock()
    monkeypatch.setattr("services.chassis.health.time", clock)
    return Listener(clock)


def test_a_new_process_is_not_ready_before_it_could_hear_its_owners(listener: Listener) -> None:
    assert not listener.is_ready()
    listener.watermarks.listens_since = listener.clock.now
    listener.clock.now += 9
    assert not listener.is_ready()
    listener.kafka_answers()
    listener.clock.now += 9
    assert not listener.is_ready()
    # What is a reason is no remark besides.
    assert not [remark for remark in listener.health.readiness().remarks if "recruitment" in remark]
    listener.watermarks.unheard = []
    assert listener.is_ready()


def test_a_new_process_answers_without_an_owner_that_it_does_not_hear_for_ten_seconds(listener: Listener) -> None:
    listener.watermarks.listens_since = listener.clock.now
    listener.kafka_answers()
    listener.clock.now += 10
    assert listener.is_ready()
    assert (
        "nothing was heard from recruitment yet: what it accepted is not known" in listener.health.readiness().remarks
    )


def test_a_new_process_answers_without_kafka_after_ten_seconds(listener: Listener) -> None:
    listener.watermarks.listens_since = listener.clock.now
    listener.clock.now += 9
    assert not listener.is_ready()
    listener.clock.now += 1
    assert listener.is_ready()
    assert "Kafka has not answered yet" in listener.health.readiness().remarks
