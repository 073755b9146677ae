"""Which partition a record goes to, and which process reads it.

Invariant: all events of an authority go to one partition of a topic. So as long as nothing changes, one process
takes them in, and its transactions wait for no other's. Readers do not depend on this: they are right whatever is on
which partition, in whatever order. Events published by another rule, or before partitions were added, stay where
they are.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter

from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from aiokafka.partitioner import DefaultPartitioner

from contracts.values import AUTHORITY_PATTERN

by_whole_key = DefaultPartitioner()
"""Kafka's own rule: by a hash of the key."""

ASSIGNORS = (RangePartitionAssignor, RoundRobinPartitionAssignor)
"""The first gives a process the same partitions of every topic. The second is for members that do not know the
first."""

ASSIGNORS_OF_ONE = (RoundRobinPartitionAssignor,)
"""For the embedded broker, which looks only at the first one that a member names. By this one each of a few processes
has partitions of every topic."""


_partition = attrgetter("topic", "partition")


def by_partition(records: Iterable[ConsumerRecord]) -> Iterator[tuple[TopicPartition, list[ConsumerRecord]]]:
    """Each run of records of one partition. A batch has one run of each, so that hardly anything is done by record."""
    return ((TopicPartition(*partition), list(run)) for partition, run in groupby(records, _partition))


def by_authority(key: bytes | None, partitions: Sequence[int], available: Sequence[int]) -> int:
    """The partition of a record: the remainder of its authority's code, divided by the number of partitions.

    Codes are consecutive numbers, so the remainders are spread evenly. A record without an authority goes by its
    whole key.
    """
    authority = (key or b"").partition(b":")[0].decode("ascii", "replace")
    if re.fullmatch(AUTHORITY_PATTERN, authority):
        return partitions[int(authority) % len(partitions)]
    partition: int = by_whole_key(key, partitions, available)
    return partition
