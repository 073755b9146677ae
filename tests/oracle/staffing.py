"""Stocks as at the last day of a period, and the tranches in which vacancies open and close.

Invariant: the open tranches of a post add up to its vacancies.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from contracts.envelope import Event
from tests.oracle.days import ONE_DAY, Period, full_months
from tests.oracle.parts import Dimensions, Part, part
from tests.oracle.service import Staffing, Workforce, is_in, plain, workforce_of

Measure = Callable[[list[Event], Period, str], list[Part]]


def _of_posts(amount: Callable[[Staffing], Fraction]) -> Measure:
    def measure(events: list[Event], period: Period, scope: str) -> list[Part]:
        workforce = workforce_of(events)
        day = period.last
        posts = [post for post in workforce.posts if is_in(scope, workforce.dimensions_of_post(post, day))]
        parts = [part(workforce.dimensions_of_post(post, day), amount(workforce.staffing(post, day))) for post in posts]
        return [one for one in parts if one.amount]

    return measure


establishment = _of_posts(lambda post: post.establishment)
in_post = _of_posts(lambda post: post.in_post)
vacancies = _of_posts(lambda post: post.vacancies)
over_establishment = _of_posts(lambda post: post.over_establishment)
uncovered_vacancies = _of_posts(lambda post: post.uncovered)


def dimensions_of_cover(workforce: Workforce, cover: str, day: date) -> Dimensions:
    """An assignment's place, reason and agency on a day on which it runs."""
    assignment = workforce.assignment(cover, day)
    assert assignment is not None
    dimensions = workforce.dimensions_of_cover(cover, day)
    return {**dimensions, "cover_reason": plain(assignment["reason"]), "agency": assignment["agency"]}


def _of_covers(only_cover: bool, headcount: bool) -> Measure:
    def measure(events: list[Event], period: Period, scope: str) -> list[Part]:
        workforce = workforce_of(events)
        parts = []
        for cover in workforce.covers_running(period.last, scope):
            assignment = workforce.assignment(cover, period.last)
            assert assignment is not None
            if not only_cover or assignment["reason"] == "vacancy":
                dimensions = dimensions_of_cover(workforce, cover, period.last)
                parts.append(part(dimensions, 1 if headcount else assignment["fte"]))
        return parts

    return measure


agency = _of_covers(only_cover=False, headcount=False)
agency_cover = _of_covers(only_cover=True, headcount=False)
agency_headcount = _of_covers(only_cover=False, headcount=True)
agency_cover_headcount = _of_covers(only_cover=True, headcount=True)


def in_post_headcount(events: list[Event], period: Period, scope: str) -> list[Part]:
    """Persons in service."""
    workforce = workforce_of(events)
    day = period.last
    persons = [person for person in workforce.persons if workforce.is_in_service(person, day, scope)]
    return [part(workforce.dimensions_of_person(person, day, scope)) for person in persons]


# --- vacancies in tranches --------------------------------------------------------------------------------------------


@dataclass
class Tranche:
    """FTE of a post that has been vacant since one day."""

    opened_on: date
    fte: Fraction


@dataclass
class Filled:
    """FTE that was vacant since one day and filled on another."""

    opened_on: date
    filled_on: date
    fte: Fraction


def vacancy_tranches(workforce: Workforce, post: str, as_at: date) -> tuple[list[Tranche], list[Filled]]:
    """The tranches of a post that are open on a day, and what was filled up to it."""
    tranches: list[Tranche] = []
    filled: list[Filled] = []
    for day in workforce.days_named:
        if day > as_at:
            break
        before, now = workforce.staffing(post, day - ONE_DAY), workforce.staffing(post, day)
        if now.vacancies > before.vacancies:
            tranches.append(Tranche(day, now.vacancies - before.vacancies))
        to_close = before.vacancies - now.vacancies
        while to_close > 0:
            oldest = tranches[0]
            closed = min(oldest.fte, to_close)
            oldest.fte -= closed
            to_close -= closed
            if now.in_post > before.in_post:
                filled.append(Filled(oldest.opened_on, day, closed))
            if oldest.fte == 0:
                tranches.pop(0)
        assert sum(tranche.fte for tranche in tranches) == now.vacancies
    return tranches, filled


def _of_filled(amount: Callable[[Filled], Fraction]) -> Measure:
    def measure(events: list[Event], period: Period, scope: str) -> list[Part]:
        workforce = workforce_of(events)
        parts = []
        for post in workforce.posts:
            for filled in vacancy_tranches(workforce, post, period.last)[1]:
                dimensions = workforce.dimensions_of_post(post, filled.filled_on)
                if filled.filled_on in period and is_in(scope, dimensions):
                    parts.append(part(dimensions, amount(filled)))
        return parts

    return measure


vacancies_filled = _of_filled(lambda filled: filled.fte)
days_to_fill = _of_filled(lambda filled: filled.fte * (filled.filled_on - filled.opened_on).days)


def vacancies_by_age(events: list[Event], period: Period, scope: str) -> list[Part]:
    """FTE vacant, by how long it has been."""
    workforce = workforce_of(events)
    parts = []
    for post in workforce.posts:
        dimensions = workforce.dimensions_of_post(post, period.last)
        if is_in(scope, dimensions):
            for tranche in vacancy_tranches(workforce, post, period.last)[0]:
                parts.append(
                    part({**dimensions, "age": _age(full_months(tranche.opened_on, period.last))}, tranche.fte)
                )
    return parts


def uncovered_vacancies_by_age(events: list[Event], period: Period, scope: str) -> list[Part]:
    """FTE vacant that no agency worker covers: they cover what has been vacant longest."""
    workforce = workforce_of(events)
    parts = []
    for post in workforce.posts:
        dimensions = workforce.dimensions_of_post(post, period.last)
        if is_in(scope, dimensions):
            cover = workforce.staffing(post, period.last).agency_cover
            for tranche in vacancy_tranches(workforce, post, period.last)[0]:
                uncovered = max(Fraction(0), tranche.fte - cover)
                cover = max(Fraction(0), cover - tranche.fte)
                if uncovered:
                    age = _age(full_months(tranche.opened_on, period.last))
                    parts.append(part({**dimensions, "age": age}, uncovered))
    return parts


def agency_by_tenure(events: list[Event], period: Period, scope: str) -> list[Part]:
    """Assignments that run, by how long they have."""
    return [part(dimensions) for dimensions, _ in _tenures(events, period.last, scope)]


def agency_tenure_days(events: list[Event], period: Period, scope: str) -> list[Part]:
    """Days for which they have run."""
    return [part(dimensions, days) for dimensions, days in _tenures(events, period.last, scope)]


def _tenures(events: list[Event], day: date, scope: str) -> list[tuple[Dimensions, int]]:
    workforce = workforce_of(events)
    tenures = []
    for cover in workforce.covers_running(day, scope):
        began = max(
            named
            for named in workforce.days_named
            if named <= day and workforce.assignment(cover, named) and not workforce.assignment(cover, named - ONE_DAY)
        )
        dimensions = dimensions_of_cover(workforce, cover, day)
        tenures.append(({**dimensions, "tenure": _tenure(full_months(began, day))}, (day - began).days))
    return tenures


def _tenure(months: int) -> str:
    if months < 3:
        return "under-3-months"
    if months < 6:
        return "3-to-6-months"
    if months < 12:
        return "6-to-12-months"
    return "12-to-24-months" if months < 24 else "over-24-months"


def _age(months: int) -> str:
    if months < 3:
        return "under-3-months"
    if months < 6:
        return "3-to-6-months"
    if months < 9:
        return "6-to-9-months"
    return "9-to-12-months" if months < 12 else "over-12-months"
