"""Figures of an invented England: how long each takes, beside plain SQL and DuckDB, as history doubles, and the memory.

Invariant: who is compared is asked the same questions in turn, in one run; an answer that differs is an error.
"""

import gc
import random
import statistics
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

import asyncpg
import psutil
from rich.console import Console
from rich.progress import track
from rich.table import Table

from tests.benchmark.after_an_event import after_an_event
from tests.benchmark.history import EVENTS_AN_AUTHORITY, FIRST_DAY, LAST_DAY, ROLES
from tests.benchmark.peers import DuckDb, Ours, OverHttp, PlainSql, Question
from tests.benchmark.seeding import seed

KNOWN_NOW = datetime(2026, 1, 1, tzinfo=UTC)
"""After everything was recorded."""

MONTH_ENDS = [
    date(year + (month == 12), month % 12 + 1, 1) - timedelta(days=1)
    for year in range(FIRST_DAY.year, LAST_DAY.year + 1)
    for month in range(1, 13)
    if FIRST_DAY <= date(year, month, 1) < LAST_DAY - timedelta(days=31)
]

Ask = Callable[[Question], Awaitable[object]]


class Timed:
    """The times of one figure, by who was asked."""

    def __init__(self, figure: str, ways: Mapping[str, Ask]) -> None:
        self.figure = figure
        self.ways = ways
        self.seconds: dict[str, list[float]] = {way: [] for way in ways}

    async def ask(self, questions: Sequence[Question]) -> None:
        """Ask each question of everybody, who is asked first in turn. Raises ValueError where answers differ."""
        order = list(self.ways)
        for question in questions:
            answers: dict[str, object] = {}
            for way in order:
                began = time.perf_counter()
                answers[way] = await self.ways[way](question)
                self.seconds[way].append(time.perf_counter() - began)
            order = order[1:] + order[:1]
            if any(answer not in (None, answers["ours"]) for answer in answers.values()):
                raise ValueError(f"{self.figure}: {question} is answered differently: {answers}")

    def add_to(self, table: Table) -> None:
        """A line for each who was asked."""
        ours = statistics.median(self.seconds["ours"])
        for way, seconds in self.seconds.items():
            median = statistics.median(seconds)
            label = self.figure if way == "ours" else ""
            table.add_row(
                label, way, str(len(seconds)), _ms(median), _ms(percentile(seconds, 0.99)), f"{median / ours:.1f}"
            )
        table.add_section()


async def figures(database: str, service: str, console: Console, calls: int) -> None:
    """Ask everything and print the tables. `service` is the address of metrics over the same database."""
    pool = await asyncpg.create_pool(database, min_size=2, max_size=4, command_timeout=600)
    try:
        await pool.execute("ANALYZE")
        ours, duckdb = Ours(pool), DuckDb()
        await _memory(pool, ours, console)
        await duckdb.load(pool)
        await _figures(pool, ours, duckdb, OverHttp(service), console, calls)
        await after_an_event(pool, ours, service, console)
        seed(database, [f"901:{EVENTS_AN_AUTHORITY // 2}", f"902:{EVENTS_AN_AUTHORITY}"])
        await pool.execute("ANALYZE")
        await _doubling(pool, ours, console, calls)
    finally:
        await pool.close()


async def _figures(
    pool: asyncpg.Pool, ours: Ours, duckdb: DuckDb, service: OverHttp, console: Console, calls: int
) -> None:
    drawn = random.Random(1)
    authorities = await ours.stock.authorities()
    sql = PlainSql(pool)
    few, fewest = max(3, calls // 15), 3
    planned = [
        ("stock by role, one authority", [_stock(drawn, authorities) for _ in range(calls)]),
        ("the same as known now", [_stock(drawn, authorities, KNOWN_NOW) for _ in range(calls)]),
        (f"{len(MONTH_ENDS)} months by role, one authority", [_series(drawn, authorities) for _ in range(calls)]),
        ("England by role", [_stock(drawn, None) for _ in range(few)]),
        (f"{len(MONTH_ENDS)} months by role, England", [_series(drawn, None) for _ in range(fewest)]),
    ]
    table = Table("figure", "asked", "times", "p50 ms", "p99 ms", "of ours", title="vacancies, as at, as known at")
    for figure, questions in track(planned, "asking", console=console):
        ways: dict[str, Ask] = {"ours": ours.sums, "plain SQL": sql.sums, "DuckDB": duckdb.sums}
        if service.answers(questions[0]):
            ways["ours over HTTP"] = service.sums
        asked = Timed(figure, ways)
        # Once before it counts: plans are made, connections opened.
        await Timed(figure, ways).ask(questions[:1])
        gc.collect()
        await asked.ask(questions)
        asked.add_to(table)
    explained = Timed("explanation of one", {"ours": ours.explain, "plain SQL": sql.explain, "DuckDB": duckdb.explain})
    await explained.ask([_stock(drawn, authorities) for _ in range(calls)])
    explained.add_to(table)
    console.print(table)


def _stock(drawn: random.Random, authorities: Sequence[str] | None, known: datetime | None = None) -> Question:
    day = FIRST_DAY + timedelta(days=drawn.randrange((LAST_DAY - FIRST_DAY).days))
    authority = None if authorities is None else drawn.choice(authorities)
    return Question(authority, [day], known or _instant(drawn, day), drawn.choice(ROLES))


def _series(drawn: random.Random, authorities: Sequence[str] | None) -> Question:
    authority = None if authorities is None else drawn.choice(authorities)
    return Question(authority, MONTH_ENDS, _instant(drawn, LAST_DAY - timedelta(days=365)))


def _instant(drawn: random.Random, day: date) -> datetime:
    """From that day on, within a year."""
    since = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return since + timedelta(seconds=drawn.randrange(365 * 24 * 3600))


async def _memory(pool: asyncpg.Pool, ours: Ours, console: Console) -> None:
    """What it takes to read all of England, and to hold it."""
    counts = await pool.fetchrow(
        "SELECT (SELECT count(*) FROM inbox) AS events, (SELECT count(*) FROM staffing) AS rows"
    )
    assert counts is not None
    process = psutil.Process()
    before, began = process.memory_info().rss, time.perf_counter()
    held = await ours.england()
    seconds, grown = time.perf_counter() - began, process.memory_info().rss - before
    table = Table("authorities", "events", "rows of staffing", "read in", "resident MB more", title="England in memory")
    table.add_row(
        str(len(held)), f"{counts['events']:,}", f"{counts['rows']:,}", f"{seconds:.1f} s", f"{grown / 1e6:.0f}"
    )
    console.print(table)


async def _doubling(pool: asyncpg.Pool, ours: Ours, console: Console, calls: int) -> None:
    """One authority with half of its history, and with all of it."""
    drawn = random.Random(2)
    sql = PlainSql(pool)
    half: dict[str, Timed] = {}
    for authority in ("901", "902"):
        half[authority] = Timed(authority, {"ours": ours.sums, "plain SQL": sql.sums})
        await Timed(authority, half[authority].ways).ask([_stock(drawn, [authority])])
    for _ in range(calls):
        for authority, asked in half.items():
            await asked.ask([_stock(drawn, [authority], KNOWN_NOW)])
    table = Table(
        "", "events", "p50 ms", "with twice the events", "p50 ms", "ratio", title="a stock as history doubles"
    )
    for way in ("ours", "plain SQL"):
        once, twice = (statistics.median(asked.seconds[way]) for asked in half.values())
        counts = [
            await pool.fetchval("SELECT count(*) FROM inbox WHERE authority = $1", authority) for authority in half
        ]
        table.add_row(way, f"{counts[0]:,}", _ms(once), f"{counts[1]:,}", _ms(twice), f"{twice / once:.2f}")
    console.print(table)


def percentile(seconds: Sequence[float], part: float) -> float:
    """The value that this part of them does not exceed."""
    return sorted(seconds)[min(len(seconds) - 1, int(len(seconds) * part))]


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:,.2f}" if seconds < 0.1 else f"{1000 * seconds:,.0f}"
