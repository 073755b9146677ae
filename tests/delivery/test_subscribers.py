"""How every consumer of every service is declared: what would lose events if it were otherwise.

Invariant: the walk finds one subscriber for each service, so that none can be forgotten here.
"""

import logging
from types import ModuleType
from typing import Any, cast

import pytest
from faststream import AckPolicy
from faststream.kafka.subscriber.usecase import BatchSubscriber

from contracts.catalogue import topics_read_by
from services.chassis import runtime
from services.chassis.runtime import Runtime, new_broker
from services.chassis.settings import Settings
from services.metrics import app as metrics
from services.recruitment import app as recruitment
from services.retention import app as retention

SETTINGS = Settings(database_url="postgresql:///unused")


def the_subscriber(service: ModuleType) -> BatchSubscriber:
    """The one subscriber that a service declares, which reads in batches, one at a time (without workers)."""
    broker = new_broker(SETTINGS)
    service.SPEC.subscribe(broker, Runtime(service.SPEC, SETTINGS))
    (subscriber,) = broker.subscribers
    assert type(subscriber) is BatchSubscriber
    return subscriber


def test_a_service_only_reads_makes_no_topics_finds_new_partitions_in_seconds_and_leaves_the_log_to_us(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: dict[str, Any] = {}
    monkeypatch.setattr(runtime, "KafkaBroker", lambda servers, **settings: made.update(settings, servers=servers))
    new_broker(SETTINGS.model_copy(update={"kafka_servers": "kafka:9092"}))
    assert made.pop("logger").name == "broker"
    assert made == {
        "servers": "kafka:9092",
        "consumer_only": True,
        "allow_auto_create_topics": False,
        "metadata_max_age_ms": 5000,
        "graceful_timeout": 10.0,
        "log_level": logging.DEBUG,
    }


@pytest.mark.parametrize("service", [recruitment, retention, metrics], ids=lambda service: str(service.NAME))
def test_a_batch_is_committed_only_after_it_was_taken_in_and_from_the_beginning(service: ModuleType) -> None:
    subscriber = the_subscriber(service)
    assert subscriber.ack_policy is AckPolicy.NACK_ON_ERROR
    assert subscriber.group_id == service.NAME
    assert subscriber._connection_args["enable_auto_commit"] is False
    assert subscriber._connection_args["auto_offset_reset"] == "earliest"


@pytest.mark.parametrize(
    ("idempotent", "names"), [(True, ["range", "roundrobin"]), (False, ["roundrobin"])], ids=["Kafka", "embedded"]
)
def test_processes_share_partitions_alike_of_every_topic_where_there_can_be_several(
    idempotent: bool, names: list[str]
) -> None:
    settings = SETTINGS.model_copy(update={"kafka_idempotent_producer": idempotent})
    broker, service = new_broker(settings), cast(Any, metrics)
    service.SPEC.subscribe(broker, Runtime(service.SPEC, settings))
    (subscriber,) = broker.subscribers
    strategies = cast(Any, subscriber)._connection_args["partition_assignment_strategy"]
    assert [strategy.name for strategy in strategies] == names


@pytest.mark.parametrize("service", [recruitment, retention, metrics], ids=lambda service: str(service.NAME))
def test_how_far_was_read_is_noted_when_partitions_come_and_go(service: ModuleType) -> None:
    broker, runtime = new_broker(SETTINGS), Runtime(service.SPEC, SETTINGS)
    service.SPEC.subscribe(broker, runtime)
    (subscriber,) = broker.subscribers
    assert cast(Any, subscriber)._listener is runtime.readings


@pytest.mark.parametrize(
    ("service", "most", "milliseconds"),
    [(recruitment, 1000, 50), (retention, 1000, 50), (metrics, 5000, 20)],
    ids=["recruitment", "retention", "metrics"],
)
def test_a_batch_and_the_patience_of_the_group_have_their_sizes(
    service: ModuleType, most: int, milliseconds: int
) -> None:
    subscriber = the_subscriber(service)
    told = {
        "max_poll_interval_ms": 600_000,
        "session_timeout_ms": 6_000,
        "heartbeat_interval_ms": 2_000,
        # Some dozens of partitions with a backlog: a few MB ahead in all.
        "fetch_max_bytes": 4_194_304,
        "max_partition_fetch_bytes": 524_288,
    }
    assert {name: subscriber._connection_args[name] for name in told} == told
    assert (subscriber.max_records, subscriber.batch_timeout_ms) == (most, milliseconds)


@pytest.mark.parametrize("service", [recruitment, retention, metrics], ids=lambda service: str(service.NAME))
def test_a_service_reads_in_batches_one_at_a_time_every_topic_the_catalogue_says(service: ModuleType) -> None:
    subscriber = the_subscriber(service)
    assert set(subscriber.topic_names) == {topic.name for topic in topics_read_by(service.NAME)}


@pytest.mark.parametrize(
    ("service", "topics"),
    [
        (recruitment, ["workforce.leavers"]),
        (retention, ["workforce.hiring"]),
        (
            metrics,
            [
                "workforce.agency-cover",
                "workforce.hiring",
                "workforce.leavers",
                "workforce.policies",
                "workforce.posts",
                "workforce.progression-panels",
                "workforce.working-life",
            ],
        ),
    ],
    ids=["recruitment", "retention", "metrics"],
)
def test_who_reads_what(service: ModuleType, topics: list[str]) -> None:
    subscriber = the_subscriber(service)
    assert sorted(subscriber.topic_names) == topics
