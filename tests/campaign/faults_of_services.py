"""Faults of service processes: killed, frozen, stopped and started, one of three or one of two of metrics.

Invariant: each gives what ends it, and the process runs again after that.
"""

import time
from contextlib import suppress

from contracts.catalogue import METRICS
from deploy.embedded.processes import listening
from tests.campaign.stage import REPLICA, Away, End, Stage
from tests.parts import PartFailed, Service

ANSWERS_AGAIN_SECONDS = 20.0
"""How long a process that was started may take until it answers at all."""


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
    code = service.stop()
    stage.note(f"{part} stopped (exit code {code}) for {seconds:.1f} s")
    return lambda: started_again(stage, service, away)


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
