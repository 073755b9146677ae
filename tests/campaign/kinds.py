"""Every kind of fault: what it is called, what it does, to which part, and for how long.

Invariant: two faults of one round befall two different parts.
"""

from collections.abc import Callable
from dataclasses import dataclass

from contracts.catalogue import METRICS, RECRUITMENT, RETENTION
from tests.campaign import faults_of_http, faults_of_kafka, faults_of_postgresql, faults_of_services
from tests.campaign.stage import End, Stage

EMBEDDED = "embedded"
KAFKA = "kafka"
BROKERS = (EMBEDDED, KAFKA)

Inject = Callable[[Stage, str, float], End]
"""Begins a fault on a part that is to last for so many seconds; gives what ends it."""

BRIEFLY = (0.3, 4.0)
AT_ONCE = (0.0, 0.0)


@dataclass(frozen=True)
class Kind:
    """One kind of fault. `seconds` is how long it usually lasts, `long` how long it does in one round of four."""

    name: str
    meaning: str
    inject: Inject
    parts: tuple[str, ...]
    seconds: tuple[float, float] = BRIEFLY
    long: tuple[float, float] | None = None
    brokers: tuple[str, ...] = BROKERS
    restart_mends: bool = False
    """Whether liveness may ask for a restart because of it."""
    needs_replica: bool = False
    """Whether metrics must run as two processes."""
    leaves_group: bool = False
    """Whether a service leaves its group of consumers, as it does when it is asked to stop."""


ANY_SERVICE = (RECRUITMENT, RETENTION, METRICS)
ONLY_KAFKA = (KAFKA,)
"""The embedded broker cannot delete topics or records, and keeps no offsets worth the name."""

_ALL = (
    Kind("service-killed", "SIGKILL of a service", faults_of_services.killed, ANY_SERVICE),
    Kind("service-frozen", "SIGSTOP of a service", faults_of_services.frozen, ANY_SERVICE, long=(8.0, 25.0)),
    Kind(
        "service-restarted",
        "SIGTERM of a service, and a start",
        faults_of_services.restarted,
        ANY_SERVICE,
        leaves_group=True,
    ),
    Kind(
        "service-stopped-starting",
        "SIGTERM or SIGINT of a service, once or twice, at some moment of starting",
        faults_of_services.stopped_while_starting,
        ANY_SERVICE,
        leaves_group=True,
    ),
    Kind(
        "replica-killed",
        "SIGKILL of one of two processes of metrics",
        faults_of_services.replica_killed,
        (METRICS,),
        needs_replica=True,
    ),
    Kind(
        "replica-frozen",
        "SIGSTOP of one of two processes of metrics",
        faults_of_services.replica_frozen,
        (METRICS,),
        long=(8.0, 25.0),
        needs_replica=True,
    ),
    Kind("postgresql-killed", "SIGKILL of PostgreSQL", faults_of_postgresql.killed, ("postgresql",), long=(8.0, 25.0)),
    Kind("postgresql-frozen", "SIGSTOP of PostgreSQL", faults_of_postgresql.frozen, ("postgresql",), long=(15.0, 40.0)),
    Kind(
        "connections-ended",
        "every connection to PostgreSQL ended again and again",
        faults_of_postgresql.connections_ended,
        ("postgresql",),
    ),
    Kind(
        "connections-used-up",
        "others hold every connection that PostgreSQL allows",
        faults_of_postgresql.connections_used_up,
        ("postgresql",),
        seconds=(2.0, 6.0),
        long=(10.0, 25.0),
    ),
    Kind(
        "database-read-only",
        "a service's database takes no writes for a while",
        faults_of_postgresql.read_only,
        ("postgresql",),
        seconds=(2.0, 6.0),
        long=(10.0, 25.0),
    ),
    Kind(
        "metrics-emptied-stopped",
        "metrics' database made anew, empty, while metrics is stopped",
        faults_of_postgresql.emptied_while_stopped,
        (METRICS,),
        leaves_group=True,
    ),
    Kind(
        "metrics-emptied",
        "metrics' database made anew, empty, while metrics runs",
        faults_of_postgresql.emptied_while_running,
        (METRICS,),
        AT_ONCE,
        restart_mends=True,
    ),
    Kind("kafka-killed", "SIGKILL of Kafka", faults_of_kafka.killed, ("kafka",), long=(8.0, 25.0)),
    Kind("kafka-frozen", "SIGSTOP of Kafka", faults_of_kafka.frozen, ("kafka",), long=(15.0, 40.0)),
    Kind("kafka-emptied", "Kafka loses all its data", faults_of_kafka.emptied, ("kafka",), AT_ONCE),
    Kind(
        "topic-deleted",
        "a topic deleted",
        faults_of_kafka.topic_deleted,
        ("kafka",),
        AT_ONCE,
        brokers=ONLY_KAFKA,
        restart_mends=True,
    ),
    Kind(
        "topic-made-anew",
        "a topic deleted, and made by somebody else with 1 or 4 partitions",
        faults_of_kafka.topic_made_anew,
        ("kafka",),
        AT_ONCE,
        brokers=ONLY_KAFKA,
        restart_mends=True,
    ),
    Kind(
        "records-deleted",
        "the records of a topic, or of all, deleted",
        faults_of_kafka.records_deleted,
        ("kafka",),
        AT_ONCE,
        brokers=ONLY_KAFKA,
    ),
    Kind(
        "offsets-moved",
        "a service's offsets moved to the end while it is stopped",
        faults_of_kafka.offsets_moved,
        ANY_SERVICE,
        brokers=ONLY_KAFKA,
    ),
    Kind(
        "offsets-deleted",
        "a service's offsets deleted while it is stopped",
        faults_of_kafka.offsets_deleted,
        ANY_SERVICE,
        brokers=ONLY_KAFKA,
    ),
    Kind("bad-records", "records that are no events", faults_of_kafka.bad_records_planted, ("records",), AT_ONCE),
    Kind(
        "records-repeated",
        "records put on their topics again",
        faults_of_kafka.records_repeated,
        ("records",),
        AT_ONCE,
    ),
    Kind(
        "unfinished-requests",
        "requests that come a byte at a time",
        faults_of_http.unfinished_requests,
        ("http",),
        seconds=(2.0, 6.0),
    ),
    Kind("huge-headers", "headers of megabytes", faults_of_http.huge_headers, ("http",), seconds=(1.0, 4.0)),
    Kind(
        "heavy-questions",
        "a dozen heavy questions at once",
        faults_of_http.heavy_questions,
        ("http",),
        seconds=(2.0, 6.0),
    ),
)

KINDS: dict[str, Kind] = {kind.name: kind for kind in _ALL}
"""Every kind by name."""


def kinds_on(broker: str) -> list[Kind]:
    """The kinds that can befall a system on this broker."""
    return [kind for kind in _ALL if broker in kind.brokers]
