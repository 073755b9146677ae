"""Remarks on accepted events: what a service looks up to tell their senders, beyond the fact that it has them.

Invariant: a request gets the same remarks as if it had been alone. For requests that were written together the
database is asked once.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from contracts.envelope import Event, Identity
from services.chassis.runtime import Runtime

Remarks = dict[tuple[str, Identity], list[str]]
"""What a service wants to tell the sender about events, by authority and identity."""

Notes = Callable[[Runtime, list[Event]], Awaitable[Remarks]]
"""Finds the remarks on events that were accepted."""


@dataclass(frozen=True, slots=True, eq=False)
class _Request:
    """A request that waits for its remarks. It may be given up meanwhile."""

    events: list[Event]
    remarks: "asyncio.Future[Remarks]"

    def tell(self, remarks: Remarks) -> None:
        if not self.remarks.done():
            self.remarks.set_result(remarks)

    def fail(self, error: Exception) -> None:
        if not self.remarks.done():
            self.remarks.set_exception(error)


class LookedUpTogether:
    """A service's `notes`, called once for all requests that ask in one turn of the event loop.

    Ask only about accepted events: then two events of one identity are the same.
    """

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._asking: list[_Request] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def __call__(self, runtime: Runtime, events: list[Event]) -> Remarks:
        """The remarks on these events. Raises what the notes raise on them."""
        request = _Request(events, asyncio.get_running_loop().create_future())
        self._asking.append(request)
        if len(self._asking) == 1:
            task = asyncio.create_task(self._look_up(runtime))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await request.remarks

    async def _look_up(self, runtime: Runtime) -> None:
        together, self._asking = self._asking, []
        try:
            remarks = await self._notes(runtime, [event for one in together for event in one.events])
            for one in together:
                one.tell(remarks)
        except Exception as error:
            # Whatever is wrong with one is no concern of the others.
            for one in together if len(together) > 1 else ():
                await self._look_up_alone(runtime, one)
            together[0].fail(error)
        finally:
            # Nobody is left waiting, should this task be ended.
            for one in together:
                one.remarks.cancel()

    async def _look_up_alone(self, runtime: Runtime, request: _Request) -> None:
        try:
            request.tell(await self._notes(runtime, request.events))
        except Exception as error:
            request.fail(error)
