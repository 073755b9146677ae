"""Which rows of one subject can be true together.

Invariant: of each thing one statement stands for each day. Rows that contradict one another are all rejected, for
nobody can know which of them is right.
"""

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any

from services.people.mapping.model import FileMapping
from services.people.mapping.rows import NamedRow, fault_of
from services.people.mapping.trouble import Trouble
from services.people.statements import (
    Begins,
    CoverStated,
    History,
    HoldingStated,
    Kind,
    PostStated,
    RowFault,
    RowLeftOut,
    Statement,
)

Stated = tuple[NamedRow, Statement]

_THINGS = {Kind.POSTS: "post", Kind.HOLDINGS: "post of the same person", Kind.COVERS: "assignment"}
_ONE_START = (
    "one row at a time; or in the mapping `begins: row` (if a row begins when its FTE or grade does), or `holding` (a "
    "key for each time that somebody is in the post)"
)


@dataclass(slots=True)
class Apart:
    """The statements that do not contradict each other, in the order of the rows, and the faults of the other rows."""

    statements: list[Statement] = field(default_factory=list)
    faults: list[RowFault] = field(default_factory=list)
    left_out: list[RowLeftOut] = field(default_factory=list)


class TellingApart:
    """Tells apart the rows of one subject, by the mapping of their file."""

    def __init__(self, file_mapping: FileMapping) -> None:
        self._kind = file_mapping.kind
        self._rules = file_mapping.rules
        policy = file_mapping.policy
        starts_of_things = policy.history is History.CURRENT and policy.begins is Begins.THING
        self._one_start_each = starts_of_things and self._kind in _THINGS

    def __call__(self, stated: Sequence[Stated]) -> Apart:
        """What stands of these rows."""
        if len(stated) < 2:
            return Apart([statement for _, statement in stated])
        apart = Apart()
        kept = self._each_day_once(stated, apart)
        if self._one_start_each:
            kept = self._each_with_one_start(kept, apart)
        apart.statements = [statement for _, statement in kept]
        return apart

    def _each_day_once(self, stated: Sequence[Stated], apart: Apart) -> list[Stated]:
        """The statements of which each thing has one for each day."""
        by_identity: dict[Any, list[Stated]] = {}
        for row, statement in stated:
            by_identity.setdefault(_identity(statement), []).append((row, statement))
        kept = []
        for same in by_identity.values():
            row, first = same[0]
            if self._rules.made_posts and len(same) > 1:
                first = _added_up([statement for _, statement in same])
            elif any(_content(statement) != _content(first) for _, statement in same):
                apart.faults += [self._contradicts(one, same) for one, _ in same]
                continue
            else:
                again = f"the same again as row {row.number}"
                apart.left_out += [RowLeftOut(one.number, again) for one, _ in same[1:]]
            kept.append((row, first))
        return kept

    def _contradicts(self, row: NamedRow, same: Sequence[Stated]) -> RowFault:
        others = ", ".join(str(one.number) for one, _ in same if one.number != row.number)
        trouble = Trouble(f"stands in row {others} too, with other content for the same day", "one row for each day")
        return fault_of(trouble, self._rules.subject, row)

    def _each_with_one_start(self, stated: list[Stated], apart: Apart) -> list[Stated]:
        """The statements without those that hold on the same days and say two starts of one thing.

        Taken one after the other each would correct the one before, and nobody would be told.
        """
        of_things: dict[Any, list[Statement]] = {}
        for _, statement in stated:
            of_things.setdefault(_identity(statement)[0], []).append(statement)
        clashing = {row.row: beside.row for rows in of_things.values() for row, beside in _at_once(rows)}
        reader = self._rules.fields.get("holds_from", self._rules.subject)
        for row, _ in stated:
            if row.number in clashing:
                problem = f"is another start of the same {_THINGS[self._kind]} than row {clashing[row.number]} says"
                apart.faults.append(fault_of(Trouble(problem, _ONE_START), reader, row))
        return [(row, statement) for row, statement in stated if row.number not in clashing]


def _identity(statement: Statement) -> Any:
    """What there may be one statement of."""
    if isinstance(statement, PostStated):
        return (statement.post, statement.holds_from)
    if isinstance(statement, HoldingStated):
        return (statement.holding, statement.holds_from)
    if isinstance(statement, CoverStated):
        return (statement.cover, statement.holds_from)
    return (statement.data.event_type, statement.subject, statement.key)


def _content(statement: Statement) -> Statement:
    return dataclasses.replace(statement, row=0)


def _added_up(statements: list[Statement]) -> Statement:
    """One post of a unit and role, funded for what its rows add up to."""
    posts = [one for one in statements if isinstance(one, PostStated)]
    total = sum((one.funded_fte for one in posts), Decimal(0))
    return dataclasses.replace(posts[0], funded_fte=total)


def _at_once(statements: list[Statement]) -> Iterator[tuple[Statement, Statement]]:
    """The rows of one thing that hold on a day on which another one holds, each with that one."""
    dated = [one for one in statements if isinstance(one, PostStated | HoldingStated | CoverStated)]
    dated.sort(key=lambda one: (one.holds_from or date.min, one.row))
    for earlier, later in pairwise(dated):
        left = earlier.left_on if isinstance(earlier, HoldingStated) else None
        ends = [end for end in (earlier.holds_until, left) if end is not None]
        if not ends or later.holds_from is None or min(ends) > later.holds_from:
            yield earlier, later
            yield later, earlier
