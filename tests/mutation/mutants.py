"""The mutants of a file: each is the file with one small mistake in it.

Cosmic Ray makes them; which of its operators, and which of ours, is said here. Left out are type annotations and
parameters' markers, where a mistake is no mistake of the program.
Invariant: a mutant is known by its file, the function it is in, and the lines it changes, never by a line's number.
"""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import parso
from cosmic_ray.ast import ast_nodes
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import OPERATOR_PROVIDERS, get_operator

from tests.mutation.operators import OWN, callee

OPERATOR_PROVIDERS["own"] = OWN
OPERATORS = (
    *(
        f"core/ReplaceComparisonOperator_{pair}"
        for pair in (
            *("Lt_LtE", "LtE_Lt", "Gt_GtE", "GtE_Gt", "Lt_GtE", "LtE_Gt", "Gt_LtE", "GtE_Lt"),
            *("Eq_NotEq", "NotEq_Eq", "Is_IsNot", "IsNot_Is"),
        )
    ),
    *(
        f"core/ReplaceBinaryOperator_{pair}"
        for pair in (
            "Add_Sub",
            "Sub_Add",
            "Mul_Div",
            "Div_Mul",
            "FloorDiv_Div",
            "Mod_FloorDiv",
            "BitOr_BitAnd",
            "BitAnd_BitOr",
        )
    ),
    "core/ReplaceUnaryOperator_USub_UAdd",
    "core/ReplaceUnaryOperator_Delete_Not",
    "core/ReplaceTrueWithFalse",
    "core/ReplaceFalseWithTrue",
    "core/ReplaceAndWithOr",
    "core/ReplaceOrWithAnd",
    "core/ReplaceBreakWithContinue",
    "core/ReplaceContinueWithBreak",
    "core/NumberReplacer",
    "core/ZeroIterationForLoop",
    *(f"own/{name}" for name in OWN),
)
MOST_IN_AN_EXAMPLE = 10
NO_PART_OF_THE_PROGRAM = ("tfpdef", "annassign", "parameters", "import_from", "import_name", "decorator")
"""Kinds of nodes: parameters with their types, annotations, imports."""


@dataclass(frozen=True)
class Mutant:
    """A mistake that can be made in a file, from line `first` to `last`: `operator` at its occurrence `index`.

    `statement` is the outermost one that it is in, which stands between `before` and `after`.
    """

    file: str
    before: str
    statement: str
    after: str
    within: str
    operator: str
    index: int
    first: int
    last: int

    @cached_property
    def mistaken(self) -> str:
        """The statement with the mistake; empty where it would be no Python, or the same."""
        code = mutate_code(self.statement, get_operator(self.operator)(), self.index)
        if code is None or code == self.statement:
            return ""
        try:
            compile(code, self.file, "exec")
        except SyntaxError:
            return ""
        return str(code)

    @property
    def code(self) -> str:
        """The whole file with the mistake; empty where there is none."""
        return self.before + self.mistaken + self.after if self.mistaken else ""

    @cached_property
    def change(self) -> str:
        """The lines that go, with `-`, and those that come, with `+`."""
        lines = difflib.unified_diff(self.statement.splitlines(), self.mistaken.splitlines(), lineterm="", n=0)
        return "\n".join(f"{line[0]} {line[1:].strip()}" for line in list(lines)[2:] if line[0] in "+-")

    @property
    def identity(self) -> tuple[str, str, str]:
        """What it is known by."""
        return self.file, self.within, self.change


def mutants_of(file: str, root: Path) -> Iterator[Mutant]:
    """Every mutant of the file, whose path is from `root` on."""
    before, after = "", (root / file).read_text(encoding="utf-8")
    for statement in parso.parse(after).children:
        code = statement.get_code()
        after = after[len(code) :]
        nodes = [(node, _counts(node)) for node in ast_nodes(statement)]
        for operator in OPERATORS:
            made, index = get_operator(operator)(), 0
            for node, counts in nodes:
                for start, end in made.mutation_positions(node):
                    if counts:
                        yield Mutant(file, before, code, after, _within(node), operator, index, start[0], end[0])
                    index += 1
        before += code


def tried_on_examples() -> None:
    """Try each operator of ours on its example. Raises AssertionError where one makes another mistake."""
    for name, operator in OWN.items():
        before, after = operator.example
        made = [mutate_code(before, operator(), index) or "" for index in range(MOST_IN_AN_EXAMPLE)]
        for expected in after:
            assert any(expected in code for code in made), f"{name} does not make {expected!r} of {before!r}"


def _counts(node: Any) -> bool:
    child, above = node, node.parent
    while above is not None and above.type not in ("suite", "file_input", "simple_stmt"):
        if above.type in NO_PART_OF_THE_PROGRAM and not _value(above, child):
            return False
        if above.type == "funcdef" and above.annotation is child:
            return False
        if above.type == "argument" and _only_makes_sure(above):
            return False
        child, above = above, above.parent
    return not (node.type == "string" and node.parent.type == "simple_stmt")


def _only_makes_sure(argument: Any) -> bool:
    """Whether it is `strict` of `zip`, which changes no answer of a program without faults."""
    if getattr(argument.children[0], "value", "") != "strict":
        return False
    call = argument.parent if argument.parent.type == "trailer" else argument.parent.parent
    return callee(call) == "zip"


def _value(above: Any, child: Any) -> bool:
    """Whether this is the value that is given to what is annotated, or to a parameter."""
    if above.type == "annassign":
        return bool(len(above.children) > 3 and above.children[3] is child)
    return bool(above.type == "parameters" and child.type == "param")


def _within(node: Any) -> str:
    names = []
    above = node
    while above is not None:
        if above.type in ("funcdef", "classdef"):
            names.append(above.name.value)
        elif above.type == "expr_stmt" and above.parent.parent.type == "file_input" and not names:
            names.append(above.children[0].get_code(include_prefix=False).strip())
        above = above.parent
    return ".".join(reversed(names)) or "(module)"
