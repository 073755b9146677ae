"""Topics on Kafka: those of the catalogue that are missing are made, as the catalogue says.

Invariant: no topic is ever made by a producer's or consumer's first touch, which would give it one partition.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code

from contracts.catalogue import ALL_TOPICS, Topic
from services.chassis.logs import get_log

log = get_log(__name__)

MILLISECONDS_A_DAY = 24 * 60 * 60 * 1000


@asynccontextmanager
async def admin_client(servers: str) -> AsyncIterator[AIOKafkaAdminClient]:
    """A client for topics, closed at the end. Raises KafkaError when Kafka cannot be reached."""
    admin = AIOKafkaAdminClient(bootstrap_servers=servers, request_timeout_ms=10_000)
    try:
        await admin.start()
        yield admin
    finally:
        await admin.close()


async def make_missing_topics(admin: AIOKafkaAdminClient, replication_factor: int) -> None:
    """Make every topic of the catalogue that Kafka does not have. Raises KafkaError when Kafka refuses."""
    present = set(await admin.list_topics())
    missing = [topic for topic in ALL_TOPICS if topic.name not in present]
    if not missing:
        return
    response = await admin.create_topics([_new_topic(topic, replication_factor) for topic in missing])
    for name, code, *_ in response.topic_errors:
        error = for_code(code)
        # Another service may have made it at the same moment.
        if code != 0 and error is not TopicAlreadyExistsError:
            raise error(f"topic {name} could not be made")
    log.info("topics made", topics=[topic.name for topic in missing])


def _new_topic(topic: Topic, replication_factor: int) -> NewTopic:
    keep = -1 if topic.retention_days is None else topic.retention_days * MILLISECONDS_A_DAY
    return NewTopic(topic.name, topic.partitions, replication_factor, topic_configs={"retention.ms": str(keep)})
