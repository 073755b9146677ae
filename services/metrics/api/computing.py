"""How questions are worked out at the same time: at a bounded cost, off the event loop, callers in turn.

Invariant: the event loop does only input and output. A question that costs more than is allowed is refused before
any work on it. Small questions never wait behind large ones. When a caller leaves, work on the question ends.

Every route that computes does so within `computing`: it states the cost (`weigh`), computes in threads (`run`), and
lets others go on between pieces of work (`let_others`).
"""

import asyncio
import contextvars
import sys
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from threading import Event
from typing import ParamSpec, TypeVar, cast
from weakref import WeakKeyDictionary

from fastapi import Request

from services.chassis.authentication import EVERY_AUTHORITY, authenticated_caller
from services.chassis.problems import Problem
from services.chassis.runtime import Runtime, runtime_of
from services.chassis.settings import PREFIX
from services.chassis.turns import TooManyWait, Turns
from services.metrics.api.no_authority import NoSuchAuthority
from services.metrics.api.query import ReadQuery, already_read
from services.metrics.pauses import LEFT
from services.metrics.read_models.read_cache import ReadCache, read_cache_of
from services.metrics.settings import ServiceSettings

SMALL = 300_000
"""A question of at most so many steps is small: about a third of a second."""
SMALL_AT_ONCE, LARGE_AT_ONCE = 4, 2
"""Questions worked on at a time; one caller gets at most half of them. Python computes one at a time anyway."""
CALLERS_WAITING = 8
"""Of all callers together, so many times more questions may wait than of one caller."""
RETRY_SECONDS = 5
SETTLE_SECONDS = 0.1
TOO_COSTLY = "too-costly"
"""The kind of problem that a question is refused with which costs too much."""
SWITCH_SECONDS = 0.0005
"""After so long a computing thread lets another one go on, above all the event loop. With Python's default of 5 ms
every turn of the loop waits that long for every thread. A tenth of it had no measurable cost."""

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class Lanes:
    """The slots and threads of one process."""

    def __init__(self, waiting_questions: int) -> None:
        waiting = {"waiting": CALLERS_WAITING * waiting_questions, "waiting_of_one": waiting_questions}
        self.small, self.large = Turns(SMALL_AT_ONCE, **waiting), Turns(LARGE_AT_ONCE, **waiting)
        sys.setswitchinterval(SWITCH_SECONDS)
        self.threads = ThreadPoolExecutor(SMALL_AT_ONCE + LARGE_AT_ONCE, thread_name_prefix="computing")
        self._settling: asyncio.TimerHandle | None = None

    def settle_soon(self, read_cache: ReadCache) -> None:
        """Keep the read cache within its budget. Done once for all answers of a moment, because weighing it takes
        milliseconds.
        """
        if self._settling is None or self._settling.when() <= asyncio.get_running_loop().time():
            self._settling = asyncio.get_running_loop().call_later(SETTLE_SECONDS, read_cache.settle)


class Computation:
    """One question that is being worked out, in a slot of one of the lanes."""

    def __init__(self, read_cache: ReadCache, lanes: Lanes, caller: object, largest: int) -> None:
        self.read_cache = read_cache
        self._lanes = lanes
        self._caller = caller
        self._largest = largest
        self._lane: Turns | None = None
        self._left = Event()

    async def begin(self) -> None:
        """Wait for a slot among the small questions. Raises a 429 or 503 problem if too many wait."""
        await self._take(self._lanes.small)

    async def weigh(self, steps: int) -> None:
        """State what the question costs. A large one moves to the lane of large ones. Raises a 422 problem if it is
        too large.
        """
        if steps > self._largest:
            raise too_costly(steps, self._largest)
        if steps > SMALL and self._lane is self._lanes.small:
            self.end()
            await self._take(self._lanes.large)

    async def run(self, work: Callable[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        """The result of `work`, which runs in a thread. Raises what it raises."""
        context = contextvars.copy_context()
        context.run(LEFT.set, self._left)
        in_context = partial(context.run, work, *args, **kwargs)
        working = asyncio.get_running_loop().run_in_executor(self._lanes.threads, in_context)
        try:
            return await asyncio.shield(working)
        except asyncio.CancelledError:
            # The slot is given back when the thread has ended: at its next pause.
            self._left.set()
            await asyncio.wait({working})
            working.cancelled() or working.exception()
            raise

    async def let_others(self) -> None:
        """Between two pieces of a large question."""
        if self._lane is not None:
            await self._lane.let_others(self._caller)

    def end(self) -> None:
        """Give the slot back."""
        lane, self._lane = self._lane, None
        if lane is not None:
            lane.give_back(self._caller)

    async def _take(self, lane: Turns) -> None:
        try:
            await lane.take(self._caller)
        except TooManyWait as refused:
            raise _too_many(refused) from None
        self._lane = lane


@asynccontextmanager
async def computing(request: Request) -> AsyncIterator[Computation]:
    """Work a question out. Raises 422, 429 and 503 problems. Ends early and silently if the caller leaves."""
    runtime = runtime_of(request)
    settings = cast(ServiceSettings, runtime.settings)
    read_cache, lanes = read_cache_of(request), _lanes_of(runtime)
    already = already_read(request)
    read_for_it = read_cache if already is None else read_cache.together(already)
    computation = Computation(read_for_it, lanes, _caller(request), settings.largest_question)
    async with _until_left(request):
        try:
            await computation.begin()
            await _read_age(request, read_for_it)
            yield computation
        except NoSuchAuthority as nothing:
            if authenticated_caller(request).authority != EVERY_AUTHORITY:
                raise
            raise nothing.beside(await read_for_it.columns.authorities()) from None
        finally:
            computation.end()
            lanes.settle_soon(read_cache)


async def _read_age(request: Request, read_cache: ReadCache) -> None:
    """Read the age of the newest records, which every answer from events states."""
    question: ReadQuery | None = getattr(request.state, "question", None)
    if question is not None and question.pins:
        instants = question.latest_known_at(), question.latest_accepted_at()
        question.age = await read_cache.age(question.values["authority"], *instants)


def too_costly(steps: int, most: int) -> Problem:
    """The answer to a question that costs too much."""
    detail = (
        f"It would cost about {steps:,} steps, and one question may cost {most:,} ({PREFIX}LARGEST_QUESTION). Ask for "
        "less at once: fewer dimensions (by), a shorter period (from, to), every=quarter or year instead of month. Or "
        "ask for one authority instead of all, a smaller limit or fewer measures, where a question has them."
    )
    return Problem(422, TOO_COSTLY, "The question would cost too much", detail, cost=steps, most=most)


def _too_many(refused: TooManyWait) -> Problem:
    wait = {"Retry-After": str(RETRY_SECONDS)}
    if refused.of_this_caller:
        detail = "Too many questions of this caller wait. Ask again when some of them are answered."
        return Problem(429, "too-many-questions", "Too many questions at once", detail, headers=wait)
    detail = "Too many questions wait, of all callers together. Ask again in a few seconds."
    return Problem(503, "busy", "Too much is asked at the moment", detail, headers=wait)


def _caller(request: Request) -> object:
    """Who takes turns: a key or, without keys, a client address."""
    if runtime_of(request).settings.api_keys:
        return authenticated_caller(request)
    return None if request.client is None else request.client.host


@asynccontextmanager
async def _until_left(request: Request) -> AsyncIterator[None]:
    """Cancels the work inside the block if the caller leaves."""
    task = asyncio.current_task()
    assert task is not None  # noqa: S101
    has_left = False

    async def watch() -> None:
        nonlocal has_left
        while (await request.receive())["type"] != "http.disconnect":
            pass
        has_left = True
        task.cancel()

    watching = asyncio.create_task(watch())
    try:
        yield
    except asyncio.CancelledError:
        if not has_left or task.uncancel():
            raise
        # For the log of requests alone: nobody reads it.
        raise Problem(499, "caller-left", "The caller left", "The caller left before the answer.") from None
    finally:
        watching.cancel()


_OF_RUNTIMES: WeakKeyDictionary[Runtime, Lanes] = WeakKeyDictionary()


def _lanes_of(runtime: Runtime) -> Lanes:
    if runtime not in _OF_RUNTIMES:
        _OF_RUNTIMES[runtime] = Lanes(cast(ServiceSettings, runtime.settings).waiting_questions)
    return _OF_RUNTIMES[runtime]
