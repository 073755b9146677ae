"""What metrics alone tells Prometheus of its work, beside what every service tells.

Invariant: as in the chassis: a metric that is declared neither there nor here does not exist.
"""

from typing import cast

from services.chassis.runtime import Runtime
from services.chassis.telemetry import Telemetry


class MetricsTelemetry(Telemetry):
    """The metrics of one process of this service."""

    def __init__(self) -> None:
        super().__init__()
        self.queued = self._gauge("timelines_queued", "Subjects whose timelines wait to be derived.")
        self.underivable = self._gauge("timelines_underivable", "Subjects whose timelines could not be derived.")
        self.origin_to_figure = self._histogram(
            "origin_to_figure_seconds", "From an event's acceptance to the commit of the figures it moves."
        )
        self.feed_recorded = self._gauge(
            "feed_recorded_until_timestamp_seconds",
            "The time of the newest record of a feed, by the source that it states, in seconds since 1970.",
            *("authority", "source"),
        )
        self.feed_accepted = self._gauge(
            "feed_last_accepted_timestamp_seconds",
            "When an event of a feed was last accepted, in seconds since 1970.",
            *("authority", "source"),
        )
        self.feeds_left_out = self._gauge(
            "feeds_left_out", "Feeds of which nothing is told here, as there are too many: those that came longest ago."
        )


def telemetry_of(runtime: Runtime) -> MetricsTelemetry:
    """What this service's runtime was made with (`ServiceSpec.telemetry`)."""
    return cast(MetricsTelemetry, runtime.telemetry)
