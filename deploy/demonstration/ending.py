"""The day on which the demonstration ends, as the command lines that make it take it.

Invariant: it ends in the past, because no service takes in what was recorded in the future.
"""

import argparse
from datetime import UTC, date, datetime

from deploy.demonstration.published import LAST_DAY
from deploy.demonstration.working_days import DAY

TODAY = "today"
ENDING_HELP = (
    f"go on to that day (as 2025-09-30), or to {TODAY}, with caseloads counted every month; what was recorded up to "
    f"{LAST_DAY} stays as it is. The default is to end there, with the published figures"
)


def ending(text: str) -> datetime:
    """The instant at which the history ends. Raises ArgumentTypeError unless the text is today or a past day."""
    now = datetime.now(UTC)
    if text == TODAY:
        return now
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if not LAST_DAY <= day <= now.date():
        raise argparse.ArgumentTypeError(f"{text!r} is neither {TODAY} nor a day from {LAST_DAY} to {now.date()}")
    return min(datetime.combine(day + DAY, datetime.min.time(), UTC), now)
