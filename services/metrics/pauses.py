"""Where long work looks up: between two pieces of it, whether anybody still waits for what comes of it.

Invariant: work that nobody waits for ends at its next pause, and leaves nothing half done behind.
"""

from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from threading import Event
from typing import TypeVar

Item = TypeVar("Item")

LEFT: ContextVar[Event | None] = ContextVar("left", default=None)
"""Is set when the caller has left. Each question has its own, on whichever thread it is worked out."""


class AskerLeft(Exception):
    """Raised within work that nobody waits for any more."""


def pause() -> None:
    """Raises AskerLeft if the caller has left. It costs almost nothing: call it between pieces of a millisecond."""
    left = LEFT.get()
    if left is not None and left.is_set():
        raise AskerLeft


def with_pauses(items: Iterable[Item]) -> Iterator[Item]:
    """The same items, with a pause before each."""
    for item in items:
        pause()
        yield item
