"""DfE's rows as events, sent through the services as they run, and every CSWW rate asked of the API.

Invariant: the API answers what DfE published within 0.1, but for the rates listed by hand; and each listed is off.

A year of England is 80,000 events, more than the embedded broker is made for. `make test` sends through it a third: the
authorities whose code can be divided by three. `make soak` sends all of every year through Apache Kafka.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from tests.parts import RealSystem
from tests.published.events import events_of
from tests.published.exceptions import HIDDEN_BY_ROUNDING, MOVED
from tests.published.returned import Returned, returned
from tests.published.through import counting, feed
from tests.published_rates import EXCEPTIONS, TOLERANCE, Exempt, Published, authority_rows, published

RELIABLE = Decimal(100)


class Sent(NamedTuple):
    """A row that goes through the system: its counts, and each rate as published."""

    counts: Returned
    rates: list[Published]

    @property
    def covers_more_than_is_vacant(self) -> bool:
        """Whether the vacancy agency cover rate is above 100%."""
        cover, vacancies = self.counts.agency_cover, self.counts.vacancies
        return cover is not None and vacancies is not None and cover > vacancies > 0


def rows(path: Path, chosen: Callable[[Sent], bool]) -> list[Sent]:
    """Those rows of the release."""
    every = [Sent(returned(row), list(published(row))) for row in authority_rows(path)]
    return [sent for sent in every if chosen(sent)]


class Off(NamedTuple):
    """What the API's answers came to: rates not within 0.1, and those marked `u`."""

    rates: set[Exempt]
    marked_u: set[Exempt]


def asked(system: RealSystem, sent: Sequence[Sent]) -> Off:
    """Ask for every rate of these rows, as known two months after the census."""
    off = Off(set(), set())
    with httpx.Client(base_url=system.metrics.url, timeout=60, trust_env=False) as client:
        for rate in (rate for row in sent for rate in row.rates):
            which = rate.which
            query = {"authority": which.code, "census_year": str(which.year)}
            answer = client.get(
                f"/v1/measures/{which.rate}", params=query | {"as_known_at": f"{which.year}-12-01T00:00:00Z"}
            )
            # Of whom another authority reports for there are no events, and so no figures.
            assert answer.status_code == (200 if _has_figures(which, sent) else 404), answer.text
            body = answer.json()
            ours = body.get("total")
            if ours is None or rate.value is None or abs(Decimal(str(ours)) - rate.value) > TOLERANCE:
                off.rates.add(which)
            if body.get("total_mark") == "u":
                off.marked_u.add(which)
    return off


def _has_figures(which: Exempt, sent: Sequence[Sent]) -> bool:
    (counts,) = [row.counts for row in sent if (row.counts.authority, row.counts.year) == (which.code, which.year)]
    return counts.people is not None


async def through(system: RealSystem, sent: Sequence[Sent]) -> None:
    """Send the rows, and lay each answer beside what was published: off are those listed, no more and no fewer."""
    events = [event for row in sent for event in events_of(row.counts)]
    feed(system, events)
    await counting(system, len(events))
    off = asked(system, sent)
    rates = {rate.which for row in sent for rate in row.rates}
    assert off.rates == (rates & {*EXCEPTIONS, *MOVED}) - HIDDEN_BY_ROUNDING
    assert off.marked_u == {
        Exempt("vacancy-agency-cover-rate", row.counts.year, row.counts.authority)
        for row in sent
        if row.covers_more_than_is_vacant
    }


def _divisible(row: Sent) -> bool:
    return int(row.counts.authority) % 3 == 0


async def test_a_third_of_england_has_the_published_rates(system: RealSystem, published_release: Path) -> None:
    third = rows(published_release, lambda row: row.counts.year == 2022 and _divisible(row))
    # None of 2022 had more cover than vacancies. Some of 2020 had, a year that holds a 29 February too.
    marked = rows(
        published_release,
        lambda row: row.counts.year == 2020 and row.covers_more_than_is_vacant and not _divisible(row),
    )
    assert (len(third), len(marked)) == (51, 4)
    sent = third + marked
    await through(system, sent)


@pytest.mark.soak
@pytest.mark.parametrize("year", [2017, 2018, 2019, 2020, 2021, 2022])
async def test_all_of_england_has_the_published_rates(
    large_system: RealSystem, published_release: Path, year: int
) -> None:
    sent = rows(published_release, lambda row: row.counts.year == year)
    assert len(sent) in (150, 151, 152)
    await through(large_system, sent)
