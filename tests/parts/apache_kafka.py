"""Apache Kafka for tests: KRaft on one node, from the jars that `make` puts into deploy/kafka/libs.

Invariant: it always comes back on the same address, with its data unless they were deleted.
"""

import shutil
import uuid
from base64 import urlsafe_b64encode
from pathlib import Path
from string import Template
from subprocess import run

from deploy.embedded.processes import LOOPBACK, PartFailed, Process, free_port

KAFKA = Path(__file__).parents[2] / "deploy" / "kafka"
LIBRARIES = KAFKA / "libs"
TEMPLATE = KAFKA / "server.properties"
READY_SECONDS = 120.0
STARTED = "Kafka Server started"
JAVA_OPTIONS = (
    # A small heap, and code that is compiled soon rather than well: a test's broker lives for minutes.
    "-Xms128m",
    "-Xmx384m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS",
)


def why_not() -> str | None:
    """Why Apache Kafka cannot be had here, in one line; None when it can."""
    if shutil.which("java") is None:
        return "Apache Kafka cannot be started: there is no java on this machine (Debian: openjdk-17-jre-headless)"
    if not any(LIBRARIES.glob("kafka_*.jar")):
        return f"Apache Kafka cannot be started: no jars in {LIBRARIES} (`make kafka` puts them there; it needs mvn)"
    return None


class ApacheKafka:
    """One node with its data in `folder`. It knows idempotent producers: services are told so by `idempotent`."""

    idempotent = True

    def __init__(self, folder: Path) -> None:
        self.port, self._controller_port = free_port(), free_port()
        self.data = folder / "data"
        self._formatted = folder / "formatted"
        self._settings = folder / "server.properties"
        # It may begin with a hyphen, so it is never given as a word of its own on a command line.
        self._cluster = urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()
        folder.mkdir(parents=True, exist_ok=True)
        values = {"port": self.port, "controller_port": self._controller_port, "data": self.data}
        self._settings.write_text(Template(TEMPLATE.read_text()).substitute(values))
        command = [*_java(), "kafka.Kafka", str(self._settings)]
        self.process = Process("Apache Kafka", command, folder / "kafka.log")

    @property
    def servers(self) -> str:
        """Its address, as the services' setting WORKFORCE_KAFKA_SERVERS has it."""
        return f"{LOOPBACK}:{self.port}"

    def start(self) -> None:
        """Format the data folder if there is none, start the node, wait until it serves. Raises PartFailed."""
        if not self.data.exists():
            self._make_data_folder()
        before = self._times_started()
        self.process.start()
        self.process.wait_until(lambda: self._times_started() > before, "is ready", READY_SECONDS)

    def kill(self) -> None:
        """Kill it at once. What it has written stays."""
        self.process.kill()

    def stop(self) -> None:
        """Stop it. What it has written stays."""
        self.process.stop()

    def restart(self) -> None:
        """Start it again on the same address, after killing it if it runs."""
        self.kill()
        self.start()

    def empty(self) -> None:
        """Lose everything: topics, records, offsets; it serves again afterwards."""
        self.kill()
        shutil.rmtree(self.data, ignore_errors=True)
        self.start()

    def _make_data_folder(self) -> None:
        """Format a folder once, and copy it whenever a new one is needed: formatting costs a second."""
        if not self._formatted.exists():
            self._format()
            shutil.copytree(self.data, self._formatted)
        else:
            shutil.copytree(self._formatted, self.data)

    def _format(self) -> None:
        command = [
            *_java(),
            "kafka.tools.StorageTool",
            "format",
            f"--cluster-id={self._cluster}",
            "-c",
            str(self._settings),
        ]
        done = run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise PartFailed(f"Apache Kafka's data folder could not be made: {done.stdout}{done.stderr}")

    def _times_started(self) -> int:
        return self.process.log.read_text(errors="replace").count(STARTED) if self.process.log.exists() else 0


def _java() -> list[str]:
    return ["java", *JAVA_OPTIONS, "-cp", f"{LIBRARIES}/*"]
