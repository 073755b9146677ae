"""Freezing a part: it keeps its connections and answers nobody, which no closed connection tells of.

Invariant: whoever freezes a process thaws it, with all its children.
"""

import os
import signal
from collections.abc import Callable
from contextlib import suppress

import psutil

from deploy.embedded.processes import Process


def freeze(process: Process) -> Callable[[], None]:
    """Stop a process with its children where they are; gives what lets them go on."""
    frozen = [process.pid]
    with suppress(ProcessLookupError, psutil.NoSuchProcess):
        os.kill(process.pid, signal.SIGSTOP)
        # It makes no more children now.
        frozen += [child.pid for child in psutil.Process(process.pid).children(recursive=True)]
    for pid in frozen[1:]:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)

    def thaw() -> None:
        # Children first: a server that finds none of them answering would think them dead.
        for pid in reversed(frozen):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    return thaw
