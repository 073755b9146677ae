"""Health: whether a process should be restarted, and whether it can do its work now, with reasons in words.

Invariant: liveness is lost only for what a new process would mend. Readiness is lost when a service cannot answer,
or knows that events are missing. That nothing was heard for a while is only a remark, with the instant up to which
everything is complete.
"""

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from contracts.envelope import format_instant
from services.chassis.database import why_not_now
from services.chassis.delivery import lag_by_topic

if TYPE_CHECKING:
    from services.chassis.runtime import Runtime

DATABASE_SILENT_SECONDS = 5.0
"""A database that gave no sign of life for so long is reported as away."""

KAFKA_SILENT_SECONDS = 5.0

OWNER_SILENT = timedelta(seconds=15)
"""An owner writes a watermark every five seconds."""

HEARD_WITHIN_SECONDS = 10.0
"""How long a new process waits for Kafka, and then for an owner's watermark, before it answers without them."""

LONGEST_BATCH_SECONDS = 600.0
"""As long as Kafka waits for a consumer between two batches. After that its partitions go to another one."""


class Readiness(NamedTuple):
    """`reasons` keep the service from doing its work; `remarks` do not. `complete_until` is None if it is unknown."""

    reasons: list[str]
    remarks: list[str]
    complete_until: datetime | None


class Health:
    """The health of one process. Instants of signs of life are monotonic seconds."""

    def __init__(self, runtime: "Runtime") -> None:
        self._runtime = runtime
        self._database_answered_at: float | None = None
        self._database_answers_since: float | None = None
        self._database_trouble: str | None = None
        self._waiting_since: float | None = None

    def database_answered(self) -> None:
        """PostgreSQL gave a sign of life."""
        now = time.monotonic()
        if self._database_silence(now) > DATABASE_SILENT_SECONDS or self._database_trouble is not None:
            self._database_answers_since = now
        self._database_answered_at, self._database_trouble = now, None

    def database_failed(self, error: BaseException) -> None:
        """PostgreSQL, or the way to it, refused."""
        self._database_trouble = why_not_now(error) or f"PostgreSQL cannot be used ({type(error).__name__})"

    def _database_silence(self, now: float) -> float:
        return float("inf") if self._database_answered_at is None else now - self._database_answered_at

    def database_away(self) -> str | None:
        """Why PostgreSQL cannot be used, in words; None if it can."""
        if self._database_trouble is not None:
            return self._database_trouble
        silence = self._database_silence(time.monotonic())
        if silence == float("inf"):
            return "PostgreSQL has not answered yet"
        if silence > DATABASE_SILENT_SECONDS:
            return f"PostgreSQL has not answered for {silence:.0f} seconds"
        # It answers those who only ask for a sign of life before its tables are there.
        return None if self._runtime.is_set_up else "PostgreSQL answers, and the database is being set up"

    def kafka_away(self) -> str | None:
        """That Kafka does not answer, in words; None if it does, or is not needed."""
        if not self._runtime.spec.on_kafka:
            return None
        answered_at = self._runtime.watermarks.kafka_answered_at
        if answered_at is None:
            return "Kafka has not answered yet"
        silence = time.monotonic() - answered_at
        return f"Kafka has not answered for {silence:.0f} seconds" if silence > KAFKA_SILENT_SECONDS else None

    def stalled(self) -> str | None:
        """Why the process should be restarted: it has work and all it needs, but makes no progress. None if it
        should not.
        """
        runtime = self._runtime
        delivery, patience = runtime.delivery, runtime.settings.stalled_seconds
        answers = (self._database_answers_since, runtime.watermarks.kafka_answers_since)
        if self.database_away() or self.kafka_away() or None in answers:
            return None
        # Waiting is told by readiness, as are halted partitions: a new process would do no better.
        if delivery.waiting_for is not None:
            return None
        now = time.monotonic()
        usable_since = max(instant for instant in answers if instant is not None)
        if delivery.busy_since is not None:
            too_long = now - max(delivery.busy_since, usable_since) > LONGEST_BATCH_SECONDS
            return f"one batch has taken more than {LONGEST_BATCH_SECONDS:g} seconds" if too_long else None
        since = (self._waiting_since, delivery.progress_at, usable_since)
        if (
            self._waiting_since is not None
            and now - max(instant for instant in since if instant is not None) > patience
        ):
            return f"records wait and none was taken in for {patience:g} seconds"
        return None

    def note_waiting(self) -> None:
        """Call this regularly: it notes since when records have been waiting without a break."""
        delivery = self._runtime.delivery
        behind = any(
            lag
            for consumer in self._runtime.membership.consumers()
            for lag in lag_by_topic(consumer, without=delivery.halted_partitions).values()
        )
        if not behind:
            self._waiting_since = None
        elif self._waiting_since is None:
            self._waiting_since = time.monotonic()

    def readiness(self) -> Readiness:
        """Whether the service can do its work now."""
        runtime = self._runtime
        away = self.database_away()
        reasons = [*runtime.hindered_by] if away is None else [away]
        if runtime.delivery.halted is not None:
            reasons.append(f"the consumer stopped: {runtime.delivery.halted}")
        if runtime.delivery.waiting_for is not None:
            reasons.append(f"the consumer waits: {runtime.delivery.waiting_for}")
        late, remarks = self._late(), self._remarks()
        # A service that takes events in does so without the events of others too: the journal keeps them.
        if runtime.spec.publishes:
            remarks = late + remarks
        else:
            reasons += late
            if runtime.unsettled is not None:
                reasons.append(runtime.unsettled)
        return Readiness(reasons, remarks, runtime.watermarks.complete_until)

    def _late(self) -> list[str]:
        """The topics of which events have been missing for longer than they take on their way."""
        watermarks, patience = self._runtime.watermarks, timedelta(seconds=self._runtime.settings.late_seconds)
        # Where an owner writes at all, its newest watermark is there to be heard at once.
        late = [_unheard(owner) for owner in watermarks.unheard] if self._has_only_begun_to_listen() else []
        for expected in watermarks.expected:
            if expected.complete_until is None:
                late.append(f"{expected.topic} has not been read whole yet{_remedy(expected.missing, expected.remedy)}")
            elif expected.heard_until - expected.complete_until > patience:
                since = format_instant(expected.complete_until)
                late.append(
                    f"{expected.topic} is complete until {since}: what was accepted since is missing in part"
                    f"{_remedy(expected.missing, expected.remedy)}"
                )
        return late

    def _has_only_begun_to_listen(self) -> bool:
        watermarks = self._runtime.watermarks
        # Before Kafka's first answer too: who is ready then would take it back when the first watermark is heard.
        since = watermarks.kafka_answers_since or watermarks.listens_since
        return since is None or time.monotonic() - since < HEARD_WITHIN_SECONDS

    def _remarks(self) -> list[str]:
        watermarks, now = self._runtime.watermarks, datetime.now(UTC)
        reasons = (self.kafka_away(), self._runtime.waiting_to_start, self._runtime.remark)
        remarks = [reason for reason in reasons if reason is not None]
        since = watermarks.kafka_answers_since
        # Who has only just begun to listen, or cannot, does not blame an owner.
        listens = since is not None and time.monotonic() - since > OWNER_SILENT.total_seconds()
        silent = {
            expected.owner: expected.heard_until
            for expected in watermarks.expected
            if listens and now - expected.heard_until > OWNER_SILENT
        }
        if not self._has_only_begun_to_listen():
            remarks += [_unheard(owner) for owner in watermarks.unheard]
        remarks += [f"nothing was heard from {owner} since {format_instant(at)}" for owner, at in silent.items()]
        remarks += [
            f"{count} events of {topic} became dead letters: see /v1/dead-letters"
            for topic, count in watermarks.dead_letters.items()
        ]
        return remarks


def _unheard(owner: str) -> str:
    return f"nothing was heard from {owner} yet: what it accepted is not known"


def _remedy(missing: int, remedy: str | None) -> str:
    if not missing:
        return ""
    what = {None: "", "read-again": "; it is being read again", "asked": "; its owner was asked to publish them again"}
    return f" ({missing} events were not on the log{what[remedy]})"
