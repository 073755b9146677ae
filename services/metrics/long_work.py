"""Work that takes seconds, or of much dirt minutes: back-tests, comparisons of every measure, data quality.

Invariant: however much of it is asked for, threads remain for figures, which take a moment.
"""

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

AT_ONCE = 2
"""Pieces of long work at one time in one process; others wait their turn. Python computes one at a time anyhow."""

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

_THREADS = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="long-work")


async def at_length(work: Callable[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
    """What `asyncio.to_thread` gives, in one of the threads for long work. Raises what `work` raises."""
    in_context = partial(contextvars.copy_context().run, work, *args, **kwargs)
    return await asyncio.get_running_loop().run_in_executor(_THREADS, in_context)
