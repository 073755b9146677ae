"""The most memory that a process had, by Linux's own count.

Not `getrusage`: what that says of a process is at least what the process that started it had.
"""

from pathlib import Path


def most_resident_of(process_id: int) -> int:
    """Bytes, since the process began to run its program."""
    status = Path(f"/proc/{process_id}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024
