"""Turns: who may work next, if callers ask for more than can be worked on at once.

Invariant: callers take turns, whatever each of them asks. While a caller waits, no other one gets two slots more
than it. (Start-time fair queueing: each slot given counts 1, and a new caller begins at the count of the others.)
"""

from asyncio import CancelledError, Future, get_running_loop
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager


class TooManyWait(Exception):
    """Raised if a caller, or all callers together, already have as many requests waiting as are allowed."""

    def __init__(self, of_this_caller: bool) -> None:
        super().__init__("too many wait")
        self.of_this_caller = of_this_caller


class Turns:
    """Slots to work in, given to callers in turn. For one event loop."""

    def __init__(self, slots: int, *, waiting: int, waiting_of_one: int) -> None:
        """One caller has at most half of the slots. At most `waiting_of_one` requests of one caller may wait, and
        `waiting` of all.
        """
        self._free = slots
        self._most_of_one = max(1, slots // 2)
        self._most_waiting = waiting
        self._most_waiting_of_one = waiting_of_one
        self._working: Counter[Hashable] = Counter()
        # In the order of coming: that decides between callers who were given as much.
        self._waiting: OrderedDict[Hashable, deque[Future[None]]] = OrderedDict()
        self._given: dict[Hashable, int] = {}
        self._round = 0

    @property
    def waiting(self) -> int:
        """How many wait."""
        return sum(map(len, self._waiting.values()))

    @asynccontextmanager
    async def slot(self, caller: Hashable) -> AsyncIterator[None]:
        """Wait for this caller's turn, and give it a slot. Raises TooManyWait at once if it is not allowed to wait."""
        await self.take(caller)
        try:
            yield
        finally:
            self.give_back(caller)

    async def take(self, caller: Hashable) -> None:
        """Wait for a slot. Raises TooManyWait."""
        if self.waiting >= self._most_waiting:
            raise TooManyWait(of_this_caller=False)
        if len(self._waiting.get(caller, ())) >= self._most_waiting_of_one:
            raise TooManyWait(of_this_caller=True)
        await self._wait(caller)

    def give_back(self, caller: Hashable) -> None:
        """Give a slot back. The caller whose turn it is gets it."""
        self._free += 1
        self._working[caller] -= 1
        if not self._working[caller]:
            del self._working[caller]
        self._give_out()
        self._forget_who_is_even()

    async def let_others(self, caller: Hashable) -> None:
        """Call this between two pieces of work. If others wait, it gives the slot up and waits for the next turn."""
        if any(who != caller for who in self._waiting):
            turn = self._queue(caller, first=True)
            self.give_back(caller)
            await self._until(turn, caller)

    async def _wait(self, caller: Hashable) -> None:
        turn = self._queue(caller)
        self._give_out()
        await self._until(turn, caller)

    def _queue(self, caller: Hashable, first: bool = False) -> Future[None]:
        turn: Future[None] = get_running_loop().create_future()
        if caller not in self._waiting:
            self._given[caller] = max(self._round, self._given.get(caller, 0))
        queue = self._waiting.setdefault(caller, deque())
        queue.insert(0 if first else len(queue), turn)
        return turn

    async def _until(self, turn: Future[None], caller: Hashable) -> None:
        try:
            await turn
        except CancelledError:
            if turn.done() and not turn.cancelled():
                self.give_back(caller)
            else:
                self._forget(turn, caller)
            raise

    def _forget(self, turn: Future[None], caller: Hashable) -> None:
        queue = self._waiting.get(caller, deque())
        # It may have been passed over already.
        if turn in queue:
            queue.remove(turn)
            if not queue:
                del self._waiting[caller]

    def _give_out(self) -> None:
        while self._free:
            eligible = [who for who in self._waiting if self._working[who] < self._most_of_one]
            if not eligible:
                return
            caller = min(eligible, key=self._given.__getitem__)
            queue = self._waiting.pop(caller)
            turn = queue.popleft()
            if queue:
                self._waiting[caller] = queue
            if turn.cancelled():
                # Who waited has left a moment ago, and had no time to say so.
                continue
            self._free -= 1
            self._working[caller] += 1
            self._round = max(self._round, self._given[caller])
            self._given[caller] += 1
            turn.set_result(None)
            self._forget_who_is_even()

    def _forget_who_is_even(self) -> None:
        """Forget callers that wait for nothing, once the others have been given as much, or want nothing either."""
        for who, given in list(self._given.items()):
            if who not in self._waiting and (given <= self._round or not (self._waiting or self._working[who])):
                del self._given[who]
