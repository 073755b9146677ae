"""How the cost of dirt grows: seconds of each entry point for each kind of it, and the growth per doubling."""

import time
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from tests.dirt import KINDS
from tests.entry_points import ENTRY_POINTS

TOO_LONG = 20.0
"""Seconds after which twice as much is not tried."""


def dirt(console: Console, kinds: Sequence[str], sizes: Sequence[int], points: Sequence[str]) -> None:
    """Print seconds at every size, and by how much the last doubling multiplied them."""
    table = Table("kind", "entry point", *(f"n = {size:,}" for size in sizes), "growth", title="dirt, seconds")
    for name in kinds:
        taken: dict[str, list[float]] = {point: [] for point in points}
        for size in sizes:
            events = KINDS[name](size)
            for point, seconds in taken.items():
                if not seconds or seconds[-1] < TOO_LONG:
                    began = time.perf_counter()
                    ENTRY_POINTS[point](events)
                    seconds.append(time.perf_counter() - began)
        for point, seconds in taken.items():
            growth = seconds[-1] / seconds[-2] if len(seconds) > 1 else 1.0
            shown = [f"{second:.2f}" for second in seconds] + [""] * (len(sizes) - len(seconds))
            table.add_row(name, point, *shown, f"{growth:.1f}")
    console.print(table)
