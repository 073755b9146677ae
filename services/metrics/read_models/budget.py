"""The one budget of what the process keeps in memory to answer from: events, snapshots, columns, in bytes.

Invariant: what is kept never weighs more than the budget; what was not used longest goes first.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass


@dataclass(slots=True)
class _Held:
    weight: int
    let_go: Callable[[], object]


class Budget:
    """Keeps count of what is kept, in bytes. Code that keeps something says what it weighs, and how it is let go."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.kept = 0
        """Bytes kept now."""
        self.taken_in = 0
        """Bytes that were ever taken in, or grown by."""
        self._held: OrderedDict[Hashable, _Held] = OrderedDict()

    def __contains__(self, key: Hashable) -> bool:
        return key in self._held

    def keep(self, key: Hashable, weight: int, let_go: Callable[[], object]) -> None:
        """Keep something of so many bytes, or weigh it again; what was used longest ago is let go until there is room.

        What is beyond the budget alone is let go itself, and nothing else for its sake.
        """
        before = self._held.get(key)
        self.taken_in += max(0, weight - (0 if before is None else before.weight))
        self.forget(key)
        if weight > self.most:
            let_go()
            return
        while self.kept + weight > self.most:
            oldest = next(iter(self._held))
            held = self._held[oldest]
            self.forget(oldest)
            held.let_go()
        self._held[key] = _Held(weight, let_go)
        self.kept += weight

    def has_room(self, weight: int) -> bool:
        """Whether so many bytes more can be kept with nothing let go."""
        return self.kept + weight <= self.most

    def used(self, *keys: Hashable) -> None:
        """These were used just now, the last one last; those that are not kept are passed over."""
        for key in keys:
            if key in self._held:
                self._held.move_to_end(key)

    def forget(self, *keys: Hashable) -> None:
        """These are kept no more: the code that kept them has let them go."""
        for key in keys:
            held = self._held.pop(key, None)
            self.kept -= 0 if held is None else held.weight

    def weights(self) -> Iterable[tuple[Hashable, int]]:
        """What is kept and what it weighs, what was used longest ago first."""
        return [(key, held.weight) for key, held in self._held.items()]
