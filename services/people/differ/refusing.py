"""Which deliveries are refused whole, before any of their rows counts.

Invariant: what is refused changes nothing.
"""

from dataclasses import dataclass

from contracts.refusal import Fault
from services.people.statements import Extract, Policy


@dataclass(frozen=True, slots=True)
class Delivery:
    """An extract, how many subjects it names, and how its columns are laid out: a text that is alike where the columns
    that the mapping reads are (their names, sorted, say).
    """

    extract: Extract
    subjects: int
    layout: str


def refused(last: Delivery | None, now: Delivery, policy: Policy, *, confirmed: bool = False) -> Fault | None:
    """Why a delivery is refused, given the last one of its authority, feed and kind that was taken in.

    `confirmed`: a person has looked, and says that it really is so much smaller, or laid out otherwise.
    """
    raise NotImplementedError
