"""Packages of npm that checks and tests need, fetched once by their lock.

Invariant: what the lock names is there, whole: an interrupted fetch is made again.
"""

import shutil
from pathlib import Path
from subprocess import run

NEEDS = ("node", "npm")
FETCH_SECONDS = 600


def why_not() -> str | None:
    """Why npm cannot fetch anything here, in one line; None when it can."""
    missing = [name for name in NEEDS if shutil.which(name) is None]
    return f"{' and '.join(missing)} not on this machine (Debian: nodejs npm)" if missing else None


def fetch(folder: Path, what: str) -> Path:
    """The packages of a folder's lock, fetched where that was not done yet; gives the folder they are in."""
    lock, fetched = folder / "package-lock.json", folder / "node_modules"
    stamp = fetched / ".complete"
    if not stamp.exists() or stamp.read_bytes() != lock.read_bytes():
        print(f"fetching {what}, once", flush=True)
        shutil.rmtree(fetched, ignore_errors=True)
        command = ("npm", "ci", "--silent", "--no-audit", "--no-fund", "--ignore-scripts")
        run(command, cwd=folder, check=True, timeout=FETCH_SECONDS)
        shutil.copy(lock, stamp)
    return fetched
