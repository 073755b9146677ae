"""The senders in Java and JavaScript: their SDKs fetched once, by Maven and npm, when they are first wanted.

Invariant: what is fetched stands in ignored folders beside each sender, and an interrupted fetch is made again.

    python -m tests.other_languages.senders      fetches both, as `make senders` does
"""

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from subprocess import run
from typing import Any

HERE = Path(__file__).parent
FETCH_SECONDS, SEND_SECONDS = 600, 300

Answer = tuple[str, int, dict[str, Any]]
"""The mode an event was sent in, the status, and what was answered."""


@dataclass(frozen=True)
class Sender:
    """A program that reads events as a JSON list, and sends each in every mode to an address."""

    language: str
    needs: tuple[str, ...]
    packages: str
    """What they are called on Debian."""
    fetch: tuple[str, ...]
    fetched: str
    command: tuple[str, ...]

    @property
    def folder(self) -> Path:
        """Where it stands."""
        return HERE / self.language

    def why_not(self) -> str | None:
        """Why it cannot run here, in one line; None when it can."""
        missing = [name for name in self.needs if shutil.which(name) is None]
        if not missing:
            return None
        return f"no sender in {self.language}: {' and '.join(missing)} not on this machine (Debian: {self.packages})"

    def get(self) -> None:
        """Fetch its SDK, where that was not done yet."""
        stamp = self.folder / self.fetched / ".complete"
        if not stamp.exists():
            print(f"fetching the CloudEvents SDK of {self.language}, once", flush=True)
            shutil.rmtree(self.folder / self.fetched, ignore_errors=True)
            run(self.fetch, cwd=self.folder, check=True, timeout=FETCH_SECONDS)
            stamp.touch()

    def send(self, address: str, events: Sequence[dict[str, Any]]) -> list[Answer]:
        """Send these events, one by one and then as a batch; gives the answers, in order."""
        told = run(
            [*self.command, address],
            cwd=self.folder,
            input=json.dumps(events),
            capture_output=True,
            text=True,
            timeout=SEND_SECONDS,
            check=False,
        )
        assert told.returncode == 0, told.stderr
        lines = (json.loads(line) for line in told.stdout.splitlines())
        return [(line["mode"], line["status"], line["answer"]) for line in lines]


SENDERS = (
    Sender(
        "java",
        ("java", "javac", "mvn"),
        "openjdk-17-jdk-headless maven",
        ("mvn", "-q", "-B", "-Dstyle.color=never", "dependency:copy-dependencies", "-DoutputDirectory=libs"),
        "libs",
        # A process of a second: compiled soon rather than well.
        ("java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", "libs/*", "Sender.java"),
    ),
    Sender(
        "javascript",
        ("node", "npm"),
        "nodejs npm",
        ("npm", "ci", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"),
        "node_modules",
        ("node", "sender.mjs"),
    ),
)


if __name__ == "__main__":
    for sender in SENDERS:
        reason = sender.why_not()
        if reason is None:
            sender.get()
        else:
            print(reason)
