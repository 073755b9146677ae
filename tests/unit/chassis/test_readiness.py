"""Whether a service can do its work: each reason, at the second before and after its limit, and what is only told.

Invariant: the test sets both clocks; `Health` is the real one, and around it stands what it asks.
"""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import asyncpg
import pytest
from aiokafka import TopicPartition

from services.chassis.health import Health, Readiness

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
START = 1000.0


class Runtime(SimpleNamespace):
    """What health asks of a process."""

    @property
    def hindered_by(self) -> list[str]:
        return list(self.hindered)


class Service:
    """A service of which all is well, at noon; `publishes` as recruitment does, and metrics does not."""

    def __init__(self, publishes: bool = False) -> None:
        self.now = START
        self.delivery = SimpleNamespace(
            halted=None, waiting_for=None, busy_since=None, progress_at=START, halted_partitions=()
        )
        self.watermarks = SimpleNamespace(
            kafka_answered_at=START,
            # Long enough for an owner to have been heard.
            kafka_answers_since=START - 60,
            listens_since=START - 61,
            unheard=[],
            expected=(),
            dead_letters={},
            complete_until=NOON,
        )
        self.runtime = Runtime(
            is_set_up=True,
            hindered=(),
            spec=SimpleNamespace(publishes=publishes, on_kafka=True),
            settings=SimpleNamespace(stalled_seconds=60.0, late_seconds=10.0),
            unsettled=None,
            waiting_to_start=None,
            remark=None,
            delivery=self.delivery,
            watermarks=self.watermarks,
            membership=SimpleNamespace(consumers=list),
        )
        self.health = Health(cast(Any, self.runtime))
        self.answered()

    def answered(self) -> None:
        """PostgreSQL and Kafka give a sign of life."""
        self.health.database_answered()
        self.watermarks.kafka_answered_at = self.now

    def lives_until(self, second: float) -> None:
        """Let time pass, and have both answer every second."""
        while self.now < second:
            self.now = min(self.now + 1, second)
            self.answered()
            self.health.note_waiting()

    def readiness(self) -> Readiness:
        return self.health.readiness()

    def reasons(self) -> list[str]:
        return self.health.readiness().reasons

    def remarks(self) -> list[str]:
        return self.health.readiness().remarks


@pytest.fixture(params=[False, True], ids=["reads", "publishes"])
def service(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Service:
    """Each kind of service."""
    return made(monkeypatch, request.param)


@pytest.fixture
def metrics(monkeypatch: pytest.MonkeyPatch) -> Service:
    """A service that publishes nothing."""
    return made(monkeypatch, publishes=False)


def made(monkeypatch: pytest.MonkeyPatch, publishes: bool) -> Service:
    clocks: list[Service] = []

    def now() -> float:
        return clocks[0].now if clocks else START

    monkeypatch.setattr("services.chassis.health.time", SimpleNamespace(monotonic=now))
    wall = SimpleNamespace(now=lambda _: NOON + timedelta(seconds=now() - START))
    monkeypatch.setattr("services.chassis.health.datetime", wall)
    clocks.append(Service(publishes))
    return clocks[0]


def expected(owner: str = "recruitment", heard_until: datetime = NOON) -> Any:
    """What is expected of a topic of which all is there."""
    return SimpleNamespace(
        topic="workforce.posts",
        owner=owner,
        complete_until=heard_until,
        heard_until=heard_until,
        missing=0,
        remedy=None,
    )


def test_where_all_is_well_it_is_ready_and_says_up_to_when_it_is_complete(service: Service) -> None:
    assert service.readiness() == Readiness([], [], NOON)


# --- PostgreSQL -------------------------------------------------------------------------------------------------------


def test_a_silent_database_is_away_after_five_seconds(service: Service) -> None:
    service.now += 5
    service.watermarks.kafka_answered_at = service.now
    assert service.reasons() == []
    service.now += 0.25
    assert service.reasons() == ["PostgreSQL has not answered for 5 seconds"]
    service.now += 2
    assert service.reasons() == ["PostgreSQL has not answered for 7 seconds"]
    service.answered()
    assert service.reasons() == []


def test_before_its_first_sign_of_life_the_database_has_not_answered_yet(service: Service) -> None:
    service.health = Health(cast(Any, service.runtime))
    assert service.reasons() == ["PostgreSQL has not answered yet"]


def test_a_refusal_of_the_database_is_told_at_once_in_its_own_words_and_forgotten_with_the_next_answer(
    service: Service,
) -> None:
    service.health.database_failed(asyncpg.InvalidCatalogNameError())
    assert service.reasons() == ["the database does not exist"]
    service.health.database_failed(ZeroDivisionError())
    assert service.reasons() == ["PostgreSQL cannot be used (ZeroDivisionError)"]
    service.health.database_answered()
    assert service.reasons() == []


def test_a_database_that_is_not_set_up_is_no_database(service: Service) -> None:
    service.runtime.is_set_up = False
    assert service.reasons() == ["PostgreSQL answers, and the database is being set up"]


def test_what_hinders_the_work_behind_is_a_reason_where_the_database_answers_and_else_that_it_does_not(
    service: Service,
) -> None:
    service.runtime.hindered = ["PostgreSQL's disk is full", "another holds a lock in PostgreSQL"]
    assert service.reasons() == ["PostgreSQL's disk is full", "another holds a lock in PostgreSQL"]
    service.runtime.is_set_up = False
    assert service.reasons() == ["PostgreSQL answers, and the database is being set up"]


# --- the consumer -----------------------------------------------------------------------------------------------------


def test_a_consumer_that_stopped_or_waits_is_a_reason_each(service: Service) -> None:
    service.delivery.halted = "4 records in a row could not be taken in: workforce.posts, partition 0"
    service.delivery.waiting_for = "PostgreSQL's disk is full"
    assert service.reasons() == [
        "the consumer stopped: 4 records in a row could not be taken in: workforce.posts, partition 0",
        "the consumer waits: PostgreSQL's disk is full",
    ]
    service.delivery.halted = None
    assert service.reasons() == ["the consumer waits: PostgreSQL's disk is full"]
    service.delivery.waiting_for = None
    assert service.reasons() == []


def test_timelines_that_wait_are_a_reason_for_who_answers_with_figures_only(monkeypatch: pytest.MonkeyPatch) -> None:
    waits = "3 timelines wait to be derived"
    for publishes, reasons in ((False, [waits]), (True, [])):
        service = made(monkeypatch, publishes)
        service.runtime.unsettled = waits
        assert service.reasons() == reasons


def test_what_was_not_read_whole_yet_is_a_reason_with_what_is_done_about_it(metrics: Service) -> None:
    unread = expected()
    unread.complete_until = None
    metrics.watermarks.expected = (unread,)
    assert metrics.reasons() == ["workforce.posts has not been read whole yet"]
    unread.missing, unread.remedy = 2, "read-again"
    assert metrics.reasons() == [
        "workforce.posts has not been read whole yet (2 events were not on the log; it is being read again)"
    ]


@pytest.mark.parametrize("publishes", [False, True], ids=["reads", "publishes"])
def test_what_is_known_to_be_missing_keeps_who_reads_from_its_work_and_who_takes_in_events_not(
    monkeypatch: pytest.MonkeyPatch, publishes: bool
) -> None:
    service = made(monkeypatch, publishes)
    late = expected(heard_until=NOON + timedelta(seconds=11))
    late.complete_until = NOON
    late.missing, late.remedy = 2, "asked"
    service.watermarks.expected = (late,)
    service.now += 11
    service.answered()
    told = service.readiness()
    missing = [
        "workforce.posts is complete until 2026-03-02T12:00:00Z: what was accepted since is missing in part "
        "(2 events were not on the log; its owner was asked to publish them again)"
    ]
    assert (told.reasons, told.remarks) == (([], missing) if publishes else (missing, []))


@pytest.mark.parametrize(("seconds", "ready"), [(10, True), (11, False)])
def test_what_is_missing_is_told_after_ten_seconds(metrics: Service, seconds: int, ready: bool) -> None:
    late = expected(heard_until=NOON + timedelta(seconds=seconds))
    late.complete_until, metrics.watermarks.expected = NOON, (late,)
    metrics.now += seconds
    metrics.answered()
    assert (metrics.reasons() == []) is ready


# --- what is told, and takes no readiness away ------------------------------------------------------------------------


def test_a_silent_kafka_is_remarked_after_five_seconds(service: Service) -> None:
    service.now += 5
    service.health.database_answered()
    assert service.readiness() == Readiness([], [], NOON)
    service.now += 0.25
    service.health.database_answered()
    assert service.readiness() == Readiness([], ["Kafka has not answered for 5 seconds"], NOON)
    service.watermarks.kafka_answered_at = None
    assert service.readiness() == Readiness([], ["Kafka has not answered yet"], NOON)


def test_what_it_waits_for_to_start_is_remarked(service: Service) -> None:
    service.runtime.waiting_to_start = "waiting for Kafka: TimeoutError: "
    assert service.readiness() == Readiness([], ["waiting for Kafka: TimeoutError: "], NOON)


def test_a_silent_owner_is_remarked_after_fifteen_seconds_each_once(service: Service) -> None:
    service.watermarks.expected = (expected(), expected(), expected("retention", NOON + timedelta(seconds=60)))
    service.now += 15
    service.answered()
    assert service.remarks() == []
    service.now += 1
    service.answered()
    assert service.readiness() == Readiness([], ["nothing was heard from recruitment since 2026-03-02T12:00:00Z"], NOON)


@pytest.mark.parametrize(
    ("listens_for", "remarks"),
    [
        (None, []),
        (15.0, []),
        (15.25, ["nothing was heard from recruitment since 2026-03-02T12:00:00Z"]),
    ],
)
def test_who_has_not_listened_for_as_long_itself_blames_no_owner(
    service: Service, listens_for: float | None, remarks: list[str]
) -> None:
    service.watermarks.expected = (expected(),)
    service.now += 3600
    service.answered()
    service.watermarks.kafka_answers_since = None if listens_for is None else service.now - listens_for
    assert service.remarks() == remarks


def test_an_owner_that_was_never_heard_is_remarked_and_waited_for_no_longer(service: Service) -> None:
    service.watermarks.unheard = ["recruitment", "retention"]
    assert service.readiness() == Readiness(
        [],
        [
            "nothing was heard from recruitment yet: what it accepted is not known",
            "nothing was heard from retention yet: what it accepted is not known",
        ],
        NOON,
    )


def test_dead_letters_are_remarked(service: Service) -> None:
    service.watermarks.dead_letters = {"workforce.posts": 2, "workforce.hiring": 1}
    assert service.readiness() == Readiness(
        [],
        [
            "2 events of workforce.posts became dead letters: see /v1/dead-letters",
            "1 events of workforce.hiring became dead letters: see /v1/dead-letters",
        ],
        NOON,
    )


def test_what_cannot_be_said_to_be_complete_is_not(service: Service) -> None:
    service.watermarks.complete_until = None
    assert service.readiness() == Readiness([], [], None)


# --- liveness ---------------------------------------------------------------------------------------------------------


def behind(service: Service) -> None:
    """Records wait behind its consumer."""
    state = SimpleNamespace(has_valid_position=True, position=10)
    assignment = SimpleNamespace(state_value=lambda _: state)
    consumer = SimpleNamespace(
        assignment=lambda: {TopicPartition("workforce.posts", 0)},
        highwater=lambda _: 11,
        _subscription=SimpleNamespace(subscription=SimpleNamespace(assignment=assignment)),
    )
    service.runtime.membership.consumers = lambda: [consumer]
    service.health.note_waiting()


def test_records_that_wait_for_a_minute_are_a_reason_to_start_again(service: Service) -> None:
    behind(service)
    for seconds, reason in ((60, None), (60.25, "records wait and none was taken in for 60 seconds")):
        service.lives_until(START + seconds)
        assert service.health.stalled() == reason


def test_the_minute_begins_with_the_last_batch_with_the_wait_or_with_the_first_answer_after_an_absence(
    service: Service,
) -> None:
    behind(service)
    service.lives_until(START + 300)
    service.watermarks.kafka_answers_since = START + 240
    assert service.health.stalled() is None
    service.watermarks.kafka_answers_since = START - 60
    assert service.health.stalled() is not None
    service.delivery.progress_at = START + 240
    assert service.health.stalled() is None
    service.delivery.progress_at = START
    service.runtime.membership.consumers = list
    service.health.note_waiting()
    assert service.health.stalled() is None


def test_halted_partitions_are_not_waited_for(service: Service) -> None:
    behind(service)
    service.delivery.halted_partitions = {TopicPartition("workforce.posts", 0)}
    service.health.note_waiting()
    service.lives_until(START + 300)
    assert service.health.stalled() is None


def test_a_batch_may_take_ten_minutes_from_when_all_it_needs_is_there(service: Service) -> None:
    service.delivery.busy_since = START
    for seconds, reason in ((600, None), (600.25, "one batch has taken more than 600 seconds")):
        service.lives_until(START + seconds)
        assert service.health.stalled() == reason
    service.watermarks.kafka_answers_since = START + 1
    assert service.health.stalled() is None


@pytest.mark.parametrize("lacks", ["database", "kafka", "kafka since"])
def test_while_something_it_needs_is_away_nobody_asks_for_another_process(service: Service, lacks: str) -> None:
    service.delivery.busy_since = START
    service.lives_until(START + 601)
    assert service.health.stalled() is not None
    if lacks == "database":
        service.health.database_failed(ConnectionRefusedError())
    elif lacks == "kafka":
        service.watermarks.kafka_answered_at = service.now - 6
    else:
        service.watermarks.kafka_answers_since = None
    assert service.health.stalled() is None


def test_who_waits_for_postgresql_would_wait_in_another_process_too(service: Service) -> None:
    service.delivery.busy_since, service.delivery.waiting_for = START, "PostgreSQL's disk is full"
    service.lives_until(START + 601)
    assert service.health.stalled() is None
