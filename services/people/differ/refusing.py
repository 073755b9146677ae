"""Which deliveries are refused as a whole, before any of their rows counts.

Invariant: a refused delivery changes nothing.
"""

from dataclasses import dataclass

from contracts.refusal import Fault
from services.people.statements import Extract, History, Kind, Policy


@dataclass(frozen=True, slots=True)
class Delivery:
    """An extract, how many subjects it names that no rule leaves out, and its layout. The layout is a text that is
    equal for equal sets of mapped columns (their names, sorted).
    """

    extract: Extract
    subjects: int
    layout: str


def refused(last: Delivery | None, now: Delivery, policy: Policy, *, confirmed: bool = False) -> Fault | None:
    """Why a delivery is refused; None if it is not. It is compared with the last one of its authority, feed and
    kind.

    `confirmed`: a person has looked, and says that it really is so much smaller or has another layout. A delivery
    older than the last one is refused all the same, because events of the later one have been sent already.
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
    return Fault("layout", "is not that of the last extract", last.layout, now.layout)


def _smaller(last: Delivery, now: Delivery, policy: Policy) -> Fault | None:
    if now.extract.kind is Kind.CHANGES and policy.history is History.CURRENT:
        return None  # a change file names only what is new
    least = last.subjects * policy.smallest_share
    if now.subjects >= least:
        return None
    problem = f"name {now.subjects} subjects that no rule leaves out, and those of the last extract {last.subjects}"
    return Fault("rows", problem, f"at least {-(-least // 1)} subjects, or somebody's word that so few are right")
