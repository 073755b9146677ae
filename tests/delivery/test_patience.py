"""How often events are tried before they are set aside: only tries that failed by themselves count.

Invariant: what is waited for is no try.
"""

import pytest

from contracts.envelope import Event
from services.chassis.dead_letters import DeadLetters
from services.chassis.delivery import Delivery
from services.chassis.settings import DeliverySettings
from services.chassis.telemetry import Telemetry
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
