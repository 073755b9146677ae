"""The bands by which measures count: how long something has lasted by a day, and how much somebody has.

Invariant: a band begins with its lower bound, in full calendar months, and ends before the next one begins.
"""

from bisect import bisect_right
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from fractions import Fraction
from typing import TypeVar

from services.metrics.measures.dimensions import Caseload, LengthOfService, Tenure, VacancyAge
from services.metrics.snapshot.amounts import months_later

Band = TypeVar("Band")

_AGES = {
    0: VacancyAge.UNDER_3_MONTHS,
    3: VacancyAge.FROM_3_TO_6_MONTHS,
    6: VacancyAge.FROM_6_TO_9_MONTHS,
    9: VacancyAge.FROM_9_TO_12_MONTHS,
    12: VacancyAge.OVER_12_MONTHS,
}
_LENGTHS_OF_SERVICE = {
    0: LengthOfService.UNDER_2_YEARS,
    24: LengthOfService.FROM_2_TO_5_YEARS,
    60: LengthOfService.FROM_5_TO_10_YEARS,
    120: LengthOfService.FROM_10_TO_20_YEARS,
    240: LengthOfService.FROM_20_TO_30_YEARS,
    360: LengthOfService.FROM_30_YEARS_ON,
}
_TENURES = {
    0: Tenure.UNDER_3_MONTHS,
    3: Tenure.FROM_3_TO_6_MONTHS,
    6: Tenure.FROM_6_TO_12_MONTHS,
    12: Tenure.FROM_12_TO_24_MONTHS,
    24: Tenure.OVER_24_MONTHS,
}
_CASELOADS = {
    0: Caseload.NONE,
    1: Caseload.FROM_1_TO_5,
    6: Caseload.FROM_6_TO_10,
    11: Caseload.FROM_11_TO_15,
    16: Caseload.FROM_16_TO_20,
    21: Caseload.FROM_21_TO_25,
    26: Caseload.FROM_26_TO_30,
    31: Caseload.OVER_30,
}


BANDS: Mapping[str, tuple[StrEnum, ...]] = {
    "age": tuple(VacancyAge),
    "length_of_service": tuple(LengthOfService),
    "tenure": tuple(Tenure),
    "caseload": tuple(Caseload),
}
"""The bands of each dimension that has such, from the least to the most."""


def of_median(dimension: str, amounts: Mapping[str | None, Fraction]) -> str | None:
    """The band in which the median lies: the first up to whose end at least half of the whole is. None of nothing.

    The values in a band are not known any more, so no median within it is made up.
    """
    half, reached = sum(amounts.values(), Fraction(0)) / 2, Fraction(0)
    for band in BANDS[dimension]:
        reached += amounts.get(band, Fraction(0))
        if half and reached >= half:
            return str(band)
    return None


def age(opened_on: date, as_at: date) -> VacancyAge:
    """The band of a vacancy's age."""
    return _by_months(_AGES, opened_on, as_at)


def length_of_service(since: date, day: date) -> LengthOfService:
    """The band of length of service from the day somebody came to another day, that of leaving, say."""
    return _by_months(_LENGTHS_OF_SERVICE, since, day)


def tenure(since: date, as_at: date) -> Tenure:
    """The band of how long an assignment has run."""
    return _by_months(_TENURES, since, as_at)


def caseload(cases: int) -> Caseload:
    """The band of the number of cases that somebody has."""
    least = list(_CASELOADS)
    return _CASELOADS[least[bisect_right(least, cases) - 1]]


def _by_months(bands: Mapping[int, Band], since: date, day: date) -> Band:
    return [band for months, band in bands.items() if not months or day >= months_later(since, months)][-1]
