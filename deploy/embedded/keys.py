"""The secrets of the register, if none are set: made once, and kept in the folder of the system's state.

Invariant: only the account that runs the system can read them. A secret that is there is never made again, because then
nothing that was encrypted under it could be read.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from services.people.register.keys import new_master_keys, new_pseudonym_key

FILE = "people.secrets.json"
OF_ITSELF = {"master_keys": new_master_keys, "pseudonym_key": new_pseudonym_key}
"""The settings of people that `make up` can make."""


def secrets_of_people(state: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """The settings of people that are secret, without those that the environment sets."""
    set_already = {name for name in OF_ITSELF if f"WORKFORCE_{name.upper()}" in environment}
    if set_already == OF_ITSELF.keys():
        return {}
    kept = _read_or_make(state / FILE)
    return {name: value for name, value in kept.items() if name not in set_already}


def _read_or_make(path: Path) -> dict[str, str]:
    try:
        kept: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
        return kept
    except FileNotFoundError:
        made = {name: make() for name, make in OF_ITSELF.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    # Written whole before it has its name: half a key would be kept for ever.
    beside = path.with_suffix(".new")
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(made, file)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    return made
