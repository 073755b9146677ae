"""Remarks on accepted events: looked up once for all who ask at one moment, and each is told its own.

Invariant: the notes stand in for those of a service, and say what they were asked about.
"""

import asyncio
from typing import Any, cast

from contracts.envelope import Event
from services.chassis.remarks import LookedUpTogether, Remarks
from services.chassis.runtime import Runtime
from tests.delivery.feed import post_established
from tests.unit.chassis.journals import incoming

RUNTIME = cast(Runtime, None)
PATIENCE_SECONDS = 60.0


def event(name: str) -> Event:
    (item,) = incoming(post_established(name, "331"))
    return item.event


class Notes:
    """Says of each event its own id. Of P-bad it can say nothing."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    async def __call__(self, _: Runtime, events: list[Event]) -> Remarks:
        """The remarks."""
        self.asked.append([one.envelope.id for one in events])
        await asyncio.sleep(0)
        if "P-bad" in self.asked[-1]:
            raise ZeroDivisionError
        return {(one.envelope.authority, one.identity): [one.envelope.id] for one in events}


async def ask(together: LookedUpTogether, *requests: list[str]) -> list[list[str] | type[BaseException]]:
    """What requests that ask at one moment about these events are told of them, or what they raise."""

    async def one(names: list[str]) -> list[str]:
        events = [event(name) for name in names]
        remarks = await together(RUNTIME, events)
        return [remark for one in events for remark in remarks[(one.envelope.authority, one.identity)]]

    async with asyncio.timeout(PATIENCE_SECONDS):
        answers = await asyncio.gather(*map(one, requests), return_exceptions=True)
    return [type(one) if isinstance(one, BaseException) else one for one in answers]


async def test_who_asks_at_one_moment_is_told_of_its_own_events_by_one_question() -> None:
    notes = Notes()
    together = LookedUpTogether(notes)
    assert await ask(together, ["P-1"], ["P-2", "P-3"], ["P-1"]) == [["P-1"], ["P-2", "P-3"], ["P-1"]]
    assert notes.asked == [["P-1", "P-2", "P-3", "P-1"]]
    assert await ask(together, ["P-4"]) == [["P-4"]]
    assert notes.asked[1:] == [["P-4"]]


async def test_where_one_cannot_be_answered_the_others_are() -> None:
    notes = Notes()
    together = LookedUpTogether(notes)
    assert await ask(together, ["P-1"], ["P-bad"], ["P-2"]) == [["P-1"], ZeroDivisionError, ["P-2"]]
    assert await ask(together, ["P-bad"], ["P-bad", "P-1"]) == [ZeroDivisionError, ZeroDivisionError]
    assert await ask(together, ["P-bad"]) == [ZeroDivisionError]
    assert await ask(together, ["P-1"]) == [["P-1"]]
    assert notes.asked[-2:] == [["P-bad"], ["P-1"]]


async def test_one_that_is_given_up_keeps_no_other_from_being_told() -> None:
    together = LookedUpTogether(Notes())
    given_up = asyncio.create_task(together(RUNTIME, [event("P-1")]))
    other = asyncio.create_task(together(RUNTIME, [event("P-2")]))
    await asyncio.sleep(0)
    given_up.cancel()
    async with asyncio.timeout(PATIENCE_SECONDS):
        remarks = await other
    assert list(remarks.values()) == [["P-1"], ["P-2"]]
    assert given_up.cancelled()


async def test_when_looking_up_is_ended_nobody_is_left_waiting() -> None:
    together = LookedUpTogether(Notes())
    asked = [asyncio.create_task(together(RUNTIME, [event(name)])) for name in ("P-1", "P-2")]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    (task,) = together._tasks
    task.cancel()
    done, pending = await asyncio.wait(cast(Any, asked), timeout=PATIENCE_SECONDS)
    assert (len(done), len(pending)) == (2, 0)
