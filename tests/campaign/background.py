"""An event loop in a thread of its own: what is sent and watched goes on while the main thread injects faults.

Invariant: processes are started from the main thread alone; what runs here starts none.
"""

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

Result = TypeVar("Result")


class Background:
    """The loop. `run` waits for a coroutine's result, `begin` does not."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="campaign", daemon=True)
        self._thread.start()

    def begin(self, work: Coroutine[Any, Any, Result]) -> "Future[Result]":
        """Start work; its result comes later."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def run(self, work: Coroutine[Any, Any, Result], seconds: float = 60.0) -> Result:
        """Do work and give its result. Raises TimeoutError after so many seconds, and whatever the work raises."""
        future = self.begin(work)
        try:
            return future.result(seconds)
        except TimeoutError:
            future.cancel()
            raise

    def stop(self) -> None:
        """End the loop; work that is not done is dropped."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
