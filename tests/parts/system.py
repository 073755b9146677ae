"""The three services on real parts, with databases of their own.

Invariant: two systems on one PostgreSQL share nothing; two on one broker share its topics, so it is emptied first.
"""

from collections.abc import Mapping
from pathlib import Path
from uuid import uuid4

from deploy.embedded.broker import EmbeddedBroker
from deploy.embedded.postgresql import PostgreSQL
from deploy.embedded.services import SERVICES, Service
from tests.parts.apache_kafka import ApacheKafka

Broker = EmbeddedBroker | ApacheKafka


class RealSystem:
    """Recruitment, retention and metrics as processes on free ports. `settings` go to all three."""

    def __init__(
        self, postgres: PostgreSQL, broker: Broker, logs: Path, settings: Mapping[str, object] | None = None
    ) -> None:
        name = uuid4().hex[:12]
        self.postgres = postgres
        self.broker = broker
        self.databases = {service: postgres.create(f"{service}_{name}") for service in SERVICES}
        kafka = {"kafka_servers": broker.servers, "kafka_idempotent_producer": broker.idempotent}
        self.services = {
            service: Service(service, logs / f"{service}.log", {"database_url": url, **kafka, **(settings or {})})
            for service, url in self.databases.items()
        }

    @property
    def recruitment(self) -> Service:
        """The service of posts, hiring and agency cover."""
        return self.services["recruitment"]

    @property
    def retention(self) -> Service:
        """The service of leavers, panels and working life."""
        return self.services["retention"]

    @property
    def metrics(self) -> Service:
        """The service of figures."""
        return self.services["metrics"]

    def start(self) -> None:
        """Start the three services and wait until each is ready. Raises PartFailed."""
        for service in self.services.values():
            service.start()
        for service in self.services.values():
            service.wait_until_ready()

    def stop(self) -> None:
        """Stop the services; their databases stay."""
        for service in self.services.values():
            service.stop()
