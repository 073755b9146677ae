"""What an authority returned in a census, as DfE printed it, and FTE shared out to people who add up to it.

Invariant: amounts are whole millionths, and whatever is shared out adds up to what was given.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

ONE = 1_000_000
"""One FTE, day or case, in millionths."""

COLUMNS = {
    "in_post": "social_worker_fte",
    "people": "social_worker_headcount",
    "leaver_fte": "leaver_fte",
    "leavers": "leaver_headcount",
    "days_lost": "working_days_lost_fte",
    "agency_fte": "agency_fte",
    "agency_workers": "agency_headcount",
    "agency_cover": "agency_cover_fte",
    "vacancies": "vacancy_fte",
    "case_holder_fte": "case_holders_fte",
    "cases": "cases",
}
"""DfE's column of each count."""


@dataclass(frozen=True, slots=True)
class Returned:
    """The counts of one row: FTE and days in millionths, people and cases whole; None where DfE printed a mark."""

    year: int
    authority: str
    in_post: int | None
    people: int | None
    leaver_fte: int | None
    leavers: int | None
    days_lost: int | None
    agency_fte: int | None
    agency_workers: int | None
    agency_cover: int | None
    vacancies: int | None
    case_holder_fte: int | None
    cases: int | None


def returned(row: Mapping[str, str]) -> Returned:
    """The counts of a row of DfE's file. Raises ValueError where a count of people or cases is not whole."""
    counts: dict[str, int | None] = {}
    for name, column in COLUMNS.items():
        printed = _number(row[column])
        amount = None if printed is None else printed * (ONE if column.endswith("fte") else 1)
        if amount is not None and amount != int(amount):
            raise ValueError(f"{column} of {row['old_la_code']} in {row['time_period']} is {row[column]}")
        counts[name] = None if amount is None else int(amount)
    return Returned(int(row["time_period"]), row["old_la_code"], **counts)


def _number(cell: str) -> Decimal | None:
    try:
        return Decimal(cell)
    except InvalidOperation:
        return None


def evenly(amount: int, shares: int) -> list[int]:
    """So many whole shares, as even as can be, the larger ones first."""
    if shares == 0:
        return []
    share, rest = divmod(amount, shares)
    return [share + 1] * rest + [share] * (shares - rest)


def fte_of_each(fte: int, people: int) -> list[int]:
    """The FTE of each of some people: most full time, others part time, or some above 1 where FTE exceed people."""
    short = people * ONE - fte
    if short <= 0:
        return _unlike([ONE] * people, evenly(-short, -(short // ONE)))
    # Part-timers work half time or more, where there are enough of them.
    part_timers = min(people, -(-2 * short // ONE))
    return _unlike([ONE] * people, [-each for each in evenly(short, part_timers)])


def _unlike(full_time: list[int], differences: list[int]) -> list[int]:
    changed = [fte + more for fte, more in zip(full_time, differences, strict=False)]
    return full_time[len(differences) :] + changed


def shared_out(fte: int, people: int, part: int) -> tuple[list[int], list[int]] | None:
    """The FTE of each of those who make up `part` of an FTE, and of each other; together they are `people`.

    None where no such people exist: ten people with 9.8 FTE, each at most 1, cannot be so divided that some have 8.5.
    """
    most = ONE if fte <= people * ONE else 2 * ONE
    needed, others = -(-part // most), -(-(fte - part) // most)
    spare = people - needed - others
    if spare < 0 or (people and not fte):
        return None
    with_them = spare * part // fte if fte else 0
    return fte_of_each(part, needed + with_them), fte_of_each(fte - part, people - needed - with_them)
