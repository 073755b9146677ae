"""Codes and names: what the values of a file mean, by the tables of a mapping.

Invariant: a value matches a code by the table or by being the code, never by similarity.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from enum import Enum, IntEnum
from typing import Any

from contracts.near_names import near_first
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
    """The codes of a set, by what a mapping may write for each: the code, or its name with hyphens."""
    by_name = {code.name.lower().replace("_", "-"): code for code in codes}
    return {**by_name, **{str(code.value): code for code in codes}}


def codes_in_words(codes: type[Enum]) -> str:
    """The codes of a set, as people read them."""
    if issubclass(codes, IntEnum):
        return ", ".join(f"{code.value} ({code.name.lower().replace('_', '-')})" for code in codes)
    return ", ".join(str(code.value) for code in codes)


def named(text: str) -> str:
    """A name of a team and the like, spelt as contracts have it: `MASH & Assessment` is `mash-and-assessment`."""
    words = re.sub(r"[^a-z0-9]+", "-", text.casefold().replace("&", " and ").replace("'", "").replace("’", ""))
    name = words.strip("-")
    if not _SLUG.fullmatch(name) or len(name) > _LONGEST_NAME:
        raise Trouble("cannot be spelt as a name", f"{PATTERNS_IN_WORDS[SLUG_PATTERN]}; or a table in the mapping")
    return name


def code_reader(
    table: Mapping[str, Any],
    expected: str,
    unmatched: Any,
    blank: Any,
    spell: bool = False,
    texts: Iterable[str] = (),
) -> Callable[[str], Any]:
    """A function that reads a coded cell: its code, or None if it is blank.

    It raises Trouble, or LeaveOut where the table says so. The keys of `table` are folded texts. `unmatched` is REJECT,
    LEAVE_OUT, BLANK, or the code to take. With `spell`, what is not in the table is a name. `texts` are those of
    the table as the mapping spells them, for whoever mistyped one.
    """

    def read(cell: str) -> Any:
        text = plain(cell)
        if not text:
            return blank
        code = table.get(folded(text), unmatched)
        if code == LEAVE_OUT:
            # The names of rules are told to all, and are kept as they are: what no table knows may be anything.
            raise LeaveOut(f"code left out: {text if folded(text) in table else 'in no table'}")
        if code == BLANK:
            return None
        if code == REJECT:
            if spell:
                return named(text)
            raise Trouble("matches no code of the mapping", near_first(folded(text), texts or table, expected))
        return code

    return read


def expected_of(table: Mapping[str, str]) -> str:
    """What would be right where a table decides: its entries, in words."""
    known = list(table)
    more = "" if len(known) <= _MOST_TOLD else f" and {len(known) - _MOST_TOLD} more"
    return f"one of {', '.join(known[:_MOST_TOLD])}{more}, or a line for it in the table of the mapping"
