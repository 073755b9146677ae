"""The whole system on one machine: what is started, in which order, and stopped in the opposite one.

Invariant: what was started is stopped, whether the block ends well, by an error or by a signal.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from contracts.catalogue import METRICS, PEOPLE, RECRUITMENT, RETENTION
from deploy.embedded.broker import EmbeddedBroker
from deploy.embedded.keys import secrets_of_people
from deploy.embedded.postgresql import PostgreSQL
from deploy.embedded.processes import LOOPBACK, Process
from deploy.embedded.services import ON_KAFKA, SERVICES, Service
from deploy.embedded.settings import EmbeddedSettings, inherited_by

BENCHMARKS = "benchmarks"
"""The database of what DfE published: metrics has it beside its own, which can be made again."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class System:
    """A running system: its services by name, the addresses of their databases, and every process of it."""

    services: dict[str, Service]
    database_urls: dict[str, str]
    processes: tuple[Process, ...]

    def assert_running(self) -> None:
        """Raises PartFailed, saying which and why, when a part has died."""
        for process in self.processes:
            process.assert_running()


@contextmanager
def running(settings: EmbeddedSettings, say: Say, before_stopping: Callable[[], None]) -> Iterator[System]:
    """Start the system, give it when every service is ready, stop it at the end. Raises PartFailed.

    `say` is told one line per part; `before_stopping` is called once, however it comes to an end.
    """
    with ExitStack() as stack:
        try:
            yield _start(settings, stack, say)
        finally:
            before_stopping()


def _start(settings: EmbeddedSettings, stack: ExitStack, say: Say) -> System:
    databases, database_processes = _databases(settings, stack, say)
    kafka, broker_processes = _kafka(settings, stack, say)
    published = databases.pop(BENCHMARKS, None)
    settings_of: dict[str, dict[str, object]] = {
        METRICS: {} if published is None else {"benchmarks_database_url": published},
        PEOPLE: _settings_of_people(settings),
    }
    services = {
        name: Service(
            name,
            settings.state / "logs" / f"{name}.log",
            {"database_url": databases[name], **(kafka if name in ON_KAFKA else {}), **settings_of.get(name, {})},
            port=settings.service_ports[name],
            host=settings.host,
            inherited=inherited_by(name, os.environ),
        )
        for name in SERVICES
    }
    for service in services.values():
        stack.callback(service.stop)
        service.start()
    for service in services.values():
        service.wait_until_ready()
        say(f"{service.name} is ready: {service.url}")
    processes = (*database_processes, *broker_processes, *(service.process for service in services.values()))
    return System(services, databases, processes)


def _settings_of_people(settings: EmbeddedSettings) -> dict[str, object]:
    """Where the others are, the key to their doors, and the secrets of the register."""
    # A service that listens everywhere is asked here.
    host = LOOPBACK if settings.host in ("0.0.0.0", "::") else settings.host  # noqa: S104 - compared, not listened on
    urls = {
        f"{name}_url": f"http://{host}:{settings.service_ports[name]}" for name in (RECRUITMENT, RETENTION, METRICS)
    }
    door = {} if settings.api_key is None else {"door_key": settings.api_key}
    return {**urls, **door, **secrets_of_people(settings.state, os.environ)}


def _databases(settings: EmbeddedSettings, stack: ExitStack, say: Say) -> tuple[dict[str, str], list[Process]]:
    """The address of each service's database, after starting the embedded server for those that need it."""
    urls_stated = settings.database_urls | {BENCHMARKS: settings.benchmarks_database_url}
    urls = {name: url for name, url in urls_stated.items() if url is not None}
    missing = [name for name in (*SERVICES, BENCHMARKS) if name not in urls]
    if not set(missing) & set(SERVICES):
        say("PostgreSQL: yours")
        return urls, []
    server = PostgreSQL(settings.state / "postgresql", settings.state / "logs" / "postgresql.log")
    stack.callback(server.stop)
    server.start()
    urls |= {name: server.create(name) for name in missing}
    say(f"PostgreSQL is ready: databases {', '.join(missing)}")
    return urls, [server.process]


def _kafka(settings: EmbeddedSettings, stack: ExitStack, say: Say) -> tuple[dict[str, object], list[Process]]:
    """The services' settings about Kafka, after starting the embedded broker if it is needed."""
    if settings.kafka_servers is not None:
        say(f"Kafka: yours, {settings.kafka_servers}")
        return {"kafka_servers": settings.kafka_servers}, []
    broker = EmbeddedBroker(settings.state / "logs" / "broker.log", settings.broker_port)
    stack.callback(broker.stop)
    broker.start()
    say(f"the broker is ready: {broker.servers}")
    return {"kafka_servers": broker.servers, "kafka_idempotent_producer": broker.idempotent}, [broker.process]
