"""Faults of service processes: killed, frozen, stopped and started, one of three or one of two of metrics.

Invariant: each gives what ends it, and the process runs again after that.
"""

import os
import signal
import time
from collections.abc import Sequence
from contextlib import suppress

from contracts.catalogue import METRICS
from deploy.embedded.processes import listening
from tests.campaign.stage import REPLICA, Away, End, Stage
from tests.parts import PartFailed, Service
from tests.parts.handling import handles_sigterm

ANSWERS_AGAIN_SECONDS = 60.0
"""How long a process that was started may take until it answers at all: on a busy machine much longer than to load."""
STARTING_SECONDS = 5.0
"""How long it takes until a process has joined its group and reads."""
ASKED = ((signal.SIGTERM,), (signal.SIGINT,), (signal.SIGTERM, signal.SIGTERM), (signal.SIGINT, signal.SIGTERM))
"""How somebody asks a process to stop, once or twice."""


def killed(stage: Stage, part: str, seconds: float) -> End:
    """SIGKILL now; started again at the end."""
    service = stage.processes()[part]
    away = stage.gone(part)
    service.kill()
    stage.note(f"{part} killed for {seconds:.1f} s")
    return lambda: started_again(stage, service, away)


def restarted(stage: Stage, part: str, seconds: float) -> End:
    """SIGTERM now, and waited for; started again at the end."""
    service = stage.processes()[part]
    away = stage.gone(part)
    stopped(stage, part, service)
    stage.note(f"{part} stopped for {seconds:.1f} s")
    return lambda: started_again(stage, service, away)


def stopped_while_starting(stage: Stage, part: str, seconds: float) -> End:
    """Stopped, started, and stopped again at some moment of that: loading, connecting, joining, reading."""
    service = stage.processes()[part]
    away = stage.gone(part)
    stopped(stage, part, service)
    service.start()
    # Before that nobody could do anything about it.
    service.process.wait_until(lambda: handles_sigterm(service.process.pid), "handles signals", ANSWERS_AGAIN_SECONDS)
    moment = stage.random.uniform(0, STARTING_SECONDS)
    time.sleep(moment)
    stopped(stage, part, service, stage.random.choice(ASKED))
    stage.note(f"{part} stopped {moment:.1f} s after it was started, for {seconds:.1f} s")
    return lambda: started_again(stage, service, away)


def stopped(stage: Stage, part: str, service: Service, asked: Sequence[signal.Signals] = (signal.SIGTERM,)) -> None:
    """Ask a process to stop, wait until it has, and note how it ended."""
    for number in asked[:-1]:
        os.kill(service.process.pid, number)
    stage.ended.append((part, service.process.stop(asked[-1])))


def frozen(stage: Stage, part: str, seconds: float) -> End:
    """SIGSTOP now, SIGCONT at the end."""
    stage.note(f"{part} frozen for {seconds:.1f} s")
    return stage.freeze(part, stage.processes()[part].process)


def replica_killed(stage: Stage, part: str, seconds: float) -> End:
    """One of two processes of metrics killed."""
    return killed(stage, stage.random.choice([METRICS, REPLICA]), seconds)


def replica_frozen(stage: Stage, part: str, seconds: float) -> End:
    """One of two processes of metrics frozen."""
    return frozen(stage, stage.random.choice([METRICS, REPLICA]), seconds)


def started_again(stage: Stage, service: Service, away: Away) -> None:
    """Start a process, and count it as away until it answers."""
    if not service.process.running:
        service.start()
    deadline = time.monotonic() + ANSWERS_AGAIN_SECONDS
    with suppress(PartFailed):
        service.process.wait_until(
            lambda: answers(service) or time.monotonic() > deadline, "answers", ANSWERS_AGAIN_SECONDS + 1
        )
    stage.back(away)


def answers(service: Service) -> bool:
    """Whether something listens where the service should."""
    return listening(service.port)
