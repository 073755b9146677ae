"""What changed between two reports: figure by figure, part by part, event by event.

Invariant: the differences of a figure's parts add up to the difference of the figure.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

from contracts.envelope import Event
from contracts.standing import order_of_recording
from services.metrics.explanation import Explained, ever_in_post, explain
from services.metrics.figures import Asked, Reading, figures
from services.metrics.measures.declaration import Count, Measure, When
from services.metrics.picture.picture import Picture

Identity = tuple[str, str]


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


class PartChange(NamedTuple):
    """A part of a figure that differs, in millionths, and the events that only one of the reports knew of."""

    measure: Count
    subjects: tuple[str, ...]
    dimensions: dict[str, Any]
    before: int
    after: int
    events: tuple[Event, ...]


_Key = tuple[tuple[str, ...], tuple[Any, ...]]


def figure_changes(
    wanted: Iterable[tuple[Measure, When]], before: Report, after: Report, asked: Asked
) -> list[FigureChange]:
    """Each of these measures in both reports, whether or not it differs."""
    found = []
    for measure, when in wanted:
        totals = [figures(measure, [report.reading], [when], asked).totals[0] for report in (before, after)]
        found.append(FigureChange(measure, *totals))
    return found


def part_changes(counted: Count, when: When, before: Report, after: Report, asked: Asked) -> list[PartChange]:
    """The parts of a count that differ, the greatest differences first."""
    new = _known_to_one(before.events, after.events)
    amounts: defaultdict[_Key, list[int]] = defaultdict(lambda: [0, 0])
    behind: defaultdict[_Key, set[str]] = defaultdict(set)
    pictures = [report.reading.picture() for report in (before, after)]
    for place, (report, picture) in enumerate(zip((before, after), pictures, strict=True)):
        for part in explain(counted, report.reading, when, asked):
            key = (part.subjects, tuple(part.dimensions.values()))
            amounts[key][place] += part.amount
            others = (item.subject for item in part.made_of)
            for subject in (*part.subjects, *others, *(() if counted.column else _ever_in(part, picture))):
                behind[key] |= _numbers(subject, pictures)
    # Parts that only one report has: what stands behind the same subject in the other tells why.
    of_subject: defaultdict[str, set[str]] = defaultdict(set)
    for (subjects, _), found in behind.items():
        for subject in subjects:
            of_subject[subject] |= found
    changes = []
    for key, (earlier, later) in amounts.items():
        if earlier != later:
            subjects, values = key
            related = set().union(*(of_subject[subject] for subject in subjects))
            events = sorted((event for subject in related for event in new.get(subject, ())), key=order_of_recording)
            dimensions = dict(zip(counted.dimensions, values, strict=True))
            changes.append(PartChange(counted, subjects, dimensions, earlier, later, tuple(events)))
    changes.sort(key=lambda change: (-abs(change.after - change.before), change.subjects, str(change.dimensions)))
    return changes


def _ever_in(part: Explained, picture: Picture) -> Iterable[str]:
    """Who was ever in the post, of a part that names nothing else: how long a vacancy was open follows from all."""
    (first, *others) = part.subjects
    return ever_in_post(picture).get(first, ()) if not others else ()


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
    return {(event.envelope.type, event.envelope.id): event for event in events}
