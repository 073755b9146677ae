"""What became of the members of each academy cohort, as at a date.

Invariant: started = in post + left, and left = left during the year + left after.
"""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from contracts.envelope import Event
from contracts.events.hiring import CohortOpened, WorkerStarted
from contracts.events.progression_panels import PanelDecided
from tests.oracle.days import Period
from tests.oracle.service import Spell, Workforce, workforce_of

DAYS_OF_A_YEAR = Fraction("365.25")
NEWLY_QUALIFIED = "newly-qualified-social-worker"


@dataclass(frozen=True)
class Member:
    """One person of one cohort."""

    cohort: str
    person: str
    started_on: date
    spell: Spell


@dataclass(frozen=True)
class Outcomes:
    """Members counted by what became of them; `retention` in %, lengths of service in years of 365.25 days.

    `durations` has each member's days from the start to leaving or to the date, and whether the member left.
    """

    completed: bool
    started: int
    passed: int
    failed: int
    deferred: int
    left: int
    left_during_the_year: int
    left_after: int
    progressed: int
    in_post: int
    still_in_the_year: int
    retention: Fraction | None
    mean_length_of_service_in_post: Fraction | None
    mean_length_of_service_of_all: Fraction | None
    mean_days_to_progress: Fraction | None
    durations: tuple[tuple[int, bool], ...]


def cohorts(events_in_force: list[Event], as_at: date) -> dict[str, Outcomes]:
    """The outcomes of every cohort that was opened or that a member's start names."""
    workforce = workforce_of(events_in_force)
    there = members(workforce, as_at)
    named = {opened.of for opened in workforce.told(CohortOpened)} | {member.cohort for member in there}
    return {
        cohort: _outcomes(
            workforce,
            [member for member in there if member.cohort == cohort],
            as_at,
            is_completed(workforce, cohort, as_at),
        )
        for cohort in sorted(named)
    }


def over_all(events_in_force: list[Event], as_at: date, *, completed_only: bool = False) -> Outcomes:
    """The outcomes of the members of all cohorts, or of the completed ones."""
    workforce = workforce_of(events_in_force)
    counted = [
        member
        for member in members(workforce, as_at)
        if not completed_only or is_completed(workforce, member.cohort, as_at)
    ]
    return _outcomes(workforce, counted, as_at, completed_only)


def is_completed(workforce: Workforce, cohort: str, as_at: date) -> bool:
    """Whether a cohort has completed by a date; one that nobody opened never has."""
    opened = workforce.told(CohortOpened, cohort)
    return bool(opened) and opened[-1].data.completes_on <= as_at


def members(workforce: Workforce, as_at: date) -> list[Member]:
    """The members who started by a date."""
    earliest: dict[tuple[str, str], date] = {}
    for start in workforce.told(WorkerStarted):
        cohort, started_on = start.data.cohort, start.data.started_on
        if cohort is not None and workforce.is_in_service(start.of, started_on, "all"):
            earliest[cohort, start.of] = min(started_on, earliest.get((cohort, start.of), started_on))
    entrants = []
    for (cohort, person), started_on in sorted(earliest.items()):
        for spell in workforce.spells(person, "all"):
            if spell.holds(started_on) and started_on <= as_at:
                entrants.append(Member(cohort, person, started_on, spell))
    return entrants


def _outcomes(workforce: Workforce, counted: list[Member], as_at: date, completed: bool) -> Outcomes:
    passed = [one for one in counted if "passed" in _decisions(workforce, one, as_at)]
    failed = [one for one in counted if "failed" in _decisions(workforce, one, as_at) and one not in passed]
    deferred = [one for one in counted if "deferred" in _decisions(workforce, one, as_at)]
    left = [one for one in counted if _left_on(one, as_at) is not None]
    left_after = [
        one
        for one in left
        if (left_on := _left_on(one, as_at)) and {"passed", "failed"} & _decisions(workforce, one, left_on)
    ]
    days_to_progress = {one: _days_to_progress(workforce, one, as_at) for one in counted}
    progressed = [one for one, days in days_to_progress.items() if days is not None]
    in_post = [one for one in counted if one.spell.holds(as_at)]
    decided = [*passed, *failed]
    return Outcomes(
        completed=completed,
        started=len(counted),
        passed=len(passed),
        failed=len(failed),
        deferred=len(deferred),
        left=len(left),
        left_during_the_year=len([one for one in left if one not in left_after]),
        left_after=len(left_after),
        progressed=len(progressed),
        in_post=len(in_post),
        still_in_the_year=len([one for one in in_post if one not in decided and one not in progressed]),
        retention=Fraction(len(in_post), len(counted)) * 100 if counted else None,
        mean_length_of_service_in_post=_mean_years([_days_served(one, as_at) for one in in_post]),
        mean_length_of_service_of_all=_mean_years([_days_served(one, as_at) for one in counted]),
        mean_days_to_progress=_mean([days for days in days_to_progress.values() if days is not None]),
        durations=tuple((_days_served(one, as_at), one in left) for one in counted),
    )


def _decisions(workforce: Workforce, member: Member, by_date: date) -> set[str]:
    decisions = [one.data for one in workforce.told(PanelDecided, member.person)]
    return {str(one.decision) for one in decisions if one.kind == "asye" and one.decided_on <= by_date}


def _left_on(member: Member, as_at: date) -> date | None:
    out = member.spell.out
    return out if out is not None and out <= as_at else None


def _days_to_progress(workforce: Workforce, member: Member, as_at: date) -> int | None:
    for day in Period(member.started_on, as_at):
        role = workforce.dimensions_of_person(member.person, day, "all")["role"] if member.spell.holds(day) else None
        if role not in (NEWLY_QUALIFIED, None):
            return (day - member.started_on).days
    return None


def _days_served(member: Member, as_at: date) -> int:
    return ((_left_on(member, as_at) or as_at) - member.started_on).days


def _mean_years(days: list[int]) -> Fraction | None:
    mean = _mean(days)
    return None if mean is None else mean / DAYS_OF_A_YEAR


def _mean(days: list[int]) -> Fraction | None:
    return Fraction(sum(days), len(days)) if days else None


# --- survival ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """From so many days after the start on, this share is still in post."""

    days: int
    at_risk: int
    events: int
    survival: Fraction


def survival(durations_with_flags: list[tuple[int, bool]]) -> list[Step]:
    """Kaplan-Meier: a step on each day on which somebody left. Of days, with whether they ended in leaving."""
    steps = []
    share = Fraction(1)
    for day in sorted({duration for duration, left in durations_with_flags if left}):
        at_risk = len([duration for duration, _ in durations_with_flags if duration >= day])
        events = len([duration for duration, left in durations_with_flags if left and duration == day])
        share *= 1 - Fraction(events, at_risk)
        steps.append(Step(day, at_risk, events, share))
    return steps
