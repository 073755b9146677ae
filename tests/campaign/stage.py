"""The stage of one round: the system, what befell which of its parts and when, and what was planted among its records.

Invariant: whoever takes a part away notes it here, so that nothing is held against a process while it was stopped.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.campaign.background import Background
from tests.delivery.processes import another_process
from tests.parts import Broker, EmbeddedBroker, PostgreSQL, Process, RealSystem, Service
from tests.parts.freezing import freeze

REPLICA = "metrics-2"
"""The second process of metrics, as it is called here."""

End = Callable[[], None]
"""What ends a fault."""


@dataclass
class Away:
    """A part that could not do anything from an instant to another (monotonic seconds); None while it lasts."""

    part: str
    since: float
    until: float | None = None

    def covers(self, instant: float, before: float = 0.0, after: float = 0.0) -> bool:
        """Whether it was away then, or so many seconds around."""
        return self.since - before <= instant and (self.until is None or instant <= self.until + after)


@dataclass
class Planted:
    """A record that no reader may take in: its topic, key, value, headers."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]
    what: str


@dataclass
class Stage:
    """What a fault acts on. `happened` gets a few words on each thing done."""

    system: RealSystem
    folder: Path
    background: Background
    random: Random
    authorities: tuple[str, ...]
    settings: dict[str, object]
    replica: Service | None = None
    away: list[Away] = field(default_factory=list)
    happened: list[str] = field(default_factory=list)
    planted: list[Planted] = field(default_factory=list)
    ended: list[tuple[str, int | None]] = field(default_factory=list)
    """Each process that was asked to stop, with its exit code."""
    kafka_lost_records: bool = False
    slack: float = 1.0
    """How many times as long everything may take."""
    a_restart_mends: bool = False
    """Whether liveness may ask for a restart because of one of the faults."""

    @property
    def postgres(self) -> PostgreSQL:
        """The database server."""
        return self.system.postgres

    @property
    def broker(self) -> Broker:
        """The broker."""
        return self.system.broker

    def processes(self) -> dict[str, Service]:
        """Every process of a service by its name here."""
        return dict(self.system.services) | ({} if self.replica is None else {REPLICA: self.replica})

    def note(self, what: str) -> None:
        """Say what was done."""
        self.happened.append(what)

    def start_replica(self) -> Service:
        """Start a second process of metrics, unless there is one. It is waited for."""
        if self.replica is None:
            away = self.gone(REPLICA)
            self.replica = another_process(self.system, "metrics", self.folder, **self.settings)
            self.replica.start()
            self.replica.wait_until_ready()
            self.back(away)
        return self.replica

    def stop_replica(self) -> None:
        """Stop the second process of metrics, if there is one. On the embedded broker it must not leave its group."""
        replica, self.replica = self.replica, None
        if replica is None:
            return
        if isinstance(self.broker, EmbeddedBroker):
            replica.kill()
        else:
            self.ended.append((REPLICA, replica.stop()))

    def gone(self, part: str) -> Away:
        """Note that a part is away from now on."""
        away = Away(part, time.monotonic())
        self.away.append(away)
        return away

    @staticmethod
    def back(away: Away) -> None:
        """Note that a part is back."""
        away.until = time.monotonic()

    def was_away(self, part: str, instant: float, before: float = 0.0, after: float = 0.0) -> bool:
        """Whether a part was away then, or so many seconds around."""
        return any(away.part == part and away.covers(instant, before, after) for away in self.away)

    def freeze(self, part: str, process: Process) -> End:
        """Stop a process with its children where they are, until the end."""
        away = self.gone(part)
        go_on = freeze(process)

        def thaw() -> None:
            go_on()
            self.back(away)

        return thaw
