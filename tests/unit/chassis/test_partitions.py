"""Which partition a record goes to, and which process reads it."""

from collections import Counter

import pytest
from aiokafka.cluster import ClusterMetadata
from aiokafka.coordinator.protocol import ConsumerProtocolMemberMetadata

from contracts.catalogue import METRICS, topics_read_by
from services.chassis.partitions import ASSIGNORS, by_authority

SIX = [0, 1, 2, 3, 4, 5]
TOPICS = [topic.name for topic in topics_read_by(METRICS)]


@pytest.mark.parametrize(
    ("key", "partition"),
    [
        (b"331:post/P-1", 1),
        (b"331:worker/W-0001", 1),
        (b"331:cover/C-1", 1),
        (b"332:post/P-1", 2),
        (b"306:post/P-1", 0),
    ],
)
def test_all_that_concerns_an_authority_goes_to_one_partition(key: bytes, partition: int) -> None:
    assert by_authority(key, SIX, SIX) == partition
    # A partition whose leader is away is waited for: another one would part what belongs together.
    assert by_authority(key, SIX, [5]) == partition


@pytest.mark.parametrize(
    "key", [b"metrics", b"33:post/P-1", b"3311:post/P-1", b"\xff\xff:post/P-1", b"33x:post/P-1", b""]
)
def test_a_record_of_no_authority_goes_by_its_whole_key_always_to_the_same(key: bytes) -> None:
    assert {by_authority(key, SIX, SIX) for _ in range(20)} == {by_authority(key, SIX, SIX)}
    assert by_authority(key, SIX, SIX) in SIX


def test_a_record_without_a_key_goes_anywhere() -> None:
    assert by_authority(None, SIX, [4]) == 4


def test_authorities_are_spread_evenly() -> None:
    codes = [str(code).encode() for code in (*range(201, 214), *range(301, 321), *range(330, 345))]
    assert sorted(Counter(by_authority(code + b":post/P-1", SIX, SIX) for code in codes).values()) == [7, 7, 8, 8, 9, 9]


@pytest.mark.parametrize("members", [1, 2, 3, 4, 6])
def test_a_process_reads_the_same_partitions_of_every_topic(members: int) -> None:
    cluster = ClusterMetadata()
    cluster._partitions = {topic: dict.fromkeys(SIX) for topic in TOPICS}
    asking = {f"member-{number}": ConsumerProtocolMemberMetadata(0, TOPICS, b"") for number in range(members)}
    given = ASSIGNORS[0].assign(cluster, asking)
    read: list[int] = []
    for member in asking:
        by_topic = {topic: tuple(partitions) for topic, partitions in given[member].assignment}
        assert set(by_topic) == set(TOPICS)
        (of_each,) = set(by_topic.values())
        read += of_each
    assert sorted(read) == SIX


def test_processes_of_the_version_before_can_still_share_a_group_with_those_of_this_one() -> None:
    assert "roundrobin" in [assignor.name for assignor in ASSIGNORS]
