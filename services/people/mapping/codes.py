"""Codes and names: what a file says, by the tables of a mapping.

Invariant: a value matches a code by the table or by being the code, never by being like it.
"""

import re
from collections.abc import Callable, Mapping
from enum import Enum, IntEnum
from typing import Any

from contracts.values import PATTERNS_IN_WORDS, SLUG_PATTERN
from services.people.mapping.trouble import LeaveOut, Trouble, plain

REJECT, LEAVE_OUT, BLANK, SPELL = "reject", "leave-out", "blank", "spell"
_MOST_TOLD = 12
_SLUG = re.compile(SLUG_PATTERN)
_LONGEST_NAME = 64


def folded(text: str) -> str:
    """A value as tables are searched: capitals and blanks make no difference."""
    return " ".join(text.split()).casefold()


def choices_of(codes: type[Enum]) -> dict[str, Enum]:
    """The codes of a set by what a mapping may write for them: the code, and its name with hyphens."""
    by_name = {code.name.lower().replace("_", "-"): code for code in codes}
    return {**by_name, **{str(code.value): code for code in codes}}


def told(codes: type[Enum]) -> str:
    """The codes of a set, for people."""
    if issubclass(codes, IntEnum):
        return ", ".join(f"{code.value} ({code.name.lower().replace('_', '-')})" for code in codes)
    return ", ".join(str(code.value) for code in codes)


def named(text: str) -> str:
    """A name of a team and the like, spelt as contracts have it: `MASH & Assessment` is `mash-and-assessment`."""
    words = re.sub(r"[^a-z0-9]+", "-", text.casefold().replace("&", " and ").replace("'", "").replace("’", ""))
    found = words.strip("-")
    if not _SLUG.fullmatch(found) or len(found) > _LONGEST_NAME:
        raise Trouble("cannot be spelt as a name", f"{PATTERNS_IN_WORDS[SLUG_PATTERN]}; or a table in the mapping")
    return found


def code_reader(
    table: Mapping[str, Any], expected: str, unmatched: Any, blank: Any, spell: bool = False
) -> Callable[[str], Any]:
    """What reads a coded cell: its code, None where it is blank; raises Trouble, or LeaveOut by the table's word.

    `table` is by folded text; `unmatched` is REJECT, LEAVE_OUT, BLANK, or the code to take. `spell`: what is not in the
    table is a name.
    """

    def read(cell: str) -> Any:
        text = plain(cell)
        if not text:
            return blank
        found = table.get(folded(text), unmatched)
        if found == LEAVE_OUT:
            raise LeaveOut(f"code left out: {text}")
        if found == BLANK:
            return None
        if found == REJECT:
            if spell:
                return named(text)
            raise Trouble("matches no code of the mapping", expected)
        return found

    return read


def expected_of(table: Mapping[str, str]) -> str:
    """What would be right where a table decides: what it has, in words."""
    known = list(table)
    more = "" if len(known) <= _MOST_TOLD else f" and {len(known) - _MOST_TOLD} more"
    return f"one of {', '.join(known[:_MOST_TOLD])}{more}, or a line for it in the table of the mapping"
