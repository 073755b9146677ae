"""A service of the system as a process: `python -m services.<name>`, with all its settings in its environment.

Invariant: it always comes back on the same address with the same settings.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx

from contracts.catalogue import METRICS, PEOPLE, RECRUITMENT, RETENTION
from deploy.embedded.processes import LOOPBACK, Process, free_port

REPOSITORY = Path(__file__).parents[2]
PREFIX = "WORKFORCE_"
READY_SECONDS = 120.0
_ASKING = httpx.Client(timeout=5.0, trust_env=False)
"""One for all questions: to make one costs more than a question. Whatever proxy the environment names is left out."""
ON_KAFKA = (RECRUITMENT, RETENTION, METRICS)
"""The services that meet on Kafka, the publishing ones first."""
SERVICES = (*ON_KAFKA, PEOPLE)
"""Every service."""


class Service:
    """One service. `settings` are those of the chassis by their short names: `database_url`, `kafka_servers` and so on.

    `inherited` is the environment it gets besides; by default the starter's, without any setting of ours.
    """

    def __init__(
        self,
        name: str,
        log: Path,
        settings: Mapping[str, object],
        *,
        port: int = 0,
        host: str = LOOPBACK,
        inherited: Mapping[str, str] | None = None,
    ) -> None:
        """`port` 0 takes a free one, and keeps it."""
        self.name = name
        self.port = port or free_port()
        reached = LOOPBACK if host in ("0.0.0.0", "::") else host  # noqa: S104 - compared, not listened on
        self.url = f"http://{reached}:{self.port}"
        all_settings = {"host": host, "port": self.port, **settings}
        environment = dict(environment_without_settings() if inherited is None else inherited)
        environment |= {PREFIX + key.upper(): _as_text(value) for key, value in all_settings.items()}
        command = [sys.executable, "-m", f"services.{name}"]
        self.process = Process(name, command, log, environment=environment, folder=REPOSITORY)

    def start(self) -> None:
        """Start it. It migrates its database and then answers: see `wait_until_ready`."""
        self.process.start()

    def wait_until_ready(self, seconds: float = READY_SECONDS) -> None:
        """Wait until it says it is ready. Raises PartFailed when it dies or `seconds` are over."""
        self.process.wait_until(self.ready, "is ready", seconds)

    def ready(self) -> bool:
        """Whether it answers that it is ready."""
        try:
            answer = _ASKING.get(f"{self.url}/health/ready")
        except httpx.TransportError:
            return False
        return answer.status_code == httpx.codes.OK

    def kill(self) -> None:
        """Kill it at once."""
        self.process.kill()

    def stop(self) -> int | None:
        """Ask it to finish what it is at and end; gives its exit code."""
        return self.process.stop()

    def restart(self) -> None:
        """Start it again on the same address, after killing it if it runs, and wait until it is ready."""
        self.kill()
        self.start()
        self.wait_until_ready()


def environment_without_settings() -> dict[str, str]:
    """This process's environment without any setting of ours: what a service gets must not hang on who starts it."""
    return {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}


def _as_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
