"""The check of age: feeds that have been silent for so long that figures as at today are out of date.

Invariant: a feed is silent too long by the same rule by which answers are marked stale
(`services/metrics/figures/age.py`).
"""

from collections.abc import Iterable

from contracts.catalogue import TOPIC_OF_TYPE
from contracts.envelope import Event
from contracts.in_force import order_of_recording
from services.metrics.figures.age import STALE_AFTER_MONTHS, stale_from
from services.metrics.quality.declaration import Check, Finding, Severity
from services.metrics.snapshot.snapshot import Snapshot
from services.metrics.timelines.rows import FOREVER


def feeds_silent(snapshot: Snapshot) -> Iterable[Finding]:
    """Finds, for each service that accepts events, the newest record; figures of days too long after it are stale."""
    newest: dict[str, Event] = {}
    for event in snapshot.events:
        owner = TOPIC_OF_TYPE[event.envelope.type].owner
        if owner not in newest or order_of_recording(event) > order_of_recording(newest[owner]):
            newest[owner] = event
    for owner, event in newest.items():
        recorded = event.envelope.time.date()
        since = stale_from(event.envelope.time)
        message = (
            f"The newest record of the {owner} feed is {event.name} of {recorded}: what happened since is not "
            f"known, and from {since} on figures are out of date."
        )
        yield Finding("feed-silent", (event.envelope.subject,), since, FOREVER, message, (event,))


CHECKS = (
    Check(
        "feed-silent",
        "Nothing recorded for months",
        f"For more than {STALE_AFTER_MONTHS} months before the date one feed recorded nothing: recruitment (posts, "
        "hiring, agency cover) or retention (leavers, panels, working life). Leavers, starters and counts of that time "
        "are missing. Rates of a year that reaches into it are too low.",
        "Send what was recorded since. Until then ask for figures as at a date up to that of the newest record "
        "(`recorded_until`).",
        Severity.MAY_MOVE,
        ("turnover-rate", "in-post", "vacancies", "leavers", "starters", "agency", "cases", "working-days-lost"),
        feeds_silent,
        once_due=True,
    ),
)
