"""Every check there is, by name, and what they find.

Invariant: findings come in one order, whatever the order of the events: by check, then first day, subjects and events.
"""

from collections.abc import Iterable
from datetime import date

from contracts.envelope import Identity
from services.metrics.quality import (
    age,
    arrivals,
    covers,
    demand,
    posts,
    records,
    ties,
    unfunded,
    workers,
    working_life,
)
from services.metrics.quality.declaration import SEVERITIES, Check, Finding
from services.metrics.snapshot.snapshot import Snapshot

_GRAVEST_FIRST = list(SEVERITIES)

CHECKS: dict[str, Check] = {
    check.name: check
    for check in sorted(
        (
            check
            for family in (workers, arrivals, unfunded, posts, covers, working_life, demand, age, ties, records)
            for check in family.CHECKS
        ),
        key=lambda check: _GRAVEST_FIRST.index(check.severity),
    )
}
"""Every check by name, the gravest first."""


def findings_of(check: Check, snapshot: Snapshot, as_at: date) -> list[Finding]:
    """What one check finds. `as_at` matters only where an end has to be due."""
    findings: list[Finding] = snapshot.kept(f"quality: {check.name}", lambda: sorted(check.find(snapshot), key=_order))
    return [finding for finding in findings if finding.since <= as_at] if check.once_due else findings


def findings(snapshot: Snapshot, as_at: date, checks: Iterable[Check] = tuple(CHECKS.values())) -> list[Finding]:
    """What the checks find, in the order of the checks."""
    return [finding for check in checks for finding in findings_of(check, snapshot, as_at)]


def _order(finding: Finding) -> tuple[date, tuple[str, ...], str, list[Identity]]:
    return finding.since, finding.subjects, finding.message, [event.identity for event in finding.events]
