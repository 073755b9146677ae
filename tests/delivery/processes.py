"""A further process of a service, beside or instead of the one of a running system.

Invariant: it works on that system's database and broker, in the same consumer group.
"""

from pathlib import Path

from tests.parts import RealSystem, Service


def another_process(system: RealSystem, service: str, folder: Path, **settings: object) -> Service:
    """Another process of a service, not started; `settings` beside those that say where everything is."""
    where = {
        "database_url": system.databases[service],
        "kafka_servers": system.broker.servers,
        "kafka_idempotent_producer": system.broker.idempotent,
    }
    return Service(service, folder / f"another-{service}.log", {**where, **settings})
