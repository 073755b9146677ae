"""Writes down for dashboards what the API answers of each authority whose events have changed.

Invariant: what stands of an authority was worked out at one instant. What arrives meanwhile comes with the next one.
What is found as known at the end of a day in the past is worked out again only if something else was known by then.
"""

import time as clock
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time
from typing import Any

import asyncpg
from fastapi import FastAPI

from contracts.envelope import format_instant
from services.chassis.authentication import EVERY_AUTHORITY, Caller, Right
from services.chassis.logs import get_log
from services.chassis.runtime import Runtime
from services.metrics.api.asking import NotAnswered, ask_itself
from services.metrics.reporting import questions, store
from services.metrics.reporting.questions import NOW
from services.metrics.reporting.store import Row

log = get_log(__name__)

LAST_SECOND = time(23, 59, 59)
ITSELF = Caller(name="reporting", authority=EVERY_AUTHORITY, rights=(Right.READ,))

OF_QUALITY = "{state} {now:%G-%V}"
"""What is found as known then also follows from the checks: once a week it is looked at again."""


class Filling:
    """A watch of the service: from time to time it looks whose figures have changed."""

    def __init__(self, every_seconds: int | None) -> None:
        """If `every_seconds` is None, nothing is written down."""
        self.app: FastAPI | None = None
        self._every_seconds = every_seconds
        self._not_before = 0.0

    async def __call__(self, runtime: Runtime) -> None:
        """Write down what has changed, if it is time and nothing that arrived still waits to be derived."""
        if self._every_seconds is None or self.app is None or clock.monotonic() < self._not_before:
            return
        if runtime.far_behind() or runtime.unsettled:
            return
        self._not_before = clock.monotonic() + self._every_seconds
        await fill(self.app, runtime.pool)


async def fill(app: FastAPI, pool: asyncpg.Pool) -> None:
    """Write down an authority's figures if something else is known of it, or if another day has come."""
    now = datetime.now(UTC)
    kept = await store.written(pool)
    failure: Exception | None = None
    for authority, state in (await store.states(pool, now)).items():
        if kept.get(authority) == state:
            continue
        try:
            await _fill_one(app, pool, authority, state, now)
        except Exception as error:  # what one authority's events bring about must not keep the others waiting
            log.warning("figures were not written down", authority=authority, cause=type(error).__name__)
            failure = error
    if failure is not None:
        raise failure


async def _fill_one(app: FastAPI, pool: asyncpg.Pool, authority: str, state: str, now: datetime) -> None:
    asks = Asks(app, authority)
    rows: dict[str, list[Row]] = {table: [] for table in (*store.OF_NOW, *store.OF_QUALITY)}
    months = await store.months(pool, authority)
    quality, as_they_were = dict[date, str](), set[date]()
    if months is not None and (last := await _monthly(asks, rows, *months, now)) is not None:
        await _academy(asks, rows, last, now)
        days = {NOW: state} | {
            day: OF_QUALITY.format(state=await store.state_known_at(pool, authority, end_of(day)), now=now)
            for day in questions.quarter_ends(last)
        }
        kept = await store.quality_written(pool, authority)
        as_they_were = {day for day in days if day != NOW and kept.get(day) == days[day]}
        quality = {day: of_day for day, of_day in days.items() if day not in as_they_were}
        await _quality(asks, rows, last, quality, now)
    if await store.replace(pool, authority, state, now, rows, quality, as_they_were):
        log.info("figures were written down", authority=authority, rows=sum(map(len, rows.values())))


class Asks:
    """The questions about one authority, as the service itself asks them."""

    def __init__(self, app: FastAPI, authority: str) -> None:
        self._app = app
        self._authority = authority

    async def __call__(self, path: str, known_at: datetime, **given: Any) -> Mapping[str, Any] | None:
        """The answer, or None if nothing is known to answer from."""
        parameters = {"authority": self._authority, "as_known_at": format_instant(known_at), **given}
        try:
            return (await ask_itself(self._app, ITSELF, path, **parameters)).body
        except NotAnswered as refused:
            if refused.status == 404:
                return None
            raise


async def _monthly(asks: Asks, rows: dict[str, list[Row]], first: date, last: date, now: datetime) -> date | None:
    """Measures month by month; gives the last day that all of them reach."""
    for question in questions.MONTHLY:
        series = await asks(question.path, now, from_=first, to=last, by=question.dimension)
        rows["monthly_figure"] += questions.monthly_rows(question, series) if series else ()
    return questions.last_month(rows["monthly_figure"])


async def _academy(asks: Asks, rows: dict[str, list[Row]], last: date, now: datetime) -> None:
    """Cohorts, and how long their members stay, as at several days."""
    for day in questions.days_of_cohorts(last):
        cohorts = await asks("/v1/academy/cohorts", now, as_at=day)
        if cohorts is None or not cohorts["rows"]:
            # Nobody had entered yet.
            break
        survival = await asks("/v1/survival", now, as_at=day, of="academy-members")
        rows["cohort"] += questions.cohort_rows(cohorts)
        rows["survival"] += questions.survival_rows(survival) if survival else ()


async def _quality(asks: Asks, rows: dict[str, list[Row]], last: date, known_on: Iterable[date], now: datetime) -> None:
    """Findings, and how late records are, as known at the end of each of some days."""
    for day in known_on:
        known_at, as_at = (now, last) if day == NOW else (end_of(day), day)
        quality = await asks("/v1/quality", known_at, as_at=as_at, limit=1)
        rows["finding"] += questions.finding_rows(quality, day) if quality else ()
        rows["lateness"] += questions.lateness_rows(quality, day) if quality else ()


def end_of(day: date) -> datetime:
    """The last second of a day, in UTC."""
    return datetime.combine(day, LAST_SECOND, UTC)
