"""Mistakes in Python that people make and Cosmic Ray does not: a statement or a condition left out, arguments swapped.

An operator is what Cosmic Ray takes for one: `mutation_positions` gives a position for each mistake that can be made at
a node of parso's tree, `mutate` makes the one of that index. Invariant: each has an example, tried before every run.
"""

from collections.abc import Iterator
from typing import Any

import parso

from tests.mutation.sql import SqlSlip

Node = Any
Position = tuple[tuple[int, int], tuple[int, int]]
NOT_WORTH_A_TEST = ("log", "logger", "warnings", "console")
"""What is told to people who read logs: a line less of it is no wrong figure."""
FOR_SAFETY = ("strict", "slots", "frozen", "repr", "exc_info")
"""Arguments that change no answer of a program without faults: left out they are no mistake."""
IN_ANY_ORDER = ("min", "max", "isinstance", "issubclass", "cast")
"""Calls whose arguments say the same in any order, or fall over at once in another."""
NAMES = {
    "min": "max",
    "max": "min",
    "any": "all",
    "all": "any",
    "floor": "ceil",
    "ceil": "floor",
    "bisect_left": "bisect_right",
    "bisect_right": "bisect_left",
    "issuperset": "issubset",
    "issubset": "issuperset",
    "startswith": "endswith",
    "intersection": "union",
    "union": "intersection",
    "append": "remove",
}


def _at(node: Node) -> Position:
    return node.start_pos, node.end_pos


def _code(text: str) -> Node:
    return parso.parse(text)


class ConditionFixed:
    """A condition that is always so, or never: a branch is dropped."""

    example = ("if a:\n    b\n", ("if True:\n    b\n", "if False:\n    b\n"))

    def mutation_positions(self, node: Node) -> Iterator[Position]:
        for at, values in self._conditions(node):
            for _ in values:
                yield _at(node.children[at])

    def mutate(self, node: Node, index: int) -> Node:
        at, value = [(at, value) for at, values in self._conditions(node) for value in values][index]
        node.children[at] = _code(f" {value}")
        return node

    def _conditions(self, node: Node) -> list[tuple[int, tuple[str, ...]]]:
        if node.type == "if_stmt":
            return [
                (at + 1, ("True", "False"))
                for at, child in enumerate(node.children)
                if child.type == "keyword" and child.value in ("if", "elif")
                if node.children[at + 1].get_code().strip() != "TYPE_CHECKING"
            ]
        if node.type == "while_stmt" and node.children[1].get_code().strip() != "True":
            return [(1, ("False",))]
        if node.type == "test":
            return [(2, ("True", "False"))]
        return []


class FilterDropped:
    """The `if` of a comprehension is left out."""

    example = ("[a for a in b if a]", ("[a for a in b]",))

    def mutation_positions(self, node: Node) -> Iterator[Position]:
        if node.type == "comp_if":
            yield _at(node)

    def mutate(self, node: Node, index: int) -> Node:
        return node.children[2] if len(node.children) > 2 else None


class OperandDropped:
    """One of the conditions joined by `and` or `or` is left out."""

    example = ("x = a and b", ("x = b", "x = a"))

    def mutation_positions(self, node: Node) -> Iterator[Position]:
        if node.type in ("and_test", "or_test"):
            for operand in node.children[::2]:
                yield _at(operand)

    def mutate(self, node: Node, index: int) -> Node:
        first = max(0, 2 * index - 1)
        prefix = node.children[0].get_first_leaf().prefix
        del node.children[first : first + 2]
        node.children[0].get_first_leaf().prefix = prefix
        return node


class ArgumentSlip:
    """Two arguments are exchanged, or one that has a name is left out."""

    example = ("f(a, b, c=d, e=g)", ("f(b, a, c=d, e=g)", "f(a, b, e=g)", "f(a, b, c=d)"))

    def mutation_positions(self, node: Node) -> Iterator[Position]:
        # All at once: between two of them Cosmic Ray makes the mistake.
        arguments = self._arguments(node)
        yield from [_at(arguments[first]) for first, _ in self._slips(node)]

    def mutate(self, node: Node, index: int) -> Node:
        first, swapped = self._slips(node)[index]
        arguments = self._arguments(node)
        if swapped:
            one, other = arguments[first], arguments[first + 1]
            prefixes = [argument.get_first_leaf().prefix for argument in (one, other)]
            children = node.children[1].children
            left, right = children.index(one), children.index(other)
            children[left], children[right] = other, one
            other.get_first_leaf().prefix, one.get_first_leaf().prefix = prefixes
        elif len(arguments) == 1:
            node.children = [node.children[0], node.children[-1]]
        else:
            children = node.children[1].children
            at = children.index(arguments[first])
            del children[max(0, at - 1) : at + 1 if at else at + 2]
        return node

    @staticmethod
    def _arguments(node: Node) -> list[Node]:
        if node.type != "trailer" or node.children[0].value != "(" or len(node.children) < 3:
            return []
        inner = node.children[1]
        return [child for child in inner.children if child.type != "operator"] if inner.type == "arglist" else [inner]

    def _slips(self, node: Node) -> list[tuple[int, bool]]:
        arguments = self._arguments(node)
        if not arguments or callee(node) in IN_ANY_ORDER:
            return []
        plain = [argument.type != "argument" for argument in arguments]
        codes = [argument.get_code().strip() for argument in arguments]
        swaps = [
            (at, True) for at in range(len(arguments) - 1) if plain[at] and plain[at + 1] and codes[at] != codes[at + 1]
        ]
        named = [
            (at, False)
            for at, argument in enumerate(arguments)
            if argument.type == "argument"
            and getattr(argument.children[1], "value", "") == "="
            and argument.children[0].value not in FOR_SAFETY
        ]
        return swaps + named


class StatementDropped:
    """A call, an addition, a `yield` or a `raise` is left out; so is what a `with` holds while its block runs."""

    example = ("a()\nx += 1\nwith b:\n    c\n", ("pass\nx += 1\n", "a()\npass\n", "if True:\n    c\n"))

    def mutation_positions(self, node: Node) -> Iterator[Position]:
        if self._droppable(node):
            yield _at(node.children[0])
        elif self._held(node) is not None:
            yield _at(self._held(node).children[1])

    def mutate(self, node: Node, index: int) -> Node:
        prefix = node.get_first_leaf().prefix
        if self._droppable(node):
            node.children[0] = _code(f"{prefix}pass")
            return node
        block = "".join(child.get_code() for child in self._held(node).children[2:])
        return _code(f"{prefix}if True{block}")

    @staticmethod
    def _droppable(node: Node) -> bool:
        if node.type != "simple_stmt" or _first_name(node.children[0]) in NOT_WORTH_A_TEST:
            return False
        said = node.children[0]
        if said.type in ("atom_expr", "power"):
            last = said.children[-1]
            return bool(last.type == "trailer" and last.children[0].value == "(")
        return said.type in ("yield_expr", "raise_stmt") or (
            said.type == "expr_stmt" and said.children[1].get_code().strip().endswith("=") and _adds(said.children[1])
        )

    @staticmethod
    def _held(node: Node) -> Node:
        """The `with` statement that holds something without a name, at the node where it begins."""
        if node.type == "async_stmt" and node.children[1].type == "with_stmt":
            statement = node.children[1]
        elif node.type == "with_stmt" and node.parent.type != "async_stmt":
            statement = node
        else:
            return None
        return statement if statement.children[2].get_code() == ":" and _plain(statement.children[1]) else None


class HandlerDropped:
    """An exception is caught no longer."""

    example = ("try:\n    a\nexcept (B, C):\n    d\n", ("except ():", "except (C):", "except (B):"))

    def mutation_positions(self, node: Node) -> Iterator[Position]:
        if node.type == "except_clause":
            for _ in range(1 + len(self._several(node))):
                yield _at(node.children[1])

    def mutate(self, node: Node, index: int) -> Node:
        kept = self._several(node)
        if index:
            del kept[index - 1]
        names = ", ".join(name.get_code().strip() for name in kept) + ("," if len(kept) > 1 else "")
        node.children[1] = _code(f" ({names})" if index else " ()")
        return node

    @staticmethod
    def _several(node: Node) -> list[Node]:
        caught = node.children[1]
        if caught.type != "atom" or caught.children[1].type != "testlist_comp":
            return []
        return list(caught.children[1].children[::2])


class MembershipTurned:
    """`in` for `not in`, and the reverse."""

    example = ("x = a in b", ("x = a not in b",))

    def mutation_positions(self, node: Node) -> Iterator[Position]:
        for at in self._indexes(node):
            yield _at(node.children[at])

    def mutate(self, node: Node, index: int) -> Node:
        at = self._indexes(node)[index]
        inside = node.children[at].get_code().strip() == "in"
        node.children[at] = _code(" not in" if inside else " in")
        return node

    @staticmethod
    def _indexes(node: Node) -> list[int]:
        if node.type != "comparison":
            return []
        return [
            at
            for at in range(1, len(node.children), 2)
            if " ".join(node.children[at].get_code().split()) in ("in", "not in")
        ]


class NameTurned:
    """A function for its opposite: min for max, any for all."""

    example = ("x = min(a)", ("x = max(a)",))

    def mutation_positions(self, node: Node) -> Iterator[Position]:
        if node.type == "name" and node.value in NAMES and _is_called(node):
            yield _at(node)

    def mutate(self, node: Node, index: int) -> Node:
        node.value = NAMES[node.value]
        return node


class OrderDropped:
    """What was sorted is taken as it comes."""

    example = ("x = sorted(a, key=b)", ("x = list(a)",))

    def mutation_positions(self, node: Node) -> Iterator[Position]:
        if node.type in ("atom_expr", "power") and self._sorted(node):
            yield _at(node)

    def mutate(self, node: Node, index: int) -> Node:
        inner = node.children[1].children[1]
        taken = inner.children[0] if inner.type == "arglist" else inner
        rest = "".join(child.get_code() for child in node.children[2:])
        return _code(f"{node.get_first_leaf().prefix}list({taken.get_code().strip()}){rest}")

    @staticmethod
    def _sorted(node: Node) -> bool:
        return getattr(node.children[0], "value", "") == "sorted" and len(node.children[1].children) == 3


def callee(trailer: Node) -> str:
    """The name of what is called with these arguments."""
    siblings = trailer.parent.children
    before = siblings[siblings.index(trailer) - 1]
    return str(getattr(before, "value", ""))


def _first_name(node: Node) -> str:
    leaf = node.get_first_leaf()
    return str(leaf.get_next_leaf().value if leaf.value == "await" else leaf.value)


def _adds(node: Node) -> bool:
    return bool(node.type == "operator" and node.value != "=")


def _plain(node: Node) -> bool:
    return bool(node.type != "with_item")


def _is_called(node: Node) -> bool:
    following = node.get_next_leaf()
    return bool(following is not None and following.value == "(" and node.parent.type in ("atom_expr", "trailer"))


OWN = {
    operator.__name__: operator
    for operator in (
        ConditionFixed,
        FilterDropped,
        OperandDropped,
        ArgumentSlip,
        StatementDropped,
        HandlerDropped,
        MembershipTurned,
        NameTurned,
        OrderDropped,
        SqlSlip,
    )
}
"""By name, as Cosmic Ray asks for them."""
