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
_EXPECTED = PATTERNS_IN_WORDS[TOKEN_PATTERN]


def reference_reader(rule: ReferenceRule) -> Callable[[str], str]:
    """What reads a reference by the rule of its source: "" where the cell is blank; raises Trouble."""

    short = not rule.prefix and not rule.replace

    def read(cell: str) -> str:
        if short and cell.isalnum() and cell.isascii() and len(cell) <= LONGEST_TOKEN:
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
        text = written(text, rule)
        if not _TOKEN.fullmatch(text):
            raise Trouble("is no reference", _EXPECTED)
        return text

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
