"""Whether an object was let go, asked fairly.

Invariant: what anything still keeps is told as kept; what only a thread has yet to drop is not.
"""

import asyncio
import gc
import time
import weakref
from collections.abc import Sequence
from typing import Any

PATIENCE_SECONDS = 60.0
POLL_SECONDS = 0.005


async def kept_of(references: Sequence[weakref.ref[Any]]) -> int:
    """How many of these objects are still there.

    A thread of `asyncio.to_thread` drops what it worked out only when it runs again, some time after its result was
    heard of. Its time is given to it before anything counts as kept.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    gc.collect()
    while True:
        kept = sum(reference() is not None for reference in references)
        if not kept or time.monotonic() > deadline:
            return kept
        await asyncio.sleep(POLL_SECONDS)
