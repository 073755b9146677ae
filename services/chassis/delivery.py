"""Delivery: from the records of one Kafka batch to committed work, record by record where it must be.

Invariant: when `deliver` returns, every record of the batch is either committed in the database or acknowledged on the
dead-letter topic; in every other case it raises, and the batch comes again.
"""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from aiokafka import ConsumerRecord
from faststream.kafka.message import KafkaMessage

from contracts.catalogue import TOPIC_OF_TYPE
from contracts.envelope import Event, decode_record
from contracts.refusal import Fault, Refused
from services.chassis.database import UNREACHABLE
from services.chassis.dead_letters import DeadLetters, SetAside
from services.chassis.logs import get_log, without_details
from services.chassis.settings import DeliverySettings
from services.chassis.telemetry import Telemetry

log = get_log(__name__)

TakeIn = Callable[[list[Event], bool], Awaitable[None]]
"""A service's handler: takes in events in one transaction. The flag says that many more are waiting behind them."""

SHARE_WINDOW = 1000
"""Over how many of the latest records the share of those set aside is watched."""


class Stopping(Exception):
    """Raised inside a wait when the service stops: the batch is not committed and comes again."""


class SetAsideLimit:
    """Watches how much is set aside: a run of bad records, or a large share, means the fault is not in the records."""

    def __init__(self, in_a_row: int, share: float) -> None:
        self._in_a_row = in_a_row
        self._share = share
        self._run = 0
        self._latest: deque[bool] = deque(maxlen=SHARE_WINDOW)

    def note(self, set_aside: bool) -> str | None:
        """Note one record's fate; gives the reason to stop, or None."""
        self._run = self._run + 1 if set_aside else 0
        self._latest.append(set_aside)
        if self._run >= self._in_a_row:
            return f"{self._run} records in a row could not be taken in"
        share = sum(self._latest) / SHARE_WINDOW if set_aside and len(self._latest) == SHARE_WINDOW else 0.0
        if share > self._share:
            return f"{share:.0%} of the last {SHARE_WINDOW} records could not be taken in"
        return None


class Delivery:
    """The failure policy of one service's consumer. `progress_at` and `busy_since` are monotonic seconds."""

    def __init__(self, settings: DeliverySettings, dead_letters: DeadLetters, telemetry: Telemetry) -> None:
        self._settings = settings
        self._dead_letters = dead_letters
        self._telemetry = telemetry
        self._limit = SetAsideLimit(settings.set_aside_in_a_row, settings.set_aside_share)
        self._stopping = asyncio.Event()
        self.halted: str | None = None
        self.waiting_for: str | None = None
        self.progress_at = time.monotonic()
        self.busy_since: float | None = None

    def stop(self) -> None:
        """End every wait, so that the service can stop."""
        self._stopping.set()

    async def deliver(self, message: KafkaMessage, take_in: TakeIn) -> None:
        """Take in one batch as it came from Kafka."""
        records: Sequence[ConsumerRecord] = message.raw_message
        self.busy_since = time.monotonic()
        try:
            await self._deliver(records, take_in, self.far_behind(message.consumer, len(records)))
        finally:
            self.busy_since = None
        self.progress_at = time.monotonic()

    async def _deliver(self, records: Sequence[ConsumerRecord], take_in: TakeIn, far_behind: bool) -> None:
        """1. decode each record; 2. take in the events; 3. stop if too many are bad; 4. set the others aside."""
        good: list[tuple[ConsumerRecord, Event]] = []
        bad: list[SetAside] = []
        for record in records:
            try:
                good.append((record, _stamped(decode_record(record.headers, record.value), record.topic)))
            except Refused as refusal:
                bad.append(SetAside(record, "contract", str(refusal), 1))
        bad += await self._take_in(good, take_in, far_behind)
        failed = {(item.record.topic, item.record.partition, item.record.offset) for item in bad}
        for record in records:
            reason = self._limit.note((record.topic, record.partition, record.offset) in failed)
            if reason is not None:
                await self._halt(reason, bad[0])
        for item in bad:
            await self._dead_letters.put(item)
            self._telemetry.set_aside.labels(item.record.topic, item.cause).inc()
        for topic, count in Counter(record.topic for record in records).items():
            self._telemetry.consumed.labels(topic).inc(count)

    async def _take_in(
        self, good: list[tuple[ConsumerRecord, Event]], take_in: TakeIn, far_behind: bool
    ) -> list[SetAside]:
        """Take in these events; when that fails for good, halve them until the failing ones stand alone."""
        if not good:
            return []
        error = await self._try([event for _, event in good], take_in, far_behind)
        if error is None:
            return []
        if len(good) == 1:
            reason = f"{type(error).__name__}: {without_details(str(error))}"
            return [SetAside(good[0][0], "handler", reason[:1000], self._settings.attempts)]
        middle = len(good) // 2
        return await self._take_in(good[:middle], take_in, far_behind) + await self._take_in(
            good[middle:], take_in, far_behind
        )

    async def _try(self, events: list[Event], take_in: TakeIn, far_behind: bool) -> Exception | None:
        """Try with back-off. What cannot be reached is waited for without limit: that is no fault of the records."""
        attempt = failures = 0
        while True:
            try:
                await take_in(events, far_behind)
                self.waiting_for = None
                return None
            except UNREACHABLE as error:
                self.waiting_for = f"PostgreSQL ({type(error).__name__})"
                cause: Exception = error
            except Exception as error:
                self.waiting_for = None
                failures += 1
                if failures >= self._settings.attempts:
                    log.error("events could not be taken in", events=len(events), exc_info=error)
                    return error
                cause = error
            self._telemetry.retries.labels(type(cause).__name__).inc()
            await self._wait(attempt)
            attempt += 1

    async def _wait(self, attempt: int) -> None:
        seconds = min(self._settings.backoff_seconds * 2 ** min(attempt, 20), self._settings.longest_backoff_seconds)
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return
        raise Stopping

    async def _halt(self, reason: str, example: SetAside) -> None:
        """Stop consuming and say so, holding the batch uncommitted until the service is stopped."""
        # Where, not what: the reason itself may repeat a value, and this is told to whoever asks for readiness.
        record = example.record
        place = f"{record.topic}, partition {record.partition}, offset {record.offset}"
        self.halted = f"{reason}; the first of this batch (cause {example.cause}): {place}"
        self._telemetry.halted.set(1)
        log.critical(
            "consumer stopped",
            reason=reason,
            first=place,
            cause=example.cause,
            right="mend the cause or raise WORKFORCE_DELIVERY__SET_ASIDE_IN_A_ROW, then start the service again",
        )
        await self._stopping.wait()
        raise Stopping

    def far_behind(self, consumer: Any, at_hand: int = 0) -> bool:
        """Whether so many records wait, with those at hand, that figures should be derived once for all of them."""
        return at_hand + sum(lag_by_topic(consumer).values()) > self._settings.catching_up_records


def lag_by_topic(consumer: Any) -> dict[str, int]:
    """Records behind the consumer, by topic, over its assigned partitions."""
    lag: dict[str, int] = {}
    for place in consumer.assignment():
        end = consumer.highwater(place)
        state = consumer._subscription.subscription.assignment.state_value(place)
        if end is not None and state is not None and state.has_valid_position:
            lag[place.topic] = lag.get(place.topic, 0) + max(0, end - state.position)
    return lag


def _stamped(event: Event, topic: str) -> Event:
    envelope = event.envelope
    missing = [name for name in ("acceptedtime", "sequence") if getattr(envelope, name) is None]
    if missing:
        raise Refused(*(Fault(f"ce_{name}", "is missing", "what the accepting service stamps") for name in missing))
    if TOPIC_OF_TYPE[envelope.type].name != topic:
        raise Refused(Fault("ce_type", f"does not stand on {topic}", TOPIC_OF_TYPE[envelope.type].name, envelope.type))
    return event


class _Undecoded:
    """Stands for a batch in FastStream's own parser, which would fail the whole batch on one header that is no text."""

    topic = ""
    value = b""
    headers: tuple[tuple[str, bytes], ...] = ()
    offset = 0
    timestamp = 0


async def as_it_came(records: Any, parse: Callable[[Any], Awaitable[Any]]) -> Any:
    """FastStream parser: the message of a batch, with its records untouched."""
    message = await parse((_Undecoded(),))
    message.raw_message = records
    return message


async def undecoded(_: Any) -> None:
    """FastStream decoder: nothing is decoded before each record is looked at alone."""
