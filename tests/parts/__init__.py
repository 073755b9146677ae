"""Real parts for tests: the broker and the database of the embedded start, Apache Kafka, and the services as processes.

Invariant: every part is a process of its own that can be started, killed, restarted on the same address and stopped. No
part is left when the tests end, however they end.
"""

from deploy.embedded.broker import EmbeddedBroker
from deploy.embedded.postgresql import PostgreSQL
from deploy.embedded.processes import PartFailed, Process, free_port
from deploy.embedded.services import Service
from tests.parts.apache_kafka import ApacheKafka
from tests.parts.system import Broker, RealSystem

__all__ = [
    "ApacheKafka",
    "Broker",
    "EmbeddedBroker",
    "PartFailed",
    "PostgreSQL",
    "Process",
    "RealSystem",
    "Service",
    "free_port",
]
