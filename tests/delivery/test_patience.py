"""How often events are tried before they become dead letters: only tries that failed by themselves count.

Invariant: what is waited for is no try.
"""

import asyncio
from collections.abc import Coroutine
from types import SimpleNamespace
from typing import Any, cast

import asyncpg
import pytest
from aiokafka import TopicPartition

from contracts.envelope import Event
from services.chassis.consuming import passthrough_parser
from services.chassis.dead_letter_form import RejectedRecord
from services.chassis.dead_letters import DeadLetters
from services.chassis.decoding import decoded_event
from services.chassis.delivery import Delivery, Halt, Stopping
from services.chassis.settings import DeliverySettings
from services.chassis.telemetry import Telemetry
from tests.delivery.consuming import ZERO, Consuming, bad, good, of
from tests.delivery.feed import decoded, post_established

EVENTS = [decoded(post_established("P-1", "331"), 1)]
AWAY, FAILED = ConnectionRefusedError("PostgreSQL is away"), RuntimeError("could not be derived")


@pytest.mark.parametrize(
    ("happens", "tries"),
    [
        pytest.param([FAILED, FAILED], 3, id="two failures, then a success"),
        pytest.param([AWAY] * 5, 6, id="away five times"),
        pytest.param([*[AWAY] * 5, FAILED, FAILED], 8, id="away five times, then two failures"),
        pytest.param([FAILED, AWAY, AWAY, FAILED, AWAY], 6, id="failures between outages"),
    ],
)
async def test_events_are_taken_in_after_waits_and_fewer_failures_than_allowed(
    happens: list[Exception], tries: int
) -> None:
    left, tried = list(happens), 0

    async def take_in(events: list[Event], far_behind: bool) -> None:
        nonlocal tried
        tried += 1
        if left:
            raise left.pop(0)

    assert await delivery()._try(EVENTS, take_in, False) is None
    assert tried == tries


async def test_the_third_failure_is_the_last() -> None:
    left: list[Exception] = [AWAY, FAILED, FAILED, FAILED]

    async def take_in(events: list[Event], far_behind: bool) -> None:
        raise left.pop(0)

    assert await delivery()._try(EVENTS, take_in, False) is FAILED
    assert left == []


def delivery() -> Delivery:
    """The policy with short waits; no Kafka is asked."""
    settings = DeliverySettings(attempts=3, backoff_seconds=0.001, longest_backoff_seconds=0.002)
    return Delivery(settings, DeadLetters("metrics", "127.0.0.1:1", idempotent=False), Telemetry())


@pytest.mark.parametrize(
    ("attempt", "seconds"), [(0, 0.5), (1, 1.0), (2, 2.0), (3, 4.0), (4, 5.0), (5, 5.0), (1000, 5.0), (10_000, 5.0)]
)
async def test_each_further_wait_is_twice_as_long_up_to_the_longest(
    monkeypatch: pytest.MonkeyPatch, attempt: int, seconds: float
) -> None:
    waited: list[float] = []

    async def wait_for(_: Coroutine[Any, Any, object], seconds: float) -> None:
        _.close()
        waited.append(seconds)
        raise TimeoutError

    monkeypatch.setattr("services.chassis.delivery.asyncio.wait_for", wait_for)
    settings = DeliverySettings(backoff_seconds=0.5, longest_backoff_seconds=5.0)
    await Delivery(settings, DeadLetters("metrics", "127.0.0.1:1", idempotent=False), Telemetry())._wait(attempt)
    assert waited == [seconds]


async def test_waits_grow_with_every_try_whatever_was_waited_for() -> None:
    waits: list[int] = []
    patient = delivery()

    async def noted(attempt: int) -> None:
        waits.append(attempt)

    patient._wait = noted  # type: ignore[method-assign]
    left: list[Exception] = [AWAY, FAILED, AWAY, FAILED]

    async def take_in(events: list[Event], far_behind: bool) -> None:
        if left:
            raise left.pop(0)

    assert await patient._try(EVENTS, take_in, False) is None
    assert waits == [0, 1, 2, 3]


async def test_what_it_waits_for_is_told_while_it_does_and_no_longer() -> None:
    told: list[str | None] = []
    patient = delivery()

    async def noted(attempt: int) -> None:
        told.append(patient.waiting_for)

    patient._wait = noted  # type: ignore[method-assign]
    left: list[Exception] = [AWAY, asyncpg.DiskFullError(), FAILED]

    async def take_in(events: list[Event], far_behind: bool) -> None:
        if left:
            raise left.pop(0)

    await patient._try(EVENTS, take_in, False)
    assert told == ["PostgreSQL cannot be reached", "PostgreSQL's disk is full", None]
    assert patient.waiting_for is None


async def test_people_are_told_once_of_each_reason_to_wait_and_again_when_it_comes_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[str] = []
    noted = SimpleNamespace(warning=lambda _, *, reason, cause: told.append(f"{reason} ({cause})"))
    monkeypatch.setattr("services.chassis.delivery.log", noted)
    left = [AWAY, AWAY, AWAY, asyncpg.DiskFullError(), asyncpg.DiskFullError(), AWAY]

    async def take_in(events: list[Event], far_behind: bool) -> None:
        if left:
            raise left.pop(0)

    await delivery()._try(EVENTS, take_in, False)
    away = "PostgreSQL cannot be reached (ConnectionRefusedError)"
    assert told == [away, "PostgreSQL's disk is full (DiskFullError)", away]


async def test_a_service_that_stops_waits_no_longer_and_the_batch_comes_again() -> None:
    patient = delivery()
    patient.stop()

    async def take_in(events: list[Event], far_behind: bool) -> None:
        raise AWAY

    with pytest.raises(Stopping):
        await patient._try(EVENTS, take_in, False)


async def test_of_a_batch_that_fails_the_event_at_fault_is_found_and_the_others_are_taken_in() -> None:
    consuming = Consuming(in_a_row=10)
    taken: list[str] = []
    batches: list[int] = []

    async def take_in(events: list[Event], far_behind: bool) -> None:
        batches.append(len(events))
        if any(event.envelope.id == "P-0-3" for event in events):
            raise FAILED
        taken.extend(event.envelope.id for event in events)

    message = SimpleNamespace(raw_message=[good(ZERO, offset) for offset in range(8)], consumer=consuming.consumer)
    await consuming.delivery.deliver(cast(Any, message), take_in)
    assert taken == [f"P-0-{offset}" for offset in (0, 1, 2, 4, 5, 6, 7)]
    assert consuming.dead_letters.kept == [(ZERO, 3, "handler")]
    # Each is tried as often as is allowed (twice here), and halved then.
    assert batches == [8, 8, 4, 4, 2, 2, 2, 1, 1, 1, 4]


@pytest.mark.parametrize(("waiting", "at_hand", "far"), [(7, 3, False), (8, 3, True), (0, 10, False), (0, 11, True)])
def test_a_consumer_is_far_behind_with_more_records_than_that_those_at_hand_among_them(
    waiting: int, at_hand: int, far: bool
) -> None:
    settings = DeliverySettings(catching_up_records=10)
    policy = Delivery(settings, DeadLetters("metrics", "127.0.0.1:1", idempotent=False), Telemetry())
    assert policy.far_behind(Behind(waiting), at_hand) is far


def test_what_waits_on_a_halted_partition_is_not_behind() -> None:
    settings = DeliverySettings(catching_up_records=10)
    policy = Delivery(settings, DeadLetters("metrics", "127.0.0.1:1", idempotent=False), Telemetry())
    policy._halts[ZERO] = Halt("too much", 1, "contract", "2026-03-02T12:00:00Z")
    assert not policy.far_behind(Behind(100))


class Behind:
    """A consumer behind which so many records of one partition wait."""

    def __init__(self, waiting: int) -> None:
        self._waiting = waiting
        state = SimpleNamespace(has_valid_position=True, position=5)
        assignment = SimpleNamespace(state_value=lambda _: state)
        self._subscription = SimpleNamespace(subscription=SimpleNamespace(assignment=assignment))

    def assignment(self) -> set[TopicPartition]:
        return {ZERO}

    def highwater(self, _: TopicPartition) -> int:
        return 5 + self._waiting


async def test_a_large_batch_is_taken_in_piece_by_piece_while_the_next_piece_isdecoded_event(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("services.chassis.delivery.TAKEN_IN_TOGETHER", 3)
    monkeypatch.setattr("services.chassis.decoding.DECODED_AT_ONCE", 2)
    consuming = Consuming(in_a_row=10)
    begun: list[list[str]] = []
    at_work = 0
    is_decoded = [asyncio.Event() for _ in range(8)]

    def decode(record: Any) -> Any:
        is_decoded[record.offset].set()
        return decoded_event(record)

    async def take_in(events: list[Event], far_behind: bool) -> None:
        nonlocal at_work
        at_work += 1
        assert at_work == 1
        begun.append([event.envelope.id for event in events])
        if len(begun) < 3:
            # While this one is written, what is in the next is found out.
            await asyncio.wait_for(is_decoded[3 * len(begun) + 1].wait(), 60)
        at_work -= 1

    monkeypatch.setattr("services.chassis.decoding.decoded_event", decode)
    records = [good(ZERO, offset) if offset != 4 else bad(ZERO, offset, "331") for offset in range(8)]
    await consuming.delivery.deliver(
        cast(Any, SimpleNamespace(raw_message=records, consumer=consuming.consumer)), take_in
    )
    assert begun == [["P-0-0", "P-0-1", "P-0-2"], ["P-0-3", "P-0-5"], ["P-0-6", "P-0-7"]]
    assert consuming.dead_letters.kept == [(ZERO, 4, "contract")]


async def test_where_one_piece_cannot_be_taken_in_nothing_behind_it_is_and_nothing_goes_on_unseen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("services.chassis.delivery.TAKEN_IN_TOGETHER", 2)
    consuming = Consuming(in_a_row=10)
    begun: list[str] = []

    async def take_in(events: list[Event], far_behind: bool) -> None:
        begun.append(events[0].envelope.id)
        consuming.delivery.stop()
        raise AWAY

    records = [good(ZERO, offset) for offset in range(6)]
    before = asyncio.all_tasks()
    with pytest.raises(Stopping):
        await consuming.delivery.deliver(
            cast(Any, SimpleNamespace(raw_message=records, consumer=consuming.consumer)), take_in
        )
    assert begun == ["P-0-0"]
    assert asyncio.all_tasks() == before


async def test_a_batch_at_hand_is_told_from_its_begin_to_its_end_and_its_end_is_progress(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = SimpleNamespace(now=100.0)
    monkeypatch.setattr("services.chassis.delivery.time", SimpleNamespace(monotonic=lambda: clock.now))
    consuming = Consuming(in_a_row=10)
    seen: list[float | None] = []

    async def take_in(events: list[Event], far_behind: bool) -> None:
        seen.append(consuming.delivery.busy_since)
        clock.now += 5
        if len(seen) > 1:
            raise asyncio.CancelledError

    message = cast(Any, SimpleNamespace(raw_message=[good(ZERO, 1)], consumer=consuming.consumer))
    await consuming.delivery.deliver(message, take_in)
    assert (seen, consuming.delivery.busy_since, consuming.delivery.progress_at) == ([100.0], None, 105.0)
    with pytest.raises(asyncio.CancelledError):
        await consuming.delivery.deliver(message, take_in)
    assert (consuming.delivery.busy_since, consuming.delivery.progress_at) == (None, 105.0)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"ce_acceptedtime": None}, "ce_acceptedtime"),
        ({"ce_sequence": None}, "ce_sequence"),
        ({"ce_type": b"uk.workforce.worker.left.v1"}, "subject"),
    ],
)
async def test_a_record_without_what_its_owner_stamps_is_rejected(
    changes: dict[str, bytes | None], reason: str
) -> None:
    record = good(ZERO, 1)
    headers = [(name, changes.get(name, value)) for name, value in record.headers]
    kept = [(name, value) for name, value in headers if value is not None]
    decoded = decoded_event(of(ZERO, 1, record.key, record.value, kept))
    assert isinstance(decoded, RejectedRecord)
    assert (decoded.cause, decoded.attempts) == ("contract", 1)
    assert reason in decoded.reason


def test_what_falls_over_when_it_is_decoded_is_rejected_without_what_postgresql_would_tell(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fall_over(*_: Any) -> Event:
        raise ValueError("no such thing\nDETAIL: the row")

    monkeypatch.setattr("services.chassis.decoding.decode_record", fall_over)
    decoded = decoded_event(good(ZERO, 1))
    assert isinstance(decoded, RejectedRecord)
    assert (decoded.cause, decoded.reason, decoded.attempts) == ("decoding", "ValueError: no such thing", 1)


async def test_a_batch_comes_with_its_records_untouched_whatever_stands_in_their_headers() -> None:
    records = (good(ZERO, 1), good(ZERO, 2))
    parsed: list[Any] = []

    async def parse(batch: Any) -> Any:
        parsed.extend(batch)
        return SimpleNamespace(raw_message=batch, body=b"")

    message = await passthrough_parser(records, parse)
    assert message.raw_message is records
    assert [(one.topic, one.value, one.headers) for one in parsed] == [("", b"", ())]


def test_an_event_on_another_topic_than_its_own_is_rejected() -> None:
    record = good(ZERO, 1)
    decoded = decoded_event(of(TopicPartition("workforce.hiring", 0), 1, record.key, record.value, record.headers))
    assert isinstance(decoded, RejectedRecord)
    assert "does not stand on workforce.hiring" in decoded.reason
    assert not isinstance(decoded_event(record), RejectedRecord)
