"""What changed between two reports: figure by figure, part by part, event by event.

Invariant: the differences of a figure's parts add up to the difference of the figure.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import partial
from typing import Any, NamedTuple

from contracts.envelope import Event, Identity
from contracts.standing import order_of_recording
from services.metrics.explanation import ever_in_post, explain, stands_at
from services.metrics.figures import Asked, Reading, figures
from services.metrics.measures.declaration import Count, Measure, When
from services.metrics.pauses import with_pauses
from services.metrics.picture.picture import Picture


@dataclass(frozen=True, slots=True)
class Report:
    """One of the two reports: what figures are read from, and the events known to it."""

    reading: Reading
    events: Sequence[Event]


class FigureChange(NamedTuple):
    """A figure in both reports; None where there is none."""

    measure: Measure
    before: Fraction | None
    after: Fraction | None


@dataclass(frozen=True, slots=True)
class PartChange:
    """A part of a figure that differs, in millionths."""

    measure: Count
    subjects: tuple[str, ...]
    dimensions: dict[str, Any]
    before: int
    after: int
    _behind: Callable[[], tuple[Event, ...]]

    @property
    def events(self) -> tuple[Event, ...]:
        """The events about it that only one of the reports knew of. Found when asked for: of thousands one page
        of parts is shown.
        """
        return self._behind()


_Key = tuple[tuple[str, ...], tuple[Any, ...]]


def figure_changes(
    wanted: Iterable[tuple[Measure, When]], before: Report, after: Report, asked: Asked
) -> list[FigureChange]:
    """Each of these measures in both reports, whether or not it differs."""
    found = []
    for measure, when in with_pauses(wanted):
        totals = [figures(measure, [report.reading], [when], asked).totals[0] for report in (before, after)]
        found.append(FigureChange(measure, *totals))
    return found


def part_changes(counted: Count, when: When, before: Report, after: Report, asked: Asked) -> list[PartChange]:
    """The parts of a count that differ, the greatest differences first."""
    new = _known_to_one(before.events, after.events)
    amounts: defaultdict[_Key, list[int]] = defaultdict(lambda: [0, 0])
    for place, report in enumerate((before, after)):
        for part in explain(counted, report.reading, when, asked):
            amounts[part.subjects, tuple(part.dimensions.values())][place] += part.amount
    pictures = [report.reading.picture() for report in (before, after)]

    def events_of(subjects: Sequence[str]) -> tuple[Event, ...]:
        related = _behind(counted, subjects, when.as_at, pictures)
        return tuple(sorted((event for subject in related for event in new.get(subject, ())), key=order_of_recording))

    changes = [
        PartChange(
            counted,
            subjects,
            dict(zip(counted.dimensions, values, strict=True)),
            earlier,
            later,
            partial(events_of, subjects),
        )
        for (subjects, values), (earlier, later) in amounts.items()
        if earlier != later
    ]
    changes.sort(key=lambda change: (-abs(change.after - change.before), change.subjects, str(change.dimensions)))
    return changes


def _behind(counted: Count, subjects: Sequence[str], as_at: date, pictures: Sequence[Picture]) -> set[str]:
    """Whose events can have changed a part, in either report: a part that only one of them has is 0 in the other.

    A part of staffing follows from who stands at the place at the date; one of a post alone (how long it was vacant)
    from all who were ever in it; one that names no post (cases, by the holder's post) from the posts they ever had.
    """
    found = set(subjects)
    for picture in pictures:
        for subject in subjects:
            if counted.column is not None:
                found |= {item.subject for item in stands_at(picture, subject, as_at)}
            elif len(subjects) == 1 and subject.startswith("post/"):
                found |= ever_in_post(picture).get(subject, set())
            elif not any(other.startswith("post/") for other in subjects):
                found |= _posts_of(picture, subject)
    return {number for subject in found for number in _numbers(subject, pictures)}


def _posts_of(picture: Picture, subject: str) -> set[str]:
    """The posts that a worker ever held, or an assignment ever covered."""
    kind, _, identifier = subject.partition("/")
    if kind == "worker":
        return {f"post/{held.post}" for held in picture.occupancies.get(picture.person(identifier), ())}
    if kind == "cover":
        return {f"post/{run.post}" for run in picture.assignments.get(identifier, ()) if run.post is not None}
    return set()


def _numbers(subject: str, pictures: Iterable[Picture]) -> set[str]:
    """The same subject; of a worker all numbers that the person has in one of the reports."""
    kind, _, identifier = subject.partition("/")
    if kind != "worker":
        return {subject}
    return {f"worker/{number}" for picture in pictures for number in picture.numbers(picture.person(identifier))}


def _known_to_one(before: Iterable[Event], after: Iterable[Event]) -> dict[str, list[Event]]:
    """The events that only one of two reports knew of, by subject."""
    first, second = _by_identity(before), _by_identity(after)
    found: defaultdict[str, list[Event]] = defaultdict(list)
    for identity in first.keys() ^ second.keys():
        event = first.get(identity) or second[identity]
        found[event.envelope.subject].append(event)
    return found


def _by_identity(events: Iterable[Event]) -> dict[Identity, Event]:
    return {event.identity: event for event in events}
