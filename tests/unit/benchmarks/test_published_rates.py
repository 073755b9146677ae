"""The definitions of the CSWW rates are DfE's: by our formulas its own counts give its own rates.

Invariant: the service's own code reads DfE's file, and its own declarations give the rates. Every local authority row
is looked at, and no rate is passed over without a listed reason.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import pytest

from services.metrics.benchmarks.published import PUBLISHED, RATES, Level
from services.metrics.benchmarks.release import read_release
from services.metrics.figures.periods import census_year
from services.metrics.measures.catalogue import counts_of
from services.metrics.measures.declaration import WHOLE, Rate, Term, When
from services.metrics.reasons import Reason as NoFigure
from services.metrics.reasons import Value, ratio
from tests.published_rates import EXCEPTIONS, TOLERANCE, Exempt, Reason, authority_rows, published

HALF_A_TENTH = Fraction(1, 20)
"""How far a published FTE can be from the exact one. Headcounts and cases are whole, and exact."""


class Compared(NamedTuple):
    """A rate as published (a number or a mark), and what the counts beside it give by our formula.

    `ours` is None where one of the counts is a mark. `least` and `most` bound what exact counts behind them can give.
    """

    published: Fraction | None
    mark: str | None
    ours: Value | None
    least: Value | None
    most: Value | None

    @property
    def follows(self) -> bool:
        """Whether the counts give the rate."""
        return (
            self.published is not None
            and isinstance(self.ours, Fraction)
            and abs(self.ours - self.published) <= Fraction(TOLERANCE)
        )


@pytest.fixture(scope="module")
def rates(published_release: Path) -> dict[Exempt, Compared]:
    """Every rate of every local authority row."""
    rows: defaultdict[tuple[int, str], dict[str, tuple[Fraction | None, str | None]]] = defaultdict(dict)
    for figure in read_release(published_release.read_bytes()).figures:
        if figure.level is Level.AUTHORITY:
            value = None if figure.value is None else Fraction(figure.value)
            rows[figure.year, figure.code][figure.measure] = value, figure.mark
    return {
        Exempt(name, year, code): _compared(name, year, row) for (year, code), row in rows.items() for name in RATES
    }


def _compared(name: str, year: int, row: Mapping[str, tuple[Fraction | None, str | None]]) -> Compared:
    rate = PUBLISHED[name]
    assert isinstance(rate, Rate)
    counts = {counted.name: row[counted.name][0] for counted in counts_of(rate)}
    known = {count: value for count, value in counts.items() if value is not None}
    if len(known) < len(counts):
        return Compared(*row[name], None, None, None)
    return Compared(*row[name], *(_worked_out(rate, year, known, up) for up in (0, -1, 1)))


def _worked_out(rate: Rate, year: int, counts: Mapping[str, Fraction], up: int) -> Value:
    """The rate by its declaration; with `up` of the counts that make it greater, or less, within their rounding."""
    above = {term.measure for term in rate.numerator}
    exact = {
        name: max(Fraction(0), value + (up if name in above else -up) * _rounding(name))
        for name, value in counts.items()
    }
    period = census_year(year)
    when = When(period.first, period.last, period.last)
    return ratio(rate.factor(when) * _sum(rate.numerator, exact), _sum(rate.denominator, exact))


def _rounding(name: str) -> Fraction:
    return Fraction(0) if PUBLISHED[name].unit in WHOLE else HALF_A_TENTH


def _sum(terms: tuple[Term, ...], counts: Mapping[str, Fraction]) -> Fraction:
    return sum((term.sign * counts[term.measure] for term in terms), Fraction(0))


def test_dfes_counts_give_dfes_rates_within_a_tenth_but_for_those_listed(rates: dict[Exempt, Compared]) -> None:
    assert {which for which, rate in rates.items() if not rate.follows} == set(EXCEPTIONS)
    assert len(rates) == 906 * 9
    assert sum(isinstance(rate.ours, Fraction) for rate in rates.values()) == 8046
    assert sum(rate.follows for rate in rates.values()) == 7986


def test_a_published_rate_is_read_as_it_stands_in_the_file(
    rates: dict[Exempt, Compared], published_release: Path
) -> None:
    as_it_stands = {rate.which: rate.value for row in authority_rows(published_release) for rate in published(row)}
    assert {which: rate.published for which, rate in rates.items()} == as_it_stands


def test_each_rate_that_does_not_come_out_is_so_for_the_listed_reason(rates: dict[Exempt, Compared]) -> None:
    marks = {
        Reason.REPORTED_TOGETHER: "z", Reason.NOBODY_IN_POST: "z", Reason.NOT_AVAILABLE: "x", Reason.SUPPRESSED: "c"
    }  # fmt: skip
    for which, reason in EXCEPTIONS.items():
        rate = rates[which]
        if reason is Reason.ROUNDED_COUNTS:
            assert rate.published is not None
            assert isinstance(rate.least, Fraction)
            assert isinstance(rate.most, Fraction)
            assert rate.least - HALF_A_TENTH <= rate.published <= rate.most + HALF_A_TENTH, which
        elif reason is Reason.NOTHING_TO_DIVIDE_BY:
            assert rate.published == 0, which
            assert rate.ours is NoFigure.NO_DENOMINATOR, which
        else:
            assert (rate.published, rate.mark) == (None, marks[reason]), which
            assert rate.ours is None or reason is Reason.NOBODY_IN_POST, which
    assert Counter(EXCEPTIONS.values()) == {
        Reason.ROUNDED_COUNTS: 60,
        Reason.NOTHING_TO_DIVIDE_BY: 43,
        Reason.REPORTED_TOGETHER: 36,
        Reason.NOT_AVAILABLE: 19,
        Reason.NOBODY_IN_POST: 6,
        Reason.SUPPRESSED: 4,
    }
