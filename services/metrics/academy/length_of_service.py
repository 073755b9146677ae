"""Whose length of service is followed, from which day on, and how long each was there by a date.

Invariant: people who are still there at the date have not left, so the length of their service is not known yet.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple

from services.metrics.academy.outcomes import Which, cohorts_as_at, members
from services.metrics.snapshot.employment import Scope, Spell
from services.metrics.snapshot.snapshot import Snapshot
from services.metrics.statistics.survival import Duration
from services.metrics.timelines.dimensions import NOTHING_STATED, OF_POSTS


class Of(StrEnum):
    """Whose length of service is looked at."""

    SPELLS = "spells"
    ACADEMY_MEMBERS = "academy-members"


class Followed(NamedTuple):
    """Somebody whose length of service is looked at, from the day it is counted from."""

    since: date
    spell: Spell
    cohort: str | None

    def dimension(self, name: str) -> Any:
        """A dimension on the first day: of the main post, or of how the person came."""
        if name == "cohort":
            return self.cohort
        if name in OF_POSTS:
            service = self.spell.at(self.since)
            return getattr(NOTHING_STATED if service is None else service.dimensions, name)
        return getattr(self.spell.start, name)


def members_of(snapshot: Snapshot, which: Which, as_at: date) -> Iterable[Followed]:
    """The academy's members, from their start in the cohort."""
    names = {cohort.cohort for cohort in cohorts_as_at(snapshot, as_at, which)}
    of_cohorts = (member for member in members(snapshot) if member.cohort in names)
    return (Followed(member.started_on, member.spell, member.cohort) for member in of_cohorts)


def spells_of(snapshot: Snapshot, scope: Scope) -> Iterable[Followed]:
    """Every run of days in service of a scope, from its first day."""
    return (Followed(spell.since, spell, spell.start.cohort) for spell in snapshot.spells(scope))


def in_groups(followed: Iterable[Followed], by: str) -> dict[Any, list[Followed]]:
    """Those followed, by a dimension on their first day, in the order of its values. First those without a value."""
    groups: dict[Any, list[Followed]] = {}
    for one in followed:
        groups.setdefault(one.dimension(by), []).append(one)
    return {value: groups[value] for value in sorted(groups, key=lambda value: "" if value is None else str(value))}


def durations(
    followed: Iterable[Followed],
    began: tuple[date | None, date | None],
    where: Mapping[str, Any],
    as_at: date,
) -> Iterable[Duration]:
    """How long each was there by the date. Only those who began in the period, and whose first day fits."""
    first, last = began[0] or date.min, min(began[1] or as_at, as_at)
    for one in followed:
        if first <= one.since <= last and all(one.dimension(name) == value for name, value in where.items()):
            until = one.spell.until
            yield Duration((min(until, as_at) - one.since).days, until <= as_at)
