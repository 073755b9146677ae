"""`python -m deploy.images.env_file`: make the file of secrets that docker-compose.yml asks for.

Invariant: every secret is fresh and random. An API key itself is printed once and kept nowhere. A file that is there
already is never overwritten, because the database would not know the new passwords.
"""

import argparse
import os
import secrets
import sys
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from pydantic import TypeAdapter

from contracts.catalogue import PEOPLE
from services.chassis.authentication import EVERY_AUTHORITY, ApiKey, Right, new_key
from services.people.register.keys import new_master_keys, new_pseudonym_key

EXAMPLE = Path(__file__).parents[2] / ".env.example"
SECRET_BYTES = 32
CALLERS = (("HR system", Right.FEED), ("workforce team", Right.READ))
"""Whose keys are made: name, right."""


@dataclass(frozen=True, slots=True)
class EnvFile:
    """The text of the file, and the API keys in clear by the name of their caller."""

    text: str
    keys: dict[str, str]


def env_file(example: str, authority: str) -> EnvFile:
    """The example with every empty variable filled in. Raises ValueError for what is no authority."""
    made = {name: new_key(name, authority, (right,)) for name, right in CALLERS}
    door_key, of_people = new_key(PEOPLE, authority, (Right.FEED, Right.ATTEST, Right.READ))
    entries = TypeAdapter(list[ApiKey]).dump_json([*(entry for _, entry in made.values()), of_people]).decode()
    values = {
        "API_KEYS": f"'{entries}'",
        "PEOPLE_DOOR_KEY": door_key,
        "PEOPLE_MASTER_KEYS": f"'{new_master_keys()}'",
        "PEOPLE_PSEUDONYM_KEY": new_pseudonym_key(),
        "KAFKA_CLUSTER_ID": _cluster_id(),
    }
    lines = []
    for line in example.splitlines():
        name, is_assignment, _ = line.partition("=")
        comment = line.startswith("#") or not is_assignment
        lines.append(line if comment else f"{name}={values.get(name) or secrets.token_urlsafe(SECRET_BYTES)}")
    return EnvFile("\n".join(lines) + "\n", {name: key for name, (key, _) in made.items()})


def _cluster_id() -> str:
    """A random id as Kafka writes them: it takes none that begins like an option."""
    while True:
        identifier = urlsafe_b64encode(uuid4().bytes).rstrip(b"=").decode()
        if not identifier.startswith("-"):
            return identifier


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the file and print the API keys; gives the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m deploy.images.env_file",
        description="Make the secrets of docker-compose.yml and two API keys: one to feed, one to read. (People has "
        "one of its own.)",
    )
    parser.add_argument(
        "--authority", required=True, help=f"three-digit code of the authority, or {EVERY_AUTHORITY} for all"
    )
    parser.add_argument("--to", required=True, type=Path, help="the file to make, as .env")
    given = parser.parse_args(arguments)
    try:
        made = env_file(EXAMPLE.read_text(encoding="utf-8"), given.authority)
    except ValueError:
        parser.error(f"--authority {given.authority!r} is neither three digits nor {EVERY_AUTHORITY}")
    try:
        descriptor = os.open(given.to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        sys.stderr.write(f"{given.to} cannot be made: {error.strerror}\n")
        return 1
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(made.text)
    sys.stdout.write(f"{given.to} is made, for you alone to read. The keys, shown once:\n")
    for name, key in made.keys.items():
        sys.stdout.write(f"  {name}: {key}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
