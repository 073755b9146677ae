"""Mistakes in SQL, which Cosmic Ray takes for text: a condition, an order or a lock that is lost; a boundary.

Invariant: only text that is a statement is changed.
"""

import re
from collections.abc import Iterator
from typing import Any

STATEMENT = re.compile(r"\b(SELECT|UPDATE|INSERT INTO|DELETE FROM)\s")
NEXT = ("AND", "OR", "ORDER BY", "GROUP BY", "LIMIT", "RETURNING", "FOR UPDATE", "UNION", "ON CONFLICT")
END = rf"(?=\s*(?:\b(?:{'|'.join(NEXT)})\b|\)\s*(?:$|,|AS)|\"|$))"
"""Before what a condition ends."""
CONDITION = r"(?:\([^()]*\)|(?!\bAND\b|\bOR\b)[^()\n])"
"""A character of it, or what stands in brackets."""
SLIPS = (
    (re.compile(rf"\bAND\b{CONDITION}*?{END}", re.MULTILINE), ""),
    (re.compile(rf"(?<=\bWHERE ){CONDITION}*?\s*\bAND\s"), ""),
    (re.compile(r"\bORDER BY\b[^\n)\"]*?(?=\bLIMIT\b|\bFOR\b|\)|\"|$)", re.MULTILINE), ""),
    (re.compile(r"\bLIMIT \S+"), ""),
    (re.compile(r"\bFOR (?:NO KEY )?(?:UPDATE|SHARE)(?: OF \w+)?(?: SKIP LOCKED| NOWAIT)?"), ""),
    (re.compile(r" SKIP LOCKED"), ""),
    (re.compile(r"\bDISTINCT (?!ON)"), ""),
    (re.compile(r"\bLEFT JOIN\b"), "JOIN"),
    (re.compile(r" DESC\b"), ""),
    (re.compile(r"(?<![<>=!-])<(?![<>=@])"), "<="),
    (re.compile(r"<=(?!>)"), "<"),
    (re.compile(r"(?<![<>=!-])>(?![<>=])"), ">="),
    (re.compile(r"(?<!<)>="), ">"),
    (re.compile(r"\bgreatest\("), "least("),
    (re.compile(r"\bleast\("), "greatest("),
    (re.compile(r"\bmin\("), "max("),
    (re.compile(r"\bmax\("), "min("),
    (re.compile(r"\bIS NOT NULL\b"), "IS NULL"),
    (re.compile(r"\bIS NULL\b"), "IS NOT NULL"),
    (re.compile(r"(?<!IF )\bNOT EXISTS\b"), "EXISTS"),
    (re.compile(r"(?<=\w) \+ (?=\w)"), " - "),
    (re.compile(r"(?<=\w) - (?=\w)"), " + "),
)


def slips(text: str) -> list[tuple[int, int, str]]:
    """Each mistake that can be made: from where to where, and what stands there then."""
    if not STATEMENT.search(text):
        return []
    return [
        (match.start(), match.end(), instead)
        for pattern, instead in SLIPS
        for match in pattern.finditer(text)
        if match.group()
    ]


class SqlSlip:
    """One of these mistakes, as an operator of Cosmic Ray."""

    example = (
        'x = "SELECT a FROM b WHERE c = $1 AND d < $2 ORDER BY a"',
        (
            'x = "SELECT a FROM b WHERE c = $1  ORDER BY a"',
            'x = "SELECT a FROM b WHERE d < $2 ORDER BY a"',
            'x = "SELECT a FROM b WHERE c = $1 AND d < $2 "',
            'x = "SELECT a FROM b WHERE c = $1 AND d <= $2 ORDER BY a"',
        ),
    )

    def mutation_positions(self, node: Any) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
        if node.type in ("string", "fstring_string"):
            for start, end, _ in slips(node.value):
                yield _position(node, start), _position(node, end)

    def mutate(self, node: Any, index: int) -> Any:
        start, end, instead = slips(node.value)[index]
        node.value = node.value[:start] + instead + node.value[end:]
        return node


def _position(node: Any, offset: int) -> tuple[int, int]:
    before = node.value[:offset]
    line = node.start_pos[0] + before.count("\n")
    return line, len(before) - before.rfind("\n") - 1 if "\n" in before else node.start_pos[1] + offset
