"""What changed between two reports: figure by figure, part by part, event by event.

Invariant: the differences of a figure's parts add up to the difference of the figure.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from contracts.envelope import Event
from services.metrics.figures.attribution import Attribution, Effects, Key, amounts
from services.metrics.figures.figures import figures
from services.metrics.figures.reading import FigureQuery, Reading
from services.metrics.measures.declaration import Count, Measure, When
from services.metrics.pauses import with_pauses
from services.metrics.reasons import Value


@dataclass(frozen=True, slots=True)
class Report:
    """One of the two reports: what figures are read from, and the events known to it."""

    reading: Reading
    events: Sequence[Event]


class FigureChange(NamedTuple):
    """A figure in both reports, or the reason why there is none."""

    measure: Measure
    before: Value
    after: Value


@dataclass(frozen=True, slots=True)
class PartChange:
    """A part of a figure that differs, in millionths."""

    measure: Count
    key: Key
    before: int
    after: int
    _moved_by: Callable[[], Effects]

    @property
    def subjects(self) -> tuple[str, ...]:
        """Whose part it is."""
        return self.key[0]

    @property
    def dimensions(self) -> dict[str, Any]:
        """The dimensions of the part."""
        return dict(zip(self.measure.dimensions, self.key[1], strict=True))

    @property
    def difference(self) -> int:
        """By how much it differs."""
        return self.after - self.before

    @property
    def moved_by(self) -> Effects:
        """The events that moved it, each with its effect. Worked out only when asked for, because one page out of
        thousands of parts is shown.
        """
        return self._moved_by()


def figure_changes(
    measures: Iterable[tuple[Measure, When]], before: Report, after: Report, query: FigureQuery
) -> list[FigureChange]:
    """Each of these measures in both reports, whether or not it differs."""
    changes = []
    for measure, when in with_pauses(measures):
        totals = [figures(measure, [report.reading], [when], query).totals[0] for report in (before, after)]
        changes.append(FigureChange(measure, *totals))
    return changes


def part_changes(
    counted: Count, when: When, before: Report, after: Report, query: FigureQuery, attribution: Attribution
) -> list[PartChange]:
    """The parts of a count that differ, the greatest differences first."""
    earlier, later = (amounts(counted, report.reading, when, query) for report in (before, after))
    changes = []
    for key in earlier.keys() | later.keys():
        first, second = earlier.get(key, 0), later.get(key, 0)
        if first != second:
            moved_by = partial(attribution.effects, counted, when, key, second - first)
            changes.append(PartChange(counted, key, first, second, moved_by))
    changes.sort(key=lambda change: (-abs(change.difference), change.subjects, str(change.key[1])))
    return changes


class FigureDifference(NamedTuple):
    """A figure that differs, its time and, if it is a count, the parts by which it differs."""

    change: FigureChange
    when: When
    parts: list[PartChange]


def differences(
    measures: Sequence[tuple[Measure, When]],
    before: Report,
    after: Report,
    query: FigureQuery,
    attribution: Attribution,
) -> list[FigureDifference]:
    """The figures that differ, or whose parts do though they add up to the same."""
    differing, whens = [], dict(measures)
    for change in with_pauses(figure_changes(measures, before, after, query)):
        counted, when = change.measure, whens[change.measure]
        parts = part_changes(counted, when, before, after, query, attribution) if isinstance(counted, Count) else []
        if change.before != change.after or parts:
            differing.append(FigureDifference(change, when, parts))
    return differing
