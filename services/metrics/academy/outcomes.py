"""The Social Work Academy: its cohorts, their members, and what became of each, as at a date.

Invariant: every figure counts members, or follows from members, that can be listed by their pseudonyms. Each member
is either in post or has left, and left either during the year or after it. Definitions: docs/definitions.md,
'Academy'.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from operator import attrgetter
from typing import NamedTuple

from contracts.codes import PanelDecision, PanelKind
from contracts.events.hiring import CohortOpened, WorkerStarted
from contracts.events.progression_panels import PanelDecided
from services.metrics.academy.progression import progressed_on
from services.metrics.reasons import Value, ratio
from services.metrics.snapshot.employment import Leaving, Scope, Spell
from services.metrics.snapshot.snapshot import Snapshot
from services.metrics.statistics.survival import Duration

DAYS_OF_A_YEAR = Fraction("365.25")
"""The year in which lengths of service are given."""


class Cohort(NamedTuple):
    """One intake of newly qualified social workers. What no event states is None."""

    cohort: str
    entry_on: date | None = None
    completes_on: date | None = None
    academy_team: str | None = None
    places: int | None = None

    def is_completed(self, as_at: date) -> bool:
        """Whether its assessed and supported year is over by a date."""
        return self.completes_on is not None and self.completes_on <= as_at


class Which(StrEnum):
    """Which cohorts, of those that have entered by a date: all, those whose year is over, or the others."""

    ALL = "all"
    COMPLETED = "completed"
    RUNNING = "running"


class Member(NamedTuple):
    """A person who entered a cohort, with the spell that holds the day and every ASYE decision about the person."""

    cohort: str
    person: str
    started_on: date
    spell: Spell
    decisions: tuple[PanelDecided, ...]


class Known(NamedTuple):
    """What is known of one member as at a date. No day lies after it; None means that it has not happened by then.

    Of several equal decisions, the day is that of the earliest.
    """

    member: Member
    as_at: date
    passed_on: date | None
    failed_on: date | None
    deferred_on: date | None
    progressed_on: date | None
    left_on: date | None

    @property
    def leaving(self) -> Leaving | None:
        """Why the member has left by the date, and where to."""
        return None if self.left_on is None else self.member.spell.leaving

    @property
    def service(self) -> Duration:
        """The length of service: from the start to leaving or, if still in post, to the date."""
        return Duration(((self.left_on or self.as_at) - self.member.started_on).days, self.left_on is not None)

    def decided_by_leaving(self) -> bool:
        """Whether the member had passed or failed by the day of leaving."""
        decided = [day for day in (self.passed_on, self.failed_on) if day is not None]
        return self.left_on is not None and any(day <= self.left_on for day in decided)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One figure of a cohort: how many members `counts` is true of."""

    name: str
    title: str
    definition: str
    counts: Callable[[Known], bool]


OUTCOMES = (
    Outcome(
        "started",
        "Started",
        "People with a start by the date that names the cohort and puts them in service, once per person and cohort.",
        lambda known: True,
    ),
    Outcome(
        "passed", "ASYE passed", "An ASYE decision `passed` by the date.", lambda known: known.passed_on is not None
    ),
    Outcome(
        "failed",
        "ASYE failed",
        "An ASYE decision `failed` by the date, and none `passed`.",
        lambda known: known.failed_on is not None and known.passed_on is None,
    ),
    Outcome(
        "deferred",
        "ASYE deferred",
        "An ASYE decision `deferred` by the date, whatever came after.",
        lambda known: known.deferred_on is not None,
    ),
    Outcome(
        "in_the_year",
        "Still in the year",
        "In post, neither passed nor failed, not progressed.",
        lambda known: not any((known.left_on, known.passed_on, known.failed_on, known.progressed_on)),
    ),
    Outcome(
        "left",
        "Left",
        "The spell in service (of any post) that holds the start ended by the date.",
        lambda known: known.left_on is not None,
    ),
    Outcome(
        "left_during",
        "Left during the year",
        "Left, and neither passed nor failed by the day of leaving.",
        lambda known: known.left_on is not None and not known.decided_by_leaving(),
    ),
    Outcome(
        "left_after",
        "Left after the year",
        "Left, and passed or failed by the day of leaving.",
        lambda known: known.decided_by_leaving(),
    ),
    Outcome(
        "progressed",
        "Progressed into a service area post",
        "On some day of the spell, by the date, the main post was of another role than newly qualified social worker.",
        lambda known: known.progressed_on is not None,
    ),
    Outcome(
        "in_post",
        "In post",
        "The spell in service (of any post) that holds the start holds the date too.",
        lambda known: known.left_on is None,
    ),
)
"""The figures that count members, in reading order."""

COUNTED: Mapping[str, Outcome] = {outcome.name: outcome for outcome in OUTCOMES}


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What became of members as at a date."""

    known: Sequence[Known]

    def members(self, outcome: str) -> list[Known]:
        """Those who make up one figure. Raises KeyError for an unknown figure."""
        counts = COUNTED[outcome].counts
        return [known for known in self.known if counts(known)]

    def count(self, outcome: str) -> int:
        """How many members make up one figure. Raises KeyError for an unknown figure."""
        return len(self.members(outcome))

    def share(self, outcome: str) -> Value:
        """100 x one figure / started, a percentage."""
        return ratio(100 * self.count(outcome), len(self.known))

    def mean_service(self, outcome: str) -> Value:
        """The mean length of service, in years of 365.25 days, of those who make up one figure."""
        lengths = [known.service.days for known in self.members(outcome)]
        return ratio(sum(lengths), len(lengths) * DAYS_OF_A_YEAR)

    def mean_days_to_progress(self) -> Value:
        """The mean number of days from the start to the first day in a service area, of those who progressed."""
        days = [
            (known.progressed_on - known.member.started_on).days
            for known in self.known
            if known.progressed_on is not None
        ]
        return ratio(sum(days), len(days))


def cohorts(snapshot: Snapshot) -> dict[str, Cohort]:
    """Every cohort that was opened or that a member entered, by its name, in the order of entry."""
    by_name = {member.cohort: Cohort(member.cohort) for member in members(snapshot)}
    for event, opened in snapshot.facts(CohortOpened):
        name = event.identifier
        by_name[name] = Cohort(name, opened.entry_on, opened.completes_on, opened.academy_team, opened.places)
    ordered = sorted(by_name.values(), key=lambda cohort: (cohort.entry_on or date.max, cohort.cohort))
    return {cohort.cohort: cohort for cohort in ordered}


def cohorts_as_at(snapshot: Snapshot, as_at: date, which: Which = Which.ALL) -> list[Cohort]:
    """The cohorts that have entered by a date (or have a member who has), in the order of entry."""
    with_members = {member.cohort for member in members(snapshot) if member.started_on <= as_at}
    return [
        cohort
        for cohort in cohorts(snapshot).values()
        if cohort.cohort in with_members or (cohort.entry_on is not None and cohort.entry_on <= as_at)
        if which is Which.ALL or cohort.is_completed(as_at) == (which is Which.COMPLETED)
    ]


def members(snapshot: Snapshot) -> list[Member]:
    """Every member of every cohort, one per person and cohort, in the order of start."""
    return snapshot.kept("academy-members", lambda: _members(snapshot))


def _members(snapshot: Snapshot) -> list[Member]:
    decisions: dict[str, list[PanelDecided]] = {}
    for event, decided in snapshot.facts(PanelDecided):
        if decided.kind is PanelKind.ASYE:
            decisions.setdefault(snapshot.person_of(event), []).append(decided)
    members: dict[tuple[str, str], Member] = {}
    for event, start in snapshot.facts(WorkerStarted):
        if start.cohort is None:
            continue
        person, day = snapshot.person_of(event), start.started_on
        spells = snapshot.spells_of(person, Scope.ALL)
        at = bisect_right(spells, day, key=attrgetter("since")) - 1
        holding = spells[at] if at >= 0 and day < spells[at].until else None
        before = members.get((start.cohort, person))
        if holding is not None and (before is None or day < before.started_on):
            of_person = tuple(decisions.get(person, ()))
            members[start.cohort, person] = Member(start.cohort, person, day, holding, of_person)
    return sorted(members.values(), key=attrgetter("started_on", "cohort", "person"))


def outcomes(snapshot: Snapshot, of_cohorts: Iterable[str], as_at: date) -> Outcomes:
    """What became of the members of some cohorts who had started by a date, as at that date."""
    cohorts_counted = set(of_cohorts)
    return Outcomes(
        [
            known_of(member, as_at)
            for member in members(snapshot)
            if member.cohort in cohorts_counted and member.started_on <= as_at
        ]
    )


def known_of(member: Member, as_at: date) -> Known:
    """What is known of a member as at a date, which is not before the start."""
    spell = member.spell
    return Known(
        member,
        as_at,
        _decided_on(member, PanelDecision.PASSED, as_at),
        _decided_on(member, PanelDecision.FAILED, as_at),
        _decided_on(member, PanelDecision.DEFERRED, as_at),
        progressed_on(spell, member.started_on, as_at),
        spell.until if spell.until <= as_at else None,
    )


def _decided_on(member: Member, decision: PanelDecision, as_at: date) -> date | None:
    days = (decided.decided_on for decided in member.decisions if decided.decision is decision)
    return min((day for day in days if day <= as_at), default=None)
