"""A feed that stops is seen: when each last came, how old its newest record is, and which figures rest on it.

Invariant: every instant and number expected here stands in the events below.
"""

import itertools
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any, cast

import asyncpg
import pytest

from services.chassis.database import connect_pool, migrate
from services.chassis.runtime import CHASSIS_MIGRATIONS, Runtime
from services.metrics.ingest import feeds
from services.metrics.telemetry import MetricsTelemetry
from tests.histories import at, established, event, left, started
from tests.integration.alone import Alone
from tests.integration.feed import problem
from tests.integration.test_stock_columns import METRICS_MIGRATIONS, take_in

SILENT, MANY, NOBODY = "343", "344", "345"
HR, PANELS = "/coventry/hr", "/coventry/panels"
JANUARY, MARCH = at(date(2020, 1, 15)), at(date(2020, 3, 16))
LATER = at(date(2024, 5, 20))

OF_ONE = [
    event(established(date(2020, 1, 1)), "post/P-1", JANUARY, "post-1", authority=SILENT, source=HR),
    event(started(date(2020, 1, 2)), "worker/W-1", JANUARY, "start-1", authority=SILENT, source=HR),
    event(left(date(2020, 3, 1)), "worker/W-1", MARCH, "left-1", authority=SILENT, source=PANELS),
    event(established(date(2024, 5, 1)), "post/P-2", LATER, "post-2", authority=SILENT, source=HR),
]


@pytest.fixture(scope="module")
def metrics(alone: Alone) -> Alone:
    """Metrics, when leavers came last in March 2020, a post in May 2024; and of another authority 25 feeds."""
    alone.take_in(*OF_ONE)
    alone.take_in(
        *(
            event(established(date(2020, 1, 1)), f"post/P-{n}", JANUARY, "post", authority=MANY, source=f"/hr/{n:02}")
            for n in range(25)
        )
    )
    return alone


def told(body: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(feed["source"], feed["service"], feed["recorded_until"]) for feed in body["feeds"]]


def test_an_answer_says_of_each_feed_of_when_its_newest_record_is(metrics: Alone) -> None:
    body = metrics.get(f"/v1/measures/vacancies?authority={SILENT}&as_at=2024-05-31")
    assert told(body) == [
        (HR, "recruitment", "2024-05-20T09:00:00Z"),
        (PANELS, "retention", "2020-03-16T09:00:00Z"),
    ]
    assert (body["recorded_until"], body["more_feeds"]) == ("2024-05-20T09:00:00Z", False)


@pytest.mark.parametrize(
    ("measure", "stale"),
    [("turnover-rate", True), ("in-post", True), ("children", True), ("establishment", False), ("agency", False)],
)
def test_a_new_post_does_not_take_the_mark_from_what_rests_on_a_feed_that_stopped(
    metrics: Alone, measure: str, stale: bool
) -> None:
    assert metrics.get(f"/v1/measures/{measure}?authority={SILENT}&as_at=2024-05-31")["stale"] is stale


def test_the_points_of_a_series_are_stale_by_what_the_measure_rests_on(metrics: Alone) -> None:
    months = f"series?authority={SILENT}&from=2020-05-01&to=2020-07-31"
    leavers = metrics.get(f"/v1/measures/leavers/{months}")["periods"]
    assert [point.get("stale", False) for point in leavers] == [False, True, True]  # from 17 June on
    posts = metrics.get(f"/v1/measures/establishment/{months}")["periods"]
    assert [point.get("stale", False) for point in posts] == [False, False, False]


def test_a_pinned_answer_tells_of_the_feeds_as_they_were(metrics: Alone) -> None:
    path = f"/v1/measures/vacancies?authority={SILENT}&as_at=2020-02-01&as_accepted_at=2020-02-01T00:00:00Z"
    for as_known_at in ("2020-02-01T00:00:00Z", "2026-01-01T00:00:00Z"):
        body = metrics.get(f"{path}&as_known_at={as_known_at}")
        assert told(body) == [(HR, "recruitment", "2020-01-15T09:00:00Z")]
    known = metrics.get(f"/v1/measures/vacancies?authority={SILENT}&as_at=2020-02-01&as_known_at=2020-04-01T00:00:00Z")
    assert told(known) == [(HR, "recruitment", "2020-01-15T09:00:00Z"), (PANELS, "retention", "2020-03-16T09:00:00Z")]


def test_of_very_many_feeds_an_answer_tells_some_and_says_so(metrics: Alone) -> None:
    body = metrics.get(f"/v1/measures/vacancies?authority={MANY}&as_at=2020-01-31")
    assert [source for source, *_ in told(body)] == [f"/hr/{n:02}" for n in range(20)]
    assert body["more_feeds"] is True
    assert metrics.get("/v1/measures/vacancies?authority=all&as_at=2020-01-31")["feeds"] == []


def test_the_feeds_are_listed_by_source_and_topic(metrics: Alone) -> None:
    body = metrics.get(f"/v1/feeds?authority={SILENT}")
    assert body["count"] == 3
    hiring, posts, leavers = body["rows"]
    assert posts == {
        "authority": SILENT,
        "source": HR,
        "topic": "workforce.posts",
        "service": "recruitment",
        "events": 2,
        "first_recorded_at": "2020-01-15T09:00:00Z",
        "recorded_until": "2024-05-20T09:00:00Z",
        "last_accepted_at": "2024-05-20T09:00:00Z",
    }
    assert (hiring["topic"], hiring["events"]) == ("workforce.hiring", 1)
    assert (leavers["source"], leavers["topic"], leavers["service"]) == (PANELS, "workforce.leavers", "retention")


def test_the_list_has_pages_and_an_authority_that_sent_nothing_has_none(metrics: Alone) -> None:
    first = metrics.get(f"/v1/feeds?authority={MANY}&limit=20")
    second = metrics.get(first["links"]["next"])
    assert [row["source"] for row in first["rows"] + second["rows"]] == [f"/hr/{n:02}" for n in range(25)]
    assert "next" not in second["links"]
    assert problem(metrics.ask(f"/v1/feeds?authority={NOBODY}"), 404)["title"] == "Nothing is known of this authority"


# --- what is written --------------------------------------------------------------------------------------------------


@pytest.fixture
async def empty(database: str) -> AsyncIterator[asyncpg.Pool]:
    """An empty database of metrics."""
    pool = await connect_pool(database, 2)
    await migrate(pool, (CHASSIS_MIGRATIONS, METRICS_MIGRATIONS))
    yield pool
    await pool.close()


async def rows(of: asyncpg.Pool) -> list[tuple[Any, ...]]:
    found = await of.fetch("SELECT * FROM feed ORDER BY authority, source, topic")
    return [tuple(row.values()) for row in found]


async def test_what_is_told_of_a_feed_hangs_neither_on_the_order_nor_on_repetition(
    empty: asyncpg.Pool,
) -> None:
    expected = [
        (SILENT, HR, "workforce.hiring", "recruitment", 1, JANUARY, JANUARY, JANUARY),
        (SILENT, HR, "workforce.posts", "recruitment", 2, JANUARY, LATER, LATER),
        (SILENT, PANELS, "workforce.leavers", "retention", 1, MARCH, MARCH, MARCH),
    ]
    for order in itertools.permutations(OF_ONE):
        await empty.execute("TRUNCATE feed, inbox")
        await take_in(empty, order[0])
        await take_in(empty, *order)
        await take_in(empty, order[2], order[2])
        assert await rows(empty) == expected


async def test_prometheus_is_told_of_each_feed_and_of_how_many_it_is_not(
    empty: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "MOST_WATCHED", 2)
    third = replace(OF_ONE[0], envelope=OF_ONE[0].envelope.model_copy(update={"source": "/gone"}))
    await take_in(empty, *OF_ONE, third)
    telemetry = MetricsTelemetry()
    await feeds.tell(cast(Runtime, SimpleNamespace(pool=empty, telemetry=telemetry)))

    def said(name: str, source: str) -> float | None:
        labels = {"authority": SILENT, "source": source}
        return telemetry.registry.get_sample_value(f"workforce_feed_{name}_timestamp_seconds", labels)

    assert said("recorded_until", HR) == said("last_accepted", HR) == datetime(2024, 5, 20, 9, tzinfo=UTC).timestamp()
    assert said("last_accepted", PANELS) == MARCH.timestamp()
    assert said("last_accepted", "/gone") is None
    assert telemetry.registry.get_sample_value("workforce_feeds_left_out") == 1
