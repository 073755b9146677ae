"""The academy's part in a forecast: who is due to progress to a service area, and who is still to enter.

Invariant: nobody is counted who, as known, progressed or left before the day. A place is counted once, whether its
entrant is recorded or only the cohort.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from contracts.events.hiring import CohortOpened
from services.metrics.academy.progression import ACADEMY_ROLE, progressed_on
from services.metrics.forecasting.flows import is_entrant
from services.metrics.snapshot.amounts import months_later
from services.metrics.snapshot.employment import Scope, Spell
from services.metrics.snapshot.snapshot import Snapshot

ASSESSED_YEAR = 12
"""Months of the assessed and supported year (ASYE), if no event in force says when a cohort completes it."""
LOOKED_BACK = 24
"""Months of cohorts from which their size and the share that progresses are estimated: two years hold several."""
SETTLED = 3
"""So many months after completion, those deferred have had their second panel. Somebody who was due earlier and has
not progressed is taken to be due within as many months again."""
LATE_RECORDS = 1
"""For so many months after the day a cohort without enough entrants is taken to have some that are not yet recorded.
Entrants whose year is over are taken to have progressed without a record yet."""


@dataclass(frozen=True, slots=True)
class Academy:
    """What the academy is expected to bring, as known, month by month after the date; people of about 1 FTE each.

    `due[i]`: of those now in academy posts, who completes in the month. `completed` and `progressed`: members whose
    year was over lately, and those of them who went to a service area. `entering[i]`: entrants who are recorded, or
    whose cohort is. `usual_intake`: entrants in the year up to the date.
    """

    due: list[int]
    completed: int
    progressed: int
    entering: list[float]
    usual_intake: int


def academy(snapshot: Snapshot, dates: Sequence[date]) -> Academy:
    """What the academy is expected to bring in the months between dates, the first of which is the forecast's."""
    as_at, length = dates[0], len(dates) - 1
    cohorts = {event.identifier: data for event, data in snapshot.facts(CohortOpened)}
    entrants = (spell for spell in snapshot.spells(Scope.ALL) if is_entrant(spell.start))
    members = sorted(entrants, key=lambda spell: (spell.since, spell.person))
    due, completed, progressed, overdue = [0] * length, 0, 0, 0
    for spell in members:
        cohort = cohorts.get(spell.start.cohort or "")
        completes_on = months_later(spell.since, ASSESSED_YEAR) if cohort is None else cohort.completes_on
        settled_on = months_later(completes_on, SETTLED)
        if months_later(as_at, -LOOKED_BACK) < settled_on <= as_at:
            completed += 1
            progressed += progressed_on(spell, spell.since, settled_on) is not None
        if completes_on > months_later(as_at, -LATE_RECORDS):
            _add_due(due, spell, max(0, bisect_left(dates, completes_on) - 1), dates)
        else:
            _add_due(due, spell, overdue % SETTLED, dates)
            overdue += 1
    intake = sum(months_later(as_at, -12) < spell.since <= as_at for spell in members)
    return Academy(due, completed, progressed, _entering(cohorts, members, dates), intake)


def _add_due(due: list[int], spell: Spell, month: int, dates: Sequence[date]) -> None:
    """Count everybody in an academy post who, as known, will still be there at the end of the month in which they
    are due.
    """
    if month < len(due):
        now, then = spell.at(dates[0]), spell.at(dates[month + 1])
        in_academy = [held is not None and held.dimensions.role is ACADEMY_ROLE for held in (now, then)]
        due[month] += all(in_academy)


def _entering(cohorts: Mapping[str, CohortOpened], members: Sequence[Spell], dates: Sequence[date]) -> list[float]:
    """Entrants by month: those recorded, and for opened cohorts as many more as usually enter (or as there are
    places).
    """
    as_at = dates[0]
    entering = [0.0] * (len(dates) - 1)
    for spell in members:
        if as_at < spell.since <= dates[-1]:
            entering[bisect_left(dates, spell.since) - 1] += 1
    entered = Counter(spell.start.cohort for spell in members)
    settled = [
        entered[name]
        for name, cohort in cohorts.items()
        if months_later(as_at, -LOOKED_BACK) < cohort.entry_on <= months_later(as_at, -LATE_RECORDS)
    ]
    for name, cohort in sorted(cohorts.items()):
        sizes = [float(cohort.places)] if cohort.places is not None else []
        sizes += [sum(settled) / len(settled)] if settled else []
        if sizes and months_later(as_at, -LATE_RECORDS) < cohort.entry_on <= dates[-1]:
            month = max(0, bisect_left(dates, cohort.entry_on) - 1)
            entering[month] += max(0.0, min(sizes) - entered[name])
    return entering
