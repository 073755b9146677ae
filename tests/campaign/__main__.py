"""The command line of the campaign: see `python -m tests.campaign --help`."""

import argparse
import logging
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import structlog
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from tests.campaign.kinds import BROKERS, KAFKA, KINDS, kinds_on
from tests.campaign.plan import Plan, plan_of
from tests.campaign.rounds import PATIENCE_SECONDS, Campaign, Outcome
from tests.campaign.verdicts import HEALTH_SECONDS, MISSING_SECONDS
from tests.parts import PartFailed
from tests.parts.apache_kafka import why_not

WHAT = f"""\
Rounds of load and faults on PostgreSQL, a broker and the three services, as processes on this machine.

In each round, which takes 10 seconds or so, whole histories of three authorities are sent to the doors (corrections,
voids, late entries, ties of time, repetitions and bad ones among them), and one to three faults befall the system
meanwhile. When they are over it must come to rest within {PATIENCE_SECONDS:.0f} seconds. Then must hold:

  every accepted event is in the journal once, positions without gaps, and in the inbox of each service that reads it;
  rows and answers are those of a system that nothing befell, given the same events in another order;
  who was asked to stop ended by itself, with exit code 0;
  what became a dead letter are the bad records that were planted, and all of them;
  and all the time: health routes answered within {HEALTH_SECONDS:.0f} s, liveness asked for no useless restart,
  readiness was not 200 while events accepted {MISSING_SECONDS:.0f} s before were missing, nothing was answered 500.
"""
EXAMPLES = """\
examples:
  python -m tests.campaign --rounds 50 --seed 7                  fifty rounds on either broker
  python -m tests.campaign --seed 7 --first 12 --rounds 1 --broker kafka
                                                                 round 12 of seed 7 on Apache Kafka again
  python -m tests.campaign --only kafka-frozen --only postgresql-frozen --together 2
                                                                 both at once, round after round
  python -m tests.campaign --list                                the kinds of fault
"""


def main() -> int:
    """Run the rounds asked for; gives 0 when there was no violation."""
    chosen = _arguments()
    console = Console(soft_wrap=True, highlight=False)
    if chosen.list:
        _list(console)
        return 0
    plans = _plans(chosen)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    folder = Path(tempfile.mkdtemp(prefix="workforce-campaign-"))
    folder.chmod(0o755)
    outcomes: list[Outcome] = []
    try:
        _run(plans, chosen, folder, console, outcomes)
    except KeyboardInterrupt:
        console.print("stopped")
    except PartFailed as failure:
        console.print(f"FAILED: {failure}", markup=False)
        return 1
    finally:
        _tell(outcomes, console)
        if any(outcome.violations for outcome in outcomes) or chosen.keep:
            console.print(f"logs of all processes: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    return 1 if any(outcome.violations for outcome in outcomes) else 0


def _run(
    plans: dict[str, list[Plan]], chosen: argparse.Namespace, folder: Path, console: Console, outcomes: list[Outcome]
) -> None:
    end = time.monotonic() + chosen.minutes * 60 if chosen.minutes is not None else float("inf")
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        for index, (broker, rounds) in enumerate(plans.items()):
            # Of the time that is left each broker gets its share.
            share = time.monotonic() + (end - time.monotonic()) / (len(plans) - index)
            task = progress.add_task(broker, total=len(rounds))
            campaign = Campaign(folder / broker, broker, chosen.patience)
            try:
                campaign.start()
                for plan in rounds:
                    if time.monotonic() > share:
                        break
                    outcome = campaign.round(plan)
                    outcomes.append(outcome)
                    _say(outcome, console)
                    progress.advance(task)
            finally:
                campaign.stop()


def _say(outcome: Outcome, console: Console) -> None:
    console.print(outcome.line(), markup=False)
    for violation in outcome.violations:
        console.print(f"  VIOLATION: {violation.rule}: {violation.what}", markup=False)
    if outcome.violations:
        console.print(f"  again: {again(outcome.plan)}", markup=False)


def again(plan: Plan) -> str:
    """The command that repeats a round."""
    command = f"python -m tests.campaign --seed {plan.seed} --first {plan.number} --rounds 1 --broker {plan.broker}"
    return " ".join([command, *plan.options])


def _tell(outcomes: list[Outcome], console: Console) -> None:
    """The table at the end."""
    brokers = sorted({outcome.plan.broker for outcome in outcomes})
    rounds, violated = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for outcome in outcomes:
        for kind in {fault.kind.name for fault in outcome.plan.faults}:
            rounds[kind, outcome.plan.broker] += 1
            violated[kind, outcome.plan.broker] += bool(outcome.violations)
    table = Table("kind of fault", *(f"{broker}: rounds (with violations)" for broker in brokers))
    for kind in KINDS:
        cells = [
            f"{rounds[kind, broker]} ({violated[kind, broker]})" if rounds[kind, broker] else "-" for broker in brokers
        ]
        table.add_row(kind, *cells)
    console.print(table)
    broken = Counter(violation.rule for outcome in outcomes for violation in outcome.violations)
    for rule, count in broken.most_common():
        console.print(f"{count:5} times broken: {rule}", markup=False)
    bad = sum(bool(outcome.violations) for outcome in outcomes)
    seconds = sum(outcome.seconds for outcome in outcomes)
    console.print(f"{len(outcomes)} rounds in {seconds:.0f} s, {bad} of them with violations")


def _plans(chosen: argparse.Namespace) -> dict[str, list[Plan]]:
    brokers: tuple[str, ...] = BROKERS if chosen.broker == "both" else (chosen.broker,)
    reason = why_not()
    if KAFKA in brokers and reason is not None:
        sys.stderr.write(f"ROUNDS ON APACHE KAFKA ARE LEFT OUT. {reason}\n")
        brokers = tuple(broker for broker in brokers if broker != KAFKA)
    return {
        broker: [
            plan_of(
                chosen.seed,
                number,
                broker,
                chosen.only,
                together=chosen.together,
                brief=chosen.brief,
                ties=not chosen.no_ties,
            )
            for number in range(chosen.first, chosen.first + chosen.rounds)
        ]
        for broker in brokers
    }


def _list(console: Console) -> None:
    for kind in KINDS.values():
        least, most = kind.seconds
        lasts = f"{least:g} to {most:g}" if most else "at once"
        if kind.long is not None:
            lasts += f", at times up to {kind.long[1]:g}"
        console.print(f"{kind.name:24} {kind.meaning}; seconds: {lasts}; on {' and '.join(kind.brokers)}", markup=False)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.campaign",
        description=WHAT,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--rounds", type=int, default=20, help="how many on each broker (default 20)")
    parser.add_argument("--minutes", type=float, help="stop after so many minutes, though rounds are left")
    parser.add_argument("--seed", type=int, default=1, help="another seed gives other events and faults (default 1)")
    parser.add_argument("--first", type=int, default=1, help="number of the first round, to have one again (default 1)")
    parser.add_argument("--broker", choices=[*BROKERS, "both"], default="both")
    parser.add_argument("--only", action="append", default=[], metavar="KIND", help="only this kind; can be repeated")
    parser.add_argument("--together", type=int, help="so many faults in each round (default: 1 to 3, mostly 1)")
    parser.add_argument(
        "--patience", type=float, default=PATIENCE_SECONDS, help="seconds until rest (default %(default)g)"
    )
    parser.add_argument("--brief", action="store_true", help="no faults that last long")
    parser.add_argument("--no-ties", action="store_true", help="give every event a `time` of its own")
    parser.add_argument("--keep", action="store_true", help="keep the logs though nothing was found")
    parser.add_argument("--list", action="store_true", help="list the kinds of fault, and end")
    chosen = parser.parse_args()
    for kind in chosen.only:
        if kind not in KINDS:
            parser.error(f"--only {kind}: there is no such kind; there are {', '.join(KINDS)}")
    brokers = BROKERS if chosen.broker == "both" else (chosen.broker,)
    for broker in brokers:
        if chosen.only and not {kind.name for kind in kinds_on(broker)} & set(chosen.only):
            parser.error(f"{' and '.join(chosen.only)} cannot befall the broker {broker}: choose --broker {KAFKA}")
    return chosen


if __name__ == "__main__":
    sys.exit(main())
