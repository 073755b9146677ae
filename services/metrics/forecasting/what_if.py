"""Whether a change can be seen in a forecast and, if not, how long a forecast would show it.

Invariant: a change that makes no difference is either what is expected anyway, or has no way to act in time.
"""

from datetime import date

from services.metrics.forecasting.forecast import LONGEST, NEXT_TO_NOTHING, Forecast, forecast
from services.metrics.forecasting.simulation import Change
from services.metrics.snapshot.snapshot import Snapshot


def is_usual(name: str, change: Change, made: Forecast, months: int) -> bool:
    """Whether a change is to what is expected anyway. Then its difference is 0, and that is the answer."""
    usual = {
        "intake": float(made.academy.usual_intake),
        "turnover_lower_by": 0.0,
        "conversions": made.rates.conversions * months / 12,
    }
    return bool(abs(getattr(change, name) - usual[name]) < NEXT_TO_NOTHING)


def what_would_act(snapshot: Snapshot, as_at: date, months: int, name: str, alone: Change, made: Forecast) -> str:
    """In words what to ask for in place of a change that cannot act within so many months."""
    first_length = first_length_that_shows(snapshot, as_at, months, name, alone)
    if first_length is not None:
        length, acts_from = first_length
        return f"months={length} or more: it acts from {acts_from} on"
    known = sum(made.academy.entering) * 12 / months
    if name == "intake" and known > made.academy.usual_intake:
        return f"more than {known:g}: so many a year are known to enter, and count towards it"
    return f"another change: within {LONGEST} months this one opens and fills no vacancy"


def first_length_that_shows(
    snapshot: Snapshot, as_at: date, months: int, name: str, alone: Change
) -> tuple[int, date] | None:
    """The fewest months, more than so many, that show a change, and from when on it acts; None where none do."""
    if months == LONGEST or (far := forecast(snapshot, as_at, LONGEST, None, alone)).acts[name] is None:
        return None
    months_ahead = next(
        months_ahead for months_ahead, month in enumerate(far.months, 1) if month.as_at == far.acts[name]
    )
    length = max(months_ahead, months + 1)
    acts_from = forecast(snapshot, as_at, length, None, alone).acts[name]
    # What counts towards a change in few months (entrants who are known of) can hide it there.
    return (length, acts_from) if acts_from is not None else (LONGEST, far.acts[name] or as_at)
