"""Ending work: what was cancelled and what was not, and how long to wait for clients that do not end.

Invariants: work that should go on for ever ends only if somebody cancels it, and then it ends. Nothing here is waited
for without a limit.

When a broker goes away, aiokafka's clients pass on the CancelledError of their inner tasks. To the waiting task it
looks as if it had been cancelled itself. And some clients do not mind being cancelled, or turn that into an error of
their own: the standard library's `wait_for` would wait on for them.
"""

import asyncio
from collections.abc import Awaitable, Collection
from typing import Any, TypeVar

from services.chassis.logs import get_log

log = get_log(__name__)

First = TypeVar("First")
Second = TypeVar("Second")

LEAVE_SECONDS = 5.0
"""How long work that was cancelled may take to end."""

CANCEL_AGAIN_SECONDS = 2.0
"""Work that is cancelled at the very moment when what it waits for comes may go on. Then it is cancelled again, but not
while it may still be closing its clients."""

END_SECONDS = 10.0
"""How long tasks may take to end in order."""

FAILURES = (Exception, asyncio.CancelledError)
"""The errors that work with clients may raise. Code that catches them calls `raise_if_cancelled` first."""


def raise_if_cancelled(error: BaseException) -> None:
    """Raises CancelledError if this task is being cancelled, whatever error a client made of that."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise error if isinstance(error, asyncio.CancelledError) else asyncio.CancelledError from error


async def together(first: Awaitable[First], second: Awaitable[Second]) -> tuple[First, Second]:
    """The results of two pieces of work that are done at the same time. As soon as one fails, the other is cancelled,
    and the failure is raised.
    """
    tasks = (asyncio.ensure_future(first), asyncio.ensure_future(second))
    try:
        one, other = await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        if not all(task.done() for task in tasks):
            await asyncio.wait(tasks, timeout=LEAVE_SECONDS)
    return one, other


async def within(seconds: float, work: Awaitable[object], what: str) -> bool:
    """Whether this work was done in so many seconds. If not it is cancelled and left, however it takes that. It may
    fail: that is logged, with `what` it was.
    """
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait([task], timeout=seconds)
    finally:
        if not task.done():
            task.cancel()
    if not task.done():
        log.warning("not waited for any longer", what=what, seconds=seconds)
        return False
    failure = None if task.cancelled() else task.exception()
    if task.cancelled() or failure is not None:
        log.debug("ended by a failure", what=what, cause=type(failure).__name__, detail=str(failure or "")[:300])
    return not task.cancelled() and failure is None


async def to_its_end(work: Awaitable[First]) -> First:
    """The result of work that ends by itself soon and must not be broken off. Who waits for it may be cancelled, and
    is when it has ended.
    """
    task, cancelled = asyncio.ensure_future(work), None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled
    return task.result()


async def end(tasks: Collection[asyncio.Task[Any]], seconds: float = END_SECONDS) -> None:
    """Cancel tasks until they end. Those that do not in so many seconds are left, and logged with where they are."""
    deadline = asyncio.get_running_loop().time() + seconds
    while running := [task for task in tasks if not task.done()]:
        if asyncio.get_running_loop().time() > deadline:
            for task in running:
                log.warning("did not mind being cancelled", at=[_code_position(frame) for frame in task.get_stack()])
            return
        for task in running:
            task.cancel()
        await asyncio.wait(running, timeout=CANCEL_AGAIN_SECONDS)


def _code_position(frame: Any) -> str:
    return f"{frame.f_code.co_qualname}, line {frame.f_lineno}"
