"""The one writer of a process: it puts all requests that wait for the journal into it together, in one transaction.

Invariant: a request gets its outcomes after the commit that holds its events. The outcomes are the same as if it had
been alone. If something goes wrong with one request's events, only that request is told.

The writer never waits for more requests: a single request is written at once. Those that arrive meanwhile are
written together after it.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import asyncpg

from services.chassis import journal
from services.chassis.database import why_not_now
from services.chassis.journal import Entry, Outcome
from services.chassis.problems import not_available

MOST_EVENTS_TOGETHER = 500
"""Events in one transaction, unless a single request has more. Larger commits are hardly quicker, and others wait
for them."""
SMALL = 50
"""A request of at most so many events does not wait behind larger ones."""
PATIENCE_SECONDS = 10.0
"""How long a transaction may take before all waiting requests are refused. It is many times what the largest takes,
and well within the time that requests get to finish when the service stops."""
STOP_SECONDS = 2.0
"""When the service stops: how long writing what waits may take, and then how long a rollback may take. By then
requests have had their time to finish."""


@dataclass(frozen=True, slots=True, eq=False)
class _Request:
    """A request that waits."""

    entries: Sequence[Entry]
    outcomes: "asyncio.Future[list[Outcome]]"

    def tell(self, outcomes: list[Outcome]) -> None:
        """Give the request its outcomes. It may have been given up meanwhile; its events were accepted all the same."""
        if not self.outcomes.done():
            self.outcomes.set_result(outcomes)

    def fail(self, error: Exception) -> None:
        if not self.outcomes.done():
            self.outcomes.set_exception(error)


class _Line:
    """Requests in the order in which they are written: callers take turns; the requests of one caller keep their
    order.
    """

    def __init__(self) -> None:
        self._of: OrderedDict[str, deque[_Request]] = OrderedDict()

    def add(self, caller: str, request: _Request) -> None:
        self._of.setdefault(caller, deque()).append(request)

    def take(self, most: int) -> list[_Request]:
        """The next requests, with at most so many events together; at least one request, if any waits."""
        taken: list[_Request] = []
        while self._of:
            caller, waiting = next(iter(self._of.items()))
            request = waiting[0]
            most -= 0 if request.outcomes.done() else len(request.entries)
            if taken and most < 0:
                break
            waiting.popleft()
            del self._of[caller]
            if waiting:
                self._of[caller] = waiting
            if not request.outcomes.done():  # those that were given up are not written
                taken.append(request)
        return taken


class JournalWriter:
    """Puts events into the journal. `pool` returns the database, or raises the problem that it is away."""

    def __init__(self, pool: Callable[[], asyncpg.Pool]) -> None:
        self._pool = pool
        self._small, self._large = _Line(), _Line()
        self._turn = (self._small, self._large)
        self._writing: asyncio.Task[None] | None = None
        self._is_stopped = False

    async def append(self, caller: str, entries: Sequence[Entry]) -> list[Outcome]:
        """Put the events of one request into the journal. Returns one outcome for each, in order, once they are on
        disk.

        Raises what PostgreSQL raised, and a 503 problem if PostgreSQL is away or the service is stopping.
        """
        self._pool()
        if self._is_stopped:
            raise _stopped()
        request = _Request(entries, asyncio.get_running_loop().create_future())
        (self._small if len(entries) <= SMALL else self._large).add(caller, request)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_what_waits())
        return await request.outcomes

    async def stop(self) -> None:
        """Take no more requests, and write those that wait. What cannot be written within a few seconds is refused."""
        self._is_stopped = True
        if self._writing is not None:
            await asyncio.wait([self._writing], timeout=STOP_SECONDS)
            self._writing.cancel()
            # A server that is frozen lets even a rollback wait.
            await asyncio.wait([self._writing], timeout=STOP_SECONDS)

    async def _write_what_waits(self) -> None:
        together: list[_Request] = []
        try:
            while together := self._next():
                await self._write_within_patience(together)
        finally:
            # Nothing is left here, unless this task was ended.
            while together:
                for request in together:
                    request.fail(_stopped())
                together = self._next()

    async def _write_within_patience(self, together: list[_Request]) -> None:
        """Write these requests. If PostgreSQL does not answer, refuse them and all that wait, because it may take
        long.

        What is being written may be accepted all the same. If it is sent again, it is known then.
        """
        writing = asyncio.create_task(self._write(together))
        try:
            while not (await asyncio.wait([writing], timeout=PATIENCE_SECONDS))[0]:
                refused = together
                while refused:
                    for request in refused:
                        request.fail(not_available(f"PostgreSQL has not answered for {PATIENCE_SECONDS:g} seconds"))
                    refused = self._next()
            writing.result()
        finally:
            if not writing.done():
                writing.cancel()
                await asyncio.wait([writing])

    def _next(self) -> list[_Request]:
        # Small ones and large ones take turns, so that neither keep the others waiting.
        this, other = self._turn
        self._turn = (other, this)
        return this.take(MOST_EVENTS_TOGETHER) or other.take(MOST_EVENTS_TOGETHER)

    async def _write(self, together: list[_Request]) -> None:
        """Write these requests, and give each its outcomes. If one of them cannot be written, write the others
        without it.
        """
        try:
            async with self._pool().acquire() as connection, connection.transaction():
                outcomes = await journal.append(connection, [entry for one in together for entry in one.entries])
        except Exception as error:
            if len(together) == 1 or why_not_now(error) is not None:
                for request in together:
                    request.fail(error)
                return
            # Nothing was committed. One of them is to blame: halves find it in fewer transactions than each alone.
            half = len(together) // 2
            await self._write(together[:half])
            await self._write(together[half:])
            return
        for request in together:
            request.tell(outcomes[: len(request.entries)])
            outcomes = outcomes[len(request.entries) :]


def _stopped() -> Exception:
    return not_available("The service is being stopped")
