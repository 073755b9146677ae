"""The plan: how many vacancies and agency workers there are to be at the end of each month.

Invariant: at the date of a published figure the plan is that figure. Between such dates it goes straight from one to
the next, and after the last it stays. Points that are not published are invented, so that the authority looks as if it
was under strain and recovers.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from contracts.codes import Role
from deploy.demonstration.published import (
    AGENCY_COVER,
    AGENCY_STAFF,
    FIRST_DAY,
    LAST_DAY,
    TABLE_OF_2022,
    TABLE_OF_2023,
    VACANCIES,
)

TABLE_DATES = (TABLE_OF_2022, TABLE_OF_2023)

_INVENTED_VACANCIES: dict[Role, dict[date, int]] = {
    Role.SOCIAL_WORKER: {
        FIRST_DAY: 14,
        date(2019, 9, 30): 18,
        date(2020, 9, 30): 28,
        date(2021, 9, 30): 31,
        LAST_DAY: 9,
    },
    Role.ADVANCED_SOCIAL_WORKER: {
        FIRST_DAY: 6,
        date(2019, 9, 30): 7,
        date(2020, 9, 30): 12,
        date(2021, 9, 30): 15,
        LAST_DAY: 11,
    },
    Role.SENIOR_PRACTITIONER: {FIRST_DAY: 3, date(2020, 9, 30): 5, date(2021, 9, 30): 7, LAST_DAY: 2},
    Role.TEAM_MANAGER: {FIRST_DAY: 2, date(2020, 9, 30): 3, date(2021, 9, 30): 5, LAST_DAY: 1},
    Role.INDEPENDENT_REVIEWING_OFFICER: {
        FIRST_DAY: 0,
        date(2020, 9, 30): 2,
        date(2021, 9, 30): 2,
        date(2022, 6, 30): 0,
        LAST_DAY: 0,
    },
    Role.RESIDENTIAL_CHILDRENS_WORKER: {
        FIRST_DAY: 1,
        date(2021, 9, 30): 4,
        date(2022, 9, 30): 0,
        date(2022, 11, 30): 0,
        date(2023, 1, 31): 4,
        date(2023, 9, 30): 0,
        LAST_DAY: 2,
    },
}
"""Vacant FTE at invented points, by role; a role that is not named is to have none."""

HALF_VACANCIES: Mapping[date, Mapping[Role, int]] = {
    TABLE_OF_2022: {Role.SOCIAL_WORKER: 4, Role.ADVANCED_SOCIAL_WORKER: 2},
    TABLE_OF_2023: {Role.SOCIAL_WORKER: 3},
}
"""How many of the vacancies of the tables are half a post. In 2023 three full-time agency workers each cover one of
them, which is how 10 agency FTE stand on 8.5 vacant."""

_INVENTED_COVER: dict[Role, dict[date, int]] = {
    Role.SOCIAL_WORKER: {FIRST_DAY: 8, date(2019, 12, 31): 11, date(2021, 1, 31): 22, LAST_DAY: 8},
    Role.ADVANCED_SOCIAL_WORKER: {FIRST_DAY: 3, date(2019, 12, 31): 5, date(2021, 1, 31): 10, LAST_DAY: 9},
    Role.SENIOR_PRACTITIONER: {FIRST_DAY: 1, date(2021, 1, 31): 4, LAST_DAY: 1},
    Role.TEAM_MANAGER: {FIRST_DAY: 1, date(2021, 1, 31): 3, LAST_DAY: 1},
    Role.INDEPENDENT_REVIEWING_OFFICER: {
        FIRST_DAY: 0,
        date(2020, 9, 30): 1,
        date(2021, 9, 30): 1,
        date(2022, 6, 30): 0,
        LAST_DAY: 0,
    },
}

_INVENTED_AGENCY_STAFF: dict[date, int] = {
    FIRST_DAY: 22,
    date(2021, 9, 30): 71,
    date(2022, 10, 31): 66,
    date(2023, 10, 31): 48,
    LAST_DAY: 44,
}


def vacancies_planned(role: Role, on: date) -> Decimal:
    """The vacant FTE of a role that the authority is to have on a day."""
    published = {day: table[role] for day, table in VACANCIES.items() if role in table}
    invented = {day: Decimal(fte) for day, fte in _INVENTED_VACANCIES.get(role, {}).items()}
    return _between_points(invented | published, on)


def agency_cover_planned(role: Role, on: date) -> int:
    """Agency workers who are to cover vacancies of a role on a day, headcount."""
    published = {day: Decimal(table[role]) for day, table in AGENCY_COVER.items() if role in table}
    invented = {day: Decimal(number) for day, number in _INVENTED_COVER.get(role, {}).items()}
    return round(_between_points(invented | published, on))


def agency_staff_planned(on: date) -> int:
    """All agency workers who are to be at work on a day, headcount."""
    points = {day: Decimal(number) for day, number in (_INVENTED_AGENCY_STAFF | dict(AGENCY_STAFF)).items()}
    return round(_between_points(points, on))


def _between_points(points: Mapping[date, Decimal], on: date) -> Decimal:
    if not points:
        return Decimal(0)
    if on in points:
        return points[on]
    before = max(day for day in points if day < on)
    if before == max(points):
        return points[before]
    after = min(day for day in points if day > on)
    passed = Decimal((on - before).days) / Decimal((after - before).days)
    return points[before] + (points[after] - points[before]) * passed
