"""What metrics alone tells Prometheus of its work, beside what every service tells.

Invariant: as in the chassis: a metric that is declared neither there nor here does not exist.
"""

from typing import cast

from services.chassis.runtime import Runtime
from services.chassis.telemetry import Telemetry


class DerivationTelemetry(Telemetry):
    """The metrics of a process that derives timelines."""

    def __init__(self) -> None:
        super().__init__()
        self.to_derive = self._gauge("timelines_to_derive", "Subjects whose timelines wait to be derived.")
        self.underivable = self._gauge("timelines_underivable", "Subjects whose timelines could not be derived.")
        self.origin_to_figure = self._histogram(
            "origin_to_figure_seconds", "From an event's acceptance to the commit of the figures it moves."
        )


def telemetry_of(runtime: Runtime) -> DerivationTelemetry:
    """What this service's runtime was made with (`ServiceSpec.telemetry`)."""
    return cast(DerivationTelemetry, runtime.telemetry)
