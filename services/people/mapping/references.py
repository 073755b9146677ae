"""References: the numbers that people, posts and assignments have in a source, in one spelling.

Invariant: a reference is text. Two spellings that the source's rule makes equal are one person.
"""

import re
from collections.abc import Callable

from contracts.values import PATTERNS_IN_WORDS, TOKEN_PATTERN
from services.people.mapping.fields import ReferenceRule
from services.people.mapping.trouble import Trouble, plain

LONGEST_TOKEN = 64
_TOKEN = re.compile(TOKEN_PATTERN)
_DIGITS_LOST = re.compile(r"\d(\.\d+)?E\+\d+", re.IGNORECASE)
_FLOAT = re.compile(r"(\d+)\.0+")
_WITH_A_DIGIT = "a number as P-0412; or `without_digits: true` for this kind under `references` in the mapping"
_EXPECTED = PATTERNS_IN_WORDS[TOKEN_PATTERN]


def reference_reader(rule: ReferenceRule, numbered: bool = False) -> Callable[[str], str]:
    """A function that reads a reference by the rule of its source: "" if the cell is blank. It raises Trouble.

    `numbered`: it is published, and has a digit; a word alone may be the name of a person.
    """

    short = not rule.prefix and not rule.replace

    def read(cell: str) -> str:
        if short and cell.isalnum() and not cell.isalpha() and cell.isascii() and len(cell) <= LONGEST_TOKEN:
            return written(cell, rule)  # the quick way, for each row of a file takes it
        text = plain(cell)
        if not text:
            return ""
        if _DIGITS_LOST.fullmatch(text):
            raise Trouble(
                "is a number that a spreadsheet has shortened: its last digits are lost", "the reference as text"
            )
        if text.endswith("0") and (whole := _FLOAT.fullmatch(text)):
            text = whole[1]
        reference = written(text, rule)
        if not _TOKEN.fullmatch(reference):
            raise Trouble("is not a reference", _EXPECTED)
        # What a rule puts before it makes no number of a name.
        if numbered and not any(map(str.isdigit, text)):
            raise Trouble("has no digit, and may be a name", _WITH_A_DIGIT)
        return reference

    return read


def written(text: str, rule: ReferenceRule) -> str:
    """A reference in the one spelling of its source."""
    for old, new in rule.replace.items():
        text = text.replace(old, new)
    if rule.upper:
        text = text.upper()
    if rule.strip_zeros:
        text = text.lstrip("0") or "0"
    if rule.pad_to:
        text = text.zfill(rule.pad_to)
    if rule.prefix and not text.startswith(rule.prefix):
        text = rule.prefix + text
    return text
