"""DfE's published figures of the children's social work workforce, release by release, to compare ours with."""

from pathlib import Path

MIGRATIONS = Path(__file__).parent / "migrations"
"""The tables of these files, in the database of what is kept."""
