"""The initiatives of a council over HTTP and for Grafana: as known at each instant, and when they ran.

Invariant: every title, date and instant expected here stands in the events below.
"""

from datetime import date
from typing import Any

import asyncpg
import pytest

from contracts.codes import InitiativeKind
from contracts.events.policies import InitiativeAnnounced
from tests.histories import at, established, event
from tests.integration.alone import Alone
from tests.integration.feed import fault, problem
from tests.unit.metrics.test_workbook import rows_of

AUTHORITY, WITHOUT = "361", "362"
MARCH, APRIL, AUGUST = date(2023, 3, 6), date(2023, 4, 17), date(2023, 8, 14)
PAYMENT, EVENING, PATHWAY = "initiative/payment", "initiative/evening", "initiative/pathway"


def announced(
    title: str, kind: InitiativeKind, starts_on: date, ends_on: date | None = None, announced_on: date | None = None
) -> InitiativeAnnounced:
    return InitiativeAnnounced(title=title, kind=kind, announced_on=announced_on, starts_on=starts_on, ends_on=ends_on)


RETENTION = announced("Retention payment", InitiativeKind.RETENTION_PAYMENT, date(2023, 4, 1), date(2024, 4, 1), MARCH)
FIRST_SAID = announced("Open evening", InitiativeKind.OPEN_EVENING, date(2023, 9, 6), date(2023, 9, 7))
THEN_SAID = announced("Open evening", InitiativeKind.OPEN_EVENING, date(2023, 9, 13), date(2023, 9, 14))
PROGRESSION = announced("Progression pathway", InitiativeKind.PROGRESSION_PATHWAY, date(2023, 12, 1))


@pytest.fixture(scope="module")
def metrics(alone: Alone) -> Alone:
    """Metrics, when an open evening was announced for 6 September 2023, and in August put off to the 13th."""
    of: dict[str, Any] = {"authority": AUTHORITY}
    alone.take_in(
        event(RETENTION, PAYMENT, at(MARCH), "I-1", **of),
        event(FIRST_SAID, EVENING, at(APRIL), "I-2", **of),
        event(THEN_SAID, EVENING, at(AUGUST), "I-3", supersedes="I-2", **of),
        event(PROGRESSION, PATHWAY, at(AUGUST), "I-4", **of),
        event(established(MARCH), "post/P-1", at(MARCH), "P-1", authority=WITHOUT),
    )
    return alone


def told(metrics: Alone, asked: str = "", of: str = AUTHORITY) -> list[tuple[str, str, str, str | None]]:
    """Which initiative, its title, from when to when."""
    body = metrics.get(f"/v1/initiatives?authority={of}{asked}")
    assert body["count"] == len(body["rows"])
    return [(row["initiative"], row["title"], row["starts_on"], row["ends_on"]) for row in body["rows"]]


OF_PAYMENT = ("payment", "Retention payment", "2023-04-01", "2024-04-01")
OF_EVENING = ("evening", "Open evening", "2023-09-13", "2023-09-14")
OF_PATHWAY = ("pathway", "Progression pathway", "2023-12-01", None)


def test_the_initiatives_are_told_in_the_order_of_their_starts_as_they_were_said_last(metrics: Alone) -> None:
    assert told(metrics) == [OF_PAYMENT, OF_EVENING, OF_PATHWAY]


def test_each_is_told_with_its_kind_when_it_was_announced_and_where_its_events_are(metrics: Alone) -> None:
    payment, *_, pathway = metrics.get(f"/v1/initiatives?authority={AUTHORITY}")["rows"]
    assert (payment["kind"], payment["announced_on"]) == ("retention-payment", "2023-03-06")
    assert (pathway["kind"], pathway["announced_on"]) == ("progression-pathway", None)
    (stands,) = metrics.get(payment["events"])["events"]
    assert stands["data"]["title"] == "Retention payment"


def test_what_was_known_before_a_correction_is_told_as_it_was_known_then(metrics: Alone) -> None:
    assert told(metrics, "&as_known_at=2023-08-01T00:00:00Z") == [
        OF_PAYMENT,
        ("evening", "Open evening", "2023-09-06", "2023-09-07"),
    ]
    assert told(metrics, "&as_known_at=2023-03-31T00:00:00Z") == [OF_PAYMENT]


def test_of_a_time_those_alone_are_told_that_ran_on_one_of_its_days(metrics: Alone) -> None:
    assert told(metrics, "&from=2023-09-13&to=2023-11-30") == [OF_PAYMENT, OF_EVENING]
    assert told(metrics, "&from=2023-09-14&to=2023-11-30") == [OF_PAYMENT]
    assert told(metrics, "&from=2024-04-01") == [OF_PATHWAY]
    assert told(metrics, "&to=2023-03-31") == []


def test_an_authority_that_announced_none_has_none_and_one_of_which_nothing_is_known_is_no_authority(
    metrics: Alone,
) -> None:
    assert told(metrics, of=WITHOUT) == []
    refused = problem(metrics.ask("/v1/initiatives?authority=363"), 404)
    assert refused["type"] == "urn:workforce:problem:no-such-authority"


def test_a_time_that_ends_before_it_begins_is_refused(metrics: Alone) -> None:
    wrong = fault(metrics.ask(f"/v1/initiatives?authority={AUTHORITY}&from=2023-04-01&to=2023-03-31"), 422)
    assert (wrong["field"], wrong["expected"]) == ("to", "a date from 2023-04-01 on")


def test_a_file_has_every_initiative(metrics: Alone) -> None:
    sheet = metrics.ask(f"/v1/initiatives.xlsx?authority={AUTHORITY}&limit=1")
    heading, *rows = rows_of(sheet.content)
    assert heading[:2] == ["initiative", "title"]
    assert [row[1] for row in rows] == ["Retention payment", "Open evening", "Progression pathway"]


async def test_grafana_is_told_the_same_as_known_at_each_instant(metrics: Alone) -> None:
    connection = await asyncpg.connect(metrics.database)
    asked = "SELECT title, starts_on FROM reporting.initiatives($1, $2, $3, $4::timestamptz)"
    year = AUTHORITY, date(2023, 4, 1), date(2024, 3, 31)
    now = await connection.fetch(asked, *year, at(date(2024, 4, 1)))
    in_july = await connection.fetch(asked, *year, at(date(2023, 7, 1)))
    of_later = await connection.fetch(asked, AUTHORITY, date(2024, 4, 1), date(2024, 4, 30), at(date(2024, 4, 1)))
    await connection.close()
    assert [tuple(row) for row in now] == [
        ("Retention payment", date(2023, 4, 1)),
        ("Open evening", date(2023, 9, 13)),
        ("Progression pathway", date(2023, 12, 1)),
    ]
    assert [tuple(row) for row in in_july] == [
        ("Retention payment", date(2023, 4, 1)),
        ("Open evening", date(2023, 9, 6)),
    ]
    assert [tuple(row) for row in of_later] == [("Progression pathway", date(2023, 12, 1))]
