"""The first answers after an event, and England by a measure beyond staffing: what is gone on from, beside all anew.

Invariant: who goes on from what was kept and who reads everything are asked the same, of the same event.
"""

import statistics
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import cast

import asyncpg
import httpx
import psutil
from rich.console import Console
from rich.table import Table

from contracts.codes import Role
from services.chassis.recent_events import RecentEvents
from services.chassis.runtime import Runtime
from services.metrics.ingest import handlers
from services.metrics.read_models.budget import Budget
from services.metrics.read_models.readers import Readers
from services.metrics.read_models.stock_columns import StockColumns
from services.metrics.telemetry import MetricsTelemetry
from tests.benchmark.history import LAST_DAY, Stated, accepted
from tests.benchmark.peers import ALL_CONNECTIONS, ALL_OF_ENGLAND, Ours, Question

EVENTS = 60
KNOWN_NOW = datetime(2030, 1, 1, tzinfo=UTC)
STOCK = "/v1/measures/vacancies?authority={}&as_at={}&by=role"
EXPLANATION = "/v1/measures/vacancies/explanation?authority={}&as_at={}&role=social-worker"
TURNOVER_OF_ENGLAND = "/v1/measures/turnover-rate?authority=all&census_year=2023"


async def after_an_event(pool: asyncpg.Pool, ours: Ours, service: str, console: Console) -> None:
    """Print how long the first answers of an authority take after an event of it."""
    authorities = (await ours.stock.authorities())[:EVENTS]
    seconds: dict[str, list[float]] = {}

    async def timed(what: str, ask: Callable[[], Awaitable[object]]) -> object:
        began = time.perf_counter()
        answer = await ask()
        seconds.setdefault(what, []).append(time.perf_counter() - began)
        return answer

    async with httpx.AsyncClient(base_url=service, timeout=120) as client:
        for number, authority in enumerate(authorities):
            question = Question(authority, [LAST_DAY], KNOWN_NOW)
            paths = [path.format(authority, LAST_DAY) for path in (STOCK, EXPLANATION)]
            await ours.sums(question)
            for path in paths:
                (await client.get(path)).raise_for_status()
            await _take_in_a_post(pool, authority, number)
            nothing_kept = Ours(pool)
            nothing_kept.stock = StockColumns(Readers(pool, ALL_CONNECTIONS), Budget(ALL_OF_ENGLAND))
            gone_on = await timed("a stock, in process", lambda: ours.sums(question))  # noqa: B023
            anew = await timed("the same, all rows read", lambda: nothing_kept.sums(question))  # noqa: B023
            if gone_on != anew:
                raise ValueError(f"{authority}: what goes on from what was kept is another stock")
            await timed("a stock, over HTTP", lambda: client.get(paths[0]))  # noqa: B023
            await timed("an explanation, over HTTP", lambda: client.get(paths[1]))  # noqa: B023
    table = Table("first after an event", "times", "p50 ms", "p90 ms", title="the first answers after an event")
    for what, times in seconds.items():
        tenth = sorted(times)[int(0.9 * len(times))]
        table.add_row(what, str(len(times)), f"{1000 * statistics.median(times):.1f}", f"{1000 * tenth:.1f}")
    console.print(table)


async def _take_in_a_post(pool: asyncpg.Pool, authority: str, number: int) -> None:
    recorded = datetime.now(UTC)
    name = f"{number}-{recorded.timestamp()}"
    attributes = {
        "specversion": "1.0", "id": f"after-{name}", "source": "/bench", "authority": authority,
        "time": recorded.isoformat(), "type": "uk.workforce.post.established.v1",
        "subject": f"post/AFTER-{name}",
    }  # fmt: skip
    data = {
        "effective_from": date(2020, 1, 1).isoformat(), "role": Role.SOCIAL_WORKER.value, "funded_fte": 1,
        "team": "a", "service_area": "b",
    }  # fmt: skip
    runtime = cast(Runtime, SimpleNamespace(pool=pool, telemetry=MetricsTelemetry(), recent_events=RecentEvents()))
    await handlers.TakeInEvents(runtime)([accepted(Stated(recorded, number, attributes, data), number + 1)], False)


def england_by_turnover(service: str, process: int, console: Console) -> None:
    """Print what turnover of all authorities takes, the first time and again, and the memory of the service."""
    table = Table("turnover of all", "seconds", "resident MB", title="England by a measure beyond staffing")
    with httpx.Client(base_url=service, timeout=1200) as client:
        for what in ("the first time", "again", "once more"):
            began = time.perf_counter()
            client.get(TURNOVER_OF_ENGLAND).raise_for_status()
            seconds = time.perf_counter() - began
            table.add_row(what, f"{seconds:.3f}", f"{psutil.Process(process).memory_info().rss / 1e6:.0f}")
    console.print(table)
