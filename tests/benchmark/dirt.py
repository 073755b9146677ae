"""How the cost of dirt grows: seconds of each entry point for each kind of it, and the growth per doubling."""

import time
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from services.metrics.timelines.knowledge import TooManyStretches
from tests.dirt import KINDS
from tests.entry_points import ENTRY_POINTS

TITLE = "dirt, seconds (*: refused as too many stretches)"
TOO_LONG = 20.0
"""Seconds after which twice as much is not tried."""


def dirt(console: Console, kinds: Sequence[str], sizes: Sequence[int], points: Sequence[str]) -> None:
    """Print seconds at every size, and by how much the last doubling multiplied them."""
    table = Table(
        "kind",
        "entry point",
        *(f"n = {size:,}" for size in sizes),
        "growth",
        title="dirt, seconds (*: refused as too many stretches)",
    )
    for name in kinds:
        taken: dict[str, list[float]] = {point: [] for point in points}
        refused: set[tuple[str, int]] = set()
        for size in sizes:
            events = KINDS[name](size)
            for point, seconds in taken.items():
                if not seconds or seconds[-1] < TOO_LONG:
                    began = time.perf_counter()
                    try:
                        ENTRY_POINTS[point](events)
                    except TooManyStretches:
                        refused.add((point, size))
                    seconds.append(time.perf_counter() - began)
        for point, seconds in taken.items():
            growth = seconds[-1] / seconds[-2] if len(seconds) > 1 else 1.0
            marks = ["*" if (point, size) in refused else "" for size in sizes]
            shown = [f"{second:.2f}{mark}" for second, mark in zip(seconds, marks, strict=False)]
            shown += [""] * (len(sizes) - len(seconds))
            table.add_row(name, point, *shown, f"{growth:.1f}")
    console.print(table)
