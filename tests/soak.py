"""`make soak`: the randomised tests again and again, with a new seed each time, until the time is over.

First, and once, the tests marked `soak`: they take minutes of their own, and no seed changes them. Then, for a share of
the minutes, the fault campaign. MINUTES=0 leaves both out, and so do tests that ARGS names: then only those are run.
Invariant: whatever fails can be had again: its seed is printed with the command that repeats it.
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
FOLDERS = ("tests/property", "tests/faults", "tests/api")
EXAMPLES = 200
"""Four times what `make test` tries."""
CAMPAIGN = (sys.executable, "-m", "tests.campaign")
SHARE_OF_CAMPAIGN = 0.4
"""Of the minutes: a round takes ten seconds or so, on each broker."""
ROUNDS_A_MINUTE = 20
"""More than there is time for."""
STEADY = (sys.executable, "-m", "pytest", "-m", "soak")
"""The tests marked `soak` in whatever folder."""


def main() -> int:
    """Run for the minutes asked for; gives 0 when every round passed."""
    parser = argparse.ArgumentParser(prog="make soak", description=(__doc__ or "").partition("Invariant:")[0])
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=1, help="seed of the first round; each further one adds 1")
    parser.add_argument("tests", nargs="*", help="of the randomised tests only these: folders, files, or single ones")
    chosen = parser.parse_args()
    folders = chosen.tests or [folder for folder in FOLDERS if (REPOSITORY / folder).is_dir()]
    if not folders:
        parser.error(f"there are no randomised tests in {' and '.join(FOLDERS)}")
    rounds_alone = chosen.minutes == 0 or bool(chosen.tests)
    steady = rounds_alone or _steady()
    end = time.monotonic() + chosen.minutes * 60
    peaceful = rounds_alone or _campaign(chosen.minutes * SHARE_OF_CAMPAIGN, chosen.seed)
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
    if not steady:
        print(f"FAILED among the tests marked soak; again: {' '.join(STEADY)}", flush=True)
    if not peaceful:
        print("FAILED in the fault campaign: each violation above says how to have it again", flush=True)
    return 0 if steady and peaceful and not failed else 1


def _steady() -> bool:
    print("the tests marked soak, once", flush=True)
    return subprocess.run(STEADY, cwd=REPOSITORY, check=False).returncode == 0


def _campaign(minutes: float, seed: int) -> bool:
    print(f"the fault campaign, for {minutes:g} minutes", flush=True)
    rounds = max(1, round(minutes * ROUNDS_A_MINUTE))
    command = [*CAMPAIGN, "--minutes", str(minutes), "--seed", str(seed), "--rounds", str(rounds)]
    return subprocess.run(command, cwd=REPOSITORY, check=False).returncode == 0


def _round(folders: list[str], seed: int) -> bool:
    environment = os.environ | {"WORKFORCE_SEED": str(seed), "WORKFORCE_EXAMPLES": str(EXAMPLES)}
    done = subprocess.run([sys.executable, "-m", "pytest", *folders], cwd=REPOSITORY, env=environment, check=False)
    return done.returncode == 0


def _listed(failed: list[int]) -> str:
    return f": seeds {', '.join(map(str, failed))}" if failed else ""


if __name__ == "__main__":
    sys.exit(main())
