"""Topics on Kafka: those of the catalogue are created and corrected as the catalogue says.

Invariant: no topic is created just because a client asks for it: it would get the broker's default number of
partitions.
"""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import aiokafka.admin.client
import aiokafka.client
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code
from aiokafka.protocol.metadata import MetadataRequest

from contracts.catalogue import ALL_TOPICS, Topic
from services.chassis.logs import get_log

log = get_log(__name__)

MILLISECONDS_A_DAY = 24 * 60 * 60 * 1000

RETENTION = "retention.ms"


def never_make_topics_by_touching() -> None:
    """From now on no client of this process creates a topic by asking for it.

    aiokafka's metadata requests let a broker with `auto.create.topics.enable` create topics, and it has no setting
    against it.
    """
    asking = partial(MetadataRequest, allow_auto_topic_creation=False)
    aiokafka.client.MetadataRequest = asking
    aiokafka.admin.client.MetadataRequest = asking


never_make_topics_by_touching()


@asynccontextmanager
async def admin_client(servers: str) -> AsyncIterator[AIOKafkaAdminClient]:
    """A client for topics, closed at the end. Raises KafkaError if Kafka cannot be reached."""
    admin = AIOKafkaAdminClient(bootstrap_servers=servers, request_timeout_ms=10_000)
    try:
        await admin.start()
        yield admin
    finally:
        await admin.close()


class TopicKeeper:
    """Makes topics that are missing, adds partitions that are missing, and says in one line what it may not do."""

    def __init__(self, replication_factor: int, may_make: bool) -> None:
        self._replication_factor = replication_factor
        self._may_make = may_make
        self._logged: set[str] = set()

    async def keep(self, admin: AIOKafkaAdminClient, *, retention_too: bool = False) -> dict[str, int]:
        """Make all topics as the catalogue says. Returns their partitions now, by name.

        With `retention_too` it also sets how long records are kept, which costs one more request. Raises KafkaError
        if Kafka cannot be reached.
        """
        partitions = await _partitions(admin, ALL_TOPICS)
        missing = [topic for topic in ALL_TOPICS if topic.name not in partitions]
        short = [topic for topic in ALL_TOPICS if 0 < partitions.get(topic.name, 0) < topic.partitions]
        if not self._may_make:
            for topic in (*missing, *short):
                self._tell(
                    topic, partitions.get(topic.name, 0), "this service may not make topics (KAFKA_CREATE_TOPICS)"
                )
            return partitions
        if missing:
            await self._make(admin, missing)
        for topic in short:
            await self._add_partitions(admin, topic, partitions[topic.name])
        if retention_too:
            await _keep_records(admin, ALL_TOPICS)
        return await _partitions(admin, ALL_TOPICS) if missing or short else partitions

    async def _make(self, admin: AIOKafkaAdminClient, missing: list[Topic]) -> None:
        response = await admin.create_topics([_new_topic(topic, self._replication_factor) for topic in missing])
        for name, code, *_ in response.topic_errors:
            error = for_code(code)
            # Another service may have made it at the same moment.
            if code != 0 and error is not TopicAlreadyExistsError:
                raise error(f"topic {name} could not be made")
        log.info("topics made", topics=[topic.name for topic in missing])

    async def _add_partitions(self, admin: AIOKafkaAdminClient, topic: Topic, partitions: int) -> None:
        try:
            await admin.create_partitions({topic.name: NewPartitions(topic.partitions)})
        except KafkaError as error:
            # Another service may have added them at the same moment.
            if (await _partitions(admin, [topic])).get(topic.name, 0) < topic.partitions:
                self._tell(topic, partitions, f"Kafka adds none ({type(error).__name__})")
        else:
            log.warning("partitions added", topic=topic.name, before=partitions, now=topic.partitions)

    def _tell(self, topic: Topic, partitions: int, why: str) -> None:
        """Log once what a person must do. Until then everything works except what is missing."""
        problem = f"{topic.name} has {partitions} of {topic.partitions} partitions"
        if problem in self._logged:
            return
        self._logged.add(problem)
        action = "--alter" if partitions else f"--create --replication-factor {self._replication_factor}"
        right = f"kafka-topics.sh {action} --topic {topic.name} --partitions {topic.partitions}"
        log.error("topic is not as the catalogue says", problem=problem, why=why, right=right)


async def _partitions(admin: AIOKafkaAdminClient, topics: Iterable[Topic]) -> dict[str, int]:
    described: list[Mapping[str, Any]] = await admin.describe_topics([topic.name for topic in topics])
    return {topic["topic"]: len(topic["partitions"]) for topic in described if topic["error_code"] == 0}


async def _keep_records(admin: AIOKafkaAdminClient, topics: Iterable[Topic]) -> None:
    """Set how long records are kept, as the catalogue says: a topic that somebody else made may lose them after a
    week.
    """
    try:
        resources = [ConfigResource(ConfigResourceType.TOPIC, topic.name) for topic in topics]
        configured = {
            name: {entry[0]: entry[1] for entry in entries}
            for response in await admin.describe_configs(resources)
            for _, _, _, name, entries in response.resources
        }
        for topic in topics:
            if configured.get(topic.name, {}).get(RETENTION) not in (None, _retention(topic)):
                changed = ConfigResource(ConfigResourceType.TOPIC, topic.name, {RETENTION: _retention(topic)})
                await admin.alter_configs([changed])
                log.warning("retention set", topic=topic.name, retention_ms=_retention(topic))
    except KafkaError as error:
        # The embedded broker keeps everything, and knows no such request.
        log.debug("retention not looked at", cause=type(error).__name__)


def _retention(topic: Topic) -> str:
    return str(-1 if topic.retention_days is None else topic.retention_days * MILLISECONDS_A_DAY)


def _new_topic(topic: Topic, replication_factor: int) -> NewTopic:
    return NewTopic(topic.name, topic.partitions, replication_factor, topic_configs={RETENTION: _retention(topic)})
