"""What an extract changes about one subject.

Invariant: the same rows twice give no events; what an event states depends on the rows and the state before alone.
"""

from collections.abc import Sequence

from services.people.facts import Difference, SubjectState
from services.people.statements import Extract, Policy, Statement


def subject_of(statement: Statement) -> str:
    """Of which subject of events a statement is, as `worker/W-0001`: the statements of one go to `difference` together."""
    raise NotImplementedError


def difference(
    before: SubjectState | None, statements: Sequence[Statement], extract: Extract, policy: Policy
) -> Difference:
    """What an extract says of one subject that was not said before. `statements` are all of its rows, in any order."""
    raise NotImplementedError


def missing(before: SubjectState, extract: Extract, policy: Policy) -> Difference:
    """What it means that an extract does not name a subject that one before it named."""
    raise NotImplementedError
