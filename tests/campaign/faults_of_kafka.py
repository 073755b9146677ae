"""Faults of Kafka: away, without its records, topics or offsets, and records that should not be there.

Invariant: what is planted is noted with the key, value and headers it came with; all else that is put on a topic was on
it before.
"""

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.admin import NewTopic, RecordsToDelete
from aiokafka.errors import KafkaError
from aiokafka.protocol.admin import DeleteGroupsRequest

from contracts.catalogue import ALL_TOPICS, DEAD_LETTER_TOPICS, EVENT_TOPICS, METRICS, Topic, topics_read_by
from services.chassis.topics import admin_client
from tests.campaign.bad_records import PLANTED, bad_records
from tests.campaign.faults_of_services import restarted
from tests.campaign.stage import End, Stage
from tests.parts import EmbeddedBroker

KAFKA = "kafka"
TOPICS: tuple[Topic, ...] = (*EVENT_TOPICS, *ALL_TOPICS)
"""What a topic is chosen from: those that carry events twice as often as others."""
LARGEST_REQUEST = 4_000_000
TRIES = 40
"""To make a topic anew before the services do."""
REPEATED = 60
"""Records that are put on their topic again."""


def killed(stage: Stage, part: str, seconds: float) -> End:
    """SIGKILL; started again at the end. The embedded broker is empty then."""
    away = stage.gone(KAFKA)
    stage.broker.kill()
    stage.kafka_lost_records |= isinstance(stage.broker, EmbeddedBroker)
    stage.note(f"Kafka killed for {seconds:.1f} s")

    def again() -> None:
        stage.broker.start()
        stage.back(away)

    return again


def frozen(stage: Stage, part: str, seconds: float) -> End:
    """SIGSTOP now, SIGCONT at the end."""
    stage.note(f"Kafka frozen for {seconds:.1f} s")
    return stage.freeze(KAFKA, stage.broker.process)


def emptied(stage: Stage, part: str, seconds: float) -> End:
    """All its data lost at once."""
    away = stage.gone(KAFKA)
    stage.kafka_lost_records = True
    stage.broker.empty()
    stage.back(away)
    stage.note("Kafka lost everything")
    return lambda: None


def topic_deleted(stage: Stage, part: str, seconds: float) -> End:
    """One topic deleted: a service must make it again."""
    topic = stage.random.choice(TOPICS).name
    stage.kafka_lost_records = True
    stage.background.run(_delete_topic(stage, topic))
    stage.note(f"{topic} deleted")
    return lambda: None


def topic_made_anew(stage: Stage, part: str, seconds: float) -> End:
    """One topic deleted and made anew by somebody else, with another number of partitions."""
    topic, partitions = stage.random.choice(TOPICS).name, stage.random.choice([1, 4])
    stage.kafka_lost_records = True
    made = stage.background.run(_make_anew(stage, topic, partitions), 120)
    stage.note(f"{topic} made anew with {partitions} partitions" if made else f"{topic} deleted; the services made it")
    return lambda: None


def records_deleted(stage: Stage, part: str, seconds: float) -> End:
    """All records of one topic, or of every one, deleted."""
    topics = stage.random.choice([[stage.random.choice(TOPICS)], [*EVENT_TOPICS], [*ALL_TOPICS]])
    stage.kafka_lost_records = True
    stage.background.run(_delete_records(stage, {topic.name: topic.partitions for topic in topics}))
    stage.note(f"records deleted: {topics[0].name if len(topics) == 1 else f'all of {len(topics)} topics'}")
    return lambda: None


def offsets_moved(stage: Stage, part: str, seconds: float) -> End:
    """A group's offsets moved to the end while its service is stopped."""
    return _while_stopped(stage, part, seconds, delete=False)


def offsets_deleted(stage: Stage, part: str, seconds: float) -> End:
    """A group deleted with its offsets while its service is stopped."""
    return _while_stopped(stage, part, seconds, delete=True)


def bad_records_planted(stage: Stage, part: str, seconds: float) -> End:
    """Records of many kinds that are no events, among those that are."""
    planted = bad_records(stage.random, f"{stage.authorities[0]}")
    stage.background.run(_put(stage, [(one.topic, one.key, one.value, one.headers) for one in planted]))
    stage.planted += planted
    stage.note(f"{len(planted)} bad records: {', '.join(sorted({one.what for one in planted}))}")
    return lambda: None


def records_repeated(stage: Stage, part: str, seconds: float) -> End:
    """Records of the topics put on them again, in any order and on any partition."""
    count = stage.background.run(_repeat(stage))
    stage.note(f"{count} records repeated")
    return lambda: None


def _while_stopped(stage: Stage, service: str, seconds: float, delete: bool) -> End:
    if service == METRICS:
        stage.stop_replica()
    start = restarted(stage, service, seconds)

    def change_and_start() -> None:
        # As late as can be, so that events came in meanwhile.
        try:
            stage.background.run(_delete_group(stage, service) if delete else _move_offsets(stage, service))
            stage.note(f"offsets of {service} {'deleted' if delete else 'moved to the end'}")
        except KafkaError as error:
            stage.note(f"offsets of {service} could not be changed: {error}")
        start()

    return change_and_start


async def _move_offsets(stage: Stage, group: str) -> None:
    consumer = AIOKafkaConsumer(bootstrap_servers=stage.broker.servers, group_id=group, enable_auto_commit=False)
    async with consumer:
        partitions = [
            TopicPartition(topic.name, number) for topic in topics_read_by(group) for number in range(topic.partitions)
        ]
        consumer.assign(partitions)
        await consumer.commit(dict(await consumer.end_offsets(partitions)))


async def _delete_group(stage: Stage, group: str) -> None:
    async with admin_client(stage.broker.servers) as admin:
        coordinator = await admin.find_coordinator(group)
        await admin._send_request_to_node(coordinator, DeleteGroupsRequest([group]))


async def _delete_topic(stage: Stage, topic: str) -> None:
    async with admin_client(stage.broker.servers) as admin:
        await admin.delete_topics([topic])


async def _make_anew(stage: Stage, topic: str, partitions: int) -> bool:
    async with admin_client(stage.broker.servers) as admin:
        await admin.delete_topics([topic])
        for _ in range(TRIES):
            response = await admin.create_topics([NewTopic(topic, partitions, 1)])
            if all(code == 0 for _, code, *_ in response.topic_errors):
                return True
            (described,) = await admin.describe_topics([topic])
            if described["error_code"] == 0 and len(described["partitions"]) != partitions:
                await admin.delete_topics([topic])
    return False


async def _delete_records(stage: Stage, topics: dict[str, int]) -> None:
    async with admin_client(stage.broker.servers) as admin:
        for topic, partitions in topics.items():
            in_topic = [TopicPartition(topic, number) for number in range(partitions)]
            await admin.delete_records({partition: RecordsToDelete(before_offset=-1) for partition in in_topic})


async def _repeat(stage: Stage) -> int:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=stage.broker.servers, enable_auto_commit=False, auto_offset_reset="earliest"
    )
    names = [topic.name for topic in ALL_TOPICS if topic not in DEAD_LETTER_TOPICS]
    async with admin_client(stage.broker.servers) as admin:
        topics = await admin.describe_topics(names)
    partitions = [
        TopicPartition(topic["topic"], described["partition"])
        for topic in topics
        if topic["error_code"] == 0
        for described in topic["partitions"]
    ]
    async with consumer:
        consumer.assign(partitions)
        records = []
        ends = await consumer.end_offsets(partitions)
        for partition in partitions:
            while await consumer.position(partition) < ends[partition]:
                records += (await consumer.getmany(partition, timeout_ms=1000)).get(partition, [])
    # What was planted, in this round or before, is planted once: a copy would be one more that becomes a dead letter.
    good = [record for record in records if not _was_planted(record)]
    again = stage.random.sample(good, min(REPEATED, len(good)))
    await _put(stage, [(record.topic, record.key, record.value, record.headers) for record in again])
    return len(again)


def _was_planted(record: ConsumerRecord) -> bool:
    # Of what was planted on topics of events some has no key; all other records there have one.
    if record.key is None:
        return record.topic in {topic.name for topic in EVENT_TOPICS}
    return bool(record.key.startswith(PLANTED))


async def _put(stage: Stage, records: list) -> None:  # type: ignore[type-arg]
    producer = AIOKafkaProducer(
        bootstrap_servers=stage.broker.servers, acks="all", max_batch_size=1, max_request_size=LARGEST_REQUEST
    )
    async with producer:
        for topic, key, value, headers in records:
            partitions = len(await producer.partitions_for(topic))
            number = stage.random.randrange(partitions)
            await producer.send_and_wait(topic, value, key, partition=number, headers=list(headers))
