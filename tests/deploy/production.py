"""What docker-compose.yml describes, running on this machine without containers.

Invariant: each part gets what the compose file gives it, changed only in where the others are: names of containers and
their ports become addresses on this machine.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg

from deploy.embedded.processes import LOOPBACK
from deploy.images import env_file
from tests.deploy.compose import ON_KAFKA, REPOSITORY, SERVICES, read_compose, read_env_file
from tests.parts import ApacheKafka, PostgreSQL, Process, free_port

DOCKERFILE = REPOSITORY / "deploy" / "images" / "Dockerfile"
READY_SECONDS = 120.0
PASSWORDS_NEEDED = "local all postgres trust\nlocal all all scram-sha-256\n"
"""Who may connect: as the PostgreSQL image has it, a password for everybody but the superuser on the spot."""


def image_copies() -> dict[str, str]:
    """What the image holds of the repository, by the Dockerfile: source, and where it goes."""
    return dict(re.findall(r"^COPY ([^-]\S*) (\S+)$", DOCKERFILE.read_text(encoding="utf-8"), re.MULTILINE))


def image_environment() -> dict[str, str]:
    """The variables that the image sets."""
    return dict(re.findall(r"^ENV (\w+)=(\S+)$", DOCKERFILE.read_text(encoding="utf-8"), re.MULTILINE))


def copy_image_tree(folder: Path) -> Path:
    """Copy what the image holds of the repository, and nothing else, into a folder."""
    for source, target in image_copies().items():
        if not target.startswith("/"):
            original, copied = REPOSITORY / source, folder / target
            copied.parent.mkdir(parents=True, exist_ok=True)
            if original.is_dir():
                shutil.copytree(original, copied, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copyfile(original, copied)
    return folder


class Production:
    """PostgreSQL, Apache Kafka and the four services, told what compose tells them. `keys` are API keys by caller."""

    def __init__(self, folder: Path, authority: str) -> None:
        self.folder = folder
        made = env_file.env_file(env_file.EXAMPLE.read_text(encoding="utf-8"), authority)
        self.keys = made.keys
        secrets = folder / ".env"
        secrets.write_text(made.text, encoding="utf-8")
        self.variables = read_env_file(secrets)
        self.compose = read_compose(self.variables)
        self.postgresql = PostgreSQL(folder / "postgresql", folder / "postgresql.log")
        self.kafka = ApacheKafka(folder / "kafka")
        self.ports = {name: free_port() for name in SERVICES}
        self.tree = copy_image_tree(folder / "image")
        self.services: dict[str, Process] = {}

    def environment(self, service: str) -> dict[str, str]:
        """The environment of one service as compose gives it, names of containers made addresses of this machine."""
        given: dict[str, str] = self.compose["services"][service]["environment"]
        return {name: self._here(value) for name, value in given.items()}

    def url(self, service: str) -> str:
        """Where a service is reached."""
        return f"http://{LOOPBACK}:{self.ports[service]}"

    def database_url(self, role: str, password: str, database: str) -> str:
        """How a role reaches a database."""
        return f"postgresql://{role}:{password}@/{database}?host={self.postgresql.sockets}"

    async def start(self) -> None:
        """Start everything and wait until each service is ready."""
        self.postgresql.start()
        self._initialise_databases()
        await self._ask_for_passwords()
        self._configure_kafka()
        self.kafka.start()
        for name in SERVICES:
            self.services[name] = self._service(name)
            self.services[name].start()
        for name, process in self.services.items():
            process.wait_until(partial(self.ready, name), "is ready", READY_SECONDS)

    def stop(self) -> None:
        """Stop what was started."""
        for process in self.services.values():
            process.stop()
        self.kafka.stop()
        self.postgresql.stop()

    def ready(self, service: str) -> bool:
        """Whether the container's health check of a service is content."""
        return self.probe(service).returncode == 0

    def probe(self, service: str) -> subprocess.CompletedProcess[str]:
        """Run the container's health check of a service, on the port it has here."""
        check: list[str] = self.compose["services"][service]["healthcheck"]["test"]
        command = [sys.executable if word == "python" else word for word in check[1:-1]]
        return subprocess.run(
            [*command, str(self.ports[service])], cwd=self.tree, capture_output=True, text=True, check=False
        )

    def psql(self, script: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
        """Run a script as the PostgreSQL image runs those for a new server."""
        options = ["-v", "ON_ERROR_STOP=1", "--no-psqlrc", "--dbname", "postgres", "--file", str(script)]
        return self.postgresql_program("psql", *options, environment=environment)

    def postgresql_program(
        self, name: str, *options: str, environment: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a program of PostgreSQL against the server, as superuser."""
        program = Path(self.postgresql.process.command[0]).with_name(name)
        return subprocess.run(
            [str(program), "--username", "postgres", "--host", str(self.postgresql.sockets), *options],
            env={"PATH": os.environ["PATH"], **(environment or {})},
            capture_output=True,
            text=True,
            check=False,
        )

    def initialising_script(self) -> Path:
        """The script that compose mounts where the PostgreSQL image looks for what a new server is to run."""
        volumes: list[str] = self.compose["services"]["postgresql"]["volumes"]
        (mounted,) = [volume.split(":")[0] for volume in volumes if "/docker-entrypoint-initdb.d/" in volume]
        return REPOSITORY / mounted

    def _initialise_databases(self) -> None:
        given: dict[str, Any] = self.compose["services"]["postgresql"]["environment"]
        done = self.psql(self.initialising_script(), given)
        assert done.returncode == 0, done.stderr

    async def _ask_for_passwords(self) -> None:
        (self.postgresql.folder / "pg_hba.conf").write_text(PASSWORDS_NEEDED, encoding="utf-8")
        connection = await asyncpg.connect(self.postgresql.url("postgres"))
        await connection.execute("SELECT pg_reload_conf()")
        await connection.close()

    def _configure_kafka(self) -> None:
        given: dict[str, str] = self.compose["services"]["kafka"]["environment"]
        properties = {
            name.removeprefix("KAFKA_").replace("_", ".").lower(): value
            for name, value in given.items()
            if name.startswith("KAFKA_") and name != "KAFKA_HEAP_OPTS"
        }
        controller = free_port()
        text = "\n".join(f"{name}={value}" for name, value in properties.items())
        for there, here in (
            ("://:9092", f"://{LOOPBACK}:{self.kafka.port}"),
            ("://:9093", f"://{LOOPBACK}:{controller}"),
            ("kafka:9092", self.kafka.servers),
            ("kafka:9093", f"{LOOPBACK}:{controller}"),
            ("/var/lib/kafka/data", str(self.kafka.data)),
        ):
            assert there in text
            text = text.replace(there, here)
        (self.folder / "kafka" / "server.properties").write_text(text, encoding="utf-8")

    def _service(self, name: str) -> Process:
        environment = image_environment() | self.environment(name) | {"WORKFORCE_PORT": str(self.ports[name])}
        command = [sys.executable, "-m", *self.compose["services"][name]["command"]]
        return Process(name, command, self.folder / f"{name}.log", environment=environment, folder=self.tree)

    def _here(self, value: str) -> str:
        value = value.replace("kafka:9092", self.kafka.servers)
        for name in ON_KAFKA:
            value = re.sub(rf"^http://{name}:[0-9]+$", self.url(name), value)
        if value == "0.0.0.0":  # noqa: S104 - compared, not listened on
            return LOOPBACK
        return re.sub(r"@postgresql:5432/(\w+)$", rf"@/\1?host={self.postgresql.sockets}", value)
