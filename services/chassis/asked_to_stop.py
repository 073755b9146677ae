"""What a process does on SIGTERM or SIGINT while it is loading, and once its service has stopped: it ends, as asked.

Invariant: as soon as Python has begun, whoever asks a service to stop gets exit code 0.

A service takes seconds to load. Until uvicorn handles these signals they would kill the process, or end it with a
traceback. It holds nothing yet, and nothing any more when uvicorn raises them once more after the service has stopped.
What the service could not end then (a client that does not mind being cancelled, a figure that a thread works out)
would keep the process.
"""

import os
import signal
from types import FrameType


def end_when_asked_to_stop() -> None:
    """Call this before anything is loaded."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _end)


def _end(number: int, frame: FrameType | None) -> None:
    os._exit(0)
