"""What people alone tells Prometheus of its work, beside what every service tells.

Invariant: as in the chassis: a metric that is declared neither there nor here does not exist.
"""

from typing import cast

from services.chassis.runtime import Runtime
from services.chassis.telemetry import Telemetry


class PeopleTelemetry(Telemetry):
    """The metrics of one process of this service."""

    def __init__(self) -> None:
        super().__init__()
        self.files_waiting = self._gauge("files_waiting", "Accepted files that were not taken in yet.")
        self.door_waiting = self._gauge("door_waiting_events", "Events that a door has not answered yet.", "door")
        self.door_waiting_seconds = self._gauge(
            "door_waiting_seconds",
            "How long ago the oldest file was taken in whose events a door has not answered; 0 when none waits.",
            "door",
        )


def telemetry_of(runtime: Runtime) -> PeopleTelemetry:
    """What this service's runtime was made with (`ServiceSpec.telemetry`)."""
    return cast(PeopleTelemetry, runtime.telemetry)
