"""Command line: make an API key.

Invariant: the key is printed once and kept nowhere.
"""

import argparse
import sys

from services.chassis.authentication import EVERY_AUTHORITY, Right, new_key


def main(arguments: list[str] | None = None) -> int:
    """Print a new key, and the entry that lets it in, for the list WORKFORCE_API_KEYS: `[<entry>, <entry>]`."""
    parser = argparse.ArgumentParser(
        prog="python -m services.chassis.keys",
        description="Make an API key. Give the key to the caller; put the entry into WORKFORCE_API_KEYS: [<entry>, …].",
        epilog='example: python -m services.chassis.keys --name "HR system" --authority 331 --right feed',
    )
    parser.add_argument("--name", required=True, help="whose key it is, shown in logs")
    parser.add_argument(
        "--authority", required=True, help=f"three-digit code of the authority, or {EVERY_AUTHORITY} for all"
    )
    parser.add_argument(
        "--right",
        required=True,
        action="append",
        choices=[right.value for right in Right],
        help="feed sends events and extracts. attest says where an event came from. read asks what a service knows. "
        "operate sees dead letters and sends them again. persons reads the register of persons. erase erases a person "
        "from it. Can be repeated",
    )
    given = parser.parse_args(arguments)
    try:
        key, entry = new_key(given.name, given.authority, tuple(Right(right) for right in given.right))
    except ValueError:
        parser.error(f"--authority {given.authority!r} is neither three digits nor {EVERY_AUTHORITY}")
    sys.stdout.write(f"key (shown once): {key}\nentry for WORKFORCE_API_KEYS: {entry.model_dump_json()}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
