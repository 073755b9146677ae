"""Which partition a record goes to, and which process reads it.

Invariant: all events of an authority stand on one partition of a topic, so that while nothing changes one process takes
them in: its transactions wait for no other's. Readers are right without it, whatever stands where, and in whatever
order: events published by another rule, or before partitions were added, stay where they are.
"""

import re
from collections.abc import Sequence

from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from aiokafka.partitioner import DefaultPartitioner

from contracts.values import AUTHORITY_PATTERN

by_whole_key = DefaultPartitioner()
"""Kafka's own rule: by a hash of the key."""

ASSIGNORS = (RangePartitionAssignor, RoundRobinPartitionAssignor)
"""By the first a process has the same partitions of every topic. The second is that of members which know no other."""

ASSIGNORS_OF_ONE = (RoundRobinPartitionAssignor,)
"""Of the embedded broker, which looks at the first that a member names alone; there is but one process to read it."""


def by_authority(key: bytes | None, partitions: Sequence[int], available: Sequence[int]) -> int:
    """The partition of a record: the remainder of its authority's code, divided by the number of partitions.

    Codes follow one another, so the remainders are spread evenly. A record of no authority goes by its whole key.
    """
    authority = (key or b"").partition(b":")[0].decode("ascii", "replace")
    if re.fullmatch(AUTHORITY_PATTERN, authority):
        return partitions[int(authority) % len(partitions)]
    partition: int = by_whole_key(key, partitions, available)
    return partition
