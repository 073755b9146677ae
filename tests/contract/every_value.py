"""What the values of events may be, written down by hand: for each kind of value what is taken and what is refused.

Invariant: no product code is asked here; the very bound stands among what is taken, one step beyond it among what is
refused, each with the words that say what would be right.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Values:
    """JSON values of one kind: those that are taken, and those refused, each with what is said to be right."""

    taken: tuple[Any, ...]
    refused: tuple[tuple[Any, str], ...]


def _each(values: Iterable[Any], said: str) -> tuple[tuple[Any, str], ...]:
    return tuple((value, said) for value in values)


def coded(*codes: str) -> Values:
    """Codes, and nothing else."""
    quoted = [f"'{code}'" for code in codes]
    said = f"one of {', '.join(quoted[:-1])} or {quoted[-1]}"
    return Values(codes, _each(["elsewhere", "", codes[0].swapcase(), f" {codes[0]}", 1, None], said))


_DATE, _YEARS = "a date as 2023-10-31", "a date from 1948-01-01 and before 2100-01-01"
_NO_DATES = (
    "2023-02-29", "1900-02-29", "2100-02-29", "2023-04-31", "2023-13-01", "2023-00-01", "2023-10-00",
    "20231031", "2023-1-31", "31/10/2023", "2023/10/31", "2023-10-31T00:00:00", "2023-10-31 ", "1698710400", "",
    1698710400, True, None,
)  # fmt: skip
DATE = Values(
    ("1948-01-01", "1948-02-29", "2000-02-29", "2023-02-28", "2023-09-30", "2024-02-29", "2099-12-31"),
    (*_each(("1947-12-31", "2100-01-01", "0202-10-31", "9999-12-31"), _YEARS), *_each(_NO_DATES, _DATE)),
)

_NUMBER = "a JSON number, without quotes"
_NO_NUMBERS = _each(("1", "", "0.5", True, False, None), _NUMBER)
FTE = Values(
    (0, 0.000001, 0.123456, 0.5, 0.999999, 1, 1.0),
    (
        *_each((-0.000001, -1), "a number of at least 0"),
        *_each((1.000001, 2), "a number of at most 1"),
        *_each((0.0000001, 0.1234567), "a number with at most 6 decimals"),
        *_NO_NUMBERS,
    ),
)
FUNDED_FTE = Values(
    (0.000001, 0.5, 1, 1.123456, 998.999999, 999, 999.0),
    (
        *_each((0, 0.0, -0.5), "a number above 0"),
        *_each((999.000001, 1000), "a number of at most 999"),
        *_each((0.0000001, 1.1234567), "a number with at most 6 decimals"),
        *_NO_NUMBERS,
    ),
)
POUNDS = Values(
    (0, 0.01, 31.5, 3000, 999_999.99, 1_000_000),
    (
        *_each((-0.01, -1), "a number of at least 0"),
        *_each((1_000_000.01, 1_000_001), "a number of at most 1000000"),
        *_each((0.001, 31.505), "a number with at most 2 decimals"),
        *_NO_NUMBERS,
    ),
)
WORKING_DAYS = Values(
    (0, 0.1, 7.5, 365.9, 366),
    (
        *_each((-0.1, -1), "a number of at least 0"),
        *_each((366.1, 367), "a number of at most 366"),
        *_each((0.25, 7.75), "a number with at most 1 decimals"),
        *_NO_NUMBERS,
    ),
)
COUNT = Values(
    (0, 1, 14.0, 999_999, 1_000_000, 1_000_000.0),
    (
        (-1, "a number of at least 0"),
        (1_000_001, "a number of at most 1000000"),
        *_each((14.5, "14", True, None), "a whole number, without quotes"),
    ),
)
TRUTH = Values((True, False), _each(("true", "", 1, 0), "true or false, without quotes"))

_TEXT = "text, in quotes"
_TOKEN = "an identifier: 1 to 64 letters, digits, dots, underscores and hyphens, the first a letter or digit"  # noqa: S105
_NO_TOKENS = ("", "-a", ".a", "_a", "P 1", "P/1", "P:1", "P+1", "P-1\n", " P-1", "Zoë", "a" * 65)
TOKEN = Values(
    ("a", "Z", "0", "P-0001", "9._-", "a.b_c-d", "a" * 64), (*_each(_NO_TOKENS, _TOKEN), *_each((1, True, None), _TEXT))
)
_SLUG = "up to 16 lower-case words joined by hyphens, as mash-and-assessment"
_NO_SLUGS = ("", "A", "a--b", "-a", "a-", "a_b", "a b", "a.b", "a\n", "zoë", "-".join("abcdefghijklmnopq"))
SLUG = Values(
    ("a", "9", "mash-and-assessment", "a1-2b", "-".join("abcdefghijklmnop"), "a" * 64),
    (*_each(_NO_SLUGS, _SLUG), ("a" * 65, "at most 64 characters"), *_each((1, True, None), _TEXT)),
)
_TITLE = "one line of letters, digits, spaces and £ % & ' ( ) , . / : -, as Retention payment"
_NO_TITLES = (
    "",
    " ",
    " Regrading",
    "Regrading ",
    "Open\nevening",
    "Regrading\n",
    "<b>Regrading</b>",
    "a@b",
    "-5%",
    "Zoë",
)
TITLE = Values(
    ("a", "9", "£3,000 for 12 months' service", "Open evening (May & September): 50% more/less.", "a" * 60),
    (*_each(_NO_TITLES, _TITLE), ("a" * 61, "at most 60 characters"), *_each((1, True, None), _TEXT)),
)

ROLES = (
    "newly-qualified-social-worker", "social-worker", "advanced-social-worker", "senior-practitioner", "team-manager",
    "local-authority-designated-officer", "independent-reviewing-officer", "child-protection-chair", "service-manager",
    "head-of-service", "residential-childrens-worker", "senior-residential-childrens-worker",
    "residential-deputy-manager", "residential-registered-manager",
)  # fmt: skip
ROLE = coded(*ROLES)
CSWW_ROLE = Values((1, 2, 3, 4, 5, 6), _each((0, 7, "5", -1, 1.5, "case-holder"), "one of 1, 2, 3, 4, 5 or 6"))
ORIGIN = coded(
    "newly-qualified", "other-english-authority", "outside-england", "agency-or-consultancy", "other-social-work",
    "other-social-care", "not-social-care", "other", "not-known", "not-yet-collected",
)  # fmt: skip
ROUTE = coded(
    "academy", "return-to-practice", "step-up", "frontline", "apprenticeship", "agency-conversion", "open-evening",
    "refer-a-friend", "direct",
)  # fmt: skip
DESTINATION = coded(
    "other-english-authority", "outside-england", "agency-or-consultancy", "other-social-work", "other-social-care",
    "not-social-care", "other", "not-known", "not-yet-collected",
)  # fmt: skip
LEAVING_REASON = coded(
    "resignation", "voluntary-redundancy", "compulsory-redundancy", "dismissed", "retired", "deceased",
    "moved-within-authority", "other", "not-known", "not-yet-collected",
)  # fmt: skip
EMPLOYMENT = coded("permanent", "fixed-term", "seconded-in")
MOVE_KIND = coded("move", "promotion", "progression", "secondment", "return-from-secondment")
STAGE = coded(
    "interested", "attended", "applied", "shortlisted", "interviewed", "offered", "accepted", "started", "withdrawn",
    "rejected",
)  # fmt: skip
COVER_REASON = coded("vacancy", "absence", "additional")
COVER_OUTCOME = coded("completed", "converted-to-permanent", "ended-by-agency", "ended-by-authority", "not-known")
PANEL_KIND = coded("advanced-social-worker", "asye")
DECISIONS = ("successful", "unsuccessful", "passed", "failed", "deferred")
DECISION = Values(("passed", "failed", "deferred"), coded(*DECISIONS).refused)
"""Those of the end of the ASYE year: of each kind of panel all five are tried elsewhere."""
ABSENCE_REASON = coded("MAT", "OTH", "PUB", "SIC", "TRN", "UNA", "UNP")
DEMAND = coded("children-looked-after", "child-protection-plans", "children-in-need")
OFFER = coded("clinical-supervision", "wellbeing", "coaching")
INITIATIVE = coded("retention-payment", "open-evening", "progression-pathway", "regrading", "other")
WITHDRAWAL = coded("entered-in-error", "cancelled", "duplicate")

_LIST = "a list"
LIST_OF_ROLES = Values(([], ["social-worker"], list(ROLES)), _each(("social-worker", 1, {}, None), _LIST))
LIST_OF_TOKENS = Values(([], ["P-1"], ["P-1", "P-1", "a" * 64]), _each(("P-1", 1, {}, None), _LIST))
LATER = Values(("1948-01-02", *DATE.taken[1:]), DATE.refused)
"""A date after 1 January 1948, on which something began."""
