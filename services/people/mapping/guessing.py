"""What the columns of a file nobody has described seem to be: by their names, and by what stands in them.

Invariant: a name gives a guess, values only rule out; of what both leave open a question is made.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice

from services.people.files.reading import Table
from services.people.mapping.amounts import number
from services.people.mapping.dates import date_reader
from services.people.mapping.trouble import Trouble, plain
from services.people.statements import Kind

ROWS_LOOKED_AT = 5_000
MOST_VALUES = 300
"""Different values of a column that are remembered."""

FORMATS = (
    "yyyy-mm-dd",
    "dd/mm/yyyy",
    "mm/dd/yyyy",
    "yyyymmdd",
    "yyyy/mm/dd",
    "d-mmm-yy",
    "dd-mmm-yyyy",
    "dd mmm yyyy",
    "dd.mm.yyyy",
    "dd-mm-yyyy",
    "mm-dd-yyyy",
    "dd/mm/yy",
    "mm/dd/yy",
    "excel",
)

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
    "post no",
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
    "registration_number": ("swe number", "registration number", "hcpc number", "social work england number"),
    "qualification": ("qualification",),
    "salary": ("salary", "annual salary", "actual salary", "fte salary", "basic pay"),
}
NEVER_READ = ("ni number", "national insurance", "address", "postcode", "religion", "sexual orientation", "disability",
              "email", "telephone", "phone", "mobile", "bank", "sort code", "next of kin", "manager",
              "title")  # fmt: skip
"""Personal, and of no use here: never proposed."""


@dataclass(slots=True)
class Seen:
    """What stands in one column of the rows that were looked at."""

    name: str
    filled: int = 0
    values: Counter[str] = field(default_factory=Counter, repr=False)

    def formats(self) -> tuple[str, ...]:
        """The formats in which every value is a date."""
        texts = [text for text in self.values if text.strip("0/.- ")]
        return tuple(one for one in FORMATS if texts and all(_is_date(text, one) for text in texts))

    def largest(self) -> float | None:
        """The largest number, where every value is one."""
        try:
            found = [number(text.removesuffix("%")) for text in self.values]
        except Trouble:
            return None
        return max((float(one) for one in found if one is not None), default=None)


def _is_date(text: str, spelling: str) -> bool:
    if spelling != "yyyy-mm-dd" and re.fullmatch(r"\d{4}-\d\d-\d\d.*", text):
        return False
    try:
        date_reader((spelling,))(text)
    except Trouble:
        return False
    return True


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
    """A column's name in plain words: `EffectiveStartDate` and `EFFECTIVE_START_DATE` are the same."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return " ".join(re.sub(r"[^A-Za-z0-9%]+", " ", parted).split()).casefold()


def likeness(name: str, phrases: Iterable[str]) -> float:
    """How well a column's name fits: above 1 where it is one of the phrases, 0 where it is not."""
    words = words_of(name)
    best = 0.0
    for place, phrase in enumerate(phrases):
        if words == phrase:
            best = max(best, 2 - place / 100)
        elif f" {phrase} " in f" {words} " and len(phrase) > 3:
            best = max(best, len(phrase) / (len(words) + 1))
    return best


def fields_found(columns: list[Seen], kind: Kind) -> dict[str, str]:
    """Which column seems to be which field, by field; each column at most once, the surest first."""
    pairs = [
        (likeness(column.name, phrases), field_name, column.name)
        for field_name, phrases in WORDS[kind].items()
        for column in columns
        if personal(column.name) is None and not never_read(column.name)
    ]
    found: dict[str, str] = {}
    for score, field_name, name in sorted(pairs, key=lambda pair: -pair[0]):
        if score >= 0.5 and field_name not in found and name not in found.values():
            found[field_name] = name
    return found


def kind_of(columns: list[Seen]) -> Kind:
    """What the rows seem to be about."""
    agency = any(
        likeness(column.name, ("agency worker", "agency", "candidate id", "supplier", "booking")) >= 0.5
        for column in columns
    )
    if agency:
        return Kind.COVERS
    return Kind.HOLDINGS if "worker" in fields_found(columns, Kind.HOLDINGS) else Kind.POSTS


def personal(name: str) -> str | None:
    """Which detail of a person a column seems to be."""
    scores = {detail: likeness(name, phrases) for detail, phrases in PERSONAL.items()}
    best = max(scores, key=lambda detail: scores[detail])
    exact = {"name": 1.0, "sex": 1.0}.get(best, 0.6)
    return best if scores[best] >= exact else None


def never_read(name: str) -> bool:
    """Whether a column is personal, and none that anybody here needs."""
    return (
        any(f" {word} " in f" {words_of(name)} " for word in NEVER_READ)
        and "job" not in words_of(name)
        and words_of(name) not in ("post title", "position title", "role title")
    )
