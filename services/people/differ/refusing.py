"""Which deliveries are refused whole, before any of their rows counts.

Invariant: what is refused changes nothing.
"""

from dataclasses import dataclass

from contracts.refusal import Fault
from services.people.statements import Extract, History, Kind, Policy


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

    `confirmed`: a person has looked, and says that it really is so much smaller, or laid out otherwise. What is older
    than the last is refused all the same: what came after it has been told already.
    """
    if last is None:
        return None
    return _older(last.extract, now.extract) or (
        None if confirmed else _other(last, now) or _smaller(last, now, policy)
    )


def _older(last: Extract, now: Extract) -> Fault | None:
    if now.as_at < last.as_at:
        problem = "is before the date of the last extract, of which the rows count already"
        return Fault("as_at", problem, f"{last.as_at} or later", str(now.as_at))
    if now.recorded_at <= last.recorded_at:
        problem = "is not after the instant at which the last extract was recorded"
        return Fault("recorded_at", problem, f"later than {last.recorded_at.isoformat()}", now.recorded_at.isoformat())
    return None


def _other(last: Delivery, now: Delivery) -> Fault | None:
    if now.layout == last.layout:
        return None
    return Fault("layout", "is another than that of the last extract", last.layout, now.layout)


def _smaller(last: Delivery, now: Delivery, policy: Policy) -> Fault | None:
    if now.extract.kind is Kind.CHANGES and policy.history is History.CURRENT:
        return None  # a change file names only what is new
    least = last.subjects * policy.smallest_share
    if now.subjects >= least:
        return None
    problem = f"names {now.subjects} subjects, and the last extract named {last.subjects}"
    return Fault("rows", problem, f"at least {-(-least // 1)} subjects, or somebody's word that so few are right")
