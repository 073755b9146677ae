"""The services on real parts, with databases of their own.

Invariant: two systems on one PostgreSQL share nothing; two on one broker share its topics, so it is emptied first.
"""

from collections.abc import Mapping
from pathlib import Path
from uuid import uuid4

from contracts.catalogue import PEOPLE
from deploy.embedded.broker import EmbeddedBroker
from deploy.embedded.postgresql import PostgreSQL
from deploy.embedded.services import ON_KAFKA, Service
from services.people.register.keys import new_master_keys, new_pseudonym_key
from tests.parts.apache_kafka import ApacheKafka

Broker = EmbeddedBroker | ApacheKafka


class RealSystem:
    """Recruitment, retention and metrics as processes on free ports, and people where there are settings `of_people`.

    `settings` go to all of them.
    """

    def __init__(
        self,
        postgres: PostgreSQL,
        broker: Broker,
        logs: Path,
        settings: Mapping[str, object] | None = None,
        of_people: Mapping[str, object] | None = None,
    ) -> None:
        name = uuid4().hex[:12]
        self.postgres = postgres
        self.broker = broker
        names = ON_KAFKA if of_people is None else (*ON_KAFKA, PEOPLE)
        self.databases = {service: postgres.create(f"{service}_{name}") for service in names}
        kafka = {"kafka_servers": broker.servers, "kafka_idempotent_producer": broker.idempotent}
        self.services = {
            service: Service(service, logs / f"{service}.log", {"database_url": url, **kafka, **(settings or {})})
            for service, url in self.databases.items()
            if service in ON_KAFKA
        }
        if of_people is not None:
            told: dict[str, object] = {f"{service}_url": self.services[service].url for service in ON_KAFKA}
            told |= {"master_keys": new_master_keys(), "pseudonym_key": new_pseudonym_key()}
            told |= {"database_url": self.databases[PEOPLE], **(settings or {}), **of_people}
            self.services[PEOPLE] = Service(PEOPLE, logs / f"{PEOPLE}.log", told)

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

    @property
    def people(self) -> Service:
        """The service of extracts and of the register, where it was asked for."""
        return self.services[PEOPLE]

    def start(self) -> None:
        """Start the services and wait until each is ready. Raises PartFailed."""
        for service in self.services.values():
            service.start()
        for service in self.services.values():
            service.wait_until_ready()

    def stop(self) -> None:
        """Stop the services; their databases stay."""
        for service in self.services.values():
            service.stop()
