"""What an example is: what was recorded, what is asked of it, and the answer worked out by hand.

Invariant: an example is plain data, and its title a sentence that it shows to be true.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Self

FIRST_RECORDED = datetime(2022, 1, 1, 9, tzinfo=UTC)
SOURCE = "/worked/hr"

Figure = int | str
"""A whole number; text holds a decimal (`4.285714`), a fraction (`200/3`) or the reason why there is no figure."""


@dataclass(frozen=True)
class Fact:
    """What one event states of a subject: `post/P-1`, say. `kind` is its type without prefix and version.

    Who states nothing of its recording leaves it to the example: there each is recorded an hour after the one before.
    """

    kind: str
    subject: str
    data: Mapping[str, Any]
    attributes: Mapping[str, str] = field(default_factory=dict)

    def named(self, id: str) -> Self:
        """The same under an id, so that another can refer to it."""
        return self._with(id=id)

    def recorded(self, instant: str) -> Self:
        """The same, recorded at an instant, as `2023-03-02T09:00:00Z`."""
        return self._with(time=instant)

    def accepted(self, instant: str) -> Self:
        """The same, accepted at an instant. (Through the door that is when it comes: such an example is not sent.)"""
        return self._with(acceptedtime=instant)

    def superseding(self, id: str) -> Self:
        """The same in place of the event with that id."""
        return self._with(supersedes=id)

    def by(self, source: str, sourcesequence: str | None = None) -> Self:
        """The same from another system, or as the one with that number among those that it recorded at one instant."""
        stated = {} if sourcesequence is None else {"sourcesequence": sourcesequence}
        return self._with(source=source, **stated)

    def never_happened(self, id: str) -> "Fact":
        """The event, under another id, that this one never happened."""
        because = {"because": "entered-in-error"}
        return Fact(self.kind, self.subject, because, {"voids": self.attributes["id"], "id": id})

    def _with(self, **attributes: str) -> Self:
        return replace(self, attributes={**self.attributes, **attributes})


@dataclass(frozen=True)
class Question:
    """One figure asked for, and the answer.

    `time` is a date, or a period: `2023-09-30`, `2022-10-01..2023-09-30`, `census 2023`, `financial 2023-24`.
    `rows` are the figures by the values of the dimensions `by`, those that are not 0; a code or None each.
    """

    measure: str
    time: str
    total: Figure
    scope: str = "all"
    by: tuple[str, ...] = ()
    rows: Mapping[tuple[Any, ...], Figure] | None = None
    where: Mapping[str, Any] = field(default_factory=dict)
    months: int | None = None
    """How long a starter has to stay to be retained; 12 where it is not said."""
    above: int | None = None
    """How many cases are not too many; 25 where it is not said."""
    as_at: str | None = None
    """The date beside a period, where a measure is judged at another than the last day."""
    known: str | None = None
    accepted: str | None = None
    planned: bool = False
    mark: str | None = None
    """DfE's mark beside the total."""

    def __str__(self) -> str:
        told = [f"{name}={value}" for name in _TOLD if (value := getattr(self, name)) not in (None, {}, ())]
        return " ".join([self.measure, self.time, *told])


@dataclass(frozen=True)
class OfCohort:
    """What became of the members of one academy cohort as at a date, by the names that answers give the figures.

    `stay` is the share still in post from so many days after their start on, by those days on which somebody left.
    """

    cohort: str
    as_at: str
    completed: bool
    figures: Mapping[str, Figure]
    stay: Mapping[int, str] = field(default_factory=dict)


_TOLD = ("scope", "by", "where", "months", "above", "as_at", "known", "accepted")


@dataclass(frozen=True)
class Example:
    """What an authority recorded, and questions about it.

    `authority` is one whose rules count, or None where any may have recorded it: over HTTP each has one of its own.
    `not_over_http` says why it cannot be asked of the running system, where it cannot.
    """

    title: str
    facts: tuple[Fact, ...]
    questions: tuple[Question, ...]
    of_cohorts: tuple[OfCohort, ...] = ()
    authority: str | None = None
    not_over_http: str | None = None

    @property
    def says_nothing_of_recording(self) -> bool:
        """Whether its facts have no instants, ids or systems of their own, so that only their order counts."""
        return not any(fact.attributes for fact in self.facts)

    def attributes(self, index: int, authority: str) -> dict[str, str]:
        """The CloudEvents attributes of one of its facts."""
        fact = self.facts[index]
        time = FIRST_RECORDED + timedelta(hours=index)
        return {
            "specversion": "1.0",
            "id": f"E-{index}",
            "source": SOURCE,
            "type": f"uk.workforce.{fact.kind}.v1",
            "subject": fact.subject,
            "time": time.isoformat(),
            "authority": authority,
            **fact.attributes,
        }


def example(
    title: str,
    *stated: Fact | Question | OfCohort,
    authority: str | None = None,
    not_over_http: str | None = None,
) -> Example:
    """An example, its facts and its questions written down in any order; facts are recorded in theirs."""
    facts = tuple(one for one in stated if isinstance(one, Fact))
    questions = tuple(one for one in stated if isinstance(one, Question))
    of_cohorts = tuple(one for one in stated if isinstance(one, OfCohort))
    return Example(title, facts, questions, of_cohorts, authority, not_over_http)


def asked(measure: str, time: str, total: Figure, **stated: Any) -> Question:
    """A question; `by` may be given as words in one text, and a row's only value without a tuple."""
    if isinstance(stated.get("by"), str):
        stated["by"] = tuple(stated["by"].split())
    if "rows" in stated:
        rows = stated["rows"].items()
        stated["rows"] = {key if isinstance(key, tuple) else (key,): value for key, value in rows}
    return Question(measure, time, total, **stated)
