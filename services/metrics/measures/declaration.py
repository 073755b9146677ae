"""How a measure is declared: a count of parts of a snapshot, or a ratio of such counts.

Invariant: a figure is the sum of its parts, in millionths, exactly; a rate is a ratio of such sums, and nothing else.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Any, NamedTuple

from contracts.catalogue import EVENT_TOPICS, RECRUITMENT, RETENTION
from services.metrics.measures.dimensions import OF_OTHERS
from services.metrics.reasons import Reason, Value
from services.metrics.snapshot.amounts import ONE
from services.metrics.snapshot.employment import Scope
from services.metrics.snapshot.snapshot import Snapshot
from services.metrics.timelines.dimensions import OF_POSTS, Dimensions

BOARD = (
    "Education and Children's Services Scrutiny Board papers 2021 and 2023, as restated in this project's definitions"
)
CSWW = "DfE, children's social work workforce census 2024 to 2025, specification version 1"
NHS = "NHS workforce statistics: vacancy rate and stability index"
CIPD = "CIPD: crude labour turnover"
OWN = "This project's definitions (docs/definitions.md)"


EVERY_OWNER = frozenset(topic.owner for topic in EVENT_TOPICS)
"""Who is in post follows from hiring and from leavers, and so nearly everything from both."""
RECRUITMENT_ALONE = frozenset({RECRUITMENT})
RETENTION_ALONE = frozenset({RETENTION})


class Unit(StrEnum):
    """The unit in which a measure is counted."""

    FTE = "FTE"
    PEOPLE = "people"
    ASSIGNMENTS = "assignments"
    PERCENT = "%"
    DAYS = "days"
    FTE_DAYS = "FTE x days"
    WEEKS = "weeks"
    POUNDS = "GBP"
    COUNT = "count"
    CASES = "cases per FTE"
    CHILDREN_PER_FTE = "children per FTE"
    CHILDREN = "children"
    MONTHS = "months"
    YEARS = "years"


WHOLE = frozenset({Unit.PEOPLE, Unit.ASSIGNMENTS, Unit.COUNT, Unit.CHILDREN})
PLACES = {
    unit: Decimal(1) if unit in WHOLE else Decimal("0.01") if unit is Unit.POUNDS else Decimal("0.1") for unit in Unit
}
"""To what a figure is rounded where it is shown, half up: people and counts whole, pounds to pence, others to 1 decimal
(DfE's rounding in CSWW)."""


class Kind(StrEnum):
    """What a figure is about: a date (a stock), a period (a flow), or either, as a ratio (a rate)."""

    STOCK = "stock"
    FLOW = "flow"
    RATE = "rate"


class Elapsed(StrEnum):
    """How much of a figure's date or period had passed at the instant at which it is known."""

    OVER = "over"
    UNDER_WAY = "under-way"
    """It had begun and was not over: what is counted ends with the day of the instant, and is provisional."""
    TO_COME = "to-come"
    """It had not begun: there is no figure yet."""
    PLANNED = "planned"
    """It was not over, and what was recorded for its days to come is meant to count."""


@dataclass(frozen=True, slots=True)
class When:
    """The time that a figure is asked for: stocks look at `as_at`, flows at the days from `first` to `last`, both
    included.

    Two limits go with it, for measures that need them. A starter counts as retained after `months`; workers count who
    hold more cases than `above`.
    """

    first: date
    last: date
    as_at: date
    months: int = 12
    above: int = 25
    elapsed: Elapsed = Elapsed.OVER

    @property
    def days(self) -> int:
        """How many days the period has."""
        return (self.last - self.first).days + 1

    @property
    def until(self) -> date:
        """The day after the period."""
        return self.last + timedelta(days=1)

    @property
    def opening(self) -> date:
        """The day before the period."""
        return self.first - timedelta(days=1)


class Part(NamedTuple):
    """One thing that counts: how much (in millionths), from when to when (for a flow, one day), and what it is.

    `subjects` are pseudonymous: `post/…`, `worker/…`, `cover/…` and the like. `more` holds dimensions beside those of
    the post, by name.
    """

    amount: int
    since: date
    until: date
    subjects: tuple[str, ...]
    dimensions: Dimensions
    more: Mapping[str, Any] = {}

    def dimension(self, name: str) -> Any:
        """The value of one dimension that its measure has; None if it is not stated."""
        return getattr(self.dimensions, name) if name in OF_POSTS else self.more[name]


def check_declared(measure: str, more: Iterable[str]) -> None:
    """Refuse a measure with an undeclared dimension, or with one of posts, which every measure has anyway."""
    if wrong := [name for name in more if name not in OF_OTHERS]:
        raise ValueError(f"{measure}: {', '.join(wrong)} must be declared in services/metrics/measures/dimensions.py")


Within = Callable[[Snapshot, Scope, When], Iterable[Part]]
OverTime = Callable[[Snapshot, Scope], Iterable[Part]]


@dataclass(frozen=True, slots=True)
class Count:
    """A stock or a flow: the sum of parts of a snapshot. Declared by `stock`, `flow` or `windowed`.

    - `scope` is the only scope it is counted in, or None if the caller chooses.
    - `more` names the dimensions beside those of the post.
    - `column` is the column of `staffing` that holds the same amounts, for quick sums.
    - `all_time`: without a period it counts from the beginning, not the year up to the date.
    - `counted`: it follows from counts that people make. If it has no part, not even one of 0, nobody counted, and
      there is no figure.
    - `apart` names dimensions over whose values it does not add up, because who counts under one can count under
      others too. If more than one value is ever counted there is no total.
    - `has_a_limit`: it counts what is `above` a limit that the caller states.
    - `authorities` are those on whose rule it rests, or None if it rests on no authority's rule.
    - `rests_on` are the services whose events move it. If one of them has been silent for long, it is stale.
    """

    name: str
    title: str
    definition: str
    source: str
    unit: Unit
    kind: Kind
    parts: Within
    over_time: OverTime | None = None
    scope: Scope | None = None
    more: tuple[str, ...] = ()
    column: str | None = None
    all_time: bool = False
    counted: bool = False
    apart: tuple[str, ...] = ()
    has_a_limit: bool = False
    authorities: frozenset[str] | None = None
    rests_on: frozenset[str] = EVERY_OWNER

    def __post_init__(self) -> None:
        """Refuse dimensions that are not declared."""
        check_declared(self.name, self.more)

    @property
    def nothing(self) -> int | None:
        """Its amount if it has no part: 0, or None if that means that nobody counted."""
        return None if self.counted else 0

    @property
    def dimensions(self) -> tuple[str, ...]:
        """The dimensions by which it can be broken down."""
        return (*OF_POSTS, *self.more)


def stock(name: str, title: str, definition: str, source: str, unit: Unit, over_time: OverTime, **facts: Any) -> Count:
    """A stock whose parts each hold over a stretch of days."""

    def parts(snapshot: Snapshot, scope: Scope, when: When) -> Iterable[Part]:
        return (
            part for part in kept_over_time(name, over_time, snapshot, scope) if part.since <= when.as_at < part.until
        )

    return Count(name, title, definition, source, unit, Kind.STOCK, parts, over_time, **facts)


def flow(name: str, title: str, definition: str, source: str, unit: Unit, over_time: OverTime, **facts: Any) -> Count:
    """A flow whose parts each fall on a day."""

    def parts(snapshot: Snapshot, scope: Scope, when: When) -> Iterable[Part]:
        return (
            part for part in kept_over_time(name, over_time, snapshot, scope) if when.first <= part.since <= when.last
        )

    return Count(name, title, definition, source, unit, Kind.FLOW, parts, over_time, **facts)


def windowed(
    name: str, title: str, definition: str, source: str, unit: Unit, parts: Within, kind: Kind = Kind.FLOW, **facts: Any
) -> Count:
    """A count whose parts depend on the date or the period that is asked for."""
    return Count(name, title, definition, source, unit, kind, parts, **facts)


def kept_over_time(name: str, over_time: OverTime, snapshot: Snapshot, scope: Scope) -> list[Part]:
    """All parts of a measure, worked out once for each snapshot."""
    return snapshot.kept(("parts", name, scope), lambda: list(over_time(snapshot, scope)))


@dataclass(frozen=True, slots=True)
class Term:
    """A count in the numerator or the denominator of a rate, added or (sign -1) taken away."""

    measure: str
    sign: int = 1


def per_cent(_: When) -> Fraction:
    """The factor of a percentage."""
    return Fraction(100)


def as_it_is(_: When) -> Fraction:
    """The factor of a plain ratio."""
    return Fraction(1)


DAYS_OF_A_YEAR = Fraction("365.25")


def as_months(_: When) -> Fraction:
    """The factor of a ratio of days that is shown in months, each a twelfth of 365.25 days."""
    return 12 / DAYS_OF_A_YEAR


@dataclass(frozen=True, slots=True)
class Rate:
    """factor x numerator / denominator, each a sum of terms. There is no figure if the denominator is 0.

    - `annual`: its flows are those of the twelve months up to the date.
    - `low_reliability_above` is the value above which DfE marks it `u`.
    - `formula` says it in words, for people.
    - `also` names counts shown beside it.
    - `more` names dimensions that only its numerator has. The denominator is the same for each of their values.
    """

    name: str
    title: str
    definition: str
    source: str
    unit: Unit
    numerator: tuple[Term, ...]
    denominator: tuple[Term, ...]
    formula: str
    factor: Callable[[When], Fraction] = per_cent
    scope: Scope | None = None
    annual: bool = False
    all_time: bool = False
    low_reliability_above: Fraction | None = None
    also: tuple[str, ...] = ()
    more: tuple[str, ...] = ()
    kind: Kind = field(default=Kind.RATE, init=False)

    def __post_init__(self) -> None:
        """Refuse dimensions that are not declared."""
        check_declared(self.name, self.more)

    @property
    def terms(self) -> tuple[Term, ...]:
        """Every count it is made of."""
        return self.numerator + self.denominator


Measure = Count | Rate


def shown(value: Value, unit: Unit) -> float | int | None:
    """A figure as it is shown, rounded half up (away from 0 if it is negative); None if there is no figure."""
    if isinstance(value, Reason):
        return None
    rounded = (Decimal(value.numerator) / Decimal(value.denominator)).quantize(PLACES[unit], rounding=ROUND_HALF_UP)
    # Adding 0.0 makes a plain 0 of what is below 0 by less than is shown.
    return int(rounded) if unit in WHOLE else float(rounded) + 0.0


def exact(amount: int) -> str:
    """An amount in millionths as a decimal without trailing zeros, so that sums can be checked."""
    return f"{(Decimal(amount) / ONE).normalize():f}"
