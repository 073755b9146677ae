"""What the columns of an undescribed file seem to be, by their names and by the values in them.

Invariant: a name gives a guess, and values only rule out. What both leave open becomes a question.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice

from services.people.files.reading import Table
from services.people.mapping.amounts import number
from services.people.mapping.trouble import Trouble, plain
from services.people.statements import Kind

ROWS_LOOKED_AT = 5_000
MOST_VALUES = 300
"""Different values of a column that are remembered."""

_WORKER = (
    "employee number",
    "staff number",
    "person number",
    "personal reference",
    "payroll number",
    "employee id",
    "person ref",
    "worker id",
    "object",
    "employee ref",
    "worker number",
    "staff id",
    "personnel number",
)
_POST = (
    "post number",
    "position number",
    "post id",
    "position code",
    "position id",
    "post ref",
    "post reference",
    "post code number",
    "position",
)
_ROLE = ("job title", "role", "job name", "position title", "post title", "job code", "job")
_FROM = (
    "start date",
    "effective from",
    "from",
    "effective start date",
    "start in post",
    "date from",
    "occupancy start",
    "valid from",
    "post start date",
)
_UNTIL = (
    "end date",
    "effective to",
    "to",
    "effective end date",
    "end in post",
    "date to",
    "occupancy end",
    "valid to",
    "post end date",
)
_TEAM = ("team", "unit", "org unit", "department name", "cost centre name", "section")
_AREA = ("service area", "service", "division", "directorate", "division name")

WORDS: dict[Kind, dict[str, tuple[str, ...]]] = {
    Kind.POSTS: {
        "post": _POST,
        "role": _ROLE,
        "funded_fte": ("funded fte", "budget fte", "fte budget", "established fte", "establishment", "budgeted fte",
                       "funded hours", "fte", "budget hrs"),
        "team": _TEAM,
        "service_area": _AREA,
        "grade": ("grade", "grade code", "pay grade", "scale"),
        "csww_role": ("csww role", "org role", "census role"),
        "location": ("location", "office", "base", "location code", "site"),
        "holds_from": _FROM,
        "holds_until": _UNTIL,
    },
    Kind.HOLDINGS: {
        "worker": _WORKER,
        "holding": ("assignment number", "occupancy key", "occ key", "occupancy", "contract number"),
        "post": _POST,
        "fte": ("fte", "full time equivalent", "contractual hours", "contracted hours", "weekly hours", "normal hours",
                "hours per week", "hours", "fte percentage"),
        "holds_from": _FROM,
        "holds_until": _UNTIL,
        "left_on": ("leaving date", "leave date", "date left", "termination date", "date of leaving"),
        "leaving_reason": ("leaving reason", "reason for leaving", "leave reason", "termination reason"),
        "destination": ("destination", "leaver destination"),
        "origin": ("came from", "origin", "starter origin"),
        "route": ("route", "recruitment route"),
        "employment": ("contract", "contract type", "employment type"),
        "cohort": ("cohort", "asye cohort"),
    },
    Kind.COVERS: {
        "cover": ("assignment", "assignment number", "booking", "booking number", "assignment id", "order number"),
        "agency_worker": ("agency worker", "candidate number", "candidate id", "worker number", "worker id",
                          "agency worker number"),
        "post": ("post covered", *_POST),
        "role": _ROLE,
        "fte": ("fte", "weekly hours", "hours per week", "hours"),
        "reason": ("reason", "booking reason", "cover reason", "reason for booking"),
        "holds_from": _FROM,
        "holds_until": _UNTIL,
        "hourly_rate": ("hourly rate", "rate", "pay rate", "charge rate"),
        "agency": ("agency", "supplier", "agency name", "supplier name"),
        "team": _TEAM,
        "service_area": _AREA,
    },
}  # fmt: skip
"""Names that columns have in the field, by what they mean; the first are the surest."""

PERSONAL: dict[str, tuple[str, ...]] = {
    "name": (
        "forename",
        "first name",
        "given name",
        "surname",
        "last name",
        "family name",
        "full name",
        "name",
        "known as",
    ),
    "date_of_birth": ("date of birth", "dob", "birth date"),
    "sex": ("sex", "gender"),
    "ethnicity": ("ethnicity", "ethnic origin", "ethnic group"),
    "registration_number": (
        "swe number",
        "swe reg",
        "registration number",
        "hcpc number",
        "social work england number",
    ),
    "qualification": ("qualification",),
    "salary": ("salary", "annual salary", "actual salary", "fte salary", "basic pay"),
}
NEVER_READ = ("ni number", "national insurance", "address", "postcode", "religion", "sexual orientation", "disability",
              "email", "telephone", "phone", "mobile", "bank", "sort code", "next of kin", "manager",
              "title")  # fmt: skip
"""Personal, and of no use here: never proposed."""


NUMBER, SHORT_FOR_NUMBER = "number", ("no", "num", "nr", "nbr")


@dataclass(slots=True)
class Seen:
    """What stands in one column of the rows that were looked at."""

    name: str
    filled: int = 0
    values: Counter[str] = field(default_factory=Counter, repr=False)

    def largest(self) -> float | None:
        """The largest number, if every value is a number."""
        try:
            numbers = [number(text.removesuffix("%")) for text in self.values]
        except Trouble:
            return None
        return max((float(one) for one in numbers if one is not None), default=None)


def looked_at(table: Table) -> list[Seen]:
    """The columns of a table, and what stands in its first rows."""
    columns = [Seen(name) for name in table.header]
    for _, cells in islice(table.rows(), ROWS_LOOKED_AT):
        for column, cell in zip(columns, cells, strict=False):
            try:
                text = plain(cell)
            except Trouble:
                continue
            if text:
                column.filled += 1
                if text in column.values or len(column.values) < MOST_VALUES:
                    column.values[text] += 1
    return columns


def words_of(name: str) -> str:
    """A column's name in plain words: `EffectiveStartDate` and `EFFECTIVE_START_DATE` are the same, and so are
    `Employee No` and `Employee Number`.
    """
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    words = re.sub(r"[^A-Za-z0-9%]+", " ", parted).casefold().split()
    return " ".join(NUMBER if word in SHORT_FOR_NUMBER and index else word for index, word in enumerate(words))


def likeness(name: str, phrases: Iterable[str]) -> float:
    """How well a column's name fits: above 1 where it is one of the phrases, 0 where it is not."""
    words = words_of(name)
    best = 0.0
    for index, phrase in enumerate(phrases):
        if words == phrase:
            best = max(best, 2 - index / 100)
        elif f" {phrase} " in f" {words} " and len(phrase) > 3:
            best = max(best, len(phrase) / (len(words) + 1))
    return best


def columns_by_field(columns: list[Seen], kind: Kind) -> dict[str, str]:
    """Which column seems to be which field, by field. Each column is there at most once, the surest first."""
    pairs = [
        (likeness(column.name, phrases), field_name, column.name)
        for field_name, phrases in WORDS[kind].items()
        for column in columns
        if personal(column.name) is None and not never_read(column.name)
    ]
    columns_of_fields: dict[str, str] = {}
    for score, field_name, name in sorted(pairs, key=lambda pair: -pair[0]):
        if score >= 0.5 and field_name not in columns_of_fields and name not in columns_of_fields.values():
            columns_of_fields[field_name] = name
    return columns_of_fields


def kind_of(columns: list[Seen]) -> Kind:
    """What the rows seem to be about."""
    agency = any(
        likeness(column.name, ("agency worker", "agency", "candidate id", "supplier", "booking")) >= 0.5
        for column in columns
    )
    if agency:
        return Kind.COVERS
    return Kind.HOLDINGS if "worker" in columns_by_field(columns, Kind.HOLDINGS) else Kind.POSTS


def personal(name: str) -> str | None:
    """Which detail of a person a column seems to be."""
    scores = {detail: likeness(name, phrases) for detail, phrases in PERSONAL.items()}
    best = max(scores, key=lambda detail: scores[detail])
    exact = {"name": 1.0, "sex": 1.0}.get(best, 0.6)
    return best if scores[best] >= exact else None


def never_read(name: str) -> bool:
    """Whether a column is personal, and nobody here needs it."""
    return (
        any(f" {word} " in f" {words_of(name)} " for word in NEVER_READ)
        and "job" not in words_of(name)
        and words_of(name) not in ("post title", "position title", "role title")
    )
