"""The published figures that the demonstration reproduces, and the dates and definitions chosen for them.

Invariant: nothing here is invented, except what a docstring says was chosen. Every figure is one that the council
printed. Source of all: papers of Coventry City Council's Education and Children's Services Scrutiny Board, January 2021
and November 2023.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from contracts.codes import Role

AUTHORITY = "331"

FIRST_DAY = date(2018, 7, 1)
LAST_DAY = date(2024, 3, 31)

TABLE_OF_2022 = date(2022, 10, 31)
TABLE_OF_2023 = date(2023, 10, 31)
"""The paper prints 'Oct 2022' and 'Oct 2023'; the last day of each month was chosen."""

ACADEMY_COUNTED_ON = date(2023, 11, 30)
"""'As at November 2023'; the last day of the month was chosen."""

VACANCIES: Mapping[date, Mapping[Role, Decimal]] = {
    TABLE_OF_2022: {
        Role.SOCIAL_WORKER: Decimal(22),
        Role.ADVANCED_SOCIAL_WORKER: Decimal(17),
        Role.SENIOR_PRACTITIONER: Decimal(8),
        Role.TEAM_MANAGER: Decimal(5),
    },
    TABLE_OF_2023: {
        Role.SOCIAL_WORKER: Decimal("8.5"),
        Role.ADVANCED_SOCIAL_WORKER: Decimal(12),
        Role.SENIOR_PRACTITIONER: Decimal(1),
        Role.TEAM_MANAGER: Decimal(1),
    },
}
"""Vacancies, FTE. All other roles have none at these dates, so that the table's total is the authority's."""

AGENCY_COVER: Mapping[date, Mapping[Role, int]] = {
    TABLE_OF_2022: {
        Role.SOCIAL_WORKER: 12,
        Role.ADVANCED_SOCIAL_WORKER: 12,
        Role.SENIOR_PRACTITIONER: 2,
        Role.TEAM_MANAGER: 3,
    },
    TABLE_OF_2023: {
        Role.SOCIAL_WORKER: 10,
        Role.ADVANCED_SOCIAL_WORKER: 10,
        Role.SENIOR_PRACTITIONER: 1,
        Role.TEAM_MANAGER: 1,
    },
}
"""Agency workers covering vacancies, FTE. The paper prints a total of 28 for 2022; its column adds up to 29."""

AGENCY_STAFF: Mapping[date, int] = {
    date(2019, 12, 31): 30,
    date(2020, 4, 30): 36,
    date(2020, 6, 30): 48,
    date(2020, 8, 31): 56,
    date(2020, 10, 31): 57,
    date(2020, 12, 31): 60,
    date(2021, 1, 31): 66,
}
"""Agency staff whatever the reason, headcount; all of them full time at these dates, so FTE is the same."""

CHILD_PROTECTION_PLANS: Mapping[date, int] = dict(zip(AGENCY_STAFF, (341, 408, 410, 412, 457, 449, 441), strict=True))
CHILDREN_LOOKED_AFTER: Mapping[date, int] = dict(zip(AGENCY_STAFF, (691, 693, 703, 735, 757, 760, 753), strict=True))

RETENTION_PAYMENT = Decimal(3000)
"""Pounds, for 12 months' service from 1 April 2023 to 31 March 2024."""
RETENTION_PAYMENT_PAID_ON = date(2024, 3, 28)
"""The March 2024 salary; the day was chosen (31 March 2024 is Easter Sunday)."""

PROGRESSION_FUNDED_FTE = Decimal(41)
PROGRESSION_TAKES_EFFECT = date(2024, 4, 1)

WELLBEING_SESSIONS = 54
WELLBEING_REGISTRATIONS = 537

REFER_A_FRIEND_SINCE = date(2020, 3, 1)
RESIDENTIAL_INTERESTED = 60
RESIDENTIAL_ATTENDED = 30
RESIDENTIAL_OFFERED = 4
