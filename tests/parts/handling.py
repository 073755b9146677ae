"""Whether a process handles signals yet. Until then SIGTERM kills it, whatever it is going to do about it.

Invariant: it is the kernel that is asked, so that nothing depends on how quickly a process comes to that.
"""

import signal
from pathlib import Path


def handles_sigterm(pid: int) -> bool:
    """Whether it does something of its own on SIGTERM. (On SIGINT every Python does, from its beginning on.)"""
    status = Path(f"/proc/{pid}/status").read_text()
    # The mask of a process that has ended is not there.
    caught = status.partition("SigCgt:")[2].split()
    return bool(caught) and bool(int(caught[0], 16) & 1 << (signal.SIGTERM - 1))
