"""Topics: made and mended as the catalogue says, and never by a client's asking for one."""

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiokafka.admin import NewTopic
from aiokafka.errors import InvalidPartitionsError, KafkaError, TopicAuthorizationFailedError

from contracts.catalogue import ALL_TOPICS, POSTS
from services.chassis.topics import TopicKeeper

REPOSITORY = Path(__file__).parents[3]
CLIENTS = re.compile(r"\b(AIOKafkaProducer|AIOKafkaConsumer|AIOKafkaAdminClient|KafkaBroker)\(")
MAKING_CLIENTS = sorted(
    ".".join(path.relative_to(REPOSITORY).with_suffix("").parts)
    for folder in ("services", "deploy")
    for path in (REPOSITORY / folder).rglob("*.py")
    if CLIENTS.search(path.read_text())
)

ASKS = """
import importlib, sys
importlib.import_module(sys.argv[1])
import aiokafka.admin.client, aiokafka.client
from aiokafka.protocol.metadata import MetadataRequest_v5
for module in (aiokafka.client, aiokafka.admin.client):
    print(module.MetadataRequest(["some.topic"]).build(MetadataRequest_v5).allow_auto_topic_creation)
"""


def test_the_modules_that_make_clients_are_found() -> None:
    assert {"services.chassis.relay", "services.chassis.dead_letters", "services.chassis.runtime"} <= set(
        MAKING_CLIENTS
    )


@pytest.mark.parametrize("module", MAKING_CLIENTS)
def test_whoever_makes_a_client_asks_for_topics_without_making_them(module: str) -> None:
    said = subprocess.run(
        [sys.executable, "-c", ASKS, module], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert said.stdout.split() == ["False", "False"]


class Administrator:
    """Topics with so many partitions each, and what was asked for them."""

    def __init__(self) -> None:
        self.partitions = {topic.name: topic.partitions for topic in ALL_TOPICS}
        self.made: list[NewTopic] = []
        self.kept: dict[str, str] = {}
        self.retention = {topic.name: "-1" for topic in ALL_TOPICS}
        self.code = 0
        self.error: KafkaError | None = None

    async def describe_topics(self, names: Sequence[str]) -> list[dict[str, Any]]:
        return [
            {"topic": name, "error_code": 0, "partitions": [None] * self.partitions[name]}
            if name in self.partitions
            else {"topic": name, "error_code": 3, "partitions": []}
            for name in names
        ]

    async def create_topics(self, topics: list[NewTopic]) -> Any:
        assert topics, "Kafka is not asked for nothing"
        self.made += topics
        self.partitions |= {topic.name: topic.num_partitions for topic in topics}
        return SimpleNamespace(topic_errors=[(topic.name, self.code, None) for topic in topics])

    async def create_partitions(self, wanted: dict[str, Any]) -> None:
        if self.error is not None:
            raise self.error
        self.partitions |= {name: new.total_count for name, new in wanted.items()}

    async def describe_configs(self, asked: list[Any]) -> list[Any]:
        if self.error is not None:
            raise self.error
        resources = [(0, "", 2, one.name, [("retention.ms", self.retention[one.name])]) for one in asked]
        return [SimpleNamespace(resources=resources)]

    async def alter_configs(self, changed: list[Any]) -> None:
        self.kept |= {one.name: one.configs["retention.ms"] for one in changed}


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What a person is told to do."""
    lines: list[dict[str, Any]] = []

    def noted(_: str, **said: Any) -> None:
        lines.append(said)

    other = dict.fromkeys(("info", "warning", "debug"), lambda *_, **__: None)
    monkeypatch.setattr("services.chassis.topics.log", SimpleNamespace(error=noted, **other))
    return lines


def keeper(may_make: bool = True) -> TopicKeeper:
    return TopicKeeper(3, may_make)


def administrator(**partitions: int) -> Administrator:
    """With so many partitions of these topics, whose names are given without what all begin with; 0 for none."""
    partitions_there = Administrator()
    for name, number in partitions.items():
        partitions_there.partitions[f"workforce.{name}"] = number
        if not number:
            del partitions_there.partitions[f"workforce.{name}"]
    return partitions_there


async def test_a_topic_that_is_missing_is_made_as_the_catalogue_says(told: list[dict[str, Any]]) -> None:
    admin = administrator(posts=0)
    partitions = await keeper().keep(cast(Any, admin))
    (made,) = admin.made
    assert (made.name, made.num_partitions, made.replication_factor) == ("workforce.posts", 6, 3)
    assert made.topic_configs == {"retention.ms": "-1"}
    assert partitions["workforce.posts"] == 6
    assert told == []


async def test_every_topic_is_made_with_its_own_partitions_and_retention(told: list[dict[str, Any]]) -> None:
    admin = Administrator()
    admin.partitions.clear()
    await keeper().keep(cast(Any, admin))
    made = {topic.name: (topic.num_partitions, topic.topic_configs["retention.ms"]) for topic in admin.made}
    assert made["workforce.posts"] == (6, "-1")
    assert {name for name, (partitions, _) in made.items() if partitions == 6} == {
        "workforce.posts", "workforce.hiring", "workforce.agency-cover", "workforce.leavers",
        "workforce.progression-panels", "workforce.working-life", "workforce.policies",
    }  # fmt: skip
    assert {partitions for partitions, _ in made.values()} == {1, 6}
    with_days = {topic.name: topic.retention_days for topic in ALL_TOPICS if topic.retention_days is not None}
    assert with_days
    for name, days in with_days.items():
        assert made[name][1] == str(days * 86_400_000)


async def test_a_topic_that_another_service_made_at_the_same_moment_is_made(told: list[dict[str, Any]]) -> None:
    admin = administrator(posts=0)
    admin.code = 36  # TOPIC_ALREADY_EXISTS
    await keeper().keep(cast(Any, admin))
    assert told == []


async def test_a_topic_that_cannot_be_made_is_an_error(told: list[dict[str, Any]]) -> None:
    admin = administrator(posts=0)
    admin.code = 29  # TOPIC_AUTHORIZATION_FAILED
    with pytest.raises(TopicAuthorizationFailedError, match=r"topic workforce\.posts could not be made"):
        await keeper().keep(cast(Any, admin))


async def test_partitions_that_are_missing_are_added_and_more_than_that_are_left(told: list[dict[str, Any]]) -> None:
    admin = administrator(posts=1, hiring=9)
    partitions = await keeper().keep(cast(Any, admin))
    assert (partitions["workforce.posts"], partitions["workforce.hiring"]) == (6, 9)
    assert (admin.made, told) == ([], [])


async def test_what_a_person_would_have_to_do_is_told_once(told: list[dict[str, Any]]) -> None:
    admin, kept = administrator(posts=1), keeper()
    admin.error = InvalidPartitionsError()
    for _ in range(3):
        await kept.keep(cast(Any, admin))
    (said,) = told
    assert said["problem"] == "workforce.posts has 1 of 6 partitions"
    assert said["right"] == "kafka-topics.sh --alter --topic workforce.posts --partitions 6"
    assert said["why"] == "Kafka adds none (InvalidPartitionsError)"


async def test_who_may_make_none_says_what_is_missing_and_goes_on(told: list[dict[str, Any]]) -> None:
    admin = administrator(posts=0, hiring=2)
    partitions = await keeper(may_make=False).keep(cast(Any, admin), retention_too=True)
    assert "workforce.posts" not in partitions
    assert partitions["workforce.hiring"] == 2
    assert (admin.made, admin.kept) == ([], {})
    assert [said["right"] for said in told] == [
        "kafka-topics.sh --create --replication-factor 3 --topic workforce.posts --partitions 6",
        "kafka-topics.sh --alter --topic workforce.hiring --partitions 6",
    ]


async def test_records_are_kept_as_long_as_the_catalogue_says_where_it_is_asked_for(
    told: list[dict[str, Any]],
) -> None:
    admin = administrator()
    for topic in ALL_TOPICS:
        days = topic.retention_days
        admin.retention[topic.name] = "-1" if days is None else str(days * 86_400_000)
    admin.retention[POSTS.name] = "604800000"
    await keeper().keep(cast(Any, admin))
    assert admin.kept == {}
    await keeper().keep(cast(Any, admin), retention_too=True)
    assert admin.kept == {POSTS.name: "-1"}


async def test_a_broker_that_knows_no_retention_is_left_alone(told: list[dict[str, Any]]) -> None:
    admin = administrator()
    admin.error = TopicAuthorizationFailedError()
    await keeper().keep(cast(Any, admin), retention_too=True)
    assert (admin.kept, told) == ({}, [])
