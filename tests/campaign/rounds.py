"""A round: load, faults, rest, and everything that must hold then. The system goes on running between rounds.

Invariant: whatever a round finds or breaks, the next one begins on a whole system: after a violation on a new one.
"""

import asyncio
import heapq
import time
import traceback
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import asyncpg
from aiokafka.errors import KafkaError

from services.chassis.membership import JOIN_SECONDS
from tests.campaign import checking
from tests.campaign.background import Background
from tests.campaign.faults_of_postgresql import name_of
from tests.campaign.faults_of_services import started_again
from tests.campaign.kinds import EMBEDDED
from tests.campaign.load import load_of
from tests.campaign.plan import Plan
from tests.campaign.sending import Sending, Sent
from tests.campaign.stage import Planted, Stage
from tests.campaign.undisturbed import expected_of, in_another_order, questions
from tests.campaign.verdicts import Violation, verdicts
from tests.campaign.watching import LIVE, READY, Sample, Seen, Watch
from tests.delivery.observing import AWAY
from tests.parts import ApacheKafka, Broker, EmbeddedBroker, PartFailed, PostgreSQL, RealSystem

PATIENCE_SECONDS = 60.0
"""Within so long after the last fault ended everything is taken in, and every service ready."""
TICK_SECONDS = 0.1
AGAIN_SECONDS = 0.5
RESTART_AFTER_SECONDS = 3.0
"""A process whose liveness asks for it for so long is started again, as an orchestrator would."""
ROUNDS_ON_ONE_SYSTEM = 25
STALLED_SECONDS = JOIN_SECONDS + 5.0
"""The services' patience with themselves: short, so that liveness gets a chance to be wrong within a round, but more
than it takes them to see that their group gives them nothing."""
SETTINGS: dict[str, object] = {"stalled_seconds": STALLED_SECONDS}


@dataclass
class Outcome:
    """What a round did and found."""

    plan: Plan
    happened: list[str]
    events: int
    seconds: float
    rested_after: float | None
    """Seconds from the end of the last fault, or of the load, until everything was taken in and ready; None: never."""
    violations: list[Violation] = field(default_factory=list)

    def line(self) -> str:
        """The round in one line."""
        kinds = " + ".join(f"{fault.kind.name}({fault.part})@{fault.at:.1f}" for fault in self.plan.faults)
        rest = "never at rest" if self.rested_after is None else f"at rest after {self.rested_after:.1f} s"
        result = "ok" if not self.violations else f"{len(self.violations)} VIOLATIONS"
        return (
            f"seed {self.plan.seed} round {self.plan.number} {self.plan.broker}: {kinds or 'no fault'}; "
            f"{'; '.join(self.happened)}; {self.events} events, {rest}, {self.seconds:.1f} s: {result}"
        )


class Campaign:
    """Rounds on one broker. Everything stands in `folder`, and may take `slack` times as long as it should."""

    def __init__(
        self,
        folder: Path,
        broker: str,
        patience: float = PATIENCE_SECONDS,
        postgres: PostgreSQL | None = None,
        running: Broker | None = None,
        slack: float = 1.0,
    ) -> None:
        self.broker = broker
        self._folder = folder
        self._patience = patience * slack
        self._slack = slack
        self._background = Background()
        self._own_postgres, self._own_broker = postgres is None, running is None
        self._postgres = postgres or PostgreSQL(folder / "postgresql", folder / "postgresql.log")
        self._broker = running or _broker(broker, folder)
        self._system: RealSystem | None = None
        self._systems = 0
        self._rounds = 0
        self._planted: list[Planted] = []
        self._digests: dict[str, str] = {}
        self._reference = ""

    def start(self) -> None:
        """Start what every system stands on. Raises PartFailed."""
        if self._own_postgres:
            self._postgres.start()
        if self._own_broker:
            self._broker.start()
        self._reference = self._postgres.create("campaign_undisturbed")

    def stop(self) -> None:
        """Stop everything that was started."""
        if self._system is not None:
            self._system.stop()
        self._background.stop()
        if self._own_broker:
            self._broker.stop()
        if self._own_postgres:
            self._postgres.stop()
        else:
            self._postgres.drop("campaign_undisturbed")

    def round(self, plan: Plan) -> Outcome:
        """Play one round; one that breaks off is a violation, and the next begins with another system.

        Raises PartFailed when the system cannot even be started.
        """
        began = time.monotonic()
        try:
            return self._play(plan, began)
        except PartFailed:
            raise
        except (Exception, CancelledError):
            self._let_go()
            broken_off = Violation("the round can be played to its end", traceback.format_exc())
            return Outcome(plan, [], 0, time.monotonic() - began, None, [broken_off])

    def _play(self, plan: Plan, began: float) -> Outcome:
        system = self._standing_system()
        random = plan.random
        load = load_of(plan.number, random, ties=plan.ties)
        stage = Stage(
            system, self._folder / f"system-{self._systems}", self._background, random, load.authorities, SETTINGS
        )
        stage.slack = self._slack
        stage.a_restart_mends = any(fault.kind.restart_mends for fault in plan.faults)
        if plan.replica:
            stage.start_replica()
            stage.note("two processes of metrics")
        played = _Round(plan, stage, self._background, self._patience)
        sending = Sending(load, system.services, plan.load_seconds)
        violations = played.play(sending)
        rested_after = played.rested_after
        self._planted += stage.planted
        violations += verdicts(stage, played.seen, sending.sent, played.faults_began)
        try:
            violations += self._background.run(self._check(stage, sending, rested_after is not None), 300 * self._slack)
        except AWAY as error:
            violations.append(Violation("everything can be looked at", f"{type(error).__name__}: {error}"))
        stage.stop_replica()
        self._rounds += 1
        if violations or self._rounds >= ROUNDS_ON_ONE_SYSTEM:
            self._let_go()
        return Outcome(
            plan,
            stage.happened,
            len(sending.sent.accepted),
            time.monotonic() - began,
            rested_after,
            list(dict.fromkeys(violations)),
        )

    async def _check(self, stage: Stage, sending: Sending, at_rest: bool) -> list[Violation]:
        """Everything that must hold of a system at rest; of one that is not, what holds at any time."""
        sent = sending.sent
        violations = await checking.kept_exactly(stage, sent)
        violations += await checking.read_exactly(stage)
        violations += await checking.topics_are_there(stage)
        violations += await checking.dead_letters_are_the_bad_ones(stage, self._planted, at_rest)
        if not at_rest:
            return violations
        events = in_another_order(sent.events, sent.accepted_at, stage.random)
        if events:
            asked = questions(events, stage.random)
            expected = await expected_of(self._reference, events, asked, stage.random)
            violations += await checking.figures_are_equal(stage, expected)
        now = await checking.digests(stage)
        changed = sorted(authority for authority, digest in self._digests.items() if now.get(authority) != digest)
        if changed:
            violations.append(
                Violation("rows of before stay as they are", f"other rows of {changed} than after their rounds")
            )
        self._digests |= {authority: now[authority] for authority in stage.authorities if authority in now}
        return violations

    def _standing_system(self) -> RealSystem:
        if self._system is None:
            self._systems += 1
            self._broker.empty()
            self._system = RealSystem(self._postgres, self._broker, self._folder / f"system-{self._systems}", SETTINGS)
            self._system.start()
        return self._system

    def _let_go(self) -> None:
        system, self._system = self._system, None
        self._rounds, self._planted, self._digests = 0, [], {}
        if system is not None:
            for service in system.services.values():
                service.kill()
            for url in system.databases.values():
                with suppress(PartFailed):
                    self._postgres.drop(name_of(url))


class _Round:
    """The part of a round that goes by the clock."""

    def __init__(self, plan: Plan, stage: Stage, background: Background, patience: float) -> None:
        self._plan = plan
        self._stage = stage
        self._background = background
        self._patience = patience
        self._watch = Watch(stage)
        self._asked_restart: dict[str, float] = {}
        self.faults_began = 0.0
        self.rested_after: float | None = None
        self._found: list[Violation] = []

    @property
    def seen(self) -> Seen:
        """What was seen."""
        return self._watch.seen

    def play(self, sending: Sending) -> list[Violation]:
        """Send the load, inject the faults, wait for rest; gives what went wrong meanwhile."""
        watching = self._background.begin(self._watch.run())
        time.sleep(2 * TICK_SECONDS)
        began = time.monotonic()
        sender = self._background.begin(sending.run())
        try:
            self._inject(began)
            ended = time.monotonic()
            while not sender.done() and time.monotonic() < ended + self._patience:
                self._tick()
            if not sender.done():
                last = [f"{wait.service}: {wait.last}" for wait in sending.sent.waits if wait.until is None]
                self._found.append(Violation("doors open again", f"not within {self._patience:.0f} s: {last[:3]}"))
            elif sender.exception() is not None:
                raise AssertionError("the sender failed") from sender.exception()
            self._rest(time.monotonic() if sender.done() else ended, sending.sent)
        finally:
            for work in (sender, watching):
                _end(work)
        return self._found

    def _inject(self, began: float) -> None:
        """Begin and end each fault at its moment."""
        actions: list[tuple[float, int, int]] = [
            (began + fault.at, index, 0) for index, fault in enumerate(self._plan.faults)
        ]
        heapq.heapify(actions)
        ends: dict[int, Callable[[], None]] = {}
        self.faults_began = began + (self._plan.faults[0].at if self._plan.faults else 0.0)
        while actions:
            due, index, step = heapq.heappop(actions)
            while time.monotonic() < due:
                self._tick()
            fault = self._plan.faults[index]
            try:
                if step == 0:
                    ends[index] = fault.kind.inject(self._stage, fault.part, fault.seconds)
                    heapq.heappush(actions, (time.monotonic() + fault.seconds, index, 1))
                else:
                    ends[index]()
            except (PartFailed, KafkaError, OSError, CancelledError) as error:
                # What it needs is away because of another fault: its turn comes when that one is over. Kafka's client
                # then passes on the cancelling of its own tasks.
                if time.monotonic() > began + self._plan.load_seconds + self._patience:
                    raise
                self._stage.note(f"{fault.kind.name} has to wait: {type(error).__name__}")
                heapq.heappush(actions, (time.monotonic() + AGAIN_SECONDS, index, step))

    def _tick(self) -> None:
        """A moment passes; processes that ended by themselves, or ask for it, are started again."""
        time.sleep(TICK_SECONDS)
        now = time.monotonic()
        for name, service in self._stage.processes().items():
            if any(away.part == name and away.until is None for away in self._stage.away):
                self._asked_restart.pop(name, None)
                continue
            if not service.process.running:
                what = f"{name} with exit code {service.process.exit_code}; {service.process.last_words()[:2000]}"
                self._found.append(Violation("no process ends by itself", what))
                started_again(self._stage, service, self._stage.gone(name))
                continue
            latest = self.seen.latest(name, LIVE)
            if latest is None or latest.status != 503:
                self._asked_restart.pop(name, None)
            elif now - self._asked_restart.setdefault(name, now) > RESTART_AFTER_SECONDS:
                away = self._stage.gone(name)
                self._stage.note(f"{name} started again as its liveness asked")
                service.kill()
                started_again(self._stage, service, away)

    def _rest(self, since: float, sent: Sent) -> None:
        """Wait until everything is taken in and everyone is ready; say what is not when patience ends."""
        deadline = since + self._patience
        state = "nothing was looked at"
        while time.monotonic() < deadline:
            for _ in range(3):
                self._tick()
            try:
                longest = 10 * self._stage.slack
                state = self._background.run(asyncio.wait_for(self._state(sent), longest), longest + 5)
            except (*AWAY, asyncpg.InternalClientError, CancelledError) as error:
                state = f"{type(error).__name__}: {error}"
            if not state:
                self.rested_after = time.monotonic() - since
                return
        said = {name: self._says(name) for name in self._stage.processes()}
        what = f"not within {self._patience:.0f} s of the last fault's end: {state}; readiness says {said}"
        self._found.append(Violation("everything is taken in and ready again", what))

    async def _state(self, sent: Sent) -> str:
        """What is not as it should be yet; empty when all is."""
        missing = await checking.what_is_missing(self._stage)
        if missing:
            examples = {service: (len(events), sorted(events)[:2]) for service, events in missing.items()}
            return f"missing {examples}"
        queued, failed = await checking.still_queued(self._stage)
        if queued:
            return f"{queued} timelines wait to be derived, {failed} of which cannot be"
        for name in self._stage.processes():
            latest = self.seen.latest(name, READY)
            if latest is None or latest.status != 200 or latest.asked < time.monotonic() - 5 * self._stage.slack:
                return f"all is taken in, but {name} is not ready"
            if not _says_it_is_complete(latest, sent):
                return f"all is taken in, but {name} says it is complete until {latest.complete_until}"
        return ""

    def _says(self, name: str) -> str:
        latest = self.seen.latest(name, READY)
        return "nothing" if latest is None else f"{latest.status} {latest.said}"


def _says_it_is_complete(ready: Sample, sent: Sent) -> bool:
    """Whether readiness speaks of an instant after all was accepted, if it speaks of any."""
    if not isinstance(ready.said, dict) or "complete_until" not in ready.said:
        return True
    last = max(sent.accepted_at.values(), default=None)
    until = ready.complete_until
    return until is not None and (last is None or datetime.fromisoformat(until) > last)


def _end(work: "Future[None]") -> None:
    work.cancel()
    with suppress(CancelledError, TimeoutError):
        work.result(5)


def _broker(name: str, folder: Path) -> Broker:
    if name == EMBEDDED:
        return EmbeddedBroker(folder / "broker.log")
    return ApacheKafka(folder / "kafka")
