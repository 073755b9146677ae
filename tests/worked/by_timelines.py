"""Questions put to the rows that the timelines make of all events at once, for whatever was known when.

Invariant: a figure is the sum of what those rows hold that are true on the date and known at the instant, and no more.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any

from contracts.envelope import Event
from services.metrics.measures.catalogue import MEASURES
from services.metrics.measures.declaration import Count
from services.metrics.timelines.covers import covers
from services.metrics.timelines.posts import post_facts
from services.metrics.timelines.rows import Staffing
from services.metrics.timelines.staffing import staffing, unposted_cover_staffing
from services.metrics.timelines.workers import occupancies
from tests.worked.answers import Answer, instant, period_of, telling
from tests.worked.example import Question

LONG_AFTER = datetime(2030, 1, 1, tzinfo=UTC)
ONE = 1_000_000


def rows(events: Sequence[Event]) -> list[Staffing]:
    """The staffing of every unit, of all that was ever known."""
    of_subject: defaultdict[str, list[Event]] = defaultdict(list)
    for event in events:
        of_subject[event.envelope.subject].append(event)
    merges = any(event.envelope.type == "uk.workforce.worker.merged.v1" for event in events)
    of_kind: defaultdict[str, list[list[Event]]] = defaultdict(list)
    for subject, told in of_subject.items():
        of_kind[subject.partition("/")[0]].append(told)
    of_workers = [[event for told in of_kind["worker"] for event in told]] if merges else of_kind["worker"]
    posts = [row for told in of_kind["post"] for row in post_facts(told)]
    held = [row for told in of_workers for row in occupancies(told)]
    covering = [row for told in of_kind["cover"] for row in covers(told)]
    rows = unposted_cover_staffing(covering)
    named = {row.post for row in posts} | {row.post for row in held}
    for post in sorted(named | {row.post for row in covering if row.post is not None}):
        rows += staffing(
            f"post/{post}",
            [row for row in posts if row.post == post],
            [row for row in held if row.post == post],
            [row for row in covering if row.post == post],
        )
    return rows


def can_be_asked(question: Question) -> bool:
    """Whether rows of staffing say it: the FTE of posts and of who stands on them, of a date that had come."""
    measure = MEASURES[question.measure]
    return isinstance(measure, Count) and measure.column is not None and question.total != "not-yet"


def ask(rows: Sequence[Staffing], question: Question) -> Answer:
    """What the rows say."""
    measure = MEASURES[question.measure]
    assert isinstance(measure, Count)
    period = period_of(question.time)
    as_at = date.fromisoformat(question.time) if period is None else period.last
    known = LONG_AFTER if question.known is None else instant(question.known)
    sums: defaultdict[tuple[Any, ...], Fraction] = defaultdict(Fraction)
    for row in rows:
        holds = row.valid_from <= as_at < row.valid_to and row.known_from <= known < row.known_to
        counts = question.scope == "all" or row.dimensions.csww_role is not None
        if holds and counts and all(getattr(row.dimensions, name) == value for name, value in question.where.items()):
            key = tuple(getattr(row.dimensions, name) for name in question.by)
            sums[key] += Fraction(getattr(row, measure.column or ""), ONE)
    return Answer(sum(sums.values(), Fraction(0)), telling(sums) if question.by else {})
