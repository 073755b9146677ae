"""A header whose name is not UTF-8 keeps no record from being read, neither its own nor those around it."""

import pytest
from aiokafka import TopicPartition
from aiokafka.consumer import fetcher
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy
from aiokafka.record.legacy_records import _LegacyRecordBatchBuilderPy

from services.chassis import kafka_records

PLACE = TopicPartition("workforce.posts", 0)


class NotUtf8(str):
    """A name that is written as no producer of ours would write it."""

    __slots__ = ()

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        return b"\xff\xfe"


def batch(first: int, names: list[str], compression: int = 0) -> bytes:
    """A batch of records, each with one header of this name and one without a value."""
    builder = _DefaultRecordBatchBuilderPy(2, compression, 0, -1, -1, -1, 1_000_000)
    for number, name in enumerate(names):
        builder.append(number, 1, b"key", b"value %d" % (first + number), [(name, b"content"), ("none", None)])
    written = bytearray(builder.build())
    written[:8] = first.to_bytes(8, "big")
    return bytes(written)


@pytest.mark.parametrize("compression", [0, 1], ids=["plain", "gzip"])
@pytest.mark.parametrize("bad", [[0], [1], [2], [0, 1, 2], [2, 3], [5], [0, 5]])
def test_every_record_is_read_once_and_in_order(bad: list[int], compression: int) -> None:
    names = [NotUtf8("?") if number in bad else "ce_id" for number in range(6)]
    fetched = batch(0, names[:3], compression) + batch(3, names[3:], compression)
    records = fetcher.PartitionRecords(PLACE, fetcher.MemoryRecords(fetched), [], 0, None, None, True, 0)
    read = [(record.offset, record.value, record.headers) for record in records]
    assert read == [
        (
            number,
            b"value %d" % number,
            (("\\xff\\xfe" if number in bad else "ce_id", b"content"), ("none", None)),
        )
        for number in range(6)
    ]
    assert records.next_fetch_offset == 6


def test_records_of_before_there_were_headers_are_read_behind_one_at_fault() -> None:
    before = _LegacyRecordBatchBuilderPy(1, 0, 1_000_000)
    before.append(2, 1, b"key", b"value 2", [])
    fetched = batch(0, [NotUtf8("?"), "b"]) + bytes(before.build())
    records = fetcher.PartitionRecords(PLACE, fetcher.MemoryRecords(fetched), [], 0, None, None, True, 0)
    assert [(record.offset, record.value) for record in records] == [(0, b"value 0"), (1, b"value 1"), (2, b"value 2")]


def test_reading_begins_where_it_was_asked_to() -> None:
    fetched = batch(0, ["a", NotUtf8("?"), "c"])
    records = fetcher.PartitionRecords(PLACE, fetcher.MemoryRecords(fetched), [], 2, None, None, True, 0)
    assert [record.offset for record in records] == [2]


def test_every_consumer_of_the_process_reads_so() -> None:
    assert fetcher.PartitionRecords is kafka_records.TolerantPartitionRecords
