"""Telling a task's own end from a client's.

Invariant: work that is to go on for ever ends only when somebody cancels it.

aiokafka's clients pass on the cancelling of their inner tasks when a broker goes away: to whoever waits it looks
as if it had been cancelled itself.
"""

import asyncio

FAILURES = (Exception, asyncio.CancelledError)
"""What may come out of work with clients; who catches it calls `raise_if_cancelled` first."""


def raise_if_cancelled(error: BaseException) -> None:
    """Raises the error again where it is a CancelledError, and this task is being cancelled."""
    task = asyncio.current_task()
    if isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling():
        raise error
