"""Reading Kafka records whatever they hold: a header whose name is not UTF-8 must not fail a fetch.

Invariant: importing this module changes how the consumers of this process read such a record, and nothing else.

aiokafka decodes the names of headers while it reads a batch. If that fails, `getmany` raises. The partition is then
fetched again and again. Records that the same call had already taken from other partitions are lost. No setting of
aiokafka changes this, so its reader of one partition is replaced by one that goes on.
"""

from typing import Any

from aiokafka.consumer import fetcher
from aiokafka.record.default_records import _DefaultRecordBatchPy
from aiokafka.record.memory_records import _MemoryRecordsPy


class _Bytes(bytearray):
    """Bytes of which text is read whatever they are: what is not UTF-8 stands as `\\xff`."""

    def __getitem__(self, where: Any) -> Any:
        taken = super().__getitem__(where)
        return _Bytes(taken) if isinstance(where, slice) else taken

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        return super().decode("utf-8", "backslashreplace")


class _Batch(_DefaultRecordBatchPy):  # type: ignore[misc]
    _buffer: bytearray

    def __iter__(self) -> Any:
        super().__iter__()
        self._buffer = _Bytes(self._buffer)
        return self


class _Records(_MemoryRecordsPy):  # type: ignore[misc]
    def __init__(self, fetched: bytes, first: int) -> None:
        super().__init__(fetched)
        self._first = first

    def next_batch(self) -> Any:
        # A batch before the record at fault was read whole: to pass over its records would move the offset back.
        while True:
            piece = self._next_slice
            batch = super().next_batch()
            if batch is None or batch.next_offset > self._first:
                # Before the second format of records there were no headers.
                return batch if piece is None or piece[self.MAGIC_OFFSET] < 2 else _Batch(piece)


class TolerantPartitionRecords(fetcher.PartitionRecords):  # type: ignore[misc]
    """The records of one partition in one answer of the broker. No record keeps the others from being read."""

    _records: Any

    def __next__(self) -> Any:
        try:
            return super().__next__()
        except UnicodeDecodeError:
            # From the record at fault on, by the slower reader: those before it are passed over by their offsets.
            self._records = _Records(bytes(self._records._buffer), self.next_fetch_offset)
            self._records_iterator = self._unpack_records()
            return super().__next__()


fetcher.MemoryRecords = _MemoryRecordsPy
fetcher.PartitionRecords = TolerantPartitionRecords
