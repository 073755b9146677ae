"""`python -m deploy.embedded`, which `make up` runs: the whole system on one machine, until Ctrl-C.

Invariant: it ends with 0 when it was asked to end; otherwise with 1, and a line that says why. Either way nothing of it
is left running.
"""

import argparse
import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from types import FrameType
from typing import NoReturn

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from contracts.catalogue import METRICS
from deploy.demonstration import history as demonstration_history
from deploy.demonstration.ending import ENDING_HELP, ending
from deploy.embedded.feeding import CloudEvent, Held, events_accepted, events_counting, feed, held, key_headers
from deploy.embedded.processes import PartFailed, exclusive
from deploy.embedded.services import ON_KAFKA
from deploy.embedded.settings import EmbeddedSettings, check_ports, read_settings, settings_help, unknown_to_all
from deploy.embedded.system import System, running
from deploy.embedded.vacancy_table import NOTE, read_columns, vacancy_table

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
WATCH_SECONDS = 0.5
HELP_WIDTH = 110
"""Of --help, which is the same on every screen: it stands in help.txt too, to be read before anything is set up."""
TAKEN_IN_SECONDS = 300.0
"""How long metrics may take to derive what was loaded; some 10 seconds were seen."""

DESCRIPTION = """\
Start the whole system on this machine: PostgreSQL and a Kafka-protocol broker from wheels, and the services
recruitment, retention, metrics and people. When it holds no events yet, an invented authority is loaded through the
services' own feeds, and the council's vacancy table is printed. It runs until Ctrl-C; what it holds is kept for the
next time.
"""


class _StopRequested(BaseException):
    """Raised out of whatever is going on when the system is asked to stop."""


def command_line() -> argparse.ArgumentParser:
    """What `make up` takes, and what its help says."""
    parser = argparse.ArgumentParser(
        prog="make up",
        usage='make up [ARGS=--no-demonstration] [ARGS="--ending today"]',
        description=DESCRIPTION,
        epilog=f"settings, as environment variables:\n{settings_help()}\n\nas in: WORKFORCE_METRICS_PORT=9100 make up",
        formatter_class=partial(argparse.RawDescriptionHelpFormatter, width=HELP_WIDTH),
    )
    parser.add_argument("--no-demonstration", action="store_true", help="start empty, for events of your own")
    parser.add_argument("--ending", type=ending, metavar="DAY", help=f"of the demonstration: {ENDING_HELP}")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the system; gives the exit code."""
    chosen = command_line().parse_args(arguments)
    console = Console(highlight=False)
    for number in STOP_SIGNALS:
        signal.signal(number, _ask_to_stop)
    try:
        settings = read_settings()
        for line in unknown_to_all(os.environ):
            console.print(line, style="yellow", markup=False, soft_wrap=True)
        _run(
            settings, None if chosen.no_demonstration else partial(demonstration_history, until=chosen.ending), console
        )
    except PartFailed as failure:
        Console(stderr=True, highlight=False).print(str(failure), style="red", markup=False, soft_wrap=True)
        return 1
    except _StopRequested:
        console.print("stopped; `make up` starts it again with all it holds")
    return 0


def _ask_to_stop(number: int, frame: FrameType | None) -> NoReturn:
    _stop_listening_to_signals()
    raise _StopRequested


def _stop_listening_to_signals() -> None:
    """Stopping takes a moment, and must not be interrupted half way."""
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def _run(settings: EmbeddedSettings, history: Callable[[], Sequence[CloudEvent]] | None, console: Console) -> NoReturn:
    with exclusive(settings.state / "lock") as mine:
        if not mine:
            raise PartFailed(
                f"another `make up` runs on {settings.state}: stop it, or set WORKFORCE_STATE to another folder"
            )
        check_ports(settings)
        _keep_one_older_log(settings.state / "logs")

        def stopping() -> None:
            _stop_listening_to_signals()
            console.print("stopping")

        with running(settings, console.print, stopping) as system:
            is_shown = history is not None and _demonstrate(history(), system, settings, console)
            _show_where_to_go(system, console, WORTH_A_LOOK if is_shown else ())
            while True:
                system.assert_running()
                time.sleep(WATCH_SECONDS)


def _demonstrate(history: Sequence[CloudEvent], system: System, settings: EmbeddedSettings, console: Console) -> bool:
    """Load the demonstration and show its table; gives whether the system has it."""
    already_held = asyncio.run(held(history, system.database_urls))
    if already_held is Held.OTHER:
        console.print("the demonstration is not loaded: the system holds other events")
        return False
    if already_held is not Held.ALL:
        _load(history, system, settings, console)
    _wait_until_taken_in(system)
    headers = key_headers(settings.api_key)
    console.print(vacancy_table(read_columns(system.services[METRICS].url, headers)))
    console.print(NOTE, soft_wrap=True)
    return True


def _load(history: Sequence[CloudEvent], system: System, settings: EmbeddedSettings, console: Console) -> None:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    urls = {name: service.url for name, service in system.services.items()}
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("loading the demonstration authority", total=len(history))
        try:
            feed(history, urls, settings.api_key, lambda events: progress.advance(task, events))
        except PartFailed:
            system.assert_running()
            raise


def _wait_until_taken_in(system: System) -> None:
    """Wait until every accepted event counts in the figures. Raises PartFailed."""
    metrics = system.services[METRICS]
    accepted = asyncio.run(events_accepted(system.database_urls))

    def taken_in() -> bool:
        system.assert_running()
        return asyncio.run(events_counting(system.database_urls[METRICS])) >= accepted

    metrics.process.wait_until(taken_in, f"has taken in the {accepted} events", TAKEN_IN_SECONDS)


WORTH_A_LOOK = (
    ("a figure of the table", "/v1/measures/vacancies?authority=331&as_at=2023-10-31&by=role"),
    ("what it is made of", "/v1/measures/vacancies/explanation?authority=331&as_at=2023-10-31"),
    ("month by month", "/v1/measures/vacancies/series?authority=331&from=2022-01-01&to=2024-03-31"),
    ("the academy", "/v1/academy/cohorts?authority=331&as_at=2023-11-30&cohorts=completed"),
    ("data quality", "/v1/quality?authority=331&as_at=2024-03-31"),
    ("the twelve months to come", "/v1/forecasts/vacancies?authority=331&as_at=2024-03-31"),
    ("today, where it goes on to today", "/v1/measures/vacancies?authority=331&by=role"),
)
"""Answers about the demonstration that show what there is."""


def _show_where_to_go(system: System, console: Console, worth_a_look: Sequence[tuple[str, str]]) -> None:
    metrics = system.services[METRICS].url
    lines = [
        "",
        f"the figures on pages: {metrics}/",
        "",
        "where to go next",
        *(f"  {title}: {metrics}{path}" for title, path in worth_a_look),
    ]
    on_kafka = {name: service for name, service in system.services.items() if name in ON_KAFKA}
    for title, path, services in (
        ("API docs", "/docs", system.services),
        ("AsyncAPI docs", "/asyncapi", on_kafka),
        ("metrics for Prometheus", "/metrics", system.services),
    ):
        lines += [f"  {title} of {name}: {service.url}{path}" for name, service in services.items()]
    console.print("\n".join([*lines, "", "running; Ctrl-C stops it"]), soft_wrap=True)


def _keep_one_older_log(folder: Path) -> None:
    for log in folder.glob("*.log"):
        log.replace(log.with_suffix(".log.before"))


if __name__ == "__main__":
    sys.exit(main())
