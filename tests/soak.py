"""`make soak`: the randomised tests again and again, with a new seed each time, until the time is over.

Invariant: whatever fails can be had again: its seed is printed with the command that repeats it.
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
FOLDERS = ("tests/property", "tests/faults")
EXAMPLES = 200
"""Four times what `make test` tries."""


def main() -> int:
    """Run for the minutes asked for; gives 0 when every round passed."""
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=1, help="seed of the first round; each further one adds 1")
    chosen = parser.parse_args()
    folders = [folder for folder in FOLDERS if (REPOSITORY / folder).is_dir()]
    if not folders:
        parser.error(f"there are no randomised tests in {' and '.join(FOLDERS)}")
    end = time.monotonic() + chosen.minutes * 60
    failed: list[int] = []
    seed = chosen.seed
    while seed == chosen.seed or time.monotonic() < end:
        print(f"round {seed - chosen.seed + 1}, seed {seed}", flush=True)
        if not _round(folders, seed):
            failed.append(seed)
            print(f"FAILED with seed {seed}; again: make soak MINUTES=0 SEED={seed}", flush=True)
        seed += 1
    rounds = seed - chosen.seed
    print(f"{rounds - len(failed)} rounds passed, {len(failed)} failed{_listed(failed)}", flush=True)
    return 1 if failed else 0


def _round(folders: list[str], seed: int) -> bool:
    environment = os.environ | {"WORKFORCE_SEED": str(seed), "WORKFORCE_EXAMPLES": str(EXAMPLES)}
    done = subprocess.run([sys.executable, "-m", "pytest", *folders], cwd=REPOSITORY, env=environment, check=False)
    return done.returncode == 0


def _listed(failed: list[int]) -> str:
    return f": seeds {', '.join(map(str, failed))}" if failed else ""


if __name__ == "__main__":
    sys.exit(main())
