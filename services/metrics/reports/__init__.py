"""Named reports: questions that are pinned as known and as accepted at an instant, to be opened again to the digit."""

from pathlib import Path

MIGRATIONS = Path(__file__).parent / "migrations"
"""The tables of reports, in the database of what is kept."""
