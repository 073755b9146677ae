"""The plan of a round: which faults befall what, when and for how long. Pure.

Invariant: the same seed, broker, number and kinds give the same plan.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from contracts.catalogue import METRICS
from tests.campaign.kinds import EMBEDDED, Kind, kinds_on

LOAD_SECONDS = (2.0, 4.0)
"""How long the load of a round is spread over, at least and at most."""
SEVERAL = (0.55, 0.35, 0.10)
"""How often a round has one, two, three faults."""
WITH_REPLICA = 0.15
"""How often metrics runs as two processes, whatever the faults."""
LONG = 0.25
AT_THE_EDGE = 0.3
"""How often a fault is there before the first event, or begins with the last."""


@dataclass(frozen=True)
class Planned:
    """A fault of a kind on a part, so many seconds after the load begins, for so many seconds."""

    kind: Kind
    part: str
    at: float
    seconds: float


@dataclass(frozen=True)
class Plan:
    """One round."""

    seed: int
    number: int
    broker: str
    faults: tuple[Planned, ...]
    load_seconds: float
    replica: bool
    ties: bool = True
    """Whether many events state the same `time`."""
    options: tuple[str, ...] = ()
    """What the command line must say besides seed, number and broker to have this plan again."""

    @property
    def random(self) -> Random:
        """Random numbers for what the plan does not say; the same each time."""
        return Random(f"{self.seed}/{self.number}/{self.broker}/details")


def plan_of(
    seed: int,
    number: int,
    broker: str,
    only: Sequence[str] = (),
    *,
    together: int | None = None,
    brief: bool = False,
    ties: bool = True,
) -> Plan:
    """The plan of a round. `only` names the kinds that may befall it, `together` says how many do; `brief` has no long
    faults.
    """
    random = Random(f"{seed}/{number}/{broker}")
    load_seconds = random.uniform(*LOAD_SECONDS)
    possible = [kind for kind in kinds_on(broker) if not only or kind.name in only]
    count = together or random.choices((1, 2, 3), SEVERAL)[0]
    faults: list[Planned] = []
    # The kinds take turns, so that a short campaign has met every one.
    first = possible[number % len(possible)] if possible else None
    for index in range(count):
        taken = {fault.part for fault in faults}
        left = [kind for kind in possible if set(kind.parts) - taken]
        if not left:
            break
        others = [kind for kind in left if kind not in {fault.kind for fault in faults}]
        kind = first if index == 0 and first is not None else random.choice(others or left)
        part = random.choice([part for part in kind.parts if part not in taken])
        lasting = kind.long if kind.long is not None and not brief and random.random() < LONG else kind.seconds
        faults.append(Planned(kind, part, _moment(load_seconds, random), random.uniform(*lasting)))
    options = [word for name in only for word in ("--only", name)]
    options += [] if together is None else ["--together", str(together)]
    options += ["--brief"] * brief + ["--no-ties"] * (not ties)
    replica = random.random() < WITH_REPLICA or any(fault.kind.needs_replica for fault in faults)
    if broker == EMBEDDED and any(fault.kind.leaves_group and fault.part == METRICS for fault in faults):
        # The embedded broker never gives partitions again to a group that a member left while another one joined.
        replica = False
    ordered = tuple(sorted(faults, key=lambda fault: fault.at))
    return Plan(seed, number, broker, ordered, load_seconds, replica, ties, tuple(options))


def _moment(load_seconds: float, random: Random) -> float:
    if random.random() < AT_THE_EDGE:
        return random.choice([0.0, load_seconds])
    return random.uniform(0.0, load_seconds)
