"""The catalogue of metrics: every name, unit and meaning that Prometheus sees of any service.

Invariant: a metric that is declared neither here nor in a service's own `telemetry.py` does not exist; labels never
hold an identifier of a person.
"""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

FINE_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)


class Telemetry:
    """The metrics of one service process. A service declares further ones in a class of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.accepted = self._counter("accepted", "Events accepted into the journal.", "type")
        self.already_known = self._counter("already_known", "Events sent again that the journal held already.", "type")
        self.rejected = self._counter("rejected", "Events rejected at the door, with the reason.", "reason")
        self.published = self._counter("published", "Events that Kafka acknowledged.", "topic")
        self.published_again = self._counter(
            "journal_replays", "Times the journal was published again because Kafka's log was shorter than it."
        )
        self.consumed = self._counter("consumed", "Records taken in, committed to the database.", "topic")
        self.dead_letters = self._counter("dead_letters", "Records put on the dead-letter topic.", "topic", "cause")
        self.dead_letters_open = self._gauge(
            "dead_letters_open", "Dead letters that nobody sent again, mended or dismissed.", "topic"
        )
        self.retries = self._counter("retries", "Further tries to take in a batch, with the cause.", "cause")
        self.journal_age = self._gauge(
            "journal_age_seconds", "Age of the oldest accepted event that Kafka has not acknowledged; 0 when none."
        )
        self.journal_position = self._gauge("journal_position", "Position of the newest event in the journal.")
        self.journal_unpublished = self._gauge("journal_unpublished", "Accepted events not yet acknowledged by Kafka.")
        self.lag = self._gauge("consumer_lag_records", "Records on the topic behind the consumer.", "topic")
        self.dead_letter_runs = self._counter(
            "dead_letter_runs", "Times that so many records of one authority in a row were rejected.", "topic"
        )
        self.halted = self._gauge(
            "consumer_halted", "1 when a partition is halted because too many records were rejected."
        )
        self.halted_partitions = self._gauge(
            "consumer_halted_partitions", "Partitions of which nothing is taken in until the service restarts.", "topic"
        )
        self.missing = self._gauge(
            "inbox_missing_events", "Events an owner has published that did not arrive when the log was read.", "owner"
        )
        self.complete_until = self._gauge(
            "complete_until_timestamp_seconds",
            "Every event accepted before this instant has arrived here and was derived, in seconds since 1970.",
        )
        self.connections = self._gauge("http_connections", "Connections to the service that are open.")
        self.turned_away = self._counter(
            "http_turned_away", "Connections that were ended because they went beyond a limit, with the limit.", "limit"
        )
        self.requests = self._histogram(
            "http_request_seconds", "Time to answer a request.", "method", "route", "status"
        )

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        return Counter(f"workforce_{name}", meaning, labels, registry=self.registry)

    def _gauge(self, name: str, meaning: str, *labels: str) -> Gauge:
        return Gauge(f"workforce_{name}", meaning, labels, registry=self.registry)

    def _histogram(self, name: str, meaning: str, *labels: str) -> Histogram:
        return Histogram(f"workforce_{name}", meaning, labels, buckets=FINE_SECONDS, registry=self.registry)
